"""Nouns as people see them in a terminal: cards and tables. Text from elsewhere is never read as markup."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bot.config import Setting
from bot.core.history.shares import ANY_TARGET
from bot.core.text.sentences import counted, listed, printable, shortened
from bot.core.verdicts.judge import TargetVerdict
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import MetadataState, Status, failed
from bot.core.verdicts.wording import (
    DISCLAIMER,
    LONGEST_LINE,
    advice,
    awaited_line,
    covered_line,
    floors_line,
    headline,
    member_lines,
    missing_line,
    modifier_line,
    other_platforms_line,
    phrase,
    reasons,
    since_line,
)
from bot.services.checkup import Check
from bot.services.digest.history import History
from bot.services.packages.scan import ScanReport
from bot.terminal_text import Text

_WIDEST = 100
_NARROW = 56
"""What a card has for its text where the terminal has 60 columns."""

_PIPED = 10_000
_MOST_FAILURES = 10
_STYLES = {"✅": "green", "🟡": "yellow", "⛔": "red", "⬜": "cyan", "❔": "magenta"}
_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR


def output() -> Console:
    """Give the console for answers; colours only on a terminal, and never with NO_COLOR.

    What goes into a pipe or a file is not wrapped: a line is what ``grep`` finds.
    """
    console = Console(highlight=False, emoji=False, markup=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _PIPED
    return console


def error_output() -> Console:
    """Give the console for errors and progress."""
    return Console(stderr=True, highlight=False, emoji=False, markup=False)


def status_card(status: Status, now: datetime) -> RenderableType:
    """Draw a package's status: the headline, a line for each Python, what to know, where to look."""
    style = _STYLES[headline(status).glyph]
    version = "" if status.judgement.version is None else f" {status.judgement.version}"
    released = status.judgement.released
    return Panel(
        Group(*_card_lines(status, now)),
        title=Text(f"{status.package}{version}", style=f"bold {style}"),
        title_align="left",
        subtitle=None if released is None else Text(f"released {released:%Y-%m-%d}", style="dim"),
        subtitle_align="right",
        border_style=style,
        width=min(_WIDEST, Console().width),
        padding=(0, 1),
    )


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


