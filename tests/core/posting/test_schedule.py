"""When a digest is due, in any time zone, across changes of clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.digest.weeks import Week, parse_week, week_of
from bot.core.posting.schedule import Schedule, due_slot, last_slot, moment_of, next_slot, slot_of

ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Pacific/Kiritimati",
    "Etc/GMT+12",
]
schedules = st.builds(Schedule, st.integers(0, 6), st.integers(0, 23), st.sampled_from(ZONES))
moments = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 — bounds are naive
weeks = st.dates(date(2024, 1, 1), date(2030, 1, 1)).map(week_of)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "hour", "zone", "expected"),
    [
        ("2026-11-23", 9, "UTC", "2026-11-23T09:00"),
        ("2026-11-23", 9, "Europe/Berlin", "2026-11-23T08:00"),
        ("2026-07-20", 9, "Europe/Berlin", "2026-07-20T07:00"),
        ("2026-11-23", 9, "Asia/Kolkata", "2026-11-23T03:30"),
        # Clocks go from 2 to 3: there is no 2 o'clock, the next hour there is is 3, two hours from UTC.
        ("2027-03-28", 2, "Europe/Berlin", "2027-03-28T01:00"),
        ("2027-03-28", 3, "Europe/Berlin", "2027-03-28T01:00"),
        # Clocks go from 3 back to 2: of both the first.
        ("2026-10-25", 2, "Europe/Berlin", "2026-10-25T00:00"),
        # Half an hour is skipped from 2:00 on.
        ("2026-10-04", 2, "Australia/Lord_Howe", "2026-10-03T15:30"),
        # The change is at midnight, and the day begins at 1.
        ("2026-04-24", 0, "Africa/Cairo", "2026-04-23T22:00"),
        # A whole day was skipped.
        ("2011-12-30", 12, "Pacific/Apia", "2011-12-30T10:00"),
    ],
)
def test_a_local_hour_is_one_moment(day: str, hour: int, zone: str, expected: str) -> None:
    assert moment_of(date.fromisoformat(day), hour, ZoneInfo(zone)) == utc(expected)


@given(st.dates(date(1990, 1, 1), date(2035, 1, 1)), st.integers(0, 23), st.sampled_from(ZONES))
def test_a_moment_shows_its_hour_unless_clocks_skip_it(day: date, hour: int, name: str) -> None:
    zone = ZoneInfo(name)
    local = moment_of(day, hour, zone).astimezone(zone)
    assert (local.date(), local.hour) == (day, hour) or local.replace(tzinfo=None) > datetime.combine(
        day, datetime.min.time()
    ).replace(hour=hour)


def test_a_digest_is_of_the_week_that_ended_before_its_slot() -> None:
    slot = slot_of(parse_week("2026-W47"), Schedule(), UTC)
    assert slot.moment == utc("2026-11-23T09:00")
    friday = slot_of(parse_week("2026-W47"), Schedule(4, 18, "America/New_York"), ZoneInfo("America/New_York"))
    assert friday.moment == utc("2026-11-27T23:00")


def test_a_slot_waits_for_the_end_of_its_week_in_utc() -> None:
    auckland = ZoneInfo("Pacific/Auckland")
    schedule = Schedule(0, 9, "Pacific/Auckland")  # Sunday 20:00 in UTC
    slot = slot_of(parse_week("2026-W47"), schedule, auckland)
    assert (slot.moment, slot.waits) == (utc("2026-11-23T00:00"), True)
    in_time = slot_of(parse_week("2026-W47"), Schedule(0, 13, "Pacific/Auckland"), auckland)
    assert (in_time.moment, in_time.waits) == (utc("2026-11-23T00:00"), False)


@given(weeks, schedules)
def test_slots_come_in_the_order_of_weeks_after_their_week_and_before_the_one_after_next(
    week: Week, schedule: Schedule
) -> None:
    zone = ZoneInfo(schedule.zone)
    slot, after = slot_of(week, schedule, zone), slot_of(week_of(week.end.date()), schedule, zone)
    assert week.end <= slot.moment < after.moment
    assert slot.moment < week.end + timedelta(days=7, hours=13)


@given(moments, schedules)
def test_now_is_between_two_neighbouring_slots(now: datetime, schedule: Schedule) -> None:
    zone = ZoneInfo(schedule.zone)
    last, following = last_slot(now, schedule, zone), next_slot(now, schedule, zone)
    assert last.moment <= now < following.moment
    assert following.week.before == last.week


@given(moments, schedules)
def test_walking_through_a_year_hour_by_hour_finds_every_week_once_and_in_order(
    start: datetime, schedule: Schedule
) -> None:
    zone = ZoneInfo(schedule.zone)
    found = [last_slot(start + timedelta(hours=7 * step), schedule, zone).week for step in range(8 * 24)]
    distinct = list(dict.fromkeys(found))
    assert distinct == sorted(distinct)
    assert all(later.before == earlier for earlier, later in pairwise(distinct))


SINCE = utc("2026-11-18T12:00")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-18T12:00", None),  # the slot of Monday came before it was turned on
        ("2026-11-23T08:59", None),
        ("2026-11-23T09:00", "2026-W47"),
        ("2026-11-29T23:00", "2026-W47"),  # switched off for days: made up for
        ("2026-11-30T08:59", "2026-W47"),
        ("2026-11-30T09:00", "2026-W48"),
        ("2027-02-01T09:00", "2027-W04"),  # switched off for months: only the newest
        ("2026-11-02T09:00", None),  # a clock that was set back
    ],
)
def test_what_is_due(now: str, expected: str | None) -> None:
    slot = due_slot(utc(now), SINCE, Schedule(), UTC)
    assert (None if slot is None else str(slot.week)) == expected


def test_turning_it_on_at_the_very_moment_counts() -> None:
    moment = utc("2026-11-23T09:00")
    assert due_slot(moment, moment, Schedule(), UTC) is not None


def test_an_hour_longer_than_a_week_between_two_slots_is_no_time_to_make_up_for() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    schedule = Schedule(0, 9, "Europe/Berlin")
    before = slot_of(parse_week("2026-W42"), schedule, berlin)
    after = slot_of(parse_week("2026-W43"), schedule, berlin)
    assert after.moment - before.moment == timedelta(days=7, hours=1)
    assert due_slot(before.expires, SINCE - timedelta(days=90), schedule, berlin) is None


def test_a_schedule_reads_as_people_say_it() -> None:
    assert str(Schedule(2, 7, "Asia/Tokyo")) == "Wednesday 07:00 Asia/Tokyo"
