"""The share of packages with wheels over time, from their timelines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial

from bot.core.history.timelines import Step, SupportRule, Timeline, at, days_between, end_of, settled
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
    calm = {target: [settled(each.get(target, ())) for each in packages] for target in targets}
    for day in days_between(first, last):
        counts = {
            target: sum(map(partial(_has_wheels, moment=min(end_of(day), now)), calm[target])) for target in targets
        }
        yield DayShare(day, len(packages), counts)


def have_wheels(packages: Mapping[str, Timeline], now: datetime) -> set[str]:
    """Return those of the packages that have wheels now, by the same rules."""
    return {name for name, steps in packages.items() if _has_wheels(settled(steps), now)}


def shares_by_name(packages: Sequence[Sequence[Step[bool]]], first: date, last: date) -> Iterator[DayShare]:
    """Count, for every day, the packages whose newest release of that day had a wheel named ``cp31Xt``."""
    for day in days_between(first, last):
        steps = (at(each, end_of(day)) for each in packages)
        yield DayShare(day, len(packages), {ANY_TARGET: sum(step is not None and step.shows for step in steps)})


def _has_wheels(steps: Timeline, moment: datetime) -> bool:
    step = at(steps, moment)
    return step is not None and step.shows.has_wheels
