"""Processes that post what is due, and kill themselves at a step if told: the program's own poster, run by tests."""

from __future__ import annotations

import asyncio
from datetime import datetime

import discord
import msgspec
import yarl

from tests.databases import open_database
from tests.e2e.forked import Executioner, serve
from tests.fakes.fake_discord import TOKEN
from tests.services.posts import Press, build_office


class Run(msgspec.Struct):
    """One process: where Discord and the database are, the time, and the nth of a step at which it kills itself."""

    api_url: str
    gateway_url: str
    database: str
    now: datetime
    step: str
    number: int
    steps: str = ""
    """The path of a file for the steps that it took."""


async def post(run: Run) -> None:
    """Connect and tick once; the steps that it took go into a file."""
    discord.http.Route.BASE = run.api_url
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(run.gateway_url)
    kill = Executioner(run.step, run.number)
    client = discord.Client(intents=discord.Intents(guilds=True), max_ratelimit_timeout=30, guild_ready_timeout=0.01)
    async with open_database(run.database) as opened, client:
        running = asyncio.create_task(client.start(TOKEN))
        await client.wait_until_ready()
        office = build_office(opened, client, lambda: run.now, Press(), kill)
        await office.poster.tick()
        await client.close()
        await asyncio.wait({running})
    kill.report(run.steps)


if __name__ == "__main__":
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    serve(Run, post)
