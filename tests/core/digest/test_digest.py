from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.digest.digest import CHART_WEEKS, MOST_WAITING, Digest, DigestThread, Issues, Move, Tracked, digest_of
from bot.core.digest.markdown import markdown
from bot.core.digest.page import page
from bot.core.digest.weeks import Week, parse_week
from bot.core.history.shares import shares_by_target
from bot.core.history.timelines import Standing, Step, timelines
from bot.core.schema.digest import digest_json
from bot.core.verdicts.rules import Verdict
from bot.core.wheels.platforms import Platform
from tests.core import digests
from tests.core.digests import READ, WEEK, step, tracked
from tests.core.pages import NOW, T313, T314, T315
from tests.core.recorded import recorded_projects

_TARGETS = (T314, T315)
_GOOD, _PARTLY, _BAD, _PURE = Verdict.SUPPORTED, Verdict.PARTIAL, Verdict.NOT_YET, Verdict.PURE
_LINUX, _MAC, _WINDOWS = Platform.MANYLINUX_X86_64, Platform.MACOS_ARM64, Platform.WIN_AMD64


def _day(day: int, hour: int = 12) -> datetime:
    """Return a time of November 2026; the digest's week is from the 16th to the 22nd."""
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def _digest(*packages: Tracked, week: Week = WEEK, read: datetime = READ) -> Digest:
    return digest_of(week, packages, _TARGETS, read)


def _moves(digest: Digest) -> dict[str, list[str]]:
    ways = ("gained", "completed", "lost", "narrowed", "pure")
    groups: dict[str, tuple[Move, ...]] = {way: getattr(digest, way) for way in ways}
    return {
        name: [f"{move.package} {move.version} {move.target} {move.day.day}" for move in moves]
        for name, moves in groups.items()
        if moves
    }


def _covering(day: int, *platforms: Platform, version: str = "1.0") -> Step[Standing]:
    """Make a step of a release that has wheels for these platforms, and for Windows on arm64 none."""
    return step(_day(day), _PARTLY, version, covered=platforms)


def _accident(day: int) -> Step[Standing]:
    """Make a step of a release that has a wheel for one platform of four."""
    return step(_day(day), _PARTLY, covered=(_LINUX,), missing=(_MAC, _WINDOWS, Platform.WIN_ARM64))


def _texts(digest: Digest) -> tuple[str, str, dict[str, object]]:
    return markdown(digest), page(digest), digest_json(digest)


# Laws


@pytest.mark.no_cover  # many examples of what other tests run
@given(packages=digests.packages, data=st.data())
def test_the_same_timelines_give_the_same_digest_in_any_order_of_packages(
    packages: list[Tracked], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(packages))
    first, second = (digest_of(WEEK, each, _TARGETS, READ, unread=("b", "a")) for each in (packages, shuffled))
    assert first == second
    assert _texts(first) == _texts(second)


@pytest.mark.no_cover  # many examples of what other tests run
@given(packages=digests.packages)
def test_gains_and_losses_of_successive_weeks_add_up_to_the_change_of_the_share(packages: list[Tracked]) -> None:
    weeks = [Week(2026, number) for number in range(42, 50)]
    made = [_digest(*packages, week=week, read=weeks[-1].end) for week in weeks]
    for before, after in pairwise(made):
        for place, target in enumerate(_TARGETS):
            gains = sum(move.target == target for move in after.gained)
            others = (*after.lost, *after.narrowed, *after.pure)
            losses = sum(move.target == target and bool(move.lost) and not move.covered for move in others)
            assert gains - losses == after.shares[place].change
            assert after.shares[place].before == before.shares[place].with_wheels


