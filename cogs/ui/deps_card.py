"""The dependencies of an application as cards: what stops the move first, a page at a time, within Discord's limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import discord
from discord import ui

from bot.core.dependencies.files import UnreadLine
from bot.core.dependencies.judged import DependencyState, JudgedDependency
from bot.core.dependencies.report import DependencyReport
from bot.core.dependencies.wording import (
    DEPENDENCY_DISCLAIMER,
    STATE_GLYPHS,
    conditions,
    first_line,
    heading,
    pulled_in_by,
    standing,
    unread_line,
    way_out,
)
from bot.core.github.threads import linked_ref
from bot.core.text.sentences import MOST_LISTED, counted, listed
from cogs.ui.buttons import action, finished, identifier_of
from cogs.ui.status_card import COLOURS, plain

EVERYTHING = "all"
NOT_READ = "not_read"
"""What is shown, besides the dependencies in one state: all of them, or what was not read."""

PAGE, KIND, TABLE = "d", "dk", "dt"
"""What the buttons do: show a page, show one kind, send the table with everything."""

BLOCKERS = "dw"
"""What the button does that has who presses it watch what stops the move; ``cogs/watch.py`` answers it."""

_LONGEST_LINE = 240
_MOST_LINE_BYTES = 600
_LONGEST_HEAD = 300
_LONGEST_NAME = 70
_LONGEST_SAID = 110
_LONGEST_WARNING = 150
_MOST_WARNINGS = 2

_Entry = JudgedDependency | UnreadLine


@dataclass(frozen=True, slots=True)
class View:
    """What of an answer is looked at: a kind, and which page of it, from 0 on."""

    kind: str = EVERYTHING
    page: int = 0


def dependencies_card(report: DependencyReport, key: str, view: View) -> ui.LayoutView:
    """Lay out a page of an answer, with buttons that lead through it by its ``key``.

    A page that there is not is the nearest one, a kind that there is not everything.
    """
    kinds = _kinds(report)
    kind = view.kind if view.kind in kinds else EVERYTHING
    entries = kinds[kind]
    last = max(0, (len(entries) - 1) // MOST_LISTED)
    page = min(max(view.page, 0), last)
    shown = entries[page * MOST_LISTED : (page + 1) * MOST_LISTED]
    glyph = _glyph(report)
    container = ui.Container[ui.LayoutView](
        ui.TextDisplay(f"### {glyph} {_fit(first_line(report), _LONGEST_HEAD)}"), accent_colour=COLOURS[glyph]
    )
    warnings = list(_warnings(report)) if kind == EVERYTHING and page == 0 else []
    for lines in (warnings, list(_lines(shown, report))):
        if lines:
            container.add_item(ui.TextDisplay("\n".join(lines)))
    if len(kinds) > len((EVERYTHING, "the only one")):
        container.add_item(ui.ActionRow(_choice(report, key, kind)))
    if entries:
        container.add_item(ui.ActionRow(*_buttons(key, kind, page, last, report)))
    container.add_item(ui.TextDisplay(_foot(report, page, last)))
    card = ui.LayoutView(timeout=None)
    card.add_item(container)
    return finished(card)


def _kinds(report: DependencyReport) -> dict[str, Sequence[_Entry]]:
    """Return what can be looked at, in reading order."""
    by_state = {state.name.lower(): report.in_state(state) for state in DependencyState}
    found: dict[str, Sequence[_Entry]] = {name: each for name, each in by_state.items() if each}
    if report.not_read:
        found[NOT_READ] = report.not_read
    return {EVERYTHING: [entry for each in found.values() for entry in each], **found}


def _choice(report: DependencyReport, key: str, kind: str) -> ui.Select[ui.LayoutView]:
    options = []
    for name, entries in _kinds(report).items():
        label = f"Everything ({len(entries)})" if name == EVERYTHING else _title(entries[0], len(entries))
        options.append(discord.SelectOption(label=label[:100], value=name, default=name == kind))
    return ui.Select(custom_id=identifier_of(KIND, key), placeholder="Show only…", options=options)


def _buttons(key: str, kind: str, page: int, last: int, report: DependencyReport) -> Iterator[ui.Button[ui.LayoutView]]:
    if last:
        back = action("◀ Back", PAGE, key, kind, str(max(0, page - 1)))
        back.disabled = page == 0
        more = action("More ▶", PAGE, key, kind, str(page + 1))
        more.disabled = page == last
        yield from (back, more)
    if report.dependencies:
        yield action("CSV with everything", TABLE, key)
    if report.blocking:
        yield action("Watch the blockers", BLOCKERS, key)


def _lines(entries: Sequence[_Entry], report: DependencyReport) -> Iterator[str]:
    numbers = {_state(each[0]): len(each) for name, each in _kinds(report).items() if name != EVERYTHING and each}
    for state, some in groupby(entries, _state):
        here = list(some)
        yield f"**{_title(here[0], numbers[state])}**"
        for entry in here:
            yield _unread(entry) if isinstance(entry, UnreadLine) else _dependency(entry, report)


def _state(entry: _Entry) -> DependencyState | None:
    return None if isinstance(entry, UnreadLine) else entry.state


def _title(entry: _Entry, number: int) -> str:
    if isinstance(entry, UnreadLine):
        return f"Not read ({number})"
    return f"{STATE_GLYPHS[entry.state]} {heading(entry.state, number)}"


def _dependency(found: JudgedDependency, report: DependencyReport) -> str:
    version = "" if found.version is None else f" {found.version}"
    line = f"- **{_fit(f'{found.package}{version}', _LONGEST_NAME)}** — {_fit(standing(found, report), _LONGEST_SAID)}"
    ref = None if found.tracking_issue is None or not found.blocks else linked_ref(found.tracking_issue)
    path = pulled_in_by(found)
    asides = (
        _fit(way_out(found) or "", _LONGEST_NAME),
        "" if ref is None else f"[issue](<{ref.url}>)",
        _fit(f"via {path}" if path else "", _LONGEST_SAID),
        _fit(conditions(found, report), _LONGEST_NAME),
    )
    for aside in filter(None, asides):
        longer = f"{line} · {aside}"
        if _fits(longer):
            line = longer
    return line


def _unread(line: UnreadLine) -> str:
    pieces = [_fit(each, _LONGEST_NAME) for each in unread_line(line)]
    return f"- {': '.join(filter(None, pieces))}"


def _warnings(report: DependencyReport) -> Iterator[str]:
    for warning in report.warnings[:_MOST_WARNINGS]:
        yield f"⚠️ {_fit(warning, _LONGEST_WARNING)}"
    if len(report.warnings) > _MOST_WARNINGS:
        rest = counted(len(report.warnings) - _MOST_WARNINGS, "more warning")
        yield f"-# and {rest}: ftbot deps on your machine has all"


def _foot(report: DependencyReport, page: int, last: int) -> str:
    files = listed([_fit(each.file, 40) for each in report.files if each.file], 2)
    read = f"read from {files}" if files else ""
    chosen = "versions as an installer would choose them now" if report.resolved else "versions as they are pinned"
    pages = f"Page {page + 1} of {last + 1}" if last else ""
    said = " · ".join(filter(None, (pages, read, chosen, "kept in memory for an hour")))
    return f"-# {said[0].upper()}{said[1:]}. {DEPENDENCY_DISCLAIMER}"


def _glyph(report: DependencyReport) -> str:
    if report.blocking:
        return STATE_GLYPHS[DependencyState.BLOCKS]
    if not report.is_judged or not report.dependencies:
        return STATE_GLYPHS[DependencyState.UNKNOWN]
    doubtful = (DependencyState.GIL_ON, DependencyState.WITHOUT_WHEELS, DependencyState.UNKNOWN)
    return STATE_GLYPHS[DependencyState.GIL_ON if any(map(report.in_state, doubtful)) else DependencyState.READY]


def _fits(line: str) -> bool:
    return len(line) <= _LONGEST_LINE and len(line.encode()) <= _MOST_LINE_BYTES


def _fit(text: str, longest: int) -> str:
    """Make text from elsewhere plain and no longer than that, with what keeps it plain, nor large in bytes."""
    length = longest
    while len(shown := plain(text, length)) > longest or len(shown.encode()) > 2 * longest:
        length = length * 2 // 3
    return shown
