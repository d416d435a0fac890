from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.history.timelines import (
    Standing,
    Step,
    at,
    days_between,
    settled,
    timelines,
    trace,
    wheel_names,
)
from bot.core.index.simple_api import File, Project, Release
from bot.core.verdicts.modifiers import SETTLED
from bot.core.verdicts.rules import Verdict, verdict_of
from bot.core.verdicts.support import offer_of, support_of
from tests.core import digests
from tests.core.digests import step
from tests.core.history.slow_shares import end_of
from tests.core.pages import NAME, T314, T315, project, sdist, wheel
from tests.core.recorded import recorded_projects
from tests.core.strategies import TARGETS

_START = datetime(2026, 3, 2, tzinfo=UTC)
_DAYS = 6
_GOOD, _PARTLY, _BAD = Verdict.SUPPORTED, Verdict.PARTIAL, Verdict.NOT_YET


def _after(hours: float) -> datetime:
    return _START + timedelta(hours=hours)


def _verdicts(steps: Sequence[Step[Standing]]) -> list[tuple[str, Verdict, float]]:
    return [(each.version, each.shows.verdict, (each.moment - _START) / timedelta(hours=1)) for each in steps]


_files = st.builds(
    File,
    st.builds(
        (NAME + "-{}-cp314-{}-{}.whl").format,
        st.sampled_from(("1.0", "1.1", "2.0a1", "2.0", "2.1")),
        st.sampled_from(("cp314", "cp314t", "abi3")),
        st.sampled_from(("win32", "win_amd64", "manylinux_2_28_x86_64")),
    )
    | st.sampled_from((f"{NAME}-1.0.tar.gz", f"{NAME}-2.0.tar.gz", f"{NAME}-2.1-py3-none-any.whl")),
    st.sampled_from((None, None, ">=3.15")),
    st.integers(0, _DAYS * 24 * 60).map(lambda minutes: _after(minutes / 60).isoformat().replace("+00:00", "Z")),
    st.sampled_from((False, False, False, True)),
)


def _standing_at(known: Project, day: date) -> list[Standing] | None:
    """Look at what had been uploaded when a day was over, without any history."""
    until = end_of(day)
    begun = [
        release
        for release in known.releases
        if not release.is_yanked and release.first_upload is not None and release.first_upload <= until
    ]
    if not begun:
        return None
    newest = max(begun, key=lambda release: (not release.version.is_prerelease, release.version))
    seen = Release(newest.version, tuple(f for f in newest.files if f.uploaded is not None and f.uploaded <= until))
    offer = offer_of(seen)
    found = []
    for target in TARGETS:
        support = support_of(seen, target)
        verdict = verdict_of(offer, support)
        how = tuple(sorted({cover.how for cover in support.covered.values()}))
        found.append(Standing(verdict, tuple(support.covered), support.missing, how))
    return found


@given(files=st.lists(_files, max_size=14))
def test_history_shows_for_every_day_what_a_reader_of_the_index_saw_at_its_end(files: list[File]) -> None:
    known = project(*files)
    traced = timelines(known, TARGETS)
    for day in days_between(_START.date(), _START.date() + timedelta(days=_DAYS + 1)):
        steps = [at(traced[target], end_of(day)) for target in TARGETS]
        shown = None if None in steps else [each.shows for each in steps if each is not None]
        assert shown == _standing_at(known, day)


@given(files=st.lists(_files, max_size=14))
def test_steps_go_forward_in_time(files: list[File]) -> None:
    for steps in timelines(project(*files), TARGETS).values():
        moments = [each.moment for each in steps]
        assert moments == sorted(set(moments))
        assert all(each.began <= each.moment for each in steps)


def test_a_step_names_the_release_before() -> None:
    known = project(
        sdist("1.0", uploaded=_after(0).isoformat()),
        wheel("cp314-cp314t-win32", "1.0", uploaded=_after(30).isoformat()),
        sdist("2.0", uploaded=_after(60).isoformat()),
    )
    steps = timelines(known, [T314])[T314]
    assert [(each.version, each.previous, each.shows.verdict, each.began == _after(0)) for each in steps] == [
        ("1.0", None, Verdict.SDIST_ONLY, True),
        ("1.0", None, Verdict.SUPPORTED, True),
        ("2.0", "1.0", Verdict.SDIST_ONLY, False),
    ]


def test_a_trace_begins_with_what_held_at_its_start() -> None:
    known = project(
        sdist("1.0", uploaded=_after(0).isoformat()),
        sdist("2.0", uploaded=_after(24).isoformat()),
        sdist("3.0", uploaded=_after(48).isoformat()),
    )
    steps = list(trace(known, lambda release: str(release.version), start=_after(30)))
    assert [each.shows for each in steps] == ["2.0", "3.0"]


