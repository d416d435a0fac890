"""Processes share the shards of one bot by leases: each is held once, whoever comes, goes, hangs or is cut off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from bot.core.errors import StorageError
from bot.core.fleet.shards import Auto, ShardRange
from bot.services.fleet.shards import LeasedShards, ToldShards
from storage.engine.engine import Transaction
from storage.engine.rows import Row, Value
from storage.fleet.shards import ShardLeases
from tests.patience import at_most
from tests.storage.engines import OpenEngine, PassedOn

LASTS, SAFE = 45.0, 30.0


@dataclass(slots=True)
class Times:
    """Seconds that all clocks are ahead, the database's and those of processes."""

    ahead: float = 0.0

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time() + self.ahead


@dataclass(slots=True)
class Cut:
    """What is wrong with a process's way to the database."""

    fails: bool = False
    hangs: bool = False
    stuck: bool = False
    written: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def look(self) -> None:
        if self.hangs:
            await asyncio.Event().wait()
        if self.fails:
            raise StorageError("It is gone. Bring it back.")


@dataclass(frozen=True, slots=True)
class Distant(PassedOn):
    """A database by a way that may be cut, at another time."""

    times: Times
    cut: Cut

    async def clock(self) -> float:
        await self.cut.look()
        return await self.engine.clock() + self.times.ahead

    async def read(self, statement: str, values: Sequence[Value] = ()) -> list[Row]:
        await self.cut.look()
        while self.cut.stuck:  # and cannot be given up
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0.01)
        return await self.engine.read(statement, values)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        await self.cut.look()
        async with self.engine.transaction() as transaction:
            yield transaction
        self.cut.written += 1
        self.cut.changed.set()


@dataclass(slots=True, eq=False)
class Process:
    """One process: what it holds, as it was told."""

    fleet: Fleet
    name: str
    cut: Cut
    sharding: LeasedShards
    shards: frozenset[int] = frozenset()
    count: int = 0
    told: int = 0
    task: asyncio.Task[None] | None = None

    async def hold(self, shards: frozenset[int], count: int) -> None:
        """Note what is held; none of it may be another's now."""
        self.told += 1
        self.shards, self.count = shards, count
        taken = [shard for other in self.fleet.processes for shard in other.shards if other.count == count]
        self.fleet.doubled |= {shard for shard in taken if taken.count(shard) > 1}
        self.fleet.changed.set()


