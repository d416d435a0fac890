"""The processes that share a database: each says every few seconds that it is there."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from storage.engine.engine import Engine

ALIVE_SECONDS = 15.0
"""How long after its last word a process counts as there; it speaks three times as often."""

_FORGOTTEN_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Members:
    """One row a process, by the database's clock."""

    database: Engine

    async def beat(self, name: str, version: str) -> int:
        """Note that a process is there, and return how many are."""
        now = await self.database.clock()
        async with self.database.transaction() as transaction:
            await transaction.run(
                "INSERT INTO members (name, version, started, seen) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET seen = excluded.seen",
                (name, version, now, now),
            )
            await transaction.run("DELETE FROM members WHERE seen < ?", (now - _FORGOTTEN_SECONDS,))
        return await self._alive(now)

    async def count(self) -> int:
        """Return how many are there."""
        return await self._alive(await self.database.clock())

    async def _alive(self, now: float) -> int:
        rows = await self.database.read("SELECT COUNT(*) FROM members WHERE seen >= ?", (now - ALIVE_SECONDS,))
        ((count,),) = msgspec.convert(rows, list[tuple[int]])
        return count

    async def leave(self, name: str) -> None:
        """Note that a process ended."""
        async with self.database.transaction() as transaction:
            await transaction.run("DELETE FROM members WHERE name = ?", (name,))
