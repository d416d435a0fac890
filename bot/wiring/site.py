"""The public site, built from the settings on resources that somebody opened. Imported where the site is on."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from functools import partial

import httpx

from bot.build import version
from bot.config import Settings
from bot.core.digest.digest import Digest
from bot.core.site.frame import PageSite
from bot.services.digest.digest import Digester
from bot.services.digest.history import HistoryReader
from bot.services.packages.dependency_judge import DependencyJudge
from bot.services.packages.lookup import StatusLookup
from bot.services.packages.pages import ProjectPages
from bot.services.site.dependencies import BudgetedPages, StrangersDependencies
from bot.services.site.digests import SiteDigests
from bot.services.site.listing import SiteListing
from bot.services.site.lookups import AnyPackage
from bot.services.site.release_metadata import MetadataReader
from bot.services.upstream.tracking import Tracking
from bot.web.api import Api, SiteData
from bot.web.badges import Badges
from bot.web.deps_api import DepsApi
from bot.web.feeds import Feeds, Maps, Pictures
from bot.web.pages.deps import DepsPages
from bot.web.pages.live import LivePages, draw_fault
from bot.web.pages.pages import HtmlPages
from bot.web.pages.renderer import Renderer
from bot.web.public import PublicSite
from bot.web.serving import Serving
from bot.wiring.clock import utc_now
from bot.wiring.dependencies import build_dependency_check
from bot.wiring.http import build_index
from bot.wiring.names import suggest_names
from bot.wiring.site_pages import build_catalogue, build_site_pages
from storage.discord.changes import Changes
from storage.engine.engine import Engine
from storage.packages.inspections import Inspections


@dataclass(frozen=True, slots=True)
class LiveSite:
    """The site, and what it has under way beside its answers."""

    pages: PublicSite
    metadata: MetadataReader
    packages: AnyPackage
    digests: SiteDigests

    async def aclose(self) -> None:
        """End what it looks up, and let it keep what it made."""
        await self.packages.aclose()
        await self.digests.aclose()


@dataclass(frozen=True, slots=True)
class SiteResources:
    """What the site shares with the rest of the bot."""

    settings: Settings
    http: httpx.AsyncClient
    database: Engine
    lookup: StatusLookup
    digester: Digester
    tracking: Tracking


def build_site(resources: SiteResources) -> LiveSite:
    """Build what is served to everybody."""
    settings, database = resources.settings, resources.database
    catalogue = build_catalogue(settings, database, resources.tracking)
    html = HtmlPages(Renderer(PageSite(live=True, base=settings.public_url)))
    serving = Serving(catalogue, settings.public_url, settings.trusted_proxies, partial(draw_fault, html))
    packages = AnyPackage(catalogue, resources.lookup, utc_now, time.monotonic, resources.tracking)
    digests = SiteDigests(resources.digester, utc_now)
    listing, dependencies = SiteListing(catalogue, settings.targets), build_dependencies(resources)
    pages = build_site_pages(settings, database, catalogue)
    data = SiteData(
        packages,
        listing,
        digests,
        HistoryReader(build_index(settings, resources.http), resources.digester, settings.targets, utc_now),
        Changes(database),
        suggest_names,
        settings.targets,
    )
    faces = (
        Badges(serving, packages, settings.targets),
        Api(serving, data, version()),
        DepsApi(serving, dependencies, settings.targets),
        Feeds(serving, packages, digests, utc_now),
        Maps(serving, digests),
        Pictures(serving, digests, _draw, asyncio.Semaphore(1)),
        LivePages(serving, html, pages, packages, listing, suggest_names),
        DepsPages(serving, html, dependencies, settings.targets),
    )
    reader = MetadataReader(
        build_index(settings, resources.http), catalogue.scans, catalogue.projects, catalogue.metadata, utc_now
    )
    return LiveSite(PublicSite(serving, faces), reader, packages, digests)


def build_dependencies(resources: SiteResources) -> StrangersDependencies:
    """Build what answers strangers, apart from what answers people in Discord: they do not wait for each other."""
    settings, http, readings = resources.settings, resources.http, resources.lookup.readings

    async def connected() -> httpx.AsyncClient:
        return http

    index = BudgetedPages(build_index(settings, http), time.monotonic)
    pages = ProjectPages(index, readings, utc_now)
    judge = DependencyJudge(pages, Inspections(resources.database), resources.tracking)
    return StrangersDependencies(build_dependency_check(settings, judge, connected), time.monotonic)


def _draw(digest: Digest) -> bytes:
    from bot.charts import draw_card  # matplotlib is large, and wanted when a link is shown

    return draw_card(digest)
