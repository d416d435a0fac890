"""How fast questions are answered: ``python -m benchmarks.status``, in some two minutes, on loopback only.

The real ``ftbot run`` is a process of its own. It talks to the fake Discord of the tests, which runs here without
judging what it gets, and to an index in a third process. Beside it, in turns, a bot of a few lines on the same
discord.py shows what would be the least, and an earlier build what it was. docs/benchmarks.md tells how to read the
figures.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import gzip
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import ParamSpec

import httpx
import msgspec

from benchmarks.asked_bots import Run, Subject, open_bot, open_floor
from benchmarks.earlier import NAME, Build, add_option, earlier_build
from benchmarks.figures import MILLISECONDS, Figure, Limit, median, percentile
from benchmarks.loopback_index import CROWDED, MODEL, cold_names, model_page, read_page
from benchmarks.processes import Footprint, environment, ftbot, running, said
from benchmarks.report import report
from benchmarks.status_beside import FLOOR, measure_answers, measure_memory, measure_rush, open_bots
from bot.clients.answers import Answer as HttpAnswer
from bot.clients.guard import service_at
from bot.clients.pypi import PackageIndex
from bot.clients.top_packages import shipped_list
from bot.clients.web import fetch, open_http
from bot.core.index.metadata import Metadata
from bot.core.index.simple_api import parse
from bot.core.verdicts.judge import judge
from bot.core.verdicts.support import admits
from bot.core.wheels.tags import fit, read_tags
from bot.core.wheels.targets import Target
from bot.services.packages.lookup import StatusLookup
from bot.services.packages.package_names import Names, PackageNames
from bot.services.packages.writer import ReadingWriter
from cogs.status import StatusAnswers
from storage.engine.sqlite import open_database
from storage.packages.names import Packages
from storage.packages.statuses import Statuses

BOUND_SECONDS = 240.0

_TARGETS = (Target(14), Target(15))
_IN_FLIGHT = 32
_ROUNDS = 5
"""Turns that the bot and the floor take, so that a busy minute of the machine meets both."""

_WARM_UP = 100
_CROWD = 1_000
_START_SECONDS = 20.0
_ANSWER_SECONDS = 30.0
_CROWD_SECONDS = 6.0
"""More than the three after which Discord, and so the fake, takes no first answer any more."""

_FEWEST_QUESTIONS = 100
_USER_AGENT = "ftbot-benchmark"
_TYPED = ("", "n", "nu", "num", "numpy", "py", "sci-", "zzz-nothing-like-it")

_P = ParamSpec("_P")
Section = tuple[str, list[Figure]]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    page: Path | None
    questions: int
    cold: int
    starts: int
    earlier: Build


@asynccontextmanager
async def open_index(folder: Path, plan: Plan) -> AsyncIterator[str]:
    """Run the index in a process of its own; gives its address."""
    page = () if plan.page is None else ("--page", str(plan.page.resolve()))
    command = (sys.executable, "-m", "benchmarks.loopback_index", "--cold", str(plan.cold), *page)
    async with running(command, folder, environment(), "index.log") as process:
        yield await said(process, _START_SECONDS)


async def measure_warm(bot: Subject, floor: Subject, questions: int) -> list[Figure]:
    """Ask about one package that is in memory, one question at a time and many, in turns with the floor."""
    _, card = await bot.read(MODEL)
    assert "3.14t" in card, card
    runs = {at_once: (Run(), Run()) for at_once in (1, _IN_FLIGHT)}
    for subject in (bot, floor):
        await Run().add(subject, subject.ask, _WARM_UP, _IN_FLIGHT)
    for _ in range(_ROUNDS):
        for at_once, pair in runs.items():
            for subject, run in zip((bot, floor), pair, strict=True):
                await run.add(subject, subject.ask, max(at_once, questions // _ROUNDS), at_once)
    (one, least), (many, least_many) = runs[1], runs[_IN_FLIGHT]
    return [
        *_latencies("one in flight", one, Limit(25.0)),
        Figure("one in flight, rate", one.rate, "/s", note=f"n = {len(one.latencies)}"),
        *_latencies("the same, floor", least),
        Figure("one in flight, own part of p50", _own(one.latencies, least.latencies), "%", note="beside the floor"),
        *_latencies(f"{_IN_FLIGHT} in flight", many),
        Figure(
            f"{_IN_FLIGHT} in flight, rate",
            many.rate,
            "/s",
            Limit(400.0, at_least=True),
            note=f"{many.rate / least_many.rate:.2f} of the floor's {least_many.rate:,.0f}/s",
        ),
        _cpu(f"{_IN_FLIGHT} in flight, CPU of an answer", many, least_many),
    ]


async def measure_cold(bot: Subject, index: str, names: Sequence[str]) -> list[Figure]:
    """Ask about projects that nobody asked for before; beside each, download the same page with the same client."""
    raw: list[float] = []
    whole: list[float] = []
    async with open_http(_USER_AGENT) as http:
        for name in (names[0], *names):
            url = f"{index}simple/{name}/"
            started = time.perf_counter()
            answer = await fetch(http, url, {}, service=service_at(index), deadline=_ANSWER_SECONDS)
            raw.append(time.perf_counter() - started)
            assert answer.status is HTTPStatus.OK
            if len(raw) > 1:  # the first connection is not counted
                seconds, card = await bot.read(name)
                assert "3.14t" in card, card
                whole.append(seconds)
    added = [mine - download for mine, download in zip(whole, raw[1:], strict=True)]
    return [
        Figure("raw download, p50", median(raw[1:]) * MILLISECONDS, note=f"n = {len(whole)}"),
        Figure("cold answer, p50", median(whole) * MILLISECONDS),
        Figure("added to the download, p50", median(added) * MILLISECONDS, limit=Limit(250.0)),
        Figure("added to the download, p99", percentile(added, 99) * MILLISECONDS, limit=Limit(250.0)),
    ]


async def measure_crowd(bot: Subject, index: str) -> list[Figure]:
    """Let a thousand people ask about one cold package at the same time."""
    answers = [bot.discord.slash("ftstatus", package=CROWDED) for _ in range(_CROWD)]
    await asyncio.wait([answer.callback for answer in answers], timeout=_CROWD_SECONDS)
    waited = [answer.latency for answer in answers if answer.latency is not None]
    async with httpx.AsyncClient() as http:
        response = await http.get(f"{index}counts")
    counts = msgspec.json.decode(response.content, type=dict[str, int])
    requests = float(counts.get(f"/simple/{CROWDED}/", 0))
    return [
        Figure("questions answered in time", len(waited), "", Limit(_CROWD, at_least=True)),
        Figure("requests for the page", requests, "", Limit(1.0)),
        Figure("until the last answer", max(waited, default=0.0) * MILLISECONDS),
    ]


def measure_judging(body: bytes, repetitions: int = 20) -> list[Figure]:
    """Read and judge the page in this process, with nothing memoised and with everything."""
    sent = gzip.compress(body)
    answer = HttpAnswer(HTTPStatus.OK, "http://127.0.0.1/", {"content-encoding": "gzip"}, sent)
    now, metadata = datetime.now(UTC), Metadata("Programming Language :: Python :: Free Threading :: 3 - Stable")
    project = parse(MODEL, body)
    inflating, parsing, first, again = ([] for _ in range(4))
    for _ in range(repetitions):
        for memoised in (read_tags, fit, admits):
            memoised.cache_clear()
        inflating.append(_timed(answer.body))
        parsing.append(_timed(parse, MODEL, body))
        project = parse(MODEL, body)
        first.append(_timed(judge, project, _TARGETS, now, metadata))
        project = parse(MODEL, body)
        again.append(_timed(judge, project, _TARGETS, now, metadata))
    files = len(project.files)
    return [
        Figure("inflate", median(inflating) * MILLISECONDS, note=f"{len(body):,} bytes from {len(sent):,}"),
        Figure("parse", median(parsing) * MILLISECONDS, note=f"{files:,} files, {len(project.releases)} releases"),
        Figure("judge, tags never seen", median(first) * MILLISECONDS, limit=Limit(40.0)),
        Figure("judge, tags known", median(again) * MILLISECONDS),
    ]


async def measure_autocomplete(bot: Subject, floor: Subject, questions: int) -> list[Figure]:
    """Complete what people type: the function in this process, and through the gateway."""
    names = Names.of(shipped_list().names)
    async with open_http(_USER_AGENT) as http, open_database(None) as database:
        index = PackageIndex(http, "http://127.0.0.1/", "http://127.0.0.1/")
        lookup = StatusLookup(index, ReadingWriter(Statuses(database)), _TARGETS, lambda: datetime.now(UTC))
        package_names = PackageNames(Packages(database), names)
        answers = StatusAnswers(lookup, package_names, _TARGETS, lambda: datetime.now(UTC))
        here = [_timed(answers.offer, text, _TARGETS[0]) for text in _rotating(questions)]
    there, least = Run(), Run()
    for _ in range(_ROUNDS):
        for subject, run in ((bot, there), (floor, least)):
            texts = _rotating(questions // _ROUNDS)
            run.latencies += [await subject.type(text) for text in texts]
    return [
        Figure("the function, p50", median(here) * MILLISECONDS, note=f"{len(names.ranked):,} names"),
        Figure("the function, p99", percentile(here, 99) * MILLISECONDS, limit=Limit(5.0)),
        *_latencies("through the gateway", there),
        Figure("the same, floor, p50", median(least.latencies) * MILLISECONDS),
    ]


def measure_starts(folder: Path, starts: int) -> list[Figure]:
    """Start the program's short commands, and Python alone, in turns."""
    loading = "import time; began = time.perf_counter(); import bot.cli.status; print(time.perf_counter() - began)"
    commands = {
        "python -c pass": (sys.executable, "-c", "pass"),
        "ftbot --help": ftbot("--help"),
        "ftbot --version": ftbot("--version"),
    }
    walls: dict[str, list[float]] = {name: [] for name in commands}
    imports: list[float] = []
    for _ in range(starts):
        for name, command in commands.items():
            walls[name].append(_timed(_output, command, folder))
        imports.append(float(_output((sys.executable, "-c", loading), folder)))
    limits = {"ftbot --help": Limit(400.0)}
    figures = [Figure(name, median(wall) * MILLISECONDS, limit=limits.get(name)) for name, wall in walls.items()]
    return [*figures, Figure("import of the whole program", median(imports) * MILLISECONDS)]


