"""Where answers and errors go, and what every drawing needs. Text from elsewhere is never read as markup."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from rich.console import Console

from bot.core.text.sentences import counted, printable
from bot.terminal.text import Text

WIDEST = 100
"""Columns: what is wider is hard to read."""

_PIPED = 10_000
_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR


def output() -> Console:
    """Return the console for answers; colours only on a terminal, and never with NO_COLOR.

    What goes into a pipe or a file is not wrapped: a line is what ``grep`` finds.
    """
    console = Console(highlight=False, emoji=False, markup=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _PIPED
    return console


def error_output() -> Console:
    """Return the console for errors and progress."""
    return Console(stderr=True, highlight=False, emoji=False, markup=False)


def ago(time: datetime, now: datetime) -> str:
    """Return how long ago something was: ``just now``, ``4 minutes ago``, ``3 days ago``."""
    seconds = max(timedelta(), now - time).total_seconds()
    for size, unit in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if seconds >= size:
            number = int(seconds // size)
            return f"{counted(number, unit)} ago"
    return "just now"


def foreign(text: str, style: str = "") -> Text:
    """Draw text from elsewhere: nothing in it moves the cursor, sets a colour or turns the direction of writing."""
    return Text(printable(text), style=style)
