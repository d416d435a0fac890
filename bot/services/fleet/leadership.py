"""Whether this process leads: does what must happen once among all that share the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import structlog

from bot.core.errors import StorageError
from storage.engine.engine import Engine
from storage.fleet.leadership import Epochs, Fenced

_TURN = "lead"
_BETWEEN_TRIES = 1.0

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(slots=True)
class Leadership:
    """Takes the lead when nobody has it; ``name`` is this process's, ``epoch`` the number of its leadership.

    ``began`` is called when it leads, ``over`` when it does so no longer: it returns when all that only the leader
    does has ended, and only then is the lead tried for again.
    """

    database: Engine
    name: str
    pause: float = _BETWEEN_TRIES
    epoch: int | None = None
    began: Callable[[], None] = field(default=lambda: None)
    over: Callable[[], Awaitable[None]] | None = None
    _problem: str | None = None

    @property
    def leads(self) -> bool:
        """Return whether this process leads, by all that it knows."""
        return self.epoch is not None

    @property
    def fenced(self) -> Engine:
        """Return the database as only the leader may write it."""
        return Fenced(self.database, lambda: self.epoch)

    @asynccontextmanager
    async def taking(self) -> AsyncIterator[None]:
        """Lead whenever nobody else does while the block runs, at once where that is so."""
        tried = asyncio.Event()
        task = asyncio.create_task(self._take_turns(tried), name="lead")
        await tried.wait()
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def _take_turns(self, tried: asyncio.Event) -> None:
        while True:
            try:
                async with self.database.turn(_TURN) as taken:
                    if taken:
                        await self._lead(tried)
                self._note("Another process leads.", expected=True)
            except StorageError as error:
                self._note(str(error))
            tried.set()
            await asyncio.sleep(self.pause)

    async def _lead(self, tried: asyncio.Event) -> None:
        """Lead until that is taken away."""
        self.epoch = await Epochs(self.database).begin(self.name)
        self._note(None)
        log.info("leading", epoch=self.epoch, process=self.name)
        self.began()
        tried.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.epoch = None
            log.info("leading_no_longer", process=self.name)
            if self.over is not None:
                with suppress(asyncio.CancelledError):
                    await self.over()

    def _note(self, problem: str | None, *, expected: bool = False) -> None:
        """Log why this process does not lead, once as long as it is the same."""
        if problem is not None and problem != self._problem:
            (log.info if expected else log.warning)("lead_not_taken", reason=problem)
        self._problem = problem
