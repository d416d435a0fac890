"""History as people see it in a terminal: how far the reading is, and the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Group, RenderableType
from rich.table import Table

from bot.core.digest.wording import gil_words
from bot.core.history.shares import ANY_TARGET, History
from bot.core.text.sentences import counted
from bot.terminal.progress import progress_bar
from bot.terminal.text import Text


@contextmanager
def page_progress(*, shown: bool) -> Iterator[Callable[[int, int], None]]:
    """Show how many pages were read, on a terminal only."""
    bar = progress_bar("pages", shown=shown)
    with bar:
        task = bar.add_task("", total=None, visible=False)

        def advance(read: int, of: int) -> None:
            bar.update(task, completed=read, total=of, description="reading", visible=True)

        yield advance


def history_table(history: History) -> RenderableType:
    """Draw the shares at the end of every month, with a bar for the first target."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("")
    for target in history.targets:
        table.add_column("cp31Xt" if target == ANY_TARGET else target, justify="right")
    table.add_column("")
    for day, after in zip(history.days, (*history.days[1:], None), strict=True):
        if after is None or after.day.month != day.day.month:
            shares = [f"{day.percent(target):.0f} %" for target in history.targets]
            bar = "█" * round(day.percent(history.targets[0]) / 2.5)
            table.add_row(day.day.isoformat(), *shares, Text(bar, style="green"))
    have = history.days[-1].with_wheels
    return Group(
        Text(f"Share of {counted(history.days[0].packages, 'package')} with wheels, by rule “{history.rule.value}”"),
        table,
        *(
            Text(f"{share.target} today: {counted(have[str(share.target)], 'package')} with wheels; {gil_words(share)}")
            for share in history.imported
            if share.unread < have[str(share.target)]
        ),
    )
