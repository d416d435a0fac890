"""The wheels of tracked packages are read in the background: each once, within the hour's bytes, and never again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.core.inspection.modules import Gil
from bot.services.packages.tracked_wheels import TrackedWheels
from storage.packages.projects import Projects
from storage.packages.scans import Scans
from tests.fakes.fake_index import refusal
from tests.fakes.file_host import FileHost
from tests.services.inspections import OFF, ON, Laboratory, open_laboratory, publish, wheel_of
from tests.services.lookups import NOW, T314, T315, Clock
from tests.services.scans import open_station

LINUX = "cp314-cp314t-manylinux_2_28_aarch64"
GIL_BUILD = "cp314-cp314-manylinux_2_28_aarch64"
NAMES = ("a", "b", "c")


@pytest.fixture
async def host() -> AsyncIterator[FileHost]:
    async with FileHost() as running:
        for name, way in zip(NAMES, (OFF, ON, OFF), strict=True):
            publish(running, name, {LINUX: wheel_of({f"{name}/m": way}), GIL_BUILD: wheel_of({f"{name}/m": OFF})})
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def laboratory(host: FileHost, address: str, clock: Clock) -> AsyncIterator[Laboratory]:
    async with open_station(host, address, clock, NAMES) as station:
        await station.scanner.scan(len(NAMES))
    async with open_laboratory(host, address, clock) as opened:
        yield opened


def tracked(
    laboratory: Laboratory, clock: Clock, hourly: int | None = None, told: list[str] | None = None
) -> TrackedWheels:
    return TrackedWheels(
        laboratory.inspector,
        Projects(laboratory.database),
        Scans(laboratory.database),
        laboratory.inspections,
        (T314, T315),
        clock,
        hourly,
        (lambda _: None) if told is None else told.append,
        connections=1,
    )


async def test_each_wheel_is_read_once(host: FileHost, laboratory: Laboratory, clock: Clock) -> None:
    told: list[str] = []
    report = await tracked(laboratory, clock, told=told).read()
    assert (report.packages, report.left, dict(report.failed)) == (3, 0, {})
    assert report.found == {Gil.OFF: 2, Gil.ON: 1}
    assert report.bytes > 0
    assert told == [*NAMES]
    asked = len(host.requests)
    again = await tracked(laboratory, clock).read()
    assert (again.packages, again.bytes, len(host.requests)) == (0, 0, asked)


async def test_no_more_than_the_hour_allows_is_read_and_the_rest_later(laboratory: Laboratory, clock: Clock) -> None:
    first = await tracked(laboratory, clock, hourly=1).read()
    assert (first.packages, first.left) == (1, 2)  # what was begun within the hour's bytes is ended
    after_restart = tracked(laboratory, clock, hourly=1)
    assert (await after_restart.read()).packages == 0
    clock.advance(minutes=61)
    assert (await after_restart.read()).packages == 1
    assert await tracked(laboratory, clock).pending() == ("c",)


async def test_what_could_not_be_fetched_is_left_alone_for_some_hours(
    host: FileHost, laboratory: Laboratory, clock: Clock
) -> None:
    host.script(refusal(500), path="^/files/b-", times=None)
    wheels = tracked(laboratory, clock)
    report = await wheels.read()
    assert (report.packages, dict(report.failed)) == (2, {"b": "127.0.0.1 answered with status 500."})
    host.heal()
    assert await wheels.pending() == ()
    clock.advance(hours=7)
    assert await wheels.pending() == ("b",)
    assert (await wheels.read()).found == {Gil.ON: 1}


async def test_a_new_release_is_read_and_the_old_one_stays_known(
    host: FileHost, laboratory: Laboratory, clock: Clock, address: str
) -> None:
    await tracked(laboratory, clock).read()
    publish(host, "b", {LINUX: wheel_of({"b/m": OFF}), GIL_BUILD: wheel_of({"b/m": OFF})}, "2.0")
    clock.advance(days=30)
    async with open_station(host, address, clock, NAMES) as station:
        await station.scanner.scan(len(NAMES))
    wheels = tracked(laboratory, clock)
    assert await wheels.pending() == ("b",)
    assert (await wheels.read()).found == {Gil.OFF: 1}
    read = await laboratory.inspections.of_packages(["b"])
    assert {str(each.version): each.inspection.gil for each in read} == {"1.0": Gil.ON, "2.0": Gil.OFF}


async def test_nothing_is_read_before_anything_was_scanned(host: FileHost, address: str, clock: Clock) -> None:
    async with open_laboratory(host, address, clock) as laboratory:
        assert (await tracked(laboratory, clock).read()).packages == 0


async def test_what_an_earlier_version_scanned_is_scanned_again_to_know_its_wheels(
    host: FileHost, laboratory: Laboratory, clock: Clock, address: str
) -> None:
    async with laboratory.database.transaction() as transaction:
        await transaction.run("UPDATE projects SET wheels = NULL")
    assert await tracked(laboratory, clock).pending() == ()
    clock.time = NOW + timedelta(minutes=1)
    async with open_station(host, address, clock, NAMES) as station:
        report = await station.scanner.scan(len(NAMES))
    assert (report.requests, report.not_modified) == (3, 0)
    assert await tracked(laboratory, clock).pending() == NAMES
