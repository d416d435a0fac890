"""Watching: many threads in one request, of which some are gone; and searches."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.clients.github.reader import GithubReader, open_github_reader
from bot.clients.web import Patience
from bot.core.errors import UpstreamError
from bot.core.github.threads import Account, ForbiddenError, Glimpse, IssueRef, RefusedError, ThreadState
from tests.fakes.fake_github import FakeGitHub
from tests.fakes.github_failures import Failure, graphql_errors, graphql_partial, html_page, server_error
from tests.fakes.github_world import FakeIssue, FakeRepository
from tests.patience import at_most

QUICK = Patience(attempts=3, first_wait=0.001, longest_wait=0.01, deadline=at_most(60))
ODD = {
    "__typename": "Issue",
    "id": "I_1",
    "number": 1,
    "title": "Crash on 3.14t",
    "updatedAt": "2026-11-22T12:00:00Z",
    "repository": {"nameWithOwner": "../numpy", "isPrivate": False},
}
"""An issue of what can be no repository."""

NUMPY = {"nameWithOwner": "numpy/numpy", "isPrivate": False}


def utc_now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def server() -> AsyncIterator[FakeGitHub]:
    """Give GitHub."""
    async with FakeGitHub() as running:
        yield running
        assert running.violations == []


@pytest.fixture
def repository(server: FakeGitHub) -> FakeRepository:
    """Give a repository."""
    return server.repository("numpy/numpy", labels=["crash"])


@pytest.fixture
async def reader(server: FakeGitHub) -> AsyncIterator[GithubReader]:
    """Give the client."""
    async with open_github_reader(
        server.url, server.token, user_agent="ftbot-tests", now=utc_now, patience=QUICK
    ) as opened:
        yield opened


def ref_of(issue: FakeIssue) -> IssueRef:
    return IssueRef(issue.repository.full_name, issue.number)


def glimpse_of(issue: FakeIssue, state: ThreadState = ThreadState.OPEN) -> Glimpse:
    return Glimpse(issue.node_id, ref_of(issue), issue.title, issue.is_pr, state, issue.updated)


async def test_threads_are_resolved_fifty_at_a_time(server: FakeGitHub, reader: GithubReader) -> None:
    issues = [server.repository(f"owner/repo{number}").open(f"Issue {number}") for number in range(120)]
    found = await reader.resolve([ref_of(issue) for issue in issues])
    assert found == {ref_of(issue): glimpse_of(issue) for issue in issues}
    assert reader.requests == len(server.requests) == 3


async def test_it_is_known_how_many_requests_are_left(reader: GithubReader, repository: FakeRepository) -> None:
    issue = repository.open("Crash")
    await reader.resolve([ref_of(issue)])
    await reader.issue(ref_of(issue))
    before = reader.worker.budgets.now(utc_now().timestamp())
    await reader.issue(ref_of(issue))
    after = reader.worker.budgets.now(utc_now().timestamp())
    assert after.keys() == before.keys() == {"core", "graphql"}
    assert (after["core"].left, after["graphql"].left) == (before["core"].left - 1, before["graphql"].left)
    assert after["core"].limit >= before["core"].left


async def test_a_round_over_137_threads_costs_two_points(server: FakeGitHub, reader: GithubReader) -> None:
    issues = [server.repository(f"owner/repo{number}").open(f"Issue {number}") for number in range(137)]
    found = await reader.glimpse([issue.node_id for issue in issues])
    assert found == {issue.node_id: glimpse_of(issue) for issue in issues}
    assert len(server.requests) == server.graphql_points == 2


async def test_states_are_those_of_issues_and_of_pull_requests(
    reader: GithubReader, repository: FakeRepository
) -> None:
    threads = [repository.open(f"Thread {number}", is_pr=number > 1) for number in range(5)]
    threads[1].close()
    threads[3].close()
    threads[4].close(merged=True)
    expected = [ThreadState.OPEN, ThreadState.CLOSED, ThreadState.OPEN, ThreadState.CLOSED, ThreadState.MERGED]
    glimpses = [glimpse_of(thread, state) for thread, state in zip(threads, expected, strict=True)]
    assert list((await reader.glimpse([thread.node_id for thread in threads])).values()) == glimpses
    assert list((await reader.resolve([ref_of(thread) for thread in threads])).values()) == glimpses
    looks = await reader.look([thread.node_id for thread in threads])
    assert [look.state for look in looks.values() if look] == expected


async def test_a_thread_is_looked_at_whole(reader: GithubReader, repository: FakeRepository) -> None:
    issue = repository.open("Crash on 3.14t", "It crashes.", "ann", labels=["crash", "bug"])
    issue.comment("Here too.", "ben")
    issue.comment("I bump something.", "dependabot[bot]")
    issue.lock()
    issue.close()
    look = (await reader.look([issue.node_id]))[issue.node_id]
    assert look is not None
    assert (look.node_id, look.ref, look.title, look.body) == (issue.node_id, ref_of(issue), issue.title, issue.body)
    assert (look.author, look.labels, look.comments) == (Account("ann"), ("crash", "bug"), 2)
    assert (look.state, look.locked, look.closed) == (ThreadState.CLOSED, True, issue.closed)
    assert (look.created, look.updated) == (issue.created, issue.updated)
    assert look.last_comment_by == Account("dependabot[bot]", is_bot=True)
    by_number = await reader.issue(ref_of(issue))
    assert (by_number.author, by_number.labels, by_number.body) == (look.author, look.labels, look.body)


async def test_text_with_nul_comes_as_every_database_takes_it(reader: GithubReader, repository: FakeRepository) -> None:
    issue = repository.open("Crash\0 on 3.14t", "It\0crashes.")
    look = (await reader.look([issue.node_id]))[issue.node_id]
    assert look is not None
    by_number, glimpse = await reader.issue(ref_of(issue)), (await reader.glimpse([issue.node_id]))[issue.node_id]
    assert glimpse is not None
    assert {look.title, by_number.title, glimpse.title} == {"Crash\ufffd on 3.14t"}
    assert {look.body, by_number.body} == {"It\ufffdcrashes."}


async def test_deleted_accounts_are_none(reader: GithubReader, repository: FakeRepository) -> None:
    issue = repository.open("Crash on 3.14t", by=None)
    issue.comment("Here too.", None)
    look = (await reader.look([issue.node_id]))[issue.node_id]
    assert look is not None
    assert (look.author, look.last_comment_by, look.comments) == (None, None, 1)


async def test_what_is_gone_does_not_take_the_others_along(
    server: FakeGitHub, reader: GithubReader, repository: FakeRepository
) -> None:
    issues = [repository.open(f"Issue {number}") for number in range(5)]
    hidden = server.repository("numpy/secret", private=True).open("Private")
    repository.delete(issues[1])
    gone = [issues[1].node_id, hidden.node_id, "no ID", ""]
    nodes = [*(issue.node_id for issue in issues), *gone[1:]]
    left = {issue.node_id: glimpse_of(issue) for issue in issues if not issue.deleted}
    assert await reader.glimpse(nodes) == left | dict.fromkeys(gone)
    looks = await reader.look(nodes)
    assert {node for node, look in looks.items() if look is None} == set(gone)
    nowhere = [
        IssueRef("nobody/nothing", 1),
        IssueRef("../x", 1),
        IssueRef('a/b"){id}', 1),
        IssueRef("numpy/numpy", -1),
    ]
    refs = [*map(ref_of, issues), ref_of(hidden), *nowhere]
    resolved = await reader.resolve(refs)
    assert list(resolved) == [*resolved]
    assert {ref: glimpse for ref, glimpse in resolved.items() if glimpse} == {
        ref_of(issue): glimpse_of(issue) for issue in issues if not issue.deleted
    }
    assert set(resolved) == set(refs)


async def test_all_gone_is_an_answer(reader: GithubReader, repository: FakeRepository) -> None:
    issue = repository.open("Issue")
    repository.delete(issue)
    assert await reader.glimpse([issue.node_id]) == {issue.node_id: None}
    assert await reader.resolve([ref_of(issue), IssueRef("nobody/nothing", 1)]) == {
        ref_of(issue): None,
        IssueRef("nobody/nothing", 1): None,
    }


async def test_nothing_asked_is_nothing_sent(server: FakeGitHub, reader: GithubReader) -> None:
    assert (await reader.resolve([]), await reader.glimpse([]), await reader.look([])) == ({}, {}, {})
    assert server.requests == []


async def test_private_threads_are_as_good_as_gone(
    server: FakeGitHub, reader: GithubReader, repository: FakeRepository
) -> None:
    issue = repository.open("Issue")

    def make_private(answer: dict[str, object]) -> dict[str, object]:
        data = answer["data"]
        assert isinstance(data, dict)
        data["nodes"][0]["repository"]["isPrivate"] = True
        return answer

    server.fail("/graphql$", Failure(change=make_private), Failure(change=make_private))
    assert await reader.glimpse([issue.node_id]) == {issue.node_id: None}
    assert await reader.look([issue.node_id]) == {issue.node_id: None}


async def test_a_thread_follows_its_repository_and_is_found_where_it_was_moved_to(
    server: FakeGitHub, reader: GithubReader, repository: FakeRepository
) -> None:
    stays, moves = repository.open("Stays"), repository.open("Moves")
    old_refs = [ref_of(stays), ref_of(moves)]
    new = repository.transfer(moves, server.repository("scipy/scipy"))
    repository.rename("numpy/renamed")
    assert await reader.resolve(old_refs) == {old_refs[0]: glimpse_of(stays), old_refs[1]: glimpse_of(new)}
    glimpsed = await reader.glimpse([stays.node_id])
    assert glimpsed[stays.node_id] == glimpse_of(stays)
    assert glimpse_of(stays).ref == IssueRef("numpy/renamed", 1)


async def test_what_github_could_not_read_this_time_is_not_gone(
    server: FakeGitHub, reader: GithubReader, repository: FakeRepository
) -> None:
    issues = [repository.open(f"Issue {number}") for number in range(4)]
    repository.delete(issues[0])
    server.fail("/graphql$", graphql_partial(2), graphql_partial(2), graphql_partial(2))
    nodes = [issue.node_id for issue in issues]
    assert await reader.glimpse(nodes) == {nodes[0]: None, nodes[1]: glimpse_of(issues[1])}
    assert set(await reader.look(nodes)) == set(nodes[:2])
    assert await reader.resolve([ref_of(issue) for issue in issues]) == {
        ref_of(issues[0]): None,
        ref_of(issues[1]): glimpse_of(issues[1]),
    }


@pytest.mark.parametrize(
    "failure",
    [
        Failure(200, body={"errors": [{"message": "Something went wrong while executing your query."}]}),
        Failure(200, body={"data": None}),
        Failure(200, body={"data": {"nodes": None}, "errors": [{"message": "timeout", "path": ["nodes"]}]}),
        graphql_errors("INTERNAL", "Oops."),
        server_error(502),
        html_page(),
    ],
)
async def test_an_answer_without_any_thread_is_asked_for_again(
    server: FakeGitHub, reader: GithubReader, repository: FakeRepository, failure: Failure
) -> None:
    issue = repository.open("Issue")
    server.fail("/graphql$", failure)
    assert await reader.glimpse([issue.node_id]) == {issue.node_id: glimpse_of(issue)}
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "failure",
    [
        Failure(200, body={"errors": [{"message": "No such field", "extensions": {"code": "undefinedField"}}]}),
        Failure(200, body={"data": {"nodes": []}}),
        Failure(200, body={"data": {"nodes": [{"__typename": "Issue"}]}}),
        Failure(200, body={"data": {"nodes": [ODD]}}),
        Failure(200, body={"data": {"nodes": [ODD | {"repository": NUMPY, "number": 2**63}]}}),
        Failure(200, body={"data": {"nodes": [ODD | {"repository": NUMPY, "number": 10**400}]}}),
        Failure(200, body=[]),
    ],
)
async def test_an_answer_to_another_question_is_an_error(
    server: FakeGitHub, reader: GithubReader, repository: FakeRepository, failure: Failure
) -> None:
    server.fail("/graphql$", failure)
    with pytest.raises(UpstreamError) as caught:
        await reader.glimpse([repository.open("Issue").node_id])
    assert not caught.value.retryable


async def test_without_a_token_nothing_is_asked_of_graphql(server: FakeGitHub, repository: FakeRepository) -> None:
    issue = repository.open("Issue")
    async with open_github_reader(server.url, None, user_agent="ftbot-tests", now=utc_now) as anonymous:
        with pytest.raises(ForbiddenError, match="token"):
            await anonymous.resolve([ref_of(issue)])
        assert server.requests == []
        assert (await anonymous.issue(ref_of(issue))).title == "Issue"
    assert all("Authorization" not in request.headers for request in server.requests)


# Searches


async def test_a_search_finds_threads_everywhere_that_everybody_may_see(
    server: FakeGitHub, reader: GithubReader, repository: FakeRepository
) -> None:
    first = repository.open("Crash on the free-threaded build", "It crashes.")
    second = server.repository("scipy/scipy").open("Free-threaded wheels", "It builds.", is_pr=True)
    repository.open("Something else")
    server.repository("numpy/secret", private=True).open("free-threaded secrets")
    found = await reader.search('"free-threaded" in:title')
    assert {issue.ref for issue in found.issues} == {ref_of(first), ref_of(second)}
    assert found.complete


async def test_a_long_search_is_read_page_by_page_and_says_that_there_is_more(
    reader: GithubReader, repository: FakeRepository
) -> None:
    start = utc_now() - timedelta(days=300)
    for number in range(1_050):
        repository.open(f"Crash {number}", "It crashes.", created=start + timedelta(minutes=number))
    found = await reader.search("crash")
    assert len(found.issues) == 1_000
    assert found.issues[0].title == "Crash 1049"
    assert not found.complete
    assert reader.requests == 10


async def test_a_search_that_github_gave_up_is_not_complete(server: FakeGitHub, reader: GithubReader) -> None:
    server.fail("/search/", Failure(200, body={"total_count": 0, "incomplete_results": True, "items": []}))
    assert not (await reader.search("crash")).complete


async def test_a_search_that_is_none_is_refused(server: FakeGitHub, reader: GithubReader) -> None:
    server.fail("/search/", Failure(422, body={"message": "Validation Failed"}))
    with pytest.raises(RefusedError, match="Validation Failed"):
        await reader.search("is:is:is")
