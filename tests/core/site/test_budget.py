"""Nobody gets more than the budget, all together get no more than theirs, and memory is bounded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.core.site.budget import EVERYBODY, SharedBudget, TokenBudget

_ASKED = st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 30)), max_size=80)


def test_a_burst_is_given_then_one_at_the_rate() -> None:
    budget = TokenBudget(burst=2, rate=0.5)
    assert [budget.take("a", 10.0) for _ in range(3)] == [0, 0, 2]
    assert budget.take("a", 11.9) > 0
    assert budget.take("a", 12.0) == 0
    assert budget.take("b", 12.0) == 0


def test_a_clock_that_stands_or_jumps_back_gives_nothing() -> None:
    budget = TokenBudget(burst=1, rate=1)
    assert budget.take("a", 100.0) == 0
    assert budget.take("a", 5.0) == 1


@given(_ASKED)
def test_nobody_gets_more_than_the_burst_and_the_rate(asked: list[tuple[str, float]]) -> None:
    budget, shared = (
        TokenBudget(burst=3, rate=0.5),
        SharedBudget(TokenBudget(burst=3, rate=0.5), TokenBudget(burst=4, rate=0.2)),
    )
    now, given_alone, given_shared = 0.0, dict.fromkeys("abc", 0), dict.fromkeys("abc", 0)
    for who, pause in asked:
        now += pause
        given_alone[who] += budget.take(who, now) == 0
        given_shared[who] += shared.take(who, now) == 0
    assert all(number <= 3 + now * 0.5 + 1e-6 for number in given_alone.values())
    assert all(given_shared[who] <= given_alone[who] for who in "abc")
    assert sum(given_shared.values()) <= 4 + now * 0.2 + 1e-6


@given(st.floats(0, 1e6), st.integers(1, 5))
def test_who_waits_as_told_gets_it(now: float, burst: int) -> None:
    budget = TokenBudget(burst, rate=0.25)
    while not (wait := budget.take("a", now)):
        pass
    assert budget.take("a", now + wait + 1e-3) == 0


def test_what_everybody_has_is_used_up_by_many() -> None:
    shared = SharedBudget(TokenBudget(burst=1, rate=1), TokenBudget(burst=10, rate=1))
    answers = [shared.take(str(number), 0.0) for number in range(1_000)]
    assert answers.count(0) == 10
    assert shared.each.wait("999", 0.0) == 0, "who got nothing has spent nothing"
    assert shared.together.wait(EVERYBODY, 0.0) > 0


def test_those_who_are_remembered_are_bounded() -> None:
    budget = TokenBudget(burst=1, rate=1e-9, most=100)
    for number in range(1_000):
        assert budget.take(str(number), 0.0) == 0
    again = [number for number in range(1_000) if budget.take(str(number), 0.0) > 0]
    assert len(again) <= 100
