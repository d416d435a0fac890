"""What servers can be told of, by the settings of whoever runs the bot and what was read so far."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.posting.prospects import Prospects, Watched
from storage.packages.scans import Scans


@dataclass(frozen=True, slots=True)
class Outlook:
    """Knows how many packages are tracked (``track``) and which threads are watched."""

    scans: Scans
    track: int
    watched: Watched

    async def prospects(self) -> Prospects:
        """Return what can be told of now."""
        return Prospects(self.watched, tracks=self.track > 0, scanned=await self.scans.latest() is not None)
