"""Databases of both engines that tests fill, move and look into, by their addresses."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4

from hypothesis import strategies as st

from bot.core.database_address import parse_database
from bot.services.moving import Mover, MoveReport, MoveStep
from bot.wiring.moving import open_mover
from storage.engine import postgres, sqlite
from storage.engine.engine import Engine
from storage.engine.layout import Column, ColumnKind, Table, layout
from storage.engine.migrations import MIGRATIONS
from storage.engine.rows import Row, Value
from storage.moving.whole_tables import moved_tables
from tests.postgres import Server

Rows = Mapping[str, Sequence[Row]]
"""Rows by table."""

DIRECTIONS = ("sqlite-sqlite", "sqlite-postgres", "postgres-sqlite", "postgres-postgres")


@dataclass(frozen=True, slots=True)
class Places:
    """Makes addresses for databases that are not there yet."""

    folder: Path
    server: Callable[[], Server]

    @asynccontextmanager
    async def new(self, engine: str) -> AsyncIterator[str]:
        """Give an address at which nothing is; PostgreSQL's database is empty, and gone with the block."""
        name = uuid4().hex
        if engine == "sqlite":
            yield str(self.folder / f"{name}.db")
            return
        server = self.server()
        await server.do(f'CREATE DATABASE "{name}"')
        try:
            yield server.url(name)
        finally:
            await server.do(f'DROP DATABASE "{name}" WITH (FORCE)')

    @asynccontextmanager
    async def pair(self, direction: str) -> AsyncIterator[tuple[str, str]]:
        """Give two of them: from where to where is moved."""
        source, _, target = direction.partition("-")
        async with self.new(source) as first, self.new(target) as second:
            yield first, second


def open_at(address: str) -> AbstractAsyncContextManager[Engine]:
    """Open a database as the program does."""
    if address.startswith("postgresql:"):
        return postgres.open_database(address, "a PostgreSQL database")
    return sqlite.open_database(Path(address))


async def fill(address: str, rows: Rows) -> None:
    """Make a database, and write rows into it."""
    async with open_at(address) as database, database.transaction() as transaction:
        for table in layout():
            places = ", ".join("?" * len(table.columns))
            insert = f"INSERT INTO {table.name} ({table.listed}) VALUES ({places})"  # noqa: S608 — ours
            await transaction.run_many(insert, rows.get(table.name, ()))


async def everything(address: str) -> dict[str, Counter[Row]]:
    """Read all that is moved; yes and no are equal to 1 and 0."""
    async with open_at(address) as database:
        return {
            table.name: Counter(await database.read(f"SELECT {table.listed} FROM {table.name}"))  # noqa: S608 — ours
            for table in moved_tables()
        }


@dataclass(slots=True)
class Told:
    """What was told of how far a move is."""

    steps: list[tuple[MoveStep, str, int, int]] = field(default_factory=list)

    def __call__(self, step: MoveStep, table: str, done: int, rows: int) -> None:
        self.steps.append((step, table, done, rows))


def mover(source: str, target: str, *, only_look: bool = False) -> AbstractAsyncContextManager[Mover]:
    """Open two databases as ``ftbot migrate`` does."""
    return open_mover(parse_database(source), parse_database(target), only_look=only_look)


async def move(source: str, target: str) -> MoveReport:
    """Move everything, where nobody else is on the way."""
    async with mover(source, target) as opened:
        return await replace(opened, patience=0.0).move(Told())


@contextmanager
def raw(path: str) -> Iterator[sqlite3.Connection]:
    """Open a SQLite file without the program, to write what it never would."""
    with closing(sqlite3.connect(path)) as connection, connection:
        yield connection


def made_rows(number: int) -> Rows:
    """Make so many rows for every table that is moved, all different in every column but those of yes and no."""
    return {
        table.name: [tuple(_made(column.kind, place) for column in table.columns) for place in range(1, number + 1)]
        for table in moved_tables()
    }


def _made(kind: ColumnKind, place: int) -> Value:
    match kind:
        case ColumnKind.NUMBER:
            return place * 1000
        case ColumnKind.TRUTH:
            return place % 2 == 0
        case ColumnKind.REAL:
            return place * 1.1
        case ColumnKind.TEXT:
            return f"text {place} é \U0001f40d"
        case ColumnKind.BYTES:
            return bytes([0, 255, place % 256])


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
_VALUES: Mapping[ColumnKind, st.SearchStrategy[Value]] = {
    ColumnKind.NUMBER: st.integers(-(2**63), 2**63 - 2),
    ColumnKind.TRUTH: st.booleans(),
    ColumnKind.REAL: st.floats(allow_nan=False),
    ColumnKind.TEXT: TEXTS | st.sampled_from(["�", "null", "1", ""]),
    ColumnKind.BYTES: st.binary(max_size=20),
}


def _optional() -> Mapping[str, frozenset[str]]:
    """Return which columns of which tables may be empty."""
    found: dict[str, set[str]] = {}
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in (text for step in MIGRATIONS for text in step):
            connection.execute(statement)
        for table in moved_tables():
            rows = connection.execute(
                'SELECT name FROM pragma_table_info(?) WHERE NOT "notnull" AND NOT pk', (table.name,)
            )
            found[table.name] = {name for (name,) in rows}
    return {table: frozenset(columns) for table, columns in found.items()}


_OPTIONAL = _optional()


def _values(table: Table, column: Column, number: int) -> st.SearchStrategy[list[Value]]:
    """Return what makes the values of a column: all different, as some column of every table has to be."""
    values = _VALUES[column.kind]
    unique = column.kind in {ColumnKind.NUMBER, ColumnKind.REAL, ColumnKind.TEXT}
    column_of = st.lists(values, min_size=number, max_size=number, unique=unique)
    if column.name in _OPTIONAL[table.name]:
        return column_of | st.just([None] * number)
    return column_of


@st.composite
def any_rows(draw: st.DrawFn, most: int = 3) -> Rows:
    """Make any rows that the tables take."""
    rows: dict[str, Sequence[Row]] = {}
    for table in moved_tables():
        number = draw(st.integers(0, most))
        columns = [draw(_values(table, column, number)) for column in table.columns]
        rows[table.name] = list(zip(*columns, strict=True))
    return rows
