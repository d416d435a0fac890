"""What a shard's servers take in memory, traced by Python itself; a process of ``benchmarks.shards``.

``python -m benchmarks.shard_memory KIND API GATEWAY TOKEN SHARD SHARDS`` connects one client of a kind until it knows
all servers, and prints how many bytes Python has allocated since before it was made, and how many servers it knows.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import tracemalloc

import discord
from yarl import URL

from bot.core.errors import StorageError
from bot.logs import set_up_logs
from bot.services.discord.registration import Registration
from bot.services.metrics import Metrics
from cogs.client import Client
from cogs.conversations import Conversations
from cogs.pulse import Heartbeats
from storage.discord.registrations import Registrations
from storage.engine.sqlite import open_database

PLAIN, NARROW, OURS = "plain", "narrow", "ftbot"
"""discord.py as it is, discord.py asked for what ftbot asks for, and ftbot's client."""


async def measure(kind: str, token: str, shard: int, shards: int) -> tuple[int, int]:
    """Return the bytes and the servers."""
    async with open_database(None) as database:
        registration, metrics = Registration(Registrations(database)), Metrics.new()
        gc.collect()
        tracemalloc.start()
        client: discord.Client
        if kind == OURS:
            conversations = Conversations(metrics)
            client = Client(conversations, {}, metrics, registration, Heartbeats(), shard=shard, shards=shards)
        else:
            intents = discord.Intents.default() if kind == PLAIN else discord.Intents(guilds=True)
            client = discord.Client(intents=intents, shard_id=shard, shard_count=shards)
        async with client:
            running = asyncio.create_task(client.start(token))
            await asyncio.wait({running, asyncio.ensure_future(ready(client))}, return_when=asyncio.FIRST_COMPLETED)
            gc.collect()
            taken, servers = tracemalloc.get_traced_memory()[0], len(client.guilds)
            tracemalloc.stop()
            await client.close()
            await asyncio.wait({running})
        return taken, servers


async def ready(client: discord.Client) -> None:
    """Wait until a client knows its servers, also before it has begun to connect."""
    while client.user is None:  # noqa: ASYNC110 — discord.py says it nowhere
        await asyncio.sleep(0.05)
    await client.wait_until_ready()


def main() -> None:
    """Measure, and print the figures."""
    kind, api, gateway, token, shard, shards = sys.argv[1:]
    set_up_logs(level="warning", as_json=True, stream=sys.stderr)
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    discord.http.Route.BASE = api
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = URL(gateway)
    try:
        print(*asyncio.run(measure(kind, token, int(shard), int(shards))), flush=True)
    except StorageError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
