"""The real ``ftbot run``, several on one database or one alone, on a fake Discord with a shard for each of a fleet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.asked_bots import Subject, bot_environment
from benchmarks.processes import ftbot, running
from tests.fakes.discord_world import Guild
from tests.fakes.fake_discord import FakeDiscord

PROCESSES = 3

_NOWHERE = "http://127.0.0.1:9/"
_START_SECONDS = 60.0
_LOOK_SECONDS = 0.01
_SHARD_BIT = 22
"""Where in the number of a server Discord has what decides about its shard."""

_BLOCK = 10**10


@dataclass(frozen=True, slots=True)
class Bot:
    """A process, and where it logs."""

    process: asyncio.subprocess.Process
    log: Path

    def says(self, event: str) -> bool:
        """Return whether it has logged something."""
        return f'"event": "{event}"'.encode() in self.log.read_bytes()

    async def said(self, event: str) -> None:
        """Wait until it has logged something."""
        async with asyncio.timeout(_START_SECONDS):
            while not self.says(event):  # noqa: ASYNC110 — another process writes it
                await asyncio.sleep(_LOOK_SECONDS)


@dataclass(frozen=True, slots=True)
class Yard:
    """Where processes are started that share a database; ``settings`` are the same for all, ``name`` is the logs'."""

    discord: FakeDiscord
    folder: Path
    name: str
    database: str
    index: str
    settings: dict[str, str]
    stack: AsyncExitStack
    bots: list[Bot] = field(default_factory=list)

    async def start(self, **settings: str) -> Bot:
        """Start one more, and wait until it has started."""
        env = bot_environment(self.discord, self.index, **({"database": self.database} | self.settings | settings))
        log = f"{self.name}-{len(self.bots)}.log"
        process = await self.stack.enter_async_context(running(ftbot("run"), self.folder, env, log))
        self.bots.append(Bot(process, self.folder / log))
        await self.bots[-1].said("started")
        return self.bots[-1]

    def subject(self) -> Subject:
        """Return all of them as one bot."""
        first, *others = (bot.process.pid for bot in self.bots)
        return Subject(self.discord, first, tuple(others))


@asynccontextmanager
async def open_yard(
    folder: Path, database: str, name: str, index: str = _NOWHERE, **settings: str
) -> AsyncIterator[Yard]:
    """Open a Discord for the processes of a database, with a server on each of its shards."""
    guilds = [Guild(f"on shard {shard}", id=(_BLOCK * PROCESSES + shard) << _SHARD_BIT) for shard in range(PROCESSES)]
    async with FakeDiscord(guilds, validate=False) as discord, AsyncExitStack() as stack:
        discord.gateway.shards = discord.gateway.max_concurrency = PROCESSES
        yield Yard(discord, folder, name, database, index, settings, stack)


async def start_all(yard: Yard, processes: int, *, apart: bool = False) -> None:
    """Start so many, each with its part of the shards, and wait until all shards are connected.

    Those that are ``apart`` have a file each beside the database that is named.
    """
    for number in range(processes):
        shards = "auto" if processes == 1 else f"{number}-{number}/{PROCESSES}"
        await yard.start(shards=shards, **({"database": f"{yard.database}.{number}"} if apart else {}))
    sessions = yard.discord.gateway.sessions
    await yard.discord.until(lambda: sum(each.connection is not None for each in sessions) == PROCESSES, _START_SECONDS)
