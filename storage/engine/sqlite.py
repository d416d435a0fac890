"""The SQLite file: opened, migrated, read by anyone, written by one transaction at a time.

Writes share one connection and a lock, because on a shared connection one task's rollback would undo another's
statements; reads have a connection of their own, so that they never see half a transaction. ``BEGIN IMMEDIATE`` takes
the file's write lock at once, so that transactions of all processes come one after another.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import aiosqlite

from bot.core.errors import StorageError
from storage.engine import privacy
from storage.engine.engine import Pulse
from storage.engine.probing import PROBE, Look, look_at_everything
from storage.engine.rows import Row, Value, storable
from storage.engine.schema import MAKE_VERSIONS, OLDEST, OURS, REMEMBERED, VERSION, Schema
from storage.engine.sqlite_turns import turn
from storage.engine.unfinished import UNFINISHED, refuse_unfinished

_T = TypeVar("_T")

_BUSY_SECONDS = 5.0
"""How long a writer waits for another program that has the database."""

_AT_ONCE_SECONDS = 0.1
"""How much of that SQLite waits at a time, in its thread, where nobody can end it; between, the loop waits."""

_BETWEEN_TRIES = 0.02
_PROBE_SECONDS = 1.0
_LEAST_ROOM = 64 << 10
"""Bytes on the disk without which it counts as full: SQLite may still overwrite what it has, and store nothing new."""

_IN_MEMORY = ":memory:"
_ANY_TABLE = "SELECT 1 FROM sqlite_master WHERE name = ?"


_ROW_LOCKS = (" FOR UPDATE SKIP LOCKED", " FOR SHARE")


@lru_cache(maxsize=1024)
def _without_locks(statement: str) -> str:
    """Return a statement without the locks of rows: a transaction has the whole file."""
    for words in _ROW_LOCKS:
        statement = statement.replace(words, "")
    return statement


@dataclass(frozen=True, slots=True)
class DatabaseTransaction:
    """One that is under way on the writer's connection."""

    connection: aiosqlite.Connection

    async def run(self, statement: str, values: Sequence[Value] = ()) -> list[Row]:
        """Execute one statement."""
        return await _run(self.connection, statement, values)

    async def run_many(self, statement: str, rows: Sequence[Sequence[Value]]) -> None:
        """Make one visit to SQLite's thread for all rows."""
        values = [[storable(value) for value in row] for row in rows]
        async with self.connection.executemany(_without_locks(statement), values):
            pass


@dataclass(frozen=True, slots=True)
class Database:
    """An open SQLite file, or one in memory; ``storage.engine.engine.Engine`` says what it promises.

    ``name`` is its path. ``file`` is what was opened, by device and number, None in memory: another may be at its path
    by now. One in memory has one connection, so whoever reads it may see a transaction that is under way.
    """

    name: str
    writer: aiosqlite.Connection
    reader: aiosqlite.Connection
    file: tuple[int, int] | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    pulse: Pulse = field(default_factory=Pulse)
    held: set[str] = field(default_factory=set)
    schema: Schema = OURS

    @property
    def is_shared(self) -> bool:
        """Return False: whoever has the file open is on this machine, by its clock."""
        return False

    async def clock(self) -> float:
        """Return the time of this machine."""
        return time.time()

    def now(self) -> datetime:
        """Return the time of this machine."""
        return datetime.now(UTC)

    async def tell(self, notice: str) -> None:
        """Tell nobody."""

    @asynccontextmanager
    async def listening(self, heard: Callable[[str | None], None]) -> AsyncIterator[None]:  # noqa: ARG002 — nobody tells
        """Hear nothing."""
        yield

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[DatabaseTransaction]:
        """Write, after the writers before."""
        with _as_storage_errors(self.name):
            async with self.lock:
                try:
                    # Inside, as it goes on in its thread when whoever waits here is cancelled.
                    await _patiently(lambda: _run(self.writer, "BEGIN IMMEDIATE", ()))
                    yield DatabaseTransaction(self.writer)
                    await _patiently(self.writer.commit)
                except BaseException:
                    await self.writer.rollback()
                    raise
                self.pulse.beat()

    async def read(self, statement: str, values: Sequence[Value] = ()) -> list[Row]:
        """Read committed rows."""
        with _as_storage_errors(self.name):
            return await _patiently(lambda: _run(self.reader, statement, values))

    @asynccontextmanager
    async def turn(self, what: str) -> AsyncIterator[bool]:
        """Take the turn, by a lock on a file of its own; a database in memory is this process's alone."""
        async with AsyncExitStack() as stack:
            with _as_storage_errors(self.name):
                taking = _turn_within(self.held, what) if self.file is None else turn(Path(self.name), what)
                taken = await stack.enter_async_context(taking)
            yield taken

    async def probe(self) -> None:
        """Write once in the very file at the path, beside everybody else; ``StorageError`` where that fails by now.

        The file may have been moved, deleted or replaced since it was opened, its disk may be full, and another program
        or a transaction of this one may keep it to itself. Takes a connection of its own, and two seconds at most
        unless the disk itself hangs.
        """
        if self.file is None:
            async with self.transaction() as transaction:
                await transaction.run(PROBE, (time.time(),))
            return
        with _as_storage_errors(self.name):
            await asyncio.to_thread(_write_beside, self.name, self.file, self.schema)
        self.pulse.beat()

    async def check_writable(self) -> None:
        """Write once, and look for every table."""
        async with self.transaction() as transaction:
            await look_at_everything(transaction, self.schema)


