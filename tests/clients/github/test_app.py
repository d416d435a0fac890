"""The App: where it is installed, what it writes there, and which webhooks never arrived."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from bot.clients.github.app import GithubApp, InstalledRepository, open_github_app
from bot.clients.web import Patience
from bot.core.errors import UpstreamError, UserError
from bot.core.github.threads import ForbiddenError, GoneError, IssueRef, LabelEvent, RefusedError
from tests.fakes.fake_github import FakeGitHub
from tests.fakes.github_failures import Failure, not_found, server_error
from tests.fakes.github_world import FakeIssue, FakeRepository, SuggestionState
from tests.patience import at_most

QUICK = Patience(attempts=3, first_wait=0.001, longest_wait=0.01, deadline=at_most(60))
REF = IssueRef("numpy/numpy", 1)


class Clock:
    """The time here, which a test can put forward; GitHub's is the real one."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def clock() -> Clock:
    """Give a clock."""
    return Clock()


@pytest.fixture
async def server() -> AsyncIterator[FakeGitHub]:
    """Give GitHub."""
    async with FakeGitHub() as running:
        yield running
        assert running.violations == []


@pytest.fixture
def repository(server: FakeGitHub) -> FakeRepository:
    """Give a repository that has the App."""
    return server.repository("numpy/numpy", labels=["crash", "a/b?c#d é"], installed=True)


@pytest.fixture
def issue(repository: FakeRepository) -> FakeIssue:
    """Give an issue there."""
    return repository.open("Crash on 3.14t", "It crashes.")


@pytest.fixture
async def app(server: FakeGitHub, clock: Clock) -> AsyncIterator[GithubApp]:
    """Give the App."""
    async with open_github_app(
        server.url,
        server.app.id,
        server.app.private_key,
        user_agent="ftbot-tests",
        now=clock,
        patience=QUICK,
        write_gap=0.0,
    ) as opened:
        yield opened


# Where it is


async def test_it_knows_its_name(server: FakeGitHub, app: GithubApp) -> None:
    assert [await app.login(), await app.login()] == ["ftbot[bot]"] * 2
    assert len(server.requests) == 1


async def test_it_lists_where_it_is_installed(server: FakeGitHub, app: GithubApp, repository: FakeRepository) -> None:
    for number in range(120):
        server.repository(f"numpy/repo{number:03}", installed=True)
    server.repository("scipy/secret", installed=True, private=True)
    server.repository("scipy/other")
    found = await app.repositories()
    assert len(found) == 122
    assert found[0] == InstalledRepository(repository.full_name, private=False)
    assert found[-1] == InstalledRepository("scipy/secret", private=True)
    asked = app.requests
    await app.labels(repository.full_name)
    assert app.requests == asked + 1  # the installation and its token are known already


async def test_an_installation_that_gives_no_token_does_not_hide_the_others(
    server: FakeGitHub, app: GithubApp, repository: FakeRepository
) -> None:
    server.repository("scipy/scipy", installed=True)
    removed = server.world.installation_of(repository)
    assert removed is not None
    server.fail(f"/installations/{removed.id}/access_tokens$", not_found())
    assert await app.repositories() == (InstalledRepository("scipy/scipy", private=False),)


async def test_it_knows_whether_it_is_installed_and_notices_changes(
    server: FakeGitHub, app: GithubApp, repository: FakeRepository, issue: FakeIssue
) -> None:
    other = server.repository("scipy/scipy")
    assert await app.is_installed("numpy/numpy")
    assert not await app.is_installed("scipy/scipy")
    assert not await app.is_installed("nobody/nothing")
    assert not await app.is_installed("..")
    other.install()
    assert await app.is_installed("scipy/scipy")
    repository.uninstall()
    with pytest.raises(ForbiddenError):
        await app.add_label(REF, "crash")
    assert not await app.is_installed("numpy/numpy")
    repository.install()
    await app.add_label(REF, "crash")
    assert issue.labels == ["crash"]


async def test_whether_it_is_installed_is_not_guessed(server: FakeGitHub, app: GithubApp) -> None:
    server.fail("/installation$", *[server_error()] * 3, Failure(401, body={"message": "Bad credentials"}))
    for _ in range(2):
        with pytest.raises(UpstreamError):
            await app.is_installed("numpy/numpy")


async def test_where_it_is_suspended_it_is_not_installed(
    server: FakeGitHub, app: GithubApp, repository: FakeRepository
) -> None:
    suspended = Failure(200, body={"id": 7, "suspended_at": "2026-11-22T12:00:00Z"})
    server.fail("/installation$", suspended)
    assert not await app.is_installed(repository.full_name)