@pytest.mark.no_cover  # many examples of what other tests run
@given(packages=digests.packages)
def test_the_share_of_a_week_is_that_of_history_on_its_last_day(packages: list[Tracked]) -> None:
    weeks = [Week(2026, number) for number in range(42, 50)]
    known = [{str(target): steps for target, steps in each.timelines.items()} for each in packages]
    days = shares_by_target(
        known, [str(target) for target in _TARGETS], weeks[0].monday, weeks[-1].sunday, weeks[-1].end
    )
    by_day = {each.day: each.with_wheels for each in days}
    for week in weeks:
        digest = _digest(*packages, week=week, read=weeks[-1].end)
        assert {str(share.target): share.with_wheels for share in digest.shares} == by_day[week.sunday]


@given(packages=digests.packages)
def test_what_was_lost_had_been_there_and_is_there_no_more(packages: list[Tracked]) -> None:
    digest = _digest(*packages)
    for move in (*digest.lost, *digest.narrowed):
        assert move.lost
        assert not set(move.lost) & set(move.covered)


@pytest.mark.no_cover  # many examples of what other tests run
@given(packages=digests.packages, later=st.timedeltas(timedelta(0), timedelta(days=400)))
def test_a_week_that_is_over_has_the_same_moves_whenever_it_is_asked_for(
    packages: list[Tracked], later: timedelta
) -> None:
    assert replace(_digest(*packages, read=WEEK.end + later), read=WEEK.end) == _digest(*packages, read=WEEK.end)


@given(packages=digests.packages, read=st.datetimes(_day(2).replace(tzinfo=None), _day(30).replace(tzinfo=None)))
def test_the_chart_ends_with_the_shares_of_the_headline(packages: list[Tracked], read: datetime) -> None:
    digest = _digest(*packages, read=read.replace(tzinfo=UTC))
    assert digest.chart[-1].percent == tuple(share.percent for share in digest.shares)
    assert len(digest.chart) == CHART_WEEKS
    assert digest.complete == (read.replace(tzinfo=UTC) >= WEEK.end)


@given(packages=digests.packages)
def test_a_move_is_of_the_week_and_by_a_release_of_the_timeline(packages: list[Tracked]) -> None:
    digest = _digest(*packages)
    known = {package.name: package for package in packages}
    for move in (*digest.gained, *digest.completed, *digest.lost, *digest.narrowed, *digest.pure):
        came = move in {*digest.gained, *digest.completed}
        assert move.day <= WEEK.sunday
        assert move.day >= WEEK.monday or not came  # a loss has the day of its release, which may be long ago
        assert move.version in {each.version for each in known[move.package].timelines[move.target]}


@pytest.mark.no_cover  # many examples of what other tests run
@given(packages=digests.packages, age=st.timedeltas(timedelta(0), timedelta(days=9)))
def test_data_from_before_the_week_tells_of_no_move(packages: list[Tracked], age: timedelta) -> None:
    digest = _digest(*packages, read=WEEK.start - age)
    assert (digest.is_quiet, digest.complete, [share.change for share in digest.shares]) == (True, False, [0, 0])


# What counts as a move


