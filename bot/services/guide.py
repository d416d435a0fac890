"""The sections of the free-threading guide: read once a day, kept for when it is gone, shipped to begin with."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from bot.core.errors import StorageError, UpstreamError
from bot.core.guide.inventory import parse_inventory
from bot.core.guide.sections import GuideSection, find_sections, shipped_sections
from storage.packages.documents import Documents

BELIEVED = timedelta(days=1)
_TRIED_AGAIN_AFTER = timedelta(hours=1)

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(slots=True)
class Guide:
    """Finds sections; ``fetch`` gets the inventory as published, ``site`` is where its places are."""

    fetch: Callable[[], Awaitable[bytes]]
    documents: Documents
    site: str
    now: Callable[[], datetime]
    _sections: tuple[GuideSection, ...] = field(default=(), init=False)
    _until: datetime | None = field(default=None, init=False)

    async def find(self, topic: str) -> tuple[GuideSection, ...]:
        """Find what fits a topic, the best first; among what ships with the program, too, which knows more words."""
        return find_sections(await self.sections(), topic)

    async def sections(self) -> tuple[GuideSection, ...]:
        """Return all sections that can be had, of the guide as it is or as it was, and those that ship; never fails."""
        if self._until is None or self.now() >= self._until:
            await self.refresh()
        return self.known

    @property
    def known(self) -> tuple[GuideSection, ...]:
        """Return the sections that are known now, without asking anybody; those that ship come first."""
        shipped = shipped_sections(self.site)
        there = {section.url for section in shipped}
        return (*shipped, *(section for section in self._sections if section.url not in there))

    async def refresh(self) -> None:
        """Read the inventory if that was not done within a day."""
        kept, fetched = await self._kept()
        now = self.now()
        if kept and fetched is not None and timedelta() <= now - fetched < BELIEVED:
            self._sections, self._until = kept, fetched + BELIEVED
            return
        try:
            body = await self.fetch()
            self._sections = await asyncio.to_thread(parse_inventory, body, self.site)
        except UpstreamError as error:
            log.info("guide_failed", reason=str(error), kept=bool(kept))
            self._sections, self._until = kept, now + _TRIED_AGAIN_AFTER
            return
        self._until = now + BELIEVED
        try:
            await self.documents.record(self._name, body, now)
        except StorageError as error:
            log.warning("storage_failed", reason=str(error))

    @property
    def _name(self) -> str:
        return f"guide {self.site}"

    async def _kept(self) -> tuple[tuple[GuideSection, ...], datetime | None]:
        try:
            document = await self.documents.latest(self._name)
            if document is None:
                return (), None
            return await asyncio.to_thread(parse_inventory, document[0], self.site), document[1]
        except (StorageError, UpstreamError) as error:
            log.warning("guide_not_kept", reason=str(error))
            return (), None
