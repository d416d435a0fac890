"""What goes wrong with a PostgreSQL server, as sentences, and its address without the password."""

from __future__ import annotations

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


@contextmanager
def as_storage_errors(name: str) -> Iterator[None]:
    """Raise ``StorageError`` instead of what the driver raises; ``name`` is the database as it is shown."""
    try:
        yield
    except (asyncpg.PostgresError, *ENDED) as error:
        raise StorageError(_explain(name, error)) from error


def _explain(name: str, error: Exception) -> str:
    match error:
        case asyncpg.InvalidAuthorizationSpecificationError():
            return f"The database {name} refuses this user or password. Check FTBOT_DATABASE."
        case asyncpg.InvalidCatalogNameError():
            return f"There is no database {name}. Make it, or check FTBOT_DATABASE."
        case asyncpg.LockNotAvailableError() | asyncpg.DeadlockDetectedError() | asyncpg.SerializationError():
            return f"The database {name} is busy: another process has the row. Try again."
        case asyncpg.DiskFullError():
            return f"The disk of the database {name} is full. Make room there."
        case asyncpg.ReadOnlySQLTransactionError():
            return f"The database {name} can only be read: it is a standby. Set FTBOT_DATABASE to the primary server."
        case asyncpg.TooManyConnectionsError():
            return f"The database {name} has no connection left. Raise its max_connections, or run fewer processes."
        case asyncpg.InsufficientPrivilegeError():
            return f"The database {name} allows this user too little. Let the user own the database's tables."
        case asyncpg.QueryCanceledError():
            return f"The database {name} took too long. Look at what keeps it busy."
        case _ if isinstance(error, (*ENDED, asyncpg.OperatorInterventionError)):
            return f"The database {name} cannot be reached. Start its server, or check FTBOT_DATABASE."
        case _:
            return f"The database {name} failed ({type(error).__name__}). Look into its server's log."
