"""Looks at what is watched on GitHub by the timetable, and keeps what people are told of it current."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from bot.core.digest.changes import Change
from bot.core.errors import StorageError, UpstreamError
from bot.services.upstream.tracking import Tracking

if TYPE_CHECKING:  # it imports GitHub's library
    from bot.services.upstream.watcher import Watcher

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class UpstreamPoll:
    """Looks, and lets ``tracking`` know; without a ``watcher`` only what triage stores is news to it.

    ``looked`` is called when there may be something new for ``tracking``.
    """

    tracking: Tracking
    watcher: Watcher | None
    looked: Callable[[], None] = lambda: None

    async def look(self) -> None:
        """Look once at everything; what fails is tried again at the next look."""
        try:
            if self.watcher is not None:
                report = await self.watcher.poll()
                log.info(
                    "watched", new=report.new, events=report.events, requests=report.requests, failed=len(report.failed)
                )
            await self.tracking.load()
            self.looked()
        except UpstreamError as error:
            log.warning("watching_failed", reason=str(error))
        except StorageError as error:
            log.warning("storage_failed", reason=str(error))

    async def note_wheels(self, changes: Sequence[Change]) -> None:
        """Note that wheels appeared for packages whose threads wait for them."""
        if self.watcher is not None:
            answered = await self.watcher.note_wheels(changes)
            if answered:
                log.info("threads_answered", threads=len(answered))