def checks_table(checks: Iterable[Check]) -> RenderableType:
    """Draw what was checked, whether it works, and what to do where it does not."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for _ in ("works", "subject", "finding"):
        table.add_column(overflow="fold")
    for check in checks:
        glyph = "–" if check.works is None else ("✅" if check.works else "⛔")
        table.add_row(Text(glyph), Text(check.subject, style="bold"), foreign(check.finding))
    return table


@contextmanager
def scan_progress(*, shown: bool) -> Iterator[Callable[[int, int, int], None]]:
    """Show how far a scan is, on a terminal only."""
    bar = progress_bar("tracked packages", shown=shown)
    with bar:
        task = bar.add_task("", total=None)

        def advance(seen: int, tracked: int, track: int) -> None:
            bar.update(task, completed=tracked, total=track, description=f"{seen} projects read")

        yield advance


@contextmanager
def page_progress(*, shown: bool) -> Iterator[Callable[[int, int], None]]:
    """Show how many pages were read, on a terminal only."""
    bar = progress_bar("pages", shown=shown)
    with bar:
        task = bar.add_task("", total=None, visible=False)

        def advance(read: int, of: int) -> None:
            bar.update(task, completed=read, total=of, description="reading", visible=True)

        yield advance


def scan_report(report: ScanReport) -> RenderableType:
    """Draw what a scan found: the verdicts by target, and what it took."""
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
    for name, reason in islice(report.failed.items(), _MOST_FAILURES):
        lines.append(Text(f"! {name} could not be read: {reason}", style="yellow"))
    if len(report.failed) > _MOST_FAILURES:
        lines.append(Text(f"! and {len(report.failed) - _MOST_FAILURES} more", style="yellow"))
    if report.list_problem is not None:
        lines.append(foreign(f"! {report.list_problem} An older list of the most downloaded was used.", style="yellow"))
    took = f"{report.requests} requests, {report.not_modified} unchanged, {report.bytes / 1e6:.1f} MB"
    listed = "" if report.list_day is None else f" · most downloaded as of {report.list_day}"
    lines.append(Text(f"{took}, {report.seconds:.1f} s{listed}", style="dim"))
    return Group(*lines)


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
    return Group(
        Text(f"Share of {counted(history.days[0].packages, 'package')} with wheels, by rule “{history.rule.value}”"),
        table,
    )


def progress_bar(unit: str, *, shown: bool) -> Progress:
    """Make a bar that counts units and goes when it is done, for a terminal only."""
    console = error_output()
    return Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TextColumn("{task.description}", style="dim"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not (shown and console.is_terminal),
    )


def ago(time: datetime, now: datetime) -> str:
    """Say how long ago something was: ``just now``, ``4 minutes ago``, ``3 days ago``."""
    seconds = max(timedelta(), now - time).total_seconds()
    for size, unit in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if seconds >= size:
            number = int(seconds // size)
            return f"{counted(number, unit)} ago"
    return "just now"


@dataclass(frozen=True, slots=True)
class _Settings:
    """Names, values and meanings of settings, drawn as there is room."""

    rows: tuple[tuple[Text, Text, Text], ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        if console.is_terminal and options.max_width >= _WIDEST:
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


@dataclass(frozen=True, slots=True)
class _Targets:
    """What a status says of each Python: the platforms beside it, or below it where there is no room."""

    status: Status

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        yield from _narrow_targets(self.status) if options.max_width < _NARROW else [_targets_table(self.status)]


def _card_lines(status: Status, now: datetime) -> Iterator[RenderableType]:
    verdict, target, words = status.headline.verdict, status.headline.target, headline(status)
    yield Text(f"{words.glyph} {status.package} {words.sentence.format(target=target)}.", style="bold")
    if not failed(verdict) and verdict not in {Verdict.QUARANTINED, Verdict.NO_FILES}:
        yield Text()
        yield _Targets(status)
    notes = list(_notes(status))
    if notes:
        yield Text()
        yield from notes
    yield Text()
    yield from _links(status)
    if not (failed(verdict) or status.stale) and status.metadata_state is MetadataState.TIMED_OUT:
        yield Text("Classifier and links could not be read this time.", style="yellow")
    age = f"checked {ago(status.checked, now)}"
    if status.stale:
        yield Text(f"{age}; the index could not be asked again.", style="yellow")
        yield Text(DISCLAIMER, style="dim")
    else:
        yield Text(f"{age} · {DISCLAIMER}", style="dim")


def _targets_table(status: Status) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    for verdict in status.judgement.targets:
        words = phrase(verdict.verdict)
        table.add_row(f"{verdict.target}", Text(f"{words.glyph} {words.word}"), _target_text(verdict))
    return table


def _narrow_targets(status: Status) -> Iterator[RenderableType]:
    for verdict in status.judgement.targets:
        words = phrase(verdict.verdict)
        yield Text.assemble((f"{verdict.target}", "bold"), f"  {words.glyph} {words.word}")
        if text := _target_text(verdict):
            yield Padding.indent(text, 2)


def _target_text(verdict: TargetVerdict) -> Text:
    lines = []
    if covered := covered_line(verdict):
        lines.append((covered, ""))
    if floors := floors_line(verdict):
        lines.append((floors, "dim"))
    if verdict.covered and verdict.missing:
        lines.append((f"no wheel: {missing_line(verdict)}", "yellow"))
    if since := since_line(verdict):
        lines.append((since, "dim"))
    text = Text()
    for number, (line, style) in enumerate(lines):
        text.append(("\n" if number else "") + line, style=style)
    return text


def foreign(text: str, style: str = "") -> Text:
    """Draw text from elsewhere: nothing in it moves the cursor, sets a colour or turns the direction of writing."""
    return Text(printable(text), style=style)


def _notes(status: Status) -> Iterator[Text]:
    if status.error is not None:
        yield foreign(f"! {shortened(status.error)}", style="yellow")
    targets = status.judgement.targets
    lines = dict.fromkeys(modifier_line(modifier) for verdict in targets for modifier in verdict.modifiers)
    about = (*reasons(status), *lines, *advice(status), *map(modifier_line, status.judgement.modifiers))
    awaited = awaited_line(status)
    for line in (*about, *member_lines(status), *(() if awaited is None else (awaited,))):
        yield foreign(f"• {shortened(line, LONGEST_LINE)}")
    if status.judgement.other_platforms:
        names = listed([shortened(name, 40) for name in status.judgement.other_platforms])
        yield foreign(f"• {other_platforms_line(names)}", style="dim")


def _links(status: Status) -> Iterator[RenderableType]:
    for label, link in (("page", status.page), ("source", status.source), ("tracking issue", status.tracking_issue)):
        if link is not None:
            yield Text(f"{label}: ", style="dim").append_text(foreign(link, style="underline"))
    if status.open_issues is not None:
        yield Text("open free-threading issues: ", style="dim").append(str(status.open_issues), style="bold")
