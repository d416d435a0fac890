#!/usr/bin/env bash
# httpx-aiohttp sends back cookies that its httpx client does not have: the aiohttp session below keeps a jar of its own.
#
# Seen with httpx-aiohttp 0.2.0 (httpx 0.28.1, aiohttp 3.14.5) on 2026-11-30. After `client.cookies.clear()`, httpx's own client sends no
# cookie; HttpxAiohttpClient sends the one that the server set before. aiohttp takes no cookies of servers named by an IP address, so a
# test against 127.0.0.1 does not show it.
#
# What follows for who uses it: two users who share such a client share a server's cookies, whatever is done to `client.cookies`. Give the
# transport a session with `aiohttp.DummyCookieJar()`.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check httpx==0.28.1 aiohttp==3.14.5 httpx-aiohttp==0.2.0

seen=$(venv/bin/python - <<'PYTHON'
import asyncio

import httpx
from aiohttp import web
from httpx_aiohttp import HttpxAiohttpClient


async def main() -> None:
    sent = []

    async def answer(request: web.Request) -> web.Response:
        sent.append(request.headers.get("Cookie"))
        response = web.Response()
        response.set_cookie("visitor", "first")
        return response

    application = web.Application()
    application.router.add_get("/", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "localhost", 0).start()
    url = f"http://localhost:{runner.addresses[0][1]}/"
    for kind in (httpx.AsyncClient, HttpxAiohttpClient):
        sent.clear()
        async with kind() as client:
            await client.get(url)
            client.cookies.clear()
            await client.get(url)
        print(f"{kind.__name__}: {sent}")
    await runner.cleanup()


asyncio.run(main())
PYTHON
)
expected="AsyncClient: [None, None]
HttpxAiohttpClient: [None, 'visitor=first']"
echo "$seen"
[ "$seen" = "$expected" ] || { echo "This has changed. Seen before:"; echo "$expected"; exit 1; } >&2
