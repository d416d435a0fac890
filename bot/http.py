"""What is served over HTTP: whether the process lives, whether it can answer, what it counted; webhooks are taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from bot.core.errors import UserError
from bot.core.webhooks import LARGEST
from bot.services.intake import Receipt

Readiness = Callable[[], Awaitable[Mapping[str, bool]]]
Webhooks = Callable[[Mapping[str, str], bytes], Awaitable[Receipt]]

BODY_SECONDS = 10.0
"""How long a delivery may take to arrive; GitHub itself gives up by then."""

_SMALL = 64 * 1024
"""Bytes; anybody may send, so that of larger bodies only a few are in memory at any time."""

_LARGE_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Site:
    """The routes; ``readiness`` names what is needed to answer and whether it is there.

    Without ``webhooks``, which answers a delivery with a status and a line, there is no route for them.
    """

    registry: CollectorRegistry
    readiness: Readiness
    webhooks: Webhooks | None = None

    def application(self) -> web.Application:
        """Build the aiohttp application."""
        application = web.Application()
        application.router.add_get("/healthz", self._health)
        application.router.add_get("/readyz", self._ready)
        application.router.add_get("/metrics", self._metrics)
        if self.webhooks is not None:
            application.router.add_post("/webhooks/github", _Deliveries(self.webhooks).take)
        return application

    async def _health(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _ready(self, _request: web.Request) -> web.Response:
        needs = dict(await self.readiness())
        return web.json_response(needs, status=200 if all(needs.values()) else 503)

    async def _metrics(self, _request: web.Request) -> web.Response:
        # In a thread: the process's own figures are read from files in /proc.
        figures = await asyncio.to_thread(generate_latest, self.registry)
        return web.Response(body=figures, headers={"Content-Type": CONTENT_TYPE_LATEST})


@dataclass(frozen=True, slots=True)
class _Deliveries:
    """Reads the bodies of deliveries, no further than they may go, and gives them on as they were sent."""

    webhooks: Webhooks
    large: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_LARGE_AT_ONCE))

    async def take(self, request: web.Request) -> web.Response:
        if (request.content_length or 0) > LARGEST:
            return _too_large()
        async with AsyncExitStack() as turns:
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    body = await self._read(request, turns)
            except TimeoutError:
                return _answer(HTTPStatus.REQUEST_TIMEOUT, "The delivery took too long to arrive. Send it again later.")
            except (ConnectionError, BadHttpMessage, web.RequestPayloadError):
                return _answer(HTTPStatus.BAD_REQUEST, "The delivery broke off. Send it again.")
            if body is None:
                return _too_large()
            receipt = await self.webhooks(request.headers, body)
        return _answer(receipt.status, receipt.text)

    async def _read(self, request: web.Request, turns: AsyncExitStack) -> bytes | None:
        """Read a body, None if it is too large; a large one waits for its turn."""
        body, waited = bytearray(), False
        async for chunk in request.content.iter_any():
            if len(body) + len(chunk) > LARGEST:
                return None
            if len(body) + len(chunk) > _SMALL and not waited:
                await turns.enter_async_context(self.large)
                waited = True
            body += chunk
        return bytes(body)


def _answer(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=f"{text}\n")


def _too_large() -> web.Response:
    return _answer(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The delivery is larger than 25 MB. GitHub sends none that large."
    )


@asynccontextmanager
async def serve(site: Site, host: str, port: int) -> AsyncIterator[int]:
    """Serve the site while the block runs; gives the port, which matters where 0 asked for any."""
    # Signatures are of bodies as they were sent; nothing that is taken here is ever compressed.
    runner = web.AppRunner(
        site.application(), access_log=None, handle_signals=False, shutdown_timeout=2.0, auto_decompress=False
    )
    await runner.setup()
    try:
        listener = web.TCPSite(runner, host, port)
        try:
            await listener.start()
        except OSError as error:
            raise UserError(
                f"Port {port} on {host} cannot be opened: {error.strerror}. Set FTBOT_HTTP_PORT to a free one."
            ) from error
        yield next((address[1] for address in runner.addresses), port)
    finally:
        await runner.cleanup()
