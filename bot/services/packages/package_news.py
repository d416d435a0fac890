"""Notices what happens to packages that only people who watch them are told of, by what scans and readings stored.

What is noticed again is known: whoever is killed before noting how far they looked notices the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from bot.core.digest.digest import Moves
from bot.core.errors import StorageError
from bot.core.inspection.inspection import ReadWheel
from bot.core.inspection.modules import Gil
from bot.core.inspection.releases import newest_reading, reading_before
from bot.core.posting.watches import NewsItem, NewsKind, completed_news
from bot.core.wheels.targets import Target, parse_target
from storage.discord.package_news import PackageNews
from storage.packages.documents import Documents
from storage.packages.inspections import Inspections
from storage.packages.projects import Projects

_LOOKED = "readings told to watchers"
"""Under which name it is kept up to when what was read in wheels was looked through."""

_COMMITTED_BY = timedelta(minutes=10)
"""How long after it was read something may be stored."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class NewsFinder:
    """Writes down that wheels became complete, that a pre-release has some, and that a GIL declaration changed."""

    news: PackageNews
    projects: Projects
    inspections: Inspections
    documents: Documents
    targets: tuple[Target, ...]
    now: Callable[[], datetime]

    async def after_scan(self, moves: Moves, tracked: Sequence[str], since: datetime) -> None:
        """Note what moved since a moment."""
        found = [*_completed(moves)]
        for package, by_target in (await self.projects.prereleases(tracked)).items():
            for target, wheels in by_target.items():
                if wheels.first >= since:
                    found.append(NewsItem(package, NewsKind.PRERELEASE, parse_target(target), wheels.version))
        await self._record(found)

    async def look_at_readings(self) -> None:
        """Note whose newest release declares otherwise about the GIL than the one that was read before it."""
        try:
            now = self.now()
            noted = await self.documents.latest(_LOOKED)
            since = now if noted is None else min(now, datetime.fromtimestamp(float(noted[0]), UTC)) - _COMMITTED_BY
            packages = await self.inspections.packages_read_since(since)
            if packages:
                await self._record(await self._turns(packages, since))
            await self.documents.record(_LOOKED, str(now.timestamp()).encode(), now)
        except StorageError as error:
            log.warning("storage_failed", reason=str(error))

    async def _turns(self, packages: Sequence[str], since: datetime) -> list[NewsItem]:
        read: dict[str, list[ReadWheel]] = {}
        for each in await self.inspections.of_packages(packages):
            read.setdefault(each.package, []).append(each)
        wanted = await self.projects.wheels(packages)
        found = []
        for package, readings in read.items():
            for target in self.targets:
                now = newest_reading(readings, target, wanted.get(package, {}).get(str(target)))
                before = None if now is None or now.read < since else reading_before(now, readings, target)
                if now is not None and before is not None:
                    kind = NewsKind.GIL_OFF if now.inspection.gil is Gil.OFF else NewsKind.GIL_ON
                    found.append(NewsItem(package, kind, target, str(now.version), str(before.version)))
        return found

    async def _record(self, news: Sequence[NewsItem]) -> None:
        if news and (new := await self.news.record(news, self.now())):
            log.info("package_news_noticed", new=new)


def _completed(moves: Moves) -> Iterator[NewsItem]:
    for move in moves.gained:
        if not move.missing:
            yield completed_news(move.package, move.target, move.version, at_once=True)
    for move in moves.completed:
        yield completed_news(move.package, move.target, move.version, at_once=False)
