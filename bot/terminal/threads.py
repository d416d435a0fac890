"""Threads in a list, drawn as there is room."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType
from rich.padding import Padding
from rich.table import Table

from bot.core.github.threads import IssueRef
from bot.core.text.sentences import shortened
from bot.terminal.console import foreign
from bot.terminal.text import Text

_LONGEST_TITLE = 80
_NARROW = 100
"""Columns below which titles have no room beside the rest."""


def plain_table() -> Table:
    """Make a table of three columns without lines."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for _ in range(3):
        table.add_column(overflow="fold")
    return table


@dataclass(frozen=True, slots=True)
class Row:
    """A thread in a list: what is said of it first, where it is, what it is called, and what is said last."""

    lead: Text
    ref: IssueRef
    title: str
    tail: Text


@dataclass(frozen=True, slots=True)
class Rows:
    """Threads in a list, drawn as there is room: titles are cut, or stand below; numbers are never cut."""

    rows: tuple[Row, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        if options.max_width < _NARROW:
            for row in self.rows:
                yield Text.assemble(row.lead, "  ", foreign(str(row.ref)), "  ", row.tail, overflow="fold")
                yield Padding.indent(title_text(row.title), 4)
            return
        table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
        for can_shrink in (False, False, True, False):
            table.add_column(overflow="fold", no_wrap=not can_shrink)
        for row in self.rows:
            table.add_row(row.lead, foreign(str(row.ref)), title_text(row.title), row.tail)
        yield table


def title_text(title: str) -> Text:
    """Draw a thread's title on one line, cut where there is no room."""
    text = foreign(shortened(title, _LONGEST_TITLE))
    text.no_wrap, text.overflow = True, "ellipsis"
    return text
