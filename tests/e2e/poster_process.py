"""Processes that post what is due, and kill themselves at a step if told: the program's own poster, run by tests.

This one imports everything once. For each line that it reads, a JSON list of runs, it forks a process for each run,
writes their process ids, waits for them, and writes how they ended.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import discord
import msgspec
import yarl

from bot.logs import set_up_logs
from storage.database import open_database
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


@dataclass(slots=True)
class Executioner:
    """Kills this process, without a chance to tidy up, at the nth time that it gets to a step."""

    step: str
    number: int
    seen: list[str] = field(default_factory=list)

    def __call__(self, step: str) -> None:
        self.seen.append(step)
        if step == self.step and self.seen.count(step) == self.number:
            os.kill(os.getpid(), signal.SIGKILL)


async def post(run: Run) -> None:
    """Connect and tick once; the steps that it took go into a file beside the database."""
    discord.http.Route.BASE = run.api_url
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(run.gateway_url)
    kill = Executioner(run.step, run.number)
    client = discord.Client(intents=discord.Intents(guilds=True), max_ratelimit_timeout=30, guild_ready_timeout=0.01)
    async with open_database(Path(run.database)) as opened, client:
        running = asyncio.create_task(client.start(TOKEN))
        await client.wait_until_ready()
        office = build_office(opened, client, lambda: run.now, Press(), kill)
        await office.poster.tick()
        await client.close()
        await asyncio.wait({running})
    Path(run.database).with_name("steps").write_text(" ".join(kill.seen), encoding="utf-8")


def fork(run: Run) -> int:
    """Start a process of its own for a run."""
    process = os.fork()
    if process:
        return process
    ending = 1
    try:
        asyncio.run(post(run))
        ending = 0
    finally:
        os._exit(ending)


def main() -> None:
    """Serve the test that started this."""
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    set_up_logs(level="info", as_json=True, stream=sys.stderr)
    for line in sys.stdin:
        processes = [fork(run) for run in msgspec.json.decode(line, type=list[Run])]
        sys.stdout.write(f"{' '.join(map(str, processes))}\n")
        sys.stdout.flush()
        endings = [os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for process in processes]
        sys.stdout.write(f"{' '.join(map(str, endings))}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
