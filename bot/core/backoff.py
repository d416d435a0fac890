"""How long to wait for somebody else's service before it is asked again."""

from __future__ import annotations

from datetime import timedelta

LONGEST_PAUSE = timedelta(hours=1)

_FIRST_PAUSE = timedelta(seconds=15)
_DOUBLINGS = 8


def pause(attempts: int, asked: float | None = None) -> timedelta:
    """Return how long to wait after so many attempts, at least the seconds that were asked for, at most an hour."""
    grown = _FIRST_PAUSE * 2.0 ** min(max(attempts - 1, 0), _DOUBLINGS)
    return min(max(grown, timedelta(seconds=asked or 0)), LONGEST_PAUSE)
