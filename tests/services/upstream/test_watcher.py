"""Watching upstream threads: what is noticed, what is asked for, and what becomes of what was known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.classify.thread import KindName
from bot.core.digest.changes import Change, ChangeKind
from bot.core.github.threads import ForbiddenError, IssueRef, ThreadState
from bot.core.guide.tracking_table import TABLE
from bot.core.upstream.polling import BETWEEN_SEARCHES, OTHERS
from bot.core.upstream.report import PollReport
from bot.core.upstream.threads import EventKind, KnownThread, ThreadOrigin
from bot.core.wheels.targets import Target
from tests.databases import ENGINES, Place
from tests.fakes.discord_json import JsonObject
from tests.fakes.fake_github import FakeGitHub
from tests.fakes.github_failures import (
    Failure,
    Hold,
    graphql_partial,
    graphql_rate_limited,
    held,
    not_found,
    secondary_limit,
    server_error,
)
from tests.fakes.github_world import FakeIssue, FakeRepository
from tests.services.lookups import NOW, Clock
from tests.services.watches import UpstreamPoll, open_all, open_poll, publish_table, write_table

OPENED, CLOSED, MERGED, REOPENED = EventKind.OPENED, EventKind.CLOSED, EventKind.MERGED, EventKind.REOPENED
LABELLED, COMMENTED, WHEELS = EventKind.LABELLED, EventKind.COMMENTED, EventKind.WHEELS
LONG_AGO = NOW - timedelta(days=500)
ABOUT_IT = "Crash on free-threaded Python 3.14t"
OTHER = "Fix a typo in the documentation"
TEXT = "See the title."


@pytest.fixture
async def server(clock: Clock) -> AsyncIterator[FakeGitHub]:
    """Give a GitHub on the test's clock, with a table that names no thread yet."""
    async with FakeGitHub(now=clock) as running:
        publish_table(running, ("CMake", ""))
        yield running
        assert running.violations == []


@pytest.fixture
def numpy(server: FakeGitHub) -> FakeRepository:
    """Give a repository."""
    return server.repository("numpy/numpy", labels=["39 - free-threading"])


@pytest.fixture
def tracked(server: FakeGitHub, numpy: FakeRepository) -> FakeIssue:
    """Give the thread that tracks NumPy's support, by the table."""
    thread = numpy.open("Tracking issue for free-threading", number=26157, created=LONG_AGO)
    publish_table(server, ("NumPy", thread))
    return thread


async def poll(upstream_poll: UpstreamPoll, clock: Clock, **later: float) -> PollReport:
    """Let time pass, five minutes unless told otherwise, and look."""
    clock.advance(**(later or {"minutes": 5}))
    return await upstream_poll.watcher.poll()


async def test_the_first_round_finds_the_threads_of_the_table(
    server: FakeGitHub, tracked: FakeIssue, address: str, clock: Clock
) -> None:
    merged = server.repository("nucleic/kiwi").open("Support it", is_pr=True, number=190, created=LONG_AGO)
    clock.advance(days=-100)
    merged.close(merged=True)
    clock.advance(days=100)
    publish_table(server, ("NumPy", tracked), ("kiwisolver", merged), ("CMake", ""))
    async with open_poll(server, address, clock) as upstream_poll:
        report = await upstream_poll.watcher.poll()
        assert (report.new, report.events, report.failed, report.watched) == (2, 3, {}, {ThreadOrigin.TABLE: 2})
        known = {str(thread.issue.ref): thread for thread in await upstream_poll.threads.watched()}
        assert known["numpy/numpy#26157"].package == "numpy"
        assert known["nucleic/kiwi#190"].package == "kiwisolver"
        assert known["nucleic/kiwi#190"].issue.state is ThreadState.MERGED
        assert all(thread.free_threading for thread in known.values())
        assert sorted(await upstream_poll.happened()) == [
            (MERGED, "nucleic/kiwi#190", ""),
            (OPENED, "nucleic/kiwi#190", ""),
            (OPENED, "numpy/numpy#26157", ""),
        ]
        events = await upstream_poll.events.between(1, 3)
        assert max(event.at for event in events) == NOW - timedelta(days=100)


