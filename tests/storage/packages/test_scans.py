"""Scans: numbered, taken up where one was interrupted, and told of as they ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.engine.engine import Engine
from storage.engine.rows import Value
from storage.packages.scans import Scan, Scans
from tests.core.pages import NOW
from tests.databases import NewPlace, open_database
from tests.examples import examples
from tests.storage.engines import OpenEngine, put_garbage

HOUR = timedelta(hours=1)
TRACKED = (("numpy", 1), ("asked", None))


@pytest.fixture
async def database(open_engine: OpenEngine) -> AsyncIterator[Engine]:
    """Give an empty database."""
    async with open_engine() as opened:
        yield opened


async def test_no_scan_ended_yet(database: Engine) -> None:
    scans = Scans(database)
    assert await scans.latest() is None
    await scans.begin(NOW, NOW)
    assert await scans.latest() is None


async def test_a_scan_that_ended_survives_a_restart(open_engine: OpenEngine) -> None:
    async with open_engine() as database:
        scans = Scans(database)
        number = await scans.begin(NOW, NOW - HOUR)
        await scans.end(number, NOW + HOUR, TRACKED, {"torch": "It failed."})
    async with open_engine() as database:
        assert await Scans(database).latest() == Scan(NOW, NOW + HOUR, TRACKED, {"torch": "It failed."})


@given(
    st.lists(st.tuples(st.text(max_size=9), st.none() | st.integers(1, 99_999)), max_size=5),
    st.dictionaries(st.text(max_size=9), st.text(max_size=9), max_size=5),
)
@settings(max_examples=examples(8))
def test_any_scan_is_given_back_as_it_was(
    new_place: NewPlace, tracked: list[tuple[str, int | None]], failed: dict[str, str]
) -> None:
    async def there_and_back() -> None:
        async with open_database(await new_place()) as database:
            scans = Scans(database)
            await scans.end(await scans.begin(NOW, NOW), NOW, tracked, failed)
            assert await scans.latest() == Scan(NOW, NOW, tuple(tracked), failed)

    asyncio.run(there_and_back())


async def test_the_last_scan_counts_while_the_next_is_under_way(database: Engine) -> None:
    scans = Scans(database)
    for hours in (0, 1):
        began = NOW + hours * HOUR
        await scans.end(await scans.begin(began, NOW), began, TRACKED, {})
    await scans.begin(NOW + 2 * HOUR, NOW)
    latest = await scans.latest()
    assert latest is not None
    assert latest.started == NOW + HOUR


@pytest.mark.parametrize(
    ("now", "since", "taken_up"),
    [
        (NOW, NOW, True),
        (NOW + HOUR, NOW - HOUR, True),
        (NOW + HOUR, NOW, True),
        (NOW + 2 * HOUR, NOW + HOUR, False),
        (NOW - HOUR, NOW - 2 * HOUR, False),
    ],
)
async def test_a_scan_is_taken_up_that_was_interrupted_lately(
    database: Engine, now: datetime, since: datetime, taken_up: bool
) -> None:
    scans = Scans(database)
    number = await scans.begin(NOW, NOW)
    assert (await scans.begin(now, since) == number) is taken_up


async def test_a_scan_that_ended_is_not_taken_up(database: Engine) -> None:
    scans = Scans(database)
    numbers = []
    for _ in range(3):
        numbers.append(await scans.begin(NOW, NOW))
        await scans.end(numbers[-1], NOW, TRACKED, {})
    assert numbers == [1, 2, 3]


async def test_two_that_begin_at_once_share_a_scan(open_engine: OpenEngine) -> None:
    async with open_engine() as one, open_engine() as other:
        assert set(await asyncio.gather(*(Scans(each).begin(NOW, NOW) for each in (one, other) * 5))) == {1}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("started", "soon"),
        ("started", 1e300),
        ("ended", float("inf")),
        ("ended", b"\x00"),
        ("tracked", None),
        ("tracked", "garbage"),
        ("tracked", "[5]"),
        ("tracked", '[["numpy"]]'),
        ("failed", None),
        ("failed", "[]"),
        ("failed", b"{}"),
    ],
)
async def test_a_row_that_makes_no_sense_is_no_scan(database: Engine, column: str, value: Value) -> None:
    scans = Scans(database)
    await scans.end(await scans.begin(NOW, NOW), NOW, TRACKED, {})
    await put_garbage(database, f"UPDATE scans SET {column} = ?", (value,))  # noqa: S608 - our own names
    assert await scans.latest() is None
