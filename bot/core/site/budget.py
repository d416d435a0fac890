"""Budgets: how much of something strangers may have, each of them and all together, by token buckets.

Times are of a clock that only goes on, in seconds. Memory is bounded, whoever asks: of those who have a bucket, the
ones who asked longest ago are forgotten, which at most fills their bucket early.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

MOST_REMEMBERED = 10_000
"""Buckets that are kept."""


@dataclass(slots=True)
class _Bucket:
    left: float
    filled: float


@dataclass(frozen=True, slots=True)
class TokenBudget:
    """So many at once (``burst``) and so many a second afterwards (``rate``), for each of whoever takes."""

    burst: int
    rate: float
    most: int = MOST_REMEMBERED
    _buckets: OrderedDict[str, _Bucket] = field(default_factory=OrderedDict)

    def wait(self, who: str, now: float) -> float:
        """Return after how many seconds one more may be had, 0 for now."""
        left = self._left(who, now)
        return 0.0 if left >= 1 else (1 - left) / self.rate

    def take(self, who: str, now: float) -> float:
        """Take one, and return 0; or take none, and return after how many seconds to come again."""
        left = self._left(who, now)
        if left < 1:
            return (1 - left) / self.rate
        self._buckets[who] = _Bucket(left - 1, now)
        self._buckets.move_to_end(who)
        if len(self._buckets) > self.most:
            self._buckets.popitem(last=False)
        return 0.0

    def _left(self, who: str, now: float) -> float:
        bucket = self._buckets.get(who)
        if bucket is None:
            return float(self.burst)
        return min(self.burst, bucket.left + max(0.0, now - bucket.filled) * self.rate)


EVERYBODY = "everybody"
"""The one bucket of what all have together."""


@dataclass(frozen=True, slots=True)
class SharedBudget:
    """A budget for each, and one for all together, so that many addresses get no more than the bot can afford."""

    each: TokenBudget
    together: TokenBudget

    def take(self, who: str, now: float) -> float:
        """Take one of both, and return 0; or of neither, and return after how many seconds to come again."""
        wait = max(self.each.wait(who, now), self.together.wait(EVERYBODY, now))
        if wait:
            return wait
        self.together.take(EVERYBODY, now)
        return self.each.take(who, now)
