"""What every engine asks to find out whether it can be used, and whether its schema is known."""

from __future__ import annotations

import time

from bot.core.errors import StorageError
from storage.engine.engine import Transaction
from storage.engine.migrations import MIGRATIONS, tables

PROBE = "INSERT INTO probes (id, written) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET written = excluded.written"
"""What really writes: a database may leave out what would change nothing."""


async def look_at_everything(transaction: Transaction) -> None:
    """Write once, and look for every table."""
    await transaction.run(PROBE, (time.time(),))
    for table in tables(MIGRATIONS):
        await transaction.run(f"SELECT 1 FROM {table} LIMIT 0")  # noqa: S608 — our words


def known_schema(name: str, version: object, instead: str) -> int:
    """Return how many migrations a database has had. Raises ``StorageError`` for more than are known here.

    ``instead`` is what else FTBOT_DATABASE could name.
    """
    if not isinstance(version, int) or version > len(MIGRATIONS):
        raise StorageError(
            f"The database {name} is from a newer ftbot (schema {version!r}, this one knows {len(MIGRATIONS)})."
            f" Upgrade ftbot, or set FTBOT_DATABASE to another {instead}."
        )
    return version
