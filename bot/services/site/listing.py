"""The tracked packages as lists show them, made once for each edition."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Protocol

from bot.core.listing.listed import Listed
from bot.core.site.facts import Edition, SitePackage
from bot.core.site.lines import listed_of


class Listable(Protocol):
    """Yields the tracked packages."""

    def listed(self, edition: Edition) -> AsyncIterator[SitePackage]:
        """Yield all tracked packages, the most downloaded first. Raises ``StorageError``."""


@dataclass(slots=True)
class SiteListing:
    """Keeps the lines of one edition; a list of thousands is made of the same lines whatever is asked of it."""

    tracked: Listable
    _token: str | None = None
    _lines: tuple[Listed, ...] = ()
    _making: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def lines(self, edition: Edition) -> tuple[Listed, ...]:
        """Return a line for each package. Raises ``StorageError``."""
        async with self._making:
            if self._token != edition.token:
                self._lines = tuple([listed_of(package) async for package in self.tracked.listed(edition)])
                self._token = edition.token
            return self._lines
