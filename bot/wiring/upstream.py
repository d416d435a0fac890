"""What watches threads upstream, built from the settings.

Apart from ``bot.wiring.packages``, so that a question about a package does not wait for GitHub's library.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.clients.github.reader import GithubReader
from bot.config import Settings
from bot.core.errors import UserError
from bot.services.upstream.watcher import Watcher
from bot.services.upstream.watchlist import Watchlist
from bot.wiring.database import open_database
from bot.wiring.github import open_reader
from bot.wiring.watchlist import build_watchlist, watched
from storage.engine.engine import Engine
from storage.github.cursors import Cursors
from storage.github.threads import Threads
from storage.packages.documents import Documents


@dataclass(frozen=True, slots=True)
class WatchTools:
    """What looks at threads, and what tells of them."""

    watcher: Watcher
    watchlist: Watchlist


@asynccontextmanager
async def open_watcher(settings: Settings) -> AsyncIterator[WatchTools]:
    """Build what ``ftbot upstream poll`` needs. Raises ``UserError`` without a token."""
    if settings.github_token is None:
        raise UserError(
            "FTBOT_GITHUB_TOKEN is not set, and GitHub answers such questions to nobody without one."
            " Make a token that may read public repositories (docs/operations.md), and set it."
        )
    token = settings.github_token.get_secret_value()
    async with open_database(settings) as database, open_reader(settings, token) as reader:
        yield WatchTools(build_watcher(settings, reader, database), build_watchlist(settings, database))


def build_watcher(settings: Settings, reader: GithubReader, database: Engine) -> Watcher:
    """Build it on resources that somebody opened."""
    return Watcher(reader, Threads(database), Cursors(database), Documents(database), watched(settings), database.now)
