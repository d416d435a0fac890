"""Whether anybody waits for a scan: ``python -m benchmarks.scan_beside``, in some three minutes, on loopback only.

The real ``ftbot run`` is asked one question after the other about a package that is in memory, while it tracks nothing
and while it scans 15,000 projects for the first time; so is the earlier build, in turns.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks.asked_bots import Subject
from benchmarks.earlier import NAME, add_option, earlier_build
from benchmarks.figures import MILLISECONDS, Figure, Limit, median, percentile
from benchmarks.processes import environment, ftbot, running
from benchmarks.report import report
from benchmarks.scan import Bench, Plan, open_bench
from tests.fakes.fake_discord import FakeDiscord

BOUND_SECONDS = 600.0

_START_SECONDS = 30.0
_SCAN_SECONDS = 240.0
_ROUND_TRIP = 30.0
_WARM_UP = 100
_LOOKS_EVERY = 50
"""Questions between two looks into the log."""

_TIMES = 2.0
"""How many times as long as before without a scan an answer may take now beside one."""

_SCANNED = b'"scanned"'

Section = tuple[str, list[Figure]]


@dataclass(slots=True)
class Program:
    """A version of the program, and how long its answers took in seconds: without a scan, and beside one."""

    name: str
    command: tuple[str, ...]
    alone: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)
    scans: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Log:
    """What a bot has logged so far."""

    path: Path

    def says(self, event: bytes) -> bool:
        """Return whether something has happened."""
        return event in self.path.read_bytes()


@dataclass(frozen=True, slots=True)
class Questions:
    """What is asked: about one package of the index's, so many times a round where nothing is scanned."""

    bench: Bench
    names: Path
    package: str
    count: int

    async def ask_alone(self, program: Program, run: str) -> None:
        """Ask while nothing is scanned."""
        async with self._open_bot(program, 0, run) as (bot, _):
            await self._warm_up(bot)
            program.alone += [await bot.ask(self.package) for _ in range(self.count)]

    async def ask_beside(self, program: Program, run: str) -> None:
        """Ask while a scan is under way, until it has ended."""
        async with self._open_bot(program, len(self.bench.projects), run) as (bot, log):
            began = time.perf_counter()
            await self._warm_up(bot)
            while not log.says(_SCANNED):
                assert time.perf_counter() - began < _SCAN_SECONDS, "the scan did not end"
                program.beside += [await bot.ask(self.package) for _ in range(_LOOKS_EVERY)]
            program.scans.append(time.perf_counter() - began)

    @asynccontextmanager
    async def _open_bot(self, program: Program, track: int, run: str) -> AsyncIterator[tuple[Subject, Log]]:
        """Run a bot with a new database, which tracks so many projects."""
        bench = self.bench
        async with FakeDiscord(validate=False) as discord:
            env = environment(
                index_url=f"{bench.address}simple/",
                json_api_url=f"{bench.address}pypi/",
                top_packages_url=str(self.names),
                database=str(bench.folder / f"{run}.db"),
                discord_token=discord.token,
                discord_api_url=discord.api_url,
                discord_gateway_url=discord.gateway_url,
                http_port="0",
                track=str(track),
                inspect="0",
                log_format="json",
            )
            env.pop("PYTHONPATH")  # each version finds its own packages
            async with running(program.command, bench.folder, env, f"{run}.log") as process:
                await discord.connected(_START_SECONDS)
                yield Subject(discord, process.pid), Log(bench.folder / f"{run}.log")

    async def _warm_up(self, bot: Subject) -> None:
        """Have the package in memory, and everything done that is done only once."""
        _, card = await bot.read(self.package)
        assert "3.14t" in card, card
        for _ in range(_WARM_UP):
            await bot.ask(self.package)


async def measure(bench: Bench, programs: Sequence[Program], count: int, rounds: int) -> list[Section]:
    """Ask in turns, and compare with the last of the programs, the earlier build."""
    names = bench.listed("names.txt", bench.projects)
    package = next(project.name for project in bench.projects if project.native)
    questions = Questions(bench, names, package, count)
    for number in range(rounds):
        for program in programs:
            await questions.ask_alone(program, f"{program.name}-alone-{number}")
        for program in programs:
            await questions.ask_beside(program, f"{program.name}-beside-{number}")
    limit = _TIMES * percentile(programs[-1].alone, 99) * MILLISECONDS
    return [
        (
            f"Warm /ftstatus, one in flight, while {len(bench.projects):,} projects are scanned",
            [figure for program in programs for figure in _figures(program, limit)],
        )
    ]


def _figures(program: Program, limit: float) -> Iterator[Figure]:
    alone, beside = program.alone, program.beside
    yield Figure(f"{program.name}, no scan, p50", median(alone) * MILLISECONDS, note=f"n = {len(alone)}")
    yield Figure(f"{program.name}, no scan, p99", percentile(alone, 99) * MILLISECONDS)
    yield Figure(f"{program.name}, scan, p50", median(beside) * MILLISECONDS, note=f"n = {len(beside)}")
    yield Figure(f"{program.name}, scan, p99", percentile(beside, 99) * MILLISECONDS, limit=Limit(limit))
    yield Figure(f"{program.name}, scan, longest", max(beside) * MILLISECONDS)
    yield Figure(f"{program.name}, the scan, wall", median(program.scans), "s")


async def _run(folder: Path, *, programs: Sequence[Program], projects: int, count: int, rounds: int) -> list[Section]:
    plan = Plan(rounds, 1, projects, _ROUND_TRIP, None)
    async with open_bench(folder, plan, projects, projects) as bench:
        return await measure(bench, programs, count, rounds)


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_option(parser)
    parser.add_argument("--projects", type=int, default=15_000, help="how many are scanned (default: 15,000)")
    parser.add_argument("--questions", type=int, default=2_000, help="without a scan, each round (default: 2,000)")
    parser.add_argument("--rounds", type=int, default=1, help="turns that the programs take (default: 1)")
    options = parser.parse_args()
    gc.disable()  # the fake keeps all that it was told, and to look through that takes longer than an answer
    programs = [Program("now", ftbot("run")), Program(NAME, earlier_build(options).ftbot("run"))]
    measuring = partial(
        _run, programs=programs, projects=options.projects, count=options.questions, rounds=options.rounds
    )
    asyncio.run(report(measuring, BOUND_SECONDS))


if __name__ == "__main__":
    main()
