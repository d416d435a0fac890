"""Packages side by side, as people see them in a terminal."""

from __future__ import annotations

from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table

from bot.core.comparison.wording import comparison_lines
from bot.core.text.sentences import shortened
from bot.core.verdicts.wording import DISCLAIMER
from bot.services.packages.comparison import ComparedPackages
from bot.terminal.console import foreign
from bot.terminal.text import Text

_LONGEST_PACKAGE = 30
_LONGEST_CELL = 60


def comparison_table(compared: ComparedPackages, now: datetime) -> RenderableType:
    """Draw a column for each package, and a line for each subject."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("", no_wrap=True)
    for status in compared.comparison.packages:
        table.add_column(foreign(shortened(status.package, _LONGEST_PACKAGE)), overflow="fold")
    for line in comparison_lines(compared.comparison, compared.cadences, now):
        if line.group:
            table.add_row()
        style = "bold" if line.group else ""
        cells = (foreign(shortened(cell, _LONGEST_CELL), style=style) for cell in line.cells)
        table.add_row(Text(line.subject, style="bold" if line.group else "dim"), *cells)
    return Group(table, Text(), Text(DISCLAIMER, style="dim"))
