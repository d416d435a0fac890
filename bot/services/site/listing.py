"""The tracked packages as lists show them, made once for each edition."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Protocol

from bot.core.listing.listed import Listed, listed_of, unread
from bot.core.site.facts import Edition, SitePackage
from bot.core.wheels.targets import Target


class Listable(Protocol):
    """Yields the tracked packages."""

    def listed(self, edition: Edition) -> AsyncIterator[SitePackage]:
        """Yield all tracked packages, the most downloaded first. Raises ``StorageError``."""


@dataclass(slots=True)
class SiteListing:
    """Keeps the lines of one edition; a list of thousands is made of the same lines whatever is asked of it."""

    tracked: Listable
    targets: tuple[Target, ...]
    _token: str | None = None
    _lines: tuple[Listed, ...] = ()
    _making: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def lines(self, edition: Edition) -> tuple[Listed, ...]:
        """Return a line for each package. Raises ``StorageError``."""
        async with self._making:
            if self._token != edition.token:
                found = {
                    each.name: listed_of(each.status.judgement, each.rank)
                    async for each in self.tracked.listed(edition)
                }
                self._lines = tuple(
                    found.get(name) or unread(name, rank, self.targets) for name, rank in edition.ranks.items()
                )
                self._token = edition.token
            return self._lines
