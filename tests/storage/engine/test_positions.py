"""Who remembers how far they have read what is only added to misses nothing, however many write."""

from __future__ import annotations

import asyncio

import pytest

from bot.core.errors import StorageError
from bot.core.upstream.threads import ThreadEvent
from storage.engine.engine import Engine, Transaction
from storage.engine.positions import append, last_position
from storage.engine.rows import Row
from storage.github.thread_events import ThreadEvents, store_events
from tests.storage.engines import OpenEngine
from tests.storage.made_threads import NOW, event_about

ADD = (
    "INSERT INTO changes (position, package, target, version, kind, how, noticed) VALUES (?, ?, '', '', '', '', 0.0)"
    " ON CONFLICT (package, target, version, kind) DO NOTHING RETURNING id"
)


async def add(transaction: Transaction, *names: str) -> int:
    return await append(transaction, "changes", ADD, [(name,) for name in names])


async def add_and_fail(database: Engine, name: str) -> None:
    async with database.transaction() as transaction:
        assert await add(transaction, name) == 1
        await transaction.run("INSERT INTO nowhere (id) VALUES (1)")


async def stored(database: Engine) -> list[Row]:
    return await database.read("SELECT position, package FROM changes ORDER BY position")


async def test_positions_have_no_gap_whatever_is_known_already_or_undone(database: Engine) -> None:
    async with database.transaction() as transaction:
        assert await add(transaction, "a", "b", "a") == 2
        assert await add(transaction, "c") == 1
    with pytest.raises(StorageError):
        await add_and_fail(database, "d")
    assert await last_position(database, "changes") == 3
    async with database.transaction() as transaction:
        assert await add(transaction, "c", "e") == 1
        assert await add(transaction) == 0
    assert await stored(database) == [(1, "a"), (2, "b"), (3, "c"), (4, "e")]
    assert (await last_position(database, "changes"), await last_position(database, "thread_events")) == (4, 0)


async def test_positions_go_on_whatever_was_deleted(database: Engine) -> None:
    async with database.transaction() as transaction:
        await add(transaction, "a", "b")
        await transaction.run("DELETE FROM changes")
    assert await last_position(database, "changes") == 2
    async with database.transaction() as transaction:
        await add(transaction, "a")
    assert await stored(database) == [(3, "a")]


async def test_who_writes_beside_another_comes_after_it(open_engine: OpenEngine) -> None:
    async with open_engine() as one, open_engine() as other:

        async def add_beside() -> None:
            async with other.transaction() as transaction:
                await add(transaction, "second")

        async with one.transaction() as transaction:
            await add(transaction, "first")
            beside = asyncio.create_task(add_beside())
            for _ in range(20):
                assert await last_position(other, "changes") == 0
                assert await stored(other) == []
            assert not beside.done()
        await beside
        assert await stored(one) == [(1, "first"), (2, "second")]


async def test_a_reader_beside_two_writers_reads_everything_once(open_engine: OpenEngine) -> None:
    async with open_engine() as one, open_engine() as other, open_engine() as third:
        waiting: list[asyncio.Event] = []

        async def write(database: Engine, numbers: range, rounds: int) -> None:
            """Write in transactions that stay open until the reader has read some more times."""
            for number in numbers:
                async with database.transaction() as transaction:
                    await store_events(transaction, [event_about(number), event_about(number, "more")], NOW)
                    for _ in range(rounds):
                        waiting.append(asyncio.Event())
                        await waiting[-1].wait()

        # Where both may write at once, the second to begin is the first to commit.
        writing = asyncio.gather(write(one, range(0, 20, 2), rounds=4), write(other, range(1, 20, 2), rounds=1))
        events, read, shown = ThreadEvents(third), list[ThreadEvent](), 0
        while not writing.done() or shown < await events.newest():
            newest = await events.newest()
            read += [event for position, event in await events.numbered_after(shown) if position <= newest]
            shown = newest
            while waiting:
                waiting.pop().set()
        await writing
        assert len(read) == len(set(read)) == 40
