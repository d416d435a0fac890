"""The dependencies of an application as people see them in a terminal: a line for each, or a tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType

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
from bot.core.text.sentences import shortened
from bot.terminal.console import foreign
from bot.terminal.text import Text

_STYLES = {"⛔": "red", "🟡": "yellow", "✅": "green", "❔": "magenta"}
_LONGEST_PACKAGE = 48
_WORDS = 40
"""Columns for how a dependency stands; who needs more moves what follows to the right."""

_DEEPEST = 40
_MOST_INDENTED = 15
"""Levels of a tree that are moved to the right; those below stay there, so that names can be read."""


def dependency_table(report: DependencyReport) -> RenderableType:
    """Draw the answer: a sentence, then a line for each dependency, what stops the move first."""
    return Group(*_lines(report))


def dependency_tree(report: DependencyReport) -> RenderableType:
    """Draw who requires whom; what was drawn above is not drawn again."""
    return Group(_first(report), Text(), *_tree(report), *_ending(report))


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that stays one however narrow the terminal is."""

    text: Text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        line = self.text.copy()
        line.rstrip()
        line.truncate(options.max_width, overflow="ellipsis")
        line.no_wrap = True
        yield line


@dataclass(frozen=True, slots=True)
class _Rows:
    """The dependencies by state, in columns that are in line with each other; each stays on its line."""

    report: DependencyReport

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        found = self.report.dependencies
        room = min(_LONGEST_PACKAGE, options.max_width * 2 // 5)
        first = min(max((len(_named(each)) for each in found), default=0), room)
        second = max(
            (len(_said(each, self.report)) for each in found if len(_said(each, self.report)) <= _WORDS), default=0
        )
        for state in DependencyState:
            here = self.report.in_state(state)
            if here:
                glyph = STATE_GLYPHS[state]
                yield Text()
                yield Text(f"{glyph} {heading(state, len(here))}", style=f"bold {_STYLES[glyph]}")
                yield from (self._row(each, first, second) for each in here)

    def _row(self, found: JudgedDependency, first: int, second: int) -> _Line:
        said, aside = _said(found, self.report), _aside(found, self.report)
        line = foreign(f"  {_named(found):{first}}  ")
        line.append_text(said)
        if aside:
            line.append(" " * max(0, second - len(said)) + "  ")
            line.append_text(foreign(aside, style="dim"))
        return _Line(line)


def _lines(report: DependencyReport) -> Iterator[RenderableType]:
    yield _first(report)
    yield _Rows(report)
    yield from _ending(report)


def _first(report: DependencyReport) -> Text:
    return foreign(first_line(report), style="bold")


def _ending(report: DependencyReport) -> Iterator[RenderableType]:
    if report.not_read:
        yield Text()
        yield Text(f"Not read ({len(report.not_read)})", style="bold")
        for line in report.not_read:
            yield foreign(f"  {': '.join(unread_line(line))}", style="dim")
    if report.dependencies:
        yield Text()
        yield Text(DEPENDENCY_DISCLAIMER, style="dim")


def _named(found: JudgedDependency) -> str:
    return shortened(found.package if found.version is None else f"{found.package} {found.version}", _LONGEST_PACKAGE)


def _said(found: JudgedDependency, report: DependencyReport) -> Text:
    text, way = foreign(standing(found, report)), way_out(found)
    if way is not None:
        text.append(f"; {way}", style="bold" if found.first_working is not None else "")
    return text


def _aside(found: JudgedDependency, report: DependencyReport) -> str:
    aside = [pulled_in_by(found), conditions(found, report)]
    if found.state is DependencyState.BLOCKS and found.tracking_issue is not None:
        aside.append(found.tracking_issue.removeprefix("https://"))
    return " · ".join(filter(None, aside))


def _tree(report: DependencyReport) -> Iterator[RenderableType]:
    by_name: dict[str, list[JudgedDependency]] = {}
    for each in report.dependencies:
        by_name.setdefault(each.package, []).append(each)
    drawn: set[str] = set()

    def branch(name: str, depth: int) -> Iterator[RenderableType]:
        again = name in drawn
        for each in by_name.get(name, ()):
            further = bool(each.needed.requires) and depth < _DEEPEST
            yield _leaf(each, report, depth, again=again and further)
            if further and not again:
                drawn.add(name)
                for required in each.needed.requires:
                    yield from branch(required, depth + 1)
        drawn.add(name)

    for name in _roots(report):
        yield from branch(name, 0)
    for name in by_name:
        if name not in drawn:
            yield from branch(name, 0)


def _leaf(found: JudgedDependency, report: DependencyReport, depth: int, *, again: bool) -> _Line:
    glyph = STATE_GLYPHS[found.state]
    line = foreign(f"{'  ' * min(depth, _MOST_INDENTED)}{glyph} {_named(found)}", style=_STYLES[glyph])
    if found.state is not DependencyState.READY:
        line.append(" ").append_text(_said(found, report))
    if again:
        line.append(" (see above)", style="dim")
    return _Line(line)


def _roots(report: DependencyReport) -> tuple[str, ...]:
    required = {name for each in report.dependencies for name in each.needed.requires if name != each.package}
    direct = [each.package for each in report.dependencies if each.needed.direct]
    return tuple(dict.fromkeys([*direct, *(e.package for e in report.dependencies if e.package not in required)]))
