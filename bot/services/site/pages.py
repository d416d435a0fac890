"""What the pages show, put together from storage; nobody is asked but the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime

from bot.core.dependencies.required import required_packages
from bot.core.digest.digest import Digest
from bot.core.digest.weeks import Week, week_of
from bot.core.errors import UserError
from bot.core.site.digest_pages import DigestPage, WeekLine, digest_page, week_line
from bot.core.site.facts import Edition, SitePackage
from bot.core.site.front import FrontPage, front_page, has_news
from bot.core.site.package_page import Around, PackagePage, package_page
from bot.core.verdicts.status import Status
from bot.services.digest.digest import Digester
from bot.services.packages.catalogue import Catalogue
from bot.services.upstream.issues import Shown, UpstreamThreads
from storage.packages.digests import Digests

RECENT_WEEKS = 12
"""The weeks up to this one that have a page in any case."""


@dataclass(frozen=True, slots=True)
class SitePages:
    """Makes pages of an edition; what is expensive is made once for each edition and day."""

    catalogue: Catalogue
    digester: Digester
    digests: Digests
    threads: UpstreamThreads
    now: Callable[[], datetime]
    _front: dict[tuple[str, date], FrontPage] = field(default_factory=dict, init=False)
    _current: list[tuple[tuple[datetime | None, Week], Digest]] = field(default_factory=list, init=False)
    _alone: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def front(self, edition: Edition) -> FrontPage:
        """Return the front page. Raises ``UserError`` where nothing can be said of the past."""
        key = (edition.token, self.now().date())
        async with self._alone:
            if key not in self._front:
                self._front.clear()
                self._front[key] = front_page(await self._recent())
        return self._front[key]

    async def _recent(self) -> list[Digest]:
        """Return the digests of this week and the last, and of more before them until there is some news."""
        week = week_of(self.now().date())
        digests = [await self._made(week)]
        while len(digests) < RECENT_WEEKS and (len(digests) == 1 or not any(map(has_news, digests))):
            week = week.before
            try:
                digests.append(await self._made(week))
            except UserError:
                break
        return digests

    async def page_of(self, package: SitePackage, edition: Edition | None) -> PackagePage:
        """Return the page of any package, with what is known round it."""
        threads = await self.threads.listed(package.name, Shown.ALL, 8)
        required = [] if edition is None else await self._required(package, edition)
        return package_page(package, self.now(), Around(threads.threads, threads.total, required))

    async def _required(self, package: SitePackage, edition: Edition) -> list[Status]:
        """Return the tracked packages that a package requires on the headline target, as they stand."""
        metadata = package.status.metadata
        if metadata is None:
            return []
        required = required_packages(metadata.requires, package.status.headline.target)
        names = dict.fromkeys(each.name for each in required if each.name in edition.ranks)
        found = self.catalogue.packages([name for name in names if name != package.name], edition)
        return [each.status async for each in found]

    async def weeks(self) -> tuple[Week, ...]:
        """Return the weeks that have a page, the newest first: those of which a digest was kept, and the latest."""
        week = week_of(self.now().date())
        weeks = {*await self.digests.weeks(self.digester.targets)}
        for _ in range(RECENT_WEEKS):
            weeks.add(week)
            week = week.before
        return tuple(sorted(weeks, reverse=True))

    async def archive(self) -> tuple[WeekLine, ...]:
        """Return the archive, the newest week first."""
        return tuple([week_line(digest) async for digest in self.digests_of(await self.weeks())])

    async def digests_of(self, weeks: Sequence[Week]) -> AsyncIterator[Digest]:
        """Yield the digests of weeks, in order, those of which there are any."""
        for week in weeks:
            with suppress(UserError):
                yield await self._digest(week)

    async def digest(self, week: Week, edition: Edition) -> DigestPage:
        """Return the page of a week. Raises ``UserError`` where there is none."""
        return digest_page(await self._digest(week), await self.weeks(), edition.ranks)

    async def _digest(self, week: Week) -> Digest:
        async with self._alone:
            return await self._made(week)

    async def _made(self, week: Week) -> Digest:
        """Return a week's digest; that of this week, which nobody keeps, is made once for each scan."""
        if week != week_of(self.now().date()):
            return await self.digester.digest(week)
        ended = await self.catalogue.scans.last_end()
        if not self._current or self._current[0][0] != (ended, week):
            self._current[:] = [((ended, week), await self.digester.digest(week))]
        return self._current[0][1]
