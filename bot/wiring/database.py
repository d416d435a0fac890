"""Which database is opened: the only place that knows which engines there are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from bot.config import Settings
from bot.core.errors import StorageError
from storage.engine.engine import Engine
from storage.engine.sqlite import open_database as open_sqlite


def open_database(settings: Settings) -> AbstractAsyncContextManager[Engine]:
    """Open the database of the settings. Raises ``StorageError`` where it cannot be used."""
    if settings.database.url is None:
        return open_sqlite(settings.database.path)
    from storage.engine.postgres import open_database as open_postgres  # of an extra

    return open_postgres(settings.database.url, str(settings.database))


@asynccontextmanager
async def open_or_do_without(settings: Settings) -> AsyncIterator[tuple[Engine, str | None]]:
    """Open the database, or an empty one in memory where it cannot be used, with the reason for that.

    For commands that answer without what is stored, too.
    """
    async with AsyncExitStack() as stack:
        problem = None
        try:
            database = await stack.enter_async_context(open_database(settings))
        except StorageError as error:
            problem = str(error)
            database = await stack.enter_async_context(open_sqlite(None))
        yield database, problem