async def test_where_it_is_not_installed_it_says_so_and_does_nothing(server: FakeGitHub, app: GithubApp) -> None:
    issue = server.repository("scipy/scipy", labels=["crash"]).open("Crash")
    ref = IssueRef("scipy/scipy", 1)
    for attempt in (app.add_label(ref, "crash"), app.post_comment(ref, "Hello."), app.issue(ref)):
        with pytest.raises(ForbiddenError, match="not installed in scipy/scipy"):
            await attempt
    assert (issue.labels, issue.comments) == ([], [])


async def test_its_tokens_may_only_write_issues_and_are_used_again(
    server: FakeGitHub, app: GithubApp, clock: Clock, issue: FakeIssue
) -> None:
    server.app.permissions["contents"] = "write"
    for _ in range(3):
        await app.issue(REF)
    (made,) = (request for request in server.requests if request.path.endswith("/access_tokens"))
    assert made.body == {"permissions": {"issues": "write", "metadata": "read"}}
    clock.ahead = timedelta(minutes=59)
    assert (await app.issue(REF)).title == issue.title
    assert server.count("POST", "/access_tokens$") == 2


async def test_many_who_ask_at_once_need_one_token(server: FakeGitHub, app: GithubApp, issue: FakeIssue) -> None:
    found = await asyncio.gather(*(app.issue(REF) for _ in range(20)))
    assert {one.node_id for one in found} == {issue.node_id}
    assert server.count("POST", "/access_tokens$") == server.count("GET", "/installation$") == 1


async def test_a_token_that_was_taken_back_is_replaced_for_reads_and_writes(
    server: FakeGitHub, app: GithubApp, issue: FakeIssue
) -> None:
    await app.issue(REF)
    server.expire_tokens()
    assert (await app.issue(REF)).title == issue.title
    server.expire_tokens()
    await app.post_comment(REF, "Hello.")
    assert [comment.body for comment in issue.comments] == ["Hello."]


async def test_a_key_of_another_app_is_refused(server: FakeGitHub) -> None:
    async with open_github_app(
        server.url, "999", server.app.private_key, user_agent="ftbot-tests", now=Clock(), patience=QUICK
    ) as stranger:
        for attempt in (stranger.login(), stranger.is_installed("numpy/numpy")):
            with pytest.raises(ForbiddenError) as caught:
                await attempt
            assert str(caught.value) == (
                "127.0.0.1 refused the App's key. Check FTBOT_GITHUB_APP_ID and FTBOT_GITHUB_PRIVATE_KEY."
            )


async def test_an_app_without_an_id_is_told_by_its_setting(server: FakeGitHub) -> None:
    with pytest.raises(UserError, match=r"^FTBOT_GITHUB_APP_ID is empty"):
        async with open_github_app(server.url, " ", server.app.private_key, user_agent="ftbot-tests", now=Clock()):
            pass


# What it reads


async def test_roles_are_those_of_today(app: GithubApp, repository: FakeRepository, server: FakeGitHub) -> None:
    for login, role in (("ann", "triage"), ("ben", "maintain"), ("cat", "security-manager")):
        repository.role(login, role)
    server.user("dan")
    roles = [await app.role("numpy/numpy", login) for login in ("ann", "ben", "cat", "dan", "nobody", "../..")]
    assert roles == ["triage", "maintain", "security-manager", "read", "none", "none"]


async def test_it_finds_only_its_own_comment_with_a_marker(app: GithubApp, issue: FakeIssue) -> None:
    marker = "<!-- ftbot:thread -->"
    issue.comment(f"{marker}\nI am the bot.", "mallory")
    issue.comment("Another answer.", "ftbot[bot]")
    issue.comment(f"They said “{marker}”.\n{marker}\n> {marker}", "ftbot[bot]")
    issue.comment(f"{marker} and more\n", "ftbot[bot]")
    issue.comment(f" {marker}\n", "ftbot[bot]")
    for number in range(120):
        issue.comment(f"Comment {number}")
    assert await app.find_comment(REF, marker) is None
    own = issue.comment(f"{marker}\r\nThis one.", "ftbot[bot]")
    issue.comment(f"{marker}\nA later one.", "ftbot[bot]")
    found = await app.find_comment(REF, marker)
    assert found is not None
    assert (found.number, found.body) == (own.id, own.body)


# What it writes


async def test_labels_are_put_on_and_taken_off_beside_those_of_others(app: GithubApp, issue: FakeIssue) -> None:
    issue.label("bug")
    await app.add_label(REF, "crash")
    await app.add_label(REF, "a/b?c#d é")
    assert issue.labels == ["bug", "crash", "a/b?c#d é"]
    await app.add_label(REF, "crash")
    await app.remove_label(REF, "a/b?c#d é")
    await app.remove_label(REF, "crash")
    assert issue.labels == ["bug"]


