"""A PostgreSQL database that several processes share: pooled connections, transactions side by side, turns by lock.

A connection that was lost is replaced, and what was only read is read again; a commit whose answer was lost is looked
up on the server before anybody is told that it failed; a turn whose connection is gone ends for whoever has it.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final, TypeAlias

import asyncpg.pool
import stamina

from bot.core.errors import StorageError
from storage.engine.engine import Pulse, Transaction
from storage.engine.migrations import MIGRATIONS
from storage.engine.postgres_errors import ENDED, as_storage_errors
from storage.engine.probing import PROBE, known_schema, look_at_everything
from storage.engine.rows import Row, Value, storable
from storage.engine.shared_clock import SharedClock

MOST_CONNECTIONS: Final = 10
"""Of a process, besides one for each turn that it has."""

_PATIENCE_SECONDS: Final = 5.0
"""How long whoever reads or begins to write waits for a server that restarts, a lock, or a free connection."""

_STATEMENT_SECONDS: Final = 30.0
_PROBE_SECONDS: Final = 2.0
_FATE_SECONDS: Final = 15.0
"""How long the fate of a commit is asked for whose answer was lost."""

_HEARTBEAT_SECONDS: Final = 1.0
"""How often the connection of a turn is tried, and how long an answer may take: a network that is cut says nothing."""

_CHANNEL: Final = "ftbot"
_KEPT_ALIVE: Final = {
    "tcp_keepalives_idle": "2",
    "tcp_keepalives_interval": "1",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "5000",
}
"""How the server finds out, within five seconds, that a client's network is gone: till then it keeps its locks.

That is later than the client does, which has then stopped to act on them.
"""

_CLOCK_SECONDS: Final = 15.0
_MIGRATION_SECONDS: Final = 3600.0
_MIGRATING: Final = "ftbot migrations"

_Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"  # quoted: the driver's classes take no types
_Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
_Pooled: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"


@lru_cache(maxsize=1024)
def numbered(statement: str) -> str:
    """Return a statement whose values are called ``$1``, ``$2`` … where ``?`` stood."""
    first, *rest = statement.split("?")
    return first + "".join(f"${number}{text}" for number, text in enumerate(rest, start=1))


@dataclass(frozen=True, slots=True)
class _Transaction:
    """One that is under way on a connection of its own."""

    connection: _Pooled

    async def run(self, statement: str, values: Sequence[Value] = ()) -> list[Row]:
        return await _run(self.connection, statement, values)

    async def run_many(self, statement: str, rows: Sequence[Sequence[Value]]) -> None:
        """Send all rows in one batch."""
        if rows:
            await self.connection.executemany(numbered(statement), [[storable(value) for value in row] for row in rows])


@dataclass(frozen=True, slots=True)
class Postgres:
    """An open PostgreSQL database; ``storage.engine.engine.Engine`` says what it promises. ``url`` has the password."""

    name: str
    url: str = field(repr=False)
    pool: _Pool = field(repr=False)
    pulse: Pulse = field(default_factory=Pulse)
    speaker: str = field(default_factory=lambda: secrets.token_hex(4))
    shared_clock: SharedClock = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shared_clock", SharedClock(self.clock))

    @property
    def is_shared(self) -> bool:
        """Return True."""
        return True

    async def clock(self) -> float:
        """Return the server's time."""
        ((now,),) = await self.read("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS DOUBLE PRECISION)")
        if not isinstance(now, float):
            raise StorageError(f"The database {self.name} has no clock.")
        return now

    def now(self) -> datetime:
        """Return the server's time, as it goes on here."""
        return self.shared_clock.now()

    async def tell(self, notice: str) -> None:
        """Notify those who listen."""
        await self.read("SELECT pg_notify(?, ?)", (_CHANNEL, f"{self.speaker} {notice}"))

    @asynccontextmanager
    async def listening(self, heard: Callable[[str | None], None]) -> AsyncIterator[None]:
        """Listen on a connection that is only for it, made anew when it is lost."""
        task = asyncio.create_task(self._listen(heard), name="listen")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def _listen(self, heard: Callable[[str | None], None]) -> None:
        def hear(_connection: object, _pid: int, _channel: str, payload: object) -> None:
            speaker, _, notice = str(payload).partition(" ")
            if speaker != self.speaker:
                heard(notice)

        while True:
            with suppress(TimeoutError, asyncpg.PostgresError, *ENDED):
                connection = await _connect(self.url)
                try:
                    await connection.add_listener(_CHANNEL, hear)
                    heard(None)
                    await _stay_alive(connection)
                finally:
                    connection.terminate()
            await asyncio.sleep(_HEARTBEAT_SECONDS)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Write, beside other writers."""
        with as_storage_errors(self.name):
            async with _begun(self.pool) as connection:
                yield _Transaction(connection)
            self.pulse.beat()

    async def read(self, statement: str, values: Sequence[Value] = ()) -> list[Row]:
        """Read committed rows, again where the connection was lost on the way."""
        with as_storage_errors(self.name):
            async for attempt in _patiently():
                with attempt:
                    async with _borrowed(self.pool) as connection:
                        return await _run(connection, statement, values)
        raise AssertionError("the last attempt raises")

    @asynccontextmanager
    async def turn(self, what: str) -> AsyncIterator[bool]:
        """Take the turn, by a lock of a connection that is only for it; ``StorageError`` ends who lost that."""
        with as_storage_errors(self.name):
            connection = await _connect(self.url)
        try:
            with as_storage_errors(self.name):
                taken = await connection.fetchval("SELECT pg_try_advisory_lock($1)", _lock_of(f"turn {what}"))
            if taken:
                async with _while_alive(connection, self.name, what):
                    yield True
            else:
                yield False
        finally:
            connection.terminate()  # at once, also where nobody answers; the server lets the lock go

    async def probe(self) -> None:
        """Write once, on a connection of its own: those of the pool may all be at work."""
        with as_storage_errors(self.name):
            async with asyncio.timeout(_PROBE_SECONDS):
                connection = await _connect(self.url)
                try:
                    await connection.execute(numbered(PROBE), time.time())
                finally:
                    connection.terminate()
        self.pulse.beat()

    async def check_writable(self) -> None:
        """Write once, and look for every table."""
        async with self.transaction() as transaction:
            await look_at_everything(transaction)


@asynccontextmanager
async def open_database(url: str, name: str, most_connections: int = MOST_CONNECTIONS) -> AsyncIterator[Postgres]:
    """Open the database at a ``postgresql://`` address, and migrate it if it is older; who migrates is waited for.

    ``name`` is what people see of the address.
    """
    with as_storage_errors(name):
        pool = await _pool(url, most_connections)
        try:
            await _migrate(url, name)
        except BaseException:
            pool.terminate()
            raise
    database = Postgres(name, url, pool)
    watching = asyncio.create_task(_watch_the_clock(database), name="the database's time")
    try:
        with suppress(StorageError):
            await database.shared_clock.look()
        yield database
    finally:
        watching.cancel()
        await asyncio.wait({watching})
        await _close(pool)


async def _watch_the_clock(database: Postgres) -> None:
    """Go on asking for the server's time."""
    while True:
        await asyncio.sleep(_CLOCK_SECONDS)
        with suppress(StorageError):
            await database.shared_clock.look()


