"""Reads what the newest releases of tracked packages say of themselves: for pages, when nobody waits for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.core.errors import StorageError
from bot.services.index import Pages
from storage.packages.metadata import ReleaseMetadata
from storage.packages.projects import Projects
from storage.packages.scans import Scans

AT_ONCE = 20
"""Releases that are asked about in a round, one after another: the index hardly notices."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class MetadataReader:
    """Reads what was not read yet, the most downloaded first; a release is read once."""

    index: Pages
    scans: Scans
    projects: Projects
    metadata: ReleaseMetadata
    now: Callable[[], datetime]

    async def look(self) -> None:
        """Read some, in the background."""
        try:
            await self.read()
        except StorageError as error:
            log.warning("storage_failed", reason=str(error))

    async def read(self) -> int:
        """Read some, and return how many; an index that does not answer is left alone. Raises ``StorageError``."""
        number = 0
        for name, version in (await self._wanted())[:AT_ONCE]:
            said = await self.index.metadata(name, version, None)
            if said is None:
                break
            await self.metadata.record(name, version, said, self.now())
            number += 1
        return number

    async def _wanted(self) -> list[tuple[str, str]]:
        """Return the tracked packages of whose newest release nothing was read yet, with that."""
        scan = await self.scans.latest()
        names = () if scan is None else tuple(name for name, _ in scan.tracked)
        known = await self.metadata.versions(names)
        newest = {each.package: each.kept.version async for each in self.projects.judged(names)}
        found = [(name, version) for name in names if (version := newest.get(name)) is not None]
        return [(name, version) for name, version in found if known.get(name) != version]
