"""The outbox: who claims an entry does it, one at a time in a repository, and how it ends is known for good."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.core.errors import StorageError
from bot.core.triage.actions import Action, ActionKind, Priority
from bot.core.triage.changeset import Changeset, OutboxEntry, Progress
from storage.engine.engine import Engine
from storage.github.audit import Audit
from storage.github.changesets import Changesets
from storage.github.outbox import CLAIM, LONGEST_PAUSE, Outbox
from tests.storage.engines import OpenEngine, Refusing
from tests.storage.made_threads import ADD, COMMENT, ENTRY, NODE, NOW, NUMPY, action, seconds

MOMENT = timedelta(seconds=1)
SCIPY = "scipy/scipy"
EVERY = frozenset(Priority)


@pytest.fixture
def outbox(database: Engine) -> Outbox:
    return Outbox(database)


async def plan(outbox: Outbox, *actions: Action, now: datetime = NOW) -> None:
    """Plan actions."""
    await Changesets(outbox.database).record(Changeset(actions=actions), now)


async def claimed(outbox: Outbox, name: str = "me", now: datetime = NOW) -> OutboxEntry:
    """Claim an entry that is there to be claimed."""
    entry = await outbox.claim(now, name)
    assert entry is not None
    return entry


async def sent(outbox: Outbox, *actions: Action, now: datetime = NOW) -> None:
    """Plan actions, and do them."""
    await plan(outbox, *actions, now=now)
    for _ in actions:
        entry = await claimed(outbox, now=now)
        assert await outbox.begin(entry, "me", now)
        assert await outbox.record(replace(entry, progress=Progress.CONFIRMED, due=None), "me")


async def test_an_action_is_planned_once_and_read_back_as_it_was(outbox: Outbox) -> None:
    assert await outbox.get(ADD.key) is None
    assert await outbox.next_due() is None
    await plan(outbox, ADD, COMMENT)
    await plan(outbox, replace(ADD, evidence="other"), now=seconds(60))
    planned = tuple(OutboxEntry(action, Progress.PLANNED, planned=NOW, due=NOW) for action in (ADD, COMMENT))
    assert await outbox.of_thread(NODE) == planned
    assert await outbox.get(ADD.key) == planned[0]
    assert await outbox.next_due() == NOW


async def test_entries_are_claimed_in_the_order_in_which_they_were_planned(outbox: Outbox) -> None:
    await plan(outbox, *(action(str(number), repository=f"org/{number}") for number in range(5)))
    assert [(await claimed(outbox)).action.value for _ in range(5)] == ["0", "1", "2", "3", "4"]
    assert await outbox.claim(NOW, "me") is None


async def test_in_a_repository_one_entry_is_claimed_at_a_time(outbox: Outbox) -> None:
    await plan(outbox, action("a"), action("b", "I_2"), action("c", "I_3", SCIPY))
    first = await claimed(outbox, "one")
    assert first.action.value == "a"
    assert (await claimed(outbox, "one")).action.value == "c"
    assert await outbox.claim(NOW, "one") is None
    assert await outbox.claim(NOW, "two") is None
    assert await outbox.record(replace(first, progress=Progress.CONFIRMED, due=None), "one")
    assert (await claimed(outbox, "two")).action.value == "b"


async def test_a_claim_keeps_others_away_until_it_ends(outbox: Outbox) -> None:
    await plan(outbox, ADD)
    mine = await claimed(outbox, "one")
    assert await outbox.claim(NOW + CLAIM - MOMENT, "two") is None
    theirs = await claimed(outbox, "two", NOW + CLAIM)
    assert theirs == mine
    assert not await outbox.begin(mine, "one", NOW + CLAIM)
    assert not await outbox.record(replace(mine, progress=Progress.CONFIRMED), "one", [ENTRY])
    assert await Audit(outbox.database).of_node(NODE) == ()
    assert await outbox.begin(theirs, "two", NOW + CLAIM)


async def test_to_begin_extends_the_claim(outbox: Outbox) -> None:
    await plan(outbox, ADD)
    late = NOW + CLAIM - MOMENT
    assert await outbox.begin(await claimed(outbox, "one"), "one", late)
    assert await outbox.claim(NOW + CLAIM, "two") is None
    found = await claimed(outbox, "two", late + CLAIM)
    assert (found.progress, found.sent) == (Progress.SENT, late)


async def test_a_claim_by_a_clock_that_was_ahead_does_not_hold(outbox: Outbox) -> None:
    await plan(outbox, ADD, action("b"))
    await claimed(outbox, "one", NOW + timedelta(days=9))
    assert (await claimed(outbox, "two")).action == ADD
    assert await outbox.claim(NOW, "two") is None


async def test_a_claim_holds_while_the_clock_is_corrected(outbox: Outbox) -> None:
    await plan(outbox, ADD, action("b"))
    await claimed(outbox, "one")
    assert await outbox.claim(seconds(-30), "one") is None
    assert await outbox.claim(seconds(-30), "two") is None


async def test_an_entry_put_off_by_a_clock_that_was_ahead_is_due(outbox: Outbox) -> None:
    await plan(outbox, ADD)
    await outbox.record(replace(await claimed(outbox), due=NOW + LONGEST_PAUSE), "me")
    assert await outbox.claim(NOW, "me") is None
    mine = await claimed(outbox, now=NOW + LONGEST_PAUSE)
    await outbox.record(replace(mine, due=NOW + timedelta(days=400)), "me")
    assert (await claimed(outbox)).action == ADD


async def test_an_entry_planned_by_a_clock_that_was_ahead_is_due(outbox: Outbox) -> None:
    await plan(outbox, ADD, now=NOW + timedelta(days=400))
    assert (await claimed(outbox)).action == ADD


async def test_an_entry_that_is_put_off_tells_how_far_it_is(outbox: Outbox) -> None:
    await plan(outbox, ADD)
    mine = await claimed(outbox)
    assert await outbox.begin(mine, "me", seconds(1))
    later = replace(mine, progress=Progress.SENT, sent=seconds(1), due=seconds(150), attempts=1, reason="502")
    assert await outbox.record(later, "me")
    assert await outbox.claim(NOW, "me") is None
    assert await outbox.next_due() == seconds(150)
    assert await claimed(outbox, now=seconds(150)) == later


async def test_what_surely_was_not_sent_is_only_planned_again(outbox: Outbox) -> None:
    await plan(outbox, ADD)
    mine = await claimed(outbox)
    assert await outbox.begin(mine, "me", NOW)
    assert await outbox.counts(NUMPY, EVERY, NOW) == 1
    assert await outbox.record(replace(mine, due=seconds(60), attempts=1), "me")
    assert await outbox.counts(NUMPY, EVERY, NOW) == 0
    again = await claimed(outbox, now=seconds(60))
    assert (again.progress, again.sent) == (Progress.PLANNED, None)


async def test_what_is_about_the_same_label_of_a_thread_is_done_in_order(outbox: Outbox) -> None:
    add, remove = action("bug"), action("bug", kind=ActionKind.REMOVE_LABEL)
    other, elsewhere = action("crash"), action("bug", "I_2")
    await plan(outbox, add, remove, other, elsewhere)
    await outbox.record(replace(await claimed(outbox), due=seconds(60)), "me")
    for expected in (other, elsewhere):
        entry = await claimed(outbox)
        assert entry.action == expected
        await outbox.record(replace(entry, progress=Progress.CONFIRMED, due=None), "me")
    assert await outbox.claim(NOW, "me") is None
    await outbox.record(replace(await claimed(outbox, now=seconds(60)), progress=Progress.REFUSED, due=None), "me")
    assert (await claimed(outbox)).action == remove


async def test_how_it_ended_is_kept_with_what_the_audit_log_says_of_it(outbox: Outbox) -> None:
    audit = Audit(outbox.database)
    await plan(outbox, COMMENT)
    mine = await claimed(outbox)
    assert await outbox.marker_comment(NODE) is None
    assert await outbox.begin(mine, "me", NOW)
    done = replace(mine, progress=Progress.CONFIRMED, sent=NOW, due=None, written=5_000_000_000, reason="Done.")
    with pytest.raises(StorageError):
        await Outbox(Refusing(outbox.database, "INSERT INTO audit")).record(done, "me", [ENTRY])
    assert (await outbox.of_thread(NODE))[0].progress is Progress.SENT
    assert await outbox.record(done, "me", [ENTRY])
    assert await audit.of_node(NODE) == (ENTRY,)
    assert await outbox.get(COMMENT.key) == done
    assert await outbox.marker_comment(NODE) == 5_000_000_000
    assert await outbox.next_due() is None


async def test_only_the_newest_comment_of_the_one_kind_is_the_one_that_is_kept(outbox: Outbox) -> None:
    reply = replace(COMMENT, kind=ActionKind.REPLY, comment=1)
    for number, written in enumerate((COMMENT, replace(COMMENT, body="New"), reply)):
        await plan(outbox, written)
        mine = await claimed(outbox)
        await outbox.record(replace(mine, progress=Progress.CONFIRMED, due=None, written=number), "me")
    assert await outbox.marker_comment(NODE) == 1


async def test_what_was_sent_lately_is_counted(outbox: Outbox) -> None:
    reply, notice = replace(COMMENT, kind=ActionKind.REPLY), replace(COMMENT, kind=ActionKind.NOTICE)
    await sent(outbox, action("early"), now=seconds(-1))
    await sent(outbox, ADD, COMMENT, reply, notice, action("x", "I_9", SCIPY, ActionKind.REACT))
    await plan(outbox, action("planned"))
    assert await outbox.counts(NUMPY, EVERY, NOW) == 4
    assert await outbox.counts(NUMPY, EVERY, seconds(-1)) == 5
    assert await outbox.counts(SCIPY, EVERY, NOW) == 1
    assert [await outbox.counts(NUMPY, {priority}, seconds(-1)) for priority in Priority] == [1, 3, 1, 0]
    assert await outbox.comments_since(NOW) == 3
    assert await outbox.comments_since(seconds(1)) == 0


async def test_what_was_sent_by_a_clock_that_was_far_ahead_is_not_counted(outbox: Outbox) -> None:
    await sent(outbox, COMMENT, now=NOW + timedelta(days=9))
    assert await outbox.counts(NUMPY, EVERY, NOW) == 0
    assert await outbox.comments_since(NOW) == 0


async def test_what_was_dropped_while_it_was_on_its_way_may_be_found_done_and_is_not_tried_again(
    outbox: Outbox,
) -> None:
    await plan(outbox, ADD, action("b"))
    mine = await claimed(outbox)
    assert await outbox.begin(mine, "me", NOW)
    await Changesets(outbox.database).record(Changeset(cancelled=NUMPY), NOW)
    assert [entry.progress for entry in await outbox.of_thread(NODE)] == [Progress.DROPPED] * 2
    assert not await outbox.begin(mine, "me", NOW)
    assert not await outbox.record(replace(mine, progress=Progress.SENT, due=NOW), "me")
    assert await outbox.next_due() is None
    assert await outbox.record(replace(mine, progress=Progress.CONFIRMED, due=None), "me")
    first, second = await outbox.of_thread(NODE)
    assert (first.progress, second.progress) == (Progress.CONFIRMED, Progress.DROPPED)


async def test_several_processes_on_one_database_take_every_entry_once(open_engine: OpenEngine) -> None:
    taken: Counter[str] = Counter()
    open_in: Counter[str] = Counter()

    async def carry(name: str) -> None:
        async with open_engine() as database:
            outbox = Outbox(database)
            while await outbox.next_due() is not None:
                entry = await outbox.claim(NOW, name)
                if entry is None:
                    await asyncio.sleep(0)
                    continue
                repository = entry.action.ref.repository
                open_in[repository] += 1
                assert open_in[repository] == 1
                assert await outbox.begin(entry, name, NOW)
                taken[entry.action.key] += 1
                open_in[repository] -= 1
                assert await outbox.record(replace(entry, progress=Progress.CONFIRMED, due=None), name)

    actions = [action(str(number % 2), f"I_{number}", f"org/{number % 3}") for number in range(24)]
    async with open_engine() as database:
        await plan(Outbox(database), *actions)
    await asyncio.gather(*(carry(name) for name in ("one", "two", "three")))
    assert taken == dict.fromkeys((action.key for action in actions), 1)


async def test_what_people_asked_for_goes_first_and_answers_last(outbox: Outbox) -> None:
    rules = action("by rules")
    asked = replace(action("asked for"), comment=7)
    reply, end = (replace(asked, kind=kind, value=kind.value) for kind in (ActionKind.REPLY, ActionKind.REACT))
    seen = replace(end, value="eyes")
    await plan(outbox, end, seen, reply, rules, asked)
    assert [entry.action for entry in [await done(outbox) for _ in range(5)]] == [asked, rules, seen, reply, end]


async def test_of_one_label_the_order_counts_whoever_asked(outbox: Outbox) -> None:
    added = action("wheels")
    removed = replace(added, kind=ActionKind.REMOVE_LABEL, comment=7)
    await plan(outbox, added, removed)
    assert [entry.action for entry in [await done(outbox) for _ in range(2)]] == [added, removed]


async def done(outbox: Outbox) -> OutboxEntry:
    """Claim an entry and do it."""
    entry = await claimed(outbox)
    assert await outbox.record(replace(entry, progress=Progress.CONFIRMED, due=None), "me")
    return entry


async def test_what_was_dropped_is_planned_anew_as_the_last(outbox: Outbox) -> None:
    other = replace(ADD, kind=ActionKind.REMOVE_LABEL)
    await plan(outbox, ADD, other)
    mine = await claimed(outbox)
    await outbox.record(replace(mine, progress=Progress.DROPPED, due=None, attempts=3, forbidden=1, reason="No."), "me")
    await plan(outbox, ADD, now=seconds(60))
    assert await outbox.get(ADD.key) == OutboxEntry(ADD, Progress.PLANNED, planned=seconds(60), due=seconds(60))
    assert [entry.action for entry in await outbox.of_thread(NODE)] == [other, ADD]


@pytest.mark.parametrize("progress", [Progress.CONFIRMED, Progress.REFUSED])
async def test_what_was_done_or_refused_is_not_planned_anew(outbox: Outbox, progress: Progress) -> None:
    await plan(outbox, ADD)
    over = replace(await claimed(outbox), progress=progress, due=None)
    await outbox.record(over, "me")
    await plan(outbox, ADD, now=seconds(60))
    assert await outbox.get(ADD.key) == over


async def test_what_was_sent_before_it_was_dropped_is_looked_for_when_it_is_planned_anew(outbox: Outbox) -> None:
    await plan(outbox, ADD)
    mine = await claimed(outbox)
    assert await outbox.begin(mine, "me", NOW)
    await outbox.record(replace(mine, progress=Progress.DROPPED, sent=NOW, due=None), "me")
    await plan(outbox, ADD, now=seconds(60))
    again = await outbox.get(ADD.key)
    assert again is not None
    assert (again.progress, again.sent) == (Progress.SENT, NOW)


async def test_what_is_said_once_in_a_repository_is_planned_anew_where_it_is_said_now(outbox: Outbox) -> None:
    notice = replace(COMMENT, kind=ActionKind.NOTICE)
    await plan(outbox, notice)
    await outbox.record(replace(await claimed(outbox), progress=Progress.DROPPED, due=None), "me")
    elsewhere = replace(notice, node_id="I_2", body="On another thread.")
    await plan(outbox, elsewhere)
    assert await outbox.of_thread(NODE) == ()
    assert [entry.action for entry in await outbox.of_thread("I_2")] == [elsewhere]
