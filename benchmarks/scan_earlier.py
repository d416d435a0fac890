"""What a scan costs beside the earlier build: whole processes of ``ftbot scan``, in turns, and what both concluded.

Part of ``python -m benchmarks.scan``.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from benchmarks.earlier import NAME, THIS_BUILD, Build
from benchmarks.figures import Figure, Limit, median
from benchmarks.made_projects import NATIVE, WALKED, most_downloaded, sample_of
from benchmarks.outcomes import Measurement
from benchmarks.page_work import two_processors
from benchmarks.processes import environment, running, said

_READY_SECONDS = 120.0
_ROUND_TRIP = 30.0
_KIBIBYTE = 1 << 10
_LEAN = Limit(0.9)
_COMPARED = ("native", "verdicts", "timelines", "open_until", "serial", "etag")

Section = tuple[str, list[Figure]]


class _Report(msgspec.Struct):
    packages: int
    failed: list[str]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took from its start to its end: seconds, seconds of CPU, MiB at its peak."""

    wall: float
    cpu: float
    peak: float


@dataclass(slots=True)
class Costs:
    """What one of those compared took each time."""

    all: list[Cost] = field(default_factory=list)

    def median(self, what: Callable[[Cost], float]) -> float:
        """Return the median of something."""
        return median([what(cost) for cost in self.all])


@dataclass(frozen=True, slots=True)
class Comparison:
    """A folder to work in, the address of an index, a list of names, and how many of them are to be found."""

    folder: Path
    address: str
    names: Path
    track: int

    def scan(self, build: Build, database: str) -> Cost:
        """Scan with a build, into a new database."""
        settings = {
            "index_url": f"{self.address}simple/",
            "json_api_url": f"{self.address}pypi/",
            "top_packages_url": str(self.names),
            "database": str(self.folder / database),
            "track": str(self.track),
        }
        variables = environment(**settings) | {"PYTHONPATH": str(build.root)}
        cost, out = _run(build.ftbot("scan", "--json"), self.folder, variables)
        report = msgspec.json.decode(out, type=_Report)
        assert not report.failed, report
        return cost

    def floor(self) -> Cost:
        """Download and inflate the same pages, and nothing else."""
        command = (sys.executable, "-m", "benchmarks.floor_scan", f"{self.address}simple/", str(self.names))
        return _run(command, self.folder, environment())[0]

    def plainly(self, names: Path) -> float:
        """Scan as trackers do; give the seconds without the start of Python."""
        command = (sys.executable, "-m", "benchmarks.plain_scan", f"{self.address}pypi/", str(names))
        return msgspec.json.decode(_run(command, self.folder, environment())[1], type=Measurement).wall


async def measure_beside_earlier(folder: Path, earlier: Build, rounds: int, sample: int, many: int) -> list[Section]:
    """Compare scans of 360 native projects at a round trip, and of thousands at none."""
    sections: list[Section] = []
    listed = _listed(folder, WALKED)
    command = ("--projects", str(WALKED), "--documents", str(sample), "--round-trip", str(_ROUND_TRIP))
    async with running(_index(*command), folder, environment(), "index.log") as process:
        comparison = Comparison(folder, await said(process, _READY_SECONDS), listed, NATIVE)
        sections.append(await asyncio.to_thread(_walk, comparison, earlier, rounds, sample))
    if many:
        sizes = [(min(5_000, many), Limit(0.65)), (many, Limit(0.6))]
        async with running(
            _index("--projects", str(many), "--round-trip", "0"), folder, environment(), "index.log"
        ) as process:
            address = await said(process, _READY_SECONDS)
            for size, limit in dict(sizes).items():
                comparison = Comparison(folder, address, _listed(folder, size), size)
                sections.append(await asyncio.to_thread(_cold, comparison, earlier, rounds, limit))
    faster = await asyncio.to_thread(two_processors)
    sections.append(
        (
            "The work on pages alone, on two processors",
            [
                Figure(
                    f"faster than on one, {faster.by}", faster.times, "×", Limit(1.6, at_least=True), note=faster.note
                )
            ],
        )
    )
    return sections


