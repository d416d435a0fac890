"""What is served over HTTP: whether the process lives, whether it can answer, what it counted; webhooks are taken."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage, HttpProcessingError
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from bot.core.errors import UserError
from bot.core.github.webhooks import LARGEST
from bot.services.triage.deliveries import Receipt
from bot.web.answers import SECURITY
from bot.web.bodies import connection_of, listening, read_body
from bot.web.connections import NOT_HERE, Connections, listen

Readiness = Callable[[], Awaitable[Mapping[str, bool]]]

TURNS = ((64 * 1024, 32), (1024 * 1024, 4))
"""Above how many bytes of a body are how many in memory at a time: it is read before it can be known who sent it."""

_LONGEST_SHOWN = 100

_LINGER_SECONDS = 2.0
"""How long the rest of a request is read that is answered already, so that its sender gets to see the answer."""


class DrainedBody(Protocol):
    """A body that is read and not kept."""

    async def feed(self, piece: bytes) -> None:
        """Take the next piece."""

    def receipt(self) -> Receipt:
        """Answer, when that was all."""


class Webhooks(Protocol):
    """Who takes deliveries."""

    def refusal(self, headers: Mapping[str, str]) -> Receipt | None:
        """Refuse a delivery that can be nobody's, by its headers; None for one whose body is to be read."""

    def drain(self, headers: Mapping[str, str]) -> DrainedBody | None:
        """Return what reads the body of a delivery that nobody needs; None for one whose body is to be kept."""

    async def take(self, headers: Mapping[str, str], body: bytes) -> Receipt:
        """Answer a delivery."""


class Pages(Protocol):
    """What everybody may read."""

    def routes(self) -> Sequence[web.RouteDef]:
        """List the routes."""

    def guard(self) -> Middleware:
        """Return the middleware that answers what goes wrong, here and where there is no route."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen; port 0 takes a free one. ``settings`` is what the two settings that say so begin with."""

    host: str
    port: int
    settings: str = "FTBOT_HTTP"


@dataclass(frozen=True, slots=True)
class Site:
    """What is served at one address; without ``monitoring``, ``webhooks`` or ``pages`` there are no routes for them."""

    monitoring: Monitoring | None = None
    webhooks: Webhooks | None = None
    pages: Pages | None = None

    def application(self) -> web.Application:
        """Build the aiohttp application."""
        guards: list[Middleware] = [_accounted]
        if self.pages is not None:
            guards.append(self.pages.guard())
        application = web.Application(middlewares=guards)
        if self.pages is not None:
            application.router.add_routes(self.pages.routes())
        if self.monitoring is not None:
            application.router.add_routes(self.monitoring.routes())
        if self.webhooks is not None:
            application.router.add_post("/webhooks/github", _Deliveries(self.webhooks).take)
        return application


