"""What is noticed of packages for those who watch them: complete wheels, pre-releases, other declarations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.digest.changes import Change
from bot.core.inspection.modules import Declaration
from bot.core.posting.watches import NewsItem, NewsKind, completed_news
from bot.core.wheels.targets import Target
from bot.services.packages.changes import ScanFollowUp
from bot.services.packages.package_news import NewsFinder
from bot.services.packages.scan import ScanScope, ScanSummary
from storage.discord.package_news import PackageNews
from storage.engine.engine import Engine
from storage.packages.documents import Documents
from storage.packages.inspections import Inspections
from storage.packages.projects import Projects
from tests.core.inspection.read_wheels import OFF, ON, UNKNOWN, read_wheel
from tests.databases import open_database
from tests.fakes.fake_index import FakeIndex
from tests.fakes.index_pages import wheels
from tests.services.lookups import T314, T315, Clock
from tests.services.scans import Station, open_station, publish_native

GIL, FT, OTHER, OTHER_FT = (
    f"cp314-cp314{flag}-{platform}" for platform in ("win_amd64", "macosx_11_0_arm64") for flag in ("", "t")
)


def finder(database: Engine, clock: Clock) -> NewsFinder:
    return NewsFinder(
        PackageNews(database), Projects(database), Inspections(database), Documents(database), (T314, T315), clock
    )


async def noticed(database: Engine) -> list[NewsItem]:
    return [news for _, news in await PackageNews(database).numbered_after(0, 100)]


def follow_up(station: Station, names: Sequence[str], clock: Clock) -> ScanFollowUp:
    async def scan(scope: ScanScope) -> ScanSummary:
        return (await station.scanner.scan(len(names), scope)).summary

    async def announce(_changes: Sequence[Change]) -> None: ...

    return ScanFollowUp(
        scan,
        station.scans,
        Documents(station.database),
        station.digester,
        station.scanner.now,
        announce,
        finder(station.database, clock).after_scan,
    )


async def test_wheels_for_every_platform_are_news_at_once_or_later(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    names = ("once", "later", "stays")
    for name in names:
        index.publish(name, wheels(name, "1.0", GIL, OTHER))
    async with open_station(index, address, clock, names) as station:
        look = follow_up(station, names, clock).look
        await look()
        assert await noticed(station.database) == []
        clock.advance(days=2)
        now = clock().isoformat()
        index.upload("once", *wheels("once", "1.1", GIL, OTHER, FT, OTHER_FT, upload_time=now))
        index.upload("later", *wheels("later", "1.1", GIL, OTHER, FT, upload_time=now))
        clock.advance(hours=1)
        await look()
        assert await noticed(station.database) == [completed_news("once", T314, "1.1", at_once=True)]
        clock.advance(days=2)
        index.upload("later", *wheels("later", "1.2", GIL, OTHER, FT, OTHER_FT, upload_time=clock().isoformat()))
        clock.advance(hours=1)
        await look()
        await look()
        assert (await noticed(station.database))[1:] == [completed_news("later", T314, "1.2", at_once=False)]


async def test_a_pre_release_with_the_first_wheels_is_news_once(index: FakeIndex, address: str, clock: Clock) -> None:
    names = ("new", "known", "has")
    publish_native(index, "new", "known", free_threaded=False)
    publish_native(index, "has")
    index.upload("known", *wheels("known", "9.0rc1", GIL, FT, upload_time=(clock() - timedelta(days=30)).isoformat()))
    async with open_station(index, address, clock, names) as station:
        look = follow_up(station, names, clock).look
        await look()
        clock.advance(days=2)
        for name in names:
            index.upload(name, *wheels(name, "9.0rc2", GIL, FT, upload_time=clock().isoformat()))
        clock.advance(hours=1)
        for _ in range(2):
            await look()
        assert await noticed(station.database) == [NewsItem("new", NewsKind.PRERELEASE, T314, "9.0rc2")]
        clock.advance(days=1)
        index.upload("new", *wheels("new", "9.0rc3", GIL, FT, upload_time=clock().isoformat()))
        clock.advance(hours=1)
        await look()
        assert len(await noticed(station.database)) == 1


async def test_who_dies_before_noting_what_was_told_notices_the_same_once(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    publish_native(index, "new", free_threaded=False)
    async with open_station(index, address, clock, ("new",)) as station:
        look = follow_up(station, ("new",), clock).look
        await look()
        told = await Documents(station.database).latest("told of scans")
        assert told is not None
        clock.advance(days=2)
        index.upload("new", *wheels("new", "9.0rc1", GIL, FT, upload_time=clock().isoformat()))
        clock.advance(hours=1)
        await look()
        await Documents(station.database).record("told of scans", told[0], clock())
        await look()
        assert len(await noticed(station.database)) == 1


# What modules declare


@pytest.fixture
async def database(address: str) -> AsyncIterator[Engine]:
    async with open_database(address) as opened:
        yield opened


READ = datetime(2026, 11, 23, 9, tzinfo=UTC)


async def read(database: Engine, version: str, *declared: Declaration, when: datetime) -> None:
    found = read_wheel(version, *declared, when=when)
    await Inspections(database).record("demo", found.version, found.inspection, when)


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        (ON, OFF, NewsKind.GIL_OFF),
        (OFF, ON, NewsKind.GIL_ON),
        (OFF, OFF, None),
        (UNKNOWN, OFF, None),
        (None, ON, None),
    ],
)
async def test_a_declaration_that_is_another_in_the_next_release_is_news_once(
    database: Engine, before: Declaration | None, now: Declaration, kind: NewsKind | None
) -> None:
    clock = Clock(READ)
    look = finder(database, clock).look_at_readings
    if before is not None:
        await read(database, "1.0", before, when=READ - timedelta(days=30))
    await look()
    clock.advance(minutes=1)
    await read(database, "1.1", now, when=clock())
    for _ in range(3):
        clock.advance(minutes=1)
        await look()
    expected = [] if kind is None else [NewsItem("demo", kind, Target(14), "1.1", "1.0")]
    assert await noticed(database) == expected


async def test_what_was_read_before_the_first_look_is_no_news(database: Engine) -> None:
    clock = Clock(READ)
    await read(database, "1.0", ON, when=READ - timedelta(days=3))
    await read(database, "1.1", OFF, when=READ - timedelta(days=2))
    look = finder(database, clock).look_at_readings
    for _ in range(3):
        await look()
        clock.advance(minutes=1)
    assert await noticed(database) == []


async def test_a_reading_that_is_stored_late_is_noticed_all_the_same(database: Engine) -> None:
    clock = Clock(READ)
    look = finder(database, clock).look_at_readings
    await read(database, "1.0", ON, when=READ - timedelta(days=30))
    await look()
    clock.advance(minutes=20)
    await look()
    await read(database, "1.1", OFF, when=clock() - timedelta(minutes=1))
    clock.advance(minutes=1)
    await look()
    assert [news.kind for news in await noticed(database)] == [NewsKind.GIL_OFF]