@pytest.mark.parametrize(
    ("steps", "moves"),
    [
        ([step(_day(18), _GOOD)], {"gained": ["demo 1.0 3.14t 18"]}),
        ([step(_day(2), _BAD), step(_day(18), _PARTLY, "2.0")], {"gained": ["demo 2.0 3.14t 18"]}),
        ([step(_day(2), _PARTLY), step(_day(18), _GOOD, "2.0")], {"completed": ["demo 2.0 3.14t 18"]}),
        ([step(_day(2), _GOOD), step(_day(18), _BAD, "2.0")], {"lost": ["demo 2.0 3.14t 18"]}),
        ([step(_day(2), _GOOD), step(_day(18), _PARTLY, "2.0")], {}),
        ([step(_day(2), _GOOD), step(_day(21), _BAD, "2.0")], {}),
        ([step(_day(2), _GOOD), step(_day(14, 13), _BAD, "2.0")], {"lost": ["demo 2.0 3.14t 14"]}),
        ([step(_day(2), _BAD), step(_day(16, 0), _GOOD, "2.0")], {"gained": ["demo 2.0 3.14t 16"]}),
        ([step(_day(2), _BAD), step(_day(23, 0), _GOOD, "2.0")], {}),
        ([step(_day(17), _GOOD), step(_day(18), _GOOD, "2.0")], {"gained": ["demo 1.0 3.14t 17"]}),
        (
            [step(_day(17), _PARTLY), step(_day(18), _GOOD, "2.0")],
            {"gained": ["demo 1.0 3.14t 17"], "completed": ["demo 2.0 3.14t 18"]},
        ),
        ([step(_day(2), _PURE), step(_day(18), _GOOD, "2.0")], {"gained": ["demo 2.0 3.14t 18"]}),
        ([step(_day(2), _PURE), step(_day(18), _BAD, "2.0")], {"pure": ["demo 2.0 3.14t 18"]}),
        ([step(_day(2), _BAD), step(_day(18), _PURE, "2.0")], {"pure": ["demo 2.0 3.14t 18"]}),
        ([step(_day(2), _BAD), step(_day(18), Verdict.PURE_FALLBACK, "2.0")], {"pure": ["demo 2.0 3.14t 18"]}),
        ([step(_day(2), _GOOD), step(_day(18), _PURE, "2.0")], {"pure": ["demo 2.0 3.14t 18"]}),
        ([step(_day(18), _PURE)], {}),
        ([_covering(2, _LINUX, _MAC), _covering(18, _MAC, version="2.0")], {"narrowed": ["demo 2.0 3.14t 18"]}),
        ([_covering(2, _LINUX), _covering(18, _MAC, version="2.0")], {"narrowed": ["demo 2.0 3.14t 18"]}),
        ([_covering(2, _LINUX, _MAC), _covering(21, _MAC, version="2.0")], {}),
        ([_covering(2, _LINUX, _MAC), _covering(14, _MAC, version="2.0")], {"narrowed": ["demo 2.0 3.14t 14"]}),
        ([_accident(2), step(_day(18), _BAD, "2.0")], {"narrowed": ["demo 2.0 3.14t 18"]}),
    ],
    ids=[
        "first release",
        "now partly",
        "now everywhere",
        "lost, two days later",
        "fewer platforms",
        "not settled within the week",
        "settled in the week after",
        "on Monday at midnight",
        "on the Monday after",
        "confirmed by another release",
        "in two releases",
        "pure before",
        "no longer pure",
        "pure now",
        "pure fallback now",
        "wheels before, pure now",
        "pure from the first release on",
        "one platform fewer",
        "another platform instead",
        "one platform fewer, not settled within the week",
        "one platform fewer, settled in the week after",
        "all of one accidental platform",
    ],
)
def test_a_package_moves_when_what_it_shows_changes_in_the_week(
    steps: list[Step[Standing]], moves: dict[str, list[str]]
) -> None:
    digest = _digest(tracked("demo", 1, steps))
    assert _moves(digest) == moves
    assert digest.is_quiet == (moves == {})


def test_a_move_shows_what_its_release_had_in_the_end() -> None:
    first = step(_day(17), _PARTLY, "2.0", missing=(Platform.WIN32, Platform.WIN_ARM64))
    last = step(_day(19), _PARTLY, "2.0", began=_day(17), missing=(Platform.WIN32,))
    later = step(_day(20), _PARTLY, "3.0", missing=())
    (move,) = _digest(tracked("demo", 1, [step(_day(2), _BAD), first, last, later])).gained
    assert (move.version, move.day, move.missing) == ("2.0", date(2026, 11, 17), (Platform.WIN32,))


def test_a_loss_names_the_last_release_that_had_wheels() -> None:
    steps = [step(_day(2), _GOOD, "1.9"), step(_day(17), _BAD, "2.0", previous="1.9"), step(_day(18), _BAD, "2.1")]
    (lost,) = _digest(tracked("demo", 1, steps)).lost
    assert (lost.previous, lost.version, lost.day, lost.verdict) == ("1.9", "2.0", date(2026, 11, 17), _BAD)


