"""What people are told of upstream threads: of a package, of all of them, of a week."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.core.digest.changes import Change, ChangeKind
from bot.core.digest.weeks import week_of
from bot.core.guide.tracking_issues import tracking_issue
from bot.core.wheels.targets import Target
from bot.services.upstream.issues import Shown, UpstreamThreads
from bot.services.upstream.tracking import Tracking
from bot.services.upstream.weeks import WeeksIssues
from storage.github.package_threads import PackageThreads
from storage.packages.documents import Documents
from tests.databases import open_database
from tests.fakes.fake_github import FakeGitHub
from tests.services.lookups import NOW, Clock
from tests.services.watches import UpstreamPoll, open_poll, publish_table, write_table

LONG_AGO = NOW - timedelta(days=500)
ABOUT_IT = "Crash on free-threaded Python 3.14t"
REPOSITORIES = ("numpy/numpy", "scipy/scipy")


@pytest.fixture
async def server(clock: Clock) -> AsyncIterator[FakeGitHub]:
    """Give a GitHub with a tracking table and two repositories."""
    async with FakeGitHub(now=clock) as running:
        numpy, scipy = (running.repository(name) for name in REPOSITORIES)
        thread = numpy.open("Tracking issue for free-threading", number=1, created=LONG_AGO)
        publish_table(running, ("NumPy", thread))
        clock.advance(hours=-3)
        numpy.open(ABOUT_IT, number=2)
        clock.advance(hours=1)
        scipy.open(ABOUT_IT, number=1)
        clock.advance(hours=1)
        numpy.open(ABOUT_IT, number=3).close()
        clock.advance(hours=1)
        yield running
        assert running.violations == []


@pytest.fixture
async def upstream_poll(server: FakeGitHub, address: str, clock: Clock) -> AsyncIterator[UpstreamPoll]:
    """Give what watches them, after its first round."""
    async with open_poll(server, address, clock, repositories=REPOSITORIES) as opened:
        assert (await opened.watcher.poll()).failed == {}
        await opened.tracking.load()
        yield opened


async def listed(
    upstream: UpstreamThreads, package: str | None, shown: Shown = Shown.OPEN, most: int = 10
) -> tuple[list[str], int]:
    page = await upstream.listed(package, shown, most)
    return [str(thread.issue.ref) for thread in page.threads], page.total


async def test_a_package_has_its_tracking_thread_and_a_number_of_open_ones(upstream_poll: UpstreamPoll) -> None:
    assert upstream_poll.tracking.tracking("numpy") == "https://github.com/numpy/numpy/issues/1"
    assert (upstream_poll.tracking.open_count("numpy"), upstream_poll.tracking.open_count("scipy")) == (2, 1)
    assert upstream_poll.tracking.open_count("pandas") is None


async def test_before_the_first_round_the_tracking_thread_is_the_one_that_is_known_to_the_program(
    address: str,
) -> None:
    async with open_database(address) as database:
        upstream = Tracking(PackageThreads(database), Documents(database))
        for _ in range(2):
            assert (
                upstream.tracking("numpy") == tracking_issue("numpy") == "https://github.com/numpy/numpy/issues/26157"
            )
            assert upstream.tracking("demo") is None
            assert upstream.open_count("numpy") is None
            await upstream.load()


async def test_a_package_whose_threads_are_all_closed_has_none_open(
    server: FakeGitHub, upstream_poll: UpstreamPoll, clock: Clock
) -> None:
    for issue in server.world.names["numpy/numpy"].issues.values():
        issue.close()
    clock.advance(minutes=5)
    await upstream_poll.watcher.poll()
    await upstream_poll.tracking.load()
    assert upstream_poll.tracking.open_count("numpy") == 0
    assert upstream_poll.tracking.tracking("numpy") == "https://github.com/numpy/numpy/issues/1"


async def test_of_two_threads_in_the_table_the_open_one_tracks_the_package(
    server: FakeGitHub, upstream_poll: UpstreamPoll, clock: Clock
) -> None:
    numpy = server.world.names["numpy/numpy"]
    numpy.issues[1].close()
    publish_table(server, ("NumPy", numpy.open("Tracking issue for free-threading, continued", number=10)))
    clock.advance(minutes=5)
    await upstream_poll.watcher.poll()
    await upstream_poll.tracking.load()
    assert upstream_poll.tracking.tracking("numpy") == "https://github.com/numpy/numpy/issues/10"


async def test_a_tracker_elsewhere_and_a_first_version_are_as_the_table_has_them(
    server: FakeGitHub, upstream_poll: UpstreamPoll, clock: Clock
) -> None:
    head = "| Project | Upstream issue | First version with support |\n| --- | --- | --- |\n"
    rows = [
        "| lxml | [a](https://bugs.launchpad.net/lxml/+bug/1) | 7.1.0 |",
        "| thrift | none | |",
        "| NumPy | | 2.1 |",
    ]
    write_table(server, head + "\n".join(rows))
    upstream = upstream_poll.tracking
    assert (upstream.tracking("lxml"), upstream.first_version("lxml")) == (tracking_issue("lxml"), "7.0.0")
    clock.advance(minutes=5)
    await upstream_poll.watcher.poll()
    await upstream.load()
    assert (upstream.tracking("lxml"), upstream.first_version("lxml")) == (
        "https://bugs.launchpad.net/lxml/+bug/1",
        "7.1.0",
    )
    assert (upstream.tracking("thrift"), upstream.first_version("thrift")) == (tracking_issue("thrift"), None)
    assert upstream.first_version("numpy") == "2.1"


async def test_threads_are_listed_by_package_and_state_the_latest_first(upstream_poll: UpstreamPoll) -> None:
    upstream = upstream_poll.upstream
    assert await listed(upstream, "numpy") == (["numpy/numpy#2", "numpy/numpy#1"], 2)
    assert await listed(upstream, "numpy", Shown.CLOSED) == (["numpy/numpy#3"], 1)
    assert await listed(upstream, None) == (["scipy/scipy#1", "numpy/numpy#2", "numpy/numpy#1"], 3)
    assert await listed(upstream, None, Shown.ALL, most=2) == (["numpy/numpy#3", "scipy/scipy#1"], 4)
    assert await listed(upstream, "pandas") == ([], 0)


async def test_a_week_is_told_of_with_what_happened_in_it(
    server: FakeGitHub, upstream_poll: UpstreamPoll, clock: Clock
) -> None:
    numpy = server.world.names["numpy/numpy"]
    clock.advance(minutes=10)
    this_week = week_of(clock.time.date())
    assert this_week == week_of(NOW.date())
    for _ in range(3):
        numpy.issues[2].comment("Me too.")
    await upstream_poll.watcher.poll()
    await upstream_poll.watcher.note_wheels([Change("numpy", Target(14), "2.5.0", ChangeKind.GAINED)])
    clock.advance(days=1)
    numpy.issues[2].close()
    await upstream_poll.watcher.poll()
    issues = await WeeksIssues(upstream_poll.events).of_week(this_week)
    assert [(thread.repository, thread.number) for thread in issues.opened] == [
        ("numpy/numpy", 2),
        ("numpy/numpy", 3),
        ("scipy/scipy", 1),
    ]
    assert [thread.number for thread in issues.closed] == [3]
    assert [(thread.number, thread.comments) for thread in issues.discussed] == [(2, 3)]
    assert [(thread.number, thread.answer) for thread in issues.answered] == [(1, "numpy 2.5.0 for 3.14t")]
    following = await WeeksIssues(upstream_poll.events).of_week(week_of(clock.time.date()))
    assert [thread.number for thread in following.closed] == [2]
    assert await WeeksIssues(upstream_poll.events).of_week(week_of(LONG_AGO.date())) != issues
    assert [
        thread.number for thread in (await WeeksIssues(upstream_poll.events).of_week(week_of(LONG_AGO.date()))).opened
    ] == [1]
