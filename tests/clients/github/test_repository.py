"""Reading repositories: threads, comments, labels, files and roles, wherever they were moved, and no private ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.clients.github.reader import GithubReader, open_github_reader
from bot.clients.github.repository import ChangedThreads, Document
from bot.clients.web import Patience
from bot.core.errors import UpstreamError
from bot.core.github.threads import Account, ForbiddenError, GoneError, IssueRef, LabelEvent, ThreadState
from tests.fakes.fake_github import FakeGitHub
from tests.fakes.github_failures import Failure, Hold, held, server_error
from tests.fakes.github_world import FakeRepository
from tests.patience import at_most

QUICK = Patience(attempts=3, first_wait=0.001, longest_wait=0.01, deadline=at_most(60))
START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
REF = IssueRef("numpy/numpy", 1)
OLD = {
    "node_id": "I_1",
    "number": 1,
    "title": "Crash on 3.14t",
    "state": "open",
    "created_at": "2026-11-22T12:00:00Z",
    "updated_at": "2026-11-22T12:00:00Z",
}
"""The least that GitHub says of an issue, but for its repository."""


class Clock:
    """The time at GitHub and here, which only a test moves."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time

    def pass_minutes(self, minutes: float) -> None:
        self.time += timedelta(minutes=minutes)


@pytest.fixture
def clock() -> Clock:
    """Give a clock."""
    return Clock()


@pytest.fixture
async def server(clock: Clock) -> AsyncIterator[FakeGitHub]:
    """Give GitHub."""
    async with FakeGitHub(now=clock) as running:
        yield running
        assert running.violations == []


@pytest.fixture
def repository(server: FakeGitHub) -> FakeRepository:
    """Give a repository."""
    return server.repository("numpy/numpy", labels=["crash", "39 - free-threading"])


@pytest.fixture
async def reader(server: FakeGitHub, clock: Clock) -> AsyncIterator[GithubReader]:
    """Give the client."""
    async with open_github_reader(
        server.url, server.token, user_agent="ftbot-tests (example.org)", now=clock, patience=QUICK
    ) as opened:
        yield opened


# Threads


async def test_an_issue_is_read_whole(reader: GithubReader, repository: FakeRepository, clock: Clock) -> None:
    issue = repository.open("Crash on 3.14t", "It crashes.", "ann", labels=["crash"])
    clock.pass_minutes(5)
    issue.comment("Here too.")
    issue.lock()
    issue.close()
    found = await reader.issue(REF)
    assert (found.node_id, found.ref, found.title, found.body) == (issue.node_id, REF, "Crash on 3.14t", "It crashes.")
    assert (found.is_pr, found.state, found.locked) == (False, ThreadState.CLOSED, True)
    assert (found.author, found.labels, found.comments) == (Account("ann"), ("crash",), 1)
    assert (found.created, found.updated, found.closed) == (START, clock.time, clock.time)
    assert found.last_comment_by is None


async def test_a_pull_request_is_open_closed_or_merged(reader: GithubReader, repository: FakeRepository) -> None:
    pulls = [repository.open(f"Pull {number}", is_pr=True) for number in range(3)]
    pulls[1].close()
    pulls[2].close(merged=True)
    found = [await reader.issue(IssueRef("numpy/numpy", pull.number)) for pull in pulls]
    assert [pull.is_pr for pull in found] == [True, True, True]
    assert [pull.state for pull in found] == [ThreadState.OPEN, ThreadState.CLOSED, ThreadState.MERGED]


async def test_bots_and_deleted_accounts_are_known_as_such(reader: GithubReader, repository: FakeRepository) -> None:
    repository.open("By a bot", by="dependabot[bot]")
    repository.open("By nobody", by=None)
    assert (await reader.issue(REF)).author == Account("dependabot[bot]", is_bot=True)
    assert (await reader.issue(IssueRef("numpy/numpy", 2))).author is None


async def test_a_thread_is_found_where_it_was_moved_to(
    server: FakeGitHub, reader: GithubReader, repository: FakeRepository
) -> None:
    issue = repository.open("Crash on 3.14t")
    other = server.repository("scipy/scipy")
    other.open("Something else")
    new = repository.transfer(issue, other)
    found = await reader.issue(REF)
    assert (found.node_id, found.ref) == (new.node_id, IssueRef("scipy/scipy", 2))
    other.rename("scipy/renamed")
    assert (await reader.issue(REF)).ref == (await reader.issue(found.ref)).ref == IssueRef("scipy/renamed", 2)


async def test_what_is_not_there_is_gone(reader: GithubReader, repository: FakeRepository) -> None:
    repository.delete(repository.open("Deleted"))
    for ref in (REF, IssueRef("numpy/numpy", 99), IssueRef("nobody/nothing", 1), IssueRef("../numpy", 1)):
        with pytest.raises(GoneError):
            await reader.issue(ref)
        with pytest.raises(GoneError):
            await reader.comments(ref)


