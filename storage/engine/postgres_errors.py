"""What goes wrong with a PostgreSQL server, as sentences, and its address without the password."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from bot.core.errors import StorageError

ENDED = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)
"""What is raised when there is no server, no longer, or not yet.

``InterfaceError`` on a connection that is closed, ``InternalClientError`` on one that is just ending.
"""


_SENTENCES: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((asyncpg.InvalidCatalogNameError,), "There is no database {name}. Make it, or check FTBOT_DATABASE."),
    (
        (asyncpg.InvalidAuthorizationSpecificationError,),
        "The database {name} refuses this user or password. Check FTBOT_DATABASE.",
    ),
    (
        (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError, asyncpg.SerializationError),
        "The database {name} is busy: another process has the row. Try again.",
    ),
    (
        (asyncpg.InvalidCachedStatementError,),
        "The tables of the database {name} were altered by another ftbot in the midst of this. Try again.",
    ),
    ((asyncpg.DiskFullError,), "The disk of the database {name} is full. Make room there."),
    (
        (asyncpg.ReadOnlySQLTransactionError,),
        "The database {name} can only be read, as a standby. Make it writable, or set FTBOT_DATABASE to the primary.",
    ),
    (
        (asyncpg.TargetServerAttributeNotMatched,),
        "No server of the database {name} is what target_session_attrs asks for. Start one, or check FTBOT_DATABASE.",
    ),
    (
        (asyncpg.TooManyConnectionsError,),
        "The database {name} has no connection left. Raise its max_connections, or run fewer processes.",
    ),
    (
        (asyncpg.InsufficientPrivilegeError,),
        "The database {name} allows this user too little. Let the user own the database, and its tables.",
    ),
    ((asyncpg.QueryCanceledError,), "The database {name} took too long. Look at what keeps it busy."),
    (
        (asyncpg.CannotConnectNowError,),
        "The server of the database {name} is starting or ending. Wait for it, or look into its log.",
    ),
    (
        (ssl.SSLCertVerificationError,),
        "The database {name} shows a certificate that is not trusted. Check host and sslrootcert in FTBOT_DATABASE.",
    ),
    (
        (ssl.SSLError,),
        "The server of the database {name} and this program find no way to encrypt. Check sslmode in FTBOT_DATABASE.",
    ),
    (
        (asyncpg.ClientConfigurationError,),
        "The database {name} has parameters that cannot be used. Check FTBOT_DATABASE, and the files it names.",
    ),
    (
        (TimeoutError,),
        "The database {name} does not answer in time. Look at what keeps it or a proxy busy, or check FTBOT_DATABASE.",
    ),
    (
        (*ENDED, asyncpg.OperatorInterventionError),
        "The database {name} cannot be reached. Start its server, or check FTBOT_DATABASE.",
    ),
)
"""What to say of errors; the first that fits."""


@contextmanager
def as_storage_errors(name: str) -> Iterator[None]:
    """Raise ``StorageError`` instead of what the driver raises; ``name`` is the database as it is shown."""
    try:
        yield
    except (asyncpg.PostgresError, *ENDED) as error:
        raise StorageError(_explain(name, error)) from error


def _explain(name: str, error: Exception) -> str:
    if isinstance(error, ConnectionError) and "SSL upgrade" in str(
        error
    ):  # the driver's, which has no class of its own
        return f"The server of the database {name} does not encrypt. Let it, or take sslmode out of FTBOT_DATABASE."
    for kinds, sentence in _SENTENCES:
        if isinstance(error, kinds):
            return sentence.format(name=name)
    return f"The database {name} failed ({type(error).__name__}). Look into its server's log."
