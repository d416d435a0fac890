"""Whether the bot can do its work: Discord acknowledges its heartbeats, and the database takes what is written."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from bot.core.errors import StorageError
from bot.services.metrics import Metrics
from storage.engine.engine import Engine

BELIEVED = 1.0
"""Seconds for which what was found is not looked for again, however many ask."""

PATIENCE = 2.0
"""Seconds that whoever asks waits for the database; one that has not answered by then does not work."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(slots=True)
class Health:
    """Tells what works; ``discord`` says whether Discord does, ``clock`` gives seconds and only goes on.

    ``beside`` tells of what questions are answered without.
    """

    database: Engine
    discord: Callable[[], bool]
    metrics: Metrics
    clock: Callable[[], float] = time.monotonic
    believed: float = BELIEVED
    patience: float = PATIENCE
    beside: Callable[[], Mapping[str, bool]] = dict
    _writing: asyncio.Task[bool] | None = None
    _asked: float = float("-inf")
    _problem: str | None = None

    async def needs(self) -> Mapping[str, bool]:
        """Return for everything that is needed whether it works now; takes no longer than the patience."""
        needs = {"discord": self.discord(), "database": await self._can_write()}
        for need, works in needs.items():
            self.metrics.ready.labels(need).set(works)
        return needs

    def problems(self) -> Mapping[str, str]:
        """Return what is wrong with what was found not to work, in sentences, as far as that is known."""
        return {} if self._problem is None else {"database": self._problem}

    async def look(self) -> None:
        """Find out what works, for the metrics, where nobody else asks."""
        await self.needs()

    async def _can_write(self) -> bool:
        """Write, or join who does or just did; who takes too long is left to it, and nobody begins beside it."""
        if self._writing is None or (self._writing.done() and self.clock() - self._asked >= self.believed):
            self._asked = self.clock()
            self._writing = asyncio.create_task(self._write(), name="probe")
        done, _ = await asyncio.wait({self._writing}, timeout=self.patience)
        if not done:
            self._note(f"The database {self.database.name} does not answer. Look at what keeps it busy.")
        return bool(done) and self._writing.result()

    async def _write(self) -> bool:
        try:
            await self.database.probe()
        except StorageError as error:
            self._note(str(error))
            return False
        self._note(None)
        return True

    def _note(self, problem: str | None) -> None:
        """Log what is wrong, once as long as it is the same."""
        if problem != self._problem:
            self._problem = problem
            if problem is None:
                log.info("database_works_again")
            else:
                log.warning("database_fails", reason=problem)
