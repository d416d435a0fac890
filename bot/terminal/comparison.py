"""Packages side by side, as people see them in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.table import Table

from bot.core.comparison.wording import ComparedLine, comparison_lines
from bot.core.text.sentences import shortened
from bot.core.verdicts.wording import DISCLAIMER
from bot.services.packages.comparison import ComparedPackages
from bot.terminal.console import foreign
from bot.terminal.text import Text

_LONGEST_PACKAGE = 30
_LONGEST_CELL = 60
_SUBJECTS = 16
_NARROWEST = 16
"""Columns that a package needs: in fewer its words would be cut into pieces."""


def comparison_table(compared: ComparedPackages, now: datetime) -> RenderableType:
    """Draw a column for each package, and a line for each subject."""
    names = tuple(status.package for status in compared.comparison.packages)
    lines = tuple(comparison_lines(compared.comparison, compared.cadences, now))
    return Group(_SideBySide(names, lines), Text(), Text(DISCLAIMER, style="dim"))


@dataclass(frozen=True, slots=True)
class _SideBySide:
    """Packages beside each other, as many as there is room for, and the others below."""

    names: tuple[str, ...]
    lines: tuple[ComparedLine, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        fitting = max(2, (options.max_width - _SUBJECTS) // _NARROWEST)
        for first in range(0, len(self.names), fitting):
            if first:
                yield Text()
            yield self._table(first, first + fitting)

    def _table(self, first: int, end: int) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        table.add_column("", no_wrap=True)
        for name in self.names[first:end]:
            table.add_column(foreign(shortened(name, _LONGEST_PACKAGE)), overflow="fold")
        for line in self.lines:
            if line.group:
                table.add_row()
            style = "bold" if line.group else ""
            cells = (foreign(shortened(cell, _LONGEST_CELL), style=style) for cell in line.cells[first:end])
            table.add_row(Text(line.subject, style="bold" if line.group else "dim"), *cells)
        return table
