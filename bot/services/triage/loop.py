"""Keeps triage going: works on what came in, carries out what was decided, and sleeps until there is more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.core.errors import StorageError
from bot.services.triage.inbox import Triage
from bot.services.triage.outbox import OutboxWorker
from storage.github.inbox import Inbox
from storage.github.outbox import Outbox

LONGEST_SLEEP = 30.0
"""Seconds after which is looked in any case: another process may have put something into the database."""

_SHORTEST_SLEEP = 0.5

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TriageLoop:
    """Triage and the outbox worker, one after the other; ``wake`` is set by whoever has something for them."""

    triage: Triage
    worker: OutboxWorker
    inbox: Inbox
    outbox: Outbox
    wake: asyncio.Event
    now: Callable[[], datetime]
    longest_sleep: float = LONGEST_SLEEP

    async def run(self) -> None:
        """Run until cancelled; what was begun then is found by the next process."""
        while True:
            self.wake.clear()
            try:
                await self.triage.work()
                await self.worker.tick()
                seconds = await self._until_due()
            except StorageError as error:
                log.warning("storage_failed", reason=str(error))
                seconds = self.longest_sleep
            except Exception:
                # Whatever it is, the next webhook is worked on.
                log.exception("triage_loop_failed")
                seconds = self.longest_sleep
            try:
                async with asyncio.timeout(seconds):
                    await self.wake.wait()
            except TimeoutError:
                continue

    async def _until_due(self) -> float:
        """Return the seconds until something is due; with triage switched off, nothing is."""
        if not self.worker.enabled:
            return self.longest_sleep
        due = [moment for moment in (await self.inbox.next_due(), await self.outbox.next_due()) if moment is not None]
        if not due:
            return self.longest_sleep
        return min(self.longest_sleep, max(_SHORTEST_SLEEP, (min(due) - self.now()).total_seconds()))
