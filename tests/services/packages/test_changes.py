"""Looking for news: what is scanned when, what is told, and what is told to nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.digest.changes import Change, ChangeKind
from bot.core.digest.weeks import week_of
from bot.core.errors import ScanBrokeError, StorageError
from bot.core.wheels.platforms import Platform
from bot.services.packages.changes import ScanFollowUp
from bot.services.packages.scan import ScanScope, ScanSummary
from storage.packages.documents import Documents
from tests.databases import lose_table
from tests.fakes.fake_index import FakeIndex, refusal
from tests.fakes.index_pages import sdist, wheels
from tests.services.lookups import T314, Clock
from tests.services.scans import LONG_AGO, Station, open_station, publish_native

GIL, FT = "cp314-cp314-win_amd64", "cp314-cp314t-win_amd64"
NAMES = ("gains", "loses", "stays")


class Told(list[Change]):
    """What was announced so far."""

    async def announce(self, changes: Sequence[Change]) -> None:
        """Take changes as the poster does."""
        self.extend(changes)


def follow_up(station: Station, told: Told) -> ScanFollowUp:
    async def scan(scope: ScanScope) -> ScanSummary:
        return (await station.scanner.scan(len(NAMES), scope)).summary

    return ScanFollowUp(
        scan, station.scans, Documents(station.database), station.digester, station.scanner.now, told.announce
    )


@pytest.fixture
def published(index: FakeIndex) -> FakeIndex:
    publish_native(index, "gains", free_threaded=False)
    publish_native(index, "loses", "stays")
    return index


async def test_the_first_look_of_all_tells_nothing(published: FakeIndex, address: str, clock: Clock) -> None:
    told = Told()
    async with open_station(published, address, clock, NAMES) as station:
        await follow_up(station, told).look()
        assert [name for name, _ in (await station.scans.latest() or pytest.fail("no scan")).tracked] == list(NAMES)
    assert told == []


async def test_what_moved_since_the_last_look_is_told(published: FakeIndex, address: str, clock: Clock) -> None:
    told = Told()
    async with open_station(published, address, clock, NAMES) as station:
        await follow_up(station, told).look()
        clock.advance(hours=30)
        moment = (clock() - timedelta(hours=1)).isoformat()
        long_ago = LONG_AGO.isoformat()
        old, new = (
            wheels("gains", "1.0", GIL, upload_time=long_ago),
            wheels("gains", "2.0", GIL, FT, upload_time=moment),
        )
        published.publish("gains", [*old, *new])
        old, new = (
            wheels("loses", "1.0", GIL, FT, upload_time=long_ago),
            wheels("loses", "2.0", GIL, upload_time=moment),
        )
        published.publish("loses", [*old, *new])
        await follow_up(station, told).look()
        assert told == [Change("gains", T314, "2.0", ChangeKind.GAINED, ("cp314t",))]
        clock.advance(hours=49)  # now the loss is settled
        told.clear()
        await follow_up(station, told).look()
    assert Change("loses", T314, "2.0", ChangeKind.LOST, lost=(Platform.WIN_AMD64,)) in told


@pytest.mark.parametrize("later", [["py3-none-any"], []])
async def test_a_package_that_has_no_native_wheels_any_more_is_told_of_once_more(
    published: FakeIndex, address: str, clock: Clock, later: list[str]
) -> None:
    told = Told()
    old = wheels("loses", "1.0", GIL, FT, upload_time=LONG_AGO.isoformat())
    async with open_station(published, address, clock, NAMES) as station:
        await follow_up(station, told).look()
        time = clock().isoformat()
        new = [*wheels("loses", "2.0", *later, upload_time=time), sdist("loses", "2.0", upload_time=time)]
        published.publish("loses", [*old, *new])
        clock.advance(hours=49)
        await follow_up(station, told).look()
        digest = await station.digester.digest(week_of(clock().date()))
    lost = Change("loses", T314, "2.0", ChangeKind.LOST, lost=(Platform.WIN_AMD64,))
    assert told == ([] if later else [lost])  # to become pure Python is no loss
    assert [(move.package, move.version) for move in (digest.pure if later else digest.lost)] == [("loses", "2.0")]
    assert digest.shares[0].packages == len(NAMES)


async def test_a_platform_that_was_lost_is_told_by_name(published: FakeIndex, address: str, clock: Clock) -> None:
    told = Told()
    everywhere = [f"cp314-{abi}-{platform}" for abi in ("cp314", "cp314t") for platform in ("win_amd64", "win32")]
    old = wheels("stays", "1.0", *everywhere, upload_time=LONG_AGO.isoformat())
    published.publish("stays", old)
    async with open_station(published, address, clock, NAMES) as station:
        await follow_up(station, told).look()
        new = wheels("stays", "2.0", *everywhere[:3], upload_time=clock().isoformat())
        published.publish("stays", [*old, *new])
        clock.advance(hours=49)
        await follow_up(station, told).look()
    assert told == [Change("stays", T314, "2.0", ChangeKind.NARROWED, ("cp314t",), (Platform.WIN32,))]


@pytest.mark.parametrize("rules", ["1 3.14t 3.15t", "2 3.15t"])
async def test_what_only_other_rules_or_targets_moved_is_told_to_nobody(
    published: FakeIndex, address: str, clock: Clock, rules: str
) -> None:
    told = Told()
    publish_native(published, "gains", "stays", version="2.0", uploaded=clock() - timedelta(hours=2))
    async with open_station(published, address, clock, NAMES) as station:
        await follow_up(station, told).look()
        async with station.database.transaction() as transaction:  # as an earlier version, or other settings, left it
            await transaction.run("UPDATE projects SET rules = ?", (rules,))
        clock.advance(hours=1)
        publish_native(published, "stays", version="2.1", uploaded=clock() - timedelta(minutes=30), free_threaded=False)
        publish_native(published, "loses", version="2.0", uploaded=clock() - timedelta(minutes=30), free_threaded=False)
        for _ in range(3):
            await follow_up(station, told).look()
            clock.advance(hours=1)
        assert told == []
        publish_native(published, "loses", version="3.0", uploaded=clock() - timedelta(minutes=30))
        clock.advance(hours=2)
        await follow_up(station, told).look()
    assert told == [Change("loses", T314, "3.0", ChangeKind.GAINED, ("cp314t",))]


async def test_the_first_look_of_a_week_asks_about_everything(published: FakeIndex, address: str, clock: Clock) -> None:
    async with open_station(published, address, clock, NAMES) as station:
        room = follow_up(station, Told())
        await room.look()
        published.requests.clear()
        clock.advance(hours=1)
        await room.look()
        assert published.requests == []
        clock.advance(days=7)
        await room.look()
    assert len([request for request in published.requests if request.path.startswith("/simple/")]) == len(NAMES)


async def test_an_index_that_is_gone_tells_nothing_and_the_first_look_is_still_to_come(
    published: FakeIndex, address: str, clock: Clock
) -> None:
    told = Told()
    published.script(refusal(500), times=None)
    async with open_station(published, address, clock, NAMES) as station:
        await follow_up(station, told).look()
        assert await station.scans.latest() is None
        published.heal()
        await follow_up(station, told).look()
        assert await station.scans.latest() is not None
    assert told == []


async def test_what_moved_is_told_when_who_scanned_was_killed_before_it_said_so(
    published: FakeIndex, address: str, clock: Clock
) -> None:
    told = Told()
    async with open_station(published, address, clock, NAMES) as station:
        await follow_up(station, told).look()

        async def scan(scope: ScanScope) -> ScanSummary:
            await station.scanner.scan(len(NAMES), scope)
            raise ScanBrokeError("The process that scans was ended by SIGKILL.")

        clock.advance(hours=30)
        publish_native(published, "gains", version="2.0", uploaded=clock() - timedelta(hours=1))
        await replace(follow_up(station, told), scan=scan).look()
    assert told == [Change("gains", T314, "2.0", ChangeKind.GAINED, ("cp314t",))]


async def test_what_moved_is_told_when_the_bot_was_killed_before_it_told_it(
    published: FakeIndex, address: str, clock: Clock
) -> None:
    told = Told()
    async with open_station(published, address, clock, NAMES) as station:
        await follow_up(station, told).look()
        clock.advance(days=8)  # in which nobody scanned
        publish_native(published, "gains", version="2.0", uploaded=clock() - timedelta(days=6))
        await station.scanner.scan(len(NAMES))
    async with open_station(published, address, clock, NAMES) as station:
        clock.advance(hours=1)
        await follow_up(station, told).look()
    assert told == [Change("gains", T314, "2.0", ChangeKind.GAINED, ("cp314t",))]


async def test_what_cannot_be_told_is_told_the_next_time(published: FakeIndex, address: str, clock: Clock) -> None:
    told = Told()

    async def refuse(_changes: Sequence[Change]) -> None:
        raise StorageError("The database is locked. Try again.")

    async with open_station(published, address, clock, NAMES) as station:
        await follow_up(station, told).look()
        clock.advance(days=8)
        publish_native(published, "gains", version="2.0", uploaded=clock() - timedelta(days=6))
        await replace(follow_up(station, told), announce=refuse).look()
        clock.advance(hours=1)
        await follow_up(station, told).look()
    assert told == [Change("gains", T314, "2.0", ChangeKind.GAINED, ("cp314t",))]


@pytest.mark.parametrize("noted", [b"", b"nan", b"1e400", b"yesterday"])
async def test_what_was_noted_and_means_nothing_is_as_if_nothing_was(
    published: FakeIndex, address: str, clock: Clock, noted: bytes
) -> None:
    told = Told()
    async with open_station(published, address, clock, NAMES) as station:
        await follow_up(station, told).look()
        await Documents(station.database).record("told of scans", noted, clock())
        clock.advance(hours=30)
        publish_native(published, "gains", version="2.0", uploaded=clock() - timedelta(hours=1))
        await follow_up(station, told).look()
    assert told == [Change("gains", T314, "2.0", ChangeKind.GAINED, ("cp314t",))]


async def test_with_nothing_to_track_nothing_is_told(index: FakeIndex, address: str, clock: Clock) -> None:
    told = Told()
    async with open_station(index, address, clock, ["nowhere"]) as station:
        await follow_up(station, told).look()
        await follow_up(station, told).look()
    assert told == []


async def test_a_database_that_fails_ends_a_look_and_nothing_else(
    published: FakeIndex, address: str, clock: Clock
) -> None:
    told = Told()
    async with open_station(published, address, clock, NAMES) as station:
        await lose_table(station.database, "scans")
        await follow_up(station, told).look()
    assert told == []