@dataclass(slots=True)
class Fleet:
    """Processes on one database."""

    open_engine: OpenEngine
    stack: AsyncExitStack
    times: Times = field(default_factory=Times)
    processes: list[Process] = field(default_factory=list)
    doubled: set[int] = field(default_factory=set)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self, advised: int = 16, shards: ShardRange | Auto = Auto.AUTO, *, safe: float = SAFE) -> Process:
        """Start one more."""
        engine = await self.stack.enter_async_context(self.open_engine())
        cut, name = Cut(), f"process {len(self.processes)}"
        leases = ShardLeases(Distant(engine, self.times, cut), LASTS)
        sharding = LeasedShards(leases, name, self.live, shards, self.times.monotonic, every=0.01, safe=safe)
        process = Process(self, name, cut, sharding)
        self.processes.append(process)
        process.task = asyncio.create_task(sharding.follow(advised, process.hold))
        return process

    def live(self) -> int:
        """Return how many say that they are there."""
        return sum(each.task is not None and not each.cut.fails for each in self.processes)

    async def stop(self, process: Process) -> None:
        """End one as it ends by itself."""
        task, process.task = process.task, None
        assert task is not None
        task.cancel()
        await asyncio.wait({task})

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait until what processes hold is as it should be."""
        async with asyncio.timeout(at_most(30)):
            while not reached():
                self.changed.clear()
                await self.changed.wait()

    async def let_pass(self, seconds: float) -> None:
        """Let time pass, in which those who reach the database renew their leases as often as they should."""
        until = self.times.ahead + seconds
        while self.times.ahead < until:
            self.times.ahead = min(until, self.times.ahead + 5)
            well = [each.cut for each in self.processes if each.task and not (each.cut.fails or each.cut.hangs)]
            async with asyncio.timeout(at_most(30)):
                for cut in well:
                    wanted = cut.written + 2
                    while cut.written < wanted:
                        cut.changed.clear()
                        await cut.changed.wait()

    def share(self) -> list[int]:
        return [len(process.shards) for process in self.processes]


@pytest.fixture
async def fleet(open_engine: OpenEngine) -> AsyncIterator[Fleet]:
    async with AsyncExitStack() as stack:
        fleet = Fleet(open_engine, stack)
        yield fleet
        for process in fleet.processes:
            if process.task is not None:
                await fleet.stop(process)
    assert fleet.doubled == set()


async def test_one_process_holds_all(fleet: Fleet) -> None:
    one = await fleet.start(16)
    await fleet.until(lambda: one.shards == frozenset(range(16)))
    assert one.count == 16


async def test_those_that_come_get_their_share_and_those_that_go_leave_it(fleet: Fleet) -> None:
    one = await fleet.start()
    await fleet.until(lambda: fleet.share() == [16])
    kept = frozenset(range(5))
    two = await fleet.start()
    await fleet.until(lambda: fleet.share() == [8, 8])
    await fleet.start()
    await fleet.until(lambda: sorted(fleet.share()) == [5, 5, 6])
    assert kept <= one.shards
    await fleet.stop(two)
    await fleet.until(lambda: fleet.share() == [8, 0, 8])


async def test_more_processes_than_shards_stand_by(fleet: Fleet) -> None:
    one = await fleet.start(1)
    await fleet.until(lambda: fleet.share() == [1])
    two = await fleet.start(1)
    await fleet.stop(one)
    await fleet.until(lambda: two.shards == {0})


async def test_the_shards_of_one_that_died_are_taken_when_its_lease_is_over(fleet: Fleet) -> None:
    one, two = await fleet.start(4), await fleet.start(4)
    await fleet.until(lambda: fleet.share() == [2, 2])
    one.cut.hangs = True  # it gives nothing up
    await fleet.stop(one)
    await fleet.let_pass(LASTS - 6)
    assert len(two.shards) == 2
    await fleet.let_pass(6)
    await fleet.until(lambda: two.shards == frozenset(range(4)))


async def test_one_that_is_cut_off_closes_its_shards_before_others_may_have_them(fleet: Fleet) -> None:
    one, two = await fleet.start(4), await fleet.start(4)
    await fleet.until(lambda: fleet.share() == [2, 2])
    one.cut.fails = True
    await fleet.let_pass(SAFE - 1)
    assert len(one.shards) == 2
    await fleet.let_pass(2)
    await fleet.until(lambda: not one.shards)
    assert len(two.shards) == 2
    await fleet.let_pass(LASTS - SAFE)
    await fleet.until(lambda: two.shards == frozenset(range(4)))


async def test_one_whose_database_does_not_answer_closes_its_shards_all_the_same(fleet: Fleet) -> None:
    one = await fleet.start(4, safe=0.5)
    await fleet.until(lambda: fleet.share() == [4])
    one.cut.hangs = True
    await fleet.until(lambda: not one.shards)


async def test_one_that_hangs_after_it_renewed_closes_its_shards_all_the_same(fleet: Fleet) -> None:
    one = await fleet.start(4, safe=0.5)
    await fleet.until(lambda: fleet.share() == [4])
    one.cut.stuck = True
    await fleet.until(lambda: not one.shards)
    one.cut.stuck = False


async def test_after_the_database_was_gone_all_have_theirs_again(fleet: Fleet) -> None:
    one, two = await fleet.start(4), await fleet.start(4)
    await fleet.until(lambda: fleet.share() == [2, 2])
    before = one.shards, two.shards
    one.cut.fails = two.cut.fails = True
    fleet.times.ahead += LASTS + 1
    await fleet.until(lambda: fleet.share() == [0, 0])
    one.cut.fails = two.cut.fails = False
    await fleet.until(lambda: fleet.share() == [2, 2])
    assert (one.shards, two.shards) == before


async def test_a_database_that_is_back_in_time_costs_nothing(fleet: Fleet) -> None:
    one = await fleet.start(4)
    await fleet.until(lambda: fleet.share() == [4])
    one.cut.fails = True
    await fleet.let_pass(SAFE - 10)
    one.cut.fails = False
    await fleet.let_pass(SAFE)
    assert one.shards == frozenset(range(4))
    assert one.told == 1


async def test_told_shards_are_held_by_leases_and_waited_for(fleet: Fleet) -> None:
    old = await fleet.start(16, ShardRange(0, 3, 16))
    await fleet.until(lambda: old.shards == frozenset(range(4)))
    new, other = await fleet.start(16, ShardRange(0, 3, 16)), await fleet.start(16, ShardRange(4, 7, 16))
    await fleet.until(lambda: other.shards == frozenset(range(4, 8)))
    assert not new.shards
    await fleet.stop(old)
    await fleet.until(lambda: new.shards == frozenset(range(4)))


async def test_whoever_waits_for_told_shards_says_so_once_and_for_which(fleet: Fleet) -> None:
    old = await fleet.start(16, ShardRange(2, 3, 16))
    await fleet.until(lambda: old.shards == frozenset({2, 3}))
    with capture_logs() as lines:
        new = await fleet.start(16, ShardRange(0, 3, 16))
        await fleet.until(lambda: new.shards == frozenset({0, 1}))
        waiting = await fleet.start(16, ShardRange(3, 3, 16))
        await fleet.let_pass(30)
        await fleet.stop(old)
        await fleet.until(lambda: new.shards | waiting.shards == frozenset(range(4)))
    told = [str(line["reason"]) for line in lines if line["event"] == "shards_not_as_wanted"]
    assert sorted(told[:2]) == [
        f"FTBOT_SHARDS names shards that other processes hold: {which}. Stop those processes, or change it."
        for which in ("2–3", "3")
    ]
    assert len(told) <= 4  # and who of the two comes too late for the last says for which of them


async def test_another_number_of_shards_waits_until_nobody_holds_the_old(fleet: Fleet) -> None:
    old = await fleet.start(4)
    await fleet.until(lambda: fleet.share() == [4])
    told, advised = await fleet.start(4, ShardRange(0, 7, 8)), await fleet.start(8)
    await fleet.until(lambda: bool(advised.shards))
    assert (advised.count, told.shards) == (4, frozenset())
    await fleet.stop(old)
    await fleet.stop(advised)
    await fleet.until(lambda: told.shards == frozenset(range(8)))
    assert told.count == 8


async def test_without_a_shared_database_all_that_is_advised_or_told_is_held() -> None:
    held: list[tuple[frozenset[int], int]] = []

    async def hold(shards: frozenset[int], count: int) -> None:
        held.append((shards, count))

    for sharding in (ToldShards(), ToldShards(ShardRange(2, 3, 8))):
        task = asyncio.create_task(sharding.follow(1, hold))
        await asyncio.sleep(0)
        task.cancel()
    assert held == [(frozenset({0}), 1), (frozenset({2, 3}), 8)]
