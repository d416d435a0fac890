"""The weekly digest: what moved in the ecosystem in an ISO week, from the timelines of the tracked packages.

It compares what stood at the beginning of the week with what stood at its end, after taking out what heals by itself,
so that the same timelines give the same digest whenever it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import takewhile

from bot.core.history import START, Standing, Step, Timeline, at, settled
from bot.core.platforms import Platform
from bot.core.rules import Verdict
from bot.core.targets import OLDEST_SUPPORTED_MINOR, Target
from bot.core.weeks import Week

_BLOCKS = frozenset({Verdict.NOT_YET, Verdict.BLOCKED, Verdict.ABI3_ONLY, Verdict.MIS_TAGGED})
_JUST_BEFORE = timedelta(microseconds=1)
_SOMEWHERE, _EVERYWHERE = 1, 2

MOST_WAITING = 10
CHART_WEEKS = 104
"""How many weeks back the chart goes."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """A tracked package: its place among the most downloaded, None if it was only asked about, and its timelines."""

    name: str
    rank: int | None
    timelines: Mapping[Target, Timeline]


@dataclass(frozen=True, slots=True)
class Share:
    """How many of the tracked packages stood how on a target, at the end of the week and at its beginning."""

    target: Target
    packages: int
    supported: int
    partial: int
    before: int

    @property
    def with_wheels(self) -> int:
        """Count the packages with trusted wheels for any platform."""
        return self.supported + self.partial

    @property
    def percent(self) -> float:
        """Give the share of packages with trusted wheels."""
        return 100 * self.with_wheels / self.packages if self.packages else 0.0

    @property
    def change(self) -> int:
        """Give by how many packages the share moved in the week."""
        return self.with_wheels - self.before


@dataclass(frozen=True, slots=True)
class Move:
    """A package that moved on a target: by which release, on which day, with which tags, and where wheels are missing.

    ``previous`` is the version before that release: for a loss, the last that had wheels.
    """

    package: str
    rank: int | None
    target: Target
    version: str
    day: date
    how: tuple[str, ...]
    covered: tuple[Platform, ...]
    missing: tuple[Platform, ...]
    verdict: Verdict
    previous: str | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A much downloaded package that has no wheels for the headline target."""

    package: str
    rank: int | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Thread:
    """An issue or pull request upstream: where it is, what it is called, how much it was talked about.

    ``answer`` names the release whose wheels answer it, and for which Pythons: `lxml 6.2.0 for 3.14t and 3.15t`.
    """

    repository: str
    number: int
    title: str
    url: str
    comments: int = 0
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Totals:
    """How many threads there are of each kind, with those that are not listed."""

    opened: int = 0
    closed: int = 0
    discussed: int = 0
    answered: int = 0


@dataclass(frozen=True, slots=True)
class Issues:
    """What happened upstream in the week, the most talked about first; empty where GitHub is not watched.

    ``counted`` says how many threads there are where not all are listed.
    """

    opened: tuple[Thread, ...] = ()
    closed: tuple[Thread, ...] = ()
    discussed: tuple[Thread, ...] = ()
    answered: tuple[Thread, ...] = ()
    counted: Totals = Totals()

    @property
    def totals(self) -> Totals:
        """Count the threads, listed or not."""
        return Totals(
            opened=max(self.counted.opened, len(self.opened)),
            closed=max(self.counted.closed, len(self.closed)),
            discussed=max(self.counted.discussed, len(self.discussed)),
            answered=max(self.counted.answered, len(self.answered)),
        )


@dataclass(frozen=True, slots=True)
class Point:
    """One week of the chart: the share of tracked packages with trusted wheels for each target, in percent."""

    day: date
    percent: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Digest:
    """The digest of a week; ``complete`` tells that the week was over when the data was read.

    ``tracked`` counts the ``unread`` packages too. Those of which nothing was ever read are in no share.
    """

    week: Week
    complete: bool
    read: datetime
    tracked: int
    unread: tuple[str, ...]
    shares: tuple[Share, ...]
    gained: tuple[Move, ...]
    completed: tuple[Move, ...]
    lost: tuple[Move, ...]
    waiting: tuple[Waiting, ...]
    blocking: int
    chart: tuple[Point, ...]
    issues: Issues = Issues()

    @property
    def is_quiet(self) -> bool:
        """Tell whether nothing moved."""
        issues = (self.issues.opened, self.issues.closed, self.issues.answered)
        return not any((self.gained, self.completed, self.lost, *issues))


