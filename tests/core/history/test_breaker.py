"""When an index is left alone: by the order in which requests were sent, in whatever order they end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.history.breaker import DEAD, ROW, Breaker

ATTEMPTS = 4
ANSWERS, FAILS, REFUSES = "answers", "fails each time", "refuses for good"

bad = st.sampled_from([FAILS, REFUSES])
connections = st.integers(1, 2 * ROW)


@dataclass
class Walk:
    """What came of a walk: how many projects were asked about, how many requests that took, how it ended."""

    projects: int = 0
    requests: int = 0
    is_hopeless: bool = False


def walk(projects: Sequence[str], workers: int, order: Random) -> Walk:
    """Let workers ask about projects, in any order that the breaker lets them, with answers in any order.

    Fails if somebody is left who waits for ever.
    """
    breaker, done = Breaker(), Walk()
    waiting = [(0, "")] * workers
    under_way: list[tuple[int, int, str]] = []
    while not breaker.is_hopeless:
        ready = [one for one in waiting if breaker.may_ask(one[0]) and (one[0] > 0 or done.projects < len(projects))]
        if not ready and not under_way:
            assert done.projects == len(projects)
            assert waiting == [(0, "")] * workers
            return done
        chosen = order.randrange(len(ready) + len(under_way))
        if chosen < len(ready):
            attempt, project = ready[chosen]
            waiting.remove(ready[chosen])
            if attempt == 0:
                project = projects[done.projects]
                done.projects += 1
            done.requests += 1
            under_way.append((breaker.ask(attempt), attempt, project))
            continue
        number, attempt, project = under_way.pop(chosen - len(ready))
        if project == ANSWERS:
            breaker.answer(number)
        else:
            breaker.fail(number, busy=False)
        waiting.append((attempt + 1, project) if project == FAILS and attempt + 1 < ATTEMPTS else (0, ""))
    done.is_hopeless = True
    return done


@st.composite
def living(draw: st.DrawFn) -> list[str]:
    """Make projects of which in every row one answers, and soon a first one."""
    rows = [draw(st.integers(0, DEAD - 1)), *draw(st.lists(st.integers(0, ROW - 1), max_size=5))]
    return [project for row in rows for project in (*(draw(bad) for _ in range(row)), ANSWERS)]


@given(living(), connections, st.randoms(use_true_random=False))
def test_where_of_every_row_one_answers_all_is_asked(projects: list[str], workers: int, order: Random) -> None:
    done = walk(projects, workers, order)
    assert (done.projects, done.is_hopeless) == (len(projects), False)


@given(st.integers(0, 50), bad, connections, st.randoms(use_true_random=False))
def test_an_index_that_dies_is_asked_for_one_row_more(good: int, how: str, workers: int, order: Random) -> None:
    done = walk([ANSWERS] * good + [how] * 10 * ROW, workers, order)
    assert done.is_hopeless
    assert done.projects <= good + ROW
    assert done.requests <= good + ATTEMPTS * ROW


@given(st.lists(st.sampled_from([ANSWERS, FAILS, REFUSES])), connections, st.randoms(use_true_random=False))
def test_nobody_waits_for_ever(projects: list[str], workers: int, order: Random) -> None:
    done = walk(projects, workers, order)
    assert done.is_hopeless or done.projects == len(projects)


def failed(breaker: Breaker, projects: int, attempt: int = 0, *, busy: bool = False) -> None:
    for number in [breaker.ask(attempt) for _ in range(projects)]:
        breaker.fail(number, busy=busy)


def test_an_answer_ends_only_the_row_before_it() -> None:
    breaker = Breaker()
    early = [breaker.ask(0) for _ in range(2)]
    failed(breaker, ROW // 2)
    late = breaker.ask(0)
    failed(breaker, ROW - 1)
    breaker.answer(late)
    for number in early:
        breaker.answer(number)
    failed(breaker, 1)
    assert breaker.is_hopeless


def test_while_one_of_a_row_may_still_answer_it_is_waited_for() -> None:
    breaker = Breaker()
    slow = breaker.ask(0)
    failed(breaker, ROW - 1)
    assert (breaker.may_ask(0), breaker.is_hopeless) == (False, False)
    breaker.answer(slow)
    assert (breaker.may_ask(0), breaker.is_hopeless) == (True, False)
    failed(breaker, 1)
    assert breaker.is_hopeless


def test_a_later_attempt_that_is_answered_ends_the_row_where_it_was_made() -> None:
    breaker = Breaker()
    failed(breaker, ROW - 1)
    again = breaker.ask(1)
    failed(breaker, ROW - 1, attempt=1, busy=True)
    breaker.answer(again)
    failed(breaker, ROW - 1)
    assert not breaker.is_hopeless
    failed(breaker, 1)
    assert breaker.is_hopeless


def test_nobody_is_asked_again_before_all_failed_that_were_asked_once_until_one_answered() -> None:
    breaker = Breaker()
    failed(breaker, 1)
    first, second = breaker.ask(0), breaker.ask(0)
    assert not breaker.may_ask(1)
    breaker.fail(first, busy=False)
    assert not breaker.may_ask(1)
    breaker.answer(second)
    breaker.ask(0)
    assert breaker.may_ask(1)


@pytest.mark.parametrize(("answered", "busy", "is_dead"), [(0, False, True), (1, False, False), (0, True, False)])
def test_some_that_failed_twice_are_enough_where_nobody_answered(answered: int, busy: bool, is_dead: bool) -> None:
    breaker = Breaker()
    for number in [breaker.ask(0) for _ in range(answered)]:
        breaker.answer(number)
    failed(breaker, DEAD)
    failed(breaker, DEAD - 1, attempt=1, busy=busy)
    assert not breaker.is_hopeless
    failed(breaker, 1, attempt=1, busy=busy)
    assert breaker.is_hopeless is is_dead


def test_who_is_sent_away_goes_unless_what_was_asked_later_is_answered() -> None:
    breaker = Breaker()
    before, refused, after = breaker.ask(0), breaker.ask(0), breaker.ask(0)
    breaker.fail(refused, busy=True)
    breaker.send_away(refused)
    breaker.answer(before)
    assert breaker.is_hopeless
    breaker.answer(after)
    assert not breaker.is_hopeless
