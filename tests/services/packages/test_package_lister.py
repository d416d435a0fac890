"""The tracked packages are listed as their statuses stand, by storage alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.core.errors import UserError
from bot.core.inspection.modules import Gil
from bot.core.listing.listed import Listed, ListedTarget
from bot.core.verdicts.modifiers import ModifierKind
from bot.core.verdicts.rules import Verdict
from bot.core.wheels.targets import Target
from bot.services.packages.catalogue import Catalogue
from bot.services.packages.listing import PackageLister
from storage.engine.engine import Engine
from storage.packages.inspections import Inspections
from storage.packages.metadata import ReleaseMetadata
from storage.packages.projects import Projects
from storage.packages.scans import Scans
from tests.databases import open_database
from tests.fakes.fake_index import FakeIndex, refusal
from tests.fakes.file_host import FileHost
from tests.fakes.index_pages import sdist, wheels
from tests.services.inspections import OFF, ON, open_laboratory, publish, wheel_of
from tests.services.lookups import NOW, T314, T315, Clock
from tests.services.scans import Station, open_station, publish_native, publish_pure

LINUX, GIL_BUILD = "cp314-cp314t-manylinux_2_28_aarch64", "cp314-cp314-manylinux_2_28_aarch64"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def index() -> AsyncIterator[FakeIndex]:
    async with FakeIndex() as running:
        yield running


def lister(station: Station, clock: Clock, *targets: Target) -> PackageLister:
    return lister_of(station.database, clock, targets or (T314, T315))


def lister_of(database: Engine, clock: Clock, targets: tuple[Target, ...]) -> PackageLister:
    catalogue = Catalogue(
        Scans(database), Projects(database), Inspections(database), ReleaseMetadata(database), targets, clock
    )
    return PackageLister(catalogue, targets)


async def listed(station: Station, clock: Clock) -> dict[str, Listed]:
    return {each.name: each for each in (await lister(station, clock).tracked()).packages}


async def test_packages_are_listed_the_most_downloaded_first(index: FakeIndex, address: str, clock: Clock) -> None:
    publish_native(index, "numpy", "asked")
    publish_native(index, "orjson", free_threaded=False)
    publish_pure(index, "six")
    async with open_station(index, address, clock, ["six", "orjson", "numpy"]) as station:
        await station.ask("asked")
        await station.scanner.scan(10)
        tracked = await lister(station, clock).tracked()
    told = [(each.name, each.rank, each.version, each.on(T314).verdict) for each in tracked.packages]
    assert told == [
        ("orjson", 2, "1.0", Verdict.NOT_YET),
        ("numpy", 3, "1.0", Verdict.SUPPORTED),
        ("asked", None, "1.0", Verdict.SUPPORTED),
    ]
    assert tracked.packages[1].on(T315).modifiers == (ModifierKind.LAGGING,)
    assert tracked.scanned == NOW


async def test_a_loss_is_settled_in_time_though_the_page_stays_as_it_is(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    publish_native(index, "lmdb")
    now = (NOW - timedelta(hours=1)).isoformat()
    late = [*wheels("lmdb", "2.0", "cp314-cp314-win_amd64", upload_time=now), sdist("lmdb", "2.0", upload_time=now)]
    index.upload("lmdb", *late)
    async with open_station(index, address, clock, ["lmdb"]) as station:
        await station.scanner.scan(1)
        assert (await listed(station, clock))["lmdb"].on(T314).modifiers == (ModifierKind.UPLOADING,)
        clock.advance(hours=48)
        await station.scanner.scan(1)
        assert (await listed(station, clock))["lmdb"].on(T314).modifiers == (ModifierKind.REGRESSED,)


async def test_what_was_never_read_is_unknown_and_not_left_out(index: FakeIndex, address: str, clock: Clock) -> None:
    publish_native(index, "a", "b")
    async with open_station(index, address, clock, ["a", "b"]) as station:
        await station.scanner.scan(2)
        async with station.database.transaction() as transaction:
            await transaction.run("UPDATE projects SET judgement = ? WHERE package = ?", ('{"version": 3}', "a"))
        assert (await listed(station, clock))["a"] == Listed(
            "a", 1, None, (ListedTarget(T314, Verdict.UNKNOWN), ListedTarget(T315, Verdict.UNKNOWN))
        )


async def test_a_page_that_fails_now_is_listed_as_it_was(index: FakeIndex, address: str, clock: Clock) -> None:
    publish_native(index, "a", "b")
    async with open_station(index, address, clock, ["a", "b"]) as station:
        await station.scanner.scan(2)
        index.script(refusal(410), path="^/simple/a/", times=None)
        clock.advance(days=2)
        await station.scanner.scan(2)
        assert (await listed(station, clock))["a"].on(T314).verdict is Verdict.SUPPORTED


async def test_before_a_scan_it_says_what_to_do(index: FakeIndex, address: str, clock: Clock) -> None:
    publish_native(index, "a")
    async with open_station(index, address, clock, ["a"]) as station:
        with pytest.raises(UserError, match="Nothing has been scanned yet"):
            await lister(station, clock).tracked()
        await station.scanner.scan(1)
        with pytest.raises(UserError, match=r"did not keep what a list for 3\.16t needs. Run `ftbot scan` again"):
            await lister(station, clock, Target(16)).tracked()


async def test_what_an_earlier_version_concluded_is_read_again(index: FakeIndex, address: str, clock: Clock) -> None:
    publish_native(index, "a")
    async with open_station(index, address, clock, ["a"]) as station:
        await station.scanner.scan(1)
        async with station.database.transaction() as transaction:
            await transaction.run("UPDATE projects SET judgement = NULL")
        report = await station.scanner.scan(1)
        assert (report.requests, report.not_modified) == (1, 0)
        assert (await listed(station, clock))["a"].version == "1.0"


async def test_what_importing_does_is_told_where_wheels_were_read(address: str, clock: Clock) -> None:
    async with FileHost() as host:
        for name, way in (("a", OFF), ("b", ON), ("c", OFF)):
            publish(host, name, {LINUX: wheel_of({f"{name}/m": way}), GIL_BUILD: wheel_of({f"{name}/m": OFF})})
        async with open_station(host, address, clock, ["a", "b", "c"]) as station:
            await station.scanner.scan(3)
        async with open_laboratory(host, address, clock) as laboratory:
            for name in ("a", "b"):
                await laboratory.inspector.inspect(name, (T314,))
    async with open_database(address) as database:
        a, b, c = (each.on(T314) for each in (await lister_of(database, clock, (T314, T315)).tracked()).packages)
    assert (a.gil, b.gil, c.gil) == (Gil.OFF, Gil.ON, None)
    assert (a.modifiers, b.modifiers, c.modifiers) == ((), (ModifierKind.GIL_REENABLED,), ())
