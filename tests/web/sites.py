"""The site as it is served, between a package index on loopback and a real database that was really scanned."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from httpx_aiohttp import HttpxAiohttpClient

from bot.build import version
from bot.clients.web import open_http
from bot.config import Settings, settings_of
from bot.services.packages.lookup import StatusLookup
from bot.services.upstream.tracking import Tracking
from bot.web.site import Address, Site, serve
from bot.wiring.digest import build_digester
from bot.wiring.packages import build_lookup
from bot.wiring.scan import build_scanner
from bot.wiring.site import LiveSite, SiteResources, build_site
from storage.engine.engine import Engine
from storage.engine.sqlite import open_database
from storage.github.package_threads import PackageThreads
from storage.packages.documents import Documents
from tests.fakes.fake_index import FakeIndex
from tests.fakes.index_pages import sdist, wheels

version()  # looked up in files, once a process, when nobody waits yet

PUBLIC = "https://ftbot.example/site"
"""Where the world sees the site."""

TRACKED = ("both", "first-only", "lagging", "nothing", "lost")
"""What is tracked, the most downloaded first."""


@dataclass(slots=True)
class Rig:
    """A site that is served, and all around it."""

    index: FakeIndex
    database: Engine
    path: Path
    settings: Settings
    site: LiveSite
    lookup: StatusLookup
    http: httpx.AsyncClient
    port: int

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Ask for an address of the site."""
        return await self.http.get(f"http://127.0.0.1:{self.port}{path}", headers=headers)

    def let_time_pass(self, seconds: float = 60.0) -> None:
        """Let the site believe that time has passed: it looks whether there is another edition, budgets fill up."""
        now = time.monotonic() + seconds
        self.site.pages.serving.clock = lambda: now

    async def scan(self) -> None:
        """Scan what is tracked."""
        async with open_http("ftbot-tests") as http:
            await build_scanner(self.settings, http, self.database).scan(self.settings.track)


def publish_all(index: FakeIndex, now: datetime | None = None) -> None:
    """Publish what is tracked, and something that is not; some of it moved lately."""
    today = now or datetime.now(UTC)
    long_ago, lately = ((today - timedelta(days=days)).isoformat() for days in (300, 9))
    gil, first, second = "cp314-cp314-win_amd64", "cp314-cp314t-win_amd64", "cp315-cp315t-win_amd64"
    for name, tags in (("both", (gil, first, second)), ("first-only", (gil, first)), ("nothing", (gil,))):
        index.publish(
            name, [*wheels(name, "1.0", *tags, upload_time=long_ago), sdist(name, "1.0", upload_time=long_ago)]
        )
    index.publish(
        "lagging",
        [
            *wheels("lagging", "1.0", gil, upload_time=long_ago),
            *wheels("lagging", "2.0", gil, first, upload_time=lately),
            sdist("lagging", "2.0", upload_time=lately),
        ],
    )
    index.publish(
        "lost",
        [
            *wheels("lost", "1.0", gil, first, upload_time=long_ago),
            *wheels("lost", "2.0", gil, upload_time=lately),
            sdist("lost", "2.0", upload_time=lately),
        ],
    )
    index.publish("untracked", [*wheels("untracked", "3.0", gil, first, upload_time=long_ago)])


@asynccontextmanager
async def open_rig(
    index: FakeIndex, path: Path, variables: Mapping[str, str] | None = None, *, scanned: bool = True
) -> AsyncIterator[Rig]:
    """Serve the site while the block runs; what is tracked is published and, unless told otherwise, scanned."""
    if not index.projects:
        publish_all(index)
    names = path.with_suffix(".names")
    await asyncio.to_thread(names.write_text, "\n".join(["# as of 2026-11-01", *TRACKED]), "utf-8")
    settings = settings_of(
        {
            "FTBOT_INDEX_URL": index.index_url,
            "FTBOT_JSON_API_URL": index.json_api_url,
            "FTBOT_TOP_PACKAGES_URL": str(names),
            "FTBOT_DATABASE": str(path),
            "FTBOT_TRACK": str(len(TRACKED)),
            "FTBOT_WEB": "on",
            "FTBOT_PUBLIC_URL": PUBLIC,
            **(variables or {}),
        }
    )
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(open_http("ftbot-tests"))
        database = await stack.enter_async_context(open_database(path))
        lookup = build_lookup(settings, http, database)
        stack.push_async_callback(lookup.aclose)
        tracking = Tracking(PackageThreads(database), Documents(database))
        digester = build_digester(settings, database)
        site = build_site(SiteResources(settings, http, database, lookup, digester, tracking))
        stack.push_async_callback(site.aclose)
        port = await stack.enter_async_context(serve(Site(pages=site.pages), Address("127.0.0.1", 0)))
        client = await stack.enter_async_context(HttpxAiohttpClient())
        rig = Rig(index, database, path, settings, site, lookup, client, port)
        if scanned:
            await rig.scan()
        yield rig
