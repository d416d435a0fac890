"""A package's status as people see it in a terminal: a card."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table

from bot.core.inspection.modules import Gil
from bot.core.text.sentences import listed, shortened
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
    gil_line,
    headline,
    member_lines,
    missing_line,
    modifier_line,
    newest_line,
    other_platforms_line,
    reasons,
    since_line,
    target_phrase,
)
from bot.terminal.console import WIDEST, ago, foreign
from bot.terminal.text import Text

_NARROW = 56
"""What a card has for its text where the terminal has 60 columns."""

_STYLES = {"✅": "green", "🟡": "yellow", "⛔": "red", "⬜": "cyan", "❔": "magenta"}


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
        width=min(WIDEST, Console().width),
        padding=(0, 1),
    )


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
        words = target_phrase(verdict)
        table.add_row(f"{verdict.target}", Text(f"{words.glyph} {words.word}"), _target_text(verdict))
    return table


def _narrow_targets(status: Status) -> Iterator[RenderableType]:
    for verdict in status.judgement.targets:
        words = target_phrase(verdict)
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
    if gil := gil_line(verdict):
        lines.append((gil, "yellow" if verdict.gil is Gil.ON else "dim"))
    if since := since_line(verdict):
        lines.append((since, "dim"))
    text = Text()
    for number, (line, style) in enumerate(lines):
        text.append(("\n" if number else "") + line, style=style)
    return text


def _notes(status: Status) -> Iterator[Text]:
    if status.error is not None:
        yield foreign(f"! {shortened(status.error)}", style="yellow")
    targets = status.judgement.targets
    lines = dict.fromkeys(modifier_line(modifier) for verdict in targets for modifier in verdict.modifiers)
    about = (*reasons(status), *lines, *advice(status), *map(modifier_line, status.judgement.modifiers))
    awaited = awaited_line(status)
    newest = newest_line(status)
    after = [line for line in (awaited, newest) if line is not None]
    for line in (*about, *member_lines(status), *after):
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
