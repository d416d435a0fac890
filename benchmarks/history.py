"""How long shares over time take to count beside the earlier build: ``python -m benchmarks.history``, in a minute.

Both builds count the same timelines in turns, each in a process of its own. Rules have changed since the earlier one,
so what is counted now is compared with the slow way of today's rules, as in the tests. docs/benchmarks.md has figures.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import msgspec

from benchmarks.earlier import NAME, THIS_BUILD, Build, add_option, earlier_build
from benchmarks.figures import MILLISECONDS, Figure, Limit, median
from benchmarks.history_work import NOW, TARGETS, Counted
from benchmarks.made_projects import most_downloaded, page_of
from benchmarks.processes import ROOT, environment
from benchmarks.report import report
from bot.core.history.timelines import START, Timeline, timelines
from bot.core.index.simple_api import parse
from bot.core.wheels.targets import parse_target
from tests.core.history.slow_shares import slow_shares_by_target

BOUND_SECONDS = 300.0

PACKAGES = 2_380

_MOST = Limit(100.0)
_TURNS = 3


def traced() -> list[dict[str, Timeline]]:
    """Trace made projects, by turns until there are enough: what is made of a page does not matter here."""
    projects = [each for each in most_downloaded(PACKAGES) if each.native]
    targets = tuple(map(parse_target, TARGETS))
    found = []
    for project in projects:
        page = parse(project.name, page_of(project))
        found.append({str(target): steps for target, steps in timelines(page, targets).items()})
    return [found[place % len(found)] for place in range(PACKAGES)]


def count(name: str, build: Build, stored: Path) -> Counted:
    """Let a build count the timelines of a file."""
    told = subprocess.run(
        (str(build.python), "-P", str(ROOT / "benchmarks" / "history_work.py"), name, str(stored)),
        env=environment() | {"PYTHONPATH": str(build.root)},
        capture_output=True,
        check=True,
    )
    return msgspec.json.decode(told.stdout, type=Counted)


def count_slowly(packages: Sequence[dict[str, Timeline]]) -> dict[str, list[int]]:
    """Count as shares are defined, each package looked up anew for every day."""
    days = list(slow_shares_by_target(packages, TARGETS, START.date(), NOW.date(), NOW))
    return {target: [day.with_wheels[target] for day in days] for target in TARGETS}


async def measure(folder: Path, *, earlier: Build, turns: int) -> Iterable[tuple[str, Sequence[Figure]]]:
    """Count all days since free-threaded wheels began, with both builds in turns."""
    packages = traced()
    stored = folder / "timelines.json"
    stored.write_bytes(msgspec.json.encode(packages))
    before, now = list[Counted](), list[Counted]()
    for _ in range(turns):
        before.append(await asyncio.to_thread(count, "before", earlier, stored))
        now.append(await asyncio.to_thread(count, "now", THIS_BUILD, stored))
    assert now[-1].shares == count_slowly(packages), "it counts what the slow way counts"
    old, new = (median([each.counting for each in some]) for some in (before, now))
    steps = sum(len(steps) for each in packages for steps in each.values())
    days = len(now[-1].shares[TARGETS[0]])
    return [
        (
            f"{PACKAGES:,} packages, {len(TARGETS)} targets, {days:,} days, {steps:,} steps",
            [
                Figure(f"{NAME}, CPU", old * MILLISECONDS, note=f"n = {turns}"),
                Figure("now, CPU", new * MILLISECONDS, limit=_MOST),
                Figure(f"times as fast as {NAME}", old / new, "×"),
                Figure("decoding the timelines before", median([each.decoding for each in now]) * MILLISECONDS),
            ],
        )
    ]


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_option(parser)
    parser.add_argument("--turns", type=int, default=_TURNS, help=f"of both builds (default: {_TURNS})")
    options = parser.parse_args()
    turns: int = options.turns
    asyncio.run(report(partial(measure, earlier=earlier_build(options), turns=turns), BOUND_SECONDS))


if __name__ == "__main__":
    main()
