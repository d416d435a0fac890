"""When a session may begin at Discord's gateway, in each bucket, over all processes that share a database."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from storage.engine.engine import Engine


@dataclass(frozen=True, slots=True)
class IdentifyBuckets:
    """One row a bucket, with the moment by the database's clock from which on the next session may begin."""

    database: Engine

    async def take(self, bucket: int, apart: float) -> float:
        """Take a turn, if the last was so many seconds ago, and return 0; else return in how many seconds that is."""
        now = await self.database.clock()
        async with self.database.transaction() as transaction:
            taken = await transaction.run(
                "INSERT INTO identify_buckets (bucket, free) VALUES (?, ?) ON CONFLICT (bucket) DO UPDATE"
                " SET free = excluded.free WHERE identify_buckets.free <= ? OR identify_buckets.free > ?"
                " RETURNING free",
                # A moment that is further away than any turn puts it is from a clock that was wrong.
                (bucket, now + apart, now, now + 2 * apart),
            )
        if taken:
            return 0.0
        rows = await self.database.read("SELECT free FROM identify_buckets WHERE bucket = ?", (bucket,))
        ((free,),) = msgspec.convert(rows, list[tuple[float]])
        return max(0.05, free - now)
