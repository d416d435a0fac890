"""What triages threads, built from the settings, with the GitHub App where a repository has it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from bot.clients.github.app import GithubApp
from bot.clients.github.repository import RepositoryReader
from bot.clients.web import open_http
from bot.config import Settings, Switch
from bot.core.github.threads import IssueRef
from bot.core.triage.changeset import OutboxEntry
from bot.core.triage.decide.decisions import decide
from bot.core.triage.preview import Preview
from bot.services.packages.lookup import StatusLookup
from bot.services.triage.inbox import Triage
from bot.services.triage.outbox import OutboxWorker
from bot.services.triage.stores import TriageStores
from bot.wiring.database import open_database
from bot.wiring.github import open_app, open_reader
from bot.wiring.packages import build_lookup
from storage.engine.engine import Engine


@dataclass(frozen=True, slots=True)
class TriageTools:
    """Triage for the terminal; ``installed`` says whether the repository has the App, None where nobody can know."""

    triage: Triage
    installed: bool | None

    async def preview(self, ref: IssueRef) -> Preview:
        """Return what would be done about a thread; without an App to ask, what would be if it were installed."""
        preview = await self.triage.preview(ref)
        if self.installed is not None:
            return preview
        return replace(preview, decisions=decide(replace(preview.snapshot, installed=True)))

    async def entries(self, preview: Preview) -> tuple[OutboxEntry, ...]:
        """Return how far everything is that was to be done about a thread."""
        return await self.triage.stores.outbox.of_thread(preview.snapshot.issue.node_id)


@asynccontextmanager
async def open_triage(
    settings: Settings, repository: str | None = None, *, apply: bool = False
) -> AsyncIterator[TriageTools]:
    """Build what ``ftbot triage`` needs: with the App where a repository has it, else to look only."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(settings))
        http = await stack.enter_async_context(open_http(settings.user_agent))
        lookup = build_lookup(settings, http, database)
        stack.push_async_callback(lookup.aclose)
        app = None if repository is None else await stack.enter_async_context(open_app(settings))
        installed = None if app is None or repository is None else await app.is_installed(repository)
        if app is not None and (installed or apply):  # where it is not installed, applying says so
            triage = build_triage(settings, app, database, lookup, asyncio.Event(), build_outbox_worker(app, database))
            yield TriageTools(triage, installed)
            return
        token = None if settings.github_token is None else settings.github_token.get_secret_value()
        reader = await stack.enter_async_context(open_reader(settings, token))
        yield TriageTools(build_triage(settings, reader, database, lookup, asyncio.Event()), installed)


def build_outbox_worker(app: GithubApp, database: Engine, *, enabled: bool = True) -> OutboxWorker:
    """Build what writes on GitHub."""
    return OutboxWorker(app, TriageStores.of(database), database.now, enabled=enabled)


def build_triage(  # noqa: PLR0913, PLR0917 — what triage is made of
    settings: Settings,
    reader: RepositoryReader,
    database: Engine,
    lookup: StatusLookup,
    wake: asyncio.Event,
    worker: OutboxWorker | None = None,
) -> Triage:
    """Build it on resources that somebody opened; ``wake`` is set when there is something for the outbox worker."""
    return Triage.new(
        reader,
        TriageStores.of(database),
        lookup,
        now=database.now,
        wake=wake,
        enabled=settings.triage is Switch.ON,
        worker=worker,
    )
