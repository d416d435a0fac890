"""Packages side by side, as a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.core.comparison.comparison import Comparison, compare
from bot.core.site.marks import GIL_WORDS, Mark, mark_of, word_of
from bot.core.verdicts.status import Status
from bot.core.wheels.platforms import PLATFORM_NAMES
from bot.core.wheels.targets import Target

MOST_COMPARED = 6
"""Packages that stand side by side: more are no comparison, and do not fit."""

_HOW = {"none": "no Python ABI", "any": "pure Python"}


@dataclass(frozen=True, slots=True)
class ComparedCell:
    """How a package stands somewhere: a word, and a shape where there is one for it."""

    word: str
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class ComparedAspect:
    """What is compared, and a cell for each package."""

    what: str
    cells: tuple[ComparedCell, ...]


@dataclass(frozen=True, slots=True)
class ComparedTarget:
    """All that is compared for a Python."""

    target: str
    lines: tuple[ComparedAspect, ...]


@dataclass(frozen=True, slots=True)
class ComparePage:
    """Packages by name and version, and a table for each Python; ``asked`` is what was asked, to be asked anew."""

    asked: str
    packages: tuple[tuple[str, str], ...]
    targets: tuple[ComparedTarget, ...]
    problems: tuple[str, ...]


def compare_page(statuses: Sequence[Status], problems: Sequence[str] = ()) -> ComparePage:
    """Put packages side by side; ``problems`` says of others why they are not there."""
    comparison = compare(statuses)
    targets = dict.fromkeys(row.target for row in comparison.rows)
    return ComparePage(
        asked=" ".join(status.package for status in comparison.packages),
        packages=tuple(
            (status.package, "" if status.judgement.version is None else str(status.judgement.version))
            for status in comparison.packages
        ),
        targets=tuple(ComparedTarget(str(target), tuple(_lines(comparison, target))) for target in targets),
        problems=tuple(problems),
    )


def _lines(comparison: Comparison, target: Target) -> Iterator[ComparedAspect]:
    verdicts = [
        next(each for each in status.judgement.targets if each.target == target) for status in comparison.packages
    ]
    since = ["–" if each.since is None else str(each.since.version) for each in verdicts]
    yield ComparedAspect(
        "Verdict", tuple(ComparedCell(word_of(each.verdict), mark_of(each.verdict, each.gil)) for each in verdicts)
    )
    yield ComparedAspect("Wheels since", tuple(map(ComparedCell, since)))
    yield ComparedAspect("On import, the GIL", tuple(ComparedCell(GIL_WORDS[each.gil]) for each in verdicts))
    for row in comparison.rows:
        if row.target == target:
            cells = tuple(_cell(row.how.get(status.package)) for status in comparison.packages)
            yield ComparedAspect(PLATFORM_NAMES[row.platform], cells)


def _cell(how: str | None) -> ComparedCell:
    return ComparedCell("no wheel", Mark.NONE) if how is None else ComparedCell(_HOW.get(how, how), Mark.FULL)
