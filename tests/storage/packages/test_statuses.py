"""Readings of pages: kept as they were, the newest wins, and a row that makes no sense is no reading."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.index.metadata import Metadata
from bot.core.index.simple_api import ProjectStatus, pack
from bot.core.verdicts.freshness import Reading
from storage.engine.engine import Engine
from storage.engine.rows import Value
from storage.packages.statuses import Statuses
from tests.core.pages import NAME, NOW, project, sdist, wheel
from tests.core.strategies import metadata, projects
from tests.databases import NewPlace, open_database
from tests.examples import examples
from tests.storage.engines import SIGNS, OpenEngine, put_garbage

_T = TypeVar("_T")

READING = Reading.of(
    project(wheel("cp314-cp314t-win32", requires=">=3.9"), sdist(yanked="broken"), status=ProjectStatus.ARCHIVED),
    NOW,
    '"etag"',
    Metadata(free_threading="Programming Language :: Python :: Free Threading", source="https://example.org"),
)


@pytest.fixture
async def database(open_engine: OpenEngine) -> AsyncIterator[Engine]:
    """Give an empty database."""
    async with open_engine() as opened:
        yield opened


async def put(database: Engine, **columns: Value) -> None:
    """Write into a row what no ftbot wrote."""
    for column, value in columns.items():
        await put_garbage(database, f"UPDATE statuses SET {column} = ?", (value,))  # noqa: S608 - our own names


async def test_a_package_nobody_read_has_no_reading(database: Engine) -> None:
    assert await Statuses(database).latest(NAME) is None


async def test_a_reading_survives_a_restart(open_engine: OpenEngine) -> None:
    async with open_engine() as database:
        await Statuses(database).record(READING)
    async with open_engine() as database:
        assert await Statuses(database).latest(NAME) == READING


async def test_pages_are_packed_and_unpacked_where_that_shall_be(database: Engine) -> None:
    class OneThread:
        work = 0

        async def aside(self, work: Callable[[], _T]) -> _T:
            self.work += 1
            return work()

    packing = OneThread()
    statuses = Statuses(database, packing=packing)
    await statuses.record(READING)
    assert await statuses.latest(NAME) == READING
    assert packing.work == 2


@given(
    st.lists(
        st.builds(Reading.of, projects, st.just(NOW), st.none() | st.text(SIGNS, max_size=9), metadata), max_size=5
    )
)
@settings(max_examples=examples(13))
def test_any_reading_is_given_back_as_it_was(new_place: NewPlace, readings: list[Reading]) -> None:
    async def there_and_back() -> None:
        async with open_database(await new_place()) as database:
            statuses = Statuses(database)
            for reading in readings:
                await statuses.record(reading)
                assert await statuses.latest(NAME) == reading

    asyncio.run(there_and_back())


async def test_an_older_reading_never_replaces_a_newer(database: Engine) -> None:
    statuses = Statuses(database)
    newer = replace(READING, checked=NOW + timedelta(minutes=1), etag='"newer"')
    await asyncio.gather(statuses.record(newer), statuses.record(READING))
    await statuses.record(READING)
    assert await statuses.latest(NAME) == newer


async def test_a_reading_dated_by_a_clock_that_was_wrong_is_replaced(database: Engine) -> None:
    statuses = Statuses(database)
    await statuses.record(replace(READING, checked=NOW + timedelta(days=400)))
    await statuses.record(READING)
    assert await statuses.latest(NAME) == READING


async def test_a_reading_may_be_completed(database: Engine) -> None:
    statuses = Statuses(database)
    await statuses.record(replace(READING, metadata=None))
    await statuses.record(READING)
    assert await statuses.latest(NAME) == READING


async def test_confirming_changes_the_time_only_and_only_forward(database: Engine) -> None:
    statuses = Statuses(database)
    await statuses.record(READING)
    later = NOW + timedelta(hours=6)
    await statuses.confirm(NAME, later)
    await statuses.confirm(NAME, NOW)
    await statuses.confirm("other", later)
    assert await statuses.latest(NAME) == replace(READING, checked=later)
    assert await statuses.latest("other") is None


async def test_readings_of_another_index_are_not_there_and_are_replaced(database: Engine) -> None:
    ours, mirror = (
        Statuses(database, "https://ours.example/simple"),
        Statuses(database, "https://mirror.example/simple"),
    )
    later = replace(READING, checked=NOW + timedelta(minutes=1))
    await ours.record(later)
    assert await mirror.latest(NAME) is None
    await mirror.confirm(NAME, NOW + timedelta(hours=1))
    assert await ours.latest(NAME) == later
    await mirror.record(READING)
    assert (await ours.latest(NAME), await mirror.latest(NAME)) == (None, READING)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("page", b""),
        ("page", b"garbage"),
        ("page", pack(READING.project)[:-5]),
        ("page", "text"),
        ("checked", "yesterday"),
        ("checked", float("inf")),
        ("checked", 1e300),
        ("checked", -1e300),
        ("metadata", "no JSON"),
        ("metadata", '{"free_threading": 5}'),
        ("metadata", "[" * 100_000),
    ],
)
async def test_a_row_that_makes_no_sense_is_no_reading(database: Engine, column: str, value: Value) -> None:
    statuses = Statuses(database)
    await statuses.record(READING)
    await put(database, **{column: value})
    assert await statuses.latest(NAME) is None


async def test_a_row_that_makes_no_sense_is_replaced(database: Engine) -> None:
    statuses = Statuses(database)
    await statuses.record(READING)
    await put(database, page=b"garbage", etag=b"bytes")
    await statuses.record(READING)
    assert await statuses.latest(NAME) == READING


@given(page=st.binary(max_size=50), checked=st.floats(allow_nan=False), claims=st.text(SIGNS, max_size=20))
def test_any_row_is_a_reading_or_none(new_place: NewPlace, page: bytes, checked: float, claims: str) -> None:
    async def read() -> Reading | None:
        async with open_database(await new_place()) as database:
            async with database.transaction() as transaction:
                await transaction.run(
                    "INSERT INTO statuses (package, index_url, checked, page, metadata) VALUES (?, '', ?, ?, ?)",
                    (NAME, checked, page, claims),
                )
            return await Statuses(database).latest(NAME)

    reading = asyncio.run(read())
    assert reading is None or reading.checked <= datetime.max.replace(tzinfo=UTC)
