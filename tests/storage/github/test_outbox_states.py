"""What becomes of an outbox entry: the changes that storage makes are those that docs/design.md lists."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from bot.core.triage.actions import Action
from bot.core.triage.changeset import Changeset, OutboxEntry, Progress
from storage.engine.engine import Engine
from storage.github.changesets import Changesets
from storage.github.outbox import Outbox
from tests.steps import documented
from tests.storage.made_threads import ADD, NOW, seconds

ENDS = (Progress.CONFIRMED, Progress.DROPPED, Progress.REFUSED)


async def plan(outbox: Outbox, action: Action) -> None:
    await Changesets(outbox.database).record(Changeset(actions=(action,)), NOW)


async def cancel(outbox: Outbox, action: Action) -> None:
    await Changesets(outbox.database).record(Changeset(cancelled=action.ref.repository), NOW)


async def claimed(outbox: Outbox, action: Action) -> OutboxEntry:
    await plan(outbox, action)
    entry = await outbox.claim(NOW, "me")
    assert entry is not None
    return entry


async def begun(outbox: Outbox, action: Action) -> OutboxEntry:
    entry = await claimed(outbox, action)
    assert await outbox.begin(entry, "me", NOW)
    return entry.begun(NOW, seconds(150))


async def cancelled(outbox: Outbox, action: Action) -> OutboxEntry:
    entry = await claimed(outbox, action)
    await cancel(outbox, action)
    return entry


async def cancelled_on_its_way(outbox: Outbox, action: Action) -> OutboxEntry:
    entry = await begun(outbox, action)
    await cancel(outbox, action)
    return entry


def over(progress: Progress) -> Callable[[Outbox, Action], Awaitable[OutboxEntry]]:
    async def reach(outbox: Outbox, action: Action) -> OutboxEntry:
        entry = await begun(outbox, action)
        assert await outbox.record(entry.ended(progress, "So."), "me")
        return entry

    return reach


REACHED = (claimed, begun, cancelled, cancelled_on_its_way, *map(over, ENDS))
"""Every state that an entry can be in, with whoever claimed it still at work on what it was when it did."""


async def steps_from(
    outbox: Outbox, number: int, reach: Callable[[Outbox, Action], Awaitable[OutboxEntry]]
) -> set[str]:
    """Do all that can be done with an entry in a state, each with one of its own; gives what it was and became."""

    async def begin(entry: OutboxEntry) -> None:
        await outbox.begin(entry, "me", NOW)

    async def put_off(entry: OutboxEntry) -> None:
        await outbox.record(entry.put_off(seconds(60), "Later."), "me")

    async def take_back(entry: OutboxEntry) -> None:
        await outbox.record(entry.unsent().put_off(seconds(60), "Later."), "me")

    async def plan_again(entry: OutboxEntry) -> None:
        await plan(outbox, entry.action)

    async def cancel_again(entry: OutboxEntry) -> None:
        await cancel(outbox, entry.action)

    def end(progress: Progress) -> Callable[[OutboxEntry], Awaitable[None]]:
        async def record(entry: OutboxEntry) -> None:
            await outbox.record(entry.ended(progress, "So."), "me")

        return record

    steps = set()
    for place, act in enumerate((begin, put_off, take_back, plan_again, cancel_again, *map(end, ENDS))):
        ref = replace(ADD.ref, repository=f"demo/{number}-{place}")  # one is claimed at a time in a repository
        action = replace(ADD, ref=ref, node_id=f"I_{number}_{place}")
        entry = await reach(outbox, action)
        before = await outbox.get(action.key)
        await act(entry)
        after = await outbox.get(action.key)
        assert before is not None
        assert after is not None
        steps.add(f"{before.progress} {after.progress}")
        assert (after.due is None) is (after.progress in ENDS)
        await outbox.record(after.ended(Progress.REFUSED, "Enough."), "me")
    return steps


async def test_an_entry_changes_as_the_page_says_and_in_no_other_way(database: Engine) -> None:
    outbox = Outbox(database)
    steps: set[str] = set()
    for number, reach in enumerate(REACHED):
        steps |= await steps_from(outbox, number, reach)
    assert {tuple(step.split()) for step in steps if len(set(step.split())) > 1} == documented("outbox")


@pytest.mark.parametrize("table", ["outbox", "posts"])
def test_the_page_lists_states_that_there_are(table: str) -> None:
    assert len(documented(table)) > 10
