"""What every reader of a dependency file remembers while it reads: what was odd, and what was left out."""

from __future__ import annotations

from bot.core.dependencies.files import UnreadLine

MOST_WARNINGS = 20
"""Sentences about what was odd in one file."""


class FileReading:
    """One file that is being read."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.not_read: list[UnreadLine] = []
        self._odd: dict[str, None] = {}

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return the sentences about what was odd, the first of many."""
        told = tuple(self._odd)
        rest = len(told) - MOST_WARNINGS
        return told if rest <= 0 else (*told[:MOST_WARNINGS], f"{rest:,} more things were odd.")

    def odd(self, sentence: str) -> None:
        """Tell what was odd, once."""
        self._odd[sentence] = None