async def test_a_round_in_which_nothing_changed_takes_three_requests_for_the_whole_table(
    server: FakeGitHub, shared: Path, address: str, clock: Clock
) -> None:
    table = (shared / "data" / "tracking.md").read_text()
    write_table(server, table)
    threads = open_all(server, table)
    async with open_poll(server, address, clock) as upstream_poll:
        first = await upstream_poll.watcher.poll()
        assert (first.new, first.failed) == (len(threads), {})
        assert len(threads) >= 137
        again = await poll(upstream_poll, clock)
        assert (again.new, again.events, again.failed, again.requests) == (0, 0, {}, 3)
        threads[0].comment("Any news?")
        third = await poll(upstream_poll, clock)
        assert (third.events, third.requests) == (1, 4)
    async with open_poll(server, address, clock) as upstream_poll:
        after_a_restart = await poll(upstream_poll, clock)
        assert (after_a_restart.events, after_a_restart.requests) == (0, 3)


async def test_what_happens_to_a_thread_of_the_table_is_noticed(
    server: FakeGitHub, tracked: FakeIssue, address: str, clock: Clock
) -> None:
    async with open_poll(server, address, clock) as upstream_poll:
        await upstream_poll.watcher.poll()
        before = await upstream_poll.events.newest()
        clock.advance(minutes=1)
        tracked.comment("It works for me.")
        tracked.comment("Not for me.")
        tracked.label("39 - free-threading")
        await poll(upstream_poll, clock)
        tracked.close()
        closed = clock.time
        await poll(upstream_poll, clock)
        tracked.reopen()
        await poll(upstream_poll, clock)
        assert await upstream_poll.happened(before) == [
            (LABELLED, "numpy/numpy#26157", "39 - free-threading"),
            (COMMENTED, "numpy/numpy#26157", "2"),
            (CLOSED, "numpy/numpy#26157", ""),
            (REOPENED, "numpy/numpy#26157", ""),
        ]
        (close,) = [event for event in await upstream_poll.events.between(1, 99) if event.kind is CLOSED]
        assert close.at == closed.replace(microsecond=0)


async def test_what_a_bot_says_is_no_news(server: FakeGitHub, tracked: FakeIssue, address: str, clock: Clock) -> None:
    robot = server.user("stale", bot=True)
    async with open_poll(server, address, clock) as upstream_poll:
        await upstream_poll.watcher.poll()
        tracked.comment("This issue is stale.", by=robot)
        assert (await poll(upstream_poll, clock)).events == 0
        tracked.comment("It is not.")
        await poll(upstream_poll, clock)
        assert (await upstream_poll.happened())[-1] == (COMMENTED, "numpy/numpy#26157", "1")


async def test_a_row_that_leads_nowhere_is_tried_again_after_a_day(
    server: FakeGitHub, numpy: FakeRepository, address: str, clock: Clock
) -> None:
    publish_table(server, ("NumPy", "https://github.com/numpy/numpy/issues/7"))
    async with open_poll(server, address, clock) as upstream_poll:
        assert (await upstream_poll.watcher.poll()).watched == {}
        assert (await poll(upstream_poll, clock)).requests == 1
    numpy.open("It was private before", number=7, created=LONG_AGO)
    async with open_poll(server, address, clock) as upstream_poll:
        assert (await poll(upstream_poll, clock, hours=23)).requests == 1
        report = await poll(upstream_poll, clock, hours=1)
        assert (report.new, report.watched) == (1, {ThreadOrigin.TABLE: 1})


async def test_a_renamed_repository_keeps_its_thread(
    server: FakeGitHub, tracked: FakeIssue, address: str, clock: Clock
) -> None:
    async with open_poll(server, address, clock) as upstream_poll:
        await upstream_poll.watcher.poll()
        tracked.repository.rename("numpy/numpy2")
        await poll(upstream_poll, clock)
        tracked.comment("We moved.")
        await poll(upstream_poll, clock)
        assert (await upstream_poll.happened())[1:] == [(COMMENTED, "numpy/numpy2#26157", "1")]
        report = await poll(upstream_poll, clock)
        assert (report.requests, report.watched) == (2, {ThreadOrigin.TABLE: 1})


