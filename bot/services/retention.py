"""Forgets once a day what has been over for so long that nobody needs it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.core.errors import StorageError
from bot.services.metrics import Metrics
from storage.retention import Retention

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Caretaker:
    """Forgets what was over ``keep`` ago."""

    retention: Retention
    keep: timedelta
    metrics: Metrics
    now: Callable[[], datetime]

    async def forget(self) -> None:
        """Forget a little at a time, so that nobody waits for it; what is left when that fails goes the next day."""
        now = self.now()
        forgotten: Counter[str] = Counter()
        try:
            async for table, rows in self.retention.forget(now - self.keep, now):
                forgotten[table] += rows
                self.metrics.forgotten.labels(table).inc(rows)
        except StorageError as error:
            log.warning("storage_failed", reason=str(error))
        log.info("forgotten", **{table: rows for table, rows in forgotten.items() if rows})
