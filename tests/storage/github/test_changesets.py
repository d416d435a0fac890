"""What comes of an event is written down all at once; again, and in any order, it comes to the same."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.errors import StorageError
from bot.core.triage.actions import ActionKind, Outcome
from bot.core.triage.changeset import Changeset, LabelOverride, MarkKind, Progress
from storage.engine.engine import Engine
from storage.engine.rows import Row
from storage.github.audit import Audit
from storage.github.changesets import Changesets
from storage.github.inbox import Inbox
from storage.github.marks import ThreadMarks
from storage.github.outbox import Outbox
from storage.github.overrides import LabelOverrides
from storage.github.reviews import Reviews
from storage.github.thread_events import ThreadEvents
from storage.github.threads import Threads
from tests.databases import NewPlace, open_database
from tests.examples import examples
from tests.storage.engines import Refusing
from tests.storage.made_threads import (
    ADD,
    COMMENT,
    ENTRY,
    EVENT,
    LABELLED,
    MARK,
    NODE,
    NOW,
    NUMPY,
    OVERRIDE,
    REVIEW,
    THREAD,
    action,
    event,
    seconds,
)

FULL = Changeset(
    delivery="d1",
    thread=THREAD,
    events=(EVENT, LABELLED),
    entries=(ENTRY,),
    actions=(ADD, COMMENT),
    overrides=(OVERRIDE,),
    marks=(MARK,),
    reviews=(REVIEW,),
)
TABLES = ("threads", "thread_events", "outbox", "label_overrides", "thread_marks", "reviews", "audit")


async def stored(database: Engine) -> dict[str, list[Row]]:
    """Return all rows that changesets write."""
    return {table: await database.read(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in TABLES}  # noqa: S608 — ours


async def test_all_of_it_is_written_and_the_delivery_closed(database: Engine) -> None:
    inbox = Inbox(database)
    await inbox.receive_many([("d1", event("a"))], NOW)
    await Changesets(database).record(FULL, NOW)
    assert await inbox.next_due() is None
    assert await Threads(database).get(NODE) == THREAD
    assert await ThreadEvents(database).between(1, 9) == (EVENT, LABELLED)
    assert await Audit(database).of_node(NODE) == (ENTRY,)
    assert [entry.action for entry in await Outbox(database).of_thread(NODE)] == [ADD, COMMENT]
    assert await LabelOverrides(database).of(NODE) == {OVERRIDE.label: OVERRIDE}
    assert await ThreadMarks(database).of(NODE) == {MARK.kind: MARK}
    assert await Reviews(database).last("crash", 2) == (True,)


async def test_an_empty_one_only_closes_its_delivery(database: Engine) -> None:
    inbox = Inbox(database)
    await inbox.receive_many([("d1", event("a"))], NOW)
    await inbox.receive_many([("d2", event("b"))], NOW)
    await Changesets(database).record(Changeset(), NOW)
    await Changesets(database).record(Changeset("d2"), NOW)
    assert [received.delivery for received in await inbox.claim("me", NOW, 9)] == ["d1"]
    assert not any((await stored(database)).values())


@pytest.mark.parametrize("table", [*TABLES, "inbox"])
async def test_where_any_part_cannot_be_written_none_is(database: Engine, table: str) -> None:
    inbox = Inbox(database)
    await inbox.receive_many([("d1", event("a"))], NOW)
    words = "UPDATE inbox" if table == "inbox" else f"INSERT INTO {table} "
    with pytest.raises(StorageError):
        await Changesets(Refusing(database, words)).record(FULL, NOW)
    assert not any((await stored(database)).values())
    assert await inbox.next_due() == NOW


async def test_again_it_adds_nothing(database: Engine) -> None:
    changesets = Changesets(database)
    await changesets.record(FULL, NOW)
    before = await stored(database)
    await changesets.record(FULL, NOW)
    assert await stored(database) == before


async def test_again_it_does_not_do_again_what_is_done(database: Engine) -> None:
    outbox = Outbox(database)
    await Changesets(database).record(FULL, NOW)
    entry = await outbox.claim(NOW, "me")
    assert entry is not None
    await outbox.record(replace(entry, progress=Progress.CONFIRMED, due=None, written=5), "me")
    await Changesets(database).record(FULL, seconds(60))
    assert [entry.progress for entry in await outbox.of_thread(NODE)] == [Progress.CONFIRMED, Progress.PLANNED]


async def test_two_processes_may_settle_the_same_at_once(address: str, tmp_path: Path) -> None:
    async with open_database(address) as one, open_database(address) as other:
        await asyncio.gather(*(Changesets(each).record(FULL, NOW) for each in (one, other)))
        alone = tmp_path / "alone.db"
        async with open_database(alone) as database:
            await Changesets(database).record(FULL, NOW)
            assert await stored(one) == await stored(database)


async def test_a_repository_that_is_gone_has_nothing_left_to_do(database: Engine) -> None:
    outbox, inbox = Outbox(database), Inbox(database)
    changesets = Changesets(database)
    await changesets.record(Changeset(actions=(ADD, action("x", "I_2", "scipy/scipy"))), NOW)
    await inbox.receive_many([("d1", event("removed"))], NOW)
    gone = Changeset("d1", cancelled=NUMPY)
    await changesets.record(gone, NOW)
    (dropped,) = await outbox.of_thread(NODE)
    assert (dropped.progress, dropped.due) == (Progress.DROPPED, None)
    assert dropped.reason == "The App was removed from the repository."
    assert (await outbox.of_thread("I_2"))[0].progress is Progress.PLANNED
    # It is installed again; that the same removal is settled once more must not take what is new.
    await changesets.record(Changeset(actions=(COMMENT,)), NOW)
    await changesets.record(gone, NOW)
    assert [entry.progress for entry in await outbox.of_thread(NODE)] == [Progress.DROPPED, Progress.PLANNED]


# The latest counts


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_the_latest_override_counts_in_whatever_order_they_arrive(
    database: Engine, order: tuple[int, ...]
) -> None:
    overrides = [
        replace(OVERRIDE, wanted=number == 1, at=seconds(number % 2), actor=str(number)) for number in range(3)
    ]
    for number in order:
        await Changesets(database).record(Changeset(overrides=(overrides[number],)), NOW)
    assert await LabelOverrides(database).of(NODE) == {OVERRIDE.label: overrides[1]}


async def test_of_two_overrides_at_once_the_one_against_the_label_counts(database: Engine) -> None:
    wanted, unwanted = replace(OVERRIDE, wanted=True, actor="z"), replace(OVERRIDE, wanted=False, actor="a")
    other_label, other_thread = replace(wanted, label="other"), replace(wanted, node_id="I_2")
    for pair in ((wanted, unwanted, other_label), (unwanted, wanted, other_thread)):
        await Changesets(database).record(Changeset(overrides=pair), NOW)
        assert (await LabelOverrides(database).of(NODE))[OVERRIDE.label] == unwanted
    assert await LabelOverrides(database).of(NODE) == {OVERRIDE.label: unwanted, "other": other_label}
    assert await LabelOverrides(database).of("I_2") == {OVERRIDE.label: other_thread}


async def test_what_was_said_of_a_thread_can_be_taken_back(database: Engine) -> None:
    said, back = replace(MARK, at=seconds(1)), replace(MARK, value="", at=seconds(2))
    ignored = replace(MARK, kind=MarkKind.IGNORE, value="yes")
    for marks in ((back, ignored), (said,)):
        await Changesets(database).record(Changeset(marks=marks), NOW)
    assert await ThreadMarks(database).of(NODE) == {MarkKind.DUPLICATE: back, MarkKind.IGNORE: ignored}


async def test_the_last_reviews_of_a_version_of_a_rule_are_given(database: Engine) -> None:
    reviews = [
        replace(REVIEW, node_id=f"I_{number}", right=number % 3 == 0, at=seconds(number)) for number in range(25)
    ]
    others = (replace(REVIEW, version=1, right=False), replace(REVIEW, rule="other", right=False))
    await Changesets(database).record(Changeset(reviews=(*reviews, *others)), NOW)
    stores = Reviews(database)
    assert await stores.last("crash", 2) == tuple(number % 3 == 0 for number in range(24, 4, -1))
    assert await stores.last("crash", 1) == (False,)
    assert await stores.last("crash", 2, n=1) == (True,)
    assert await stores.last("nothing", 1) == ()


async def test_a_label_has_one_review_the_latest(database: Engine) -> None:
    first, taken_off = REVIEW, replace(REVIEW, right=False, at=seconds(1))
    for review in (taken_off, first, replace(taken_off, right=True)):
        await Changesets(database).record(Changeset(reviews=(review,)), NOW)
    assert await Reviews(database).last("crash", 2) == (False,)


# Any order, any repetition

# Few of each, so that they often meet.
nodes = st.sampled_from(["I_1", "I_2"])
times = st.integers(0, 1).map(seconds)
people = st.sampled_from(["ann", "bob"])
overrides = st.builds(
    LabelOverride, nodes, st.sampled_from(["bug", "crash"]), st.booleans(), st.just(NUMPY), people, times
)
marks = st.builds(
    lambda node, kind, value, actor, at: replace(MARK, node_id=node, kind=kind, value=value, actor=actor, at=at),
    nodes,
    st.sampled_from([MarkKind.IGNORE, MarkKind.UPSTREAM]),
    st.sampled_from(["", "yes"]),
    people,
    times,
)
reviews = st.builds(
    lambda node, right, at: replace(REVIEW, node_id=node, right=right, at=at), nodes, st.booleans(), times
)
actions = st.builds(
    lambda node, value, kind: action(value, node, kind=kind),
    nodes,
    st.sampled_from(["bug", "crash"]),
    st.sampled_from([ActionKind.ADD_LABEL, ActionKind.REMOVE_LABEL]),
)
events = st.builds(
    lambda node, detail, at: replace(LABELLED, node_id=node, detail=detail, at=at),
    nodes,
    st.sampled_from(["bug", "crash"]),
    times,
)
entries = st.builds(
    lambda planned, outcome, delivery: replace(
        ENTRY,
        delivery=delivery,
        node_id=planned.node_id,
        decision=replace(ENTRY.decision, action=planned, outcome=outcome),
    ),
    actions,
    st.sampled_from(Outcome),
    st.sampled_from(["d1", "d2", None]),
)
settled = st.builds(
    Changeset,
    delivery=st.sampled_from(["d1", "d2", None]),
    overrides=st.lists(overrides, min_size=1, max_size=3).map(tuple),
    marks=st.lists(marks, min_size=1, max_size=3).map(tuple),
    reviews=st.lists(reviews, max_size=2).map(tuple),
    actions=st.lists(actions, max_size=3).map(tuple),
    events=st.lists(events, max_size=3).map(tuple),
    entries=st.lists(entries, max_size=3).map(tuple),
)


COMES_TO = {
    # What they come to, as far as it does not depend on which was first.
    "label_overrides": "node_id, label, wanted, repository, actor, at",
    "thread_marks": "node_id, kind, value, actor, at",
    "reviews": "rule, version, node_id, label, held, at",
    "outbox": "key",
    "thread_events": "node_id, kind, detail, happened",
    "audit": "key",
}


async def outcome_of(changesets: Iterable[Changeset], database: Engine) -> dict[str, list[Row]]:
    """Record changesets in a database, tell what they come to, and empty it again."""
    for changeset in changesets:
        await Changesets(database).record(changeset, NOW)
    found = {
        table: sorted(await database.read(f"SELECT {columns} FROM {table}"), key=repr)  # noqa: S608 — ours
        for table, columns in COMES_TO.items()
    }
    async with database.transaction() as transaction:
        for table in COMES_TO:
            await transaction.run(f"DELETE FROM {table}")  # noqa: S608 — ours
    return found


@settings(max_examples=examples(10))  # each opens a database and fills it twice
@given(st.lists(settled, min_size=2, max_size=4), st.randoms(use_true_random=False), st.integers(1, 2))
def test_any_order_and_repetition_of_changesets_comes_to_the_same(
    new_place: NewPlace, once: list[Changeset], chance: Random, times_over: int
) -> None:
    shuffled = once * times_over
    chance.shuffle(shuffled)

    async def compare() -> None:
        async with open_database(await new_place()) as database:
            assert await outcome_of(shuffled, database) == await outcome_of(once, database)

    asyncio.run(compare())
