"""How long the tracking table takes to compare: ``python -m benchmarks.tracking``, in some fifteen seconds.

A table of as many rows as the published one had in 2026, about made projects with native code of an index on loopback,
30 ms away. What is measured is the whole process, from its start to its end.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from benchmarks.figures import MILLISECONDS, Figure, Limit, median
from benchmarks.made_projects import WALKED, most_downloaded
from benchmarks.processes import environment, ftbot, running, said
from benchmarks.report import report

BOUND_SECONDS = 240.0

_START_SECONDS = 120.0  # it makes its pages first
_ROWS = 149
_WARM = Limit(1000.0)
_HEAD = "| Project | Upstream issue | PyPI release | First version with support |\n| :-- | :-: | :-: | :-: |\n"


def made_table(rows: int) -> str:
    """Make a page: some rows name a version, some say that there is no support yet."""
    native = [project.name for project in most_downloaded(WALKED) if project.native]
    lines = (
        f"| {name} | | {'' if place % 3 else '1'} | {'' if place % 3 else '1.4.0'} |\n"
        for place, name in enumerate(native[:rows])
    )
    return f"# Tracking\n\n{_HEAD}{''.join(lines)}"


def compared(page: Path, variables: dict[str, str]) -> float:
    """Compare a page; give the milliseconds that it took."""
    before = time.perf_counter()
    ended = subprocess.run(
        ftbot("tracking", str(page), "--json"),
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=120,
    )
    assert b"not-on-index" not in ended.stdout, "a project of the table is not on the index"
    return (time.perf_counter() - before) * MILLISECONDS


async def measure(folder: Path, *, rounds: int) -> Iterable[tuple[str, Sequence[Figure]]]:
    """Measure the first comparison, which reads every page, and others after it."""
    page = folder / "tracking.md"
    await asyncio.to_thread(page.write_text, made_table(_ROWS), "utf-8")
    command = (sys.executable, "-m", "benchmarks.scan_index")
    async with running(command, folder, environment(), "index.log") as process:
        index = await said(process, _START_SECONDS)
        variables = environment(
            index_url=f"{index}simple/", json_api_url=f"{index}pypi/", database=str(folder / "ftbot.db")
        )
        first = await asyncio.to_thread(compared, page, variables)
        again = [await asyncio.to_thread(compared, page, variables) for _ in range(rounds)]
    return [
        (
            f"ftbot tracking, {_ROWS} rows",
            [
                Figure("the first time, every page read", first),
                Figure("again", median(again), limit=_WARM, note=f"n = {rounds}, longest {max(again):.0f} ms"),
            ],
        )
    ]


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="of comparing again (default: 15)")
    rounds: int = parser.parse_args().rounds
    asyncio.run(report(partial(measure, rounds=rounds), BOUND_SECONDS))


if __name__ == "__main__":
    main()