async def test_comments_come_from_all_pages_oldest_first(
    server: FakeGitHub, reader: GithubReader, repository: FakeRepository
) -> None:
    issue = repository.open("Crash on 3.14t")
    comments = [issue.comment(f"Comment {number}", by="ann" if number else None) for number in range(250)]
    found = await reader.comments(REF)
    assert [comment.number for comment in found] == [comment.id for comment in comments]
    assert [comment.author for comment in found[:2]] == [None, Account("ann")]
    assert found[249].body == "Comment 249"
    assert server.count("GET", "/comments$") == reader.requests == 3


async def test_label_events_say_who_did_what_to_labels(
    server: FakeGitHub, reader: GithubReader, repository: FakeRepository, clock: Clock
) -> None:
    issue = repository.open("Crash on 3.14t")
    for _ in range(60):
        issue.lock()
        issue.unlock()
    issue.label("crash", "labeler[bot]")
    clock.pass_minutes(1)
    issue.unlabel("crash", "ann")
    issue.label("39 - free-threading", None)
    bot = Account("labeler[bot]", is_bot=True)
    assert await reader.label_events(REF) == (
        LabelEvent("crash", added=True, actor=bot, at=START),
        LabelEvent("crash", added=False, actor=Account("ann"), at=clock.time),
        LabelEvent("39 - free-threading", added=True, actor=None, at=clock.time),
    )
    assert server.count("GET", "/events$") == 2


async def test_labels_come_from_all_pages(reader: GithubReader, repository: FakeRepository) -> None:
    for number in range(120):
        repository.add_label(f"label {number}")
    labels = await reader.labels("numpy/numpy")
    assert len(labels) == 122
    assert {"crash", "label 119"} <= labels


# Changes


async def test_what_was_updated_since_is_listed_oldest_first(
    reader: GithubReader, repository: FakeRepository, clock: Clock
) -> None:
    repository.open("Old")
    clock.pass_minutes(10)
    since = clock.time
    first = repository.open("Issue", labels=["crash"])
    clock.pass_minutes(1)
    second = repository.open("Pull", is_pr=True)
    second.close(merged=True)
    listing = await reader.issues_since("numpy/numpy", since)
    assert isinstance(listing, ChangedThreads)
    assert listing.repository == "numpy/numpy"
    assert [issue.ref.number for issue in listing.issues] == [first.number, second.number]
    assert [issue.state for issue in listing.issues] == [ThreadState.OPEN, ThreadState.MERGED]
    labelled = await reader.issues_since("numpy/numpy", since, labels=["crash"])
    assert isinstance(labelled, ChangedThreads)
    assert [issue.ref.number for issue in labelled.issues] == [first.number]


async def test_a_list_with_the_etag_known_costs_nothing(
    server: FakeGitHub, reader: GithubReader, repository: FakeRepository, clock: Clock
) -> None:
    issue = repository.open("Crash on 3.14t")
    listing = await reader.issues_since("numpy/numpy", START)
    assert isinstance(listing, ChangedThreads)
    assert listing.etag is not None
    assert await reader.issues_since("numpy/numpy", START, etag=listing.etag) is None
    assert server.requests[-1].status == 304
    clock.pass_minutes(1)
    issue.comment("Here too.")
    changed = await reader.issues_since("numpy/numpy", START, etag=listing.etag)
    assert isinstance(changed, ChangedThreads)
    assert changed.etag != listing.etag


async def test_a_time_elsewhere_is_the_same_time(
    server: FakeGitHub,
    reader: GithubReader,
    repository: FakeRepository,
) -> None:
    repository.open("Crash on 3.14t")
    east = (START - timedelta(minutes=1)).astimezone(datetime.strptime("+0200", "%z").tzinfo)
    listing = await reader.issues_since("numpy/numpy", east)
    assert isinstance(listing, ChangedThreads)
    assert len(listing.issues) == 1
    assert server.requests[-1].query["since"] == "2026-11-22T11:59:00Z"


async def test_a_long_list_is_read_whole_and_has_no_etag(
    reader: GithubReader, repository: FakeRepository, clock: Clock
) -> None:
    for number in range(130):
        repository.open(f"At once {number}")
    for number in range(130):
        clock.pass_minutes(1)
        repository.open(f"One by one {number}")
    listing = await reader.issues_since("numpy/numpy", START)
    assert isinstance(listing, ChangedThreads)
    assert [issue.ref.number for issue in listing.issues] == list(range(1, 261))
    assert listing.etag is None


