"""The audit log: every decision and result once, in the order in which they were written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.github.threads import IssueRef
from bot.core.triage.actions import Decision, Mode, Outcome
from storage.engine.engine import Engine
from storage.github.audit import Audit
from tests.storage.made_threads import ADD, COMMENT, ENTRY, NODE, NOW, REF, seconds

BLOCKED = Decision(COMMENT, Mode.DRY_RUN, Outcome.BLOCKED, "Closed.")
BARE = replace(ENTRY, at=seconds(-9), delivery=None, actor=None, decision=BLOCKED, labels=())


@pytest.fixture
def audit(database: Engine) -> Audit:
    return Audit(database)


async def test_entries_are_read_back_as_they_were_in_the_order_in_which_they_were_written(audit: Audit) -> None:
    assert await audit.of_thread(REF) == ()
    await audit.record([ENTRY, BARE])
    assert await audit.of_thread(REF) == (ENTRY, BARE)
    assert await audit.of_node(NODE) == (ENTRY, BARE)


async def test_the_same_is_not_written_twice(audit: Audit) -> None:
    later = replace(ENTRY, at=seconds(60), labels=("new",))
    await audit.record([ENTRY, ENTRY, BARE])
    await audit.record([later, BARE])
    assert await audit.of_node(NODE) == (ENTRY, BARE)


async def test_what_differs_is_written_beside_it(audit: Audit) -> None:
    different = (
        ENTRY,
        replace(ENTRY, delivery="d2"),
        replace(ENTRY, delivery=None),
        replace(ENTRY, delivery=None, at=seconds(1)),
        replace(ENTRY, decision=replace(ENTRY.decision, outcome=Outcome.DONE)),
        replace(ENTRY, decision=replace(ENTRY.decision, action=replace(ADD, value="other"))),
        replace(ENTRY, decision=replace(ENTRY.decision, action=replace(ADD, rule="other"))),
    )
    await audit.record(different)
    assert await audit.of_node(NODE) == different


async def test_the_last_entries_of_a_place_are_given_whatever_the_case_of_its_repository(audit: Audit) -> None:
    every = tuple(replace(ENTRY, delivery=f"d{number}") for number in range(5))
    elsewhere_ref = IssueRef("numpy/numpy", 1)
    moved = replace(ADD, ref=elsewhere_ref)
    elsewhere = replace(ENTRY, ref=elsewhere_ref, delivery="d9", decision=replace(ENTRY.decision, action=moved))
    await audit.record([*every, elsewhere])
    assert await audit.of_thread(IssueRef("NumPy/Numpy", REF.number), 2) == every[3:]
    assert await audit.of_thread(IssueRef("numpy/numpy", 1)) == (elsewhere,)
    assert await audit.of_node(NODE, 3) == (*every[3:], elsewhere)


async def test_nothing_that_is_written_later_changes_the_time_order_of_writing(audit: Audit) -> None:
    await audit.record([ENTRY])
    await audit.record([replace(ENTRY, at=seconds(-3600), delivery="late")])
    assert [entry.at for entry in await audit.of_node(NODE)] == [NOW, seconds(-3600)]
