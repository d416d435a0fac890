"""Who leads, by number: each leadership is an epoch, and what is written in the name of an older one is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import msgspec

from bot.core.errors import StorageError
from storage.engine.engine import Engine, Pulse, Transaction
from storage.engine.rows import Row, Value

_LOST = "Another process leads by now; this one has stopped what only the leader does."


@dataclass(frozen=True, slots=True)
class Epochs:
    """The row that numbers leaderships."""

    database: Engine

    async def begin(self, holder: str) -> int:
        """Begin a leadership and return its epoch, after all that is being committed in the name of the last one."""
        now = await self.database.clock()
        async with self.database.transaction() as transaction:
            rows = await transaction.run(
                "UPDATE leadership SET epoch = epoch + 1, holder = ?, since = ? WHERE name = 'lead' RETURNING epoch",
                (holder, now),
            )
        ((epoch,),) = msgspec.convert(rows, list[tuple[int]])
        return epoch


@dataclass(frozen=True, slots=True)
class Fenced:
    """A database that is written in the name of a leadership, for as long as that is the newest.

    ``epoch`` gives its number, None when it is over. Whoever is told that another began has committed nothing.
    """

    database: Engine
    epoch: Callable[[], int | None]

    @property
    def name(self) -> str:
        """Return the database's name."""
        return self.database.name

    @property
    def pulse(self) -> Pulse:
        """Return when something was committed last."""
        return self.database.pulse

    @property
    def is_shared(self) -> bool:
        """Return whether processes on other machines may have it open, too."""
        return self.database.is_shared

    async def clock(self) -> float:
        """Return the database's time."""
        return await self.database.clock()

    def now(self) -> datetime:
        """Return the database's time without asking."""
        return self.database.now()

    async def tell(self, notice: str) -> None:
        """Tell all other processes that listen."""
        await self.database.tell(notice)

    def listening(self, heard: Callable[[str | None], None]) -> AbstractAsyncContextManager[None]:
        """Hear what others tell."""
        return self.database.listening(heard)

    async def read(self, statement: str, values: Sequence[Value] = ()) -> list[Row]:
        """Read, whoever leads."""
        return await self.database.read(statement, values)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Write; ``StorageError`` where another leadership began. None begins while this is under way."""
        epoch = self.epoch()
        if epoch is None:
            raise StorageError(_LOST)
        async with self.database.transaction() as transaction:
            if not await transaction.run(
                "SELECT 1 FROM leadership WHERE name = 'lead' AND epoch = ? FOR SHARE", (epoch,)
            ):
                raise StorageError(_LOST)
            yield transaction

    def turn(self, what: str) -> AbstractAsyncContextManager[bool]:
        """Take a turn."""
        return self.database.turn(what)

    async def probe(self) -> None:
        """Write once."""
        await self.database.probe()

    async def check_writable(self) -> None:
        """Write once, and look for every table."""
        await self.database.check_writable()


def in_the_name_of(epoch: int | None, database: Engine) -> Engine:
    """Return a database as who works for the leader of an epoch may write it; without one, as anybody."""
    return database if epoch is None else Fenced(database, lambda: epoch)
