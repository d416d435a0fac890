"""How fast the tracked packages are read: ``python -m benchmarks.scan``, in some five minutes, on loopback only.

Every scan is the program's own, in a process of its own with a database on disk; so are the plain way and the floor
beside it. The index is a process, too. docs/benchmarks.md tells how to read the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import httpx
import msgspec

from benchmarks.earlier import THIS_BUILD, Build, add_option, earlier_build
from benchmarks.figures import MILLISECONDS, Figure, Limit, median
from benchmarks.made_projects import NATIVE, WALKED, MadeProject, most_downloaded, sample_of
from benchmarks.outcomes import Measurement
from benchmarks.processes import environment, ftbot, running, said
from benchmarks.report import report
from benchmarks.scan_earlier import measure_beside_earlier
from benchmarks.scan_index import PYPI_LISTS, Traffic

BOUND_SECONDS = 600.0

_READY_SECONDS = 120.0
_WORK_SECONDS = 150.0
_MEBIBYTE = float(1 << 20)
_ONE_IN = 100
"""Of so many projects, one changes between two scans."""

_HOUR, _EIGHT_DAYS = timedelta(hours=1), timedelta(days=8)
_MEMORY = Limit(200.0)

Section = tuple[str, list[Figure]]


class _Report(msgspec.Struct):
    packages: int


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured: turns, every so manieth project of the plain way, projects of the large scan."""

    rounds: int
    sample: int
    many: int
    round_trip: float
    connections: int | None


@dataclass(frozen=True, slots=True)
class Taken:
    """What a piece of work took, and what the index saw of it."""

    work: Measurement
    traffic: Traffic


@dataclass(frozen=True, slots=True)
class Bench:
    """A folder to work in, an index, and its projects, the most downloaded first."""

    folder: Path
    address: str
    projects: Sequence[MadeProject]
    connections: int | None

    async def scan(self, database: str, names: Path, track: int, later: timedelta = timedelta(0)) -> Taken:
        """Scan as ``ftbot scan`` does, some time after the made now."""
        chosen = () if self.connections is None else ("--connections", str(self.connections))
        hours = str(later / _HOUR)
        return await self._work(
            "scan_work", "scan", "--hours-later", hours, *chosen, **self._settings(database, names, track)
        )

    async def digest(self, database: str, names: Path, track: int) -> Taken:
        """Make a digest from what a scan left in a database."""
        return await self._work("scan_work", "digest", **self._settings(database, names, track))

    async def plainly(self, names: Path) -> Taken:
        """Scan as trackers do."""
        return await self._work("plain_scan", f"{self.address}pypi/", str(names))

    async def download(self, names: Path) -> Taken:
        """Download and inflate, and nothing else."""
        return await self._work("floor_scan", f"{self.address}simple/", str(names))

    async def command(self, database: str, names: Path, track: int) -> float:
        """Run ``ftbot scan --json`` and give the seconds that it took from its start to its end."""
        started = time.perf_counter()
        env = environment(**self._settings(database, names, track))
        async with running(ftbot("scan", "--json"), self.folder, env, "command.log") as process:
            report = msgspec.json.decode(await said(process, _WORK_SECONDS), type=_Report)
            await process.wait()
        assert report.packages == track, report
        return time.perf_counter() - started

    async def change(self, names: Iterable[str]) -> None:
        """Let projects have a new release."""
        await self._control(f"change/{','.join(names)}")

    def listed(self, name: str, projects: Iterable[MadeProject]) -> Path:
        """Write names to a file, a line each."""
        path = self.folder / name
        path.write_text("".join(f"{project.name}\n" for project in projects), encoding="utf-8")
        return path

    def _settings(self, database: str, names: Path, track: int) -> dict[str, str]:
        return {
            "index_url": f"{self.address}simple/",
            "json_api_url": f"{self.address}pypi/",
            "top_packages_url": str(names),
            "database": str(self.folder / database),
            "track": str(track),
        }

    async def _work(self, module: str, *arguments: str, **settings: str) -> Taken:
        await self._control("reset")
        command = (sys.executable, "-m", f"benchmarks.{module}", *arguments)
        async with running(command, self.folder, environment(**settings), f"{module}.log") as process:
            outcome = msgspec.json.decode(await said(process, _WORK_SECONDS), type=Measurement)
            await process.wait()
        assert not outcome.failed, outcome
        return Taken(outcome, await self._control("counts"))

    async def _control(self, what: str) -> Traffic:
        async with httpx.AsyncClient() as http:
            response = await http.get(f"{self.address}{what}", timeout=_READY_SECONDS)
        return msgspec.json.decode(response.content, type=Traffic)


