"""What programs fetch again and again: feeds, the sitemap, what robots may read; and the pictures of links."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus

from aiohttp import web

from bot.core.digest.digest import Digest
from bot.core.errors import StorageError, UserError
from bot.core.site.facts import Edition
from bot.core.site.feed import TYPE, Feed, atom, digests_feed, moves_feed, package_feed
from bot.core.site.moves import moves_of
from bot.core.site.sitemap import robots, site_pages, sitemaps
from bot.core.verdicts.rules import Verdict
from bot.services.site.digests import SiteDigests
from bot.services.site.lookups import AnyPackage, AwaitedPackage
from bot.web.answers import Cached, Content
from bot.web.faults import Fault, no_such_package, out_of_order, too_many
from bot.web.naming import package_name, week_name
from bot.web.serving import Serving

_ATOM = f"{TYPE}; charset=utf-8"
_XML = "application/xml; charset=utf-8"

_DIGESTS = 12
"""Digests of their feed."""

Draw = Callable[[Digest], bytes]
"""Draws the picture of a link as a PNG; takes some tenths of a second, in a thread."""


@dataclass(frozen=True, slots=True)
class Feeds:
    """Gives what moved as Atom."""

    serving: Serving
    packages: AnyPackage
    digests: SiteDigests
    now: Callable[[], datetime]

    def routes(self) -> Sequence[web.RouteDef]:
        """List the routes."""
        return (
            web.get("/feed.xml", partial(self._feed, "/feed.xml", self._all)),
            web.get("/digests/feed.xml", partial(self._feed, "/digests/feed.xml", self._weekly)),
            web.get("/packages/{name:[^/]+}/feed.xml", self._package),
        )

    async def _feed(
        self, key: str, gather: Callable[[Edition], Awaitable[Feed]], request: web.Request
    ) -> web.StreamResponse:
        async def make(edition: Edition) -> Content:
            return self._written(await gather(edition))

        return await self.serving.of_edition(request, key, make)

    async def _all(self, edition: Edition) -> Feed:
        return moves_feed(await self.digests.moves(), edition.scanned)

    async def _weekly(self, edition: Edition) -> Feed:
        return digests_feed(await self.digests.latest(_DIGESTS), edition.scanned)

    async def _package(self, request: web.Request) -> web.StreamResponse:
        name = package_name(request)
        try:
            edition = await self.serving.edition()
        except StorageError:
            raise out_of_order() from None

        async def make() -> Content:
            found = await self.packages.find(name, edition, self.serving.who(request))
            if isinstance(found, AwaitedPackage):
                if found.is_refused:
                    raise too_many(found.seconds)
                sentence = "This package was not known and is being looked up. Ask again in some seconds."
                raise Fault(HTTPStatus.SERVICE_UNAVAILABLE, sentence, found.seconds)
            if found.status.headline.verdict is Verdict.NOT_FOUND:
                raise no_such_package()
            moves = await asyncio.to_thread(moves_of, found, self.now())
            return self._written(package_feed(name, moves, found.status.checked))

        stamp = self.packages.stamp(name, edition)
        return await self.serving.made(request, f"/packages/{name}/feed.xml", stamp, make)

    def _written(self, feed: Feed) -> Content:
        return Content(atom(feed, self.serving.base), _ATOM)


@dataclass(frozen=True, slots=True)
class Maps:
    """Tells search engines what there is."""

    serving: Serving
    digests: SiteDigests

    def routes(self) -> Sequence[web.RouteDef]:
        """List the routes."""
        return (
            web.get("/sitemap.xml", self._sitemap),
            web.get("/sitemap-{number:[0-9]+}.xml", self._sitemap),
            web.get("/robots.txt", self._robots),
        )

    async def _sitemap(self, request: web.Request) -> web.StreamResponse:
        base = self.serving.base
        if base is None:
            raise Fault(HTTPStatus.NOT_FOUND, "There is no sitemap where nobody said where the site is.")

        async def make(edition: Edition) -> Content:
            files = sitemaps(site_pages(edition.ranks, self.digests.weeks()), base)
            if request.path not in files:
                raise Fault(HTTPStatus.NOT_FOUND, "There is no such part of the sitemap.")
            return Content(files[request.path], _XML)

        return await self.serving.of_edition(request, request.path, make)

    async def _robots(self, request: web.Request) -> web.StreamResponse:
        content = Content(robots(self.serving.base), "text/plain; charset=utf-8", Cached.A_DAY)
        return await self.serving.once(request, content)


@dataclass(frozen=True, slots=True)
class Pictures:
    """Draws what chats show of a link: the site's, and one for each digest. One is drawn at a time."""

    serving: Serving
    digests: SiteDigests
    draw: Draw
    turn: asyncio.Semaphore

    def routes(self) -> Sequence[web.RouteDef]:
        """List the routes."""
        return (
            web.get("/og.png", self._site),
            web.get("/digests/{week:[^/]+}/og.png", self._digest),
        )

    async def _site(self, request: web.Request) -> web.StreamResponse:
        return await self._picture(request, "/og.png", self.digests.current)

    async def _digest(self, request: web.Request) -> web.StreamResponse:
        week = week_name(request)
        return await self._picture(request, f"/digests/{week}/og.png", partial(self.digests.digest, week))

    async def _picture(
        self, request: web.Request, key: str, gather: Callable[[], Awaitable[Digest]]
    ) -> web.StreamResponse:
        async def make(_: Edition) -> Content:
            try:
                digest = await gather()
            except UserError as error:
                raise Fault(HTTPStatus.NOT_FOUND, str(error)) from None
            async with self.turn:
                return Content(await asyncio.to_thread(self.draw, digest), "image/png", compressible=False)

        return await self.serving.of_edition(request, key, make)
