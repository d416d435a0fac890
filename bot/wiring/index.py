"""A package index that is opened when it is first asked: what is answered from storage pays for no HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from bot.clients.pages import NoPage, PageSummary, ProjectPage
from bot.clients.readers import Readers
from bot.config import Settings
from bot.core.index.metadata import Metadata
from bot.core.index.simple_api import MetadataFile, Project
from bot.loggers import set_up_now
from bot.services.index import Index

_T = TypeVar("_T")


@dataclass(slots=True)
class IndexWhenAsked:
    """Asks the index; its connections are in ``stack``, which whoever made it closes. ``hurried``: somebody waits."""

    settings: Settings
    stack: AsyncExitStack
    hurried: bool
    readers: Readers = field(default_factory=Readers)
    _index: Index | None = None
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def project(self, name: str, etag: str | None = None) -> ProjectPage | NoPage:
        """Read a project's page, unless it still has the ETag known. Raises ``UpstreamError``."""
        return await (await self._opened()).project(name, etag)

    async def metadata(self, name: str, version: str, file: MetadataFile | None) -> Metadata | None:
        """Read what a release says of itself; None where that failed."""
        return await (await self._opened()).metadata(name, version, file)

    async def summary(self, name: str, etag: str | None, conclude: Callable[[Project], _T]) -> PageSummary[_T] | NoPage:
        """Read a project's page and conclude something from it. Raises ``UpstreamError``."""
        return await (await self._opened()).summary(name, etag, conclude)

    async def aside(self, work: Callable[[], _T]) -> _T:
        """Do work that takes time in a thread, which needs no index."""
        return await self.readers.aside(work)

    async def _opened(self) -> Index:
        async with self._opening:
            if self._index is None:
                set_up_now()
                from bot.wiring.http import open_index  # imports HTTP, and reads the system's certificates

                opening = open_index(self.settings, self.readers, hurried=self.hurried)
                self._index = await self.stack.enter_async_context(opening)
            return self._index


@asynccontextmanager
async def index_when_asked(settings: Settings, *, hurried: bool = False) -> AsyncIterator[IndexWhenAsked]:
    """Yield an index that is opened when it is asked, and closed with the block."""
    async with AsyncExitStack() as stack:
        yield IndexWhenAsked(settings, stack, hurried)