@asynccontextmanager
async def open_database(
    path: Path | None, schema: Schema = OURS, *, unfinished: bool = False
) -> AsyncIterator[Database]:
    """Open the database at a path, made with its folder if new; None keeps it in memory. Migrates it if it is older.

    One that is up to date, or newer and still good for this program, can be read where it cannot be written, or another
    program holds it; writes then fail. One that not everything was moved into yet is refused, unless ``unfinished``
    says that more is to be moved.
    """
    name = _IN_MEMORY if path is None else str(path)
    async with AsyncExitStack() as connections:
        with _as_storage_errors(name):
            if path is not None:
                await asyncio.to_thread(_prepare, path)
            writer = await _connect(name)
            connections.push_async_callback(writer.close)
            reader, file = writer, None
            if path is not None:
                reader = await _connect(name)
                connections.push_async_callback(reader.close)
                file = await asyncio.to_thread(_identity, name)
            database = Database(name, writer, reader, file, schema=schema)
            if not unfinished and await database.read(_ANY_TABLE, (UNFINISHED,)):
                refuse_unfinished(name)
            await _migrate(database)
        yield database  # what goes wrong while it is used is not a failure to open it


async def look_at(path: Path) -> Look:
    """Look at the file at a path, and change nothing; where there is none, there is an empty database."""
    with _as_storage_errors(str(path)):
        return await asyncio.to_thread(_look, path)


def _look(path: Path) -> Look:
    if not path.exists():
        return Look(0, empty=True)
    uri = f"{path.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS)) as connection:
        if not connection.execute(_ANY_TABLE, ("schema_version",)).fetchall():
            return Look(0, empty=not connection.execute("SELECT 1 FROM sqlite_master").fetchone())
        ((version,),) = connection.execute(VERSION)
    return Look(int(version), empty=False)


@asynccontextmanager
async def _turn_within(held: set[str], what: str) -> AsyncIterator[bool]:
    """Take the turn among the tasks of this process."""
    if what in held:
        yield False
        return
    held.add(what)
    try:
        yield True
    finally:
        held.discard(what)


def _prepare(path: Path) -> None:
    """Make a folder and a file for a new database, and see to it that nobody else can read one that is there."""
    privacy.make_folder(path.parent)
    with suppress(OSError):  # SQLite says better what is wrong
        privacy.make_file(path)
    privacy.tighten(path)


def _identity(path: str) -> tuple[int, int]:
    known = os.stat(path)  # noqa: PTH116 — a path as SQLite was given it
    return known.st_dev, known.st_ino


def _write_beside(path: str, opened: tuple[int, int], schema: Schema) -> None:
    """Write once in a file, if it is the one that was opened, on a connection that is made for it; blocks."""
    try:
        found = _identity(path)
    except FileNotFoundError:
        found = None
    if found != opened:
        state = "was moved or deleted" if found is None else "was replaced by another file"
        raise StorageError(f"The database {path} {state} while it was in use. Put it back, or start ftbot again.")
    room = shutil.disk_usage(Path(path).absolute().parent)
    if room.total and room.free < _LEAST_ROOM:
        raise StorageError(_full(path))
    uri = f"{Path(path).absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(uri, uri=True, timeout=_PROBE_SECONDS, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(PROBE, (time.time(),))
        connection.execute("COMMIT")
        schema.check_still_known(path, connection.execute(OLDEST).fetchall())


