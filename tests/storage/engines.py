"""What tests of tables put between themselves and a database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import pytest
from asyncpg import DataError
from hypothesis import strategies as st

from bot.core.errors import StorageError
from storage.engine.engine import Engine, Pulse, Transaction
from storage.engine.rows import Row, Value

OpenEngine = Callable[[], AbstractAsyncContextManager[Engine]]
"""Opens the test's database, also while it is open already, as another process would."""

SIGNS = st.characters(codec="utf-8", exclude_characters="\0")
"""Of which texts are made that come back as they were."""


async def put_garbage(database: Engine, statement: str, values: Sequence[Value]) -> None:
    """Write what no ftbot wrote; the test is over where the columns of an engine hold no value of such a type."""
    try:
        async with database.transaction() as transaction:
            await transaction.run(statement, values)
    except StorageError as error:
        if isinstance(error.__cause__, ValueError | DataError):
            pytest.skip("no column holds such a value, so none comes out")
        raise


@dataclass(frozen=True, slots=True)
class PassedOn:
    """An engine that passes everything on to another one, and looks at each statement before."""

    engine: Engine

    @property
    def name(self) -> str:
        return self.engine.name

    @property
    def pulse(self) -> Pulse:
        return self.engine.pulse

    @property
    def is_shared(self) -> bool:
        return self.engine.is_shared

    async def clock(self) -> float:
        return await self.engine.clock()

    def now(self) -> datetime:
        return self.engine.now()

    async def tell(self, notice: str) -> None:
        await self.engine.tell(notice)

    def listening(self, heard: Callable[[str | None], None]) -> AbstractAsyncContextManager[None]:
        return self.engine.listening(heard)

    async def read(self, statement: str, values: Sequence[Value] = ()) -> list[Row]:
        self.look_at_read(statement, values)
        return await self.engine.read(statement, values)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        async with self.engine.transaction() as transaction:
            yield _PassedOn(self, transaction)

    def turn(self, what: str) -> AbstractAsyncContextManager[bool]:
        return self.engine.turn(what)

    async def probe(self) -> None:
        await self.engine.probe()

    async def check_writable(self) -> None:
        await self.engine.check_writable()

    def look_at_read(self, statement: str, values: Sequence[Value]) -> None:
        """Look at a statement outside transactions."""

    def look_at(self, statement: str, rows: Sequence[Sequence[Value]]) -> None:
        """Look at a statement in a transaction, with the values of each time that it is run."""


@dataclass(frozen=True, slots=True)
class _PassedOn:
    database: PassedOn
    transaction: Transaction

    async def run(self, statement: str, values: Sequence[Value] = ()) -> list[Row]:
        self.database.look_at(statement, [values])
        return await self.transaction.run(statement, values)

    async def run_many(self, statement: str, rows: Sequence[Sequence[Value]]) -> None:
        self.database.look_at(statement, rows)
        await self.transaction.run_many(statement, rows)


@dataclass(frozen=True, slots=True)
class Refusing(PassedOn):
    """A database that refuses a statement which begins with some words and has a value, if one is given."""

    words: str
    value: Value = None

    def look_at(self, statement: str, rows: Sequence[Sequence[Value]]) -> None:
        """Raise what a database does that cannot write this."""
        if statement.startswith(self.words) and any(self.value is None or self.value in row for row in rows):
            raise StorageError("It is refused. Refuse it no more.")
