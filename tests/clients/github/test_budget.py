"""How much GitHub still answers is known from what it says with its answers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.clients.github.budget import Budget, Budgets


def said(left: int, reset: int, limit: int = 5_000, resource: str = "core") -> dict[str, str]:
    return {
        "x-ratelimit-resource": resource,
        "x-ratelimit-remaining": str(left),
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-reset": str(reset),
    }


def test_the_last_answer_of_a_window_counts() -> None:
    budgets = Budgets()
    for left in (4_000, 3_999):
        budgets.note(said(left, 1_000))
    budgets.note(said(29, 500, 30, "search"))
    assert budgets.now(100) == {"core": Budget(3_999, 5_000), "search": Budget(29, 30)}


def test_of_several_installations_the_one_with_the_least_counts() -> None:
    budgets = Budgets()
    budgets.note(said(10, 1_000))
    budgets.note(said(4_990, 1_200))
    assert budgets.now(100) == {"core": Budget(10, 5_000)}
    assert budgets.now(1_100) == {"core": Budget(4_990, 5_000)}


def test_after_a_window_all_of_it_is_left() -> None:
    budgets = Budgets()
    budgets.note(said(0, 1_000))
    assert (budgets.now(999.9), budgets.now(1_000)) == ({"core": Budget(0, 5_000)}, {"core": Budget(5_000, 5_000)})


def test_what_windows_said_that_are_over_is_forgotten_at_last() -> None:
    budgets = Budgets()
    for reset in range(3_000):
        budgets.note(said(1, reset))
    assert budgets.now(1_500) == {"core": Budget(1, 5_000)}
    assert len(budgets._windows) <= 1_000  # noqa: SLF001 — what must not grow


@given(st.dictionaries(st.sampled_from(sorted(said(1, 1))), st.text(max_size=20)))
def test_whatever_an_answer_says_is_a_budget_or_nothing(headers: dict[str, str]) -> None:
    budgets = Budgets()
    budgets.note(headers)
    for budget in budgets.now(0).values():
        assert budget.left >= 0
        assert budget.limit >= 0
