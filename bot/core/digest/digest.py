"""The weekly digest: what moved in the ecosystem in an ISO week, from the timelines of the tracked packages.

It compares what stood at the beginning of the week with what stood at its end, after taking out what heals by itself,
so that the same timelines give the same digest whenever it is asked for.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import Enum
from functools import partial
from itertools import accumulate, takewhile

from bot.core.digest.imported import ImportedGil, Ranked, WheelsRead, imported_gil
from bot.core.digest.weeks import Week
from bot.core.history.scan import RULES
from bot.core.history.timelines import START, Standing, Step, Timeline, at, settled, settled_on
from bot.core.verdicts.modifiers import SETTLED
from bot.core.verdicts.rules import Verdict
from bot.core.wheels.platforms import Platform, in_order
from bot.core.wheels.targets import Target

_BLOCKS = frozenset({Verdict.NOT_YET, Verdict.BLOCKED, Verdict.ABI3_ONLY, Verdict.MIS_TAGGED})
_JUST_BEFORE = timedelta(microseconds=1)
_SOMEWHERE, _EVERYWHERE = 1, 2

MOST_WAITING = 10
CHART_WEEKS = 104
"""How many weeks back the chart goes."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """A tracked package: its place among the most downloaded, None if it was only asked about, and its timelines.

    ``rejudged`` is when it was last read by other rules than these: what moved until then is no news.
    """

    name: str
    rank: int | None
    timelines: Mapping[Target, Timeline]
    rejudged: datetime | None = None


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
        """Return the share of packages with trusted wheels."""
        return 100 * self.with_wheels / self.packages if self.packages else 0.0

    @property
    def change(self) -> int:
        """Return by how many packages the share moved in the week."""
        return self.with_wheels - self.before


@dataclass(frozen=True, slots=True)
class Move:
    """A package that moved on a target: by which release, on which day, with which tags, and where wheels are missing.

    ``previous`` is the version before that release: for a loss, the last that had wheels. A loss has the day of its
    release, although it counts only once it is settled; ``lost`` has the platforms that were lost.
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
    lost: tuple[Platform, ...] = ()


@dataclass(frozen=True, slots=True)
class WaitingPackage:
    """A much downloaded package that has no wheels for the headline target."""

    package: str
    rank: int | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class DigestThread:
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

    opened: tuple[DigestThread, ...] = ()
    closed: tuple[DigestThread, ...] = ()
    discussed: tuple[DigestThread, ...] = ()
    answered: tuple[DigestThread, ...] = ()
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

    ``tracked`` counts the ``unread`` packages too. Those of which nothing was ever read are in no share. ``narrowed``
    lost some of their platforms, or few that they had by accident; ``pure`` began or ceased to be pure Python, which is
    neither a gain nor a loss. ``rules`` is the version of the rules that it was made by. ``imported`` tells what
    importing packages does to the GIL, None where no wheel was read, or where the week was over long before.
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
    waiting: tuple[WaitingPackage, ...]
    blocking: int
    chart: tuple[Point, ...]
    issues: Issues = Issues()
    narrowed: tuple[Move, ...] = ()
    pure: tuple[Move, ...] = ()
    rules: str = "1"
    imported: ImportedGil | None = None

    @property
    def is_quiet(self) -> bool:
        """Return whether nothing moved."""
        issues = (self.issues.opened, self.issues.closed, self.issues.answered)
        moves = () if self.imported is None else self.imported.moves
        return not any((self.gained, self.completed, self.lost, self.narrowed, self.pure, moves, *issues))


@dataclass(frozen=True, slots=True)
class Moves:
    """What moved between two moments: who gained wheels, lost them all or some, became or ceased to be pure Python."""

    gained: tuple[Move, ...]
    completed: tuple[Move, ...]
    lost: tuple[Move, ...]
    narrowed: tuple[Move, ...]
    pure: tuple[Move, ...]


class _Way(Enum):
    """A way to move, by the names that ``Moves`` has for them."""

    GAINED = "gained"
    COMPLETED = "completed"
    LOST = "lost"
    NARROWED = "narrowed"
    PURE = "pure"


