"""The inbox keeps what happened once, in the order in which it arrived, until it was worked on."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.errors import StorageError
from bot.core.github.events import GithubEvent, Received
from bot.core.github.threads import IssueRef
from storage.engine.engine import Engine
from storage.github.inbox import CLAIM, LONGEST_WAIT, Inbox
from tests.storage.engines import OpenEngine, Refusing
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


async def test_what_comes_to_several_processes_at_once_is_kept_once_and_refused_to_none(inbox: Inbox) -> None:
    told = [(f"d{number}", event(str(number))) for number in range(30)]
    by_other_names = [(f"other {name}", happened) for name, happened in told]
    new = await asyncio.gather(
        *(inbox.receive_many(some, NOW) for some in (told, told[::-1], by_other_names, by_other_names[::-1]))
    )
    assert sum(new) == len(told)
    assert len(await names(inbox)) == len(told)


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


# Several processes


def about(key: str, number: int | None, repository: str = "numpy/numpy") -> tuple[str, GithubEvent]:
    """Return a delivery about a thread, or about all of a repository."""
    ref = None if number is None else IssueRef(repository, number)
    return key, replace(event(key, repository), ref=ref)


async def claimed(inbox: Inbox, name: str, number: float = 0, most: int = 99) -> list[str]:
    """Claim what there is to be claimed so many seconds later, and list it."""
    return [received.delivery for received in await inbox.claim(name, seconds(number), most)]


async def test_what_happened_to_a_thread_is_with_one_process(inbox: Inbox) -> None:
    told = [about("a1", 1), about("b1", 2), about("a2", 1), about("b2", 2), about("c1", 1, "scipy/scipy")]
    await inbox.receive_many(told, NOW)
    assert await claimed(inbox, "one", most=1) == ["a1"]
    assert await claimed(inbox, "two", most=2) == ["b1", "b2"]
    assert await claimed(inbox, "two") == ["b1", "b2", "c1"]
    assert await claimed(inbox, "one") == ["a1", "a2"]
    await inbox.close("b1")
    assert await claimed(inbox, "one") == ["a1", "a2"]
    await inbox.close("b2")
    await inbox.receive_many([about("b3", 2)], NOW)
    assert await claimed(inbox, "one") == ["a1", "a2", "b3"]


async def test_what_happened_to_a_repository_comes_between_what_happened_to_its_threads(inbox: Inbox) -> None:
    await inbox.receive_many([about("a1", 1), about("all", None), about("a2", 2), about("x", 2, "scipy/scipy")], NOW)
    assert await claimed(inbox, "one", most=2) == ["a1", "all"]
    assert await claimed(inbox, "two") == ["x"]
    await inbox.close("all")
    assert await claimed(inbox, "two") == ["a2", "x"]
    await inbox.receive_many([about("all again", None)], NOW)
    assert await claimed(inbox, "one") == ["a1"]


async def test_a_claim_ends_by_itself_unless_it_is_extended(inbox: Inbox) -> None:
    await inbox.receive_many([about("a1", 1), about("b1", 2)], NOW)
    half, whole = CLAIM.total_seconds() / 2, CLAIM.total_seconds()
    assert await claimed(inbox, "one") == ["a1", "b1"]
    assert await inbox.keep_claim("a1", "one", seconds(half))
    assert not await inbox.keep_claim("a1", "two", seconds(half))
    assert await claimed(inbox, "two", whole - 1) == []
    assert await claimed(inbox, "two", whole) == ["b1"]
    assert not await inbox.keep_claim("b1", "one", seconds(whole))
    assert await claimed(inbox, "two", half + whole) == ["a1", "b1"]
    assert not await inbox.keep_claim("a1", "one", seconds(half + whole))


async def test_a_claim_that_has_ended_is_not_extended_even_if_nobody_took_it(inbox: Inbox) -> None:
    await inbox.receive_many([about("a1", 1)], NOW)
    assert await claimed(inbox, "one") == ["a1"]
    assert not await inbox.keep_claim("a1", "one", NOW + CLAIM)


async def test_a_claim_by_a_clock_that_was_ahead_does_not_hold(inbox: Inbox) -> None:
    await inbox.receive_many([about("a1", 1)], NOW)
    assert await claimed(inbox, "one", timedelta(days=1).total_seconds()) == ["a1"]
    assert await claimed(inbox, "two") == ["a1"]


async def test_what_is_put_off_is_anybodys(inbox: Inbox) -> None:
    await inbox.receive_many([about("a1", 1), about("a2", 1)], NOW)
    assert await claimed(inbox, "one", most=1) == ["a1"]
    await inbox.put_off("a1", seconds(60))
    assert await claimed(inbox, "two") == ["a2"]
    await inbox.close("a2")
    assert await claimed(inbox, "two", 60) == ["a1"]


async def test_processes_that_claim_at_once_work_on_each_thread_one_at_a_time_and_in_order(
    open_engine: OpenEngine,
) -> None:
    threads, happenings = 5, 8
    at_it: Counter[int] = Counter()
    done: dict[int, list[int]] = {thread: [] for thread in range(threads)}

    async def work(inbox: Inbox, name: str) -> None:
        while await inbox.next_due() is not None:
            for received in await inbox.claim(name, NOW, 3):
                thread, number = (int(part) for part in received.delivery.split("-"))
                at_it[thread] += 1
                assert at_it[thread] == 1
                await inbox.known([received.delivery])  # something that takes a moment
                done[thread].append(number)
                at_it[thread] -= 1
                await inbox.close(received.delivery)

    async with AsyncExitStack() as stack:
        inboxes = [Inbox(await stack.enter_async_context(open_engine())) for _ in range(3)]
        told = [about(f"{thread}-{number}", thread) for number in range(happenings) for thread in range(threads)]
        await inboxes[0].receive_many(told, NOW)
        await asyncio.gather(*(work(inbox, str(number)) for number, inbox in enumerate(inboxes)))
    assert done == {thread: list(range(happenings)) for thread in range(threads)}