@dataclass(frozen=True, slots=True)
class Monitoring:
    """Health, readiness and metrics; ``readiness`` names what is needed to answer and whether it is there.

    ``beside`` does so for what is not needed: it is told, and changes no status, as nobody else would answer better.
    ``problems`` says in sentences what is wrong with what was just found not to be there.
    """

    registry: CollectorRegistry
    readiness: Readiness
    beside: Callable[[], Mapping[str, bool]] = dict
    problems: Callable[[], Mapping[str, str]] = dict

    def routes(self) -> Sequence[web.RouteDef]:
        """List the routes, which are for whoever runs the bot and not for everybody."""
        return (
            web.get("/healthz", self._health),
            web.get("/readyz", self._ready),
            web.get("/metrics", self._metrics),
        )

    async def _health(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _ready(self, _request: web.Request) -> web.Response:
        needs = dict(await self.readiness())
        told = {need: sentence for need, sentence in self.problems().items() if not needs.get(need, True)}
        return web.json_response(
            needs | dict(self.beside()) | ({"problems": told} if told else {}),
            status=200 if all(needs.values()) else 503,
        )

    async def _metrics(self, _request: web.Request) -> web.Response:
        # In a thread: the process's own figures are read from files in /proc.
        figures = await asyncio.to_thread(generate_latest, self.registry)
        return web.Response(body=figures, headers={"Content-Type": CONTENT_TYPE_LATEST})


@dataclass(frozen=True, slots=True)
class _Deliveries:
    """Reads the bodies of deliveries, no further than they may go, and gives them on as they were sent."""

    webhooks: Webhooks
    turns: tuple[tuple[int, asyncio.Semaphore], ...] = field(
        default_factory=lambda: tuple((above, asyncio.Semaphore(at_once)) for above, at_once in TURNS)
    )

    async def take(self, request: web.Request) -> web.Response:
        if (request.content_length or 0) > LARGEST:
            return _too_large()
        if (refusal := self.webhooks.refusal(request.headers)) is not None:
            return _answer(refusal.status, refusal.text)
        drained = self.webhooks.drain(request.headers)
        async with AsyncExitStack() as stack:
            body = _Body(list(self.turns), stack)
            try:
                with listening(request):
                    read = await read_body(request, LARGEST, body.keep if drained is None else drained.feed)
            except TimeoutError:
                return _answer(HTTPStatus.REQUEST_TIMEOUT, "The delivery took too long to arrive. Send it again later.")
            except (ConnectionError, BadHttpMessage, web.RequestPayloadError):
                return _answer(HTTPStatus.BAD_REQUEST, "The delivery broke off. Send it again.")
            if not read:
                return _too_large()
            if drained is not None:
                receipt = drained.receipt()
            else:
                receipt = await self.webhooks.take(request.headers, bytes(body.kept))
        return _answer(receipt.status, receipt.text)


@dataclass(slots=True)
class _Body:
    """A body in memory; the larger it becomes, the fewer there may be besides it."""

    turns: list[tuple[int, asyncio.Semaphore]]
    stack: AsyncExitStack
    kept: bytearray = field(default_factory=bytearray)

    async def keep(self, piece: bytes) -> None:
        """Keep another piece, when it is its turn."""
        while self.turns and len(self.kept) + len(piece) > self.turns[0][0]:
            _, turn = self.turns.pop(0)
            await self.stack.enter_async_context(turn)
        self.kept += piece


@web.middleware
async def _accounted(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Wake a connection: there is something to do."""
    connection = connection_of(request)
    with nullcontext() if connection is None else connection.working():
        return await handler(request)


def _why_not(address: Address, error: OSError | ValueError) -> str:
    """Return why nobody can listen at an address, and which of its two settings to change."""
    host, port = f"{address.settings}_HOST", f"{address.settings}_PORT"
    shown = address.host[:_LONGEST_SHOWN]
    another_host = f"Set {host} to an address of this machine, such as 127.0.0.1."
    if not isinstance(error, OSError):  # there is no way to ask for it, such as for `a..b`
        return f"`{shown}` is no name of a host. {another_host}"
    if isinstance(error, socket.gaierror):
        return f"The host `{shown}` cannot be found: {error.strerror}. {another_host}"
    reason = str(error) if error.errno is None else os.strerror(error.errno)
    if error.errno in NOT_HERE:
        return f"`{shown}` is no address of this machine: {reason}. {another_host}"
    place = f"Port {address.port} on {shown} cannot be opened: {reason}."
    if isinstance(error, PermissionError):
        return f"{place} Set {port} to one that this user may open, such as one above 1023."
    if error.errno == errno.EADDRINUSE:
        return f"{place} Set {port} to a free one."
    return f"{place} Mend that, or set {host} and {port} to another address."


class _NotOurs(logging.Filter):
    """Leaves out what is wrong with a request: anybody may send nonsense, and gets 400."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to log a line."""
        error = None if record.exc_info is None else record.exc_info[1]
        return not isinstance(error, HttpProcessingError)


_NOT_OURS = _NotOurs()


class _Answering(web.RequestHandler):
    """Answers requests; to what is none aiohttp's own answer repeats what was sent, and says who answers."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no request, or an error of ours."""
        response = super().handle_error(request, status, exc, message)
        response.headers.update(SECURITY)
        if isinstance(response, web.Response) and isinstance(exc, HttpProcessingError):
            response.text = "This is no request that can be answered.\n"
        return response


def _answer(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=f"{text}\n")


def _too_large() -> web.Response:
    return _answer(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The delivery is larger than 25 MB. GitHub sends none that large."
    )


@asynccontextmanager
async def serve(site: Site, address: Address) -> AsyncIterator[int]:
    """Serve the site while the block runs; gives the port, which matters where 0 asked for any.

    Raises ``UserError``, which names the setting that does not work, where nobody can listen there.
    """
    logger = logging.getLogger(f"{__name__}.requests")
    logger.addFilter(_NOT_OURS)
    runner = web.AppRunner(site.application(), handle_signals=False, shutdown_timeout=2.0)
    await runner.setup()
    loop = asyncio.get_running_loop()

    def answering() -> asyncio.Protocol:
        if runner.server is None:
            raise ConnectionAbortedError("The site is closed.")
        # Signatures are of bodies as they were sent; nothing that is taken here is ever compressed.
        return _Answering(
            runner.server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]  # that there is none, as aiohttp's own Server passes on
            logger=logger,
            lingering_time=_LINGER_SECONDS,
            auto_decompress=False,
        )

    try:
        try:
            listeners = await listen(address.host, address.port)
        except (OSError, ValueError) as error:
            raise UserError(_why_not(address, error)) from error
        async with Connections(answering).accepting(listeners):
            yield listeners[0].getsockname()[1]
    finally:
        await runner.cleanup()
