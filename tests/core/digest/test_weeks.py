from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.digest.weeks import Week, parse_week, week_of
from bot.core.errors import UserError


@given(day=st.dates(date(1, 1, 8), date(9999, 12, 20)))
@example(day=date(2026, 12, 31))
@example(day=date(2027, 1, 3))
def test_a_day_is_in_its_week_which_is_written_and_read_alike(day: date) -> None:
    week = week_of(day)
    assert week.monday <= day <= week.sunday
    assert parse_week(str(week)) == week


@given(day=st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_weeks_follow_one_another_without_a_gap(day: date) -> None:
    week = week_of(day)
    assert week.before.end == week.start
    assert week.end - week.start == timedelta(days=7)
    assert week.before < week


@given(text=st.text() | st.from_regex(r"[0-9]{4}-?[wW][0-9]{2}", fullmatch=True))
@example(text="9999-W52")
@example(text="0001-W01")
@example(text="0000-W01")
def test_whatever_is_read_as_a_week_has_a_beginning_and_an_end(text: str) -> None:
    try:
        week = parse_week(text)
    except UserError:
        return
    assert week.before.start < week.start < week.end


@pytest.mark.parametrize("text", ["2026-W47", "2026W47", " 2026-w47\n"])
def test_a_week_may_be_written_as_people_do(text: str) -> None:
    assert parse_week(text) == Week(2026, 47)


def test_a_week_begins_on_monday_at_midnight_utc() -> None:
    assert Week(2026, 47).start == datetime(2026, 11, 16, tzinfo=UTC)
    assert (Week(2026, 1).monday, Week(2026, 53).sunday) == (date(2025, 12, 29), date(2027, 1, 3))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("47", "That is no ISO week. Write it like `2026-W47`."),
        ("2026-W1", "That is no ISO week. Write it like `2026-W47`."),
        ("2026-W4\N{ARABIC-INDIC DIGIT SEVEN}", "That is no ISO week. Write it like `2026-W47`."),
        ("2025-W53", "There is no week 2025-W53. Weeks are numbered from 01 to 52 or 53."),
        ("2026-W00", "There is no week 2026-W00. Weeks are numbered from 01 to 52 or 53."),
    ],
)
def test_what_is_no_week_is_refused_with_an_example(text: str, said: str) -> None:
    with pytest.raises(UserError) as refused:
        parse_week(text)
    assert str(refused.value) == said
