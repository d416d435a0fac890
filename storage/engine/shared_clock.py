"""The time that all processes on one database go by, whatever their machines' clocks say."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_JITTER = timedelta(seconds=0.25)
"""How far the database's time may be from what was expected, by the way that its answer took, and be left alone."""


@dataclass(slots=True)
class SharedClock:
    """Goes on from the database's time by this machine's monotonic clock; ``look`` asks the database again.

    Between two looks nothing that sets a machine's clock is felt.
    """

    ask: Callable[[], Awaitable[float]]
    steady: Callable[[], float] = time.monotonic
    _base: datetime | None = None
    _at: float = 0.0

    def now(self) -> datetime:
        """Return the time, in UTC; this machine's, before the database was asked."""
        if self._base is None:
            return datetime.now(UTC)
        return self._base + timedelta(seconds=self.steady() - self._at)

    async def look(self) -> None:
        """Ask the database for the time. Raises what asking raises, and goes on as before then."""
        before = self.steady()
        answer = await self.ask()
        at = (before + self.steady()) / 2
        found = datetime.fromtimestamp(answer, UTC)
        if self._base is None or abs(self._base + timedelta(seconds=at - self._at) - found) > _JITTER:
            self._base, self._at = found, at