async def test_a_row_that_names_a_repository_by_its_old_name_is_not_looked_up_every_time(
    server: FakeGitHub, tracked: FakeIssue, address: str, clock: Clock
) -> None:
    tracked.repository.rename("numpy/numpy2")
    async with open_poll(server, address, clock) as upstream_poll:
        await upstream_poll.watcher.poll()
        assert (await poll(upstream_poll, clock)).requests == 2
        (known,) = await upstream_poll.threads.watched()
        assert known.issue.ref == IssueRef("numpy/numpy2", 26157)


async def test_a_transferred_thread_is_the_one_it_was(
    server: FakeGitHub, tracked: FakeIssue, address: str, clock: Clock
) -> None:
    async with open_poll(server, address, clock) as upstream_poll:
        await upstream_poll.watcher.poll()
        clock.advance(minutes=1)
        moved = tracked.repository.transfer(tracked, server.repository("numpy/tracking"))
        moved.comment("It belongs here.")
        report = await poll(upstream_poll, clock)
        assert (report.new, report.watched, report.failed) == (0, {ThreadOrigin.TABLE: 1}, {})
        (known,) = await upstream_poll.threads.watched()
        assert (known.issue.ref, known.package) == (IssueRef("numpy/tracking", 1), "numpy")
        assert [kind for kind, _, _ in await upstream_poll.happened()] == [OPENED, COMMENTED]
        assert {event.node_id for event in await upstream_poll.events.between(1, 99)} == {moved.node_id}
        moved.close()
        await poll(upstream_poll, clock)
        assert (await upstream_poll.happened())[-1] == (CLOSED, "numpy/tracking#1", "")
        assert (await poll(upstream_poll, clock)).requests == 2


async def test_a_deleted_thread_is_gone_and_not_asked_about_again(
    server: FakeGitHub, tracked: FakeIssue, address: str, clock: Clock
) -> None:
    async with open_poll(server, address, clock) as upstream_poll:
        await upstream_poll.watcher.poll()
        tracked.repository.delete(tracked)
        report = await poll(upstream_poll, clock)
        assert (report.watched, report.failed) == ({}, {})
        assert (await poll(upstream_poll, clock)).requests == 1
        kept = await upstream_poll.threads.get(tracked.node_id)
        assert kept is not None
        assert kept.gone == NOW + timedelta(minutes=5)


async def test_a_thread_that_triage_knows_to_be_about_it_is_watched_whatever_its_text_says(
    server: FakeGitHub, numpy: FakeRepository, address: str, clock: Clock
) -> None:
    async with open_poll(server, address, clock, repositories=["numpy/numpy"]) as upstream_poll:
        opened = [numpy.open(OTHER), numpy.open(OTHER)]
        await poll(upstream_poll, clock)
        assert await upstream_poll.threads.watched() == ()
        issue = await upstream_poll.watcher.reader.issue(IssueRef("numpy/numpy", opened[0].number))
        known = KnownThread(issue, ThreadOrigin.TRIAGE, None, free_threading=True, kinds=())
        await upstream_poll.threads.record([known], [], [], clock())
        clock.advance(minutes=1)
        for thread in opened:
            thread.comment("It is this, too.")
        report = await poll(upstream_poll, clock)
        (watched,) = await upstream_poll.threads.watched()
        assert (watched.issue.ref, watched.origin) == (issue.ref, ThreadOrigin.REPOSITORY)
        assert (report.new, report.watched) == (0, {ThreadOrigin.REPOSITORY: 1})


async def test_a_locked_thread_goes_on_being_watched(
    server: FakeGitHub, tracked: FakeIssue, address: str, clock: Clock
) -> None:
    async with open_poll(server, address, clock) as upstream_poll:
        await upstream_poll.watcher.poll()
        tracked.lock()
        await poll(upstream_poll, clock)
        tracked.close()
        await poll(upstream_poll, clock)
        (known,) = await upstream_poll.threads.watched()
        assert known.issue.locked
        assert (await upstream_poll.happened())[-1] == (CLOSED, "numpy/numpy#26157", "")


async def test_a_table_without_rows_is_told_of(server: FakeGitHub, address: str, clock: Clock) -> None:
    write_table(server, "# Moved to another page\n")
    async with open_poll(server, address, clock) as upstream_poll:
        report = await upstream_poll.watcher.poll()
        assert report.failed == {TABLE: "The tracking table has no rows that can be read."}


