"""What goes into a database and comes out of it, whichever engine keeps it."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.core.text.sentences import without_nul

Value = str | int | float | bytes | None
Row = tuple[Value, ...]

_MOST = 2**63 - 1
_LEAST = -(2**63)


def read_time(value: Value) -> datetime | None:
    """Read a time as the tables have it, in seconds since 1970 (UTC); None for what is none."""
    try:
        return datetime.fromtimestamp(value, UTC) if isinstance(value, float) else None
    except (ValueError, OverflowError, OSError):  # beyond the calendar, each platform in its own words
        return None


def storable(value: Value) -> Value:
    """Return what every engine can store of a value: text without NUL. ``OverflowError`` for more than 64 bits."""
    if isinstance(value, str):
        return without_nul(value)
    if isinstance(value, int) and not _LEAST <= value <= _MOST:
        raise OverflowError("a number has more than 64 bits")
    return value
