"""The share of packages with wheels over time, from their timelines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import accumulate

from bot.core.history.timelines import Step, SupportRule, Timeline, at, days_between, settled
from bot.core.wheels.targets import Target

ANY_TARGET = "any"
"""What stands for the target where the rule knows none."""


@dataclass(frozen=True, slots=True)
class DayShare:
    """How many packages of how many had wheels at the end of a day, by target as written."""

    day: date
    packages: int
    with_wheels: Mapping[str, int]

    def percent(self, target: str) -> float:
        """Return the share of packages with wheels."""
        return 100 * self.with_wheels[target] / self.packages if self.packages else 0.0


@dataclass(frozen=True, slots=True)
class GilShare:
    """Of the packages with wheels for a target: how many keep the GIL off, how many were not read yet."""

    target: Target
    off: int
    unread: int


@dataclass(frozen=True, slots=True)
class History:
    """Shares by day; ``failed`` has packages that could not be read, and why, ``missing`` those that do not exist.

    ``is_void`` tells that nothing else is left: then the shares say nothing. ``imported`` is of the last day, if that
    is today, as far as wheels were read: what was not read at the time is not known of earlier ones.
    """

    rule: SupportRule
    targets: tuple[str, ...]
    days: tuple[DayShare, ...]
    failed: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    is_void: bool = False
    imported: tuple[GilShare, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What of: these packages, or the ``most`` most downloaded tracked ones; from when to when; by which rule."""

    packages: tuple[str, ...]
    most: int | None
    first: date | None
    last: date | None
    rule: SupportRule


def shares_by_target(
    packages: Sequence[Mapping[str, Timeline]], targets: Sequence[str], first: date, last: date, now: datetime
) -> Iterator[DayShare]:
    """Count, for every day, the packages whose newest release of that day had wheels; losses count when settled.

    Of a day that is not over, what stands now counts.
    """
    counts = {
        target: _count(map(_wheels, (settled(each.get(target, ())) for each in packages)), first, last, now)
        for target in targets
    }
    for place, day in enumerate(days_between(first, last)):
        yield DayShare(day, len(packages), {target: counts[target][place] for target in targets})


def have_wheels(packages: Mapping[str, Timeline], now: datetime) -> set[str]:
    """Return those of the packages that have wheels now, by the same rules."""
    return {name for name, steps in packages.items() if _has_wheels(settled(steps), now)}


def shares_by_name(packages: Sequence[Sequence[Step[bool]]], first: date, last: date) -> Iterator[DayShare]:
    """Count, for every day, the packages whose newest release of that day had a wheel named ``cp31Xt``."""
    named = (((step.moment, step.shows) for step in steps) for steps in packages)
    counts = _count(named, first, last)
    for day, count in zip(days_between(first, last), counts, strict=True):
        yield DayShare(day, len(packages), {ANY_TARGET: count})


def _has_wheels(steps: Timeline, moment: datetime) -> bool:
    step = at(steps, moment)
    return step is not None and step.shows.has_wheels


def _wheels(steps: Timeline) -> Iterator[tuple[datetime, bool]]:
    return ((step.moment, step.shows.has_wheels) for step in steps)


def _count(
    packages: Iterable[Iterable[tuple[datetime, bool]]], first: date, last: date, now: datetime | None = None
) -> list[int]:
    """Count, for every day, the packages that had wheels at its end, by what each had from which moment (UTC) on.

    What comes after ``now`` does not count. It goes through the changes once and not through the days for each package:
    a package changes seldom, and its days are many.
    """
    start = first.toordinal()
    changes = [0] * max(0, last.toordinal() - start + 1)
    for package in packages:
        had = False
        for moment, has in package:
            if now is not None and moment > now:
                break
            if has is had:
                continue
            place = max(0, moment.toordinal() - start)
            if place >= len(changes):
                break
            changes[place] += 1 if has else -1
            had = has
    return list(accumulate(changes))
