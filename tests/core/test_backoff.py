"""Pauses grow, and whoever is asked is left alone as long as it wants."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.core.backoff import LONGEST_PAUSE, pause


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_pauses_grow_and_end_at_an_hour(one: int, more: int) -> None:
    assert timedelta(seconds=10) < pause(one) <= pause(one + more) <= LONGEST_PAUSE


def test_a_service_is_left_alone_as_long_as_it_asks_for() -> None:
    assert pause(1, asked=600) == timedelta(minutes=10)
    assert pause(1, asked=0.5) == pause(1)
    assert pause(1, asked=1e9) == LONGEST_PAUSE
