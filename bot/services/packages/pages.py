"""Project pages for whoever needs all of a project: from storage while they are fresh, else from the index.

A page is read for its releases only; the metadata of the newest one stays as it was, or is missing, which whoever
answers for it makes good.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.clients.pages import NoPage, ProjectPage
from bot.core.errors import StorageError, UpstreamError
from bot.core.index.metadata import NOT_OFFERED
from bot.core.verdicts.freshness import Reading
from bot.loggers import get_logger
from bot.services.index import Pages
from bot.services.packages.writer import ReadingWriter

MOST_BROUGHT = 64 << 20
"""Bytes of pages that were brought, as they were sent; those that came first are let go of for those that come."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """A project as it is known; without a ``reading``, ``problem`` says why, or it is ``missing`` from the index.

    ``stale`` says that the index could not be asked, and this is what it said then.
    """

    reading: Reading | None = None
    missing: bool = False
    stale: bool = False
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class _Brought:
    """What reads a page that somebody else was answered, and its size."""

    page: Callable[[], ProjectPage]
    size: int


@dataclass(frozen=True, slots=True)
class ProjectPages:
    """Reads pages of projects by normalized name. One may be private: none is logged, nor stored unless it is there."""

    index: Pages
    readings: ReadingWriter
    now: Callable[[], datetime]
    _brought: dict[str, _Brought] = field(default_factory=dict)

    def bring(self, name: str, page: Callable[[], ProjectPage], size: int) -> None:
        """Take in a page that somebody else was answered just now, so that it is not asked for again.

        ``page`` reads it, which takes time, where it is needed. It may raise ``UpstreamError``. ``size`` is in bytes.
        """
        self._brought.pop(name, None)
        self._brought[name] = _Brought(page, size)
        total = sum(each.size for each in self._brought.values())
        while total > MOST_BROUGHT:
            total -= self._brought.pop(next(iter(self._brought))).size

    def let_go(self) -> None:
        """Forget what was brought and never asked for."""
        self._brought.clear()

    async def read(self, name: str, *, offline: bool = False, refresh: bool = False) -> PageAnswer:
        """Return what is known of a project; an index that does not answer is a ``problem``, never an error.

        It is not asked if ``offline``, and asked even if what is stored is fresh to ``refresh`` that.
        """
        stored = await self._stored(name)
        if stored is not None and (offline or (not refresh and stored.is_fresh(self.now()))):
            self._brought.pop(name, None)
            return PageAnswer(stored)
        if offline:
            return PageAnswer(problem="Nothing is stored about it, and the index was not to be asked.")
        try:
            page = await self._page(name, None if stored is None else stored.etag)
        except UpstreamError as error:
            return PageAnswer(stored, stale=stored is not None, problem=str(error))
        if isinstance(page, ProjectPage):
            return PageAnswer(self._take_in(page, stored))
        if page is NoPage.NOT_MODIFIED and stored is not None:
            confirmed = replace(stored, checked=self.now())
            self.readings.keep(confirmed, whole=False)
            return PageAnswer(confirmed)
        return PageAnswer(missing=True)

    async def _page(self, name: str, etag: str | None) -> ProjectPage | NoPage:
        brought = self._brought.pop(name, None)
        if brought is not None:
            with suppress(UpstreamError):
                return await self.index.aside(brought.page)
        return await self.index.project(name, etag)

    def _take_in(self, page: ProjectPage, stored: Reading | None) -> Reading:
        reading = Reading(page.project, page.newest, self.now(), page.etag)
        if stored is not None and stored.same_release(reading) and stored.metadata != NOT_OFFERED:
            reading = replace(reading, metadata=stored.metadata)
        self.readings.keep(reading)
        return reading

    async def _stored(self, name: str) -> Reading | None:
        try:
            return await self.readings.latest(name)
        except StorageError as error:
            log.warning("storage_failed", reason=str(error))
            return None
