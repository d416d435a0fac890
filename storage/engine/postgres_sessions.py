"""Connections to a PostgreSQL server, each a session of its own, and what a session is told at its beginning."""

from __future__ import annotations

import asyncio
import os
import secrets
from contextlib import suppress
from functools import lru_cache
from typing import Final, TypeAlias
from urllib.parse import parse_qsl, urlsplit

import asyncpg.pool

from bot.core.errors import StorageError

PATIENCE_SECONDS: Final = 5.0
"""How long whoever reads or begins to write waits for a server that restarts, a lock, or a free connection."""

STATEMENT_SECONDS: Final = 30.0

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"  # quoted: the driver's classes take no types
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Pooled: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

WHO: Final = "SELECT pg_backend_pid()"
"""Asks which process of the server answers: one session has one, and no other session has the same."""

_KEPT_ALIVE: Final = {
    "tcp_keepalives_idle": "2",
    "tcp_keepalives_interval": "1",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "5000",
}
"""How the server finds out, within five seconds, that a client's network is gone: till then it keeps its locks.

That is later than the client does, which has then stopped to act on them.
"""

_SETTINGS: Final = {
    "statement_timeout": f"{STATEMENT_SECONDS:.0f}s",
    "lock_timeout": f"{PATIENCE_SECONDS:.0f}s",
    "idle_in_transaction_session_timeout": f"{2 * PATIENCE_SECONDS:.0f}s",
    **_KEPT_ALIVE,
}
"""What each session asks of the server: nothing may wait, or keep others waiting, for ever.

In a transaction nothing is waited for but its statements, so one that is idle for longer is of a process that hangs.

It is asked by a statement, as proxies refuse connections that ask for it when they begin.
"""

ENDS_IN_SILENCE: Final = "SELECT set_config(name, '5s', FALSE) FROM pg_settings WHERE name = 'idle_session_timeout'"
"""Has the server end a session that says nothing for five seconds, with its locks, as when its process hangs.

Only for one that is tried all the time. Servers before PostgreSQL 14 cannot do that.
"""

_HEARD_SECONDS: Final = 1.0
_STARTING: Final = {"application_name": "ftbot", "timezone": "UTC"}
_REFUSED_PARAMETERS = (
    asyncpg.UndefinedObjectError,
    asyncpg.CantChangeRuntimeParamError,
    asyncpg.InvalidParameterValueError,
)
_PREPARED: Final = 100
_FILES: Final = ("sslrootcert", "sslcrl", "sslcert", "sslkey")
_NO_STATEMENT_OF_THIS_NAME = (asyncpg.InvalidSQLStatementNameError, asyncpg.DuplicatePreparedStatementError)


@lru_cache(maxsize=1024)
def numbered(statement: str) -> str:
    """Return a statement whose values are called ``$1``, ``$2`` … where ``?`` stood."""
    first, *rest = statement.split("?")
    return first + "".join(f"${number}{text}" for number, text in enumerate(rest, start=1))


async def make_pool(url: str, most: int) -> Pool:
    """Make a pool that opens connections when they are wanted, so that it needs no server to be made."""
    return await asyncpg.create_pool(
        url,
        min_size=0,
        max_size=most,
        init=_prepare,
        reset=_keep,
        timeout=PATIENCE_SECONDS,
        command_timeout=STATEMENT_SECONDS + PATIENCE_SECONDS,
        server_settings=_STARTING,
    )


async def connect(url: str) -> Connection:
    """Open a connection that is in no pool."""
    connection = await _dial(url, STATEMENT_SECONDS)
    try:
        await _prepare(connection)
    except BaseException:
        connection.terminate()
        raise
    return connection


async def _prepare(connection: Connection) -> None:
    """Set how long things may take, and let sums be numbers of Python: the server adds up to decimals."""
    await connection.execute("; ".join(f"SET {name} = '{value}'" for name, value in _SETTINGS.items()))
    await connection.set_type_codec("numeric", schema="pg_catalog", encoder=str, decoder=_number, format="text")


async def _keep(connection: Connection) -> None:
    """Give a connection back as it is: nobody sets anything on one, and its settings are to stay."""


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdigit() else float(text)


async def check_sessions(url: str, name: str) -> None:
    """Raise ``StorageError`` where a connection is no session, as behind a proxy that shares the server's out."""
    one = await _plain(url)
    try:
        other = await _plain(url)
        try:
            if not await _are_sessions(one, other):
                raise StorageError(
                    f"The database {name} is behind a proxy that gives each transaction another session, as PgBouncer"
                    " does with pool_mode = transaction or statement. Connect to the server itself, or let the proxy"
                    " pool sessions (pool_mode = session)."
                )
        finally:
            other.terminate()
    finally:
        one.terminate()


async def _are_sessions(one: Connection, other: Connection) -> bool:
    """Decide whether each of two connections has a session of its own.

    Each then has a process of the server of its own, and the same one each time. A proxy that nobody else uses gives
    the second what the first one had. One that others use may give both what they had each time; but whom it gives it
    meanwhile gets what the first one listens for.
    """
    try:
        first = await _who(one)
        async with other.transaction():
            if await other.fetchval(WHO) == first or await _who(one) != first:
                return False
        return await _hears(one, other)
    except _NO_STATEMENT_OF_THIS_NAME:  # it was prepared in another session
        return False
    except asyncpg.PostgresError as error:  # in PgBouncer's words, which allows no transaction of several statements
        if "transaction blocks not allowed" in str(error).lower():
            return False
        raise


async def _hears(one: Connection, other: Connection) -> bool:
    """Decide whether what a connection listens for comes to it; True on a standby, where nobody can listen."""
    channel, heard = f"ftbot_{secrets.token_hex(8)}", asyncio.Event()
    try:
        await one.add_listener(channel, lambda *_: heard.set())
    except asyncpg.ReadOnlySQLTransactionError:
        return True
    await other.execute(f"NOTIFY {channel}")
    for connection in (other, one, one):  # the server tells it before it answers what is asked later
        await connection.execute("SELECT 1")
    with suppress(TimeoutError):
        await asyncio.wait_for(heard.wait(), _HEARD_SECONDS)
    return heard.is_set()


async def _who(connection: Connection) -> object:
    """Return the process that answers, by statements that stay together wherever they go."""
    async with connection.transaction():
        return await connection.fetchval(WHO)


async def _plain(url: str) -> Connection:
    """Open a connection without prepared statements, which need a session."""
    return await _dial(url, PATIENCE_SECONDS, prepared=0)


async def _dial(url: str, seconds: float, prepared: int = _PREPARED) -> Connection:
    """Open a connection whose statements may take so long, and of which so many are kept prepared.

    Raises ``ClientConfigurationError`` for what the address asks for and driver or server do not know or find. The
    driver raises whatever comes of reading it; a parameter that it does not know it asks the server for.
    """
    try:
        return await asyncpg.connect(
            url,
            timeout=PATIENCE_SECONDS,
            command_timeout=seconds,
            statement_cache_size=prepared,
            server_settings=_STARTING,
        )
    except OSError as error:  # among them what is wrong with a certificate
        if await asyncio.to_thread(_lacks_a_file, url):
            raise asyncpg.ClientConfigurationError("a file that the address names cannot be read") from error
        raise
    except (ValueError, LookupError, *_REFUSED_PARAMETERS) as error:
        raise asyncpg.ClientConfigurationError("the address cannot be read") from error


def _lacks_a_file(url: str) -> bool:
    asked = dict(parse_qsl(urlsplit(url).query))
    return any(not os.access(asked[name], os.R_OK) for name in _FILES if name in asked)
