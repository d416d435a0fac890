"""Which database is opened: the only place that knows which engines there are."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from bot.config import Settings
from storage.engine.engine import Engine
from storage.engine.sqlite import open_database as open_sqlite


def open_database(settings: Settings) -> AbstractAsyncContextManager[Engine]:
    """Open the database of the settings. Raises ``StorageError`` where it cannot be used."""
    if settings.database.url is None:
        return open_sqlite(settings.database.path)
    from storage.engine.postgres import open_database as open_postgres  # of an extra

    return open_postgres(settings.database.url, str(settings.database))


def open_memory() -> AbstractAsyncContextManager[Engine]:
    """Open an empty database in memory, which is gone when it is closed."""
    return open_sqlite(None)
