"""Tells Discord of the slash commands only when they changed: it counts, and limits, how often it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from bot.core.errors import StorageError
from storage.discord.registrations import Registrations

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Registration:
    """Remembers the digest of the commands that each application registered last."""

    registrations: Registrations
    _turns: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def sync(self, application: int, digest: str, tell: Callable[[], Awaitable[object]]) -> None:
        """Register the commands by ``tell`` unless Discord has them; without a working database, again.

        Clients of several shards come one after another.
        """
        async with self._turns:
            await self._sync(application, digest, tell)

    async def _sync(self, application: int, digest: str, tell: Callable[[], Awaitable[object]]) -> None:
        try:
            known = await self.registrations.digest(application)
        except StorageError as error:
            log.warning("storage_failed", reason=str(error))
            known = None
        if known == digest:
            log.info("commands_unchanged")
            return
        await tell()
        log.info("commands_registered")
        try:
            await self.registrations.record(application, digest)
        except StorageError as error:
            log.warning("storage_failed", reason=str(error))