async def _patiently(attempt: Callable[[], Awaitable[_T]]) -> _T:
    """Try again while another program has the database, for some seconds in all; cancelled, it ends at once."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _BUSY_SECONDS
    while True:
        try:
            return await attempt()
        except sqlite3.OperationalError as error:
            if not _error_name(error).startswith("SQLITE_BUSY") or loop.time() >= until:
                raise
        await asyncio.sleep(_BETWEEN_TRIES)


async def _connect(name: str) -> aiosqlite.Connection:
    try:
        return await _connect_to(name)
    except sqlite3.OperationalError as error:
        unwritable = _error_name(error).startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY"))
        frozen = await asyncio.to_thread(_frozen, Path(name)) if unwritable else None
        if frozen is None:
            raise
        return await _connect_to(frozen, uri=True)


async def _opened(name: str, *, uri: bool) -> aiosqlite.Connection:
    """Open a file, and see that through when cancelled: aiosqlite's thread answers to the loop, which may be gone."""
    opening = asyncio.ensure_future(
        _open(aiosqlite.connect(name, isolation_level=None, timeout=_AT_ONCE_SECONDS, uri=uri))
    )
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        with suppress(sqlite3.Error):
            await (await opening).close()
        raise


async def _open(connection: aiosqlite.Connection) -> aiosqlite.Connection:
    return await connection


async def _connect_to(name: str, *, uri: bool = False) -> aiosqlite.Connection:
    connection = await _opened(name, uri=uri)
    try:
        if await _patiently(lambda: _run(connection, "PRAGMA journal_mode", ())) == [("delete",)]:
            # Where it cannot be set now, a file that is up to date can still be read.
            with suppress(sqlite3.OperationalError):
                await connection.execute("PRAGMA journal_mode = WAL")
        # What is deleted, such as all about a person, is overwritten; not every SQLite is built to do so.
        for pragma in ("synchronous = NORMAL", "foreign_keys = ON", "secure_delete = ON"):
            await connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        await connection.close()
        raise
    return connection


def _frozen(path: Path) -> str | None:
    """Return the URI by which SQLite reads a file in a folder where it cannot put the files that WAL needs.

    It then takes no locks and sees no log, so None where a log has something that is not in the file yet.
    """
    log = Path(f"{path}-wal")
    if not path.is_file() or (log.is_file() and log.stat().st_size > 0):
        return None
    return f"{path.absolute().as_uri()}?mode=ro&immutable=1"


async def _migrate(database: Database) -> None:
    if await _patiently(lambda: _version_of(database)) >= database.schema.version:
        return
    async with database.transaction() as transaction:
        version = await _version_of(database)  # another process may have been faster
        await transaction.run(MAKE_VERSIONS)
        for step in database.schema.steps_after(version):
            for statement, values in step.statements:
                await transaction.run(statement, values)
    # A step that copies tables leaves a log as large as they are, which would stay as long as the program runs.
    await _run(database.writer, "PRAGMA wal_checkpoint(TRUNCATE)", ())


async def _version_of(database: Database) -> int:
    """Read how many migrations a database has had; takes no lock that writers want."""
    made = "SELECT name FROM sqlite_master WHERE name IN ('schema_version', ?)"
    there = await _run(database.writer, made, (REMEMBERED,))
    if ("schema_version",) not in there:
        return 0
    ((version,),) = await _run(database.writer, VERSION, ())
    remembered = await _run(database.writer, OLDEST, ()) if (REMEMBERED,) in there else []
    return database.schema.known(database.name, version, remembered[0][0] if remembered else None, "file")


async def _run(connection: aiosqlite.Connection, statement: str, values: Sequence[Value]) -> list[Row]:
    found = await connection.execute_fetchall(_without_locks(statement), [storable(value) for value in values])
    return [tuple(row) for row in found]


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
        return _full(path)
    if name.startswith("SQLITE_CANTOPEN"):
        return f"The database {path} cannot be opened. Check that its folder exists and can be written."
    return f"The database {path} failed: {error}. Set FTBOT_DATABASE to another file if this stays."


def _full(path: str) -> str:
    return f"The disk that holds the database {path} is full. Make room."


def _error_name(error: sqlite3.Error) -> str:
    """Return SQLite's name of an error, empty where Python raised it on its own."""
    name = getattr(error, "sqlite_errorname", "")
    return name if isinstance(name, str) else ""
