"""All go by the database's time, whatever their own clocks say."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.errors import StorageError
from storage.engine.engine import Engine
from storage.engine.shared_clock import SharedClock

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


class World:
    """A database's clock, and a steady one that stands still until it is moved."""

    def __init__(self) -> None:
        self.database = NOON
        self.steady = 1_000.0
        self.fails = False
        self.clock = SharedClock(self.ask, lambda: self.steady)

    async def ask(self) -> float:
        if self.fails:
            raise StorageError("It cannot be reached.")
        return self.database.timestamp()

    def pass_by(self, seconds: float) -> None:
        self.database += timedelta(seconds=seconds)
        self.steady += seconds


async def test_time_goes_on_from_the_databases() -> None:
    world = World()
    await world.clock.look()
    world.pass_by(42)
    assert world.clock.now() == NOON + timedelta(seconds=42)


async def test_a_little_difference_does_not_set_it_back_and_a_large_one_does() -> None:
    world = World()
    await world.clock.look()
    world.database -= timedelta(milliseconds=200)
    await world.clock.look()
    assert world.clock.now() == NOON
    world.database -= timedelta(minutes=10)
    await world.clock.look()
    assert world.clock.now() == world.database


async def test_without_the_database_it_goes_on_as_before() -> None:
    world = World()
    await world.clock.look()
    world.fails = True
    world.pass_by(60)
    with pytest.raises(StorageError):
        await world.clock.look()
    assert world.clock.now() == NOON + timedelta(seconds=60)


async def test_an_engine_tells_its_time_with_and_without_asking(database: Engine) -> None:
    before = time.time()
    asked, known = await database.clock(), database.now().timestamp()
    assert before - 1 <= asked <= time.time() + 1  # of one machine here
    assert abs(known - asked) < 1
