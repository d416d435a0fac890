"""Wheels that are read in the background answer those who said that a package turns the GIL on: once, and truly."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.core.errors import StorageError
from bot.core.github.threads import IssueRef
from bot.core.triage.actions import ActionKind
from bot.core.upstream.gil_news import GilNews
from bot.core.upstream.threads import EventKind, wheels_of
from bot.services.packages.tracked_wheels import TrackedWheels
from bot.services.upstream.answers import Answers
from bot.services.upstream.gil_follow_up import GilFollowUp
from storage.github.cursors import Cursors
from storage.github.thread_events import ThreadEvents
from storage.packages.projects import Projects
from storage.packages.scans import Scans
from tests.fakes.file_host import FileHost
from tests.fakes.github_world import FakeIssue, FakeRepository
from tests.services.inspections import OFF, ON, open_laboratory, publish, wheel_of
from tests.services.lookups import T314, T315
from tests.services.scans import open_station
from tests.services.triages import GIL, HUMAN, LINKS, Bench, own, settings

LINUX, GIL_BUILD = "cp314-cp314t-manylinux_2_28_aarch64", "cp314-cp314-manylinux_2_28_aarch64"

pytestmark = pytest.mark.usefixtures("log")


@pytest.fixture
async def host() -> AsyncIterator[FileHost]:
    async with FileHost() as running:
        yield running


@pytest.fixture
def index(host: FileHost) -> FileHost:
    """Have triage look packages up where their wheels are."""
    return host


def release(host: FileHost, version: str, way: str, links: Mapping[str, str] = LINKS) -> None:
    own_content = {"demo/version": version.encode()}  # what was read is known by it
    wheel = wheel_of({"demo/m": way}, more=own_content)
    publish(host, "demo", {LINUX: wheel, GIL_BUILD: wheel_of({"demo/m": OFF})}, version, links)


async def read(bench: Bench, host: FileHost) -> None:
    """Scan, and read what is to be read, in a process of its own, a day later."""
    bench.clock.advance(days=1)
    async with open_station(host, bench.place, bench.clock, ["demo"]) as station:
        await station.scanner.scan(1)
    async with open_laboratory(host, bench.place, bench.clock) as laboratory:
        database = laboratory.database
        wheels = TrackedWheels(
            laboratory.inspector,
            Projects(database),
            Scans(database),
            laboratory.inspections,
            (T314, T315),
            bench.clock,
            hourly=None,
        )
        report = await wheels.read()
        assert dict(report.failed) == {}


@pytest.fixture
async def asking(bench: Bench, host: FileHost, repository: FakeRepository) -> FakeIssue:
    """Give a thread that says that a package turns the GIL on, which its wheel confirms."""
    release(host, "1.0", ON)
    await read(bench, host)
    issue = repository.open(*GIL)
    await bench.settle()
    (comment,) = own(issue)
    assert "demo 1.0" in comment.body
    assert "its wheel does not declare that demo.m can do without the GIL" in comment.body
    assert f"demo-1.0-{LINUX}.whl".replace("_", r"\_") in comment.body
    return issue


@pytest.mark.parametrize(("owner", "comments"), [("demo", 1), ("other", 0)])
async def test_nothing_is_said_of_a_package_that_only_has_the_name_of_the_repository(
    bench: Bench, host: FileHost, repository: FakeRepository, owner: str, comments: int
) -> None:
    release(host, "1.0", ON, {"Source": f"https://github.com/{owner}/demo"})
    await read(bench, host)
    issue = repository.open("The extension re-enables the GIL on free-threaded Python 3.14t", "It should not.")
    await bench.settle()
    assert len(own(issue)) == comments


async def look(bench: Bench) -> None:
    """Look what is news, several times, and do what follows."""
    for _ in range(3):
        await bench.follow_up.look()
        await bench.settle()


def thread_name(issue: FakeIssue) -> str:
    return f"{issue.repository.full_name}#{issue.number}"


async def told(bench: Bench) -> list[tuple[str, str]]:
    """Return what feeds and digests are told of wheels: of which thread, and which release."""
    events = [event for _, event in await ThreadEvents(bench.database).numbered_after(0)]
    wheels = [(event, wheels_of(event)) for event in events if event.kind is EventKind.WHEELS]
    assert all(each.gil_off and each.target == "3.14t" for _, each in wheels)
    return [(str(event.ref), each.version) for event, each in wheels]


async def test_a_later_release_that_keeps_the_gil_off_answers_the_thread_once(
    bench: Bench, host: FileHost, asking: FakeIssue
) -> None:
    await look(bench)
    assert await told(bench) == []
    release(host, "1.1", OFF)
    await read(bench, host)
    await look(bench)
    (comment,) = own(asking)
    assert "demo 1.1](https://pypi.org/project/demo/1.1/)** declares that its extension modules do" in comment.body
    assert "without the GIL on 3.14t. Before, in demo 1.0, demo.m turned it on." in comment.body
    assert len(await bench.entries(asking, ActionKind.COMMENT)) == 2
    assert await told(bench) == [(thread_name(asking), "1.1")]
    release(host, "1.2", OFF)
    await read(bench, host)
    await look(bench)
    assert await told(bench) == [(thread_name(asking), "1.1")]
    assert len(await bench.entries(asking, ActionKind.COMMENT)) == 2


async def test_what_was_read_while_nothing_ran_is_told_after_the_start(
    bench: Bench, host: FileHost, asking: FakeIssue
) -> None:
    for version in ("1.1", "1.2"):
        release(host, version, OFF)
        await read(bench, host)
    async with bench.another() as later:
        await look(later)
    (comment,) = own(asking)
    assert "demo 1.2](" in comment.body
    assert "without the GIL on 3.14t, as since 1.1. Before, in demo 1.0, demo.m turned it on." in comment.body
    assert await told(bench) == [(thread_name(asking), "1.1")]


async def test_a_first_reading_is_no_news(bench: Bench, host: FileHost, repository: FakeRepository) -> None:
    issue = repository.open(*GIL)
    await bench.settle()
    release(host, "1.0", OFF)
    await read(bench, host)
    await look(bench)
    assert not any("demo 1.0" in comment.body for comment in own(issue))
    assert await told(bench) == []


async def test_a_thread_that_is_opened_later_is_told_what_is_known_and_it_is_no_news(
    bench: Bench, host: FileHost, repository: FakeRepository
) -> None:
    for version, way in (("1.0", ON), ("1.1", OFF)):
        release(host, version, way)
        await read(bench, host)
    bench.clock.advance(days=1)
    issue = repository.open(*GIL)
    await bench.settle()
    await look(bench)
    (comment,) = own(issue)
    assert "Before, in demo 1.0, demo.m turned it on." in comment.body
    assert len(await bench.entries(issue, ActionKind.COMMENT)) == 1
    assert await told(bench) == []


async def test_a_thread_about_another_python_is_not_answered(
    bench: Bench, host: FileHost, repository: FakeRepository
) -> None:
    issue = repository.open(GIL[0], GIL[1].replace("3.14t", "3.15t"))
    await bench.settle()
    for version, way in (("1.0", ON), ("1.1", OFF)):
        release(host, version, way)
        await read(bench, host)
    await look(bench)
    assert not any("demo 1" in comment.body for comment in own(issue))
    assert await told(bench) == []


@pytest.mark.parametrize("obstacle", ["closed", "removed", "dry-run", "ignored", "deleted"])
async def test_a_thread_is_answered_only_where_that_is_wanted(
    bench: Bench, host: FileHost, repository: FakeRepository, asking: FakeIssue, obstacle: str
) -> None:
    match obstacle:
        case "closed":
            asking.close()
        case "removed":
            repository.uninstall()
        case "dry-run":
            repository.files[".github/ftbot.toml"] = settings("dry-run")
            bench.clock.advance(minutes=3)
        case "ignored":
            asking.comment("@ftbot ignore", HUMAN)
        case _:
            asking.delete_comment(own(asking)[0])
    await bench.settle()
    release(host, "1.1", OFF)
    await read(bench, host)
    await look(bench)
    assert not any("demo 1.1" in comment.body for comment in own(asking))
    assert asking.state == ("closed" if obstacle == "closed" else "open")
    assert await told(bench) == ([] if obstacle in {"closed", "removed"} else [(thread_name(asking), "1.1")])


async def test_without_triage_feeds_are_told_all_the_same(bench: Bench, host: FileHost, asking: FakeIssue) -> None:
    release(host, "1.1", OFF)
    await read(bench, host)
    stores = bench.stores
    answers = Answers(stores.threads, Cursors(bench.database))
    await GilFollowUp(answers, stores.projects, stores.inspections, T314, bench.clock).look()
    assert await told(bench) == [(thread_name(asking), "1.1")]
    (comment,) = own(asking)
    assert "demo 1.1" not in comment.body


async def test_where_triage_could_not_take_it_nothing_is_noted_and_it_is_told_later(
    bench: Bench, host: FileHost, asking: FakeIssue
) -> None:
    async def refuse(_news: Sequence[GilNews]) -> None:
        raise StorageError("The disk is full.")

    release(host, "1.1", OFF)
    await read(bench, host)
    stores, now = bench.stores, bench.clock
    answers = Answers(stores.threads, Cursors(bench.database))
    with capture_logs() as logs:
        await GilFollowUp(answers, stores.projects, stores.inspections, T314, now, refuse).look()
    assert [line["event"] for line in logs] == ["storage_failed"]
    assert await told(bench) == []
    await look(bench)
    assert await told(bench) == [(thread_name(asking), "1.1")]
    (comment,) = own(asking)
    assert "demo 1.1" in comment.body


async def test_a_thread_that_was_transferred_is_not_told_again(bench: Bench, host: FileHost, asking: FakeIssue) -> None:
    release(host, "1.1", OFF)
    await read(bench, host)
    await look(bench)
    known = await bench.stores.threads.get(asking.node_id)
    assert known is not None
    moved = replace(known, issue=replace(known.issue, node_id="I_moved", ref=IssueRef("demo/other", 1)))
    await bench.stores.threads.rebind(asking.node_id, moved)
    await bench.follow_up.look()
    assert len(await told(bench)) == 1
