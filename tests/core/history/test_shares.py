"""Shares: how many packages had wheels at the end of a day, counted from their timelines."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.history.shares import ANY_TARGET, DayShare, shares_by_name, shares_by_target
from bot.core.history.timelines import Standing, Step, timelines, wheel_names
from bot.core.index.simple_api import Project
from bot.core.verdicts.rules import Verdict
from bot.core.wheels.platforms import Platform
from tests.core.history.slow_shares import end_of, slow_shares_by_name, slow_shares_by_target
from tests.core.pages import NOW, T314
from tests.core.strategies import TARGETS, projects
from tests.examples import examples

DAY = date(2026, 3, 1)
MORNING = datetime(2026, 3, 1, 6, tzinfo=UTC)
LATER = datetime(2027, 3, 1, tzinfo=UTC)


_MOMENTS = st.integers(-6 * 24, 6 * 24).map(lambda hours: MORNING + timedelta(hours=hours)) | st.integers(-6, 6).map(
    lambda days: end_of(DAY + timedelta(days=days)) + timedelta(microseconds=days % 2)
)
_DAYS = st.integers(-8, 8).map(lambda days: DAY + timedelta(days=days))
_HOW = st.sampled_from(((), ("cp314t",)))
_STEPS = st.lists(st.tuples(_MOMENTS, _HOW), max_size=6).map(
    lambda some: tuple(step(how, moment) for moment, how in sorted(some))
)
_PACKAGES = st.lists(st.dictionaries(st.sampled_from(("3.14t", "3.15t")), _STEPS), max_size=5)


def step(how: tuple[str, ...], moment: datetime = MORNING) -> Step[Standing]:
    """Make a step of a release of its own, with wheels for one platform or without any."""
    version = f"{moment.timestamp():.0f}"
    covered = (Platform.WIN32,) if how else ()
    return Step(
        moment, moment, version, None, Standing(Verdict.SUPPORTED if how else Verdict.NOT_YET, covered, (), how)
    )


@pytest.mark.parametrize(
    ("steps", "counts"),
    [
        ((), [0, 0, 0]),
        ((step(("cp314t",)),), [0, 1, 1]),
        ((step(()),), [0, 0, 0]),
        ((step(("abi3t",)), step((), MORNING + timedelta(hours=1))), [0, 1, 1]),
        ((step(("none",), MORNING - timedelta(days=2)), step((), MORNING - timedelta(days=1))), [1, 1, 0]),
        ((step((), MORNING - timedelta(days=9)), step(("cp314t",))), [0, 1, 1]),
    ],
)
def test_a_package_counts_by_what_stood_at_the_end_of_the_day(
    steps: tuple[Step[Standing], ...], counts: list[int]
) -> None:
    first, last = DAY - timedelta(days=1), DAY + timedelta(days=1)
    shares = list(shares_by_target([{"3.14t": steps}], ["3.14t"], first, last, LATER))
    assert [share.with_wheels["3.14t"] for share in shares] == counts
    assert [share.day for share in shares] == [first, DAY, last]


def test_names_count_by_what_stood_at_the_end_of_the_day_settled_or_not() -> None:
    steps = [step(("cp314t",)), step((), MORNING + timedelta(days=1))]
    named = [Step(each.moment, each.began, each.version, None, bool(each.shows.how)) for each in steps]
    shares = shares_by_name([named], DAY - timedelta(days=1), DAY + timedelta(days=1))
    assert [share.with_wheels[ANY_TARGET] for share in shares] == [0, 1, 0]


def test_each_target_counts_for_itself() -> None:
    package = {"3.14t": (step(("cp314t",)),), "3.15t": (step(()),)}
    (share,) = shares_by_target([package, package, {}], ["3.15t", "3.14t"], DAY, DAY, LATER)
    assert share == DayShare(DAY, 3, {"3.15t": 0, "3.14t": 2})
    assert share.percent("3.14t") == pytest.approx(66.7, abs=0.1)


def test_of_a_day_that_is_not_over_what_stands_now_counts() -> None:
    steps = (step(("cp314t",), MORNING - timedelta(days=9)), step((), MORNING - timedelta(hours=44)))
    settles = MORNING + timedelta(hours=4)
    for now, count in ((settles - timedelta(hours=1), 1), (settles + timedelta(hours=1), 0)):
        (share,) = shares_by_target([{"3.14t": steps}], ["3.14t"], DAY, DAY, now)
        assert share.with_wheels == {"3.14t": count}


def test_no_packages_are_no_share() -> None:
    (share,) = shares_by_target([], ["3.14t"], DAY, DAY, LATER)
    assert (share.packages, share.percent("3.14t")) == (0, 0.0)


@given(st.lists(projects, max_size=3))
@settings(max_examples=examples(8))
def test_the_order_of_packages_does_not_matter(some: list[Project]) -> None:
    names = [str(target) for target in TARGETS]
    traced = [{str(target): steps for target, steps in timelines(project, TARGETS).items()} for project in some]
    backwards = traced[::-1]
    assert list(shares_by_target(traced, names, DAY, DAY, LATER)) == list(
        shares_by_target(backwards, names, DAY, DAY, LATER)
    )


@given(st.lists(projects, max_size=3))
@settings(max_examples=examples(8))
def test_no_more_packages_have_wheels_than_there_are(some: list[Project]) -> None:
    traced = [{str(target): steps for target, steps in timelines(project, (T314,)).items()} for project in some]
    for share in (
        *shares_by_target(traced, ["3.14t"], DAY, DAY, LATER),
        *shares_by_name([wheel_names(project) for project in some], DAY, DAY),
    ):
        assert all(0 <= count <= share.packages == len(some) for count in share.with_wheels.values())


@given(_PACKAGES, _DAYS, _DAYS, _MOMENTS)
@settings(max_examples=examples(100))
def test_shares_are_what_stood_at_the_end_of_each_day_or_now(
    packages: list[dict[str, tuple[Step[Standing], ...]]], first: date, last: date, now: datetime
) -> None:
    asked = (packages, ["3.14t", "3.15t"], first, last, now)
    assert list(shares_by_target(*asked)) == list(slow_shares_by_target(*asked))


@given(_PACKAGES, _DAYS, _DAYS)
@settings(max_examples=examples(100))
def test_shares_by_name_are_what_stood_at_the_end_of_each_day(
    packages: list[dict[str, tuple[Step[Standing], ...]]], first: date, last: date
) -> None:
    named = [
        [Step(each.moment, each.began, each.version, None, each.shows.has_wheels) for each in steps]
        for package in packages
        for steps in package.values()
    ]
    assert list(shares_by_name(named, first, last)) == list(slow_shares_by_name(named, first, last))


@given(st.lists(projects, max_size=3), _DAYS)
@settings(max_examples=examples(8))
def test_shares_of_pages_are_what_stood_at_the_end_of_each_day_or_now(some: list[Project], first: date) -> None:
    traced = [{str(target): steps for target, steps in timelines(project, TARGETS).items()} for project in some]
    asked = (traced, [str(target) for target in TARGETS], first, first + timedelta(days=300), NOW)
    assert list(shares_by_target(*asked)) == list(slow_shares_by_target(*asked))
