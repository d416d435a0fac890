"""Scans as people see them in a terminal: how far they are, and what they found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sized
from contextlib import contextmanager
from itertools import islice

from rich.console import Group, RenderableType
from rich.filesize import decimal
from rich.table import Table

from bot.core.inspection.inspection import InspectionReport
from bot.core.inspection.modules import Gil
from bot.core.listing.query import GilFilter, ListQuery
from bot.core.site.whole_lists import WholeLists
from bot.core.text.sentences import counted, shortened
from bot.core.text.whole_list import more
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.wording import (
    phrase,
)
from bot.services.packages.scan import ScanReport
from bot.terminal.console import foreign
from bot.terminal.progress import progress_bar
from bot.terminal.text import Text

_MOST_FAILURES = 10


@contextmanager
def scan_progress() -> Iterator[Callable[[int, int, int], None]]:
    """Show how far a scan is, on a terminal only."""
    bar = progress_bar("tracked packages", shown=True)
    with bar:
        task = bar.add_task("", total=None)

        def advance(seen: int, tracked: int, track: int) -> None:
            bar.update(task, completed=tracked, total=track, description=f"{seen} projects read")

        yield advance


def scan_report(report: ScanReport, whole: WholeLists) -> RenderableType:
    """Draw what a scan found: the verdicts by target, where the packages are one by one, and what it took."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("")
    for target in report.verdicts:
        table.add_column(target, justify="right")
    for verdict in Verdict:
        counts = [each.get(verdict.value, 0) for each in report.verdicts.values()]
        if any(counts):
            words = phrase(verdict)
            table.add_row(Text(f"{words.glyph} {verdict.value}"), *(str(count or "") for count in counts))
    lines: list[RenderableType] = [Text(f"{report.packages} tracked packages", style="bold"), table]
    if report.packages:
        lines.append(Text(f"One by one: {whole.packages().in_terminal()}", style="dim"))
    for name, reason in islice(report.failed.items(), _MOST_FAILURES):
        lines.append(Text(f"! {name} could not be read: {reason}", style="yellow"))
    if len(report.failed) > _MOST_FAILURES:
        lines.append(_left_out(report.failed, "ftbot scan --json"))
    if report.list_problem is not None:
        lines.append(foreign(f"! {report.list_problem} An older list of the most downloaded was used.", style="yellow"))
    took = f"{report.requests} requests, {report.not_modified} unchanged, {report.bytes / 1e6:.1f} MB"
    listed = "" if report.list_day is None else f" · most downloaded as of {report.list_day}"
    lines.append(Text(f"{took}, {report.seconds:.1f} s{listed}", style="dim"))
    return Group(*lines)


@contextmanager
def inspection_progress(*, shown: bool) -> Iterator[Callable[[int, int, str], None]]:
    """Show how far the reading of wheels is, on a terminal only."""
    bar = progress_bar("packages read inside", shown=shown)
    with bar:
        task = bar.add_task("", total=None)

        def advance(done: int, total: int, package: str) -> None:
            bar.update(task, completed=done, total=total, description=shortened(package, 40))

        yield advance


def inspection_report(report: InspectionReport, whole: WholeLists) -> RenderableType:
    """Draw what reading wheels found: what importing does to the GIL, by targets of packages, and what it took."""
    total = sum(report.found.values())
    counts = ", ".join(f"{report.found[gil]} {words}" for gil, words in _GIL_WORDS.items() if report.found.get(gil))
    if total:
        targets = f"for {total} {'Python' if total == 1 else 'Pythons'} in all"
        head = (
            f"Read inside {counted(report.packages, 'package')}, {targets}: {counts}; {decimal(report.bytes)} fetched."
        )
    else:
        head = "Nothing was left to read inside." if not report.failed else "Nothing could be read inside."
    lines: list[RenderableType] = [Text(head)]
    if report.found.get(Gil.ON):
        where = whole.packages(ListQuery(gil=GilFilter.ON)).in_terminal()
        lines.append(Text(f"Those that turn it back on: {where}", style="dim"))
    for name, reason in islice(report.failed.items(), _MOST_FAILURES):
        lines.append(foreign(f"! {name} could not be read inside: {reason}", style="yellow"))
    if len(report.failed) > _MOST_FAILURES:
        lines.append(_left_out(report.failed, "ftbot scan --inspect --json"))
    return Group(*lines)


def _left_out(failed: Sized, command: str) -> Text:
    return Text(f"! {more(len(failed) - _MOST_FAILURES, command)}", style="yellow")


_GIL_WORDS = {
    Gil.OFF: "with the GIL kept off",
    Gil.ON: "with it turned back on",
    Gil.UNKNOWN: "that could not be told",
    Gil.NONE: "without an extension module",
}
