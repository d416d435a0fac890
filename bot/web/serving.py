"""How the site answers: from memory while that is right, else made within a budget, else what was right last.

Every route of the site goes through a ``Serving``: it knows who asks, which edition of the facts there is, and what
to say where there is no answer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.core.errors import StorageError, UpstreamError, UserError
from bot.core.site.budget import SharedBudget, TokenBudget
from bot.core.site.facts import Edition
from bot.web.answers import Content, PreparedAnswer, prepared, respond
from bot.web.askers import Network, asker
from bot.web.faults import Fault, FaultPage, content_of, fault_page, nothing_yet, out_of_order, too_many
from bot.web.kept_answers import KeptAnswers

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

API = "/api/"
"""What the addresses begin with that any page may ask, and where faults are problem details."""

_LARGE = 50_000
"""Bytes that are compressed in a thread: the milliseconds that it takes others would wait for."""

_BELIEVED_SECONDS = 1.0
"""For how long nobody looks whether there is another edition."""

_MACHINES = (".json", ".xml", ".svg", ".png", ".txt")


def making_budget() -> SharedBudget:
    """Return how many answers strangers may have made: a hundred at once and five a second each, fifty all together."""
    return SharedBudget(TokenBudget(burst=100, rate=5.0), TokenBudget(burst=500, rate=50.0))


_GIVEN_SECONDS = 0.001
"""For how long a question stands aside for people who wait in Discord."""


def nobody_waits() -> bool:
    """Tell that nobody waits for anything but the site."""
    return False


class Editions(Protocol):
    """Knows which facts there are."""

    async def edition(self) -> Edition | None:
        """Return the newest edition, None before there is one. Raises ``StorageError``."""


Make = Callable[[Edition], Awaitable[Content]]
"""Makes an answer from an edition. Raises ``Fault``, ``StorageError``, ``UserError``."""


@dataclass(slots=True)
class Serving:
    """What all routes share; ``base`` is where the world sees the site, None where nobody said.

    ``others_wait`` tells whether anybody waits who goes first: however many read the site, an answer in Discord has
    three seconds.
    """

    editions: Editions
    base: str | None = None
    trusted: Sequence[Network] = ()
    draw_fault: FaultPage = fault_page
    kept: KeptAnswers = field(default_factory=KeptAnswers)
    budget: SharedBudget = field(default_factory=making_budget)
    clock: Callable[[], float] = time.monotonic
    others_wait: Callable[[], bool] = nobody_waits
    _edition: Edition | None = None
    _looked: float | None = None
    _looking: asyncio.Task[Edition | None] | None = None

    def who(self, request: web.Request) -> str:
        """Return who asks, as budgets count them."""
        peer = None if request.transport is None else request.transport.get_extra_info("peername")
        host = peer[0] if isinstance(peer, tuple) and peer else None
        return asker(host, request.headers.getall("X-Forwarded-For", ()), self.trusted)

    async def edition(self) -> Edition | None:
        """Return the newest edition, or where that cannot be read now the one that was the newest.

        Raises ``StorageError`` where there is none.
        """
        if self._looked is not None and self.clock() - self._looked < _BELIEVED_SECONDS:
            return self._edition
        if self._looking is None:
            self._looking = asyncio.create_task(self.editions.edition(), name="edition of the site")
            self._looking.add_done_callback(self._seen)
        try:
            return await asyncio.shield(self._looking)
        except StorageError:
            if self._edition is None:
                raise
            return self._edition

    def _seen(self, looking: asyncio.Task[Edition | None]) -> None:
        self._looking = None
        if looking.cancelled():
            return
        error = looking.exception()
        if error is None:
            self._edition = looking.result()
        elif isinstance(error, StorageError):
            log.warning("storage_failed", reason=str(error))
        if error is None or self._edition is not None:
            self._looked = self.clock()

    async def of_edition(self, request: web.Request, key: str, make: Make) -> web.StreamResponse:
        """Answer with what is made from the newest edition; ``key`` is the address in its normal form.

        Raises ``Fault``.
        """
        try:
            edition = await self.edition()
        except StorageError:
            raise out_of_order() from None
        if edition is None:
            raise nothing_yet()
        kept = self.kept.find(key, edition.token)
        return (
            respond(request, kept)
            if kept is not None
            else await self.made(request, key, edition.token, lambda: make(edition))
        )

    async def made(
        self, request: web.Request, key: str, stamp: str, make: Callable[[], Awaitable[Content]]
    ) -> web.StreamResponse:
        """Answer with what is made, unless that was done from the same; ``stamp`` says from what. Raises ``Fault``."""
        answer = self.kept.find(key, stamp)
        if answer is not None:
            return respond(request, answer)
        last = self.kept.last(key)
        wait = self.budget.take(self.who(request), self.clock())
        if wait:
            if last is not None:
                return self._old(request, last.answer, last.made)
            raise too_many(wait)
        try:
            return respond(request, await self.kept.made(key, stamp, lambda: self._prepared(request.path, make)))
        except StorageError as error:
            log.warning("storage_failed", reason=str(error))
            if last is not None:
                return self._old(request, last.answer, last.made)
            raise out_of_order() from None

    def _old(self, request: web.Request, answer: PreparedAnswer, made: float) -> web.Response:
        """Answer with what was right before, and say how old it is."""
        response = respond(request, answer)
        response.headers["Age"] = str(int(self.clock() - made))
        return response

    async def once(self, request: web.Request, content: Content) -> web.Response:
        """Answer with what is nobody else's, and is not kept."""
        return respond(request, await _compressed(content))

    def told(self, request: web.Request, fault: Fault) -> web.Response:
        """Answer that there is no answer: as a page, or to programs as problem details."""
        return respond(request, prepared(self._content(request.path, fault)))

    def _content(self, path: str, fault: Fault) -> Content:
        for_people = not path.startswith(API) and not path.endswith(_MACHINES)
        return content_of(fault, draw=self.draw_fault if for_people else None)

    async def _prepared(self, path: str, make: Callable[[], Awaitable[Content]]) -> PreparedAnswer:
        """Make an answer; that there is no such thing is one, too, and as costly to find out."""
        try:
            content = await make()
        except Fault as fault:
            if fault.status is not HTTPStatus.NOT_FOUND:
                raise
            content = self._content(path, fault)
        return await _compressed(content)


