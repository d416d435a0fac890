"""A PostgreSQL database that several processes share: pooled connections, transactions side by side, turns by lock.

A connection that was lost is replaced, and what was only read is read again; a commit whose answer was lost is looked
up on the server before anybody is told that it failed; a turn whose connection is gone ends for whoever has it.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

import asyncpg.pool
import stamina

from bot.core.errors import StorageError
from storage.engine.engine import Pulse
from storage.engine.postgres_errors import ENDED, as_storage_errors
from storage.engine.postgres_schema import lock_of, migrate
from storage.engine.postgres_sessions import (
    ENDS_IN_SILENCE,
    PATIENCE_SECONDS,
    WHO,
    Connection,
    Pool,
    Pooled,
    check_sessions,
    connect,
    make_pool,
    numbered,
)
from storage.engine.probing import PROBE, look_at_everything
from storage.engine.rows import Row, Value, storable
from storage.engine.schema import OLDEST, OURS, Schema
from storage.engine.shared_clock import SharedClock

MOST_CONNECTIONS: Final = 10
"""Of a process, besides one for each turn that it has."""

_PROBE_SECONDS: Final = 1.5
_FATE_SECONDS: Final = 15.0
"""How long the fate of a commit is asked for whose answer was lost."""

_UNDO_SECONDS: Final = 1.0
"""How long a transaction that is given up may take to be undone in a session that stays."""

_HEARTBEAT_SECONDS: Final = 1.0
"""How often the connection of a turn is tried, and how long an answer may take: a network that is cut says nothing."""

_CHANNEL: Final = "ftbot"
_CLOCK_SECONDS: Final = 15.0
_BEGIN: Final = "BEGIN ISOLATION LEVEL READ COMMITTED"
_RETURNS_COLUMNS: Final = re.compile(r" RETURNING [\w\s,.]+$")
_AND_NUMBER: Final = ", pg_current_xact_id()::text"
"""Asks for a transaction's number beside the columns of what was written; to ask for it alone is a round trip more."""


_T = TypeVar("_T")


@dataclass(slots=True)
class PostgresTransaction:
    """One that is under way on a connection of its own; ``number`` is the server's, once a statement has told it."""

    connection: Pooled
    number: str | None = None
    _fresh: bool = True

    async def run(self, statement: str, values: Sequence[Value] = ()) -> list[Row]:
        """Execute one statement."""
        asks = self.number is None and _RETURNS_COLUMNS.search(statement) is not None
        asked = statement + _AND_NUMBER if asks else statement
        rows = await self._at_first_again(lambda: _run(self.connection, asked, values))
        if not asks or not rows:
            return rows
        self.number = str(rows[0][-1])
        return [row[:-1] for row in rows]

    async def run_many(self, statement: str, rows: Sequence[Sequence[Value]]) -> None:
        """Send all rows in one batch."""
        if rows:
            given = [[storable(value) for value in row] for row in rows]
            await self._at_first_again(lambda: self.connection.executemany(numbered(statement), given))

    async def _at_first_again(self, attempt: Callable[[], Awaitable[_T]]) -> _T:
        """Execute the first statement again where its plan is of tables that were altered since: nothing was done."""
        fresh, self._fresh = self._fresh, False
        try:
            return await attempt()
        except asyncpg.InvalidCachedStatementError:
            if not fresh:
                raise
        await self.connection.execute(f"ROLLBACK; {_BEGIN}")
        return await attempt()


