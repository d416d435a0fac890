"""Processes that move a database, and kill themselves at a step if told: the program's own move, run by tests."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace

import msgspec

from storage.engine.engine import Engine
from storage.engine.layout import Table
from storage.engine.moving import FrozenTables, Landing, Movable
from storage.engine.rows import Row, Value
from tests.e2e.forked import serve
from tests.moves import Told, mover


class Run(msgspec.Struct):
    """One process: from where to where it moves, and at which of its steps it kills itself, 0 for none."""

    source: str
    target: str
    number: int = 0


@dataclass(slots=True)
class _Steps:
    """Counts everything that a move does to its target, before and after, and ends the process at one of them."""

    left: int

    def __call__(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class _Doomed:
    """A target at which each step may be the last."""

    movable: Movable
    step: _Steps

    @property
    def database(self) -> Engine:
        return self.movable.database

    async def identity(self) -> str:
        return await self.movable.identity()

    async def has(self, table: str) -> bool:
        return await self.movable.has(table)

    def snapshot(self) -> AbstractAsyncContextManager[FrozenTables]:
        self.step()
        return self.movable.snapshot()

    @asynccontextmanager
    async def landing(self) -> AsyncIterator[Landing]:
        async with self.movable.landing() as landing:
            yield _DoomedLanding(landing, self.step)
            self.step()
        self.step()


@dataclass(frozen=True, slots=True)
class _DoomedLanding:
    landing: Landing
    step: _Steps

    async def run(self, statement: str, values: Sequence[Value] = ()) -> list[Row]:
        rows = await self.landing.run(statement, values)
        self.step()
        return rows

    async def run_many(self, statement: str, rows: Sequence[Sequence[Value]]) -> None:
        await self.landing.run_many(statement, rows)
        self.step()

    async def add(self, table: Table, rows: Sequence[Row]) -> None:
        await self.landing.add(table, rows)
        self.step()

    async def clear(self, table: Table) -> None:
        await self.landing.clear(table)
        self.step()

    async def number_after(self, table: Table, last: int) -> None:
        await self.landing.number_after(table, last)
        self.step()


async def move(run: Run) -> None:
    """Move everything."""
    async with mover(run.source, run.target) as opened:
        await replace(opened, target=_Doomed(opened.target, _Steps(run.number))).move(Told())


if __name__ == "__main__":
    serve(Run, move)
