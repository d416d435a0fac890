"""ISO weeks: how they are written, when they begin and end (UTC)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from bot.core.errors import UserError

_WEEK = re.compile(r"(\d{4})-?W(\d{2})", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """An ISO 8601 week, from Monday to Sunday."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year:04}-W{self.number:02}"

    @property
    def monday(self) -> date:
        """Return its first day."""
        return date.fromisocalendar(self.year, self.number, 1)

    @property
    def sunday(self) -> date:
        """Return its last day."""
        return self.monday + timedelta(days=6)

    @property
    def start(self) -> datetime:
        """Return its first moment."""
        return datetime.combine(self.monday, time.min, UTC)

    @property
    def end(self) -> datetime:
        """Return the first moment of the week after it."""
        return self.start + timedelta(days=7)

    @property
    def before(self) -> Week:
        """Return the week before it."""
        return week_of(self.monday - timedelta(days=1))


def week_of(day: date) -> Week:
    """Return the week that a day is in."""
    year, number, _ = day.isocalendar()
    return Week(year, number)


def parse_week(text: str) -> Week:
    """Read ``2026-W47``; a ``UserError`` says what a week looks like, or that the year has no such week."""
    match = _WEEK.fullmatch(text.strip())
    if match is None:
        raise UserError("That is no ISO week. Write it like `2026-W47`.")
    week = Week(int(match[1]), int(match[2]))
    try:
        _ = week.before, week.end
    except (ValueError, OverflowError):  # no such week, or one at an end of the calendar
        raise UserError(f"There is no week {week}. Weeks are numbered from 01 to 52 or 53.") from None
    return week
