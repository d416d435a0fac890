"""What is served over HTTP: whether the process lives, whether it can answer, what it counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from bot.core.errors import UserError

Readiness = Callable[[], Awaitable[Mapping[str, bool]]]


@dataclass(frozen=True, slots=True)
class Site:
    """The routes; ``readiness`` names what is needed to answer and whether it is there."""

    registry: CollectorRegistry
    readiness: Readiness

    def application(self) -> web.Application:
        """Build the aiohttp application."""
        application = web.Application()
        application.router.add_get("/healthz", self._health)
        application.router.add_get("/readyz", self._ready)
        application.router.add_get("/metrics", self._metrics)
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


@asynccontextmanager
async def serve(site: Site, host: str, port: int) -> AsyncIterator[int]:
    """Serve the site while the block runs; gives the port, which matters where 0 asked for any."""
    runner = web.AppRunner(site.application(), access_log=None, handle_signals=False, shutdown_timeout=2.0)
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
