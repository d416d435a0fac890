"""What Discord allows of sessions at its gateway: how many a day, and how many at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

APART: Final = 5.0
"""Seconds between two sessions that begin in the same bucket."""


@dataclass(frozen=True, slots=True)
class GatewayAdvice:
    """What Discord says of its gateway: how many shards there should be, and which sessions may begin.

    ``remaining`` of ``total`` sessions may begin in the next ``reset_after`` seconds; ``concurrency`` is how many may
    at once, one of each bucket.
    """

    shards: int
    concurrency: int
    remaining: int
    total: int
    reset_after: float

    def bucket(self, shard: int) -> int:
        """Return the bucket that the sessions of a shard begin in."""
        return shard % max(1, self.concurrency)


def used_up(advice: GatewayAdvice) -> str:
    """Return why no session begins now, and when one does."""
    wait = timedelta(seconds=round(advice.reset_after))
    return f"All {advice.total} sessions that Discord allows in a day are used up. The next begins in {wait}."