async def test_nothing_is_missed_when_things_change_between_two_pages(
    server: FakeGitHub, reader: GithubReader, repository: FakeRepository, clock: Clock
) -> None:
    for number in range(150):
        clock.pass_minutes(1)
        repository.open(f"Issue {number}")
    hold = Hold()
    server.fail("/issues$", Failure(), held(hold))
    listing = asyncio.create_task(reader.issues_since("numpy/numpy", START))
    await hold.arrived.wait()
    clock.pass_minutes(1)
    repository.issues[50].comment("This moves to the end, and what was the 101st to the place before.")
    hold.release.set()
    found = await listing
    assert isinstance(found, ChangedThreads)
    assert {issue.ref.number for issue in found.issues} == set(range(1, 151))
    assert found.issues[-1].comments == 1


async def test_a_renamed_repository_is_listed_under_its_new_name(
    reader: GithubReader, repository: FakeRepository, clock: Clock
) -> None:
    repository.open("Old").close()
    clock.pass_minutes(10)
    repository.open("New").close()
    repository.rename("numpy/renamed")
    for _ in range(2):
        listing = await reader.issues_since("numpy/numpy", clock.time)
        assert isinstance(listing, ChangedThreads)
        assert listing.repository == "numpy/renamed"
        assert [issue.title for issue in listing.issues] == ["New"]
    repository.rename("numpy/renamed-again")  # within the hour in which the name is believed
    listing = await reader.issues_since("numpy/numpy", clock.time)
    assert isinstance(listing, ChangedThreads)
    assert listing.repository == "numpy/renamed-again"
    assert [issue.ref for issue in listing.issues] == [IssueRef("numpy/renamed-again", 2)]


async def test_comments_of_all_threads_are_listed_with_their_thread(
    reader: GithubReader, repository: FakeRepository, clock: Clock
) -> None:
    first, second = repository.open("First"), repository.open("Second", is_pr=True)
    first.comment("Old.")
    edited = first.comment("Edited.")
    clock.pass_minutes(5)
    since = clock.time
    new = [second.comment(f"New {number}") for number in range(120)]
    clock.pass_minutes(5)
    first.edit_comment(edited, "Edited since.")
    found = await reader.comments_since("numpy/numpy", since)
    assert [comment.number for _, comment in found] == [*(comment.id for comment in new), edited.id]
    assert {ref.number for ref, _ in found[:-1]} == {second.number}
    assert (found[-1][0], found[-1][1].body) == (IssueRef("numpy/numpy", first.number), "Edited since.")


async def test_a_list_of_changes_without_end_ends(
    server: FakeGitHub, reader: GithubReader, repository: FakeRepository
) -> None:
    repository.open("Crash on 3.14t", "It crashes.")
    listing = await reader.issues_since("numpy/numpy", START)
    assert isinstance(listing, ChangedThreads)
    link = {"Link": f'<{server.url}/repos/numpy/numpy/issues?page=2>; rel="next"'}
    body = [{**OLD, "repository_url": f"{server.url}/repos/numpy/numpy"}]
    server.fail("/issues$", *[Failure(200, link, body)] * 200)
    with pytest.raises(UpstreamError, match="more changes in numpy/numpy than can be read"):
        await reader.issues_since("numpy/numpy", START)


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("url", ["", "https://api.github.com", "https://api.github.com/repos/a/b c"])
async def test_a_thread_of_no_repository_is_an_error(server: FakeGitHub, reader: GithubReader, url: str) -> None:
    server.fail("/issues/1$", Failure(200, body={**OLD, "repository_url": url}))
    with pytest.raises(UpstreamError, match="cannot be read"):
        await reader.issue(REF)


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("key", ["number", "comments"])
@pytest.mark.parametrize("number", [2**63, -1, 10**400], ids=["huge", "negative", "absurd"])
async def test_a_number_that_no_database_holds_is_an_error(
    server: FakeGitHub, reader: GithubReader, key: str, number: int
) -> None:
    url = f"{server.url}/repos/numpy/numpy"
    server.fail("/issues/1$", *[Failure(200, body={**OLD, "repository_url": url, key: number})] * 9)
    with pytest.raises(UpstreamError):
        await reader.issue(REF)
    comment = {"id": number, "created_at": OLD["created_at"], "updated_at": OLD["updated_at"], "issue_url": f"{url}/1"}
    server.fail("/issues/comments$", *[Failure(200, body=[comment])] * 9)
    with pytest.raises(UpstreamError):
        await reader.comments_since("numpy/numpy", START)


@pytest.mark.usefixtures("repository")
async def test_a_comment_on_no_thread_is_an_error(server: FakeGitHub, reader: GithubReader) -> None:
    comment = {"id": 1, "created_at": "2026-11-22T12:00:00Z", "updated_at": "2026-11-22T12:00:00Z", "issue_url": "x"}
    server.fail("/issues/comments$", Failure(200, body=[comment]))
    with pytest.raises(UpstreamError, match="on no issue"):
        await reader.comments_since("numpy/numpy", START)