@dataclass(frozen=True, slots=True)
class _Course:
    """A package's settled timeline on one target, and where it stood at both ends of the week."""

    package: Tracked
    target: Target
    steps: Timeline
    start: datetime
    end: datetime

    @property
    def before(self) -> Step[Standing] | None:
        """Give what stood when the week began."""
        return at(self.steps, self.start - _JUST_BEFORE)

    @property
    def after(self) -> Step[Standing] | None:
        """Give what stood when the week was over."""
        return at(self.steps, self.end)

    @property
    def turn(self) -> tuple[Step[Standing], Standing] | None:
        """Give the step of the week that brought what stood at its end, and what its release then came to show."""
        level = _level(self.after)
        within = [step for step in self.steps if self.start <= step.moment <= self.end]
        run = list(takewhile(lambda step: _level(step) == level, reversed(within)))
        if not run:
            return None
        turned = run[-1]
        return turned, next(step.shows for step in run if step.version == turned.version)


def digest_of(  # noqa: PLR0913 — what a digest is made of
    week: Week,
    packages: Sequence[Tracked],
    targets: Sequence[Target],
    read: datetime,
    *,
    unread: Sequence[str] = (),
    issues: Issues | None = None,
) -> Digest:
    """Make the digest of a week; the first target is the headline. ``read`` is when the oldest timeline was read."""
    ranked = sorted(packages, key=lambda package: (package.rank is None, package.rank, package.name))
    end = max(week.start, min(week.end, read)) - _JUST_BEFORE
    courses = {target: _courses(ranked, target, week.start, end) for target in targets}
    everything = [course for target in targets for course in courses[target]]
    waiting = [found for course in courses[targets[0]] if (found := _waiting(course)) is not None]
    return Digest(
        week=week,
        complete=read >= week.end,
        read=read,
        tracked=len({*unread, *(package.name for package in packages)}),
        unread=tuple(sorted(unread)),
        shares=tuple(_share(target, courses[target]) for target in targets),
        gained=_gained(everything),
        completed=_moves(everything, lambda before, after: before == 1 < after),
        lost=_lost(everything),
        waiting=tuple(waiting[:MOST_WAITING]),
        blocking=len(waiting),
        chart=tuple(_chart(courses, targets, end)),
        issues=issues or Issues(),
    )


def moves_between(
    packages: Sequence[Tracked], targets: Sequence[Target], start: datetime, end: datetime
) -> tuple[tuple[Move, ...], tuple[Move, ...]]:
    """Give which packages gained wheels and which lost them between two moments, by the digest's own rules."""
    courses = [course for target in targets for course in _courses(packages, target, start, end)]
    return _gained(courses), _lost(courses)


def _courses(packages: Iterable[Tracked], target: Target, start: datetime, end: datetime) -> list[_Course]:
    return [_Course(each, target, settled(each.timelines.get(target, ())), start, end) for each in packages]


def _gained(courses: Iterable[_Course]) -> tuple[Move, ...]:
    return _moves(courses, lambda before, after: before == 0 < after)


def _lost(courses: Iterable[_Course]) -> tuple[Move, ...]:
    """Find the losses; of 3.13t, which the ecosystem has left, there are none."""
    supported = (course for course in courses if course.target.minor >= OLDEST_SUPPORTED_MINOR)
    return _moves(supported, lambda before, after: after == 0 < before)


def _level(step: Step[Standing] | None) -> int:
    return 0 if step is None else step.shows.level


def _share(target: Target, courses: Sequence[_Course]) -> Share:
    levels = [_level(course.after) for course in courses]
    return Share(
        target=target,
        packages=len(courses),
        supported=levels.count(_EVERYWHERE),
        partial=levels.count(_SOMEWHERE),
        before=sum(_level(course.before) > 0 for course in courses),
    )


def _moves(courses: Iterable[_Course], counts: Callable[[int, int], bool]) -> tuple[Move, ...]:
    return tuple(
        _move(course, *turn)
        for course in courses
        if counts(_level(course.before), _level(course.after)) and (turn := course.turn) is not None
    )


def _move(course: _Course, turn: Step[Standing], shows: Standing) -> Move:
    return Move(
        package=course.package.name,
        rank=course.package.rank,
        target=course.target,
        version=turn.version,
        day=turn.moment.date(),
        how=shows.how,
        covered=shows.covered,
        missing=shows.missing,
        verdict=shows.verdict,
        previous=turn.previous,
    )


def _waiting(course: _Course) -> Waiting | None:
    after = course.after
    if after is None or after.shows.verdict not in _BLOCKS:
        return None
    return Waiting(course.package.name, course.package.rank, after.shows.verdict)


def _chart(courses: Mapping[Target, Sequence[_Course]], targets: Sequence[Target], end: datetime) -> Iterator[Point]:
    """Give the shares at the end of each week up to this one."""
    weeks = [end - timedelta(weeks=back) for back in reversed(range(CHART_WEEKS))]
    for moment in weeks:
        if moment < START:
            continue
        counts = (sum(_level(at(course.steps, moment)) > 0 for course in courses[target]) for target in targets)
        yield Point(moment.date(), tuple(100 * count / max(1, len(courses[targets[0]])) for count in counts))
