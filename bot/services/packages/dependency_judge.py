"""Judges what an application depends on: reads each project once, judges it where it is needed, and lets go of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Protocol

from packaging.version import Version

from bot.core.dependencies.judged import JudgedDependency, KnownProject, NeededPackage, judge_dependency
from bot.core.errors import StorageError
from bot.core.inspection.inspection import Inspection, ReadWheel
from bot.core.verdicts.status import Upstream
from bot.core.wheels.targets import Target
from bot.loggers import get_logger
from bot.services.packages.families import AT_ONCE
from bot.services.packages.lookup import Freshness
from bot.services.packages.pages import PageAnswer, ProjectPages

log = get_logger(__name__)

_FAILURES_BELIEVED = 2 * AT_ONCE
"""Pages in a row that could not be read, after which the index is down and is not asked about the others."""

Advance = Callable[[int, int], None]
"""Is told how many of how many packages were judged."""


_InWheels = Mapping[Version, Mapping[str, Inspection]]
"""What was read in the wheels of a package, by release and file name."""


def unseen(_: int, __: int) -> None:
    """Show no progress."""


class WheelsOfMany(Protocol):
    """Knows what was read in wheels."""

    async def of_packages(self, packages: Sequence[str]) -> Sequence[ReadWheel]:
        """Return what was read in any release of these packages, in any order. Raises ``StorageError``."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The needed packages of each target, judged, in the order given.

    ``stale`` counts those of which the index could not be asked again.
    """

    by_target: Mapping[Target, tuple[JudgedDependency, ...]]
    stale: int = 0


@dataclass(slots=True)
class _Case:
    """A package that is needed on a target, and how it was judged."""

    target: Target
    needed: NeededPackage
    found: JudgedDependency | None = None

    def judged(self) -> JudgedDependency:
        """Return how it was judged; asked only when all were."""
        if self.found is None:
            msg = f"{self.needed.name} was not judged"
            raise LookupError(msg)
        return self.found


@dataclass(slots=True)
class _Outage:
    """Whether the index is down since ``began``, so that nobody waits for thousands of pages that do not come."""

    began: datetime
    freshness: Freshness
    failures: int = 0
    problem: str | None = None

    @property
    def is_certain(self) -> bool:
        """Return whether to ask about more would be of no use."""
        return self.failures >= _FAILURES_BELIEVED

    def note(self, answer: PageAnswer) -> None:
        """Take an answer into account; one from storage says nothing of the index."""
        if answer.problem is not None:
            self.failures += 1
            self.problem = answer.problem
        elif answer.reading is None or answer.reading.checked >= self.began:
            self.failures = 0


@dataclass(frozen=True, slots=True)
class DependencyJudge:
    """Judges needed packages. ``inspections`` is what was read in wheels, ``upstream`` knows of upstream threads."""

    pages: ProjectPages
    inspections: WheelsOfMany
    upstream: Upstream | None = None

    async def judge(
        self,
        needs: Mapping[Target, Sequence[NeededPackage]],
        advance: Advance = unseen,
        freshness: Freshness = Freshness.NORMAL,
    ) -> Judged:
        """Judge all packages of all targets; ``AT_ONCE`` projects are read at a time, each once."""
        by_name: dict[str, list[_Case]] = {}
        cases = {target: [_Case(target, needed) for needed in each] for target, each in needs.items()}
        for case in (case for each in cases.values() for case in each):
            by_name.setdefault(case.needed.name, []).append(case)
        done, stale, turns, outage = 0, 0, asyncio.Semaphore(AT_ONCE), _Outage(self.pages.now(), freshness)
        read = await self._inspected(tuple(by_name))

        async def work(name: str, about: Sequence[_Case]) -> None:
            nonlocal done, stale
            async with turns:
                stale += await self._judge(name, about, read.get(name, {}), outage)
            done += 1
            advance(done, len(by_name))

        async with asyncio.TaskGroup() as tasks:
            for name, about in by_name.items():
                tasks.create_task(work(name, about))
        return Judged({target: tuple(case.judged() for case in each) for target, each in cases.items()}, stale)

    async def _judge(self, name: str, cases: Sequence[_Case], read: _InWheels, outage: _Outage) -> bool:
        """Judge a project wherever it is needed; return whether that goes by what was known before."""
        asked = [case for case in cases if case.needed.registry is None]
        answer = await self._page(name, outage) if asked else PageAnswer()
        tracking = None if self.upstream is None else self.upstream.tracking(name)
        await self.pages.index.aside(partial(_conclude, cases, answer, read, self.pages.now(), tracking))
        return answer.stale

    async def _page(self, name: str, outage: _Outage) -> PageAnswer:
        if not outage.is_certain:
            offline, refresh = (outage.freshness is each for each in (Freshness.OFFLINE, Freshness.REFRESH))
            answer = await self.pages.read(name, offline=offline, refresh=refresh)
            outage.note(answer)
            return answer
        reading = (await self.pages.read(name, offline=True)).reading
        if reading is not None and reading.is_fresh(self.pages.now()):
            return PageAnswer(reading)
        return PageAnswer(reading, stale=reading is not None, problem=outage.problem)

    async def _inspected(self, names: Sequence[str]) -> Mapping[str, _InWheels]:
        """Return what was read in wheels, of all packages at once: to ask for each takes as long as to judge it."""
        try:
            wheels = await self.inspections.of_packages(names)
        except StorageError as error:
            log.warning("storage_failed", reason=str(error))
            return {}
        found: dict[str, dict[Version, dict[str, Inspection]]] = {}
        for each in sorted(wheels, key=attrgetter("read")):
            of_release = found.setdefault(each.package, {}).setdefault(each.version, {})
            of_release[each.inspection.wheel] = each.inspection
        return found


def _conclude(
    cases: Sequence[_Case],
    answer: PageAnswer,
    read: _InWheels,
    now: datetime,
    tracking: str | None,
) -> None:
    project = None if answer.reading is None else answer.reading.project
    for case in cases:
        by_wheel = {} if case.needed.version is None else read.get(case.needed.version, {})
        known = KnownProject(project, answer.missing, answer.problem, by_wheel)
        found = judge_dependency(case.needed, known, case.target, now)
        case.found = replace(found, tracking_issue=tracking)
