"""Documents of others, kept for when they cannot be reached."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.engine.engine import Engine
from storage.engine.rows import read_time


@dataclass(frozen=True, slots=True)
class Documents:
    """One row a document."""

    database: Engine

    async def latest(self, name: str) -> tuple[bytes, datetime] | None:
        """Return a document and when it was fetched, None if it never was."""
        rows = await self.database.read("SELECT body, fetched FROM documents WHERE name = ?", (name,))
        if not rows:
            return None
        body, time = rows[0][0], read_time(rows[0][1])
        return (body, time) if isinstance(body, bytes) and time is not None else None

    async def record(self, name: str, body: bytes, fetched: datetime) -> None:
        """Keep a document in place of the last one."""
        async with self.database.transaction() as transaction:
            await transaction.run(
                "INSERT INTO documents (name, fetched, body) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE"
                " SET fetched = excluded.fetched, body = excluded.body",
                (name, fetched.timestamp(), body),
            )
