"""What moving a whole database asks of an engine, beyond what tables do."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from storage.engine.engine import Engine, Transaction
from storage.engine.layout import Table
from storage.engine.rows import Row, Value


class Reader(Protocol):
    """What reads rows."""

    async def read(self, statement: str, values: Sequence[Value] = ()) -> list[Row]:
        """Read rows."""
        ...


class FrozenTables(Reader, Protocol):
    """All tables as they are at one moment: nobody writes them until it is over, however long rows are read."""

    async def last_number(self, table: Table) -> int:
        """Return the last number that the database has given a row of a numbered table, 0 if none."""
        ...


class Landing(Transaction, Protocol):
    """A transaction into which many rows go."""

    async def add(self, table: Table, rows: Sequence[Row]) -> None:
        """Add rows, with the kinds of values that their columns have, as quickly as the engine can."""
        ...

    async def clear(self, table: Table) -> None:
        """Delete all rows."""
        ...

    async def number_after(self, table: Table, last: int) -> None:
        """Let a numbered table give its next row a number above ``last``, whatever it gave before."""
        ...


class Movable(Protocol):
    """An open database that everything can be taken from or put into. All of it raises ``StorageError`` only."""

    @property
    def database(self) -> Engine:
        """Return the database as all others use it."""
        ...

    async def identity(self) -> str:
        """Return what no other database has, and this one keeps."""
        ...

    async def has(self, table: str) -> bool:
        """Return whether there is such a table."""
        ...

    def snapshot(self) -> AbstractAsyncContextManager[FrozenTables]:
        """Keep all writers away while the block runs; who reads goes on."""
        ...

    def landing(self) -> AbstractAsyncContextManager[Landing]:
        """Write: commits at the end, and undoes everything on any error."""
        ...
