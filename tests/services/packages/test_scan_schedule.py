"""When a project is read again, and when not: by ETag, by schedule, by the rules, whatever the clock does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.services.packages.scan import ScanScope
from tests.databases import NewPlace
from tests.examples import examples
from tests.fakes.fake_index import FakeIndex
from tests.fakes.index_pages import Dialect
from tests.services.lookups import NOW, T314, T315, Clock
from tests.services.scans import asked_of, numbered, open_station, publish_native, publish_pure

NAMES = ("old", "young", "pure")


@pytest.fixture
def aged(index: FakeIndex) -> FakeIndex:
    publish_native(index, "old", uploaded=NOW - timedelta(days=100))
    publish_native(index, "young", uploaded=NOW - timedelta(days=2))
    publish_pure(index, "pure")
    return index


async def test_a_second_scan_asks_whether_anything_changed(aged: FakeIndex, address: str, clock: Clock) -> None:
    async with open_station(aged, address, clock, NAMES) as station:
        first = await station.scanner.scan(2)
        aged.requests.clear()
        second = await station.scanner.scan(2)
    assert (second.requests, second.not_modified, second.bytes) == (2, 2, 0)
    assert aged.bytes_sent == 0
    assert all("If-None-Match" in request.headers for request in aged.requests)
    assert second.verdicts == first.verdicts


async def test_only_what_changed_is_sent_again(index: FakeIndex, address: str, clock: Clock) -> None:
    names = numbered("p", range(50))
    publish_native(index, *names)
    async with open_station(index, address, clock, names) as station:
        first = await station.scanner.scan(50)
        publish_native(index, "p007", free_threaded=False, version="2.0")
        second = await station.scanner.scan(50)
    assert (second.requests, second.not_modified) == (50, 49)
    assert 0 < second.bytes <= 0.05 * first.bytes
    assert second.verdicts["3.14t"] == {"not-yet": 1, "supported": 49}


async def test_an_index_without_etags_is_read_whole(address: str, clock: Clock) -> None:
    async with FakeIndex(Dialect(etags=False)) as index:
        publish_native(index, "old")
        async with open_station(index, address, clock, ["old"]) as station:
            first = await station.scanner.scan(1)
            second = await station.scanner.scan(1)
    assert (second.requests, second.not_modified, second.bytes) == (1, 0, first.bytes)


@pytest.mark.parametrize(
    ("later", "asked"),
    [
        (timedelta(0), []),
        (timedelta(minutes=59), []),
        (timedelta(hours=1), ["young"]),
        (timedelta(hours=23, minutes=59), ["young"]),
        (timedelta(hours=24), ["old", "young"]),
        (timedelta(days=6, hours=23), ["old", "young"]),
        (timedelta(days=7), ["old", "pure", "young"]),
        (timedelta(days=400), ["old", "pure", "young"]),
    ],
    ids=str,
)
async def test_young_releases_are_due_hourly_old_ones_daily_and_others_weekly(
    aged: FakeIndex, address: str, clock: Clock, later: timedelta, asked: list[str]
) -> None:
    async with open_station(aged, address, clock, NAMES) as station:
        await station.scanner.scan(3)
        aged.requests.clear()
        clock.time += later
        report = await station.scanner.scan(3, ScanScope.DUE)
    assert asked_of(aged) == asked
    assert report.packages == 2


async def test_a_release_that_comes_of_age_is_due_daily(aged: FakeIndex, address: str, clock: Clock) -> None:
    async with open_station(aged, address, clock, ["young"]) as station:
        await station.scanner.scan(1)
        asked = []
        for hours in (1, 1, 24 * 12, 1, 22, 1):  # it is 14 days old after the third
            clock.advance(hours=hours)
            aged.requests.clear()
            await station.scanner.scan(1, ScanScope.DUE)
            asked.append(len(aged.requests))
    assert asked == [1, 1, 1, 0, 0, 1]


async def test_a_scan_of_everything_asks_for_natives_however_fresh(aged: FakeIndex, address: str, clock: Clock) -> None:
    async with open_station(aged, address, clock, NAMES) as station:
        await station.scanner.scan(3)
        aged.requests.clear()
        await station.scanner.scan(3, ScanScope.EVERYTHING)
    assert asked_of(aged) == ["old", "young"]


async def test_other_rules_read_everything_again(
    aged: FakeIndex, address: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_station(aged, address, clock, NAMES) as station:
        await station.scanner.scan(3)
        aged.requests.clear()
        monkeypatch.setattr("bot.core.history.scan.RULES", "another")
        report = await station.scanner.scan(3, ScanScope.DUE)
        assert asked_of(aged) == sorted(NAMES)
        assert not any("If-None-Match" in request.headers for request in aged.requests)
        assert (report.packages, report.not_modified) == (2, 0)
        aged.requests.clear()
        await station.scanner.scan(3, ScanScope.DUE)
        assert asked_of(aged) == []


async def test_other_targets_read_everything_again(aged: FakeIndex, address: str, clock: Clock) -> None:
    async with open_station(aged, address, clock, NAMES, targets=(T314,)) as station:
        await station.scanner.scan(3)
    async with open_station(aged, address, clock, NAMES, targets=(T315, T314)) as station:
        report = await station.scanner.scan(3, ScanScope.DUE)
    assert report.verdicts == {"3.15t": {"not-yet": 2}, "3.14t": {"supported": 2}}


@given(jumps=st.lists(st.timedeltas(timedelta(days=-4000), timedelta(days=4000)), min_size=1, max_size=4))
@settings(max_examples=examples(5))
async def test_a_clock_that_jumps_loses_no_project_for_good(new_place: NewPlace, jumps: list[timedelta]) -> None:
    clock = Clock()
    async with FakeIndex() as index:
        publish_native(index, "old")
        publish_pure(index, "pure")
        async with open_station(index, await new_place(), clock, NAMES) as station:
            for jump in jumps:
                await station.scanner.scan(3, ScanScope.DUE)
                clock.time = NOW + jump
            await station.scanner.scan(3, ScanScope.DUE)
            publish_native(index, "old", version="2.0", free_threaded=False)
            publish_native(index, "pure")
            clock.advance(days=7)
            report = await station.scanner.scan(3, ScanScope.DUE)
    assert report.verdicts["3.14t"] == {"not-yet": 1, "supported": 1}


async def test_a_scan_begun_by_a_clock_in_the_future_is_not_taken_up(
    aged: FakeIndex, address: str, clock: Clock
) -> None:
    async with open_station(aged, address, clock, NAMES) as station:
        clock.advance(days=3650)
        begun = await station.scans.begin(clock(), clock())
        clock.time = NOW
        await station.scanner.scan(3)
        assert {known.scan for known in (await station.known()).values()} == {begun + 1}