@asynccontextmanager
async def open_bench(folder: Path, plan: Plan, projects: int, listed: int) -> AsyncIterator[Bench]:
    """Run an index with so many projects."""
    command = (
        *(sys.executable, "-m", "benchmarks.scan_index", "--projects", str(projects), "--listed", str(listed)),
        *("--documents", str(0 if listed else plan.sample), "--round-trip", str(plan.round_trip)),
    )
    async with running(command, folder, environment(), "index.log") as process:
        address = await said(process, _READY_SECONDS)
        yield Bench(folder, address, most_downloaded(projects), plan.connections)


async def measure_walk(bench: Bench, plan: Plan) -> list[Section]:
    """Read until 360 native projects are found, in turns with the plain way and the floor."""
    names = bench.listed("walked.txt", bench.projects)
    sampled = sample_of(bench.projects, plan.sample)
    sample = bench.listed("sample.txt", sampled)
    part = len(bench.projects) / len(sampled)
    scans, plain, floor = (list[Taken]() for _ in range(3))
    for number in range(plan.rounds):
        plain.append(await bench.plainly(sample))
        floor.append(await bench.download(names))
        scans.append(await bench.scan(f"walk-{number}.db", names, NATIVE))
    assert all(taken.work.found == NATIVE for taken in scans)
    seconds = await bench.command("command.db", names, NATIVE)
    wall, cpu = _median(scans, _wall), _median(scans, _cpu)
    plain_wall, plain_cpu = part * _median(plain, _wall), part * _median(plain, _cpu)
    floor_wall, floor_cpu = _median(floor, _wall), _median(floor, _cpu)
    asked = "all asked" if plan.sample == 1 else f"one in {plan.sample} asked, scaled up"
    return [
        (
            f"{WALKED:,} projects until {NATIVE} with native wheels are found, {plan.round_trip:.0f} ms round trip",
            [
                Figure("plain way, wall", plain_wall, "s", note=asked),
                Figure("plain way, CPU", plain_cpu, "s"),
                Figure("floor, wall", floor_wall, "s", note="50 connections"),
                Figure("floor, CPU", floor_cpu, "s"),
                Figure("scan, wall", wall, "s", note=f"n = {len(scans)}, {_spread(scans, _wall)}"),
                Figure("scan, CPU", cpu, "s", note=_spread(scans, _cpu)),
                Figure("scan, faster than the plain way", plain_wall / wall, "×", Limit(20.0, at_least=True)),
                Figure("scan, CPU beside the plain way", cpu / plain_cpu, "×", Limit(0.5)),
                Figure("scan, wall beside the floor", wall / floor_wall, "×", Limit(2.5)),
                Figure("scan, requests", scans[-1].traffic.requests, ""),
                Figure("scan, received", scans[-1].traffic.sent / _MEBIBYTE, "MiB"),
                Figure("scan, peak memory", _peak(scans), "MiB", _MEMORY),
                Figure("ftbot scan, from start to end", seconds, "s"),
            ],
        ),
    ]


