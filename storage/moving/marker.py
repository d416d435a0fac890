"""How far a move is: a table in the database that is filled, from before the first row until all were compared.

What it says of a table is committed together with the rows that it is about, so that a move that was interrupted at any
moment goes on with the next row. As long as it is there, nobody else opens the database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from storage.engine.layout import Table
from storage.engine.moving import Landing, Movable
from storage.engine.rows import Row
from storage.engine.unfinished import UNFINISHED


@dataclass(frozen=True, slots=True)
class TableProgress:
    """How far a table is: so many rows, the last of them with this key, and so many texts changed on the way."""

    table: str
    rows: int = 0
    last: Row = ()
    replaced: int = 0

    def after(self, rows: int, last: Row, replaced: int) -> TableProgress:
        """Return how far it is after more rows."""
        return replace(self, rows=self.rows + rows, last=last, replaced=self.replaced + replaced)


@dataclass(frozen=True, slots=True)
class Marks:
    """From where everything is moved, and how far each table is."""

    source: str
    parts: Mapping[str, TableProgress]


class _Mark(msgspec.Struct, array_like=True):
    source: str
    table: str
    rows: int
    last: str
    replaced: int


async def read_marks(target: Movable) -> Marks | None:
    """Read how far a move is, None where none is under way."""
    if not await target.has(UNFINISHED):
        return None
    async with target.landing() as landing:
        found = await landing.run(f"SELECT source, moved, copied, last, replaced FROM {UNFINISHED}")  # noqa: S608 — ours
    marks = msgspec.convert(found, list[_Mark])
    parts = {mark.table: TableProgress(mark.table, mark.rows, _read_key(mark.last), mark.replaced) for mark in marks}
    return Marks(marks[0].source, parts)


async def begin(target: Movable, source: str, tables: Sequence[Table]) -> Mapping[str, TableProgress]:
    """Begin a move into a new database: take away what every new one has, as the source has its own."""
    async with target.landing() as landing:
        await landing.run(
            f"CREATE TABLE {UNFINISHED} (moved TEXT PRIMARY KEY, source TEXT NOT NULL, copied BIGINT NOT NULL,"
            " last TEXT NOT NULL, replaced BIGINT NOT NULL)"
        )
        await landing.run_many(
            f"INSERT INTO {UNFINISHED} (moved, source, copied, last, replaced) VALUES (?, ?, 0, ?, 0)",  # noqa: S608 — ours
            [(table.name, source, "") for table in tables],
        )
        for table in tables:
            await landing.clear(table)
    return {table.name: TableProgress(table.name) for table in tables}


async def begin_anew(target: Movable, table: Table) -> TableProgress:
    """Begin with a table from the start: take away what was moved of it."""
    part = TableProgress(table.name)
    async with target.landing() as landing:
        await landing.clear(table)
        await note(landing, part)
    return part


async def note(landing: Landing, part: TableProgress) -> None:
    """Note how far a table is, with the rows that go in."""
    await landing.run(
        f"UPDATE {UNFINISHED} SET copied = ?, last = ?, replaced = ? WHERE moved = ?",  # noqa: S608 — ours
        (part.rows, msgspec.msgpack.encode(part.last).hex(), part.replaced, part.table),
    )


async def end(landing: Landing) -> None:
    """Let everybody open the database."""
    await landing.run(f"DROP TABLE {UNFINISHED}")


def _read_key(written: str) -> Row:
    return msgspec.msgpack.decode(bytes.fromhex(written), type=tuple[str | int | float, ...]) if written else ()