async def _close(pool: _Pool) -> None:
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            await pool.close()
    except (TimeoutError, *ENDED):
        pool.terminate()


async def _pool(url: str, most: int) -> _Pool:
    """Make a pool that opens connections when they are wanted, so that it needs no server to be made."""
    return await asyncpg.create_pool(
        url,
        min_size=0,
        max_size=most,
        init=_prepare,
        timeout=_PATIENCE_SECONDS,
        command_timeout=_STATEMENT_SECONDS + _PATIENCE_SECONDS,
        server_settings=_settings(),
    )


async def _connect(url: str) -> _Connection:
    connection = await asyncpg.connect(
        url, timeout=_PATIENCE_SECONDS, command_timeout=_STATEMENT_SECONDS, server_settings=_settings()
    )
    await _prepare(connection)
    return connection


def _settings() -> dict[str, str]:
    """Return what each session asks of the server: nothing may wait, or keep others waiting, for ever."""
    return {
        "application_name": "ftbot",
        "statement_timeout": f"{_STATEMENT_SECONDS:.0f}s",
        "lock_timeout": f"{_PATIENCE_SECONDS:.0f}s",
        "idle_in_transaction_session_timeout": f"{2 * _STATEMENT_SECONDS:.0f}s",
        "timezone": "UTC",
        **_KEPT_ALIVE,
    }


async def _prepare(connection: _Connection) -> None:
    """Let sums be numbers of Python: the server adds up to decimals."""
    await connection.set_type_codec("numeric", schema="pg_catalog", encoder=str, decoder=_number, format="text")


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdigit() else float(text)


@asynccontextmanager
async def _borrowed(pool: _Pool) -> AsyncIterator[_Pooled]:
    """Take a connection of the pool while the block runs; one that ended is not given to the next."""
    async with pool.acquire(timeout=_PATIENCE_SECONDS) as connection:
        try:
            yield connection
        except ENDED:
            connection.terminate()
            raise


@asynccontextmanager
async def _begun(pool: _Pool) -> AsyncIterator[_Pooled]:
    """Run the block in a transaction on a connection of the pool, begun as soon as a server is there."""
    connection = await _begin(pool)
    try:
        try:
            yield connection
        except BaseException:
            await _undo(connection)
            raise
        await _commit(pool, connection)
    finally:
        await pool.release(connection, timeout=_PATIENCE_SECONDS)


async def _begin(pool: _Pool) -> _Pooled:
    async for attempt in _patiently():
        with attempt:
            connection = await pool.acquire(timeout=_PATIENCE_SECONDS)
            try:
                await connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
            except BaseException:
                connection.terminate()
                await pool.release(connection)
                raise
            return connection
    raise AssertionError("the last attempt raises")


