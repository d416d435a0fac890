"""What lists the tracked packages, built from the settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.config import Settings
from bot.services.packages.catalogue import Catalogue
from bot.services.packages.listing import PackageLister
from bot.wiring.database import open_database
from storage.engine.engine import Engine
from storage.packages.inspections import Inspections
from storage.packages.metadata import ReleaseMetadata
from storage.packages.projects import Projects
from storage.packages.scans import Scans


@asynccontextmanager
async def open_lister(settings: Settings) -> AsyncIterator[PackageLister]:
    """Build what ``ftbot list`` needs."""
    async with open_database(settings) as database:
        yield build_lister(settings, database)


def build_lister(settings: Settings, database: Engine) -> PackageLister:
    """Build it on a database that somebody opened."""
    catalogue = Catalogue(
        Scans(database),
        Projects(database),
        Inspections(database),
        ReleaseMetadata(database),
        settings.targets,
        database.now,
    )
    return PackageLister(catalogue, settings.targets)
