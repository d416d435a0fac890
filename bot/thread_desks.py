"""The composition root of what reads and writes GitHub: settings become watching and triage here.

Apart from ``bot.desks``, so that a question about a package does not wait for GitHub's library.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

import httpx

from bot.clients.github.app import GithubApp, open_github_app
from bot.clients.github.reader import GithubReader, open_github_reader
from bot.clients.github.repository import RepositoryReader
from bot.clients.web import open_http
from bot.config import Settings, Switch
from bot.core.errors import UserError
from bot.core.github.threads import IssueRef
from bot.core.triage.changeset import Errand
from bot.core.triage.plan import decide
from bot.core.upstream.threads import Sources
from bot.desks import build_index, utc_now
from bot.services.metrics import Metrics
from bot.services.packages.lookup import StatusLookup
from bot.services.triage.inbox import Preview, Triage
from bot.services.triage.outbox import Courier
from bot.services.triage.stores import Casebook
from bot.services.upstream.watcher import Watcher
from bot.services.upstream.watchlist import Watchlist
from storage.engine.sqlite import Database, open_database
from storage.github.cursors import Cursors
from storage.github.thread_events import ThreadEvents
from storage.github.threads import Threads
from storage.packages.documents import Documents
from storage.packages.statuses import Statuses


@dataclass(frozen=True, slots=True)
class WatchDesk:
    """What looks at threads, and what tells of them."""

    watcher: Watcher
    watchlist: Watchlist


@asynccontextmanager
async def open_watchlist(settings: Settings) -> AsyncIterator[Watchlist]:
    """Build what ``ftbot watch list`` needs."""
    async with open_database(settings.database_path) as database:
        yield build_watchlist(settings, database)


@asynccontextmanager
async def open_watcher(settings: Settings) -> AsyncIterator[WatchDesk]:
    """Build what ``ftbot watch poll`` needs. Raises ``UserError`` without a token."""
    if settings.github_token is None:
        raise UserError(
            "FTBOT_GITHUB_TOKEN is not set, and GitHub answers such questions to nobody without one."
            " Make a token that may read public repositories (docs/operations.md), and set it."
        )
    token = settings.github_token.get_secret_value()
    async with open_database(settings.database_path) as database, open_reader(settings, token) as reader:
        yield WatchDesk(build_watcher(settings, reader, database), build_watchlist(settings, database))


@dataclass(frozen=True, slots=True)
class TriageDesk:
    """Triage for the terminal; ``installed`` says whether the repository has the App, None where nobody can know."""

    triage: Triage
    installed: bool | None

    async def preview(self, ref: IssueRef) -> Preview:
        """Say what would be done about a thread; without an App to ask, what would be if it were installed."""
        preview = await self.triage.preview(ref)
        if self.installed is not None:
            return preview
        return replace(preview, decisions=decide(replace(preview.snapshot, installed=True)))

    async def errands(self, preview: Preview) -> tuple[Errand, ...]:
        """Give how far everything is that was to be done about a thread."""
        return await self.triage.casebook.outbox.of_thread(preview.snapshot.issue.node_id)


@asynccontextmanager
async def open_triage(
    settings: Settings, repository: str | None = None, *, apply: bool = False
) -> AsyncIterator[TriageDesk]:
    """Build what ``ftbot triage`` needs: with the App where a repository has it, else to look only."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(settings.database_path))
        http = await stack.enter_async_context(open_http(settings.user_agent))
        lookup = build_lookup(settings, http, database)
        stack.push_async_callback(lookup.aclose)
        app = None if repository is None else await stack.enter_async_context(open_app(settings))
        installed = None if app is None or repository is None else await app.is_installed(repository)
        if app is not None and (installed or apply):  # where it is not installed, applying says so
            triage = build_triage(settings, app, database, lookup, asyncio.Event(), build_courier(app, database))
            yield TriageDesk(triage, installed)
            return
        token = None if settings.github_token is None else settings.github_token.get_secret_value()
        reader = await stack.enter_async_context(open_reader(settings, token))
        yield TriageDesk(build_triage(settings, reader, database, lookup, asyncio.Event()), installed)


@asynccontextmanager
async def open_reader(settings: Settings, token: str | None) -> AsyncIterator[GithubReader]:
    """Open GitHub to read; without a token it answers little, and not much of that."""
    async with open_github_reader(
        settings.github_api_url, token, user_agent=settings.user_agent, now=utc_now
    ) as reader:
        yield reader


@asynccontextmanager
async def open_app(settings: Settings) -> AsyncIterator[GithubApp | None]:
    """Open the App, None where it is not set up. Raises ``UserError`` where it is half, or with a key that is none."""
    key = settings.github_private_key
    if settings.github_app_id is None and key is None:
        yield None
        return
    if settings.github_app_id is None or key is None:
        missing = "FTBOT_GITHUB_APP_ID" if settings.github_app_id is None else "FTBOT_GITHUB_PRIVATE_KEY"
        raise UserError(f"The GitHub App is set up by half: {missing} is not set. Set it, or take the other one away.")
    async with open_github_app(
        settings.github_api_url,
        settings.github_app_id,
        key.get_secret_value(),
        user_agent=settings.user_agent,
        now=utc_now,
    ) as app:
        yield app


def build_watcher(settings: Settings, reader: GithubReader, database: Database) -> Watcher:
    """Build it on resources that somebody opened."""
    return Watcher(reader, Threads(database), Cursors(database), Documents(database), watched(settings), utc_now)


def build_watchlist(settings: Settings, database: Database) -> Watchlist:
    """Build it on a database that somebody opened."""
    return Watchlist(Threads(database), ThreadEvents(database), Cursors(database), watched(settings))


def watched(settings: Settings) -> Sources:
    """Read from the settings what is watched besides the tracking table."""
    return Sources.of(settings.watch_repositories, settings.watch_searches)


def build_lookup(
    settings: Settings, http: httpx.AsyncClient, database: Database, metrics: Metrics | None = None
) -> StatusLookup:
    """Build what answers whether a package has wheels."""
    index = build_index(settings, http)
    statuses = Statuses(database, settings.index_url)
    return StatusLookup(index, statuses, settings.targets, utc_now, metrics=metrics or Metrics.new())


def build_courier(app: GithubApp, database: Database, *, enabled: bool = True) -> Courier:
    """Build what writes on GitHub."""
    return Courier(app, Casebook.of(database), utc_now, enabled=enabled)


def build_triage(  # noqa: PLR0913, PLR0917 — what triage is made of
    settings: Settings,
    reader: RepositoryReader,
    database: Database,
    lookup: StatusLookup,
    wake: asyncio.Event,
    courier: Courier | None = None,
) -> Triage:
    """Build it on resources that somebody opened; ``wake`` is set when there is something for the courier."""
    return Triage.new(
        reader,
        Casebook.of(database),
        lookup,
        now=utc_now,
        wake=wake,
        enabled=settings.triage is Switch.ON,
        courier=courier,
    )