async def _commit(pool: _Pool, connection: _Pooled) -> None:
    """Commit; where the answer is lost, ask on another connection what became of it."""
    number = await connection.fetchval("SELECT pg_current_xact_id_if_assigned()::text")
    try:
        await connection.execute("COMMIT")
    except ENDED:
        if number is not None and not await _was_committed(pool, str(number)):
            raise
    except BaseException:  # cancelled: the server may have heard of it or not
        connection.terminate()
        raise


async def _was_committed(pool: _Pool, number: str) -> bool:
    async for attempt in _patiently(_FATE_SECONDS):
        with attempt:
            async with _borrowed(pool) as other:
                fate = await other.fetchval("SELECT pg_xact_status($1::text::xid8)", number)
            if fate == "in progress":
                raise asyncpg.InterfaceError("the server has not noticed yet that a connection was lost")
            return bool(fate == "committed")
    raise AssertionError("the last attempt raises")


async def _undo(connection: _Pooled) -> None:
    """Undo, or end the connection where that fails: the server then undoes."""
    try:
        await connection.execute("ROLLBACK")
    except ENDED:
        connection.terminate()
    except BaseException:
        connection.terminate()
        raise


@asynccontextmanager
async def _while_alive(connection: _Connection, name: str, what: str) -> AsyncIterator[None]:
    """Run the block for as long as the connection answers, and end it with ``StorageError`` when it no longer does."""
    limit = asyncio.timeout(None)
    try:
        async with limit:
            watching = asyncio.create_task(_watch(connection, limit))
            try:
                yield
            finally:
                watching.cancel()
                with suppress(asyncio.CancelledError):
                    await watching
    except TimeoutError:
        if not limit.expired():
            raise
        raise StorageError(
            f"The connection to {name} was lost, and with it the turn to {what}. It is taken anew when it answers."
        ) from None


async def _watch(connection: _Connection, limit: asyncio.Timeout) -> None:
    """Let a block time out when its connection does not answer in time."""
    with suppress(TimeoutError, *ENDED):
        await _stay_alive(connection)
    limit.reschedule(asyncio.get_running_loop().time())


async def _stay_alive(connection: _Connection) -> None:
    """Try a connection again and again; what ends is that it failed, or did not answer in time."""
    while True:
        await connection.execute("SELECT 1", timeout=_HEARTBEAT_SECONDS)
        await asyncio.sleep(_HEARTBEAT_SECONDS)


def _patiently(seconds: float = _PATIENCE_SECONDS) -> AsyncIterator[stamina.Attempt]:
    """Try again for some seconds while there is no server, as while it restarts or another takes over."""
    return stamina.retry_context(
        on=_may_pass, attempts=None, timeout=seconds, wait_initial=0.05, wait_max=1.0, wait_jitter=0.05
    ).__aiter__()


def _may_pass(error: Exception) -> bool:
    """Decide whether the same may succeed on another connection; a value that no column can hold never does."""
    return isinstance(error, ENDED) and not isinstance(error, ValueError | TimeoutError)


def _lock_of(what: str) -> int:
    """Return the number of the advisory lock for something, the same in every version of Python."""
    return int.from_bytes(hashlib.sha256(what.encode()).digest()[:8], "big", signed=True)


async def _migrate(url: str, name: str) -> None:
    """Bring the schema up to date, one process at a time; the others wait, and find it done."""
    connection = await _connect(url)
    try:
        if await _schema_of(connection, name) == len(MIGRATIONS):
            return
        async with connection.transaction():
            await connection.execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
            await connection.execute(
                "SELECT pg_advisory_xact_lock($1)", _lock_of(_MIGRATING), timeout=_MIGRATION_SECONDS
            )
            version = await _schema_of(connection, name)
            await connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)")
            for number, statements in enumerate(MIGRATIONS[version:], start=version + 1):
                for statement in statements:
                    await connection.execute(_translated(statement), timeout=_MIGRATION_SECONDS)
                await connection.execute("INSERT INTO schema_version (version) VALUES ($1)", number)
    finally:
        connection.terminate()


def _translated(statement: str) -> str:
    """Return a migration's statement in PostgreSQL's words for the two that the engines say differently."""
    return statement.replace(" BLOB", " BYTEA").replace(
        "INTEGER PRIMARY KEY AUTOINCREMENT", "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"
    )


async def _schema_of(connection: _Connection, name: str) -> int:
    """Read how many migrations a database has had."""
    if await connection.fetchval("SELECT to_regclass('schema_version')") is None:
        return 0
    version = await connection.fetchval("SELECT COALESCE(MAX(version), 0) FROM schema_version")
    return known_schema(name, version, "database")


async def _run(connection: _Pooled, statement: str, values: Sequence[Value]) -> list[Row]:
    found = await connection.fetch(numbered(statement), *(storable(value) for value in values))
    return [tuple(record.values()) for record in found]
