"""How long shares over time take to count beside the slow way: ``python -m benchmarks.history``, in half a minute.

The slow way looks every package up anew for every day, as the program did up to e4c4b2e; tests compare both, too. They
take turns on the same timelines. docs/benchmarks.md has figures.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

import msgspec

from benchmarks.figures import MILLISECONDS, Figure, Limit, median
from benchmarks.made_projects import NOW, most_downloaded, page_of
from benchmarks.report import report
from bot.core.history.shares import DayShare, shares_by_target
from bot.core.history.timelines import START, Timeline, timelines
from bot.core.index.simple_api import parse
from bot.core.wheels.targets import parse_target
from tests.core.history.slow_shares import slow_shares_by_target

BOUND_SECONDS = 300.0

PACKAGES = 2_380

_TARGETS = tuple(map(parse_target, ("3.13t", "3.14t", "3.15t")))
_NAMES = tuple(map(str, _TARGETS))
_MOST = Limit(100.0)
_TURNS = 3

_decode = msgspec.json.Decoder(dict[str, Timeline]).decode

Count = Callable[[Sequence[dict[str, Timeline]]], list[DayShare]]


def traced() -> list[dict[str, Timeline]]:
    """Trace made projects, by turns until there are enough: what is made of a page does not matter here."""
    projects = [each for each in most_downloaded(PACKAGES) if each.native]
    found = []
    for project in projects:
        page = parse(project.name, page_of(project))
        found.append({str(target): steps for target, steps in timelines(page, _TARGETS).items()})
    return [found[place % len(found)] for place in range(PACKAGES)]


def timed(count: Count, packages: Sequence[dict[str, Timeline]]) -> tuple[float, list[DayShare]]:
    """Count, and give the CPU that it took."""
    began = time.process_time()
    days = count(packages)
    return time.process_time() - began, days


def _quick(packages: Sequence[dict[str, Timeline]]) -> list[DayShare]:
    return list(shares_by_target(packages, _NAMES, START.date(), NOW.date(), NOW))


def _slow(packages: Sequence[dict[str, Timeline]]) -> list[DayShare]:
    return list(slow_shares_by_target(packages, _NAMES, START.date(), NOW.date(), NOW))


async def measure(_folder: Path, *, turns: int) -> Iterable[tuple[str, Sequence[Figure]]]:
    """Count all days since free-threaded wheels began, both ways in turns; without the collector, as the command."""
    packages = traced()
    gc.disable()
    stored = [msgspec.json.encode(each) for each in packages]
    quick, slow, read = [], [], []
    for _ in range(turns):
        seconds, expected = timed(_slow, packages)
        slow.append(seconds)
        seconds, days = timed(_quick, packages)
        quick.append(seconds)
        assert days == expected, "both ways count the same"
        began = time.process_time()
        decoded = [_decode(each) for each in stored]
        read.append(time.process_time() - began)
        assert len(decoded) == len(packages)
    steps = sum(len(steps) for each in packages for steps in each.values())
    about = f"{PACKAGES:,} packages, {len(_TARGETS)} targets, {(NOW - START).days + 1:,} days, {steps:,} steps"
    figures = [
        Figure("looking up every day, CPU", median(slow) * MILLISECONDS),
        Figure("a sweep over the changes, CPU", median(quick) * MILLISECONDS, limit=_MOST, note=f"n = {turns}"),
        Figure("times as fast", median(slow) / median(quick), "×"),
        Figure("decoding the timelines before, CPU", median(read) * MILLISECONDS, note="either way"),
    ]
    return [(about, figures)]


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=_TURNS, help=f"of both ways (default: {_TURNS})")
    options = parser.parse_args()
    turns: int = options.turns
    asyncio.run(report(partial(measure, turns=turns), BOUND_SECONDS))


if __name__ == "__main__":
    main()
