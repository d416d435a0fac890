"""Tells threads that say that a package turns the GIL back on when a release of it was read that keeps it off.

It goes by what is stored, whoever read the wheels, and notes what it told only when everybody has it: killed in
between, it tells again, and who was told already knows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.core.classify.thread import KindName
from bot.core.errors import StorageError
from bot.core.inspection.inspection import ReadWheel
from bot.core.upstream.gil_news import GilNews, gil_news, is_about_gil
from bot.core.upstream.threads import ThreadEvent, wheels_event
from bot.core.wheels.targets import Target, named_target
from bot.services.upstream.answers import Answers
from bot.services.upstream.round import classified
from storage.packages.inspections import Inspections
from storage.packages.projects import Projects

Tell = Callable[[Sequence[GilNews]], Awaitable[None]]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class GilFollowUp:
    """Looks what is news; ``usual`` is the Python that a thread is about which names none, ``tell`` is triage's."""

    answers: Answers
    projects: Projects
    inspections: Inspections
    usual: Target
    now: Callable[[], datetime]
    tell: Tell | None = None
    checkpoint: Callable[[str], None] = lambda _step: None

    async def look(self) -> None:
        """Tell what is news and was not told yet."""
        try:
            news = [each for each in await self._news() if not await self.answers.is_noted(_event(each, self.now()))]
            if not news:
                return
            self.checkpoint("found")
            if self.tell is not None:
                await self.tell(news)
            self.checkpoint("told")
            for each in news:
                await self.answers.note(_event(each, self.now()), self.now())
            self.checkpoint("noted")
            log.info("gil_news_told", threads=len(news))
        except StorageError as error:
            log.warning("storage_failed", reason=str(error))

    async def _news(self) -> list[GilNews]:
        """Return what is news to open threads, also what they were told before."""
        threads = await self.answers.threads.open_of_kind(KindName.GIL_REENABLED)
        packages = sorted({thread.package for thread in threads if thread.package is not None})
        read: dict[str, list[ReadWheel]] = {}
        for each in await self.inspections.of_packages(packages):
            read.setdefault(each.package, []).append(each)
        wanted = await self.projects.wheels(tuple(read))
        told = [(thread, thread.package) for thread in threads if thread.package is not None and thread.package in read]
        found = []
        for (thread, package), said in zip(told, await classified([each.issue for each, _ in told]), strict=True):
            if is_about_gil(said):
                target = named_target(said.pythons, self.usual)
                found.append(gil_news(thread, read[package], target, wanted.get(package, {}).get(str(target))))
        return [each for each in found if each is not None]


def _event(news: GilNews, at: datetime) -> ThreadEvent:
    return wheels_event(news.thread, news.version, str(news.target), at, gil_off=True)
