"""Positions in tables that are only added to, for readers that remember how far they have read.

A number that the database gives a new row is no position: it is taken when the row is written and seen when it is
committed, so of two writers the one with the higher number may be seen first, and whoever has read up to that never
reads the other's row. A position is taken under a lock that is held until the commit, the row of ``sequences``. So rows
appear in the order of their positions, and who has read up to one has missed none before it.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from storage.engine.engine import Engine, Transaction
from storage.engine.rows import Row, Value


async def append(transaction: Transaction, sequence: str, statement: str, rows: Sequence[Sequence[Value]]) -> int:
    """Add rows at the next positions of a sequence, and return how many of them are new.

    The statement inserts a position and the values of one row, and returns something unless the row is known. Nobody
    else adds to the sequence until this transaction is over.
    """
    if not rows:
        return 0
    first = last = await wait_for_others(transaction, sequence)
    for row in rows:
        if await transaction.run(statement, (last + 1, *row)):
            last += 1
    if last > first:
        await transaction.run("UPDATE sequences SET last = ? WHERE name = ?", (last, sequence))
    return last - first


async def last_position(database: Engine, sequence: str) -> int:
    """Return the last position of a sequence, 0 if nothing was ever added; all up to it can be read."""
    return _number(await database.read("SELECT last FROM sequences WHERE name = ?", (sequence,)))


async def wait_for_others(transaction: Transaction, sequence: str) -> int:
    """Let transactions that begin with this for the same sequence come one after another; gives its last position.

    So each sees what those before it committed.
    """
    return _number(await transaction.run("UPDATE sequences SET last = last WHERE name = ? RETURNING last", (sequence,)))


async def move_on(transaction: Transaction, sequence: str) -> int:
    """Take the next position of a sequence that only counts; it is seen by others with what is committed with it."""
    return _number(
        await transaction.run("UPDATE sequences SET last = last + 1 WHERE name = ? RETURNING last", (sequence,))
    )


def _number(rows: Sequence[Row]) -> int:
    ((last,),) = msgspec.convert(rows, list[tuple[int]])
    return last
