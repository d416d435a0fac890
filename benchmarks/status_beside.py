"""This build and an earlier one, asked the same in turns: what an answer takes, and how much memory is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.asked_bots import Run, Subject, open_bot
from benchmarks.earlier import NAME, Build
from benchmarks.figures import MILLISECONDS, Figure, Limit, percentile
from benchmarks.loopback_index import MODEL
from benchmarks.processes import Footprint, ftbot
from benchmarks.scan import Bench, open_bench
from benchmarks.scan import Plan as ScanPlan

NOW, FLOOR = "now", "floor"

_IN_FLIGHT = 32
_ROUNDS = 5
_WARM_UP = 300
_RUSH = 1_000
_RUSH_SECONDS = 1.0
_AT_ONCE = 10
"""Questions of a rush that are asked in one instant."""

_LATE_SECONDS = 5.0
"""More than the three after which Discord, and so the fake, takes no first answer any more."""

_PACKAGES = 1_000
_READERS = 4
"""People who ask for these packages, each for one after the other."""

_SETTLING_SECONDS = 1.0
_WHOLE = 100.0
"""Above which figures are shown without decimals."""

_P99, _RATE, _CPU, _IDLE, _ASKED = Limit(0.45), Limit(1.5, at_least=True), Limit(0.7), Limit(0.75), Limit(0.7)

Section = tuple[str, list[Figure]]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a bot takes when nobody has asked it anything, and when many packages were asked for."""

    idle: Footprint | None
    asked: Footprint | None


def commands(earlier: Build) -> Mapping[str, Sequence[str]]:
    """Return how each build's bot is run."""
    return {NOW: ftbot("run"), NAME: earlier.ftbot("run")}


@asynccontextmanager
async def open_bots(folder: Path, index: str, earlier: Build) -> AsyncIterator[dict[str, Subject]]:
    """Run the bot of each build."""
    async with AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(open_bot(folder, index, command, name))
            for name, command in commands(earlier).items()
        }


async def measure_answers(bots: Mapping[str, Subject], questions: int) -> list[Figure]:
    """Ask about one package that is in memory, in turns; the floor gives its word."""
    for name, bot in bots.items():
        if name != FLOOR:
            await bot.read(MODEL)
        await Run().add(bot, bot.ask, _WARM_UP, _IN_FLIGHT)
    runs = {(name, at_once): Run() for at_once in (1, _IN_FLIGHT) for name in bots}
    for _ in range(_ROUNDS):
        for (name, at_once), run in runs.items():
            await run.add(bots[name], bots[name].ask, max(at_once, questions // _ROUNDS), at_once)
    return [
        *_compared("one in flight", {name: runs[name, 1] for name in bots}, targets=False),
        *_compared(f"{_IN_FLIGHT} in flight", {name: runs[name, _IN_FLIGHT] for name in bots}, targets=True),
    ]


async def measure_rush(bots: Mapping[str, Subject]) -> list[Figure]:
    """Let a thousand people ask within a second, about one package that is in memory."""
    figures: list[Figure] = []
    answered = {name: await _rush(bot) for name, bot in bots.items()}
    for name, waited in answered.items():
        limit = Limit(len(answered[FLOOR]), at_least=True) if name == NOW else None
        slowest = f"the last after {max(waited, default=0.0) * MILLISECONDS:,.0f} ms"
        figures.append(Figure(f"{name}, answered in time", len(waited), "", limit, slowest))
    return figures


async def measure_memory(folder: Path, earlier: Build) -> list[Figure]:
    """Run each build's bot anew, and ask it for many packages with pages of the sizes that pages on PyPI have."""
    plan = ScanPlan(1, 1, _PACKAGES, 0.0, None)
    async with open_bench(folder, plan, _PACKAGES, _PACKAGES) as bench:
        kept = {name: await _kept(folder, bench, command, name) for name, command in commands(earlier).items()}
    idle = {name: each.idle for name, each in kept.items()}
    asked = {name: each.asked for name, each in kept.items()}
    return [
        _memory("idle", idle, _IDLE),
        _memory(f"after {_PACKAGES:,} packages", asked, _ASKED),
    ]


async def _kept(folder: Path, bench: Bench, command: Sequence[str], name: str) -> Kept:
    async with open_bot(folder, bench.address, command, f"memory-{name}") as bot:
        await asyncio.sleep(_SETTLING_SECONDS)
        idle = bot.footprint()
        left = iter(bench.projects)

        async def one_after_another() -> None:
            for project in left:
                await bot.read(project.name)

        await asyncio.gather(*(one_after_another() for _ in range(_READERS)))
        await asyncio.sleep(_SETTLING_SECONDS)
        return Kept(idle, bot.footprint())


async def _rush(bot: Subject) -> list[float]:
    """Return how long those waited who were answered in time."""
    answers = []
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(0, _RUSH, _AT_ONCE):
        await asyncio.sleep(max(0.0, began + number * _RUSH_SECONDS / _RUSH - loop.time()))
        answers += [bot.discord.slash("ftstatus", package=MODEL) for _ in range(_AT_ONCE)]
    await asyncio.wait([answer.callback for answer in answers], timeout=_LATE_SECONDS)
    return [answer.latency for answer in answers if answer.latency is not None]


def _compared(what: str, runs: Mapping[str, Run], *, targets: bool) -> list[Figure]:
    slow = {name: percentile(run.latencies, 99) * MILLISECONDS for name, run in runs.items()}
    rate = {name: run.rate for name, run in runs.items()}
    cpu = {name: run.cpu_each * MILLISECONDS for name, run in runs.items() if run.cpu_each is not None}
    figures = [
        Figure(f"{what}, p99", slow[NOW] / slow[NAME], "×", _P99 if targets else None, _told(slow, "ms")),
        Figure(f"{what}, rate", rate[NOW] / rate[NAME], "×", _RATE if targets else None, _told(rate, "/s")),
    ]
    ratio = cpu[NOW] / cpu[NAME] if NOW in cpu and NAME in cpu else None
    return [*figures, Figure(f"{what}, CPU of an answer", ratio, "×", _CPU if targets else None, _told(cpu, "ms"))]


def _memory(what: str, found: Mapping[str, Footprint | None], limit: Limit) -> Figure:
    resident = {name: each.resident for name, each in found.items() if each is not None}
    ratio = resident[NOW] / resident[NAME] if len(resident) == len(found) else None
    return Figure(what, ratio, "×", limit, _told(resident, "MiB"))


def _told(values: Mapping[str, float], unit: str) -> str:
    told = (f"{name} {value:,.0f}" if value > _WHOLE else f"{name} {value:.3g}" for name, value in values.items())
    return f"{', '.join(told)} {unit}"
