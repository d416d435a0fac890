"""What moved, package by package: the same moves as the digests tell, told one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.digest.digest import Digest, Move, Moves, Tracked, moves_between
from bot.core.digest.weeks import Week, week_of
from bot.core.history.timelines import Timeline
from bot.core.site.facts import SitePackage
from bot.core.text.sentences import joined
from bot.core.verdicts.modifiers import SETTLED
from bot.core.verdicts.rules import Verdict
from bot.core.wheels.platforms import platform_list
from bot.core.wheels.targets import Target

WEEKS_BACK = 26
"""How many weeks a package's moves go back."""


class MoveKind(StrEnum):
    """Which way a package moved."""

    GAINED = "gained"
    COMPLETED = "completed"
    LOST = "lost"
    NARROWED = "narrowed"
    PURE = "pure"


_PURE = frozenset({Verdict.PURE, Verdict.PURE_FALLBACK})


@dataclass(frozen=True, slots=True)
class SiteMove:
    """A move and which way it went; one of a week that is over never changes."""

    kind: MoveKind
    move: Move

    @property
    def key(self) -> str:
        """Return what tells it from all others, wherever it is told."""
        move = self.move
        return f"{self.kind}/{move.package}/{move.target}/{move.version}"

    @property
    def title(self) -> str:
        """Return what happened, in a line."""
        move = self.move
        return f"{move.package} {move.version} {_what_happened(self.kind, move)}"

    @property
    def detail(self) -> str:
        """Return the platforms that it is about, in sentences."""
        move = self.move
        lines = []
        if move.covered:
            lines.append(f"Wheels ({joined(move.how)}): {platform_list(move.covered)}." if move.how else "")
        if move.lost:
            lines.append(f"Lost: {platform_list(move.lost)}.")
        elif move.missing:
            lines.append(f"Missing: {platform_list(move.missing)}.")
        if move.previous is not None:
            lines.append(f"The release before was {move.previous}.")
        return " ".join(filter(None, lines))


def _what_happened(kind: MoveKind, move: Move) -> str:
    match kind:
        case MoveKind.GAINED:
            return f"has wheels for {move.target}"
        case MoveKind.COMPLETED:
            return f"has wheels for {move.target} on every platform"
        case MoveKind.LOST:
            return f"has no wheels for {move.target} any more"
        case MoveKind.NARROWED:
            return f"has fewer wheels for {move.target}"
        case MoveKind.PURE:
            return f"is {'now' if move.verdict in _PURE else 'no longer'} pure Python on {move.target}"


def moves_of(package: SitePackage, now: datetime, weeks: int = WEEKS_BACK) -> tuple[SiteMove, ...]:
    """Return what a package gained and lost in the last weeks, the newest first."""
    timelines = package.timelines
    tracked = Tracked(package.name, package.rank, timelines)
    found: dict[str, SiteMove] = {}
    for week in _weeks_of(timelines, now, weeks):
        moves = moves_between([tracked], tuple(timelines), week.start, min(week.end, now))
        for told in told_of(moves):
            found.setdefault(told.key, told)
    return newest_first(found.values())


def told_of(moves: Moves | Digest) -> Iterator[SiteMove]:
    """Return moves one by one, each with the way it went: those between two moments, or those of a week."""
    by_kind = (
        (MoveKind.GAINED, moves.gained),
        (MoveKind.COMPLETED, moves.completed),
        (MoveKind.LOST, moves.lost),
        (MoveKind.NARROWED, moves.narrowed),
        (MoveKind.PURE, moves.pure),
    )
    return (SiteMove(kind, move) for kind, some in by_kind for move in some)


def newest_first(moves: Iterable[SiteMove]) -> tuple[SiteMove, ...]:
    """Sort moves by day, the newest first; those of one day as people know the packages."""

    def order(told: SiteMove) -> tuple[int, bool, int, str]:
        move = told.move
        return -move.day.toordinal(), move.rank is None, move.rank or 0, told.key

    return tuple(sorted(moves, key=order))


def _weeks_of(timelines: Mapping[Target, Timeline], now: datetime, most: int) -> list[Week]:
    """Return the weeks in which anything may have moved, the newest first: that settles within two days of a step."""
    first = now - timedelta(weeks=most)
    moments = {
        moment
        for steps in timelines.values()
        for step in steps
        for moment in (step.moment, min(step.moment + SETTLED, now))
        if first <= moment <= now
    }
    return sorted({week_of(moment.date()) for moment in moments}, reverse=True)
