"""Moves everything from one database to another, compares both, and goes on where it was interrupted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from bot.core.errors import StorageError, UserError
from storage.engine.engine import Engine
from storage.engine.layout import Table
from storage.engine.moving import FrozenTables, Movable, Reader
from storage.fleet.members import ALIVE_SECONDS, Members
from storage.moving.content import Sum, alike
from storage.moving.marker import TableProgress, begin, begin_anew, end, note, read_marks
from storage.moving.whole_tables import batches, contents, count, is_new, key_of, last_number, moved_tables

_BETWEEN_TRIES: Final = 0.2
_LEAD: Final = "lead"
"""The turn of the one running bot that does what must happen once."""


class MoveStep(Enum):
    """What is done with the rows of a table."""

    MOVING = "moving"
    CHECKING = "checking"


Progress = Callable[[MoveStep, str, int, int], None]
"""Is told the step, the table, how many of all rows are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class TableMove:
    """What became of a table: how many rows the source has, and the sum of their hashes; whether the target has them.

    ``hash`` and ``same`` are None where nothing was compared.
    """

    table: str
    rows: int
    hash: str | None = None
    same: bool | None = None


@dataclass(frozen=True, slots=True)
class MoveReport:
    """What was moved, or would be.

    ``resumed`` says that an earlier move was gone on with, ``already`` that the target had everything before, and
    ``replaced`` in how many texts NUL became U+FFFD.
    """

    tables: tuple[TableMove, ...]
    replaced: int = 0
    resumed: bool = False
    already: bool = False

    @property
    def rows(self) -> int:
        """Return the rows of all tables."""
        return sum(each.rows for each in self.tables)

    @property
    def different(self) -> tuple[str, ...]:
        """Return the tables that are not the same in both databases."""
        return tuple(each.table for each in self.tables if each.same is False)


@dataclass(frozen=True, slots=True)
class Mover:
    """Moves everything from ``source`` to ``target``; waits ``patience`` seconds for whoever uses one of them."""

    source: Movable
    target: Movable
    patience: float = 3.0

    async def look(self) -> MoveReport:
        """Return what would be moved, and move nothing; nobody waits for that, so what is counted may change meanwhile.

        Raises ``UserError`` where it could not be moved there.
        """
        source, reader = await self._source(), self.source.database
        look = _Move(reader, await _count_all(reader), lambda *_: None)
        parts = await self._parts(source)
        tables = await look.already(self.target.database, self.target.database.name) if parts is None else None
        return MoveReport(tables or look.counted(), resumed=parts is not None, already=tables is not None)

    async def move(self, progress: Progress) -> MoveReport:
        """Move everything, and compare what both databases then have.

        Raises ``UserError`` where the target has something of its own, and ``StorageError`` where a bot runs on one of
        the two, or something broke: the same move then goes on where it was.
        """
        source = await self._source()
        try:
            async with self._alone(), self.source.snapshot() as snapshot:
                move = _Move(snapshot, await _count_all(snapshot), progress)
                parts = await self._parts(source)
                resumed = parts is not None
                if parts is None:
                    async with self.target.snapshot() as there:
                        tables = await move.already(there, self.target.database.name)
                    if tables is not None:
                        return MoveReport(tables, already=True)
                    parts = await begin(self.target, source, move.tables)
                report = await move.to(self.target, parts, resumed=resumed)
                if not report.different:
                    await self._finish(snapshot)
                return report
        except _InUseError:
            raise
        except StorageError as error:
            raise StorageError(f"{error} Then run the same again: it goes on where it was.") from error

    async def _finish(self, source: FrozenTables) -> None:
        """Let the target number new rows as the source would have, and let everybody open it."""
        async with self.target.landing() as landing:
            for table in (table for table in moved_tables() if table.numbered):
                await landing.number_after(table, await last_number(source, table))
            await end(landing)

    async def _source(self) -> str:
        """Return the identity of the source. Raises ``UserError`` where it is the target, too."""
        source = await self.source.identity()
        if await self.target.identity() == source:
            raise UserError("Both are the same database. Name two different ones.")
        return source

    async def _parts(self, source: str) -> Mapping[str, TableProgress] | None:
        """Return how far an earlier move of the source is, None where there was none."""
        marks = await read_marks(self.target)
        if marks is not None and marks.source != source:
            raise UserError(
                f"The database {self.target.database.name} is half filled from another one than"
                f" {self.source.database.name}. Go on with that one, or name a new database."
            )
        return None if marks is None else marks.parts

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """Take the turn of the bot that leads, on both databases, where no bot is running."""
        async with AsyncExitStack() as turns:
            for database in (self.source.database, self.target.database):
                if not await self._taken(turns, database) or await Members(database).count():
                    raise _InUseError(
                        f"A bot is running on the database {database.name}, or another `ftbot migrate`. Stop it, then"
                        f" run this again; a bot that was killed counts as running for {ALIVE_SECONDS:.0f} seconds."
                    )
            yield

    async def _taken(self, turns: AsyncExitStack, database: Engine) -> bool:
        """Take the turn on one; a server may need a moment to notice that who had it was killed."""
        until = time.monotonic() + self.patience
        while True:
            async with AsyncExitStack() as tried:
                if await tried.enter_async_context(database.turn(_LEAD)):
                    turns.push_async_exit(tried.pop_all())
                    return True
            if time.monotonic() >= until:
                return False
            await asyncio.sleep(_BETWEEN_TRIES)


