"""A PostgreSQL database that everything can be taken from or put into."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import msgspec

from storage.engine.layout import Table, layout
from storage.engine.moving import FrozenTables, Landing
from storage.engine.postgres import Postgres, PostgresTransaction
from storage.engine.postgres_errors import as_storage_errors
from storage.engine.postgres_sessions import connect, numbered
from storage.engine.probing import Look
from storage.engine.rows import Row, Value
from storage.engine.schema import VERSION

_LONG_SECONDS: Final = 6 * 3600.0
"""How long a statement may take that reads or fills a large table."""

_PATIENTLY: Final = "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"
_BY_KEY: Final = "SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off"
"""Rows are read in the order of their keys, some thousand at a time: sorting a table each time would take for ever."""


async def look_at(url: str, name: str) -> Look:
    """Look at the database at an address, and change nothing."""
    with as_storage_errors(name):
        connection = await connect(url)
        try:
            tables = await connection.fetchval(
                "SELECT COUNT(*) FROM pg_tables WHERE schemaname = ANY (current_schemas(FALSE))"
            )
            if await connection.fetchval("SELECT to_regclass('schema_version')") is None:
                return Look(0, empty=tables == 0)
            version = await connection.fetchval(VERSION)
            return Look(int(version), empty=False)
        finally:
            connection.terminate()


@dataclass(frozen=True, slots=True)
class MovablePostgres:
    """An open database; ``storage.engine.moving.Movable`` says what it promises."""

    database: Postgres

    async def identity(self) -> str:
        """Return the numbers of the server's data, which a copy of the server shares, and of the database in it."""
        ((server, number),) = await self.database.read(
            "SELECT (SELECT system_identifier FROM pg_control_system()),"
            " (SELECT oid::bigint FROM pg_database WHERE datname = current_database())"
        )
        return f"postgresql {server!r} {number!r}"

    async def has(self, table: str) -> bool:
        """Return whether there is such a table."""
        ((found,),) = await self.database.read("SELECT to_regclass(?) IS NOT NULL", (table,))
        return bool(found)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[FrozenTables]:
        """Lock all tables against writers."""
        tables = ", ".join(table.name for table in layout())
        async with self.database.transaction() as transaction:
            connection = transaction.connection
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            await connection.execute(f"{_PATIENTLY}; {_BY_KEY}; LOCK TABLE {tables} IN SHARE MODE")
            yield _Snapshot(transaction)

    @asynccontextmanager
    async def landing(self) -> AsyncIterator[Landing]:
        """Write, beside other writers."""
        async with self.database.transaction() as transaction:
            await transaction.connection.execute(_PATIENTLY)
            yield _Landing(transaction)


@dataclass(frozen=True, slots=True)
class _Snapshot:
    transaction: PostgresTransaction

    async def read(self, statement: str, values: Sequence[Value] = ()) -> list[Row]:
        found = await self.transaction.connection.fetch(numbered(statement), *values, timeout=_LONG_SECONDS)
        return [tuple(record.values()) for record in found]

    async def last_number(self, table: Table) -> int:
        found = await self.read("SELECT pg_get_serial_sequence(?, ?)", (table.name, *table.key))
        ((sequence,),) = msgspec.convert(found, list[tuple[str]])
        rows = await self.read(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}")  # noqa: S608 — as the server calls it
        ((last,),) = msgspec.convert(rows, list[tuple[int]])
        return last


@dataclass(frozen=True, slots=True)
class _Landing:
    transaction: PostgresTransaction

    async def run(self, statement: str, values: Sequence[Value] = ()) -> list[Row]:
        return await self.transaction.run(statement, values)

    async def run_many(self, statement: str, rows: Sequence[Sequence[Value]]) -> None:
        await self.transaction.run_many(statement, rows)

    async def add(self, table: Table, rows: Sequence[Row]) -> None:
        """Copy rows in; a crash of the server may undo the last of that as a whole, so nobody waits for its disk."""
        columns = [column.name for column in table.columns]
        await self.transaction.connection.execute("SET LOCAL synchronous_commit = off")
        await self.transaction.connection.copy_records_to_table(
            table.name, records=rows, columns=columns, timeout=_LONG_SECONDS
        )

    async def clear(self, table: Table) -> None:
        await self.transaction.run(f"TRUNCATE {table.name}")

    async def number_after(self, table: Table, last: int) -> None:
        await self.transaction.run(
            "SELECT setval(pg_get_serial_sequence(?, ?), ?, ?)", (table.name, *table.key, max(last, 1), last > 0)
        )
