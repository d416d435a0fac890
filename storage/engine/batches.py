"""Reading rows about many names: statements have a limit of values, and nobody should wait long for one of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from storage.engine.engine import Engine
from storage.engine.rows import Row, Value

AT_ONCE = 500
"""Names in one statement; SQLite's own limit is some 32,000 values."""


async def read_among(
    database: Engine, statement: str, names: Sequence[str], before: Sequence[Value] = ()
) -> AsyncIterator[Row]:
    """Yield what a statement returns for names, a few hundred at a time, in any order.

    It has ``{places}`` where the names go, as in ``package IN ({places})``; ``before`` are the values before them.
    """
    for start in range(0, len(names), AT_ONCE):
        some = names[start : start + AT_ONCE]
        for row in await database.read(statement.format(places=", ".join("?" * len(some))), (*before, *some)):
            yield row
