"""The inbox keeps what happened once, in the order in which it arrived, until it was worked on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.core.errors import StorageError
from bot.core.github.events import Received
from storage.engine.engine import Engine
from storage.github.inbox import LONGEST_WAIT, Inbox
from tests.storage.engines import Refusing
from tests.storage.made_threads import HAPPENING, NOW, event, seconds

FAR = NOW + timedelta(days=400)


@pytest.fixture
def inbox(database: Engine) -> Inbox:
    return Inbox(database)


async def names(inbox: Inbox, limit: int = 99) -> list[str]:
    """List the deliveries that are due."""
    return [received.delivery for received in await inbox.claim("me", NOW, limit)]


async def test_what_happened_is_read_back_as_it_was(inbox: Inbox) -> None:
    assert await inbox.receive_many([("d1", HAPPENING)], NOW)
    assert await inbox.receive_many([("d2", event("b"))], NOW)
    assert await inbox.claim("me", NOW, 99) == (Received("d1", HAPPENING, NOW), Received("d2", event("b"), NOW))


async def test_a_delivery_or_an_event_that_is_known_is_not_kept_again(inbox: Inbox) -> None:
    assert await inbox.receive_many([("d1", event("a"))], NOW)
    assert not await inbox.receive_many([("d1", event("b"))], NOW)
    assert not await inbox.receive_many([("d2", event("a"))], NOW)
    assert await names(inbox) == ["d1"]
    await inbox.close("d1")
    assert not await inbox.receive_many([("d1", event("b"))], NOW)
    assert not await inbox.receive_many([("d2", event("a"))], NOW)
    assert await inbox.known(["d1", "d2"]) == {"d1"}
    assert await inbox.known([]) == frozenset()


async def test_known_deliveries_are_told_of_however_many_are_asked_for(inbox: Inbox) -> None:
    await inbox.receive_many([(f"d{number}", event(str(number))) for number in range(0, 1200, 2)], NOW)
    assert await inbox.known([f"d{number}" for number in range(1200)]) == {f"d{number}" for number in range(0, 1200, 2)}


async def test_they_are_due_in_the_order_in_which_they_arrived_whatever_the_clock_says(inbox: Inbox) -> None:
    for number, moment in enumerate([NOW, seconds(-60), FAR, seconds(-1)]):
        await inbox.receive_many([(f"d{number}", event(str(number)))], moment)
    assert await names(inbox) == ["d0", "d1", "d2", "d3"]
    assert await names(inbox, limit=2) == ["d0", "d1"]


async def test_many_are_kept_all_or_none(database: Engine, inbox: Inbox) -> None:
    both = [("d1", event("a")), ("d1/1", event("b")), ("d9", event("a"))]
    with pytest.raises(StorageError):
        await Inbox(Refusing(database, "INSERT INTO inbox", "b")).receive_many(both, NOW)
    assert await inbox.known(["d1"]) == frozenset()
    assert await inbox.receive_many(both, NOW) == 2
    assert await inbox.receive_many([], NOW) == 0


async def test_what_is_put_off_is_due_later_and_counts_only_failed_attempts(inbox: Inbox) -> None:
    await inbox.receive_many([("d1", event("a"))], NOW)
    await inbox.receive_many([("d2", event("b"))], NOW)
    await inbox.put_off("d1", seconds(120))
    assert await names(inbox) == ["d2"]
    assert await inbox.next_due() == NOW
    await inbox.put_off("d2", seconds(180), "GitHub is down.")
    assert await inbox.next_due() == seconds(120)
    assert [(row.delivery, row.attempts) for row in await inbox.claim("me", seconds(180), 9)] == [("d1", 0), ("d2", 1)]


async def test_what_was_put_off_by_a_clock_that_was_ahead_is_due(inbox: Inbox) -> None:
    await inbox.receive_many([("d1", event("a"))], NOW)
    await inbox.put_off("d1", NOW + LONGEST_WAIT)
    assert await names(inbox) == []
    await inbox.put_off("d1", FAR)
    assert await names(inbox) == ["d1"]


async def test_what_is_closed_is_never_due_again(inbox: Inbox) -> None:
    await inbox.receive_many([("d1", event("a"))], NOW)
    await inbox.close("d1", "Nothing to do.")
    await inbox.put_off("d1", NOW)
    assert await names(inbox) == []
    assert await inbox.next_due() is None


async def test_only_what_is_old_and_closed_is_forgotten(inbox: Inbox) -> None:
    for number in range(3):
        await inbox.receive_many([(f"d{number}", event(str(number)))], seconds(number))
    await inbox.close("d0")
    await inbox.close("d2")
    assert await inbox.prune(seconds(2)) == 1
    assert await inbox.known(["d0", "d1", "d2"]) == {"d1", "d2"}
    assert await inbox.receive_many([("d0", event("0"))], seconds(9))
    assert [row.delivery for row in await inbox.claim("me", seconds(9), 9)] == ["d1", "d0"]
