"""The list of the most downloaded packages: fetched once a day, kept for when it is gone, shipped to begin with."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bot.core.errors import StorageError, UpstreamError
from bot.core.index.top_packages import TopPackages, parse_top_packages
from storage.packages.documents import Documents

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TopList:
    """Gives the list; ``fetch`` gets it as published, ``shipped`` is what there is without anybody's help.

    ``place`` is where it is published, as what is kept of one place is not for another; ``believed`` is for how long
    a copy is not asked for again.
    """

    fetch: Callable[[], Awaitable[bytes]]
    documents: Documents
    shipped: Callable[[], TopPackages]
    now: Callable[[], datetime]
    place: str = ""
    believed: timedelta = timedelta(days=1)

    async def current(self) -> TopPackages:
        """Return the newest list that can be had: fetched, else kept, else shipped; never fails."""
        kept, fetched = await _kept_list(self.documents, self.place)
        if kept is not None and fetched is not None and timedelta() <= self.now() - fetched < self.believed:
            return kept
        try:
            body = await self.fetch()
            current = parse_top_packages(body)
        except UpstreamError as error:
            log.warning("top_list_failed", reason=str(error), kept=kept is not None)
            older = await asyncio.to_thread(self.shipped) if kept is None else kept
            return replace(older, problem=str(error))
        try:
            await self.documents.record(_name(self.place), body, self.now())
        except StorageError as error:
            log.warning("storage_failed", reason=str(error))
        return current


async def list_at_hand(documents: Documents, place: str, shipped: Callable[[], TopPackages]) -> TopPackages:
    """Return the list that was fetched last from a place, else the shipped one; nobody is asked for it."""
    kept, _ = await _kept_list(documents, place)
    return await asyncio.to_thread(shipped) if kept is None else kept


def _name(place: str) -> str:
    """Return what the list of a place is called among the documents."""
    return f"top-packages {place}"


async def _kept_list(documents: Documents, place: str) -> tuple[TopPackages | None, datetime | None]:
    try:
        document = await documents.latest(_name(place))
        return (None, None) if document is None else (parse_top_packages(document[0]), document[1])
    except (StorageError, UpstreamError) as error:
        log.warning("top_list_not_kept", reason=str(error))
        return None, None
