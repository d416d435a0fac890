"""What the bot's owner is told in a channel of theirs, and by what a message of it is found again."""

from __future__ import annotations

from datetime import datetime

from bot.core.posting.posts import CLOCKS_DIFFER, OWNER_MARKS, Sought


def owner_mark(number: int) -> int:
    """Return the number of the last component of the message that tells of something by its number."""
    return OWNER_MARKS[number % len(OWNER_MARKS)]


def owner_nonce(number: int, channel: int) -> str:
    """Return what Discord recognises a repeated attempt by."""
    return f"{number:x}o{channel:x}"[:25]


def owner_sought(number: int, begun: datetime, now: datetime) -> Sought:
    """Return what a message is recognised by that may have been sent since somebody began to."""
    return Sought(owner_mark(number), min(begun, now) - CLOCKS_DIFFER)
