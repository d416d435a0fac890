"""Pauses grow while nothing works, stay short, and begin anew once something does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cogs.pauses import LONGEST_PAUSE, Pauses


@given(st.integers(0, 5_000), st.floats(0.01, 5))
def test_no_pause_is_longer_than_the_longest_whatever_happened_before(failures: int, first: float) -> None:
    pauses = Pauses(first=first, failures=failures)
    assert 0 <= pauses.next() <= LONGEST_PAUSE


@given(st.integers(0, 20))
def test_pauses_grow_and_begin_anew_after_a_success(failures: int) -> None:
    pauses = Pauses(failures=failures)
    first, second = pauses.next(10**9), pauses.next(10**9)
    assert second > 0
    assert second <= 2.0**failures
    assert first <= second * 2
    pauses.succeeded()
    assert pauses.next() == 0
