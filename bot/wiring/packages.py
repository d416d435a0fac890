"""What looks packages up and scans them, built from the settings on resources that somebody opened.

Apart from ``bot.wiring.discord``, so that a command in a terminal does not wait for Discord's library.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx

from bot.clients.top_packages import TopPackagesSource, shipped_list
from bot.clients.web import Patience, open_http
from bot.config import Settings
from bot.services.packages.lookup import Source, StatusLookup, uncounted
from bot.services.packages.scan import Scanner
from bot.services.packages.top_list import TopList
from bot.services.packages.writer import ReadingWriter
from bot.wiring.clock import utc_now
from bot.wiring.database import open_database
from bot.wiring.http import build_index
from storage.engine.engine import Engine
from storage.packages.documents import Documents
from storage.packages.inspections import Inspections
from storage.packages.names import Packages
from storage.packages.projects import Projects
from storage.packages.scans import Scans
from storage.packages.statuses import Statuses


@asynccontextmanager
async def open_scanner(settings: Settings) -> AsyncIterator[Scanner]:
    """Build what ``ftbot scan`` needs."""
    async with open_http(settings.user_agent) as http, open_database(settings) as database:
        yield build_scanner(settings, http, database)


def build_scanner(settings: Settings, http: httpx.AsyncClient, database: Engine) -> Scanner:
    """Build what scans the tracked packages."""
    index = build_index(settings, http, Patience(attempts=1))
    source = TopPackagesSource(http, settings.top_packages_url)
    believed = timedelta(0) if source.is_at_hand else timedelta(days=1)
    documents = Documents(database)
    top_list = TopList(source.fetch, documents, shipped_list, utc_now, settings.top_packages_url, believed)
    projects, scans = Projects(database), Scans(database)
    return Scanner(index, top_list, Packages(database), projects, scans, settings.targets, utc_now)


def build_lookup(
    settings: Settings, http: httpx.AsyncClient, database: Engine, count: Callable[[Source], None] = uncounted
) -> StatusLookup:
    """Build what answers whether a package has wheels; ``count`` is told where each answer came from."""
    index = build_index(settings, http)
    readings = ReadingWriter(Statuses(database, settings.index_url))
    return StatusLookup(index, readings, settings.targets, utc_now, count=count, inspections=Inspections(database))
