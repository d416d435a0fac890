"""Whose turn something is: one holder at a time over all processes, by a lock that the system ends with its process.

The lock is SQLite's own, on an empty file beside the database: the same on every system, and no write of anybody waits
for it. Nothing has to expire: whoever is killed has let go.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from storage.engine import privacy

_BUSY = "SQLITE_BUSY"


@asynccontextmanager
async def turn(database: Path, what: str) -> AsyncIterator[bool]:
    """Take the turn if nobody has it, and say so; it is over with the block. Raises ``sqlite3.Error``, ``OSError``."""
    taking = asyncio.ensure_future(asyncio.to_thread(_take, database, what))
    try:
        taken = await asyncio.shield(taking)
    except asyncio.CancelledError:  # the thread goes on, and nobody else would let go what it takes
        _let_go(await taking)
        raise
    try:
        yield taken is not None
    finally:
        _let_go(taken)


def _take(database: Path, what: str) -> sqlite3.Connection | None:
    """Lock the file, by the database's own path and not that of a link to it; None where somebody else has."""
    path = Path(f"{database.resolve()}-{what}")
    privacy.make_file(path)
    connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        connection.close()
        if getattr(error, "sqlite_errorname", "").startswith(_BUSY):
            return None
        raise
    return connection


def _let_go(taken: sqlite3.Connection | None) -> None:
    if taken is not None:
        taken.close()
