"""Whole tables are read a bounded amount at a time, from any row on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from storage.engine.engine import Engine
from storage.engine.layout import layout
from storage.engine.rows import Row, Value
from storage.moving.whole_tables import batches, key_of

MEBIBYTE = 1 << 20
TABLES = {table.name: table for table in layout()}


@dataclass(frozen=True, slots=True)
class Reads:
    """Reads a database, and notes how much each time."""

    database: Engine
    sizes: list[int] = field(default_factory=list)

    async def read(self, statement: str, values: Sequence[Value] = ()) -> list[Row]:
        rows = await self.database.read(statement, values)
        self.sizes.append(len(rows))
        return rows


async def add(database: Engine, packages: Sequence[str], page: bytes) -> None:
    async with database.transaction() as transaction:
        await transaction.run_many(
            "INSERT INTO statuses (package, index_url, checked, page) VALUES (?, '', 0.0, ?)",
            [(package, page) for package in packages],
        )


async def read_all(reads: Reads, name: str, after: Row = ()) -> list[Row]:
    return [row async for rows in batches(reads, TABLES[name], after) for row in rows]


@pytest.mark.parametrize(("page", "most"), [(b"", 4096), (bytes(MEBIBYTE), 16)])
async def test_large_rows_are_read_few_at_a_time(database: Engine, page: bytes, most: int) -> None:
    names = [f"package-{number:05}" for number in range(9000 if not page else 90)]
    await add(database, names, page)
    reads = Reads(database)
    rows = await read_all(reads, "statuses")
    assert [row[0] for row in rows] == names
    assert max(reads.sizes) == most
    if page:
        assert max(reads.sizes[1:]) == 2


async def test_reading_goes_on_after_any_row(database: Engine) -> None:
    async with database.transaction() as transaction:
        await transaction.run_many(
            "INSERT INTO watches (watcher, package, targets, topics, added) VALUES (?, ?, '', '', 0.0)",
            [(watcher, package) for watcher in (1, 2, 10) for package in ("a", "B", "é", "�", "")],
        )
    watches = TABLES["watches"]
    rows = await read_all(Reads(database), "watches")
    assert len(rows) == 15
    for place, row in enumerate(rows):
        assert await read_all(Reads(database), "watches", key_of(watches, row)) == rows[place + 1 :]
