"""Processes that tell watchers what happened, and kill themselves at a step if told, run by tests."""

from __future__ import annotations

import asyncio

import discord
import yarl

from tests.databases import open_database
from tests.e2e.forked import Executioner, serve
from tests.e2e.poster_process import Run
from tests.fakes.fake_discord import TOKEN
from tests.services.posts import Press, build_office


async def tell(run: Run) -> None:
    """Connect and tick once; the steps that it took go into a file."""
    discord.http.Route.BASE = run.api_url
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(run.gateway_url)
    kill = Executioner(run.step, run.number)
    client = discord.Client(intents=discord.Intents(guilds=True), max_ratelimit_timeout=30, guild_ready_timeout=0.01)
    async with open_database(run.database) as opened, client:
        running = asyncio.create_task(client.start(TOKEN))
        await client.wait_until_ready()
        await build_office(opened, client, lambda: run.now, Press(), kill).alerts.tick()
        await client.close()
        await asyncio.wait({running})
    kill.report(run.steps)


if __name__ == "__main__":
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    serve(Run, tell)