def memory(footprints: Sequence[tuple[str, Footprint | None]]) -> list[Figure]:
    """Show the memory of the bot as it was at several times, and at its peak, where the system tells it."""
    limit = Limit(130.0)
    figures = [
        Figure(f"resident, {when}", None if seen is None else seen.resident, "MiB", limit) for when, seen in footprints
    ]
    last = footprints[-1][1]
    return [*figures, Figure("peak", None if last is None else last.peak, "MiB")]


async def measure(plan: Plan, folder: Path) -> list[Section]:
    """Measure everything, one thing at a time."""
    async with (
        open_index(folder, plan) as index,
        open_bots(folder, index, plan.earlier) as bots,
        open_floor(folder) as floor,
    ):
        answers = await measure_answers(bots | {FLOOR: floor}, plan.questions)
        rush = await measure_rush(bots | {FLOOR: floor})
    kept = await measure_memory(folder, plan.earlier)
    starts = await asyncio.to_thread(measure_starts, folder, plan.starts)
    judging = measure_judging(model_page() if plan.page is None else read_page(plan.page))
    async with (
        open_index(folder, plan) as index,
        open_bot(folder, index, ftbot("run")) as bot,
        open_floor(folder) as floor,
    ):
        idle = bot.footprint()
        warm = await measure_warm(bot, floor, plan.questions)
        after_warm = bot.footprint()
        autocomplete = await measure_autocomplete(bot, floor, plan.questions // 4)
        cold = await measure_cold(bot, index, cold_names(plan.cold))
        after_cold = bot.footprint()
        crowd = await measure_crowd(bot, index)
        after_crowd = bot.footprint()
    footprints = (
        ("idle", idle),
        ("after the warm answers", after_warm),
        ("after the cold ones", after_cold),
        ("after the crowd", after_crowd),
    )
    return [
        (f"Warm answer beside {NAME}", answers),
        ("A thousand people ask within one second", rush),
        (f"Memory beside {NAME}", kept),
        ("Warm answer: event sent → answer received", warm),
        ("Cold answer: a page of numpy's size", cold),
        (f"{_CROWD:,} people ask about one cold package at once", crowd),
        ("Judging numpy", judging),
        ("Completion while typing", autocomplete),
        ("Starting", starts),
        (
            "Memory of ftbot run",
            memory(footprints),
        ),
    ]


def _latencies(what: str, run: Run, limit: Limit | None = None) -> list[Figure]:
    middle, slow = (percentile(run.latencies, percent) * MILLISECONDS for percent in (50, 99))
    return [Figure(f"{what}, p50", middle), Figure(f"{what}, p99", slow, limit=limit)]


def _own(mine: Sequence[float], floor: Sequence[float]) -> float:
    return 100 * (1 - median(floor) / median(mine))


def _cpu(what: str, run: Run, floor: Run) -> Figure:
    if run.cpu_each is None or floor.cpu_each is None:
        return Figure(what, None)
    note = f"floor {floor.cpu_each * MILLISECONDS:.2f}, own part {100 * (1 - floor.cpu_each / run.cpu_each):.0f} %"
    return Figure(what, run.cpu_each * MILLISECONDS, note=note)


def _rotating(count: int) -> Iterator[str]:
    return (_TYPED[number % len(_TYPED)] for number in range(count))


def _timed(work: Callable[_P, object], *given: _P.args, **named: _P.kwargs) -> float:
    started = time.perf_counter()
    work(*given, **named)
    return time.perf_counter() - started


def _output(command: Sequence[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, check=True, timeout=30)
    return done.stdout.decode()


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description="Measure how fast questions are answered.")
    parser.add_argument("--page", type=Path, help="a recorded page of numpy (.json or .json.gz), not a made one")
    parser.add_argument("--questions", type=int, default=2_000, help="warm questions (default: 2000)")
    parser.add_argument(
        "--cold", type=int, default=40, choices=range(1, 101), metavar="1…100", help="cold packages (default: 40)"
    )
    parser.add_argument("--starts", type=int, default=5, help="how often each short command is started (default: 5)")
    add_option(parser)
    options = parser.parse_args()
    gc.disable()  # the fake keeps all that it was told, and to look through that takes longer than an answer
    questions = max(options.questions, _FEWEST_QUESTIONS)
    plan = Plan(options.page, questions, options.cold, options.starts, earlier_build(options))
    asyncio.run(report(partial(measure, plan), BOUND_SECONDS))


if __name__ == "__main__":
    main()
