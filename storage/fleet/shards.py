"""Which process holds which shard of Discord, until when, and how many shards there are.

A lease ends by itself, by the database's clock. Who claims or gives up locks the row of ``shard_plan`` first, so that
all decide by what is so; who only renews does not, so that nobody who is stuck ends the leases of others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import msgspec

from storage.engine.engine import Engine, Transaction

Claim = Callable[[dict[int, str]], int]
"""Decides by who holds which shard how many more to take."""


@dataclass(frozen=True, slots=True)
class ShardLeases:
    """One row a shard; ``seconds`` is how long a lease lasts that is not renewed."""

    database: Engine
    seconds: float

    async def agree(self, wanted: int) -> int:
        """Return how many shards there are in all: so many, unless somebody holds one of another number of them."""
        now = await self.database.clock()
        async with self.database.transaction() as transaction:
            await _lock(transaction)
            await transaction.run("UPDATE shard_leases SET holder = holder")  # who renews now is waited for
            rows = await transaction.run("SELECT count FROM shard_plan")
            ((count,),) = msgspec.convert(rows, list[tuple[int]])
            if count == wanted or await _holders(transaction, now):
                return count
            await transaction.run("DELETE FROM shard_leases")
            await transaction.run_many(
                "INSERT INTO shard_leases (shard, holder, until) VALUES (?, '', 0)", [(each,) for each in range(wanted)]
            )
            await transaction.run("UPDATE shard_plan SET count = ?", (wanted,))
            return wanted

    async def renew(self, process: str) -> frozenset[int]:
        """Hold what a process holds for as long again, and return which shards that are."""
        now = await self.database.clock()
        async with self.database.transaction() as transaction:
            rows = await transaction.run(
                "UPDATE shard_leases SET until = ? WHERE holder = ? AND until > ? RETURNING shard",
                (now + self.seconds, process, now),
            )
        return _shards(rows)

    async def held(self) -> dict[int, str]:
        """Return which process holds which shard."""
        rows = await self.database.read(
            "SELECT shard, holder FROM shard_leases WHERE until > ?", (await self.database.clock(),)
        )
        return dict(msgspec.convert(rows, list[tuple[int, str]]))

    async def claim(self, process: str, decide: Claim, among: Collection[int] | None = None) -> frozenset[int]:
        """Take shards that nobody holds, as many as is decided, those first that the process had last; return them.

        ``among`` are those that it may take, where it may not take any.
        """
        now = await self.database.clock()
        async with self.database.transaction() as transaction:
            await _lock(transaction)
            most = decide(await _holders(transaction, now))
            rows = await transaction.run(
                "SELECT shard FROM shard_leases WHERE until <= ?"
                " ORDER BY CASE WHEN holder = ? THEN 0 ELSE 1 END, shard",
                (now, process),
            )
            free = [shard for (shard,) in msgspec.convert(rows, list[tuple[int]]) if among is None or shard in among]
            taken = [
                await transaction.run(
                    "UPDATE shard_leases SET holder = ?, until = ? WHERE shard = ? AND until <= ? RETURNING shard",
                    (process, now + self.seconds, shard, now),
                )
                for shard in free[:most]
            ]
        return frozenset[int]().union(*map(_shards, taken))

    async def give_up(self, process: str, shards: Collection[int]) -> None:
        """Let others take shards at once; those that are not the process's any more stay as they are."""
        async with self.database.transaction() as transaction:
            await _lock(transaction)
            await transaction.run_many(
                "UPDATE shard_leases SET until = 0 WHERE shard = ? AND holder = ?",
                [(shard, process) for shard in sorted(shards)],
            )


async def _lock(transaction: Transaction) -> None:
    """Wait for whoever claims, until the end of the transaction."""
    await transaction.run("UPDATE shard_plan SET count = count")


async def _holders(transaction: Transaction, now: float) -> dict[int, str]:
    rows = await transaction.run("SELECT shard, holder FROM shard_leases WHERE until > ?", (now,))
    return dict(msgspec.convert(rows, list[tuple[int, str]]))


def _shards(rows: object) -> frozenset[int]:
    return frozenset(shard for (shard,) in msgspec.convert(rows, list[tuple[int]]))
