"""Lists the tracked packages by what the last scan concluded, and by what was read in their wheels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.core.errors import UserError
from bot.core.listing.listed import Listed, listed_of, unread
from bot.core.wheels.targets import Target
from bot.services.packages.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class TrackedPackages:
    """The tracked packages, and when the scan ended by which they are (UTC)."""

    packages: tuple[Listed, ...]
    scanned: datetime


@dataclass(frozen=True, slots=True)
class PackageLister:
    """Lists what is tracked; asks nobody but storage."""

    catalogue: Catalogue
    targets: tuple[Target, ...]

    async def tracked(self) -> TrackedPackages:
        """Return the tracked packages, the most downloaded first, then those that are tracked because somebody asked.

        Raises ``UserError`` where nothing was scanned for these targets yet.
        """
        edition = await self.catalogue.edition()
        if edition is None:
            raise UserError("Nothing has been scanned yet. A running bot does it soon, `ftbot scan` at once.")
        found: Mapping[str, Listed] = {
            each.name: listed_of(each.status.judgement, each.rank) async for each in self.catalogue.listed(edition)
        }
        if not found and edition.ranks:
            names = " and ".join(map(str, self.targets))
            raise UserError(f"The last scan did not keep what a list for {names} needs. Run `ftbot scan` again.")
        return TrackedPackages(
            tuple(found.get(name) or unread(name, rank, self.targets) for name, rank in edition.ranks.items()),
            edition.scanned,
        )