@pytest.mark.parametrize("text", ["", "# Moved to another page\n", "| Project | Upstream issue |\n| --- | --- |\n"])
async def test_a_table_that_is_suddenly_empty_is_told_of_and_its_rows_stay(
    server: FakeGitHub, tracked: FakeIssue, address: str, clock: Clock, text: str
) -> None:
    async with open_poll(server, address, clock) as upstream_poll:
        await upstream_poll.watcher.poll()
        write_table(server, text)
        for _ in range(2):
            report = await poll(upstream_poll, clock)
            assert report.failed == {TABLE: "The tracking table has 0 rows, and had 1: those stay."}
            assert report.watched == {ThreadOrigin.TABLE: 1}
        tracked.comment("Still here.")
        assert (await poll(upstream_poll, clock)).events == 1
        publish_table(server, ("NumPy", tracked))
        assert (await poll(upstream_poll, clock)).failed == {}


async def test_a_table_that_cannot_be_read_is_told_of_and_its_threads_are_watched_all_the_same(
    server: FakeGitHub, tracked: FakeIssue, address: str, clock: Clock
) -> None:
    async with open_poll(server, address, clock) as upstream_poll:
        await upstream_poll.watcher.poll()
        tracked.comment("Any news?")
        server.fail("/contents/", not_found())
        report = await poll(upstream_poll, clock)
        assert (list(report.failed), report.events) == ([TABLE], 1)
        assert (await poll(upstream_poll, clock)).failed == {}


async def test_a_thread_is_about_the_package_that_the_table_says_by_now(
    server: FakeGitHub, address: str, clock: Clock
) -> None:
    thread = server.repository("some/project").open("Support free-threading", created=LONG_AGO)
    publish_table(server, ("Misnamed", thread))
    async with open_poll(server, address, clock) as upstream_poll:
        await upstream_poll.watcher.poll()
        publish_table(server, ("Renamed", thread))
        thread.comment("Any news?")
        report = await poll(upstream_poll, clock)
        (known,) = await upstream_poll.threads.of_package("renamed")
        assert (known.origin, report.events) == (ThreadOrigin.TABLE, 1)
        assert await upstream_poll.threads.of_package("misnamed") == ()


async def test_a_thread_that_is_missed_and_found_again_at_its_place_was_never_gone(
    server: FakeGitHub, tracked: FakeIssue, address: str, clock: Clock
) -> None:
    def missing(answer: JsonObject) -> JsonObject:
        error: JsonObject = {"type": "NOT_FOUND", "path": ["nodes", 0], "message": "Could not resolve to a node"}
        return {**answer, "data": {"nodes": [None]}, "errors": [error]}

    async with open_poll(server, address, clock) as upstream_poll:
        await upstream_poll.watcher.poll()
        tracked.comment("Any news?")
        server.fail("/graphql", Failure(change=missing))
        report = await poll(upstream_poll, clock)
        assert (report.new, report.events, report.watched) == (0, 1, {ThreadOrigin.TABLE: 1})
        assert (await poll(upstream_poll, clock)).requests == 2


async def test_a_new_row_is_read_without_the_others(
    server: FakeGitHub, tracked: FakeIssue, address: str, clock: Clock
) -> None:
    async with open_poll(server, address, clock) as upstream_poll:
        await upstream_poll.watcher.poll()
        scipy = server.repository("scipy/scipy").open("Tracking issue for free-threading", created=LONG_AGO)
        publish_table(server, ("NumPy", tracked), ("SciPy", scipy))
        report = await poll(upstream_poll, clock)
        assert (report.new, report.requests, report.watched) == (1, 4, {ThreadOrigin.TABLE: 2})


@pytest.mark.usefixtures("tracked")
async def test_a_token_that_github_does_not_take_ends_the_round(server: FakeGitHub, address: str, clock: Clock) -> None:
    async with open_poll(server, address, clock, token="expired") as upstream_poll:
        with pytest.raises(ForbiddenError):
            await upstream_poll.watcher.poll()
        assert await upstream_poll.threads.watched() == ()


