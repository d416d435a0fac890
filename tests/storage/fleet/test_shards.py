"""Each shard has one holder at a time, by the database's clock, and there is one number of shards."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from storage.engine.engine import Engine
from storage.fleet.identify_buckets import IdentifyBuckets
from storage.fleet.shards import ShardLeases
from tests.storage.engines import OpenEngine, PassedOn


@dataclass(frozen=True, slots=True)
class Later(PassedOn):
    """A database whose clock is ahead by so many seconds, as it will be then."""

    seconds: float

    async def clock(self) -> float:
        return await self.engine.clock() + self.seconds


LASTS = 45.0


def leases(database: Engine, later: float = 0.0) -> ShardLeases:
    return ShardLeases(Later(database, later), LASTS)


def everything(_held: dict[int, str]) -> int:
    return 10_000


async def test_the_first_says_how_many_there_are(database: Engine) -> None:
    assert await leases(database).agree(4) == 4
    assert await leases(database).agree(8) == 8
    assert await leases(database).claim("one", everything) == frozenset(range(8))
    assert await leases(database).agree(4) == 8
    assert await leases(database).held() == dict.fromkeys(range(8), "one")


async def test_the_number_changes_when_nobody_holds_any_of_the_old(database: Engine) -> None:
    await leases(database).agree(4)
    await leases(database).claim("one", everything)
    assert await leases(database, LASTS - 1).agree(2) == 4
    assert await leases(database, LASTS + 1).agree(2) == 2
    assert await leases(database).claim("two", everything) == {0, 1}


async def test_a_lease_ends_by_itself_and_then_another_has_it(database: Engine) -> None:
    await leases(database).agree(2)
    assert await leases(database).claim("one", everything) == {0, 1}
    assert await leases(database, LASTS - 1).claim("two", everything) == frozenset()
    assert await leases(database, LASTS + 1).claim("two", everything) == {0, 1}
    assert await leases(database, LASTS + 1).renew("one") == frozenset()


async def test_one_that_is_renewed_goes_on(database: Engine) -> None:
    await leases(database).agree(2)
    await leases(database).claim("one", everything)
    assert await leases(database, 30).renew("one") == {0, 1}
    assert await leases(database, LASTS + 1).claim("two", everything) == frozenset()
    assert await leases(database, LASTS + 31).renew("one") == frozenset()


async def test_what_is_given_up_is_free_at_once(database: Engine) -> None:
    await leases(database).agree(4)
    await leases(database).claim("one", everything)
    await leases(database).give_up("two", [0])
    await leases(database).give_up("one", [2, 3])
    assert await leases(database).held() == {0: "one", 1: "one"}
    assert await leases(database).claim("two", everything) == {2, 3}


async def test_whoever_held_a_shard_last_has_it_back(database: Engine) -> None:
    await leases(database).agree(4)
    await leases(database).claim("one", lambda _: 2)
    await leases(database).claim("two", lambda _: 2)
    assert await leases(database, LASTS + 1).claim("two", lambda _: 2) == {2, 3}


async def test_only_shards_among_those_that_are_wanted_are_taken(database: Engine) -> None:
    await leases(database).agree(8)
    assert await leases(database).claim("one", everything, range(2, 4)) == {2, 3}


@pytest.mark.parametrize("shards", [1, 5, 16])
async def test_processes_that_claim_at_once_never_share_a_shard(open_engine: OpenEngine, shards: int) -> None:
    async with AsyncExitStack() as stack:
        opened = [leases(await stack.enter_async_context(open_engine())) for _ in range(4)]
        await asyncio.gather(*(each.agree(shards) for each in opened))
        held: dict[str, frozenset[int]] = {}

        async def act(number: int, seed: int) -> None:
            own, name = opened[number], f"process {number}"
            mine: frozenset[int] = frozenset()
            chance = random.Random(seed)  # noqa: S311 — no secret
            for _ in range(6):
                mine |= await own.claim(name, lambda _: 2)
                assert await own.renew(name) == mine
                gone = frozenset(shard for shard in mine if chance.random() < 0.3)
                await own.give_up(name, gone)
                mine -= gone
            held[name] = mine

        await asyncio.gather(*(act(number, number) for number in range(4)))
        known = await opened[0].held()
        assert known == {shard: name for name, own in held.items() for shard in own}
        assert sum(map(len, held.values())) == len(known)


# Sessions


async def test_a_bucket_has_one_turn_in_a_while(database: Engine) -> None:
    buckets = IdentifyBuckets(database)
    assert await buckets.take(0, 5) == 0
    wait = await buckets.take(0, 5)
    assert 0 < wait <= 5
    assert await buckets.take(1, 5) == 0
    assert await IdentifyBuckets(Later(database, wait + 0.1)).take(0, 5) == 0


async def test_of_those_who_take_at_once_one_has_the_turn(open_engine: OpenEngine) -> None:
    async with AsyncExitStack() as stack:
        opened = [IdentifyBuckets(await stack.enter_async_context(open_engine())) for _ in range(4)]
        waits = await asyncio.gather(*(each.take(0, 5) for each in opened))
    assert sorted(wait > 0 for wait in waits) == [False, True, True, True]


async def test_a_turn_noted_by_a_clock_that_was_ahead_keeps_nobody(database: Engine) -> None:
    assert await IdentifyBuckets(Later(database, 86_400)).take(0, 5) == 0
    assert await IdentifyBuckets(database).take(0, 5) == 0
