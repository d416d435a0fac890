"""How far each source of threads was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from bot.core.upstream.threads import Cursor
from storage.engine.engine import Engine, Transaction
from storage.engine.rows import Row, read_time

_COLUMNS = "name, since, etag, checked"


class _Row(msgspec.Struct, array_like=True):
    name: str
    since: float | None
    etag: str | None
    checked: float | None


@dataclass(frozen=True, slots=True)
class Cursors:
    """One row a source; those that move on with what was read are stored by ``Threads``."""

    database: Engine

    async def get(self, name: str) -> Cursor | None:
        """Return how far a source was read, None if it never was."""
        rows = await self.database.read(f"SELECT {_COLUMNS} FROM cursors WHERE name = ?", (name,))  # noqa: S608 — ours
        return _cursor(rows[0]) if rows else None

    async def all(self) -> tuple[Cursor, ...]:
        """Return how far all sources were read, by name."""
        rows = await self.database.read(f"SELECT {_COLUMNS} FROM cursors ORDER BY name")  # noqa: S608 — ours
        return tuple(_cursor(row) for row in rows)

    async def record(self, *cursors: Cursor) -> None:
        """Note how far sources were read."""
        async with self.database.transaction() as transaction:
            await store_cursors(transaction, cursors)


async def store_cursors(transaction: Transaction, cursors: Sequence[Cursor]) -> None:
    """Put cursors in the place of those with their names."""
    await transaction.run_many(
        "INSERT INTO cursors (name, since, etag, checked) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
        " since = excluded.since, etag = excluded.etag, checked = excluded.checked",
        [(cursor.name, _seconds(cursor.since), cursor.etag, _seconds(cursor.checked)) for cursor in cursors],
    )


def answer_name(node_id: str) -> str:
    """Return how the names begin under which is kept which wheels a thread was told of."""
    return f"wheels {node_id} "


async def move_answers(transaction: Transaction, old_node_id: str, new_node_id: str) -> None:
    """Keep under its new node id which wheels a transferred thread was told of."""
    old, new = answer_name(old_node_id), answer_name(new_node_id)
    rows = await transaction.run(
        f"SELECT {_COLUMNS} FROM cursors WHERE SUBSTR(name, 1, ?) = ?",  # noqa: S608 — ours
        (len(old), old),
    )
    known = [_cursor(row) for row in rows]
    await store_cursors(transaction, [replace(each, name=f"{new}{each.name.removeprefix(old)}") for each in known])
    await transaction.run("DELETE FROM cursors WHERE SUBSTR(name, 1, ?) = ?", (len(old), old))


def _seconds(time: datetime | None) -> float | None:
    return None if time is None else time.timestamp()


def _cursor(values: Row) -> Cursor:
    row = msgspec.convert(values, _Row)
    return Cursor(row.name, read_time(row.since), row.etag, read_time(row.checked))
