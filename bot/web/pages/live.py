"""The pages as they are served: each is made when somebody asks, and kept until there is something else to say."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

from aiohttp import web

from bot.core.errors import StorageError, UserError
from bot.core.site.about import about_page
from bot.core.site.compare_page import MOST_COMPARED, compare_page
from bot.core.site.facts import Edition, SitePackage
from bot.core.site.frame import FaultView
from bot.core.site.list_page import asked_list, parameters
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import Status
from bot.services.site.listing import SiteListing
from bot.services.site.lookups import AnyPackage, AwaitedPackage
from bot.services.site.pages import SitePages
from bot.web.answers import SECURITY, Cached, Content
from bot.web.faults import Fault, no_such_package, out_of_order, too_many
from bot.web.naming import asked_number, package_name, week_name
from bot.web.pages.asking import asked_names, asked_query
from bot.web.pages.pages import HtmlPages
from bot.web.pages.renderer import ASSETS
from bot.web.serving import Serving, normal

HTML = "text/html; charset=utf-8"

_PATIENCE = 6.0
"""Seconds that a page waits for a package that was not known."""

_MOST_PAGES = 100_000

Suggest = Callable[[str], Awaitable[tuple[str, ...]]]
"""Finds names like one that does not exist."""


@dataclass(frozen=True, slots=True)
class LivePages:
    """Serves the pages that people read."""

    serving: Serving
    html: HtmlPages
    pages: SitePages
    packages: AnyPackage
    listing: SiteListing
    suggest: Suggest

    def routes(self) -> list[web.RouteDef]:
        """List the routes."""
        return [
            web.get("/", self._front),
            web.get("/packages/", self._list),
            web.get("/packages", self._section),
            web.get("/packages/{name:[^/]+}", self._package),
            web.get("/packages/{name:[^/]+}/", self._package),
            web.get("/digests/", self._archive),
            web.get("/digests", self._section),
            web.get("/digests/{week:[^/]+}", self._digest),
            web.get("/digests/{week:[^/]+}/", self._digest),
            web.get("/compare", self._compare),
            web.get("/about/", self._about),
            web.get("/about", self._section),
            web.get("/assets/{file:[^/]+}", self._asset),
        ]

    async def _front(self, request: web.Request) -> web.StreamResponse:
        async def make(edition: Edition) -> Content:
            return _page(self.html.front(await self.pages.front(edition), edition.scanned))

        return await self.serving.of_edition(request, "page /", make)

    async def _about(self, request: web.Request) -> web.StreamResponse:
        async def make(edition: Edition) -> Content:
            return _page(self.html.about(about_page(edition)))

        return await self.serving.of_edition(request, "page /about/", make)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        query = asked_query(request.query, self.pages.catalogue.targets)
        number = asked_number(request.query, "page", 1, _MOST_PAGES) or 1

        async def make(edition: Edition) -> Content:
            lines = await self.listing.lines(edition)
            view = await asyncio.to_thread(asked_list, lines, query, number)
            return _page(self.html.listing(view))

        return await self.serving.of_edition(request, normal("page /packages/", dict(parameters(query, number))), make)

    async def _package(self, request: web.Request) -> web.StreamResponse:
        name = package_name(request)
        if not request.path.endswith("/") or name != request.match_info["name"]:
            return self._moved(f"packages/{quote(name)}/")
        edition = await self._edition()

        async def make() -> Content:
            found = await self.packages.find(name, edition, self.serving.who(request), _PATIENCE)
            package = await self._found(found)
            passing = package.status.headline.verdict is Verdict.UNKNOWN or package.status.stale
            view = await self.pages.page_of(package, edition)
            return _page(self.html.package(view), Cached.SHORTLY if passing else Cached.MINUTES)

        stamp = self.packages.stamp(name, edition)
        return await self.serving.made(request, f"page /packages/{name}/", stamp, make)

    async def _found(self, found: SitePackage | AwaitedPackage) -> SitePackage:
        """Return a package. Raises ``Fault`` where there is none, or none yet."""
        if isinstance(found, AwaitedPackage):
            if found.is_refused:
                raise too_many(found.seconds)
            sentence = "This package was not known and is being looked up. Reload the page in some seconds."
            raise Fault(HTTPStatus.SERVICE_UNAVAILABLE, sentence, found.seconds)
        if found.status.headline.verdict is Verdict.NOT_FOUND:
            raise no_such_package(await self.suggest(found.name))
        return found

    async def _compare(self, request: web.Request) -> web.StreamResponse:
        names = asked_names(request.query.getall("packages", ()), MOST_COMPARED)
        if not names:
            return await self.serving.once(request, _page(self.html.compare(None), Cached.A_DAY))
        edition, who = await self._edition(), self.serving.who(request)

        async def make() -> Content:
            found = await asyncio.gather(*(self.packages.find(name, edition, who, _PATIENCE) for name in names))
            statuses, problems = _sorted_out(names, found)
            # Nothing tells when there is more to say of what is awaited, least of all of what nobody looks up.
            lasting = not any(isinstance(each, AwaitedPackage) for each in found)
            return _page(self.html.compare(compare_page(statuses, problems)), Cached.SHORTLY, lasting=lasting)

        stamp = " ".join(self.packages.stamp(name, edition) for name in names)
        return await self.serving.made(request, normal("page /compare", {"packages": " ".join(names)}), stamp, make)

    async def _archive(self, request: web.Request) -> web.StreamResponse:
        async def make(_edition: Edition) -> Content:
            return _page(self.html.archive(await self.pages.archive()))

        return await self.serving.of_edition(request, "page /digests/", make)

    async def _digest(self, request: web.Request) -> web.StreamResponse:
        week = week_name(request)
        if not request.path.endswith("/") or str(week) != request.match_info["week"]:
            return self._moved(f"digests/{week}/")

        async def make(edition: Edition) -> Content:
            try:
                view = await self.pages.digest(week, edition)
            except UserError as error:
                raise Fault(HTTPStatus.NOT_FOUND, str(error)) from None
            return _page(self.html.digest(view))

        return await self.serving.of_edition(request, f"page /digests/{week}/", make)

    async def _edition(self) -> Edition | None:
        """Return the newest edition, None before there is one. Raises ``Fault``."""
        try:
            return await self.serving.edition()
        except StorageError:
            raise out_of_order() from None

    async def _asset(self, request: web.Request) -> web.StreamResponse:
        asset = ASSETS.get(request.match_info["file"])
        if asset is None:
            raise Fault(HTTPStatus.NOT_FOUND, "There is no such file.")

        async def make() -> Content:
            return Content(asset.body, asset.content_type, Cached.A_DAY)

        return await self.serving.made(request, f"asset {asset.address}", asset.address, make)

    async def _section(self, request: web.Request) -> web.StreamResponse:
        return self._moved(f"{request.path.removeprefix('/')}/")

    def _moved(self, path: str) -> web.Response:
        """Lead to the one address that a page has, wherever the site is; what else is asked is left away."""
        place = self.html.renderer.site.top + path
        headers = {**SECURITY, "Location": place, "Cache-Control": Cached.MINUTES.value}
        return web.Response(status=HTTPStatus.MOVED_PERMANENTLY, headers=headers)


def draw_fault(html: HtmlPages, fault: Fault) -> bytes:
    """Draw the page of a fault."""
    wait = None if fault.retry_after is None else _span(fault.retry_after)
    return html.fault(FaultView(fault.status, fault.status.phrase, fault.detail, wait, fault.suggestions))


def _span(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{max(1, round(seconds))} seconds" if minutes < 2 else f"{minutes} minutes"  # noqa: PLR2004 — a plural


def _sorted_out(names: Sequence[str], found: Sequence[SitePackage | AwaitedPackage]) -> tuple[list[Status], list[str]]:
    """Return what is known of packages, and for the others a sentence each."""
    statuses: list[Status] = []
    problems: list[str] = []
    for name, each in zip(names, found, strict=True):
        if isinstance(each, AwaitedPackage) and each.is_refused:
            problems.append(f"{name} was not known, and more are asked about than are looked up. Reload in a minute.")
        elif isinstance(each, AwaitedPackage):
            problems.append(f"{name} is being looked up. Reload the page in some seconds.")
        elif each.status.headline.verdict is Verdict.NOT_FOUND:
            problems.append(f"There is no package called {name} on the index.")
        else:
            statuses.append(each.status)
    return statuses, problems


def _page(body: bytes, cached: Cached = Cached.MINUTES, *, lasting: bool = True) -> Content:
    return Content(body, HTML, cached, lasting=lasting)
