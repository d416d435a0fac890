"""How much waits in a table of what is to be done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from storage.engine.engine import Engine
from storage.engine.rows import read_time


@dataclass(frozen=True, slots=True)
class Waiting:
    """So many rows, and since when the oldest of them waits, None where none does."""

    count: int
    oldest: datetime | None


async def waiting(database: Engine, table: str, since: str, where: str = "TRUE") -> Waiting:
    """Count the rows of a table with which something is left to do; ``since`` is the column that says since when."""
    rows = await database.read(f"SELECT COUNT(*), MIN({since}) FROM {table} WHERE due IS NOT NULL AND {where}")  # noqa: S608 — our words
    count, oldest = rows[0]
    return Waiting(msgspec.convert(count, int), read_time(oldest))
