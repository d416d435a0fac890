"""Which tables and columns there are after all migrations, and of which kinds: for who reads and writes them whole.

It is read from an empty database in memory, so that no list has to be kept beside the migrations.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from enum import Enum
from functools import cache
from types import MappingProxyType

from storage.engine.migrations import MIGRATIONS, tables
from storage.engine.rows import Row


class ColumnKind(Enum):
    """What a column holds."""

    NUMBER = "whole numbers"
    TRUTH = "yes or no"
    REAL = "numbers"
    TEXT = "text"
    BYTES = "bytes"


_KINDS: Mapping[str, ColumnKind] = MappingProxyType(
    {
        "BIGINT": ColumnKind.NUMBER,
        "INTEGER": ColumnKind.NUMBER,
        "BOOLEAN": ColumnKind.TRUTH,
        "DOUBLE PRECISION": ColumnKind.REAL,
        "TEXT": ColumnKind.TEXT,
        "BLOB": ColumnKind.BYTES,
    }
)
"""By the words of the migrations."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column and what it holds."""

    name: str
    kind: ColumnKind


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns in order, the names of those that make its primary key, and what a new database has in it.

    ``numbered`` says that the database gives each row its number, and none twice.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    numbered: bool
    first_rows: frozenset[Row]

    @property
    def listed(self) -> str:
        """Return its columns as statements list them."""
        return ", ".join(column.name for column in self.columns)


@cache
def layout() -> tuple[Table, ...]:
    """Return all tables of the newest schema, by name; blocks for some milliseconds the first time."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE schema_version (version BIGINT NOT NULL)")
        for statement in (text for step in MIGRATIONS for text in step):
            connection.execute(statement)
        return tuple(_table(connection, name) for name in sorted(tables(MIGRATIONS)))


def _table(connection: sqlite3.Connection, name: str) -> Table:
    described = connection.execute("SELECT name, type, pk FROM pragma_table_info(?) ORDER BY cid", (name,)).fetchall()
    ((made_by,),) = connection.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (name,))
    key = sorted((place, column) for column, _, place in described if place)
    listed = ", ".join(column for column, _, _ in described)
    return Table(
        name,
        tuple(Column(column, _KINDS[kind]) for column, kind, _ in described),
        tuple(column for _, column in key),
        "AUTOINCREMENT" in made_by,
        frozenset(connection.execute(f"SELECT {listed} FROM {name}")),  # noqa: S608 — our words
    )