@dataclass(frozen=True, slots=True)
class Postgres:
    """An open PostgreSQL database; ``storage.engine.engine.Engine`` says what it promises. ``url`` has the password."""

    name: str
    url: str = field(repr=False)
    pool: Pool = field(repr=False)
    pulse: Pulse = field(default_factory=Pulse)
    schema: Schema = OURS
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
                connection = await connect(self.url)
                try:
                    await connection.add_listener(_CHANNEL, hear)
                    heard(None)
                    await _stay_alive(connection)
                finally:
                    connection.terminate()
            await asyncio.sleep(_HEARTBEAT_SECONDS)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresTransaction]:
        """Write, beside other writers."""
        with as_storage_errors(self.name):
            async with _begun(self.pool) as transaction:
                yield transaction
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
            connection = await connect(self.url)
        try:
            with as_storage_errors(self.name):
                taken = await connection.fetchval("SELECT pg_try_advisory_lock($1)", lock_of(f"turn {what}"))
            if taken:
                with as_storage_errors(self.name):
                    await connection.execute(ENDS_IN_SILENCE)
                async with _while_alive(connection, self.name, what):
                    yield True
            else:
                yield False
        finally:
            await _let_go(connection)

    async def probe(self) -> None:
        """Write once, on a connection of its own: those of the pool may all be at work."""
        with as_storage_errors(self.name):
            async with asyncio.timeout(_PROBE_SECONDS):
                connection = await connect(self.url)
                try:
                    await connection.execute(numbered(PROBE), time.time())
                    remembered = await connection.fetch(OLDEST)
                finally:
                    connection.terminate()
        self.schema.check_still_known(self.name, [tuple(record.values()) for record in remembered])
        self.pulse.beat()

    async def check_writable(self) -> None:
        """Write once, and look for every table."""
        async with self.transaction() as transaction:
            await look_at_everything(transaction, self.schema)


@asynccontextmanager
async def open_database(
    url: str,
    name: str,
    most_connections: int = MOST_CONNECTIONS,
    schema: Schema = OURS,
    *,
    unfinished: bool = False,
) -> AsyncIterator[Postgres]:
    """Open the database at a ``postgresql://`` address, and migrate it if it is older; who migrates is waited for.

    ``name`` is what people see of the address. One that not everything was moved into yet is refused, unless
    ``unfinished`` says that more is to be moved.
    """
    with as_storage_errors(name):
        await check_sessions(url, name)
        await migrate(url, name, schema, unfinished=unfinished)
        pool = await make_pool(url, most_connections)
    database = Postgres(name, url, pool, schema=schema)
    watching = asyncio.create_task(_watch_the_clock(database), name="the database's time")
    try:
        await database.shared_clock.look()  # by this machine's, claims of others could seem to be over
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


async def _close(pool: Pool) -> None:
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            await pool.close()
    except (TimeoutError, *ENDED):
        pool.terminate()


@asynccontextmanager
async def _borrowed(pool: Pool) -> AsyncIterator[Pooled]:
    """Take a connection of the pool while the block runs; one that ended is not given to the next.

    Nor is one at which a statement was given up: it might never answer, and who is cancelled does not wait for that.
    """
    async with pool.acquire(timeout=PATIENCE_SECONDS) as connection:
        try:
            yield connection
        except (asyncio.CancelledError, *ENDED):
            _end(connection)
            raise


@asynccontextmanager
async def _begun(pool: Pool) -> AsyncIterator[PostgresTransaction]:
    """Run the block in a transaction on a connection of the pool, begun as soon as a server is there."""
    connection = await _begin(pool)
    try:
        transaction = PostgresTransaction(connection)
        try:
            yield transaction
            number = await _number_of(transaction)
        except asyncpg.ReadOnlySQLTransactionError:
            # The server was the primary, and no longer is, or no longer writes: its sessions may never learn better.
            _end(connection)
            await pool.expire_connections()
            raise
        except BaseException:
            await _undo(connection)
            raise
        await _commit(pool, connection, number)
    finally:
        await pool.release(connection, timeout=PATIENCE_SECONDS)


async def _begin(pool: Pool) -> Pooled:
    async for attempt in _patiently():
        with attempt:
            connection = await pool.acquire(timeout=PATIENCE_SECONDS)
            try:
                await connection.execute(_BEGIN)
            except BaseException:
                _end(connection)
                await pool.release(connection)
                raise
            return connection
    raise AssertionError("the last attempt raises")


