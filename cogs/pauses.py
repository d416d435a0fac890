"""How long to wait before Discord is tried again: longer each time, and never so long that people notice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

LONGEST_PAUSE = 15.0
"""Seconds between two attempts to connect, however long an outage lasts."""

LONGEST_BETWEEN_IDENTIFIES = 180.0
"""Seconds between two attempts that begin a session: Discord resets the token of a bot with 1,000 of them in a day."""

_LEAST = 0.5
"""The part of a pause that is always waited for; the rest is chance, so that not all come back at once."""


@dataclass(slots=True)
class Pauses:
    """Counts what failed in a row; ``sleep`` waits for seconds, and ``first`` is how many after the second failure."""

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    first: float = 1.0
    failures: int = 0

    def next(self, longest: float = LONGEST_PAUSE) -> float:
        """Count a failure and give the seconds to wait, at most ``longest``: none after the first in a row."""
        self.failures += 1
        if self.failures == 1:
            return 0.0
        grown = min(self.first * 2.0 ** min(self.failures - 2, 30), longest)
        return grown * random.uniform(_LEAST, 1)  # noqa: S311 — no secret

    def succeeded(self) -> None:
        """Note that it works: the next failure is the first again."""
        self.failures = 0
