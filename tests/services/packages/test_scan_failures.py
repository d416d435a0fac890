"""An index that fails, for one project or for all, for a moment or for good: told of, and never counted as "no"."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.clients.readers import Readers
from bot.core.errors import StorageError, UpstreamError
from bot.services.packages.scan import ScanReport, ScanScope
from tests.databases import fill_disk
from tests.fakes.fake_index import (
    FakeIndex,
    Fault,
    Reply,
    Reset,
    html_page,
    not_gzip,
    redirect,
    refusal,
    truncated,
    truncated_json,
)
from tests.fakes.slow_reader import SlowReader
from tests.services.lookups import Clock
from tests.services.scans import asked_of, numbered, open_station, publish_native

FEW_REQUESTS = 200
"""How often an index that answers nobody may be asked: 40 projects four times each, and not once a project."""


def supported(report: ScanReport) -> int:
    return report.verdicts["3.14t"].get("supported", 0)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (refusal(500), "127.0.0.1 answered with status 500."),
        (refusal(503), "127.0.0.1 answered with status 503."),
        (refusal(429), "127.0.0.1 asks to slow down (429)."),
        (refusal(403), "127.0.0.1 answered with status 403."),
        (refusal(410), "127.0.0.1 says that the page is gone (status 410)."),
        (Reset(), "127.0.0.1 closed the connection without an answer."),
        (html_page(), "127.0.0.1 answered HTML instead of JSON (PEP 691)."),
        (redirect("/simple/b/"), "127.0.0.1 redirects in circles."),
        (truncated, "127.0.0.1 ended its answer too early."),
        (truncated_json, "The index answered something that is not a project page in JSON."),
        (not_gzip, "127.0.0.1 answered garbage instead of gzip."),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_project_that_fails_is_named_and_the_others_are_read(
    index: FakeIndex, address: str, clock: Clock, fault: Fault, says: str
) -> None:
    publish_native(index, "a", "b", "c")
    index.script(fault, path="^/simple/b/", times=None)
    async with open_station(index, address, clock, ["a", "b", "c"]) as station:
        report = await station.scanner.scan(3)
        assert (report.packages, supported(report), dict(report.failed)) == (2, 2, {"b": says})
        index.heal()
        healed = await station.scanner.scan(3)
    assert (healed.packages, supported(healed), dict(healed.failed)) == (3, 3, {})


@pytest.mark.parametrize("fault", [refusal(502), refusal(503, retry_after="0"), html_page(), truncated])
async def test_a_hiccup_is_not_a_failure(index: FakeIndex, address: str, clock: Clock, fault: Fault) -> None:
    publish_native(index, "a", "b")
    index.script(fault, path="^/simple/b/", times=3)
    async with open_station(index, address, clock, ["a", "b"]) as station:
        report = await station.scanner.scan(2)
    assert (report.packages, dict(report.failed), report.requests) == (2, {}, 5)


@pytest.mark.parametrize("share", [0.01, 0.5, 0.8])
@pytest.mark.parametrize("fault", [refusal(500), refusal(403)], ids=["for a while", "for good"])
async def test_whatever_share_fails_the_rest_is_read(
    index: FakeIndex, address: str, clock: Clock, share: float, fault: Fault
) -> None:
    names = numbered("p", range(100))
    publish_native(index, *names)
    failing = names[:: round(1 / share)] if share <= 0.5 else [name for name in names if not name.endswith(("0", "5"))]
    index.script(fault, path=f"^/simple/({'|'.join(failing)})/", times=None)
    async with open_station(index, address, clock, names, connections=32) as station:
        report = await station.scanner.scan(len(names))
        latest = await station.scans.latest()
    assert list(report.failed) == failing
    assert report.packages == supported(report) == len(names) - len(failing)
    assert latest is not None
    assert dict(latest.failed) == dict(report.failed)
    assert not {name for name, _ in latest.tracked} & set(failing)


@pytest.mark.parametrize("fault", [refusal(500), refusal(403)], ids=["for a while", "for good"])
async def test_answers_that_wait_to_be_read_keep_a_scan_going(
    index: FakeIndex, address: str, clock: Clock, fault: Fault
) -> None:
    names = numbered("p", range(100))
    publish_native(index, *names)
    index.script(fault, path="^/simple/p..[^05]/", times=None)
    reader = SlowReader(index)
    async with open_station(index, address, clock, names, connections=32) as station, reader.reading():
        scanner = replace(station.scanner, index=replace(station.index, readers=Readers(reader)))
        report = await scanner.scan(len(names))
    assert (report.packages, len(report.failed)) == (20, 80)


async def test_answers_from_before_an_index_died_that_are_read_late_keep_nothing_going(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    names = numbered("p", range(350))
    publish_native(index, *names)
    index.script(refusal(403), path="^/simple/p(03[1-9]|0[4-9]|[1-3])", times=None)
    reader = SlowReader(index, every=9)
    async with open_station(index, address, clock, names, connections=32) as station, reader.reading():
        scanner = replace(station.scanner, index=replace(station.index, readers=Readers(reader)))
        report = await scanner.scan(len(names))
    assert (report.packages, list(report.failed)) == (31, names[31:])
    assert report.requests == 31 + 40


async def test_what_fails_later_keeps_what_was_concluded(index: FakeIndex, address: str, clock: Clock) -> None:
    names = numbered("p", range(100))
    publish_native(index, *names)
    async with open_station(index, address, clock, names, connections=32) as station:
        before = await station.scanner.scan(100)
        timelines = {each.package: each.timelines async for each in station.projects.timelines(names)}
        index.script(refusal(500), times=None)
        clock.advance(days=30)
        after = await station.scanner.scan(100)
        kept = {each.package: each.timelines async for each in station.projects.timelines(names)}
        checked = {each.checked async for each in station.projects.timelines(names)}
    assert (after.packages, after.verdicts, list(after.failed)) == (100, before.verdicts, names)
    assert kept == timelines
    assert max(checked) < clock()


@pytest.mark.parametrize(
    ("fault", "requests"),
    [
        (refusal(500), 2 * 32),
        (refusal(503), FEW_REQUESTS),
        (refusal(403), FEW_REQUESTS),
        (Reset(), 2 * 2 * 32),  # aiohttp asks once more by itself where a connection is lost
        (html_page(), FEW_REQUESTS),
    ],
)
async def test_an_index_that_answers_nobody_is_left_alone_soon_and_that_is_no_scan(
    index: FakeIndex, address: str, clock: Clock, fault: Fault, requests: int
) -> None:
    index.script(fault, times=None)
    async with open_station(index, address, clock, numbered("p", range(1000)), connections=32) as station:
        with pytest.raises(UpstreamError, match=r"^Nothing was scanned: 127\.0\.0\.1 "):
            await station.scanner.scan(100)
        assert await station.scans.latest() is None
    assert index.count() <= requests


async def test_an_index_that_is_not_there_is_given_up_soon(address: str, clock: Clock) -> None:
    async with FakeIndex() as index, open_station(index, address, clock, numbered("p", range(1000))) as station:
        await index.stop()
        with pytest.raises(
            UpstreamError, match=r"^Nothing was scanned: 127\.0\.0\.1 could not be reached: it refuses connections\.$"
        ):
            await station.scanner.scan(100)
        assert await station.scans.latest() is None


async def test_what_is_known_serves_when_the_index_is_gone_and_that_is_no_scan(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    names = numbered("p", range(50))
    publish_native(index, *names)
    async with open_station(index, address, clock, names) as station:
        await station.scanner.scan(50)
        before = await station.scans.latest()
        await index.stop()
        clock.advance(days=30)
        report = await station.scanner.scan(50)
        assert (report.packages, supported(report), list(report.failed)) == (50, 50, names)
        assert await station.scans.latest() == before


async def test_one_project_that_fails_is_no_index_that_is_gone(index: FakeIndex, address: str, clock: Clock) -> None:
    publish_native(index, "a", "b")
    async with open_station(index, address, clock, ["a", "b"]) as station:
        await station.scanner.scan(2)
        index.script(refusal(500), times=None)
        clock.advance(days=30)
        await station.scanner.scan(2, ScanScope.DUE)
        latest = await station.scans.latest()
    assert latest is not None
    assert (latest.started, set(latest.failed)) == (clock(), {"a", "b"})


async def test_an_index_that_dies_is_left_alone_soon_and_what_was_read_is_kept(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    names = numbered("p", range(350))
    publish_native(index, *names)
    index.script(refusal(500), path=r"^/simple/p[1-3]", times=None)
    async with open_station(index, address, clock, names, connections=32) as station:
        report = await station.scanner.scan(350)
        assert report.requests <= 100 + FEW_REQUESTS
        assert (report.packages, supported(report), list(report.failed)) == (100, 100, names[100:])
        index.heal()
        index.requests.clear()
        healed = await station.scanner.scan(350)
    assert (healed.packages, healed.not_modified, dict(healed.failed)) == (350, 100, {})


async def test_a_pause_that_one_is_asked_for_everybody_makes(index: FakeIndex, address: str, clock: Clock) -> None:
    names = numbered("p", range(100))
    publish_native(index, *names)
    asked: list[float] = []

    def note(reply: Reply) -> Reply:
        asked.append(asyncio.get_running_loop().time())
        return reply

    index.script(refusal(429, retry_after="1"), times=1)
    index.script(note, times=None)
    async with open_station(index, address, clock, names) as station:
        started = asyncio.get_running_loop().time()
        report = await station.scanner.scan(100)
    assert (report.packages, dict(report.failed), report.requests) == (100, {}, 101)
    assert sum(time < started + 1 for time in asked) < 2 * station.scanner.connections


async def test_an_index_that_wants_to_be_left_alone_for_an_hour_is_left_alone(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    names = numbered("p", range(100))
    publish_native(index, *names)
    index.script(refusal(429, retry_after="3600"), times=None)
    async with open_station(index, address, clock, names) as station:
        with pytest.raises(UpstreamError, match=r"asks to slow down \(429\)\.$"):
            await station.scanner.scan(100)
    assert index.count() <= station.scanner.connections


@pytest.mark.parametrize("status", [429, 503])
async def test_an_index_that_is_busy_for_everybody_is_waited_for(
    index: FakeIndex, address: str, clock: Clock, status: int
) -> None:
    names = numbered("p", range(100))
    publish_native(index, *names)
    index.script(refusal(status, retry_after="0"), times=80)
    async with open_station(index, address, clock, names, connections=32) as station:
        report = await station.scanner.scan(100)
    assert (report.packages, dict(report.failed), report.requests) == (100, {}, 180)


async def test_a_database_that_fails_ends_the_scan(index: FakeIndex, address: str, clock: Clock) -> None:
    names = numbered("p", range(400))
    publish_native(index, *names)
    async with open_station(index, address, clock, names) as station:
        await fill_disk(station.database, "projects")  # while a scan is under way
        with pytest.raises(StorageError, match=r"disk failed|is full"):
            await station.scanner.scan(400)
    assert len(asked_of(index)) < 400