async def test_what_github_says_nothing_about_this_time_is_neither_gone_nor_forgotten(
    server: FakeGitHub, tracked: FakeIssue, address: str, clock: Clock
) -> None:
    async with open_poll(server, address, clock) as upstream_poll:
        await upstream_poll.watcher.poll()
        tracked.comment("Any news?")
        server.fail("/graphql", *[graphql_partial()] * 9)
        report = await poll(upstream_poll, clock)
        assert (report.watched, report.events) == ({ThreadOrigin.TABLE: 1}, 0)
    async with open_poll(server, address, clock) as upstream_poll:
        while (await poll(upstream_poll, clock)).events == 0:
            pass
        assert (await upstream_poll.happened())[-1] == (COMMENTED, "numpy/numpy#26157", "1")


# Repositories


async def test_a_repository_is_read_a_week_back_for_what_is_about_free_threading(
    server: FakeGitHub, numpy: FakeRepository, address: str, clock: Clock
) -> None:
    numpy.open(ABOUT_IT, number=1, created=NOW - timedelta(days=8))
    numpy.open(ABOUT_IT, number=2, created=NOW - timedelta(days=6))
    numpy.open(OTHER, number=3, created=NOW - timedelta(days=5))
    numpy.open(ABOUT_IT, number=4, is_pr=True, created=NOW - timedelta(days=4))
    async with open_poll(server, address, clock, repositories=["numpy/numpy"]) as upstream_poll:
        report = await upstream_poll.watcher.poll()
        assert (report.failed, report.watched) == ({}, {ThreadOrigin.REPOSITORY: 2})
        threads = await upstream_poll.threads.watched()
        assert [(thread.issue.ref.number, thread.package) for thread in threads] == [(2, "numpy"), (4, "numpy")]
        assert KindName.CRASH in threads[0].kinds


async def test_of_a_label_every_thread_is_watched(
    server: FakeGitHub, numpy: FakeRepository, address: str, clock: Clock
) -> None:
    numpy.open(OTHER, number=1, labels=["39 - free-threading"])
    numpy.open(ABOUT_IT, number=2)
    async with open_poll(server, address, clock, repositories=["numpy/numpy:39 - free-threading"]) as upstream_poll:
        await upstream_poll.watcher.poll()
        (thread,) = await upstream_poll.threads.watched()
        assert (thread.issue.ref.number, thread.free_threading) == (1, True)


async def test_a_repository_in_which_nothing_changed_costs_nothing(
    server: FakeGitHub, numpy: FakeRepository, address: str, clock: Clock
) -> None:
    numpy.open(ABOUT_IT)
    async with open_poll(server, address, clock, repositories=["numpy/numpy"]) as upstream_poll:
        await upstream_poll.watcher.poll()
        await poll(upstream_poll, clock)  # reads the list from the last change on, which has an ETag of its own
    async with open_poll(server, address, clock, repositories=["numpy/numpy"]) as upstream_poll:
        for _ in range(3):
            report = await poll(upstream_poll, clock)
            assert (report.events, report.new) == (0, 0)
            assert [request.status for request in server.requests if request.path.endswith("/issues")][-1] == 304
        numpy.open(ABOUT_IT)
        assert (await poll(upstream_poll, clock)).new == 1


async def test_what_happens_in_a_repository_is_noticed_once(
    server: FakeGitHub, numpy: FakeRepository, address: str, clock: Clock
) -> None:
    async with open_poll(server, address, clock, repositories=["numpy/numpy"]) as upstream_poll:
        await upstream_poll.watcher.poll()
        issue = numpy.open(ABOUT_IT)
        await poll(upstream_poll, clock, seconds=30)
        issue.comment("Me too.")
        issue.comment("This issue is stale.", by=server.user("stale", bot=True))
        await poll(upstream_poll, clock, seconds=30)
        issue.edit(title="Crash")
        issue.comment("Me too.")
        await poll(upstream_poll, clock, seconds=30)
        issue.close()
        for _ in range(6):
            await poll(upstream_poll, clock, seconds=30)
        assert [(kind, detail) for kind, _, detail in await upstream_poll.happened()] == [
            (OPENED, ""),
            (COMMENTED, "1"),
            (CLOSED, ""),
        ]


