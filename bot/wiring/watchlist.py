"""What tells what is watched, built from the settings: from storage, without GitHub's library."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.config import Settings
from bot.core.upstream.threads import Sources
from bot.services.upstream.watchlist import Watchlist
from bot.wiring.database import open_database
from storage.engine.engine import Engine
from storage.github.cursors import Cursors
from storage.github.thread_events import ThreadEvents
from storage.github.threads import Threads


@asynccontextmanager
async def open_watchlist(settings: Settings) -> AsyncIterator[Watchlist]:
    """Build what ``ftbot upstream list`` needs."""
    async with open_database(settings) as database:
        yield build_watchlist(settings, database)


def build_watchlist(settings: Settings, database: Engine) -> Watchlist:
    """Build it on a database that somebody opened."""
    return Watchlist(Threads(database), ThreadEvents(database), Cursors(database), watched(settings))


def watched(settings: Settings) -> Sources:
    """Read from the settings what is watched besides the tracking table."""
    return Sources.of(settings.watch_repositories, settings.watch_searches)
