"""Settings as people see them in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType
from rich.padding import Padding
from rich.table import Table

from bot.config import Setting
from bot.terminal.console import WIDEST, foreign
from bot.terminal.text import Text


def settings_table(settings: Iterable[Setting]) -> RenderableType:
    """Draw every setting with its value, marked where it is not the default, and what it is.

    A wide terminal gets a table; anything else a line ``NAME = value`` each, which is never cut.
    """
    rows: list[tuple[Text, Text, Text]] = []
    for setting in settings:
        changed = setting.value != setting.default
        what = setting.what + (f" (default: {setting.default or 'none'})" if changed else "")
        value = foreign(setting.value or "–", style="bold green" if changed else "")
        rows.append((Text(setting.variable), value, foreign(what, style="dim")))
    return _Settings(tuple(rows))


@dataclass(frozen=True, slots=True)
class _Settings:
    """Names, values and meanings of settings, drawn as there is room."""

    rows: tuple[tuple[Text, Text, Text], ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        if console.is_terminal and options.max_width >= WIDEST:
            yield self._table()
            return
        for name, value, what in self.rows:
            line = Text.assemble(name, " = ", value)
            line.overflow = "fold"
            yield line
            yield Padding.indent(what, 4)

    def _table(self) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0), show_header=True, header_style="bold")
        table.add_column("variable", no_wrap=True)
        for heading in ("value", "what"):
            table.add_column(heading, overflow="fold")
        for row in self.rows:
            table.add_row(*row)
        return table