async def test_a_thread_of_the_table_stays_its_own_in_a_watched_repository(
    server: FakeGitHub, tracked: FakeIssue, address: str, clock: Clock
) -> None:
    async with open_poll(server, address, clock, repositories=["numpy/numpy"]) as upstream_poll:
        await upstream_poll.watcher.poll()
        tracked.comment("Any news?")
        report = await poll(upstream_poll, clock)
        assert (report.events, report.watched) == (1, {ThreadOrigin.TABLE: 1})


async def test_a_thread_names_the_package_of_its_repository_or_the_one_that_its_text_blames(
    server: FakeGitHub, tracked: FakeIssue, address: str, clock: Clock
) -> None:
    warning = "The global interpreter lock (GIL) has been enabled to load module 'lxml.etree'."
    tracked.repository.open(ABOUT_IT, number=1)
    server.repository("somebody/application").open("Importing turns the GIL on", warning)
    async with open_poll(server, address, clock, repositories=["numpy/numpy", "somebody/application"]) as upstream_poll:
        await upstream_poll.watcher.poll()
        packages = {str(thread.issue.ref): thread.package for thread in await upstream_poll.threads.watched()}
        assert packages["numpy/numpy#1"] == "numpy"
        assert packages["somebody/application#1"] == "lxml"


@pytest.mark.usefixtures("tracked")
async def test_a_repository_that_cannot_be_read_is_told_of_and_the_others_go_on(
    server: FakeGitHub, address: str, clock: Clock
) -> None:
    server.repository("secret/project", private=True).open(ABOUT_IT)
    scipy = server.repository("scipy/scipy")
    scipy.open(ABOUT_IT)
    names = ["no/such", "secret/project", "scipy/scipy"]
    async with open_poll(server, address, clock, repositories=names) as upstream_poll:
        report = await upstream_poll.watcher.poll()
        assert list(report.failed) == ["no/such", "secret/project"]
        assert report.watched == {ThreadOrigin.TABLE: 1, ThreadOrigin.REPOSITORY: 1}
        scipy.open(ABOUT_IT)
        server.fail("/repos/scipy/scipy/issues", *[server_error()] * 9)
        assert "scipy/scipy" in (await poll(upstream_poll, clock)).failed
        assert await upstream_poll.tracking.threads.open_counts() == {"numpy": 1, "scipy": 1}
    async with open_poll(server, address, clock, repositories=["scipy/scipy"]) as upstream_poll:
        while "scipy/scipy" in (await poll(upstream_poll, clock)).failed:
            pass
        assert await upstream_poll.tracking.threads.open_counts() == {"numpy": 1, "scipy": 2}


async def test_a_repository_that_denies_the_token_does_not_stop_the_others(
    server: FakeGitHub, numpy: FakeRepository, address: str, clock: Clock
) -> None:
    numpy.open(ABOUT_IT)
    denied = Failure(403, body={"message": "`scipy` forbids access via a fine-grained personal access token"})
    server.fail("/repos/scipy/scipy", *[denied] * 9)
    async with open_poll(server, address, clock, repositories=["scipy/scipy", "numpy/numpy"]) as upstream_poll:
        report = await upstream_poll.watcher.poll()
        assert (list(report.failed), report.new) == (["scipy/scipy"], 1)


@pytest.mark.usefixtures("tracked")
async def test_where_github_asks_to_slow_down_the_rest_waits_for_the_next_round(
    server: FakeGitHub, address: str, clock: Clock
) -> None:
    server.repository("scipy/scipy")
    async with open_poll(server, address, clock, repositories=["numpy/numpy", "scipy/scipy"]) as upstream_poll:
        server.fail("/repos/numpy/numpy", *[secondary_limit(retry_after=600)] * 9)
        report = await upstream_poll.watcher.poll()
        assert list(report.failed) == ["numpy/numpy", "scipy/scipy", OTHERS]
        assert server.count("GET", "scipy") == 0
        assert report.watched == {ThreadOrigin.TABLE: 1}


@pytest.mark.usefixtures("tracked")
async def test_the_threads_of_the_table_wait_where_the_points_of_the_hour_are_used_up(
    server: FakeGitHub, address: str, clock: Clock
) -> None:
    server.fail("/graphql", *[graphql_rate_limited()] * 9)
    async with open_poll(server, address, clock) as upstream_poll:
        report = await upstream_poll.watcher.poll()
        assert TABLE in report.failed
        assert await upstream_poll.threads.watched() == ()