@given(files=st.lists(_files, max_size=14), later=st.integers(0, _DAYS))
def test_a_trace_from_a_later_start_shows_the_same_from_then_on(files: list[File], later: int) -> None:
    known, start = project(*files), _START + timedelta(days=later)
    whole, part = (list(trace(known, lambda release: release, start=each)) for each in (_START, start))
    for day in days_between(start.date(), start.date() + timedelta(days=_DAYS)):
        shown, expected = at(part, end_of(day)), at(whole, end_of(day))
        assert (shown and shown.shows) == (expected and expected.shows)


def test_of_releases_that_change_nothing_the_first_is_kept_as_it_confirms() -> None:
    files = [wheel("cp314-cp314-win32", f"{number}.0", uploaded=_after(24 * number).isoformat()) for number in range(5)]
    more = wheel("cp315-cp315-win32", "0.0", uploaded=_after(12 + 12).isoformat())
    steps = timelines(project(*files[:1], more, *files[2:]), [T314])[T314]
    assert [each.version for each in steps] == ["0.0", "2.0"]


def test_a_release_that_was_yanked_is_left_out_of_the_past() -> None:
    known = project(
        wheel("cp314-cp314t-win32", "1.0", uploaded=_after(0).isoformat()),
        sdist("2.0", uploaded=_after(24).isoformat(), yanked="broken"),
    )
    assert [each.version for each in timelines(known, [T314])[T314]] == ["1.0"]


# What heals by itself


@given(steps=digests.timelines())
def test_settling_twice_changes_nothing(steps: tuple[Step[Standing], ...]) -> None:
    assert settled(settled(steps)) == settled(steps)


@given(steps=digests.timelines())
def test_settling_only_postpones_losses(steps: tuple[Step[Standing], ...]) -> None:
    calm = settled(steps)
    moments = sorted({each.moment for each in (*steps, *calm)})
    assert [each.moment for each in calm] == sorted(each.moment for each in calm)
    for moment in moments:
        now, raw = at(calm, moment), at(steps, moment)
        assert (now is None) == (raw is None)
        if now is not None and raw is not None:
            assert now.shows.level >= raw.shows.level
            if moment >= raw.began + SETTLED:
                assert now.shows == raw.shows


@given(
    level=st.sampled_from((_GOOD, _PARTLY)),
    worse=st.lists(st.sampled_from((_BAD, Verdict.BLOCKED)), min_size=1, max_size=3),
    hours=st.integers(3, 47),
    new=st.booleans(),
)
def test_an_upload_that_heals_within_48_hours_leaves_no_trace(
    level: Verdict, worse: list[Verdict], hours: int, new: bool
) -> None:
    before = step(_after(-100), level, "1.0")
    uploads = [step(_after(place), verdict, "2.0", began=_START) for place, verdict in enumerate(worse)]
    healed = step(_after(hours), level, "2.1" if new else "2.0", began=None if new else _START)
    assert settled((before, *uploads, healed)) == (before, healed)


def test_an_upload_that_heals_later_was_a_loss() -> None:
    healed = step(_after(90), _GOOD, "2.0", began=_START)
    steps = (step(_after(-100), _GOOD, "1.0"), step(_START, _BAD, "2.0"), healed)
    assert _verdicts(settled(steps)) == [("1.0", _GOOD, -100), ("2.0", _BAD, 48), ("2.0", _GOOD, 90)]


@given(hours=st.integers(1, 47), later=st.lists(st.integers(1, 40), max_size=2))
def test_a_loss_confirmed_by_a_newer_release_counts_from_then(hours: int, later: list[int]) -> None:
    others = [step(_after(hours + 100 * (place + 1)), _BAD, f"3.{place}") for place in range(len(later))]
    steps = (step(_after(-100), _GOOD, "1.0"), step(_after(0), _BAD, "2.0"), step(_after(hours), _BAD, "2.1"), *others)
    calm = settled(steps)
    assert at(calm, _after(hours) - timedelta(microseconds=1)) == steps[0]
    first = next(each for each in calm if each.shows.verdict is _BAD)
    assert (first.version, first.moment) == ("2.0", _after(hours))


