"""The changes of state that docs/design.md lists, and a guard that lets a database make no others."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from storage.engine.engine import Engine

_PAGE = (Path(__file__).resolve().parents[1] / "docs" / "design.md").read_text("utf-8")
_TITLES = {"outbox": "An outbox entry", "posts": "A post"}


def documented(table: str) -> set[tuple[str, str]]:
    """Return the changes that the page lists for what is in a table, as pairs of states."""
    _, _, rest = _PAGE.partition(f"### {_TITLES[table]}\n")
    section = re.split(r"^##", rest, maxsplit=1, flags=re.MULTILINE)[0]
    return set(re.findall(r"^\| `([a-z]+)` \| `([a-z]+)` \|", section, re.MULTILINE))


@asynccontextmanager
async def only_documented_steps(database: Engine, table: str) -> AsyncIterator[None]:
    """Fail at the end if what was written to a table is no change that the page lists.

    In SQLite what this connection writes is looked at, in PostgreSQL what anybody does (``tests/postgres.py``).
    """
    if database.is_shared:
        yield
        steps = await database.read("SELECT DISTINCT before, after FROM beside.steps WHERE of_table = ?", (table,))
    else:
        async with database.transaction() as transaction:
            await transaction.run(f"CREATE TEMP TABLE steps_of_{table} (before, after)")
            await transaction.run(
                f"CREATE TEMP TRIGGER watch_{table} AFTER UPDATE OF state ON {table} WHEN OLD.state <> NEW.state"  # noqa: S608 — ours
                f" BEGIN INSERT INTO steps_of_{table} VALUES (OLD.state, NEW.state); END"
            )
        yield
        async with database.transaction() as transaction:
            steps = await transaction.run(f"SELECT DISTINCT before, after FROM steps_of_{table}")  # noqa: S608 — ours
    taken = set(msgspec.convert(steps, list[tuple[str, str]]))
    assert taken <= documented(table), taken - documented(table)
