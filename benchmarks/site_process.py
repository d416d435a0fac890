"""The processes that ``benchmarks.site`` measures: the site with a database on disk, or the floor.

The floor is a bare aiohttp handler that sends what it was told to send for a path. Each says its port, keeps to one
processor, and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from base64 import b64decode
from contextlib import AsyncExitStack
from pathlib import Path

from aiohttp import web

from bot.build import version
from bot.clients.web import open_http
from bot.config import read_settings
from bot.services.upstream.tracking import Tracking
from bot.web.site import Address, Site, serve
from bot.wiring.digest import build_digester
from bot.wiring.packages import build_lookup
from bot.wiring.site import SiteResources, build_site
from storage.engine.sqlite import open_database
from storage.github.package_threads import PackageThreads
from storage.packages.documents import Documents


async def _site() -> None:
    settings = read_settings()
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(open_http(settings.user_agent))
        database = await stack.enter_async_context(open_database(settings.database.path))
        lookup = build_lookup(settings, http, database)
        tracking = Tracking(PackageThreads(database), Documents(database))
        digester = build_digester(settings, database)
        site = build_site(SiteResources(settings, http, database, lookup, digester, tracking))
        stack.push_async_callback(site.aclose)
        port = await stack.enter_async_context(serve(Site(pages=site.pages), Address("127.0.0.1", 0)))
        await _until_told(port)


async def _floor(answers: bytes) -> None:
    known = {
        path: (status, b64decode(body), dict(headers)) for path, (status, body, headers) in json.loads(answers).items()
    }
    application = web.Application()

    def answering(path: str) -> None:
        status, body, headers = known[path]

        async def handler(_: web.Request) -> web.Response:
            return web.Response(status=status, body=body, headers=headers)

        application.router.add_get(path, handler)

    for path in known:
        answering(path)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    listening = web.TCPSite(runner, "127.0.0.1", 0)
    await listening.start()
    await _until_told(runner.addresses[0][1])
    await runner.cleanup()


async def _until_told(port: int) -> None:
    print(port, flush=True)
    await asyncio.to_thread(sys.stdin.buffer.read)


if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    version()  # looked up in files, when nobody waits yet
    asyncio.run(_floor(Path(sys.argv[1]).read_bytes()) if len(sys.argv) > 1 else _site())
