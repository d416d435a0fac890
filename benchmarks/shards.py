"""How soon a large bot is there, and what servers take: ``python -m benchmarks.shards``, on loopback only.

The fake Discord of the tests has 2,500 servers on each of 16 shards, of the size that large bots see, and enforces the
limits of sessions as Discord does. The real ``ftbot run`` connects to it until it knows all servers. Beside that,
clients of discord.py and of ftbot connect to one shard each, in processes of their own that trace their memory.
docs/benchmarks.md tells how to read the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.figures import Figure, Limit
from benchmarks.processes import environment, footprint, ftbot, running, said
from benchmarks.report import report
from benchmarks.shard_memory import NARROW, OURS, PLAIN
from tests.fakes.discord_crowd import Crowd
from tests.fakes.discord_gateway import IDENTIFY_S
from tests.fakes.fake_discord import FakeDiscord

BOUND_SECONDS = 600.0

_NOWHERE = "http://127.0.0.1:9/"
_BESIDES_LIMITS = 10.0
_MOST_MEMORY = 1.1
_KIBIBYTE = 1024
_READY = b'"event": "discord_ready"'
_LOOK_SECONDS = 0.1
_TRACED_SECONDS = 240.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How many shards there are, and how many servers on each."""

    shards: int
    servers: int


def large(plan: Plan) -> FakeDiscord:
    """Make a Discord with many servers."""
    discord = FakeDiscord([], validate=False)
    gateway = discord.gateway
    gateway.shards, gateway.max_concurrency, gateway.crowd = plan.shards, 1, Crowd(plan.servers)
    return discord


async def measure_start(folder: Path, plan: Plan) -> list[Figure]:
    """Start the bot, and wait until it knows all servers."""
    async with large(plan) as discord:
        env = environment(
            index_url=_NOWHERE,
            json_api_url=_NOWHERE,
            guide_url=_NOWHERE,
            database=str(folder / "ftbot.db"),
            discord_token=discord.token,
            discord_api_url=discord.api_url,
            discord_gateway_url=discord.gateway_url,
            http_port="0",
            track="0",
            log_format="json",
        )
        began, log = time.perf_counter(), folder / "ftbot.log"
        async with running(ftbot("run"), folder, env, log.name) as process:
            before = None
            while (await asyncio.to_thread(log.read_bytes)).count(_READY) < plan.shards:
                await asyncio.sleep(_LOOK_SECONDS)
                if discord.gateway.connections == 0:
                    before = footprint(process.pid)
            took = time.perf_counter() - began
            after = footprint(process.pid)
        gateway = discord.gateway
    forced = (plan.shards - 1) * IDENTIFY_S
    each = None if before is None or after is None else (after.resident - before.resident) * _KIBIBYTE
    return [
        Figure("until all servers are known", took, "s", Limit(forced + _BESIDES_LIMITS), f"limits force {forced:.0f}"),
        Figure("sessions that Discord refused", float(gateway.too_soon), "", Limit(0.0)),
        Figure("sessions begun", float(gateway.identifies), "", Limit(float(plan.shards))),
        Figure("resident for each server", None if each is None else each / plan.shards / plan.servers, "KiB"),
        Figure("CPU of the bot", None if after is None else after.cpu, "s"),
    ]


async def traced(folder: Path, discord: FakeDiscord, kind: str, plan: Plan) -> float:
    """Return the bytes that each server takes in a client of a kind."""
    place = (discord.api_url, discord.gateway_url, discord.token, "1", str(plan.shards))
    command = (sys.executable, "-m", "benchmarks.shard_memory", kind, *place)
    async with running(command, folder, environment(), f"{kind}.log") as process:
        taken, servers = (await said(process, _TRACED_SECONDS)).split()
    assert int(servers) == plan.servers
    return int(taken) / plan.servers


async def measure_memory(folder: Path, plan: Plan) -> list[Figure]:
    """Trace what the servers of a shard take, in each kind of client."""
    async with large(plan) as discord:
        discord.gateway.max_concurrency = None
        plain, narrow, ours = [await traced(folder, discord, kind, plan) for kind in (PLAIN, NARROW, OURS)]
    return [
        Figure("discord.py as it is", plain / _KIBIBYTE, "KiB"),
        Figure("discord.py, asked for servers only", narrow / _KIBIBYTE, "KiB"),
        Figure("ftbot", ours / _KIBIBYTE, "KiB", Limit(_MOST_MEMORY * plain / _KIBIBYTE)),
        Figure("ftbot beside the second", ours / narrow, "×", Limit(_MOST_MEMORY)),
    ]


async def measure(plan: Plan, folder: Path) -> Sequence[tuple[str, list[Figure]]]:
    """Measure both."""
    name = f"{plan.servers:,} servers a shard"
    return [
        (f"{name}: what each takes", await measure_memory(folder, plan)),
        (f"{name}, {plan.shards} shards: a start", await measure_start(folder, plan)),
    ]


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description="Measure a bot of many shards.")
    parser.add_argument("--shards", type=int, default=16, help="(default: 16)")
    parser.add_argument("--servers", type=int, default=2_500, help="on each shard (default: 2500)")
    options = parser.parse_args()
    asyncio.run(report(partial(measure, Plan(options.shards, options.servers)), BOUND_SECONDS))


if __name__ == "__main__":
    main()
