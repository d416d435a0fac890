"""Reads whole tables, few rows at a time and in the order of their keys, so that reading can go on anywhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import MappingProxyType

import msgspec

from storage.engine.layout import Table, layout
from storage.engine.moving import FrozenTables, Reader
from storage.engine.rows import Row
from storage.moving.content import alike, weight

LEFT_BEHIND = MappingProxyType(
    {
        "compatibility": "it says which programs a schema serves, and the new database has the same schema",
        "identify_buckets": "it says when sessions may begin in the next seconds, and the move takes longer",
        "members": "it says which processes run on a database, and none does while it is moved",
        "schema_version": "it says which migrations a database has had, and the new one has had its own",
        "shard_leases": "it says which process holds which shard, and none does while it is moved",
        "shard_plan": "it says how many shards there are as long as a process holds one",
        "probes": "it says when a database could be written last",
    }
)
"""The tables that are not moved, and why."""

_FIRST_ROWS = 16
_MOST_ROWS = 4096
_AT_ONCE = 4 << 20
"""Bytes that are read at once, about: memory stays small however large rows are."""


def moved_tables() -> tuple[Table, ...]:
    """Return the tables that are moved."""
    return tuple(table for table in layout() if table.name not in LEFT_BEHIND)


async def batches(reader: Reader, table: Table, after: Row = ()) -> AsyncIterator[list[Row]]:
    """Yield all rows of a table as the engine gives them, or those after a key, some at a time."""
    key = ", ".join(table.key)
    size = _FIRST_ROWS
    while True:
        where = f" WHERE ({key}) > ({', '.join('?' * len(after))})" if after else ""
        statement = f"SELECT {table.listed} FROM {table.name}{where} ORDER BY {key} LIMIT {size}"  # noqa: S608 — our words
        rows = await reader.read(statement, after)
        if not rows:
            return
        yield rows
        after = key_of(table, rows[-1])
        size = _next_size(size, weight(table, rows) // len(rows))


def key_of(table: Table, row: Row) -> Row:
    """Return the values of a row's primary key."""
    names = [column.name for column in table.columns]
    return tuple(row[names.index(name)] for name in table.key)


def _next_size(size: int, each: int) -> int:
    """Return how many rows to read next, in few different sizes: each is a statement that the database has to plan."""
    fitting = _AT_ONCE // max(each, 1)
    size = min(2 * size, _MOST_ROWS)
    while size > max(fitting, 1):
        size //= 2
    return size


async def count(reader: Reader, table: Table) -> int:
    """Count the rows of a table."""
    ((rows,),) = msgspec.convert(
        await reader.read(f"SELECT COUNT(*) FROM {table.name}"),  # noqa: S608 — our words
        list[tuple[int]],
    )
    return rows


async def contents(reader: Reader, table: Table) -> AsyncIterator[list[Row]]:
    """Yield all rows of a table, alike whichever engine has them, some at a time."""
    async for rows in batches(reader, table):
        yield alike(table, rows)[0]


async def is_new(reader: Reader, table: Table) -> bool:
    """Return whether a table has nothing but what a new database has in it."""
    limit = len(table.first_rows) + 1
    rows = await reader.read(f"SELECT {table.listed} FROM {table.name} LIMIT {limit}")  # noqa: S608 — our words
    return set(alike(table, rows)[0] if rows else ()) == table.first_rows


async def last_number(snapshot: FrozenTables, table: Table) -> int:
    """Return the last number that was ever given to a row of a numbered table, also if that row is gone."""
    (key,) = table.key
    rows = await snapshot.read(f"SELECT COALESCE(MAX({key}), 0) FROM {table.name}")  # noqa: S608 — our words
    ((highest,),) = msgspec.convert(rows, list[tuple[int]])
    return max(highest, await snapshot.last_number(table))
