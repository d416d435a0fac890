"""Shares counted as they are defined, each package looked up anew for every day: the quick way is compared with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time

from bot.core.history.shares import ANY_TARGET, DayShare
from bot.core.history.timelines import Step, Timeline, at, days_between, settled


def slow_shares_by_target(
    packages: Sequence[Mapping[str, Timeline]], targets: Sequence[str], first: date, last: date, now: datetime
) -> Iterator[DayShare]:
    """Ask of every package what stands at the end of each day, or now."""
    calm = {target: [settled(each.get(target, ())) for each in packages] for target in targets}
    for day in days_between(first, last):
        steps = {target: [at(each, min(end_of(day), now)) for each in calm[target]] for target in targets}
        counts = {
            target: sum(step is not None and step.shows.has_wheels for step in standing)
            for target, standing in steps.items()
        }
        yield DayShare(day, len(packages), counts)


def slow_shares_by_name(packages: Sequence[Sequence[Step[bool]]], first: date, last: date) -> Iterator[DayShare]:
    """Ask of every package what stands at the end of each day."""
    for day in days_between(first, last):
        steps = [at(each, end_of(day)) for each in packages]
        yield DayShare(day, len(packages), {ANY_TARGET: sum(step is not None and step.shows for step in steps)})


def end_of(day: date) -> datetime:
    """Return the last moment of a day (UTC)."""
    return datetime.combine(day, time.max, UTC)
