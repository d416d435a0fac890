"""How filters of a list are written, and what is said of those that make no sense."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.core.errors import UserError
from bot.core.listing.query import GilFilter, ListOrder
from bot.core.listing.words import parse_day, parse_gil, parse_order, parse_platform, parse_ranks, parse_verdict
from bot.core.verdicts.rules import Verdict
from bot.core.wheels.platforms import Platform


@pytest.mark.parametrize(
    ("read", "text", "meaning"),
    [
        (parse_verdict, "not-yet", Verdict.NOT_YET),
        (parse_verdict, " Not_Yet ", Verdict.NOT_YET),
        (parse_gil, "ON", GilFilter.ON),
        (parse_order, "gained", ListOrder.GAINED),
        (parse_platform, "win_arm64", Platform.WIN_ARM64),
        (parse_platform, "win-arm64", Platform.WIN_ARM64),
        (parse_ranks, "1-100", (1, 100)),
        (parse_ranks, " 5 - 5 ", (5, 5)),
        (parse_ranks, "100", (1, 100)),
        (parse_day, "2026-11-01", date(2026, 11, 1)),
    ],
)
def test_filters_are_read(read: Callable[[str], object], text: str, meaning: object) -> None:
    assert read(text) == meaning


@pytest.mark.parametrize(
    "text", ["", "0", "5-4", "1-", "-5", "1-2-3", "many", "12345678", "\N{ARABIC-INDIC DIGIT ONE}"]
)
def test_what_is_no_range_of_ranks_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="is no range of ranks"):
        parse_ranks(text)


def test_a_refusal_says_what_there_is() -> None:
    with pytest.raises(UserError) as refused:
        parse_gil("`maybe`\n")
    assert str(refused.value) == snapshot(
        "`'maybe'�` is not what importing does to the GIL. Write off, on, unknown, none or unread."
    )


@given(st.text())
def test_any_text_is_read_or_refused_in_a_short_line(text: str) -> None:
    for read in (parse_verdict, parse_gil, parse_order, parse_platform, parse_ranks, parse_day):
        try:
            read(text)
        except UserError as refused:
            said = str(refused)
            assert said.isprintable()
            assert len(said) < 400
            assert said.count("`") % 2 == 0
