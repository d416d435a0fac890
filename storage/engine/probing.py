"""What every engine asks to find out whether it can be used."""

from __future__ import annotations

import time
from dataclasses import dataclass

from storage.engine.engine import Transaction
from storage.engine.schema import Schema

PROBE = "INSERT INTO probes (id, written) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET written = excluded.written"
"""What really writes: a database may leave out what would change nothing."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is at a place where a database may be: how many migrations it has had, and whether it has no table."""

    schema: int
    empty: bool


async def look_at_everything(transaction: Transaction, schema: Schema) -> None:
    """Write once, and look for every table."""
    await transaction.run(PROBE, (time.time(),))
    for table in schema.tables():
        await transaction.run(f"SELECT 1 FROM {table} LIMIT 0")  # noqa: S608 — our words
