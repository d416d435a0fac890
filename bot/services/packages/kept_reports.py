"""Answers about people's files, kept for the buttons beneath them: in memory alone, not for long, and not many.

What is in a file may be nobody else's business, so nothing of it is stored, and a restart forgets it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.dependencies.report import DependencyReport

KEPT = timedelta(hours=1)
"""How long an answer can be looked through."""

MOST_KEPT = 200

LARGEST_KEPT = 50_000
"""Names in all answers together, those on the ways to dependencies included; each takes some hundred bytes."""


@dataclass(frozen=True, slots=True)
class KeptReport:
    """An answer, whom it was given to, and whether only they may look through it."""

    report: DependencyReport
    reader: int
    private: bool
    since: datetime
    size: int


@dataclass(frozen=True, slots=True)
class KeptReports:
    """The answers that can still be looked through, oldest first."""

    now: Callable[[], datetime]
    _kept: dict[str, KeptReport] = field(default_factory=dict)

    def keep(self, report: DependencyReport, reader: int, *, private: bool) -> str:
        """Keep an answer, and return the key to it, which nobody can guess."""
        key = secrets.token_urlsafe(12)
        self._kept[key] = KeptReport(report, reader, private, self.now(), _size(report))
        total = sum(each.size for each in self._kept.values())
        while len(self._kept) > 1 and (len(self._kept) > MOST_KEPT or total > LARGEST_KEPT):
            total -= self._kept.pop(next(iter(self._kept))).size
        return key

    def find(self, key: str, reader: int) -> KeptReport | None:
        """Return an answer, None where it is gone or not for this reader."""
        kept = self._kept.get(key)
        if kept is None or self._is_over(kept) or (kept.private and kept.reader != reader):
            return None
        return kept

    async def forget(self) -> None:
        """Forget the answers whose time is over."""
        for key in [key for key, kept in self._kept.items() if self._is_over(kept)]:
            del self._kept[key]

    def _is_over(self, kept: KeptReport) -> bool:
        return self.now() - kept.since >= KEPT


def _size(report: DependencyReport) -> int:
    ways = sum(len(path) for found in report.dependencies for path in found.needed.paths)
    return len(report.dependencies) + ways + len(report.not_read) + len(report.warnings)