async def test_a_label_that_is_not_on_needs_no_taking_off(app: GithubApp, issue: FakeIssue) -> None:
    await app.remove_label(REF, "crash")
    await app.remove_label(REF, "nothing like that")
    assert issue.labels == []


@pytest.mark.parametrize("label", ["", ".", "..", "..."])
async def test_a_label_that_would_lead_elsewhere_is_never_taken_off(
    server: FakeGitHub, app: GithubApp, issue: FakeIssue, label: str
) -> None:
    issue.label("bug")
    with pytest.raises(RefusedError, match="cannot be taken off"):
        await app.remove_label(REF, label)
    assert (list(issue.labels), server.count("DELETE", "")) == (["bug"], 0)


async def test_a_label_is_not_taken_off_a_thread_that_is_not_there(
    app: GithubApp, repository: FakeRepository, issue: FakeIssue
) -> None:
    with pytest.raises(GoneError):
        await app.remove_label(IssueRef("numpy/numpy", 99), "crash")
    repository.delete(issue)
    with pytest.raises(GoneError):
        await app.remove_label(REF, "crash")


@pytest.mark.usefixtures("issue")
async def test_a_label_that_github_drops_silently_is_an_error(server: FakeGitHub, app: GithubApp) -> None:
    server.fail("/labels$", Failure(200, body=[{"name": "bug"}]))
    with pytest.raises(RefusedError, match="did not put it on"):
        await app.add_label(REF, "crash")


async def test_a_comment_is_written_and_edited(server: FakeGitHub, app: GithubApp, issue: FakeIssue) -> None:
    number = await app.post_comment(REF, "Hello.")
    await app.edit_comment("numpy/numpy", number, "Hello again.")
    (comment,) = issue.comments
    assert (comment.id, comment.body, comment.author) == (number, "Hello again.", server.user("ftbot[bot]"))
    issue.delete_comment(comment)
    with pytest.raises(GoneError):
        await app.edit_comment("numpy/numpy", number, "And again.")


async def test_what_github_does_not_allow_says_why(app: GithubApp, issue: FakeIssue) -> None:
    with pytest.raises(RefusedError, match="422"):
        await app.post_comment(REF, " ")
    issue.lock()
    with pytest.raises(ForbiddenError, match="issue is locked"):
        await app.post_comment(REF, "Hello.")


async def test_it_reacts_once(app: GithubApp, issue: FakeIssue) -> None:
    comment = issue.comment("@ftbot help")
    await app.react("numpy/numpy", comment.id, "eyes")
    await app.react("numpy/numpy", comment.id, "eyes")
    await app.react("numpy/numpy", comment.id, "rocket")
    assert [reaction.content for reaction in comment.reactions] == ["eyes", "rocket"]


async def test_a_label_is_suggested_where_the_repository_takes_suggestions(
    server: FakeGitHub, app: GithubApp, repository: FakeRepository, issue: FakeIssue
) -> None:
    repository.suggestions = True
    assert await app.takes_suggestions(REF)
    assert await app.suggest_label(REF, "crash", "medium", "It says Segmentation fault. " * 50)
    assert await app.suggest_label(REF, "a/b?c#d é", "low", "Perhaps.")
    assert [(one.label.name, one.state) for one in issue.suggestions] == [
        ("crash", SuggestionState.PENDING),
        ("a/b?c#d é", SuggestionState.PENDING),
    ]
    assert issue.labels == []
    assert server.count("GET", "/suggestions$") == 1


async def test_a_label_is_not_suggested_elsewhere(
    server: FakeGitHub, app: GithubApp, clock: Clock, repository: FakeRepository, issue: FakeIssue
) -> None:
    for _ in range(2):
        assert not await app.suggest_label(REF, "crash", "medium", "It says so.")
    assert (issue.labels, issue.suggestions) == ([], [])
    assert server.count("GET", "/suggestions$") == 1
    assert server.count("POST", "/labels$") == 0
    repository.suggestions = True
    clock.ahead = timedelta(days=2)
    assert await app.suggest_label(REF, "crash", "medium", "It says so.")


async def test_a_pull_request_says_nothing_of_a_repositorys_issues(
    app: GithubApp, repository: FakeRepository, issue: FakeIssue
) -> None:
    repository.suggestions = True
    pull = repository.open("Pull", is_pr=True)
    assert not await app.suggest_label(IssueRef("numpy/numpy", pull.number), "crash", "high", "It says so.")
    assert pull.labels == []
    with pytest.raises(GoneError):
        await app.suggest_label(IssueRef("numpy/numpy", 99), "crash", "high", "It says so.")
    assert await app.suggest_label(REF, "crash", "high", "It says so.")
    assert len(issue.suggestions) == 1