# Searches


SEARCH = '"free-threaded" in:title'


async def test_a_search_finds_threads_anywhere(server: FakeGitHub, address: str, clock: Clock) -> None:
    server.repository("a/b").open(ABOUT_IT, TEXT)
    server.repository("c/d").open("Free-threaded stories", TEXT, created=LONG_AGO)
    server.repository("e/f", private=True).open(ABOUT_IT, TEXT)
    server.repository("g/h").open(OTHER, TEXT)
    async with open_poll(server, address, clock, searches=[SEARCH]) as upstream_poll:
        report = await upstream_poll.watcher.poll()
        assert (report.failed, report.watched) == ({}, {ThreadOrigin.SEARCH: 1})
        assert await upstream_poll.happened() == [(OPENED, "a/b#1", "")]


async def test_a_search_is_asked_every_half_an_hour_for_what_changed_since(
    server: FakeGitHub, address: str, clock: Clock
) -> None:
    repository = server.repository("a/b")
    repository.open(ABOUT_IT, TEXT)
    async with open_poll(server, address, clock, searches=[SEARCH]) as upstream_poll:
        await upstream_poll.watcher.poll()
        repository.open(ABOUT_IT, TEXT)
        for _ in range(5):
            assert (await poll(upstream_poll, clock)).new == 0
        assert (await poll(upstream_poll, clock)).new == 1
        assert server.count("GET", "/search/issues") == 2
        asked = [request.query["q"] for request in server.requests if request.path == "/search/issues"]
        assert [query.count("updated:>=") for query in asked] == [1, 1]
        assert asked[0] != asked[1]


async def test_what_becomes_of_a_thread_that_a_search_found_is_noticed(
    server: FakeGitHub, address: str, clock: Clock
) -> None:
    issue = server.repository("a/b").open(ABOUT_IT, TEXT)
    deleted = server.repository("c/d").open(ABOUT_IT, TEXT)
    async with open_poll(server, address, clock, searches=[f"{SEARCH} is:open"]) as upstream_poll:
        await upstream_poll.watcher.poll()
        issue.close()
        deleted.repository.delete(deleted)
        report = await poll(upstream_poll, clock, minutes=BETWEEN_SEARCHES.total_seconds() / 60)
        assert (await upstream_poll.happened())[-1] == (CLOSED, "a/b#1", "")
        assert report.watched == {ThreadOrigin.SEARCH: 1}


async def test_a_search_that_shows_only_a_part_is_told_of_and_reads_the_same_time_again(
    server: FakeGitHub, address: str, clock: Clock
) -> None:
    server.repository("a/b").open(ABOUT_IT, TEXT)
    server.fail("/search/issues", Failure(change=lambda answer: {**answer, "incomplete_results": True}))
    async with open_poll(server, address, clock, searches=[SEARCH]) as upstream_poll:
        report = await upstream_poll.watcher.poll()
        assert (list(report.failed), report.new) == ([SEARCH], 1)
        assert (await poll(upstream_poll, clock, minutes=30)).failed == {}
        first, second = [request.query["q"] for request in server.requests if request.path == "/search/issues"]
        assert first == second


# Killed


@pytest.fixture(params=ENGINES)
async def places(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[list[Place]]:
    """Give nine databases."""
    if request.param == "sqlite":
        yield [tmp_path / f"{number}.db" for number in range(9)]
        return
    server = request.getfixturevalue("postgres_server")
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(server.database(f"killed{number}")) for number in range(9)]


