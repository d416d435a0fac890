"""What the pages of the site are made from, built from the settings on a database that somebody opened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.config import Settings
from bot.core.verdicts.status import Upstream
from bot.services.packages.catalogue import Catalogue
from bot.services.site.pages import SitePages
from bot.services.site.stamps import Stamps
from bot.services.upstream.issues import UpstreamThreads
from bot.services.upstream.tracking import Tracking
from bot.wiring.clock import utc_now
from bot.wiring.database import open_database
from bot.wiring.digest import build_digester
from storage.engine.engine import Engine
from storage.github.package_threads import PackageThreads
from storage.github.threads import Threads
from storage.packages.digests import Digests
from storage.packages.documents import Documents
from storage.packages.inspections import Inspections
from storage.packages.metadata import ReleaseMetadata
from storage.packages.projects import Projects
from storage.packages.scans import Scans


@dataclass(frozen=True, slots=True)
class SiteTools:
    """What a site of files is made from."""

    catalogue: Catalogue
    pages: SitePages
    stamps: Stamps


@asynccontextmanager
async def open_site(settings: Settings) -> AsyncIterator[SiteTools]:
    """Build what ``ftbot site`` needs."""
    async with open_database(settings) as database:
        tracking = Tracking(PackageThreads(database), Documents(database))
        await tracking.load()
        catalogue = build_catalogue(settings, database, tracking)
        stamps = Stamps(
            catalogue.projects,
            catalogue.inspections,
            catalogue.metadata,
            tracking.threads,
            tracking,
            settings.targets,
            utc_now,
        )
        yield SiteTools(catalogue, build_site_pages(settings, database, catalogue), stamps)


def build_catalogue(settings: Settings, database: Engine, upstream: Upstream | None) -> Catalogue:
    """Build what reads the facts of packages."""
    return Catalogue(
        Scans(database),
        Projects(database),
        Inspections(database),
        ReleaseMetadata(database),
        settings.targets,
        utc_now,
        upstream,
    )


def build_site_pages(settings: Settings, database: Engine, catalogue: Catalogue) -> SitePages:
    """Build what puts pages together."""
    threads = UpstreamThreads(Threads(database))
    return SitePages(catalogue, build_digester(settings, database), Digests(database), threads, utc_now)
