"""Puts packages side by side, with how often each releases."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.comparison.cadence import Cadence, cadence
from bot.core.comparison.comparison import Comparison, compare
from bot.core.dependencies.named import NamedPackage
from bot.core.errors import StorageError, UserError
from bot.core.verdicts.status import Upstream, with_upstream
from bot.core.wheels.targets import Target
from bot.services.packages.families import look_up_all
from bot.services.packages.lookup import Freshness, StatusLookup

FEWEST, MOST = 2, 10
"""Packages that are compared at a time."""


@dataclass(frozen=True, slots=True)
class ComparedPackages:
    """Packages side by side; ``cadences`` has how often they release, where that is known."""

    comparison: Comparison
    cadences: Mapping[str, Cadence]


@dataclass(frozen=True, slots=True)
class PackageComparer:
    """Compares packages by their statuses."""

    lookup: StatusLookup
    upstream: Upstream | None
    now: Callable[[], datetime]

    async def compare(
        self,
        names: Sequence[str],
        targets: Sequence[Target] = (),
        freshness: Freshness = Freshness.NORMAL,
        most: int = MOST,
    ) -> ComparedPackages:
        """Compare packages (normalized names), each once. Raises ``UserError`` for fewer than two or too many."""
        packages = list(dict.fromkeys(names))
        if not FEWEST <= len(packages) <= most:
            raise UserError(f"Name {FEWEST} to {most} packages to compare, such as numpy and scipy.")
        asking = look_up_all(self.lookup, [NamedPackage(name) for name in packages], targets, freshness)
        try:
            statuses = [with_upstream(await question, self.upstream) for question in asking]
        finally:
            for question in asking:
                question.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
        cadences = {name: found for name in packages if (found := await self._cadence(name)) is not None}
        return ComparedPackages(compare(statuses), cadences)

    async def _cadence(self, name: str) -> Cadence | None:
        """Return how often a package releases, as far as its page is stored."""
        try:
            reading = await self.lookup.readings.latest(name)
        except StorageError:
            return None
        if reading is None:
            return None
        project, now = reading.project, self.now()
        return await self.lookup.index.aside(lambda: cadence(project, now))