async def measure_rescan(bench: Bench, plan: Plan) -> list[Section]:
    """Read 360 native projects, make a digest of them, let 1 % change, and read them again an hour later."""
    natives = [project for project in bench.projects if project.native]
    names = bench.listed("natives.txt", natives)
    first, again, digests = list[Taken](), list[Taken](), list[Taken]()
    changed = round(len(natives) / _ONE_IN)
    for number in range(plan.rounds):
        database = f"rescan-{number}.db"
        first.append(await bench.scan(database, names, len(natives)))
        digests.append(await bench.digest(database, names, len(natives)))
        await bench.change(project.name for project in natives[number :: len(natives) // changed][:changed])
        again.append(await bench.scan(database, names, len(natives), _HOUR))
    sent, resent = _median(first, _sent), _median(again, _sent)
    return [
        (
            f"{len(natives)} native projects again an hour later, {changed} of them changed",
            [
                Figure("first scan, received", sent / _MEBIBYTE, "MiB"),
                Figure("first scan, CPU", _median(first, _cpu), "s", note=_spread(first, _cpu)),
                Figure("rescan, requests", again[-1].traffic.requests, "", note=_unchanged(again[-1])),
                Figure("rescan, received", resent / _MEBIBYTE, "MiB", note="with headers"),
                Figure("rescan, wall", _median(again, _wall), "s"),
                Figure("rescan, CPU", _median(again, _cpu), "s", note=_spread(again, _cpu)),
                Figure("share of the first scan's bytes", 100 * resent / sent, "%", Limit(5.0)),
                Figure(
                    "share of the first scan's CPU", 100 * _median(again, _cpu) / _median(first, _cpu), "%", Limit(50)
                ),
                Figure("peak memory", _peak(first + again), "MiB", _MEMORY),
            ],
        ),
        (
            "The digest of a week from storage, without the chart",
            [Figure("wall", _median(digests, _wall) * MILLISECONDS, limit=Limit(1000.0), note=f"n = {len(digests)}")],
        ),
    ]


async def measure_many(bench: Bench) -> list[Section]:
    """Read thousands of projects, let 1 % change, and read them again eight days later, when every one is due."""
    names = bench.listed("many.txt", bench.projects)
    first = await bench.scan("many.db", names, len(bench.projects))
    changed = bench.projects[::_ONE_IN]
    await bench.change(project.name for project in changed)
    again = await bench.scan("many.db", names, len(bench.projects), _EIGHT_DAYS)
    return [
        (
            f"{len(bench.projects):,} projects again eight days later, {len(changed)} of them changed",
            [
                Figure("first scan, requests", first.traffic.requests, ""),
                Figure("first scan, received", first.traffic.sent / _MEBIBYTE, "MiB"),
                Figure("first scan, wall", first.work.wall, "s"),
                Figure("first scan, CPU", first.work.cpu, "s"),
                Figure("first scan, peak memory", first.work.peak, "MiB", _MEMORY),
                Figure(
                    "rescan, requests", again.traffic.requests, "", note=f"the list of {PYPI_LISTS:,} is one of them"
                ),
                Figure("rescan, received", again.traffic.sent / _MEBIBYTE, "MiB"),
                Figure("rescan, wall", again.work.wall, "s"),
                Figure("rescan, CPU", again.work.cpu, "s"),
                Figure("rescan, peak memory", again.work.peak, "MiB", _MEMORY),
                Figure(
                    "share of the first scan's requests",
                    100 * again.traffic.requests / first.traffic.requests,
                    "%",
                    Limit(2.0),
                ),
                Figure("share of the first scan's wall", 100 * again.work.wall / first.work.wall, "%", Limit(15.0)),
            ],
        )
    ]


async def measure(plan: Plan, folder: Path, *, earlier: Build, only: str | None) -> list[Section]:
    """Measure everything, or ``only`` one part of it; one thing at a time."""
    sections: list[Section] = []
    if only != "alone":
        sections += await measure_beside_earlier(folder, earlier, plan.rounds, plan.sample, plan.many)
    if only != "beside":
        sections += await measure_alone(plan, folder)
    return sections


async def measure_alone(plan: Plan, folder: Path) -> list[Section]:
    """Measure this build alone."""
    async with open_bench(folder, plan, WALKED, 0) as bench:
        sections = [*await measure_walk(bench, plan), *await measure_rescan(bench, plan)]
    if plan.many:
        async with open_bench(folder, plan, plan.many, PYPI_LISTS) as bench:
            sections += await measure_many(bench)
    return sections


def _wall(taken: Taken) -> float:
    return taken.work.wall


def _cpu(taken: Taken) -> float:
    return taken.work.cpu


def _sent(taken: Taken) -> float:
    return taken.traffic.sent


def _median(many: Iterable[Taken], what: Callable[[Taken], float]) -> float:
    return median([what(taken) for taken in many])


def _spread(many: Iterable[Taken], what: Callable[[Taken], float]) -> str:
    values = [what(taken) for taken in many]
    return f"{min(values):.2f} to {max(values):.2f}"


def _peak(many: Iterable[Taken]) -> float | None:
    return max((taken.work.peak for taken in many if taken.work.peak is not None), default=None)


def _unchanged(taken: Taken) -> str:
    return f"{taken.traffic.not_modified} answered 304"


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description="Measure how fast the tracked packages are read.")
    add_option(parser)
    parser.add_argument("--only", choices=("beside", "alone"), help="beside the earlier build, or this build alone")
    parser.add_argument("--rounds", type=int, default=3, help="turns, of which medians are shown (default: 3)")
    parser.add_argument(
        "--sample",
        type=int,
        default=10,
        help="ask for every so manieth project by size the plain way (default: 10; 1: all)",
    )
    parser.add_argument("--many", type=int, default=15_000, help="projects of the large scan (default: 15000; 0: none)")
    parser.add_argument("--round-trip", type=float, default=30.0, help="milliseconds (default: 30)")
    parser.add_argument("--connections", type=int, help="of the scan, at once (default: the program's)")
    options = parser.parse_args()
    plan = Plan(options.rounds, options.sample, options.many, options.round_trip, options.connections)
    only: str | None = options.only
    earlier = THIS_BUILD if only == "alone" else earlier_build(options)
    asyncio.run(report(partial(measure, plan, earlier=earlier, only=only), BOUND_SECONDS))


if __name__ == "__main__":
    main()
