"""A database as a scan leaves it, of as many made-up packages as a benchmark of the site wants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.made_projects import most_downloaded, page_of
from bot.core.history.scan import Conclusion, conclude
from bot.core.index.simple_api import parse
from bot.core.wheels.targets import Target
from storage.engine.sqlite import open_database
from storage.packages.projects import Projects
from storage.packages.scans import Scans

TARGETS = (Target(14), Target(15))

_LISTED = 1_225
"""So many projects have 360 native ones among them."""

_AT_ONCE = 500


def conclusions() -> list[Conclusion]:
    """Read and judge the native ones among the most downloaded projects."""
    made = [project for project in most_downloaded(_LISTED) if project.native]
    now = datetime.now(UTC)
    return [conclude(parse(project.name, page_of(project)), TARGETS, now) for project in made]


def repeated(models: Sequence[Conclusion], count: int) -> list[Conclusion]:
    """Return so many: the models, and the same again under other names."""
    return [
        model if turn == 0 else replace(model, package=f"{model.package}-{turn}")
        for number in range(count)
        for turn, model in ((number // len(models), models[number % len(models)]),)
    ]


async def record(path: Path, found: Sequence[Conclusion], tracked: Sequence[str]) -> None:
    """Record conclusions as a scan does, which ends with all these being tracked."""
    async with open_database(path) as database:
        scans, projects, now = Scans(database), Projects(database), datetime.now(UTC)
        scan = await scans.begin(now, now)
        for start in range(0, len(found), _AT_ONCE):
            await projects.record(scan, now, [(each, None) for each in found[start : start + _AT_ONCE]])
        await scans.end(scan, now, [(name, rank) for rank, name in enumerate(tracked, 1)], {}, len(tracked))
