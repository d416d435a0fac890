"""The move of a database as people see it in a terminal: how far it is, and what was moved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import RenderableType
from rich.table import Table

from bot.core.text.sentences import counted
from bot.services.moving import MoveReport, MoveStep, Progress
from bot.terminal.console import foreign
from bot.terminal.progress import progress_bar
from bot.terminal.text import Text


@contextmanager
def move_progress(*, shown: bool) -> Iterator[Progress]:
    """Show how far a move is, on a terminal only: a line for moving, and one for checking."""
    with progress_bar("rows", shown=shown) as bar:
        tasks = {step: bar.add_task("", total=None) for step in MoveStep}

        def advance(step: MoveStep, table: str, done: int, rows: int) -> None:
            bar.update(tasks[step], completed=done, total=rows, description=f"{step.value} {table}")

        yield advance


def moved_tables_table(report: MoveReport) -> RenderableType:
    """Draw how many rows of which tables were moved, or would be; those that have none are left out."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(justify="right")
    table.add_column(overflow="fold")
    for each in report.tables:
        if each.rows:
            table.add_row(f"{each.rows:,}", Text(each.table, style="red" if each.same is False else ""))
    return table


def move_sentences(
    report: MoveReport, source: str, target: str, seconds: float, *, only_look: bool
) -> Iterator[RenderableType]:
    """Draw what was moved from where to where, or would be, in sentences."""
    yield foreign(_said(report, source, target, seconds, only_look=only_look))
    if report.replaced:
        yield Text(f"{counted(report.replaced, 'text')} had NUL characters, which became U+FFFD.")


def _said(report: MoveReport, source: str, target: str, seconds: float, *, only_look: bool) -> str:
    rows = f"{report.rows:,} rows"
    if report.already:
        return f"{target} has all {rows} of {source} already. Nothing was moved."
    if only_look:
        begun = ", after those that an earlier run moved" if report.resumed else ""
        return f"{rows} would be moved from {source} to {target}{begun}."
    if report.different:
        return f"{rows} were moved from {source} to {target}, and not all are the same there."
    return f"{rows} were moved from {source} to {target} and compared, in {seconds:.1f} seconds."