async def _compressed(content: Content) -> PreparedAnswer:
    if len(content.body) < _LARGE:
        return prepared(content)
    return await asyncio.to_thread(prepared, content)


def normal(path: str, query: Mapping[str, str]) -> str:
    """Return an address in its normal form: what is asked in another order is the same question."""
    asked = "&".join(f"{name}={value}" for name, value in sorted(query.items()))
    return f"{path}?{asked}" if asked else path


def guarded(serving: Serving) -> Middleware:
    """Return the middleware that turns whatever goes wrong into an answer, and lets the API be asked from any page."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if serving.others_wait():
            await asyncio.sleep(_GIVEN_SECONDS)
        try:
            response = await handler(request)
        except Exception as error:  # noqa: BLE001 — whatever it is, it is answered, and logged
            response = serving.told(request, _fault_of(error, for_programs=request.path.startswith(API)))
        if request.path.startswith(API) and request.method in {"GET", "HEAD"}:
            response.headers["Access-Control-Allow-Origin"] = "*"
        return response

    return guard


def _fault_of(error: Exception, *, for_programs: bool) -> Fault:
    """Return what is told of an error. Raises what is none, such as a redirect."""
    match error:
        case Fault():
            return error
        case web.HTTPException(status=status) if status < HTTPStatus.BAD_REQUEST:
            raise error
        case web.HTTPException():
            return _of_http(error)
        case UserError():  # it may quote what was asked, which no page does
            return Fault(HTTPStatus.BAD_REQUEST, str(error) if for_programs else _NOT_SO)
        case UpstreamError():
            sentence = "The package index does not answer at the moment. Try again in a minute."
            return Fault(HTTPStatus.SERVICE_UNAVAILABLE, sentence, 60)
        case StorageError():
            log.warning("storage_failed", reason=str(error))
            return out_of_order()
        case _:
            log.error("request_failed", exc_info=error)
            sentence = "This is a fault of the site, and noted. Try again later."
            return Fault(HTTPStatus.INTERNAL_SERVER_ERROR, sentence)


_NOT_SO = "This cannot be answered as it was asked."


def _of_http(refusal: web.HTTPException) -> Fault:
    """Return what aiohttp refuses, in our words."""
    status = HTTPStatus(refusal.status)
    if isinstance(refusal, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(refusal.allowed_methods))
        return Fault(status, f"This address takes {allowed} only.", headers={"Allow": allowed})
    if status is HTTPStatus.NOT_FOUND:
        return Fault(status, "There is no such page. Begin at the front page, or search for a package.")
    return Fault(status, _NOT_SO)
