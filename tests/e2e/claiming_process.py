"""Processes of a fleet that post or triage what is due, and kill themselves at a step if told, run by tests."""

from __future__ import annotations

import asyncio
from datetime import datetime

import discord
import msgspec
import yarl

from storage.engine.engine import Engine
from storage.engine.postgres import open_database
from tests.e2e.forked import Executioner, serve
from tests.fakes.fake_discord import TOKEN
from tests.services.fleet.processes import Pace, open_process
from tests.services.posts import Press, build_office
from tests.services.triages import Places


class Discord(msgspec.Struct, tag=True):
    """Where Discord is."""

    api_url: str
    gateway_url: str


class Github(msgspec.Struct, tag=True):
    """Where GitHub and the package index are."""

    places: Places


class Run(msgspec.Struct):
    """One process: what it works with, the database, the time, and the nth of a step at which it kills itself."""

    at: Discord | Github
    url: str
    now: datetime
    step: str
    number: int


async def claim(run: Run) -> None:
    """Do once what is due."""
    kill = Executioner(run.step, run.number)
    async with open_database(run.url, "the fleet's database") as database:
        match run.at:
            case Discord() as at:
                await post(at, database, run.now, kill)
            case Github(places):
                async with open_process(places, database, lambda: run.now, Pace(0.0, 0.0), checkpoint=kill) as process:
                    await process.triage.work()
                    await process.worker.tick()


async def post(at: Discord, database: Engine, now: datetime, kill: Executioner) -> None:
    """Connect, and post what is due."""
    discord.http.Route.BASE = at.api_url
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(at.gateway_url)
    client = discord.Client(intents=discord.Intents(guilds=True), max_ratelimit_timeout=30, guild_ready_timeout=0.01)
    async with client:
        running = asyncio.create_task(client.start(TOKEN))
        await client.wait_until_ready()
        office = build_office(database, client, lambda: now, Press(), kill)
        await office.poster.delivery.deliver()
        await client.close()
        await asyncio.wait({running})


if __name__ == "__main__":
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    serve(Run, claim)
