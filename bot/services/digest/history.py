"""The share of packages with wheels over time: of the tracked ones by the last scan, or of any by their pages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.clients.pages import PageSummary
from bot.core.errors import UpstreamError, UserError
from bot.core.history.shares import ANY_TARGET, DayShare, History, Question, shares_by_name, shares_by_target
from bot.core.history.timelines import START, Step, SupportRule, Timeline, timelines, wheel_names
from bot.core.index.simple_api import Project
from bot.core.wheels.targets import Target
from bot.services.digest.digest import Digester
from bot.services.index import Summaries

_DEAD = 5
"""Pages that could not be read before any was: nobody is there, and the rest is not tried."""

Progress = Callable[[int, int], None]
"""Told how many of how many pages were read."""


def _days(
    known: Sequence[Mapping[str, Timeline]], names: Sequence[str], first: date, last: date, now: datetime
) -> tuple[DayShare, ...]:
    """Count what may be thousands of packages on a thousand days."""
    return tuple(shares_by_target(known, names, first, last, now))


@dataclass(frozen=True, slots=True)
class _Traces:
    by_target: dict[str, Timeline]
    by_name: tuple[Step[bool], ...]


@dataclass(frozen=True, slots=True)
class HistoryReader:
    """Answers about the past."""

    index: Summaries
    digester: Digester
    targets: tuple[Target, ...]
    now: Callable[[], datetime]
    connections: int = 16

    async def history(self, question: Question, progress: Progress = lambda *_: None) -> History:
        """Return the shares for a question.

        Raises ``UserError`` for days that cannot be asked about, ``UpstreamError`` where the index answers nothing.
        """
        first = max(question.first or START.date(), START.date())
        last = min(question.last or self.now().date(), self.now().date())
        if first > last:
            raise UserError(f"Nothing lies between {first} and {last}. History begins on {START.date()}.")
        names = tuple(str(target) for target in self.targets)
        if not question.packages and question.rule is SupportRule.TRUSTED:
            tracked = await self.digester.tracked(question.most)
            known = [{str(target): steps for target, steps in each.timelines.items()} for each in tracked]
            days = await asyncio.to_thread(_days, known, names, first, last, self.now())
            imported = await self.digester.imported_now(tracked) if last == self.now().date() else ()
            return History(question.rule, names, days, imported=imported)
        packages = question.packages or [each.name for each in await self.digester.tracked(question.most)]
        traces, failed, missing = await self._read(packages, progress)
        if question.rule is SupportRule.WHEEL_NAMES:
            days = tuple(shares_by_name([trace.by_name for trace in traces], first, last))
            return History(question.rule, (ANY_TARGET,), days, failed, missing, not traces)
        days = tuple(shares_by_target([trace.by_target for trace in traces], names, first, last, self.now()))
        return History(question.rule, names, days, failed, missing, not traces)

    async def _read(
        self, packages: Sequence[str], progress: Progress
    ) -> tuple[list[_Traces], dict[str, str], tuple[str, ...]]:
        traces: list[_Traces] = []
        failed: dict[str, str] = {}
        missing: list[str] = []
        names = iter(packages)

        async def work() -> None:
            for name in names:
                if not traces and not missing and len(failed) >= _DEAD:
                    return
                try:
                    page = await self.index.summary(name, None, self._trace)
                except UpstreamError as error:
                    failed[name] = str(error)
                else:
                    if isinstance(page, PageSummary) and not page.concluded.by_name:
                        failed[name] = "None of its files can be dated."
                    elif isinstance(page, PageSummary):
                        traces.append(page.concluded)
                    else:
                        missing.append(name)
                progress(len(traces) + len(failed) + len(missing), len(packages))

        await asyncio.gather(*(work() for _ in range(min(self.connections, len(packages)))))
        if failed and not traces and not missing:
            raise UpstreamError(f"Nothing was read: {next(iter(failed.values()))}")
        return traces, failed, tuple(sorted(missing))

    def _trace(self, project: Project) -> _Traces:
        by_target = {str(target): steps for target, steps in timelines(project, self.targets).items()}
        return _Traces(by_target, wheel_names(project))
