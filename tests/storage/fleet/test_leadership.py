"""Leaderships are numbered, and whoever acts in the name of an old one commits nothing."""

from __future__ import annotations

import asyncio

import pytest

from bot.core.errors import StorageError
from storage.engine.engine import Engine
from storage.fleet.leadership import Epochs, Fenced, in_the_name_of
from tests.patience import at_most
from tests.storage.engines import OpenEngine

ADD = "INSERT INTO packages (name) VALUES (?)"


async def add(database: Engine, name: str) -> None:
    async with database.transaction() as transaction:
        await transaction.run(ADD, (name,))


async def names(database: Engine) -> list[object]:
    return [name for (name,) in await database.read("SELECT name FROM packages ORDER BY name")]


async def test_each_leadership_has_the_next_number_whoever_begins_it(open_engine: OpenEngine) -> None:
    async with open_engine() as one, open_engine() as other:
        epochs = [await Epochs(database).begin("somebody") for database in (one, other, one)]
    assert epochs == [1, 2, 3]


async def test_an_old_leadership_writes_nothing_and_reads_on(open_engine: OpenEngine) -> None:
    async with open_engine() as one, open_engine() as other:
        old = in_the_name_of(await Epochs(one).begin("one"), one)
        await add(old, "numpy")
        new = in_the_name_of(await Epochs(other).begin("other"), other)
        with pytest.raises(StorageError, match="Another process leads"):
            await add(old, "scipy")
        await add(new, "pandas")
        assert await names(old) == ["numpy", "pandas"]


async def test_one_that_knows_that_it_is_over_asks_nobody(database: Engine) -> None:
    with pytest.raises(StorageError, match="Another process leads"):
        await add(Fenced(database, lambda: None), "numpy")
    assert await names(database) == []


async def test_a_leadership_begins_only_after_what_is_being_committed_for_the_last_one(open_engine: OpenEngine) -> None:
    async with open_engine() as one, open_engine() as other:
        old = in_the_name_of(await Epochs(one).begin("one"), one)
        order: list[str] = []

        async def take_over() -> None:
            await Epochs(other).begin("other")
            order.append("another leads")

        async with (
            asyncio.timeout(at_most(30)),
            asyncio.TaskGroup() as group,
            old.transaction() as transaction,
        ):
            group.create_task(take_over())
            await transaction.run(ADD, ("numpy",))
            await one.clock()  # others get on
            order.append("committing")
        assert order == ["committing", "another leads"]
        assert await names(other) == ["numpy"]


async def test_without_an_epoch_it_is_the_database_itself(database: Engine) -> None:
    assert in_the_name_of(None, database) is database