@pytest.mark.no_cover  # the round that the other tests take, over and over
async def test_a_round_that_is_killed_anywhere_loses_nothing_and_repeats_nothing(
    server: FakeGitHub, tracked: FakeIssue, places: list[Place], clock: Clock
) -> None:
    scipy = server.repository("scipy/scipy")
    known = scipy.open(ABOUT_IT, TEXT)
    for place in places:
        async with watching(server, place, clock) as upstream_poll:
            await upstream_poll.watcher.poll()
    clock.advance(minutes=45)
    tracked.comment("Any news?")
    known.label("free-threading")
    known.comment("Me too.")
    scipy.open(ABOUT_IT, TEXT)
    added = server.repository("pandas-dev/pandas").open("Tracking issue", created=LONG_AGO)
    publish_table(server, ("NumPy", tracked), ("pandas", added))
    ends = []
    for killed_at, place in enumerate(places):
        hold = Hold()
        server.fail("", *[Failure()] * killed_at, held(hold))
        async with watching(server, place, clock) as upstream_poll:
            rounds = asyncio.ensure_future(upstream_poll.watcher.poll())
            waiting = asyncio.ensure_future(hold.arrived.wait())
            await asyncio.wait({rounds, waiting}, return_when=asyncio.FIRST_COMPLETED)
            assert not rounds.done()
            rounds.cancel()
            await asyncio.wait({rounds})
            hold.release.set()
        async with watching(server, place, clock) as upstream_poll:
            assert (await upstream_poll.watcher.poll()).failed == {}
            ends.append((sorted(await upstream_poll.happened()), await upstream_poll.threads.all()))
    assert len(ends[0][0]) == 7
    assert all(end == ends[0] for end in ends)


def watching(server: FakeGitHub, place: Place, clock: Clock) -> AbstractAsyncContextManager[UpstreamPoll]:
    return open_poll(server, place, clock, repositories=["scipy/scipy"], searches=[SEARCH])


# Wheels


def gained(package: str, version: str = "2.5.0", minor: int = 14) -> Change:
    return Change(package, Target(minor), version, ChangeKind.GAINED, (f"cp3{minor}t",))


async def test_wheels_are_noted_on_the_open_threads_that_wait_for_them(
    server: FakeGitHub, tracked: FakeIssue, address: str, clock: Clock
) -> None:
    repository = tracked.repository
    repository.open("Publish cp314t wheels for free-threaded Python", number=1)
    repository.open(ABOUT_IT, number=2)
    repository.open("Publish cp313t wheels for free-threaded Python", number=3).close()
    async with open_poll(server, address, clock, repositories=["numpy/numpy"]) as upstream_poll:
        await upstream_poll.watcher.poll()
        before = await upstream_poll.events.newest()
        answered = await upstream_poll.watcher.note_wheels([gained("numpy"), gained("scipy")])
        assert {thread.issue.ref.number for thread in answered} == {1, 26157}
        assert sorted(await upstream_poll.happened(before)) == [
            (WHEELS, "numpy/numpy#1", "2.5.0 3.14t"),
            (WHEELS, "numpy/numpy#26157", "2.5.0 3.14t"),
        ]


@pytest.mark.usefixtures("tracked")
async def test_the_same_wheels_are_noted_once_and_others_again(server: FakeGitHub, address: str, clock: Clock) -> None:
    async with open_poll(server, address, clock) as upstream_poll:
        await upstream_poll.watcher.poll()
        for changes in ([gained("numpy")], [gained("numpy")], [gained("numpy"), gained("numpy", minor=15)]):
            clock.advance(days=1)
            assert len(await upstream_poll.watcher.note_wheels(changes)) == 1
        details = [detail for kind, _, detail in await upstream_poll.happened() if kind is WHEELS]
        assert details == ["2.5.0 3.14t", "2.5.0 3.15t"]


@pytest.mark.usefixtures("tracked")
async def test_wheels_that_were_lost_answer_nothing(server: FakeGitHub, address: str, clock: Clock) -> None:
    async with open_poll(server, address, clock) as upstream_poll:
        await upstream_poll.watcher.poll()
        lost = Change("numpy", Target(14), "2.6.0", ChangeKind.LOST)
        assert await upstream_poll.watcher.note_wheels([lost]) == ()
        assert WHEELS not in {kind for kind, _, _ in await upstream_poll.happened()}


# Progress


@pytest.mark.usefixtures("tracked")
async def test_a_round_tells_how_far_it_is(server: FakeGitHub, address: str, clock: Clock) -> None:
    told: list[tuple[int, int]] = []
    async with open_poll(server, address, clock, repositories=["numpy/numpy"], searches=[SEARCH]) as upstream_poll:
        await upstream_poll.watcher.poll(lambda done, steps: told.append((done, steps)))
    assert [done for done, _ in told] == list(range(1, 7))
    assert told[-1] == (6, 6)
