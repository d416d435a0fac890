"""How little of wheels is read, and what reading modules takes: ``python -m benchmarks.inspect``, on loopback only.

Wheels of the shapes that real ones have, or those of a folder, are read from a file host whose every answer is a round
trip late. It runs in this process, so that its CPU counts with the reader's. The modules of a folder's wheels are read,
too, as ``ftbot inspect`` reads them; with a free-threaded Python they are imported, to see whether what was read is
true. docs/benchmarks.md tells how to read the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle, islice
from pathlib import Path

from benchmarks.figures import MILLISECONDS, Figure, Limit, median, percentile
from benchmarks.imports import UnfitPythonError, compare
from benchmarks.imports import figures_of as import_figures
from benchmarks.made_wheels import SHAPES, make_wheel
from benchmarks.module_costs import cost_of
from benchmarks.module_costs import figures_of as costs_figures
from benchmarks.report import report
from bot.clients.web import open_http
from bot.clients.wheel_files import WheelFiles
from bot.core.index.file_links import FileLink
from bot.core.inspection.fetch_plan import SPARE
from tests.fakes.file_host import FileHost

BOUND_SECONDS = 900.0

_USER_AGENT = "ftbot-benchmark (+https://example.org)"
_MOST_OF_MODULES = 1.05
_FIRST_TIME_SECONDS = 15 * 60
_MEDIAN_REQUESTS = 6


@dataclass(frozen=True, slots=True)
class Options:
    """What is read and how; without a folder, made wheels are. ``python`` imports the modules of a folder's wheels."""

    wheels: int
    connections: int
    round_trip: float
    folder: Path | None
    python: Path | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """What reading one wheel took."""

    size: int
    modules: int
    module_bytes: int
    bytes_read: int
    requests: int

    @property
    def share_of_bound(self) -> float:
        """Give the bytes read as a share of those that may be."""
        return self.bytes_read / min(self.size, _MOST_OF_MODULES * self.module_bytes + SPARE)


async def measure(options: Options, scratch: Path) -> list[tuple[str, list[Figure]]]:
    """Read so many wheels, the same ones again and again."""
    folder = options.folder
    paths = [make_wheel(scratch, shape) for shape in SHAPES] if folder is None else sorted(folder.glob("*.whl"))
    async with FileHost(round_trip=options.round_trip) as host:
        links = islice(cycle([_served(host, path) for path in paths]), options.wheels)
        began, used = time.perf_counter(), time.process_time()
        found = await _read(host, links, options.connections)
        took, used = time.perf_counter() - began, time.process_time() - used
    sections = [(_title(options, len(paths)), _figures(found, took, used))]
    if folder is not None:  # what is in made wheels is noise
        sections += await _measure_modules(paths, options.python, scratch)
    return sections


async def _measure_modules(paths: Sequence[Path], python: Path | None, scratch: Path) -> list[tuple[str, list[Figure]]]:
    costs = [await cost_of(path) for path in paths]
    sections = [(f"Modules of {len(paths)} wheels, a process for each wheel", costs_figures(costs))]
    if python is not None:
        wheels = [(path, cost.modules) for path, cost in zip(paths, costs, strict=True)]
        sections.append((f"Imported by {python}", import_figures(await compare(python, wheels, scratch))))
    return sections


def _served(host: FileHost, path: Path) -> FileLink:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return replace(host.put(path.name, path), sha256=sha256)


async def _read(host: FileHost, links: Iterator[FileLink], connections: int) -> list[Fetched]:
    found: list[Fetched] = []
    async with open_http(_USER_AGENT, connections=connections) as http, asyncio.TaskGroup() as workers:
        files = WheelFiles(http, host.index_url)
        for _ in range(connections):
            workers.create_task(_worker(files, links, found))
    return found


async def _worker(files: WheelFiles, links: Iterator[FileLink], found: list[Fetched]) -> None:
    for link in links:
        async with files.open(link) as reading:
            sizes = [len(data) async for _, data in reading.modules()]
            assert not reading.unread, reading.unread
        found.append(Fetched(reading.size, len(sizes), sum(sizes), reading.bytes_read, reading.requests))


def _title(options: Options, distinct: int) -> str:
    return (
        f"{options.wheels} wheels ({distinct} different), {options.connections} connections, "
        f"{options.round_trip * MILLISECONDS:.0f} ms"
    )


def _figures(found: Sequence[Fetched], took: float, used: float) -> list[Figure]:
    requests = [float(each.requests) for each in found]
    size, read = sum(each.size for each in found), sum(each.bytes_read for each in found)
    worst = max(each.share_of_bound for each in found)
    mib = 1 << 20
    return [
        Figure("time", took, "s", Limit(_FIRST_TIME_SECONDS)),
        Figure("requests for a wheel, median", median(requests), "", Limit(_MEDIAN_REQUESTS)),
        Figure("requests for a wheel, p90", percentile(requests, 90), "", note=f"most {max(requests):.0f}"),
        Figure("bytes read, of the allowed", worst, "", Limit(1.0), note="of the wheel nearest to the bound"),
        Figure("bytes read", read / mib, "MiB", note=f"{read / size:.0%} of {size / mib:,.0f} MiB"),
        Figure("modules", float(sum(each.modules for each in found)), ""),
        Figure("CPU for a wheel", used / len(found) * MILLISECONDS, note="with the file host's"),
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description="Measure how much of wheels is read for their extension modules.")
    parser.add_argument("folder", type=Path, nargs="?", help="of wheels to serve (default: made ones)")
    parser.add_argument("--wheels", type=int, default=360, help="to read (default: 360)")
    parser.add_argument("--connections", type=int, default=4, help="at once (default: 4)")
    parser.add_argument("--round-trip", type=float, default=30.0, help="of the host, in milliseconds (default: 30)")
    parser.add_argument("--python", type=Path, help="free-threaded, to import the modules of the folder's wheels")
    asked = parser.parse_args(arguments)
    if asked.python is not None and asked.folder is None:
        parser.error("--python needs a folder of wheels")
    python = None if asked.python is None else asked.python.absolute()  # it is run in another folder
    options = Options(asked.wheels, asked.connections, asked.round_trip / MILLISECONDS, asked.folder, python)
    try:
        asyncio.run(report(partial(measure, options), BOUND_SECONDS))
    except UnfitPythonError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