@dataclass(frozen=True, slots=True)
class _Course:
    """A package's settled timeline on one target, and what stood when the week began and when it was over."""

    package: Tracked
    target: Target
    raw: Timeline
    steps: Timeline
    start: datetime
    end: datetime
    before: Step[Standing] | None
    after: Step[Standing] | None

    @property
    def is_still(self) -> bool:
        """Return whether nothing can have moved: what stood goes on, and nothing new was seen since it was settled."""
        return self.before is self.after and (not self.raw or self.raw[-1].moment <= self.start - SETTLED)

    def turn(self, steps: Timeline, sight: Callable[[Standing], object]) -> _Turn | None:
        """Find the step of the week that brought what stands in ``steps`` at its end, as far as ``sight`` can see."""
        within = [step for step in steps if self.start <= step.moment <= self.end]
        run = list(takewhile(lambda step: sight(step.shows) == sight(within[-1].shows), reversed(within)))
        if not run:
            return None
        turned = run[-1]
        shows = next(step.shows for step in run if step.version == turned.version)
        return _Turn(turned, at(steps, turned.moment - _JUST_BEFORE), shows)


@dataclass(frozen=True, slots=True)
class _Turn:
    """The step at which a package moved, the one before it, and what its release then came to show in the week."""

    step: Step[Standing]
    before: Step[Standing] | None
    shows: Standing


def digest_of(  # noqa: PLR0913 — what a digest is made of
    week: Week,
    packages: Sequence[Tracked],
    targets: Sequence[Target],
    read: datetime,
    *,
    unread: Sequence[str] = (),
    issues: Issues | None = None,
    wheels: WheelsRead | None = None,
) -> Digest:
    """Make the digest of a week; the first target is the headline. ``read`` is when the oldest timeline was read."""
    ranked = sorted(packages, key=lambda package: (package.rank is None, package.rank, package.name))
    end = max(week.start, min(week.end, read)) - _JUST_BEFORE
    courses = {target: _courses(ranked, target, week.start, end) for target in targets}
    moves = _moves([course for target in targets for course in courses[target]])
    waiting = [found for course in courses[targets[0]] if (found := _waiting(course)) is not None]
    return Digest(
        week=week,
        complete=read >= week.end,
        read=read,
        tracked=len({*unread, *(package.name for package in packages)}),
        unread=tuple(sorted(unread)),
        shares=tuple(_share(target, courses[target]) for target in targets),
        gained=moves.gained,
        completed=moves.completed,
        lost=moves.lost,
        waiting=tuple(waiting[:MOST_WAITING]),
        blocking=len(waiting),
        chart=tuple(_chart(courses, targets, end)),
        issues=issues or Issues(),
        narrowed=moves.narrowed,
        pure=moves.pure,
        rules=RULES,
        imported=None if wheels is None else imported_gil(_with_wheels(courses), wheels, week.start, week.end),
    )


def _with_wheels(courses: Mapping[Target, Sequence[_Course]]) -> dict[Target, list[Ranked]]:
    """Return which packages have wheels for each target at the end of the week, the most downloaded first."""
    return {
        target: [(course.package.name, course.package.rank) for course in some if _level(course.after) > 0]
        for target, some in courses.items()
    }


def moves_between(packages: Sequence[Tracked], targets: Sequence[Target], start: datetime, end: datetime) -> Moves:
    """Return what moved between two moments, by the digest's own rules, but for what only a change of rules moved."""
    return _moves(
        [
            course
            for target in targets
            for package in packages
            for course in _courses([package], target, max(start, package.rejudged or start), end)
        ]
    )


def _courses(packages: Iterable[Tracked], target: Target, start: datetime, end: datetime) -> list[_Course]:
    calm = start - _JUST_BEFORE
    return [
        _Course(each, target, raw, steps, start, end, at(steps, calm), at(steps, end))
        for each in packages
        for raw in (each.timelines.get(target, ()),)
        for steps in (settled(raw),)
    ]


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


def _moves(courses: Iterable[_Course]) -> Moves:
    found: dict[_Way, list[Move]] = {way: [] for way in _Way}
    for course in courses:
        for way, move in _moved(course):
            found[way].append(move)
    return Moves(**{way.value: tuple(moves) for way, moves in found.items()})


