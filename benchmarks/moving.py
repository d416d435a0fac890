"""How long ``ftbot migrate`` takes, and how much memory: ``python -m benchmarks.moving``, with a server of its own.

Every table gets as many rows, all different. Each move is a process of its own, as a person runs it, and compares both
databases at its end. PostgreSQL runs on this machine in a temporary folder, as in the tests (``fsync`` is off); without
it only SQLite is measured. docs/benchmarks.md tells how to read the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.processes import environment, footprint, ftbot
from benchmarks.report import report
from storage.moving.whole_tables import moved_tables
from tests import postgres
from tests.moves import fill, made_rows

BOUND_SECONDS = 900.0

_BETWEEN_LOOKS = 0.02


async def move(source: str, target: str, folder: Path) -> tuple[float, float, int]:
    """Move a database; returns seconds, the peak of memory in MiB, and how many rows that were."""
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *ftbot("migrate", "--from", source, "--to", target, "--json"),
        cwd=folder,
        env=environment(),
        stdout=asyncio.subprocess.PIPE,
    )
    ending = asyncio.create_task(process.communicate())
    peak = 0.0
    while not ending.done():
        with suppress(KeyError, OSError):  # it is just ending
            taken = footprint(process.pid)
            peak = peak if taken is None else max(peak, taken.peak)
        await asyncio.wait({ending}, timeout=_BETWEEN_LOOKS)
    answer, _ = await ending
    seconds = time.perf_counter() - began
    assert process.returncode == 0, answer
    return seconds, peak, int(json.loads(answer)["rows"])


async def measure(rows: int, server: postgres.Server | None, folder: Path) -> list[tuple[str, list[Figure]]]:
    """Move so many rows, and a tenth of them, in every direction."""
    sections = []
    for number in (rows // 10, rows):
        source = str(folder / f"{number}.db")
        await fill(source, made_rows(number // len(moved_tables())))
        there, back = f"moved_{number}", str(folder / f"{number}-back.db")
        moves = {"SQLite to SQLite": (source, str(folder / f"{number}-copy.db"))}
        if server is not None:
            await server.do(f"CREATE DATABASE {there}")
            moves["SQLite to PostgreSQL"] = (source, server.url(there))
            moves["and back"] = (server.url(there), back)
        sections.append((f"{number:,} rows", [figure for way in moves for figure in await figures(way, moves, folder)]))
    return sections


async def figures(way: str, moves: dict[str, tuple[str, str]], folder: Path) -> list[Figure]:
    """Measure one of several moves."""
    seconds, peak, rows = await move(*moves[way], folder)
    return [
        Figure(way, seconds, "s", note=f"{rows / seconds:,.0f} rows a second"),
        Figure(f"{way}, peak memory", peak or None, "MiB"),
    ]


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description="Measure how long a database takes to move.")
    parser.add_argument("--rows", type=int, default=200_000, help="in all tables together (default: 200000)")
    options = parser.parse_args()
    with ExitStack() as stack:
        server = None if postgres.programs() is None else stack.enter_context(postgres.running())
        asyncio.run(report(partial(measure, options.rows, server), BOUND_SECONDS))


if __name__ == "__main__":
    main()
