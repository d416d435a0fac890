#!/usr/bin/env bash
# A discord.py client that is closed soon after it has connected leaves a task behind, which fails in the closed client.
#
# Seen with discord.py 2.7.1 (aiohttp 3.14.5) on 2026-11-30, against a server on loopback. After READY, which may name servers that are yet
# unavailable, the client waits guild_ready_timeout (2 seconds) for them before it calls on_ready. Client.close() does not cancel that
# waiting. It takes the client's loop away, and the task ends with AttributeError ("'_MissingSentinel' object has no attribute
# 'create_task'") and an on_ready that was made and never awaited, a RuntimeWarning. Closed after on_ready, a client leaves nothing.
#
# What follows for who runs a bot: one that gets SIGTERM while it starts, as a new release that is rolled back, ends with both messages in
# its log, and so does a short command that logs in, asks and closes. They do not mean that anything went wrong: call
# wait_until_ready() before close() where there is time for it.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check discord.py==2.7.1 aiohttp==3.14.5

seen=$(venv/bin/python -W always::RuntimeWarning - 2>warnings <<'PYTHON'
import asyncio, json

import discord, yarl
from aiohttp import web
from discord.gateway import DiscordWebSocket
from discord.http import Route

USER = {"id": "1", "username": "demo", "discriminator": "0", "avatar": None, "bot": True}
APPLICATION = {"id": "1", "name": "demo", "description": "", "icon": None, "bot_public": True, "bot_require_code_grant": False,
               "verify_key": "", "flags": 0, "team": None, "owner": USER}


def answering(value: dict) -> object:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=json.dumps(value), headers={"Content-Type": "application/json"})

    return answer


async def gateway(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    await socket.send_json({"op": 10, "d": {"heartbeat_interval": 41250}})
    async for message in socket:
        if message.json()["op"] == 2:
            ready = {"v": 10, "user": USER, "guilds": [{"id": "2", "unavailable": True}], "session_id": "3",
                     "resume_gateway_url": str(DiscordWebSocket.DEFAULT_GATEWAY), "application": {"id": "1", "flags": 0}}
            await socket.send_json({"op": 0, "t": "READY", "s": 1, "d": ready})
        else:
            await socket.send_json({"op": 11})
    return socket


class Bot(discord.Client):
    async def on_connect(self) -> None:
        self.connected.set()

    async def on_ready(self) -> None:
        print("on_ready")


async def close(when: str) -> None:
    application = web.Application()
    application.router.add_get("/", gateway)
    application.router.add_get("/users/@me", answering(USER))
    application.router.add_get("/oauth2/applications/@me", answering(APPLICATION))
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = f"127.0.0.1:{runner.addresses[0][1]}"
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = f"http://{address}", yarl.URL(f"ws://{address}/")

    bot = Bot(intents=discord.Intents(guilds=True))
    bot.connected = asyncio.Event()
    running = asyncio.create_task(bot.start("token"))
    await bot.connected.wait()
    if when == "after on_ready":
        await bot.wait_until_ready()
    await bot.close()
    await running
    left = [task for task in asyncio.all_tasks() if "_delay_ready" in task.get_coro().__qualname__]
    print(f"closed {when}:", await asyncio.gather(*left, return_exceptions=True))
    await runner.cleanup()


for when in ("after on_ready", "before"):
    asyncio.run(close(when))
PYTHON
grep --only-matching "coroutine .* was never awaited" warnings)
expected="on_ready
closed after on_ready: []
closed before: [AttributeError(\"'_MissingSentinel' object has no attribute 'create_task'\")]
coroutine 'Client._run_event' was never awaited"
echo "$seen"
[ "$seen" = "$expected" ] || { echo "This has changed. Seen before:"; echo "$expected"; exit 1; } >&2