# Private repositories


async def test_a_private_repository_is_as_good_as_gone(
    server: FakeGitHub, reader: GithubReader, repository: FakeRepository, clock: Clock
) -> None:
    repository.open("Crash on 3.14t")
    server.fail("/repos/numpy/numpy$", Failure(200, body={"full_name": "numpy/numpy", "private": True}))
    for _ in range(2):
        with pytest.raises(GoneError, match="private"):
            await reader.issue(REF)
        with pytest.raises(GoneError, match="private"):
            await reader.issues_since("numpy/numpy", START)
        with pytest.raises(GoneError, match="private"):
            await reader.comments_since("numpy/numpy", START)
    assert server.count("GET", "/repos/numpy/numpy$") == 1
    clock.pass_minutes(61)  # it may have been opened to everybody
    assert (await reader.issue(REF)).title == "Crash on 3.14t"


# Files


@pytest.mark.parametrize("body", [b"", b"version = 1\n", "ä\n".encode() * 20_000, bytes(range(256))])
async def test_settings_are_read_as_they_are(reader: GithubReader, repository: FakeRepository, body: bytes) -> None:
    repository.files[".github/ftbot.toml"] = body
    assert await reader.settings("numpy/numpy") == body


async def test_no_settings_are_none(reader: GithubReader, repository: FakeRepository) -> None:
    assert await reader.settings("numpy/numpy") is None
    repository.files[".github/ftbot.toml/something"] = b"a folder of that name"
    assert await reader.settings("numpy/numpy") is None


@pytest.mark.usefixtures("repository")
async def test_settings_that_could_not_be_read_are_not_none(server: FakeGitHub, reader: GithubReader) -> None:
    server.fail("/contents/", *[server_error()] * 3)
    with pytest.raises(UpstreamError):
        await reader.settings("numpy/numpy")
    server.fail("/contents/", Failure(200, body={"type": "file", "size": 3, "encoding": "base64", "content": "A"}))
    with pytest.raises(UpstreamError):
        await reader.settings("numpy/numpy")


@pytest.mark.usefixtures("repository")
async def test_settings_too_large_to_be_sent_are_too_long_for_any_reader(
    server: FakeGitHub, reader: GithubReader
) -> None:
    answer = {"type": "file", "size": 2_000_000, "encoding": "none", "content": ""}
    server.fail("/contents/", Failure(200, body=answer))
    settings = await reader.settings("numpy/numpy")
    assert settings is not None
    assert 64 * 1024 < len(settings) < 100_000


async def test_a_document_is_read_unless_it_is_the_same(reader: GithubReader, repository: FakeRepository) -> None:
    repository.files["docs/tracking table.md"] = b"| numpy |"
    found = await reader.document("numpy/numpy", "docs/tracking table.md")
    assert isinstance(found, Document)
    assert found.body == b"| numpy |"
    assert await reader.document("numpy/numpy", "docs/tracking table.md", found.etag) is None
    repository.files["docs/tracking table.md"] = b"| scipy |"
    changed = await reader.document("numpy/numpy", "docs/tracking table.md", found.etag)
    assert isinstance(changed, Document)
    assert changed.body == b"| scipy |"
    with pytest.raises(GoneError):
        await reader.document("numpy/numpy", "docs/nothing.md")


@pytest.mark.usefixtures("repository")
async def test_a_document_too_large_to_be_sent_is_an_error(server: FakeGitHub, reader: GithubReader) -> None:
    answer = {"type": "file", "size": 2_000_000, "encoding": "none", "content": ""}
    server.fail("/contents/", Failure(200, body=answer))
    with pytest.raises(UpstreamError, match="too large"):
        await reader.document("numpy/numpy", "docs/tracking.md")


# Roles


@pytest.mark.usefixtures("repository")
async def test_whose_role_may_not_be_asked_for_is_forbidden(reader: GithubReader) -> None:
    with pytest.raises(ForbiddenError):
        await reader.role("numpy/numpy", "ann")


async def test_who_reads_says_who_it_is_and_writes_nothing(
    server: FakeGitHub, reader: GithubReader, repository: FakeRepository
) -> None:
    repository.open("Crash on 3.14t", "It crashes.").comment("Here too.")
    await reader.issue(REF)
    await reader.comments(REF)
    await reader.resolve([REF])
    await reader.search("crash")
    assert {request.headers["User-Agent"] for request in server.requests} == {"ftbot-tests (example.org)"}
    assert {request.headers["X-GitHub-Api-Version"] for request in server.requests} == {"2022-11-28"}
    assert {request.method for request in server.requests if request.path != "/graphql"} == {"GET"}
    assert len(server.requests) == reader.requests
