"""How sentences list things, and quote what is not ours."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST_PIECE = 300
"""Characters of a text from elsewhere, such as the reason for a yank, that are shown."""

MOST_LISTED = 10
"""Names in a list that are shown."""


def joined(names: Sequence[str]) -> str:
    """List one or more names in a sentence: ``a``, ``a and b``, ``a, b and c``."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def without_nul(text: str) -> str:
    """Put U+FFFD for NUL, as CommonMark and HTML do: PostgreSQL refuses text that has one."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def printable(text: str) -> str:
    """Put a sign that is seen for each one that breaks the line, hides or turns the direction of writing."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def one_line(text: str) -> str:
    """Keep text from elsewhere on its line: nothing in it breaks, hides or turns the direction of writing."""
    return printable(" ".join(text.split()))


def shortened(text: str, longest: int = LONGEST_PIECE) -> str:
    """Keep a text from elsewhere on one line, and cut it where it is longer."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def listed(names: Sequence[str], most: int = MOST_LISTED) -> str:
    """List names, the first few of many."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def counted(number: int, what: str) -> str:
    """Return how many there are of something: ``1 package``, ``2 packages``."""
    return f"{number} {what}{'' if number == 1 else 's'}"