async def test_a_suggestion_that_is_refused_is_none(
    app: GithubApp, repository: FakeRepository, issue: FakeIssue
) -> None:
    repository.suggestions = True
    assert not await app.suggest_label(REF, "no such label", "high", "It says so.")
    assert issue.labels == []


async def test_labels_are_read_whose_suggestion_a_person_dismissed(
    app: GithubApp, repository: FakeRepository, issue: FakeIssue
) -> None:
    assert await app.dismissed_suggestions(REF) == ()  # there are none in this repository yet
    repository.suggestions = True
    for label in ("crash", "a/b?c#d é", "crash"):
        assert await app.suggest_label(REF, label, "medium", "It says so.")
    assert await app.dismissed_suggestions(REF) == ()
    _replaced, other, crash = issue.suggestions
    issue.dismiss(other, "ftbot[bot]")
    issue.dismiss(crash)
    at = crash.updated.replace(microsecond=0)
    assert await app.dismissed_suggestions(REF) == (LabelEvent("crash", added=False, actor=None, at=at),)
    assert issue.labels == []


async def test_a_dismissed_label_is_known_by_its_number(
    server: FakeGitHub, app: GithubApp, repository: FakeRepository, issue: FakeIssue
) -> None:
    repository.suggestions = True
    crash = repository.find_label("crash")
    assert crash is not None
    like = {"id": 12, "issue_id": issue.id, "action": "add_label", "state": "dismissed", "actor_id": 1}
    like |= {"resolved_by": None, "created_at": "2026-06-01T14:20:00Z", "updated_at": "2026-06-01T15:05:00Z"}
    suggestions = [
        like | {"target_id": crash.id, "target_value": None},
        like | {"target_id": 999_999_999, "target_value": "gone"},
        like | {"target_id": 999_999_999, "target_value": None},
        like | {"target_id": None, "target_value": ["Bug"]},
        like | {"target_id": crash.id, "target_value": None, "state": "pending"},
        like | {"target_id": crash.id, "target_value": "Bug", "action": "set_type"},
    ]
    server.fail("/suggestions$", Failure(200, body=suggestions))
    assert [event.label for event in await app.dismissed_suggestions(REF)] == ["crash", "gone"]


# Webhooks that never arrived


@pytest.fixture
async def receiver(server: FakeGitHub, repository: FakeRepository) -> AsyncIterator[list[str]]:
    """Take webhooks, and list the GUIDs of those that arrived."""
    arrived: list[str] = []

    async def take(request: web.Request) -> web.Response:
        arrived.append(request.headers["X-GitHub-Delivery"])
        return web.Response(status=202)

    hooks = web.Application()
    hooks.router.add_post("/hook", take)
    runner = web.AppRunner(hooks)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.hook_url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    assert repository.installed
    yield arrived
    await runner.cleanup()


async def test_webhooks_that_never_arrived_are_listed_until_they_do(
    server: FakeGitHub, app: GithubApp, issue: FakeIssue, receiver: list[str]
) -> None:
    since = datetime.now(UTC) - timedelta(minutes=1)
    issue.comment("This arrives.")
    await server.delivered()
    assert len(receiver) == 1
    server.lose_deliveries(130)
    for number in range(130):
        issue.comment(f"Comment {number}")
    lost = [delivery.guid for delivery in server.deliveries if not delivery.arrived and delivery.attempts]
    failed = await app.failed_deliveries(since)
    assert {delivery.guid for delivery in failed} == set(lost)
    assert list(failed) == sorted(failed, key=lambda delivery: (delivery.delivered, delivery.number))
    assert await app.failed_deliveries(datetime.now(UTC) + timedelta(hours=1)) == ()
    await app.redeliver(failed[0].number)
    await server.delivered()
    assert receiver[1:] == [failed[0].guid]
    assert await app.failed_deliveries(since) == failed[1:]


async def test_a_webhook_that_fails_again_is_listed_once(
    server: FakeGitHub, app: GithubApp, issue: FakeIssue, receiver: list[str]
) -> None:
    since = datetime.now(UTC) - timedelta(minutes=1)
    server.lose_deliveries(1)
    issue.comment("This does not arrive.")
    (failed,) = await app.failed_deliveries(since)
    server.hook_url = "http://127.0.0.1:1/"
    await app.redeliver(failed.number)
    await server.delivered()
    (again,) = await app.failed_deliveries(since)
    assert (again.guid, again.delivered) == (failed.guid, failed.delivered)
    assert receiver == []


async def test_a_webhook_that_is_too_old_cannot_be_asked_for(app: GithubApp) -> None:
    with pytest.raises(GoneError):
        await app.redeliver(1)