class _InUseError(StorageError):
    """Somebody else has one of the databases."""


async def _count_all(reader: Reader) -> dict[str, int]:
    return {table.name: await count(reader, table) for table in moved_tables()}


@dataclass(slots=True)
class _Move:
    """One move of all tables, whose rows were counted in the source."""

    source: Reader
    rows: Mapping[str, int]
    progress: Progress
    tables: tuple[Table, ...] = field(default_factory=moved_tables)
    done: dict[MoveStep, int] = field(default_factory=lambda: dict.fromkeys(MoveStep, 0))

    def counted(self) -> tuple[TableMove, ...]:
        """Return the tables as they were counted."""
        return tuple(TableMove(table, rows) for table, rows in self.rows.items())

    async def already(self, there: Reader, name: str) -> tuple[TableMove, ...] | None:
        """Return the tables, compared, of a target that has the same already; None for one that is new.

        Raises ``UserError`` for one that has anything else; ``name`` is what people call it.
        """
        if all([await is_new(there, table) for table in self.tables]):
            return None
        same = all([await count(there, table) == self.rows[table.name] for table in self.tables])
        tables = await self._compare(there, {}) if same else ()
        if not same or any(not table.same for table in tables):
            raise UserError(
                f"The database {name} has data of its own, which is never overwritten. Name a new or empty one."
            )
        return tables

    async def to(self, target: Movable, parts: Mapping[str, TableProgress], *, resumed: bool) -> MoveReport:
        """Move what is not moved yet, and compare all."""
        sums: dict[str, Sum] = {}
        replaced = 0
        for table in self.tables:
            part, taken = await self._taken_up(target, table, parts[table.name])
            part = await self._copy(target, table, part, taken)
            sums[table.name], replaced = taken, replaced + part.replaced
        async with target.snapshot() as there:
            return MoveReport(await self._compare(there, sums), replaced, resumed=resumed)

    async def _taken_up(self, target: Movable, table: Table, part: TableProgress) -> tuple[TableProgress, Sum]:
        """Return how far a table is, and the sum of the rows that are there; the start, if the source has others."""
        taken = Sum()
        if not part.rows:
            return part, taken
        async for rows in contents(self.source, table):
            taken.add(rows[: part.rows - taken.rows])
            if taken.rows == part.rows:
                break
        async with target.snapshot() as there:
            same = taken == await self._sum(there, table)
        return (part, taken) if same else (await begin_anew(target, table), Sum())

    async def _copy(self, target: Movable, table: Table, part: TableProgress, taken: Sum) -> TableProgress:
        """Copy the rows of a table that are not there yet, and add them to the sum; returns how far it then is."""
        self._tell(MoveStep.MOVING, table, part.rows)
        async for batch in batches(self.source, table, part.last):
            rows, replaced = alike(table, batch)
            part = part.after(len(rows), key_of(table, batch[-1]), replaced)
            try:
                async with target.landing() as landing:
                    await landing.add(table, rows)
                    await note(landing, part)
            except StorageError as error:
                raise StorageError(f"{error} This was when the table {table.name} was filled.") from error
            taken.add(rows)
            self._tell(MoveStep.MOVING, table, len(rows))
        return part

    async def _compare(self, there: Reader, sums: Mapping[str, Sum]) -> tuple[TableMove, ...]:
        """Compare both databases by what is read from them; ``sums`` are of what was just read of the source."""
        compared: list[TableMove] = []
        for table in self.tables:
            total = sums.get(table.name) or await self._sum(self.source, table)
            found = await self._sum(there, table, MoveStep.CHECKING)
            compared.append(TableMove(table.name, total.rows, total.hash, same=total == found))
        return tuple(compared)

    async def _sum(self, reader: Reader, table: Table, step: MoveStep | None = None) -> Sum:
        """Read a whole table, and tell of the step that this is."""
        total = Sum()
        async for rows in contents(reader, table):
            total.add(rows)
            if step is not None:
                self._tell(step, table, len(rows))
        return total

    def _tell(self, step: MoveStep, table: Table, rows: int) -> None:
        """Tell how many rows are done, after some more."""
        self.done[step] += rows
        self.progress(step, table.name, self.done[step], sum(self.rows.values()))
