"""Databases of tests on every engine; whoever writes another engine adds it here."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, nullcontext
from pathlib import Path
from typing import Final, TypeAlias

import asyncpg

from bot.core.database_address import IN_MEMORY, parse_database
from storage.engine import postgres, sqlite
from storage.engine.engine import Engine
from storage.engine.migrations import MIGRATIONS, tables
from storage.engine.postgres import Postgres
from storage.engine.sqlite import Database

ENGINES: Final[Mapping[str, str]] = {"sqlite": "database_path", "postgres": "postgres_url"}
"""By name the fixture that says where the empty database of a test is."""


Place: TypeAlias = str | Path | Engine | None
"""A database as ``FTBOT_DATABASE`` names it, one that is open already and stays so, or None for one in memory."""


NewPlace: TypeAlias = Callable[[], Awaitable[Place]]
"""Gives an empty database each time."""


def open_database(place: Place) -> AbstractAsyncContextManager[Engine]:
    """Open a database of a test; opening it again is what another process does, or this one after a restart."""
    if not isinstance(place, str | Path | None):
        return nullcontext(place)
    where = parse_database(IN_MEMORY if place is None else str(place))
    return sqlite.open_database(where.path) if where.url is None else postgres.open_database(where.url, str(where))


async def everything_in(place: Place) -> bytes:
    """Return all that is stored in a database: the files of SQLite, or each row as text and its bytes as they are."""
    where = parse_database(str(place))
    if where.path is not None:
        files = where.path.parent.glob(f"{where.path.name}*")
        return b"".join(await asyncio.gather(*(asyncio.to_thread(file.read_bytes) for file in files)))
    async with open_database(place) as database:
        rows = [row for table in tables(MIGRATIONS) for row in await database.read(f"SELECT * FROM {table}")]  # noqa: S608 — ours
    return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row)


async def lose_table(database: Engine, table: str) -> None:
    """Take a table away, as damage would."""
    async with database.transaction() as transaction:
        await transaction.run(f"ALTER TABLE {table} RENAME TO lost_{table}")


@asynccontextmanager
async def read_only(database: Engine) -> AsyncIterator[None]:
    """Let an open database refuse everything that is written while the block runs."""
    await refuse_writes(database)
    try:
        yield
    finally:
        await _allow_writing(database, allowed=True)


async def refuse_writes(database: Engine) -> None:
    """Let an open database refuse everything that is written, as a standby or a full disk does."""
    await _allow_writing(database, allowed=False)


async def fill_disk(database: Engine, table: str) -> None:
    """Let a table take no new rows, as on a disk that is full; SQLite says in other words that it failed."""
    if isinstance(database, Postgres):
        failing = "BEGIN RAISE EXCEPTION 'full' USING ERRCODE = 'disk_full'; END"
        statements = [
            f"CREATE OR REPLACE FUNCTION beside.fail() RETURNS trigger LANGUAGE plpgsql AS $${failing}$$",
            f"CREATE TRIGGER full_disk BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION beside.fail()",
        ]
    else:
        failing = "SELECT RAISE(ABORT, 'disk failed')"
        statements = [f"CREATE TRIGGER full_disk BEFORE INSERT ON {table} BEGIN {failing}; END"]
    async with database.transaction() as transaction:
        for statement in statements:
            await transaction.run(statement)


@asynccontextmanager
async def held(place: Place, table: str) -> AsyncIterator[None]:
    """Keep others from writing to a database, or to a table of it where no more can be kept, while the block runs."""
    where = parse_database(str(place))
    if where.url is None:
        with closing(sqlite3.connect(where.written, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
    else:
        connection = await asyncpg.connect(where.url)
        try:
            await connection.execute(f"BEGIN; LOCK TABLE {table} IN EXCLUSIVE MODE")
            yield
        finally:
            await connection.close()


async def _allow_writing(database: Engine, *, allowed: bool) -> None:
    if isinstance(database, Postgres):
        connection = await asyncpg.connect(database.url, server_settings={"default_transaction_read_only": "off"})
        try:
            name = await connection.fetchval("SELECT current_database()")
            await connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = {not allowed}")
            await connection.fetch(  # so that all sessions begin anew, and hear of it
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        finally:
            connection.terminate()
    else:
        assert isinstance(database, Database)
        await database.writer.execute(f"PRAGMA query_only = {'OFF' if allowed else 'ON'}")