@pytest.mark.parametrize(
    ("releases", "counted"),
    [
        ([("2.0", _BAD, 0)], [("2.0", _BAD, 48)]),
        ([("2.0", _BAD, 0), ("2.1", _PARTLY, 9)], [("2.1", _PARTLY, 9)]),
        ([("2.0", _PARTLY, 0), ("2.1", _BAD, 9)], [("2.0", _PARTLY, 9), ("2.1", _BAD, 57)]),
        ([("2.0", Verdict.BLOCKED, 0), ("2.0", _BAD, 9)], [("2.0", _BAD, 48)]),
        ([("2.0", _BAD, 0), ("2.1", _BAD, 60)], [("2.0", _BAD, 48), ("2.1", _BAD, 60)]),
    ],
    ids=["alone", "then partly", "partly, then not", "wheels before the sdist", "two days later"],
)
def test_a_loss_counts_when_it_is_settled(
    releases: list[tuple[str, Verdict, int]], counted: list[tuple[str, Verdict, float]]
) -> None:
    began: dict[str, datetime] = {}
    steps = [step(_after(-100), _GOOD, "1.0")]
    for version, verdict, hours in releases:
        steps.append(step(_after(hours), verdict, version, began=began.setdefault(version, _after(hours))))
    assert _verdicts(settled(tuple(steps)))[1:] == counted


# The recorded pages


class _Tracker(msgspec.Struct):
    days: tuple[date, date]
    changes: dict[str, list[tuple[date, str | None]]]


@pytest.fixture(scope="module")
def recorded(shared: Path) -> dict[str, Project]:
    return recorded_projects(shared)


@pytest.fixture(scope="module")
def tracker(shared: Path) -> _Tracker:
    return msgspec.json.decode((shared / "data" / "tracker_history.json").read_bytes(), type=_Tracker)


def _disagreements(tracker: _Tracker, known: Project) -> tuple[int, list[date]]:
    """Count the days on which the tracker listed a project, and find those on which it says otherwise."""
    steps = wheel_names(known)
    changes = [*tracker.changes[known.name], (tracker.days[1] + timedelta(days=1), None)]
    listed, wrong = 0, []
    for (first, status), (following, _) in pairwise(changes):
        for day in days_between(first, following - timedelta(days=1)) if status is not None else ():
            shown = at(steps, end_of(day))
            listed += 1
            if (shown is not None and shown.shows) != (status == "success"):
                wrong.append(day)
    return listed, wrong


def test_history_agrees_with_an_independent_tracker(recorded: dict[str, Project], tracker: _Tracker) -> None:
    """The tracker published once a day whether the newest release has a wheel named ``cp31Xt``.

    It disagrees on 19 of 13,611 days, never twice in a row. Six are its first day, when it listed pure packages as
    successes. Thirteen are the day of an upload: it looked at some hour, in the middle of the upload or before it, and
    history shows what was there when the day was over.
    """
    listed, first_day, upload_day, others = 0, 0, 0, list[tuple[str, date]]()
    for name in sorted(recorded.keys() & tracker.changes.keys()):
        days, wrong = _disagreements(tracker, recorded[name])
        uploads = {file.upload_day for file in recorded[name].files}
        listed += days
        for day in wrong:
            first_day += day == tracker.days[0]
            upload_day += day != tracker.days[0] and day.isoformat() in uploads
            others += [] if day == tracker.days[0] or day.isoformat() in uploads else [(name, day)]
    assert (listed, first_day, upload_day, others) == (13_611, 6, 13, [])
    assert 1 - (first_day + upload_day) / listed > 0.98


def test_a_recorded_upload_that_came_without_wheels_and_was_redone_leaves_no_trace(
    recorded: dict[str, Project],
) -> None:
    steps = timelines(recorded["pydantic-core"], [T314])[T314]
    of_that_day = [each.version for each in steps if each.moment.date() == date(2026, 11, 4)]
    assert of_that_day == ["2.50.3"]
    assert "2.50.3" not in [each.version for each in settled(steps)]


@pytest.fixture
def lost(recorded: dict[str, Project]) -> Callable[[str], list[tuple[str, str, date]]]:
    def found(name: str) -> list[tuple[str, str, date]]:
        calm = settled(timelines(recorded[name], [T314])[T314])
        return [
            (str(before.previous), before.version, before.moment.date())
            for earlier, before in pairwise(calm)
            if before.shows.level == 0 < earlier.shows.level
        ]

    return found


def test_a_recorded_loss_counts_from_the_day_the_next_release_confirmed_it(
    lost: Callable[[str], list[tuple[str, str, date]]],
) -> None:
    assert lost("lmdb") == [("1.8.1", "2.0.0", date(2026, 3, 19))]
    assert lost("numpy") == []


def test_history_is_of_every_target_asked_about(recorded: dict[str, Project]) -> None:
    traced = timelines(recorded["cryptography"], [T315, T314])
    assert list(traced) == [T315, T314]
    assert (traced[T314][-1].shows.how, traced[T315][-1].shows.how) == (("cp314t",), ("abi3t",))
