"""The tracking table beside the index, as people see it in a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Group, RenderableType
from rich.padding import Padding

from bot.core.text.sentences import counted, shortened
from bot.core.upstream.table_check import CheckedRow, RowState
from bot.core.upstream.table_missing import BY_RANK, MISSING_HEADINGS, MissingBasis
from bot.core.upstream.table_report import HEADINGS, TableReport
from bot.terminal.console import foreign
from bot.terminal.progress import progress_bar
from bot.terminal.text import Text

_STYLES = {
    RowState.WRONG: "red",
    RowState.OUT_OF_DATE: "yellow",
    RowState.TYPO: "yellow",
    RowState.LINK: "yellow",
    RowState.PERSON: "cyan",
    RowState.NOT_ON_INDEX: "magenta",
}
_LONGEST_NAME = 60
_LONGEST_REASON = 600


@contextmanager
def table_progress(*, shown: bool) -> Iterator[Callable[[int, int], None]]:
    """Show how many packages were looked at, on a terminal only."""
    bar = progress_bar("packages", shown=shown)
    with bar:
        task = bar.add_task("", total=None)

        def advance(read: int, of: int) -> None:
            bar.update(task, completed=read, total=of)

        yield advance


def table_report(report: TableReport) -> RenderableType:
    """Draw what is to be written, what is to be judged, and how many rows are fine."""
    return Group(*_parts(report))


def _parts(report: TableReport) -> Iterator[RenderableType]:
    fine = len(report.in_state(RowState.FINE))
    yield Text(
        f"{counted(len(report.rows), 'row')}: {fine} fine, {len(report.changed)} to be written anew", style="bold"
    )
    for state, style in _STYLES.items():
        rows = report.in_state(state)
        if rows:
            yield Text()
            yield Text(f"{HEADINGS[state]} ({state.value}, {len(rows)})", style=f"bold {style}")
            for row in rows:
                yield from _row(row)
    if report.missing:
        yield Text()
        basis = report.missing[0].basis
        yield Text(f"{MISSING_HEADINGS[basis]} ({len(report.missing)})", style="bold")
        if basis is MissingBasis.RANK:
            yield Text(BY_RANK, style="dim")
        yield from (foreign(f"  {each.package}: {each.told}") for each in report.missing)
    if report.changed:
        yield Text()
        yield Text("`ftbot tracking --format patch` writes what git apply takes, --format markdown why.", style="dim")


def _row(row: CheckedRow) -> Iterator[RenderableType]:
    yield foreign(f"  {row.row.number}: {shortened(row.row.row.project, _LONGEST_NAME)}")
    yield Padding.indent(foreign(shortened(row.reason, _LONGEST_REASON), style="dim"), 4)
