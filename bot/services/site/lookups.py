"""Any package for the site: what scans keep of tracked ones, and of others what was looked up when somebody asked.

Nobody who asks the site makes the bot ask the index while they wait without bound: what is not stored is looked up in
the background, as far as a budget for each address and one for all addresses together allow.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from bot.core.site.budget import SharedBudget, TokenBudget
from bot.core.site.facts import Edition, SitePackage
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import Status, Upstream, with_upstream
from bot.services.packages.lookup import Freshness

MOST_AT_ONCE = 10
"""Look-ups that run for the site at a time."""

_BUSY_SECONDS = 5.0
_AGES = {Verdict.UNKNOWN: timedelta(seconds=30), Verdict.NOT_FOUND: timedelta(minutes=10)}
_AGE = timedelta(hours=1)
"""How old what is shown may be before it is looked up again."""


def lookup_budget() -> SharedBudget:
    """Return how many look-ups strangers may cause: ten at once and six a minute each, thirty a minute all together."""
    return SharedBudget(TokenBudget(burst=10, rate=0.1), TokenBudget(burst=60, rate=0.5))


class Lookup(Protocol):
    """Looks packages up."""

    async def look_up(self, name: str, *, freshness: Freshness = Freshness.NORMAL) -> Status:
        """Return the status of a package."""

    def glance(self, name: str) -> Status | None:
        """Return the status of a package if it is in memory."""


class Tracked(Protocol):
    """Knows the tracked packages."""

    async def package(self, name: str, edition: Edition) -> SitePackage | None:
        """Return what is known of a tracked package, None of others. Raises ``StorageError``."""


@dataclass(frozen=True, slots=True)
class AwaitedPackage:
    """A package that nothing is known of yet: it is being looked up, or as many are as may be."""

    seconds: float
    """After how many seconds to ask again."""

    is_refused: bool
    """Whether it is not looked up, as whoever asks has asked for too many, or all together have."""


@dataclass(frozen=True, slots=True)
class AnyPackage:
    """Gives what is known of any package."""

    tracked: Tracked
    lookup: Lookup
    now: Callable[[], datetime]
    clock: Callable[[], float]
    upstream: Upstream | None = None
    budget: SharedBudget = field(default_factory=lookup_budget)
    _under_way: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def stamp(self, name: str, edition: Edition | None) -> str:
        """Return what is another one where ``find`` would say another thing, or have the package looked up again."""
        if edition is not None and name in edition.ranks:
            return edition.token
        status = self.lookup.glance(name)
        if status is None:
            return "unknown"
        age = (self.now() - status.checked) // _AGES.get(status.headline.verdict, _AGE)
        return f"{status.checked.timestamp():.6f}-{status.headline.verdict}-{age}"

    async def find(
        self, name: str, edition: Edition | None, who: str, patience: float = 0.0
    ) -> SitePackage | AwaitedPackage:
        """Return a package (normalized name) as it is known, and have it looked up where that is nothing, or old.

        ``who`` pays for that. ``patience`` is for how many seconds to wait for it. Raises ``StorageError``.
        """
        found = None if edition is None else await self.tracked.package(name, edition)
        if found is not None:
            return found
        status = await self._known(name)
        if status is not None:
            if self.now() - status.checked > _AGES.get(status.headline.verdict, _AGE):
                self._want(name, who)
            return self._shown(status)
        wait = self._want(name, who)
        if wait:
            return AwaitedPackage(wait, is_refused=True)
        if patience:
            await asyncio.wait({self._under_way[name]}, timeout=patience)
            status = self.lookup.glance(name)
        return AwaitedPackage(_BUSY_SECONDS, is_refused=False) if status is None else self._shown(status)

    async def finished(self) -> None:
        """Wait until nothing is looked up any more."""
        while self._under_way:
            await asyncio.wait(tuple(self._under_way.values()))

    async def aclose(self) -> None:
        """End what is under way; whoever looks up goes on as long as it likes."""
        tasks = tuple(self._under_way.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _shown(self, status: Status) -> SitePackage:
        return SitePackage(with_upstream(status, self.upstream))

    async def _known(self, name: str) -> Status | None:
        """Return what is in memory or in storage, however old."""
        status = self.lookup.glance(name)
        if status is None:
            stored = await self.lookup.look_up(name, freshness=Freshness.OFFLINE)
            # That nobody asked the index again is no failure of the index: `checked` says how old it is.
            status = None if stored.headline.verdict is Verdict.UNKNOWN else replace(stored, stale=False)
        return status

    def _want(self, name: str, who: str) -> float:
        """Have a package looked up, and return 0; or after how many seconds to come again."""
        if name in self._under_way:
            return 0.0
        if len(self._under_way) >= MOST_AT_ONCE:
            return _BUSY_SECONDS
        wait = self.budget.take(who, self.clock())
        if not wait:
            task = asyncio.create_task(self._look_up(name), name=f"site looks up {name}")
            self._under_way[name] = task
            task.add_done_callback(lambda _: self._under_way.pop(name, None))
        return wait

    async def _look_up(self, name: str) -> None:
        await self.lookup.look_up(name)
