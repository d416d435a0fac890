"""What was found when the settings were checked, as people see it in a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import RenderableType
from rich.table import Table

from bot.services.checkup import Check
from bot.terminal.console import foreign
from bot.terminal.text import Text


def checks_table(checks: Iterable[Check]) -> RenderableType:
    """Draw what was checked, whether it works, and what to do where it does not."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for _ in ("works", "subject", "finding"):
        table.add_column(overflow="fold")
    for check in checks:
        glyph = "–" if check.works is None else ("✅" if check.works else "⛔")
        table.add_row(Text(glyph), Text(check.subject, style="bold"), foreign(check.finding))
    return table
