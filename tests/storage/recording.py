"""A database that remembers every statement that it is given, and which functions of storage gave it."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from storage.engine.engine import Engine, Pulse, Transaction
from storage.engine.rows import Row, Value

STORAGE = Path(__file__).resolve().parents[2] / "storage"


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement with the values of one time, and the lines of storage that led to it, the innermost first."""

    text: str
    values: tuple[Value, ...]
    asked_by: str
    lines: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Recording:
    """It does what another engine does."""

    engine: Engine
    statements: list[Statement] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.engine.name

    @property
    def pulse(self) -> Pulse:
        return self.engine.pulse

    async def read(self, statement: str, values: Sequence[Value] = ()) -> list[Row]:
        self.note(statement, values)
        return await self.engine.read(statement, values)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        async with self.engine.transaction() as transaction:
            yield _Recording(self, transaction)

    def turn(self, what: str) -> AbstractAsyncContextManager[bool]:
        return self.engine.turn(what)

    async def probe(self) -> None:
        await self.engine.probe()

    async def check_writable(self) -> None:
        await self.engine.check_writable()

    def note(self, statement: str, values: Sequence[Value]) -> None:
        """Remember a statement, and who on the stack asked for it: the outermost function of storage."""
        frames = [
            frame for frame in _stack(inspect.currentframe()) if Path(frame.f_code.co_filename).is_relative_to(STORAGE)
        ]
        lines = tuple((frame.f_code.co_filename, frame.f_lineno) for frame in frames)
        self.statements.append(Statement(statement, tuple(values), frames[-1].f_code.co_qualname, lines))


@dataclass(frozen=True, slots=True)
class _Recording:
    database: Recording
    transaction: Transaction

    async def run(self, statement: str, values: Sequence[Value] = ()) -> list[Row]:
        self.database.note(statement, values)
        return await self.transaction.run(statement, values)

    async def run_many(self, statement: str, rows: Sequence[Sequence[Value]]) -> None:
        for row in rows[:1]:
            self.database.note(statement, row)
        await self.transaction.run_many(statement, rows)


def _stack(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
