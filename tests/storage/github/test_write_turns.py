"""As an installation one process writes at a time, and not sooner than some time after the last write."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from storage.engine.engine import Engine
from storage.github.write_turns import TURN, WriteTurns
from tests.storage.engines import OpenEngine
from tests.storage.made_threads import NOW, seconds


@pytest.fixture
def turns(database: Engine) -> WriteTurns:
    return WriteTurns(database)


async def test_one_has_the_turn_until_a_while_after_it_ended(turns: WriteTurns) -> None:
    assert await turns.take(7, "one", NOW) is None
    assert await turns.take(7, "two", seconds(1)) == NOW + TURN
    assert await turns.take(8, "two", seconds(1)) is None
    await turns.end(7, "one", seconds(3))
    assert await turns.take(7, "two", seconds(2)) == seconds(3)
    assert await turns.take(7, "one", seconds(2)) == seconds(3)
    assert await turns.take(7, "two", seconds(3)) is None


async def test_the_turn_of_who_was_killed_ends_by_itself(turns: WriteTurns) -> None:
    assert await turns.take(7, "one", NOW) is None
    assert await turns.take(7, "two", NOW + TURN) is None
    await turns.end(7, "one", seconds(0))  # it was not killed, and is late
    assert await turns.take(7, "three", NOW + TURN) == NOW + 2 * TURN


async def test_a_turn_by_a_clock_that_was_ahead_does_not_hold(turns: WriteTurns) -> None:
    assert await turns.take(7, "one", NOW + timedelta(days=1)) is None
    assert await turns.take(7, "two", NOW) is None


async def test_of_many_who_ask_at_once_one_has_it(open_engine: OpenEngine) -> None:
    async with AsyncExitStack() as stack:
        asking = [WriteTurns(await stack.enter_async_context(open_engine())) for _ in range(4)]
        for moment in range(5):
            now = NOW + moment * TURN
            free = await asyncio.gather(*(turns.take(7, str(number), now) for number, turns in enumerate(asking)))
            assert free.count(None) == 1
