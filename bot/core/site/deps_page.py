"""What of an application's dependencies stops a move, as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.core.dependencies.judged import DependencyState, JudgedDependency
from bot.core.dependencies.report import DependencyReport
from bot.core.dependencies.wording import (
    conditions,
    first_line,
    heading,
    pulled_in_by,
    standing,
    unread_line,
    way_out,
)
from bot.core.index.metadata import safe_link
from bot.core.site.marks import Mark
from bot.core.text.sentences import one_line, shortened
from bot.core.wheels.platforms import PLATFORM_NAMES, PLATFORMS, Platform
from bot.core.wheels.targets import Target

MOST_LISTED = 250
"""Dependencies of a state that are listed: a page stays one that a phone can show."""

_LONGEST = 160


@dataclass(frozen=True, slots=True)
class DependencyRow:
    """A dependency; ``package`` is the name of its page, None where it can have none."""

    name: str
    package: str | None
    version: str
    words: str
    way_out: str | None
    pulled_in_by: str
    conditions: str
    thread: str | None


@dataclass(frozen=True, slots=True)
class DependencyGroup:
    """The dependencies in a state; ``is_quiet`` tells that nothing need be done about them."""

    heading: str
    mark: Mark
    rows: tuple[DependencyRow, ...]
    rest: int
    is_quiet: bool


@dataclass(frozen=True, slots=True)
class DepsAnswer:
    """The answer: a sentence, the dependencies by how they stand, and what could not be read."""

    mark: Mark
    sentence: str
    groups: tuple[DependencyGroup, ...]
    not_read: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DepsPage:
    """The question as it can be asked, and the answer where it was."""

    targets: tuple[tuple[str, bool], ...]
    platforms: tuple[tuple[str, str, bool], ...]
    answer: DepsAnswer | None = None


_MARKS: Mapping[DependencyState, Mark] = {
    DependencyState.BLOCKS: Mark.BAD,
    DependencyState.GIL_ON: Mark.PART,
    DependencyState.WITHOUT_WHEELS: Mark.NONE,
    DependencyState.PARTIAL: Mark.PART,
    DependencyState.FALLBACK: Mark.PART,
    DependencyState.READY: Mark.FULL,
    DependencyState.UNKNOWN: Mark.UNKNOWN,
}


def deps_page(
    targets: Sequence[Target], target: Target, platform: Platform, report: DependencyReport | None = None
) -> DepsPage:
    """Make the page: the question about a target and a platform, and its answer if there is one."""
    return DepsPage(
        targets=tuple((str(each), each == target) for each in targets),
        platforms=tuple((each.value, PLATFORM_NAMES[each], each is platform) for each in PLATFORMS),
        answer=None if report is None else _answer(report),
    )


def _answer(report: DependencyReport) -> DepsAnswer:
    mark = {True: Mark.FULL, False: Mark.BAD, None: Mark.UNKNOWN}[report.ok]
    return DepsAnswer(
        mark=mark,
        sentence=one_line(first_line(report)),
        groups=tuple(_group(state, report) for state in DependencyState if report.in_state(state)),
        not_read=tuple(_shown(": ".join(unread_line(line))) for line in report.not_read[:MOST_LISTED]),
        warnings=tuple(map(_shown, report.warnings)),
    )


def _group(state: DependencyState, report: DependencyReport) -> DependencyGroup:
    found = report.in_state(state)
    return DependencyGroup(
        heading=heading(state, len(found)),
        mark=_MARKS[state],
        rows=tuple(_row(each, report) for each in found[:MOST_LISTED]),
        rest=max(0, len(found) - MOST_LISTED),
        is_quiet=state is DependencyState.READY,
    )


def _row(found: JudgedDependency, report: DependencyReport) -> DependencyRow:
    return DependencyRow(
        name=_shown(found.package),
        package=found.package if found.verdict.ok is not None else None,
        version="" if found.version is None else str(found.version),
        words=_shown(standing(found, report)),
        way_out=way_out(found),
        pulled_in_by=_shown(pulled_in_by(found)),
        conditions=conditions(found, report),
        thread=safe_link(found.tracking_issue),
    )


def _shown(text: str) -> str:
    return shortened(one_line(text), _LONGEST)
