"""What scans, built from the settings, apart from what else asks the index: a scan imports no more than it uses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from bot.clients.direct import open_direct
from bot.clients.pypi import PackageIndex
from bot.clients.readers import Readers, alone
from bot.clients.top_packages import TopPackagesSource, shipped_list
from bot.clients.web import Http, Patience
from bot.config import Settings
from bot.services.packages.scan import Scanner
from bot.services.packages.top_list import TopList
from bot.wiring.database import open_database
from storage.engine.engine import Engine
from storage.fleet.leadership import in_the_name_of
from storage.packages.documents import Documents
from storage.packages.names import Packages
from storage.packages.projects import Projects
from storage.packages.scans import Scans


@asynccontextmanager
async def open_scanner(settings: Settings, epoch: int | None = None) -> AsyncIterator[Scanner]:
    """Build what scans in a process that does nothing else, for the leader of an epoch if one is named."""
    async with open_direct(settings.user_agent) as http, open_database(settings) as database:
        yield build_scanner(settings, http, in_the_name_of(epoch, database), alone())


def build_scanner(settings: Settings, http: Http, database: Engine, readers: Readers | None = None) -> Scanner:
    """Build what scans the tracked packages, on resources that somebody opened."""
    index = PackageIndex(
        http,
        settings.index_url,
        settings.json_api_url,
        Patience(attempts=1),
        Readers() if readers is None else readers,
        settings.index_hosts,
    )
    source = TopPackagesSource(http, settings.top_packages_url)
    believed = timedelta(0) if source.is_at_hand else timedelta(days=1)
    documents = Documents(database)
    top_list = TopList(source.fetch, documents, shipped_list, database.now, settings.top_packages_url, believed)
    projects, scans = Projects(database), Scans(database)
    return Scanner(index, top_list, Packages(database), projects, scans, settings.targets, database.now)