def _walk(comparison: Comparison, earlier: Build, rounds: int, sample: int) -> Section:
    sampled = sample_of(most_downloaded(WALKED), sample)
    names = comparison.folder / "sample.txt"
    names.write_text("".join(f"{project.name}\n" for project in sampled), encoding="utf-8")
    before, now, floor, plain = Costs(), Costs(), Costs(), list[float]()
    for number in range(rounds):
        before.all.append(comparison.scan(earlier, f"before-{number}.db"))
        now.all.append(comparison.scan(THIS_BUILD, f"now-{number}.db"))
        floor.all.append(comparison.floor())
        plain.append(comparison.plainly(names) * WALKED / len(sampled))
    wall = now.median(_wall)
    return (
        f"ftbot scan beside {NAME}: {WALKED:,} projects until {NATIVE} are found, {_ROUND_TRIP:.0f} ms round trip",
        [
            *_figures(before, now, None),
            Figure("floor, wall", floor.median(_wall), "s", note=f"CPU {floor.median(_cpu):.2f} s"),
            Figure(f"{NAME}, wall beside the floor", before.median(_wall) / floor.median(_wall), "×"),
            Figure("now, wall beside the floor", wall / floor.median(_wall), "×", Limit(1.9)),
            Figure("plain way, wall", median(plain), "s", note=f"one in {sample} asked, scaled up"),
            Figure("now, faster than the plain way", median(plain) / wall, "×", Limit(18.0, at_least=True)),
        ],
    )


def _cold(comparison: Comparison, earlier: Build, rounds: int, limit: Limit) -> Section:
    before, now = Costs(), Costs()
    databases = ("", "")
    for number in range(rounds):
        databases = (f"before-{comparison.track}-{number}.db", f"now-{comparison.track}-{number}.db")
        before.all.append(comparison.scan(earlier, databases[0]))
        now.all.append(comparison.scan(THIS_BUILD, databases[1]))
    rows = [_rows(comparison.folder / database) for database in databases]
    return (
        f"ftbot scan beside {NAME}: {comparison.track:,} projects, no round trip",
        [*_figures(before, now, limit), *_differences(*rows)],
    )


def _figures(before: Costs, now: Costs, limit: Limit | None) -> list[Figure]:
    spread = f"n = {len(now.all)}, {min(map(_cpu, now.all)):.2f} to {max(map(_cpu, now.all)):.2f}"
    return [
        Figure(f"{NAME}, wall", before.median(_wall), "s"),
        Figure("now, wall", now.median(_wall), "s"),
        Figure(f"{NAME}, CPU", before.median(_cpu), "s"),
        Figure("now, CPU", now.median(_cpu), "s", note=spread),
        Figure(f"now, share of {NAME}'s CPU", now.median(_cpu) / before.median(_cpu), "×", limit),
        Figure(f"{NAME}, peak memory", before.median(_peak), "MiB"),
        Figure("now, peak memory", now.median(_peak), "MiB"),
        Figure(f"now, share of {NAME}'s memory", now.median(_peak) / before.median(_peak), "×", _LEAN),
    ]


def _differences(before: Mapping[str, Sequence[object]], now: Mapping[str, Sequence[object]]) -> list[Figure]:
    """Count the projects that both builds keep otherwise, by what differs and how."""
    assert before.keys() == now.keys()
    differing = {name for name in before if before[name] != now[name]}
    verdicts = _COMPARED.index("verdicts")
    ways: dict[str, list[str]] = {}
    for name in sorted(differing):
        was, is_now = before[name], now[name]
        columns = [column for column, one, other in zip(_COMPARED, was, is_now, strict=True) if one != other]
        way = ", ".join(columns)
        if "verdicts" in columns:
            way += f": {was[verdicts]} → {is_now[verdicts]}"
        ways.setdefault(way, []).append(name)
    return [
        Figure("rows that are the same", len(before) - len(differing), "", note=f"of {len(before):,}"),
        *(Figure("otherwise", len(names), "", note=f"{way}, as {names[0]}") for way, names in ways.items()),
    ]


def _rows(database: Path) -> dict[str, Sequence[object]]:
    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute(f"SELECT package, {', '.join(_COMPARED)} FROM projects")  # noqa: S608 — our words
        return {package: [_plain(value) for value in row] for package, *row in found}


def _plain(value: object) -> object:
    """Read JSON, so that its spelling does not count."""
    return json.loads(value) if isinstance(value, str) and value.startswith("{") else value


def _run(command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> tuple[Cost, bytes]:
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=folder, env=dict(variables), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        out = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / _KIBIBYTE), out


def _index(*options: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "benchmarks.scan_index", *options)


def _listed(folder: Path, count: int) -> Path:
    path = folder / f"first-{count}.txt"
    path.write_text("".join(f"{project.name}\n" for project in most_downloaded(count)), encoding="utf-8")
    return path


def _wall(cost: Cost) -> float:
    return cost.wall


def _cpu(cost: Cost) -> float:
    return cost.cpu


def _peak(cost: Cost) -> float:
    return cost.peak