async def _number_of(transaction: PostgresTransaction) -> str | None:
    """Return the server's number of a transaction, None where it wrote nothing."""
    if transaction.number is not None:
        return transaction.number
    number = await transaction.connection.fetchval("SELECT pg_current_xact_id_if_assigned()::text")
    return None if number is None else str(number)


async def _commit(pool: Pool, connection: Pooled, number: str | None) -> None:
    """Commit; where the answer is lost, ask on another connection what became of it."""
    try:
        await connection.execute("COMMIT")
    except ENDED:
        _end(connection)  # it may be open still, and only silent
        if number is not None and not await _was_committed(pool, number):
            raise
    except BaseException:  # cancelled: the server may have heard of it or not
        _end(connection)
        raise


async def _was_committed(pool: Pool, number: str) -> bool:
    async for attempt in _patiently(_FATE_SECONDS):
        with attempt:
            async with _borrowed(pool) as other:
                fate = await other.fetchval("SELECT pg_xact_status($1::text::xid8)", number)
            if fate == "in progress":
                raise asyncpg.InterfaceError("the server has not noticed yet that a connection was lost")
            return bool(fate == "committed")
    raise AssertionError("the last attempt raises")


async def _undo(connection: Pooled) -> None:
    """Undo, or end the connection where that fails or takes long: the server then undoes.

    Whatever fails here is told to nobody, who are to hear why it is undone, or that they are cancelled.
    """
    undone = False
    try:
        with suppress(TimeoutError, asyncpg.PostgresError, *ENDED):
            await connection.execute("ROLLBACK", timeout=_UNDO_SECONDS)
            undone = True
    finally:
        if not undone:
            _end(connection)


def _end(connection: Pooled) -> None:
    """End a connection at once; one that the driver has ended by itself is no connection of the pool any more."""
    with suppress(asyncpg.InterfaceError):
        connection.terminate()


@asynccontextmanager
async def _while_alive(connection: Connection, name: str, what: str) -> AsyncIterator[None]:
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


async def _let_go(connection: Connection) -> None:
    """Give up a connection's locks, so that the next may have them at once; then the connection.

    Where nobody answers, the server lets the locks go when it hears that the connection ended.
    """
    try:
        with suppress(TimeoutError, asyncpg.PostgresError, *ENDED):
            await connection.execute("SELECT pg_advisory_unlock_all()", timeout=_HEARTBEAT_SECONDS)
    finally:
        connection.terminate()


async def _watch(connection: Connection, limit: asyncio.Timeout) -> None:
    """Let a block time out when its connection does not answer as it should, whatever it is that goes wrong."""
    with suppress(Exception):
        await _stay_alive(connection)
    limit.reschedule(asyncio.get_running_loop().time())


async def _stay_alive(connection: Connection) -> None:
    """Try a connection again and again; what ends is that it failed, did not answer in time, or changed its session."""
    sessions: set[object] = set()
    while True:
        sessions.add(await connection.fetchval(WHO, timeout=_HEARTBEAT_SECONDS))
        if len(sessions) > 1:
            raise asyncpg.InterfaceError("another session answers: there is a proxy that shares them out")
        await asyncio.sleep(_HEARTBEAT_SECONDS)


def _patiently(seconds: float = PATIENCE_SECONDS) -> AsyncIterator[stamina.Attempt]:
    """Try again for some seconds while there is no server, as while it restarts or another takes over."""
    return stamina.retry_context(
        on=_may_pass, attempts=None, timeout=seconds, wait_initial=0.05, wait_max=1.0, wait_jitter=0.05
    ).__aiter__()


def _may_pass(error: Exception) -> bool:
    """Decide whether the same may succeed on another connection; a value that no column can hold never does.

    A server that has no connection left gets one as soon as another process lets go.
    """
    if isinstance(error, asyncpg.TooManyConnectionsError):
        return True
    return isinstance(error, ENDED) and not isinstance(error, ValueError | TimeoutError)


async def _run(connection: Pooled, statement: str, values: Sequence[Value]) -> list[Row]:
    found = await connection.fetch(numbered(statement), *(storable(value) for value in values))
    return [tuple(record.values()) for record in found]
