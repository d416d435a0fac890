"""Builds timelines and digests for tests, and Hypothesis strategies for them: plausible ones, and hostile ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from hypothesis import strategies as st

from bot.core.digest.digest import Digest, DigestThread, Issues, Move, Point, Share, Tracked, WaitingPackage
from bot.core.digest.imported import GilMove, GilOn, ImportedGil
from bot.core.digest.weeks import Week
from bot.core.history.shares import GilShare
from bot.core.history.timelines import Standing, Step, Timeline
from bot.core.inspection.modules import Gil
from bot.core.verdicts.rules import Verdict
from bot.core.wheels.platforms import PLATFORMS, Platform
from bot.core.wheels.targets import OLDEST_MINOR, Target
from tests.core.pages import T314, T315

_T = TypeVar("_T")

WEEK = Week(2026, 47)
READ = datetime(2026, 11, 23, 1, tzinfo=UTC)
_HOW = {Verdict.SUPPORTED: ("cp314t",), Verdict.PARTIAL: ("cp314t",), Verdict.NO_PYTHON_ABI: ("none",)}
HOSTILE = (
    '@everyone <@1> </ul></table><script>alert(1)</script> "x" & &amp; [a](javascript:alert) `c` **d** _e_ ~~f~~ | #12'
    " www.evil.example https://evil.example :tada: GH-12 \\ \n# h\n- l\n\n    code \u202e\x00\ud800 $x$"
)


def step(  # noqa: PLR0913 - what a step is made of
    moment: datetime,
    verdict: Verdict,
    version: str = "1.0",
    *,
    began: datetime | None = None,
    previous: str | None = None,
    covered: tuple[Platform, ...] = (),
    missing: tuple[Platform, ...] = (),
) -> Step[Standing]:
    """Make a step of a timeline; a release begins with its step unless told otherwise, and covers what it must."""
    how = _HOW.get(verdict, ())
    covered = covered or ((Platform.MANYLINUX_X86_64,) if how else ())
    missing = missing or ((Platform.WIN_ARM64,) if verdict is Verdict.PARTIAL else ())
    return Step(moment, began or moment, version, previous, Standing(verdict, covered, missing, how))


def tracked(name: str, rank: int | None, on_314: Sequence[Step[Standing]], on_315: Timeline = ()) -> Tracked:
    """Make a tracked package."""
    return Tracked(name, rank, {T314: tuple(on_314), T315: on_315})


def move(  # noqa: PLR0913 - what a move is made of
    package: str,
    version: str,
    target: Target = T314,
    *,
    how: tuple[str, ...] = ("cp314t",),
    missing: tuple[Platform, ...] = (),
    verdict: Verdict = Verdict.SUPPORTED,
    previous: str | None = None,
    day: date = date(2026, 11, 18),
) -> Move:
    """Make a move of the week."""
    return Move(package, 1, target, version, day, how, (Platform.MANYLINUX_X86_64,), missing, verdict, previous)


QUIET = Digest(
    week=WEEK,
    complete=True,
    read=READ,
    tracked=360,
    unread=(),
    shares=(Share(T314, 360, 180, 40, 220), Share(T315, 360, 100, 20, 120)),
    gained=(),
    completed=(),
    lost=(),
    waiting=(WaitingPackage("grpcio", 23, Verdict.NOT_YET), WaitingPackage("orjson", 90, Verdict.ABI3_ONLY)),
    blocking=140,
    chart=(
        Point(date(2024, 12, 1), (2.5, 0.0)),
        *(Point(date(2024, 12, 1) + timedelta(weeks=week), (30.4, 0.2)) for week in range(1, 103)),
        Point(date(2026, 11, 22), (61.11, 33.33)),
    ),
)

BUSY = replace(
    QUIET,
    unread=("broken", "slow-index", "unlucky"),
    shares=(Share(T314, 357, 178, 40, 215), Share(T315, 357, 100, 20, 121)),
    gained=(
        move("numpy", "2.5.5", missing=(Platform.MUSLLINUX_AARCH64, Platform.WIN_ARM64), verdict=Verdict.PARTIAL),
        move("lxml", "6.1.3", how=("abi3t", "cp314t")),
        move("ruff", "0.17.6", how=("none",), verdict=Verdict.NO_PYTHON_ABI),
        move("idna", "4.0", how=(), verdict=Verdict.PURE),
        move("cryptography", "50.0.2", T315, how=("abi3t",)),
        move("torch", "2.15.0", T315, how=("cp315t",)),
    ),
    completed=(move("psutil", "7.3.0"),),
    lost=(
        move("lmdb", "2.0.0", how=(), verdict=Verdict.NOT_YET, previous="1.8.1"),
        move("rare", "3.0", T315, how=(), verdict=Verdict.EXCLUDED),
    ),
    issues=Issues(
        opened=(DigestThread("numpy/numpy", 30512, HOSTILE, "https://github.com/numpy/numpy/issues/30512"),),
        closed=(DigestThread("lxml/lxml", 7, "Crash in 3.14t", "https://github.com/lxml/lxml/issues/7", 1),),
        discussed=(DigestThread("python/cpython", 9, "Deadlock at exit", "javascript:alert(1)", 48),),
        answered=(
            DigestThread(
                "lxml/lxml", 8, "No 3.14t wheels", "https://github.com/lxml/lxml/issues/8", 3, "lxml 6.1.3 for 3.14t"
            ),
        ),
    ),
)

_ANYTHING = st.text(min_size=1, max_size=40) | st.sampled_from((HOSTILE, "𒐫" * 500, "@" * 500, "a-b", "[x](y)", "`"))
foreign = _ANYTHING.filter(lambda text: bool(text.strip()))
"""Text from elsewhere, of any kind and length; never blank, as GitHub's and PyPI's is not."""

_targets = st.lists(st.integers(OLDEST_MINOR, 99).map(Target), min_size=1, max_size=20, unique=True)
_platforms = st.sets(st.sampled_from(PLATFORMS)).map(lambda some: tuple(sorted(some)))
_days = st.dates(date(2024, 8, 1), date(2030, 1, 1))
_ranks = st.none() | st.integers(1, 20_000)
_verdicts = st.sampled_from(Verdict)
_threads = st.lists(
    st.builds(
        DigestThread,
        foreign,
        st.integers(1, 99_999),
        foreign,
        st.sampled_from(("https://github.com/a/b/issues/1", "javascript:alert(1)", '"><script>', "https://a.b/(x)"))
        | st.text(),
        st.integers(0, 999),
        st.just("") | foreign,
    ),
    max_size=3,
)
_percents = st.floats(0, 100, allow_nan=False)


def _repeated(few: st.SearchStrategy[list[_T]], times: Sequence[int]) -> st.SearchStrategy[tuple[_T, ...]]:
    return st.builds(lambda some, number: tuple(some) * number, few, st.sampled_from(times))


@st.composite
def _shares(draw: st.DrawFn, target: Target) -> Share:
    packages = draw(st.integers(0, 15_000))
    supported = draw(st.integers(0, packages))
    partial = draw(st.integers(0, packages - supported))
    return Share(target, packages, supported, partial, draw(st.integers(0, packages)))


@st.composite
def _imported(draw: st.DrawFn, targets: Sequence[Target], times: Sequence[int]) -> ImportedGil:
    target, modules = st.sampled_from(targets), st.lists(foreign, min_size=1, max_size=5).map(tuple)
    on = st.builds(GilOn, foreign, _ranks, target, modules, st.integers(1, 400))
    moves = st.builds(GilMove, foreign, _ranks, target, foreign, foreign, st.sampled_from((Gil.OFF, Gil.ON)))
    listed = draw(_repeated(st.lists(on, max_size=3), times))
    shares = tuple(GilShare(each, draw(st.integers(0, 9)), draw(st.integers(0, 9))) for each in targets)
    return ImportedGil(shares, listed, len(listed), draw(_repeated(st.lists(moves, max_size=3), times)))


@st.composite
def digests(draw: st.DrawFn, times: Sequence[int] = (1,)) -> Digest:
    """Make any digest, with names, versions, titles and addresses of any kind; ``times`` repeats what is listed."""
    targets = draw(_targets)
    moves = st.builds(
        Move,
        package=foreign,
        rank=_ranks,
        target=st.sampled_from(targets),
        version=foreign,
        day=_days,
        how=st.lists(st.sampled_from(("cp314t", "abi3t", "none")), max_size=3, unique=True).map(tuple),
        covered=_platforms,
        missing=_platforms,
        verdict=_verdicts,
        previous=st.none() | foreign,
        lost=_platforms,
    )
    some = _repeated(st.lists(moves, max_size=3), times)
    waiting = draw(_repeated(st.lists(st.builds(WaitingPackage, foreign, _ranks, _verdicts), max_size=3), times))
    points = st.builds(Point, _days, st.tuples(*[_percents] * len(targets)))
    return Digest(
        week=draw(st.builds(Week, st.integers(2024, 2030), st.integers(1, 52))),
        complete=draw(st.booleans()),
        read=draw(st.datetimes(datetime(2024, 8, 1), datetime(2030, 1, 1), timezones=st.just(UTC))),  # noqa: DTZ001 - bounds have none
        tracked=draw(st.integers(0, 15_000)),
        unread=draw(_repeated(st.lists(foreign, max_size=3), times)),
        shares=tuple(draw(_shares(target)) for target in targets),
        gained=draw(some),
        completed=draw(some),
        lost=draw(some),
        narrowed=draw(some),
        pure=draw(some),
        rules=draw(st.sampled_from(("1", "2"))),
        waiting=waiting,
        blocking=len(waiting) + draw(st.integers(0, 999)),
        chart=tuple(sorted(draw(st.lists(points, max_size=4)), key=lambda point: point.day)),
        issues=draw(st.builds(Issues, *[_repeated(_threads, times)] * 4)),
        imported=draw(st.none() | _imported(targets, times)),
    )


_LEVELS = (*(Verdict.NOT_YET, Verdict.SUPPORTED, Verdict.BLOCKED, Verdict.NO_PYTHON_ABI), Verdict.PURE, Verdict.PARTIAL)
_FEW = st.sets(st.sampled_from((Platform.MANYLINUX_X86_64, Platform.MACOS_ARM64, Platform.WIN_AMD64)), min_size=1)
_BEGINNING = datetime(2026, 10, 19, tzinfo=UTC)


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    """Make a timeline over some weeks up to the digest's: releases that follow one another by hours or days."""
    moment, number, steps = _BEGINNING, 0, list[Step[Standing]]()
    began, previous = moment, None
    for _ in range(draw(st.integers(0, 7))):
        moment += timedelta(hours=draw(st.sampled_from((1, 12, 24, 47, 48, 49, 100, 200))))
        if not steps or draw(st.booleans()):
            previous = f"{number}.0" if steps else None
            number, began = number + 1, moment
        verdict = draw(st.sampled_from(_LEVELS))
        covered = tuple(sorted(draw(_FEW))) if verdict in _HOW else ()
        steps.append(step(moment, verdict, f"{number}.0", began=began, previous=previous, covered=covered))
    return tuple(steps)


packages = st.lists(st.tuples(timelines(), timelines(), st.booleans()), max_size=6).map(
    lambda drawn: [
        tracked(f"package-{place}", place if ranked else None, first, second)
        for place, (first, second, ranked) in enumerate(drawn)
    ]
)
