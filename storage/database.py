"""The SQLite file: opened, migrated, read by anyone, written by one transaction at a time.

Statements are written so that PostgreSQL could run them too. Writes share one connection and a lock, because on a
shared connection one task's rollback would undo another's statements; reads have a connection of their own, so that
they never see half a transaction.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiosqlite

from bot.core.errors import StorageError
from storage.migrations import MIGRATIONS

Value = str | int | float | bytes | None
Row = tuple[Value, ...]

_BUSY_SECONDS = 5.0
_IN_MEMORY = ":memory:"


@dataclass(frozen=True, slots=True)
class Transaction:
    """Statements that are committed together, or not at all."""

    connection: aiosqlite.Connection

    async def run(self, statement: str, values: Sequence[Value] = ()) -> list[Row]:
        """Execute one statement; give what it returns."""
        return await _run(self.connection, statement, values)

    async def run_many(self, statement: str, rows: Sequence[Sequence[Value]]) -> None:
        """Execute one statement with the values of each row; one visit to SQLite's thread for all of them."""
        async with self.connection.executemany(statement, rows):
            pass


@dataclass(frozen=True, slots=True)
class Database:
    """An open database; every failure of it is a ``StorageError`` that says what and what next."""

    path: str
    writer: aiosqlite.Connection
    reader: aiosqlite.Connection
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Write: commits at the end, rolls back on any error, waits for other writers."""
        with _as_storage_errors(self.path):
            async with self.lock:
                try:
                    # Inside, as it goes on in its thread when whoever waits here is cancelled.
                    await self.writer.execute("BEGIN IMMEDIATE")
                    yield Transaction(self.writer)
                except BaseException:
                    await self.writer.rollback()
                    raise
                await self.writer.commit()

    async def read(self, statement: str, values: Sequence[Value] = ()) -> list[Row]:
        """Read committed rows."""
        with _as_storage_errors(self.path):
            return await _run(self.reader, statement, values)

    async def check_writable(self) -> None:
        """Write what is there once more, and name the tables answers need; ``StorageError`` where that fails."""
        async with self.transaction() as transaction:
            await transaction.run("UPDATE schema_version SET version = version")
            await transaction.run("UPDATE packages SET asked = asked WHERE id = 0")
            await transaction.run("UPDATE statuses SET checked = checked WHERE package = ''")

    async def answers(self) -> bool:
        """Tell whether the database can be read."""
        try:
            await self.read("SELECT 1")
        except StorageError:
            return False
        return True


@asynccontextmanager
async def open_database(path: Path | None) -> AsyncIterator[Database]:
    """Open the database at a path, made with its folder if new; None keeps it in memory. Migrates it if it is older.

    One that is up to date can be read where it cannot be written, or another program holds it; writes then fail.
    """
    name = _IN_MEMORY if path is None else str(path)
    async with AsyncExitStack() as connections:
        with _as_storage_errors(name):
            if path is not None:
                await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
            writer = await _connect(name)
            connections.push_async_callback(writer.close)
            reader = writer
            if path is not None:
                reader = await _connect(name)
                connections.push_async_callback(reader.close)
            database = Database(name, writer, reader)
            await _migrate(database)
        yield database  # what goes wrong while it is used is not a failure to open it


def read_time(value: Value) -> datetime | None:
    """Read a time as the tables have it, in seconds since 1970 (UTC); None for what is none."""
    try:
        return datetime.fromtimestamp(value, UTC) if isinstance(value, float) else None
    except (ValueError, OverflowError, OSError):  # beyond the calendar, each platform in its own words
        return None


async def _connect(name: str) -> aiosqlite.Connection:
    try:
        return await _connect_to(name)
    except sqlite3.OperationalError as error:
        unwritable = _error_name(error).startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY"))
        frozen = await asyncio.to_thread(_frozen, Path(name)) if unwritable else None
        if frozen is None:
            raise
        return await _connect_to(frozen, uri=True)


async def _connect_to(name: str, *, uri: bool = False) -> aiosqlite.Connection:
    connection = await aiosqlite.connect(name, isolation_level=None, timeout=_BUSY_SECONDS, uri=uri)
    try:
        if await _run(connection, "PRAGMA journal_mode", ()) == [("delete",)]:
            # Where it cannot be set now, a file that is up to date can still be read.
            with suppress(sqlite3.OperationalError):
                await connection.execute("PRAGMA journal_mode = WAL")
        for pragma in ("synchronous = NORMAL", "foreign_keys = ON"):
            await connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        await connection.close()
        raise
    return connection


def _frozen(path: Path) -> str | None:
    """Give the URI by which SQLite reads a file in a folder where it cannot put the files that WAL needs.

    It then takes no locks and sees no log, so None where a log has something that is not in the file yet.
    """
    log = Path(f"{path}-wal")
    if not path.is_file() or (log.is_file() and log.stat().st_size > 0):
        return None
    return f"{path.absolute().as_uri()}?mode=ro&immutable=1"


async def _migrate(database: Database) -> None:
    if await _schema_of(database.writer, database.path) == len(MIGRATIONS):
        return
    async with database.transaction() as transaction:
        version = await _schema_of(transaction.connection, database.path)  # another process may have been faster
        await transaction.run("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)")
        for number, statements in enumerate(MIGRATIONS[version:], start=version + 1):
            for statement in statements:
                await transaction.run(statement)
            await transaction.run("INSERT INTO schema_version (version) VALUES (?)", (number,))


async def _schema_of(connection: aiosqlite.Connection, path: str) -> int:
    """Read how many migrations a database has had; takes no lock that writers want."""
    if not await _run(connection, "SELECT 1 FROM sqlite_master WHERE name = 'schema_version'", ()):
        return 0
    ((version,),) = await _run(connection, "SELECT COALESCE(MAX(version), 0) FROM schema_version", ())
    if not isinstance(version, int) or version > len(MIGRATIONS):
        raise StorageError(
            f"The database {path} is from a newer ftbot (schema {version!r}, this one knows"
            f" {len(MIGRATIONS)}). Upgrade ftbot, or set FTBOT_DATABASE to another file."
        )
    return version


async def _run(connection: aiosqlite.Connection, statement: str, values: Sequence[Value]) -> list[Row]:
    return [tuple(row) for row in await connection.execute_fetchall(statement, values)]


@contextmanager
def _as_storage_errors(path: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StorageError(_explain(path, error)) from error
    except OSError as error:
        raise StorageError(
            f"The database {path} cannot be opened: {error.strerror or error}. Set FTBOT_DATABASE to another file."
        ) from error


def _explain(path: str, error: sqlite3.Error) -> str:
    name = _error_name(error)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return f"The database {path} is locked by another program. Stop the other one, or try again."
    if name.startswith("SQLITE_READONLY"):
        return f"The database {path} cannot be written. Give this user write access to it and its folder."
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return f"The database {path} is damaged or no database. Move it away; ftbot makes a new one."
    if name.startswith("SQLITE_FULL"):
        return f"The disk that holds the database {path} is full. Make room."
    if name.startswith("SQLITE_CANTOPEN"):
        return f"The database {path} cannot be opened. Check that its folder exists and can be written."
    return f"The database {path} failed: {error}. Set FTBOT_DATABASE to another file if this stays."


def _error_name(error: sqlite3.Error) -> str:
    """Give SQLite's name of an error, empty where Python raised it on its own."""
    name = getattr(error, "sqlite_errorname", "")
    return name if isinstance(name, str) else ""
