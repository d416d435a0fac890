"""A SQLite file that everything can be taken from or put into."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from storage.engine.layout import Table
from storage.engine.moving import FrozenTables, Landing
from storage.engine.rows import Row, Value
from storage.engine.sqlite import Database, DatabaseTransaction


@dataclass(frozen=True, slots=True)
class MovableSqlite:
    """An open file; ``storage.engine.moving.Movable`` says what it promises."""

    database: Database

    async def identity(self) -> str:
        """Return the path, with no link in it."""
        path = await asyncio.to_thread(Path(self.database.name).resolve)
        return f"sqlite {path}"

    async def has(self, table: str) -> bool:
        """Return whether there is such a table."""
        return bool(await self.database.read("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)))

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[FrozenTables]:
        """Hold the file's write lock."""
        async with self.database.transaction() as transaction:
            yield _Snapshot(transaction)

    @asynccontextmanager
    async def landing(self) -> AsyncIterator[Landing]:
        """Write, after the writers before."""
        async with self.database.transaction() as transaction:
            yield _Landing(transaction)


@dataclass(frozen=True, slots=True)
class _Snapshot:
    transaction: DatabaseTransaction

    async def read(self, statement: str, values: Sequence[Value] = ()) -> list[Row]:
        """Read rows, by values as they are: a key that an old file has may hold what is written no more."""
        return [tuple(row) for row in await self.transaction.connection.execute_fetchall(statement, values)]

    async def last_number(self, table: Table) -> int:
        rows = await self.transaction.run(
            "SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = ?", (table.name,)
        )
        ((last,),) = msgspec.convert(rows, list[tuple[int]])
        return last


@dataclass(frozen=True, slots=True)
class _Landing:
    transaction: DatabaseTransaction

    async def run(self, statement: str, values: Sequence[Value] = ()) -> list[Row]:
        return await self.transaction.run(statement, values)

    async def run_many(self, statement: str, rows: Sequence[Sequence[Value]]) -> None:
        await self.transaction.run_many(statement, rows)

    async def add(self, table: Table, rows: Sequence[Row]) -> None:
        places = ", ".join("?" * len(table.columns))
        statement = f"INSERT INTO {table.name} ({table.listed}) VALUES ({places})"  # noqa: S608 — our words
        async with self.transaction.connection.executemany(statement, rows):
            pass

    async def clear(self, table: Table) -> None:
        await self.transaction.run(f"DELETE FROM {table.name}")  # noqa: S608 — our words

    async def number_after(self, table: Table, last: int) -> None:
        await self.transaction.run("DELETE FROM sqlite_sequence WHERE name = ?", (table.name,))
        await self.transaction.run("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table.name, last))