def _moved(course: _Course) -> Iterator[tuple[_Way, Move]]:
    """Yield which ways a package moved; of 3.13t, which the ecosystem has left, only what came."""
    before, after = course.before, course.after
    if after is None or course.is_still:
        return
    level, now, counts = _level(before), after.shows, course.target.is_supported
    wheels = course.turn(course.steps, _has_wheels)
    if level == 0 and now.has_wheels and wheels is not None:
        yield _found(_Way.GAINED, course, wheels)
        level = wheels.shows.level
    if level == _SOMEWHERE and now.level == _EVERYWHERE and (turn := course.turn(course.steps, _level_of)) is not None:
        yield _found(_Way.COMPLETED, course, turn)
    if not counts or before is None:
        return
    if before.shows.has_wheels and now.has_wheels:
        yield from _narrowings(course, now)
    elif before.shows.has_wheels and wheels is not None:
        had = before.shows if wheels.before is None else wheels.before.shows
        way = _Way.PURE if now.is_pure else _Way.LOST if had.covers_most else _Way.NARROWED
        yield _found(way, course, wheels, had.covered)
    elif (before.shows.is_pure and now.lacks_wheels) or (before.shows.lacks_wheels and now.is_pure):
        turn = course.turn(course.steps, _is_pure)
        yield from () if turn is None else (_found(_Way.PURE, course, turn),)


def _narrowings(course: _Course, now: Standing) -> Iterator[tuple[_Way, Move]]:
    """Find platforms that were lost while others are left, each settled for itself, by the release that lacks them."""
    calm = course.start - SETTLED
    recent = [step for step in (at(course.raw, calm),) if step is not None]
    recent += [step for step in course.raw if calm < step.moment <= course.end]
    seen = [frozenset(step.shows.covered) for step in recent]
    changed = frozenset().union(*seen) - frozenset.intersection(*seen) if seen else frozenset()
    lost: dict[str, tuple[_Turn, list[Platform]]] = {}
    for platform in in_order(changed):
        steps = settled_on(course.raw, platform)
        sight = partial(_covers, platform)
        before, after = at(steps, course.start - _JUST_BEFORE), at(steps, course.end)
        if before is None or after is None or not sight(before.shows) or sight(after.shows):
            continue
        if (turn := course.turn(steps, sight)) is not None:
            lost.setdefault(turn.step.version, (turn, []))[1].append(platform)
    for turn, platforms in lost.values():
        yield _found(_Way.NARROWED, course, replace(turn, shows=now), tuple(platforms))


def _found(way: _Way, course: _Course, turn: _Turn, lost: tuple[Platform, ...] = ()) -> tuple[_Way, Move]:
    """Make the move of a turn; what was gained has the day of its wheels, all else the day of its release."""
    step, shows = turn.step, turn.shows
    came = step.moment if way in {_Way.GAINED, _Way.COMPLETED} else step.began
    move = Move(
        package=course.package.name,
        rank=course.package.rank,
        target=course.target,
        version=step.version,
        day=came.date(),
        how=shows.how,
        covered=shows.covered,
        missing=shows.missing,
        verdict=shows.verdict,
        previous=step.previous,
        lost=lost,
    )
    return way, move


def _has_wheels(standing: Standing) -> bool:
    return standing.has_wheels


def _level_of(standing: Standing) -> int:
    return standing.level


def _is_pure(standing: Standing) -> bool:
    return standing.is_pure


def _covers(platform: Platform, standing: Standing) -> bool:
    return platform in standing.covered


def _waiting(course: _Course) -> WaitingPackage | None:
    after = course.after
    if after is None or after.shows.verdict not in _BLOCKS:
        return None
    return WaitingPackage(course.package.name, course.package.rank, after.shows.verdict)


def _chart(courses: Mapping[Target, Sequence[_Course]], targets: Sequence[Target], end: datetime) -> Iterator[Point]:
    """Return the shares at the end of each week up to this one.

    It goes through what changed and not through the weeks for each package: that is seldom, and weeks are many.
    """
    moments = [end - timedelta(weeks=back) for back in reversed(range(CHART_WEEKS))]
    weeks = [moment for moment in moments if moment >= START]
    counts = {target: _weekly(courses[target], weeks) for target in targets}
    for place, moment in enumerate(weeks):
        whole = max(1, len(courses[targets[0]]))
        yield Point(moment.date(), tuple(100 * counts[target][place] / whole for target in targets))


def _weekly(courses: Sequence[_Course], moments: Sequence[datetime]) -> list[int]:
    """Count the packages that had wheels at each moment; moments are in order."""
    changes = [0] * (len(moments) + 1)
    for course in courses:
        had = False
        for step in course.steps:
            has = step.shows.has_wheels
            if has is not had:
                changes[bisect_left(moments, step.moment)] += 1 if has else -1
                had = has
    return list(accumulate(changes))
