"""Digests for the site: of which weeks there are any, and the latest of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.digest.digest import Digest
from bot.core.digest.weeks import Week, week_of
from bot.core.errors import StorageError, UserError
from bot.core.site.moves import SiteMove, newest_first, told_of
from bot.services.digest.digest import FIRST_WEEK, Digester

WEEKS_OF_MOVES = 8
"""How many weeks the moves of all packages go back."""


@dataclass(frozen=True, slots=True)
class SiteDigests:
    """Gives digests; everything may raise ``StorageError``."""

    digester: Digester
    now: Callable[[], datetime]
    _keeping: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def weeks(self) -> tuple[Week, ...]:
        """Return the weeks that are over and have a digest, the latest first."""
        weeks, week = [], week_of(self.now().date()).before
        while week >= FIRST_WEEK:
            weeks.append(week)
            week = week.before
        return tuple(weeks)

    async def digest(self, week: Week | None = None) -> Digest:
        """Return the digest of a week, by default the last that is over. Raises ``UserError`` where there is none.

        It is kept beside: nobody waits for a database that takes nothing at the moment.
        """
        made = await self.digester.made(week)
        if made.is_final and str(made.digest.week) not in self._keeping:
            task = asyncio.create_task(self._keep(made.digest), name=f"keep {made.digest.week}")
            self._keeping[str(made.digest.week)] = task
            task.add_done_callback(lambda _: self._keeping.pop(str(made.digest.week), None))
        return made.digest

    async def _keep(self, digest: Digest) -> None:
        with suppress(StorageError):  # it is made again, and kept then
            await self.digester.keep(digest)

    async def aclose(self) -> None:
        """Wait until what is being kept is kept."""
        if self._keeping:
            await asyncio.wait(tuple(self._keeping.values()))

    async def current(self) -> Digest:
        """Return the digest of this week so far. Raises ``UserError`` where there is none."""
        return await self.digest(week_of(self.now().date()))

    async def latest(self, most: int) -> tuple[Digest, ...]:
        """Return the digests of the latest weeks that are over, the latest first; none before the first scan."""
        return tuple([digest async for digest in self._of(self.weeks()[:most])])

    async def moves(self) -> tuple[SiteMove, ...]:
        """Return what moved in this week and the latest ones, the newest first."""
        weeks = (week_of(self.now().date()), *self.weeks()[: WEEKS_OF_MOVES - 1])
        told = [told async for digest in self._of(weeks) for told in told_of(digest)]
        return newest_first({each.key: each for each in reversed(told)}.values())

    async def _of(self, weeks: tuple[Week, ...]) -> AsyncIterator[Digest]:
        for week in weeks:
            try:
                digest = await self.digest(week)
            except UserError:
                continue  # there is nothing to tell of that week
            yield digest