def test_losing_the_wheels_for_3_13t_is_no_loss() -> None:
    steps = (step(_day(2), _GOOD), step(_day(17), _BAD, "2.0"))
    digest = digest_of(WEEK, [Tracked("demo", 1, {T313: steps, T314: steps})], (T314, T313), READ)
    assert [move.target for move in digest.lost] == [T314]


def test_the_most_downloaded_that_block_come_first_and_all_are_counted() -> None:
    names = [tracked(f"n-{rank}", rank, [step(_day(2), _BAD)]) for rank in range(20, 0, -1)]
    others = [tracked(verdict.value, 1, [step(_day(2), verdict)]) for verdict in Verdict if verdict.ok is not False]
    asked = tracked("asked-about", None, [step(_day(2), Verdict.MIS_TAGGED)])
    digest = _digest(asked, *others, *names)
    assert [each.package for each in digest.waiting] == [f"n-{rank}" for rank in range(1, MOST_WAITING + 1)]
    assert digest.blocking == 21


def test_packages_that_could_not_be_read_are_tracked_but_never_counted_as_no() -> None:
    known = [tracked("demo", 1, [step(_day(2), _GOOD)]), tracked("stale", 2, [step(_day(2), _GOOD)])]
    digest = digest_of(WEEK, known, _TARGETS, READ, unread=("stale", "never-read"))
    assert (digest.tracked, digest.unread) == (3, ("never-read", "stale"))
    assert (digest.shares[0].packages, digest.shares[0].percent) == (2, 100.0)


def test_without_packages_the_share_is_nothing() -> None:
    digest = _digest()
    assert (digest.shares[0].percent, digest.blocking, digest.is_quiet) == (0.0, 0, True)


def test_a_week_with_issues_only_is_not_quiet() -> None:
    thread = DigestThread("numpy/numpy", 1, "Crash", "https://github.com/numpy/numpy/issues/1")
    assert not replace(_digest(), issues=Issues(opened=(thread,))).is_quiet
    assert not replace(_digest(), issues=Issues(answered=(thread,))).is_quiet
    assert replace(_digest(), issues=Issues(discussed=(thread,))).is_quiet


def test_the_first_weeks_have_a_short_chart() -> None:
    digest = _digest(week=Week(2024, 32), read=READ)
    assert [point.day for point in digest.chart] == [date(2024, 8, 4), date(2024, 8, 11)]


# The recorded pages


@pytest.fixture(scope="module")
def recorded(shared: Path) -> list[Tracked]:
    projects = recorded_projects(shared)
    return [Tracked(name, None, timelines(project, _TARGETS)) for name, project in projects.items()]


@pytest.mark.parametrize(
    ("week", "with_wheels", "moves"),
    [
        ("2025-W43", (15, 3), {"gained": ["psutil 7.1.2 3.14t 25"]}),
        ("2026-W12", (16, 3), {"lost": ["lmdb 2.0.0 3.14t 18"]}),
        ("2026-W33", (17, 8), {"gained": ["charset-normalizer 3.5.0 3.15t 12", "hypothesis 6.165.8 3.15t 14"]}),
        ("2026-W44", (17, 14), {"gained": ["torch 2.15.0 3.15t 28"]}),
        ("2026-W45", (17, 14), {}),
    ],
)
def test_the_recorded_pages_give_the_digests_of_their_weeks(
    recorded: list[Tracked], week: str, with_wheels: tuple[int, int], moves: dict[str, list[str]]
) -> None:
    digest = digest_of(parse_week(week), recorded, _TARGETS, NOW)
    assert tuple(share.with_wheels for share in digest.shares) == with_wheels
    assert _moves(digest) == moves
