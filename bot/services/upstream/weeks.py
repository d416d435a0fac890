"""What happened to upstream threads in a week, for its digest."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.digest.digest import Issues
from bot.core.digest.threads import issues_of
from bot.core.digest.weeks import Week
from storage.github.thread_events import ThreadEvents


@dataclass(frozen=True, slots=True)
class WeeksIssues:
    """Reads it from storage."""

    events: ThreadEvents

    async def of_week(self, week: Week) -> Issues:
        """Return what happened in a week."""
        return issues_of(await self.events.within(week.start, week.end))
