"""What answers about packages: settings become look-ups, scans, digests and history here.

Apart from ``bot.wiring.discord``, so that a question in a terminal does not wait for Discord's library.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import httpx

from bot.clients.pypi import PackageIndex
from bot.clients.top_packages import TopPackagesSource, shipped_list
from bot.clients.web import Patience, open_http
from bot.config import Settings
from bot.core.digest.digest import Issues
from bot.core.digest.weeks import Week
from bot.core.errors import StorageError
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import Status
from bot.services.digest.digest import Digester
from bot.services.digest.history import HistoryReader
from bot.services.metrics import Metrics
from bot.services.packages.lookup import StatusLookup
from bot.services.packages.package_names import Names, PackageNames
from bot.services.packages.scan import Scanner
from bot.services.packages.top_list import TopList
from bot.services.upstream.issues import UpstreamThreads
from storage.engine.engine import Engine
from storage.engine.sqlite import open_database
from storage.github.thread_events import ThreadEvents
from storage.github.threads import Threads
from storage.packages.digests import Digests
from storage.packages.documents import Documents
from storage.packages.names import Packages
from storage.packages.projects import Projects
from storage.packages.scans import Scans
from storage.packages.statuses import Statuses

_TERMINAL_PATIENCE = Patience(attempts=2, deadline=30.0)
"""Somebody sits and waits."""

_TERMINAL_METADATA_WAIT = 10.0
"""Seconds that an answer in a terminal waits for classifiers and links: what it does not have is never added later."""


@dataclass(frozen=True, slots=True)
class PackageTools:
    """What answers questions in a terminal; ``warning`` says what works less well than it should."""

    lookup: StatusLookup
    package_names: PackageNames
    issues: UpstreamThreads
    warning: str | None

    async def explain(self, status: Status, *, offline: bool = False) -> str:
        """Say in two sentences why there is no answer, and what to do next."""
        if status.headline.verdict is not Verdict.NOT_FOUND:
            way_on = "ask again without --offline" if offline else "try again later"
            return f"{status.error} It is not known whether {status.package} works; {way_on}."
        alike = await self.package_names.suggest(status.package)
        hint = f"Did you mean {' or '.join(alike)}?" if alike else "Check the spelling."
        return f"{status.error} {hint}"


def utc_now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


@asynccontextmanager
async def open_package_tools(settings: Settings) -> AsyncIterator[PackageTools]:
    """Build what ``ftbot status`` needs; a database that cannot be used is replaced by none, with a warning."""
    problem = None
    async with AsyncExitStack() as stack:
        try:
            database = await stack.enter_async_context(open_database(settings.database_path))
        except StorageError as error:
            problem = str(error)
            database = await stack.enter_async_context(open_database(None))
        http = await stack.enter_async_context(open_http(settings.user_agent))
        index = build_index(settings, http, _TERMINAL_PATIENCE)
        statuses = Statuses(database, settings.index_url)
        lookup = StatusLookup(
            index, statuses, settings.targets, utc_now, _TERMINAL_METADATA_WAIT, storage_problem=problem
        )
        stack.push_async_callback(lookup.aclose)
        warning = None if problem is None else f"{problem} Answering without it."
        issues = UpstreamThreads(Threads(database), ThreadEvents(database), Documents(database))
        with suppress(StorageError):  # an answer is worth more than what upstream says about it
            await issues.load()
        yield PackageTools(lookup, PackageNames(Packages(database), await offered_names()), issues, warning)


@dataclass(frozen=True, slots=True)
class TrackedPackages:
    """What reads the tracked packages and tells what moved."""

    scanner: Scanner
    digests: Digester
    history_reader: HistoryReader


@asynccontextmanager
async def open_tracked_packages(settings: Settings) -> AsyncIterator[TrackedPackages]:
    """Build what ``ftbot scan``, ``digest`` and ``history`` need."""
    async with open_http(settings.user_agent) as http, open_database(settings.database_path) as database:
        yield build_tracked_packages(settings, http, database)


def build_tracked_packages(
    settings: Settings,
    http: httpx.AsyncClient,
    database: Engine,
    issues: Callable[[Week], Awaitable[Issues]] | None = None,
) -> TrackedPackages:
    """Build it on resources that somebody opened; ``issues`` gives what happened upstream in a week."""
    issues = issues or UpstreamThreads(Threads(database), ThreadEvents(database), Documents(database)).of_week
    alone = Patience(attempts=1)
    index = build_index(settings, http, alone)
    source = TopPackagesSource(http, settings.top_packages_url)
    believed = timedelta(0) if source.is_at_hand else timedelta(days=1)
    documents = Documents(database)
    top_list = TopList(source.fetch, documents, shipped_list, utc_now, settings.top_packages_url, believed)
    projects, scans = Projects(database), Scans(database)
    scanner = Scanner(index, top_list, Packages(database), projects, scans, settings.targets, utc_now)
    digests = Digester(scans, projects, Digests(database), settings.targets, utc_now, issues, settings.track)
    return TrackedPackages(
        scanner, digests, HistoryReader(replace(index, patience=Patience()), digests, settings.targets, utc_now)
    )


def build_lookup(
    settings: Settings, http: httpx.AsyncClient, database: Engine, metrics: Metrics | None = None
) -> StatusLookup:
    """Build what answers whether a package has wheels."""
    index = build_index(settings, http)
    statuses = Statuses(database, settings.index_url)
    return StatusLookup(index, statuses, settings.targets, utc_now, metrics=metrics or Metrics.new())


def build_index(settings: Settings, http: httpx.AsyncClient, patience: Patience | None = None) -> PackageIndex:
    """Build what reads the package index, and what it leads to."""
    patience = patience or Patience()
    return PackageIndex(http, settings.index_url, settings.json_api_url, patience, hosts=settings.index_hosts)


async def offered_names() -> Names:
    """Return the names that people are offered, those of the shipped list."""
    return Names.of((await asyncio.to_thread(shipped_list)).names)
