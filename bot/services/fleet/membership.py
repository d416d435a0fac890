"""How many processes share the database now."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from bot.core.errors import StorageError
from storage.fleet.members import Members

_TOLD_OF = timedelta(seconds=5)
"""From when on a machine's clock that differs is a line in the log: nothing goes by it, but people read it."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(slots=True)
class Membership:
    """Says that this process is there; ``count`` is how many were when it last did, itself among them."""

    members: Members
    name: str
    version: str
    count: int = 1
    _differs: bool = False

    async def beat(self) -> None:
        """Say so; without a database the others count as they did."""
        self._compare()
        try:
            self.count = max(1, await self.members.beat(self.name, self.version))
        except StorageError as error:
            log.warning("storage_failed", reason=str(error))

    async def leave(self) -> None:
        """Say that this process ends; who cannot is missed in a while."""
        with suppress(StorageError):
            await self.members.leave(self.name)

    def _compare(self) -> None:
        """Log that this machine's clock differs from the database's, once as long as it does."""
        ahead = self.members.database.now() - datetime.now(UTC)
        differs = abs(ahead) >= _TOLD_OF
        if differs and not self._differs:
            log.warning("clock_differs", database_is_ahead_by=round(ahead.total_seconds(), 1))
        self._differs = differs
