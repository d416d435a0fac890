"""The site for programs: JSON at addresses that stay, described by OpenAPI."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Protocol
from urllib.parse import urlencode

from aiohttp import web

from bot.core.digest.changes import NotedChange
from bot.core.digest.digest import Digest
from bot.core.digest.weeks import Week
from bot.core.errors import StorageError, UserError
from bot.core.history.shares import History, Question
from bot.core.history.timelines import SupportRule
from bot.core.listing.listed import Listed
from bot.core.listing.query import ListQuery, of_target, select
from bot.core.schema.digest import digest_object
from bot.core.schema.history import history_object
from bot.core.schema.listing import ListingJson, listed_object
from bot.core.schema.moves import moves_object
from bot.core.schema.objects import encoded
from bot.core.schema.openapi import MOST_LISTED, MOST_MOVES, MOST_TRACKED, openapi
from bot.core.schema.times import SCHEMA
from bot.core.site.facts import Edition, SitePackage
from bot.core.site.package_json import package_json
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import Status
from bot.core.wheels.targets import Target
from bot.services.site.listing import SiteListing
from bot.services.site.lookups import AnyPackage, AwaitedPackage
from bot.web.answers import Cached, Content
from bot.web.faults import Fault, no_such_package, out_of_order, too_many
from bot.web.naming import (
    asked_day,
    asked_number,
    package_name,
    week_name,
    wrong,
)
from bot.web.pages.asking import asked_query
from bot.web.serving import Serving, normal

JSON_TYPE = "application/json"

_USUAL = 100
"""Packages, or moves, of an answer unless somebody asks for another number."""

_PATIENCE = 3.0
"""For how many seconds an answer waits for a package that is being looked up."""

_LATEST = 10**15 - 1


class DigestsOfWeeks(Protocol):
    """Gives digests."""

    async def digest(self, week: Week | None = None) -> Digest:
        """Return the digest of a week. Raises ``UserError`` where there is none."""


class Histories(Protocol):
    """Answers about the past."""

    async def history(self, question: Question) -> History:
        """Return the shares for a question. Raises ``UserError``."""


class NotedChanges(Protocol):
    """Knows what packages gained and lost, in the order in which it was noticed."""

    async def newest(self) -> int:
        """Return the position of the newest change."""

    async def after(self, position: int, most: int) -> Sequence[NotedChange]:
        """Return the first changes after a position, in order."""


Suggest = Callable[[str], Awaitable[tuple[str, ...]]]
"""Finds names like one that does not exist."""


@dataclass(frozen=True, slots=True)
class SiteData:
    """What the site answers from."""

    packages: AnyPackage
    listing: SiteListing
    digests: DigestsOfWeeks
    histories: Histories
    changes: NotedChanges
    suggest: Suggest
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Api:
    """Answers programs; ``version`` is the program's."""

    serving: Serving
    data: SiteData
    version: str

    def routes(self) -> Sequence[web.RouteDef]:
        """List the routes."""
        return (
            web.get("/packages/{name:[^/]+}.json", self._package),
            web.get("/api/v1/packages/{name:[^/]+}", self._package),
            web.get("/api/v1/packages", self._packages),
            web.get("/api/v1/history", self._history),
            web.get("/api/v1/digests/{week:[^/]+}", self._digest),
            web.get("/api/v1/moves", self._moves),
            web.get("/api/openapi.json", self._openapi),
        )

    async def _package(self, request: web.Request) -> web.StreamResponse:
        name, edition = package_name(request), await self._edition()

        async def make() -> Content:
            found = await self.data.packages.find(name, edition, self.serving.who(request), _PATIENCE)
            return await self._shown(found)

        key = normal(f"{'/api' if request.path.startswith('/api/') else ''}/package/{name}", {})
        return await self.serving.made(request, key, self.data.packages.stamp(name, edition), make)

    async def _shown(self, found: SitePackage | AwaitedPackage) -> Content:
        if isinstance(found, AwaitedPackage):
            if found.is_refused:
                raise too_many(found.seconds)
            sentence = "This package was not known and is being looked up. Ask again in some seconds."
            raise Fault(HTTPStatus.SERVICE_UNAVAILABLE, sentence, found.seconds)
        if found.status.headline.verdict is Verdict.NOT_FOUND:
            raise no_such_package(await self.data.suggest(found.name))
        return _json(package_json(found), Cached.SHORTLY if _is_passing(found.status) else Cached.MINUTES)

    async def _packages(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        asked = asked_query(query, self.data.targets)
        limit = asked_number(query, "limit", 1, MOST_LISTED) or _USUAL
        known = {name: ",".join(query.getall(name)) for name in _LIST_PARAMETERS if query.get(name)}
        cursor = query.get("cursor", "")

        async def make(edition: Edition) -> Content:
            lines = await self.data.listing.lines(edition)
            page = await asyncio.to_thread(_page, lines, asked, limit, cursor)
            headers = {}
            if page.next is not None:
                following = urlencode({**known, "cursor": page.next})
                headers["Link"] = f'<?{following}>; rel="next"'
            return replace(_json(encoded(page)), headers=headers)

        return await self.serving.of_edition(request, normal("/api/v1/packages", known), make)

    async def _history(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        first, last = asked_day(query, "from"), asked_day(query, "to")
        most = asked_number(query, "top", 1, MOST_TRACKED)
        question = Question((), most, first, last, SupportRule.TRUSTED)
        known = {"from": str(first), "to": str(last), "top": str(most)}

        async def make(_: Edition) -> Content:
            return _json(encoded(history_object(await self.data.histories.history(question))))

        return await self.serving.of_edition(request, normal("/api/v1/history", known), make)

    async def _digest(self, request: web.Request) -> web.StreamResponse:
        week = week_name(request)

        async def make(_: Edition) -> Content:
            try:
                digest = await self.data.digests.digest(week)
            except UserError as error:
                raise Fault(HTTPStatus.NOT_FOUND, str(error)) from None
            return _json(encoded(digest_object(digest)))

        return await self.serving.of_edition(request, f"/api/v1/digests/{week}", make)

    async def _moves(self, request: web.Request) -> web.StreamResponse:
        since = asked_number(request.query, "since", 0, _LATEST) or 0
        limit = asked_number(request.query, "limit", 1, MOST_MOVES) or _USUAL
        newest = await self.data.changes.newest()

        async def make() -> Content:
            found = await self.data.changes.after(since, limit + 1)
            answer = moves_object(found[:limit], since, more=len(found) > limit)
            return _json(encoded(answer), Cached.SHORTLY)

        return await self.serving.made(request, f"/api/v1/moves?{since}/{limit}", str(newest), make)

    async def _openapi(self, request: web.Request) -> web.StreamResponse:
        async def make() -> Content:
            described = openapi(self.data.targets, self.version, self.serving.base)
            return _json(encoded(described), Cached.A_DAY)

        return await self.serving.made(request, "/api/openapi.json", self.version, make)

    async def _edition(self) -> Edition | None:
        try:
            return await self.serving.edition()
        except StorageError:
            raise out_of_order() from None


_LIST_PARAMETERS = (
    "target",
    "verdict",
    "gil",
    "lagging",
    "narrowed",
    "covers",
    "lacks",
    "ranks",
    "gained_since",
    "q",
    "order",
    "limit",
    "cursor",
)


def _json(body: bytes, cached: Cached = Cached.MINUTES) -> Content:
    return Content(body, JSON_TYPE, cached)


def _is_passing(status: Status) -> bool:
    """Return whether a status says that the index could not be read, which may be over in a moment."""
    return status.stale or status.headline.verdict is Verdict.UNKNOWN


def _page(lines: Sequence[Listed], asked: ListQuery, limit: int, cursor: str) -> ListingJson:
    """Return the packages that fit and follow the one that the cursor names, whether or not that one fits still."""
    order = {each.name: place for place, each in enumerate(select(lines, ListQuery(asked.target, order=asked.order)))}
    chosen = select(lines, asked)
    total, after = len(chosen), -1
    if cursor:
        if cursor not in order:
            raise wrong("cursor", "the `next` of an answer to the same question; begin anew without it")
        after = order[cursor]
    rest = [each for each in chosen if order[each.name] > after]
    shown = [listed_object(of_target(each, asked.target)) for each in rest[:limit]]
    return ListingJson(
        schema=SCHEMA,
        packages=shown,
        total=total,
        next=shown[-1].package if len(rest) > limit else None,
    )
