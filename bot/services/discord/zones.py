"""The IANA time zones of this machine, read from its files once, away from the event loop."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

MOST_OFFERED = 25

_OFFERED_FIRST = (
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Sydney",
)


@dataclass(slots=True)
class Zones:
    """Finds time zones by name, and completes names from memory."""

    _names: dict[str, str] = field(default_factory=dict)
    _found: dict[str, tzinfo] = field(default_factory=lambda: {"UTC": UTC})

    async def load(self) -> None:
        """Read the names of all time zones."""
        names = await asyncio.to_thread(available_timezones)
        self._names = {name.lower(): name for name in sorted(names | {"UTC"})}

    async def name_of(self, typed: str) -> str | None:
        """Return the name of the zone that somebody typed, in any case and with spaces; None if there is none."""
        if not self._names:
            await self.load()
        return self._names.get(_folded(typed))

    async def find(self, name: str) -> tzinfo | None:
        """Return a time zone, None if this machine does not know it."""
        zone = self._found.get(name)
        if zone is None:
            try:
                zone = await asyncio.to_thread(ZoneInfo, name)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                return None
            self._found[name] = zone
        return zone

    def complete(self, typed: str) -> list[str]:
        """Offer names while somebody types: those whose city or region begins so, then those that contain it."""
        folded = _folded(typed)
        if not folded:
            return [name for name in _OFFERED_FIRST if name.lower() in self._names]
        fitting = [name for key, name in self._names.items() if folded in key]
        fitting.sort(key=lambda name: not any(part.startswith(folded) for part in name.lower().split("/")))
        return fitting[:MOST_OFFERED]


def _folded(typed: str) -> str:
    return typed.strip().lower().replace(" ", "_")
