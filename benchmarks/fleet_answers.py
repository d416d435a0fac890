"""``/ftstatus`` warm: a fleet, each of whose processes has a shard, beside one bot that has all of them.

And beside three that share nothing, which shows what more processes cost on a machine, and what the database does.
"""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

from benchmarks.asked_bots import Run, Subject
from benchmarks.figures import MILLISECONDS, Figure, Limit, percentile
from benchmarks.fleet_bots import PROCESSES, open_yard, start_all
from benchmarks.loopback_index import MODEL
from benchmarks.processes import environment, running, said

_IN_FLIGHT = 32
_ROUNDS = 5
_WARM_UP = 300
_START_SECONDS = 20.0
_SLOWEST = 1.5
"""How many times the 99th percentile of one bot on SQLite a fleet's may be."""


@dataclass(frozen=True, slots=True)
class _Side:
    what: str
    bot: Subject
    runs: dict[int, Run] = field(default_factory=lambda: {1: Run(), _IN_FLIGHT: Run()})

    async def ask(self, run: Run, count: int, at_once: int) -> None:
        """Ask in all servers in turn."""
        guilds = cycle(self.bot.discord.guilds)
        await run.add(self.bot, lambda: self.bot.ask(guild=next(guilds)), count, at_once)


async def measure_answers(folder: Path, url: str, questions: int) -> list[Figure]:
    """Ask all in turns about a package that they have in memory."""
    async with AsyncExitStack() as stack:
        command = (sys.executable, "-m", "benchmarks.loopback_index", "--cold", "1")
        process = await stack.enter_async_context(running(command, folder, environment(), "index.log"))
        index = await said(process, _START_SECONDS)
        sides = []
        for name, what, place, processes in (
            ("one", "one on SQLite", str(folder / "answers.db"), 1),
            ("fleet", f"{PROCESSES} on PostgreSQL", url, PROCESSES),
            ("apart", f"{PROCESSES} on a file each", str(folder / "apart.db"), PROCESSES),
        ):
            yard = await stack.enter_async_context(open_yard(folder, place, f"answers-{name}", index))
            await start_all(yard, processes, apart=name == "apart")
            sides.append(_Side(what, yard.subject()))
        for side in sides:
            for guild in side.bot.discord.guilds:
                _, card = await side.bot.read(MODEL, guild)
                assert "3.14t" in card, card
            await side.ask(Run(), _WARM_UP, _IN_FLIGHT)
        for _ in range(_ROUNDS):
            for at_once in (1, _IN_FLIGHT):
                for side in sides:
                    await side.ask(side.runs[at_once], questions // _ROUNDS, at_once)
    return [figure for at_once in (1, _IN_FLIGHT) for figure in _compared(at_once, *sides)]


def _compared(at_once: int, one: _Side, fleet: _Side, apart: _Side) -> list[Figure]:
    figures = []
    for side in (one, fleet, apart):
        run, what = side.runs[at_once], f"{at_once} in flight, {side.what}"
        cpu = "" if run.cpu_each is None else f", {run.cpu_each * MILLISECONDS:.2f} ms of CPU each"
        middle, slow = (percentile(run.latencies, percent) * MILLISECONDS for percent in (50, 99))
        figures += [
            Figure(f"{what}, p50", middle, note=f"n = {len(run.latencies):,}"),
            Figure(f"{what}, p99", slow, note=f"{run.rate:,.0f} a second{cpu}"),
        ]
    slowest = [percentile(side.runs[at_once].latencies, 99) for side in (one, fleet, apart)]
    rates = [side.runs[at_once].rate for side in (one, fleet, apart)]
    return [
        *figures,
        Figure(f"{at_once} in flight, p99, fleet : one", slowest[1] / slowest[0], "×", Limit(_SLOWEST)),
        Figure(f"{at_once} in flight, p99, fleet : a file each", slowest[1] / slowest[2], "×"),
        Figure(f"{at_once} in flight, rate, fleet : one", rates[1] / rates[0], "×"),
        Figure(f"{at_once} in flight, rate, fleet : a file each", rates[1] / rates[2], "×"),
    ]
