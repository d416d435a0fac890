"""What answers about the dependencies of an application, built from the settings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_cache_path

from bot.config import Settings
from bot.core.dependencies.files import Demand, DependencyFile
from bot.core.errors import StorageError
from bot.core.wheels.platforms import Platform
from bot.core.wheels.targets import Target
from bot.services.packages.dependencies import DependencyCheck
from bot.services.packages.dependency_judge import DependencyJudge
from bot.services.packages.pages import ProjectPages
from bot.services.packages.writer import ReadingWriter
from bot.services.upstream.tracking import Tracking
from bot.wiring.database import open_or_do_without
from bot.wiring.index import index_when_asked
from storage.github.package_threads import PackageThreads
from storage.packages.documents import Documents
from storage.packages.inspections import Inspections
from storage.packages.statuses import Statuses

if TYPE_CHECKING:  # they import HTTP, which an answer from storage does without
    import httpx

    from bot.clients.answers import Answer
    from bot.clients.resolver import Resolver
    from bot.core.dependencies.resolving import Resolution


@dataclass(frozen=True, slots=True)
class DependencyTools:
    """What answers in a terminal; ``warning`` says what works less well than it should."""

    check: DependencyCheck
    warning: str | None


async def read_application(
    names: Sequence[str], files: Sequence[Path], environment: Path | None
) -> tuple[DependencyFile, ...]:
    """Read what describes an application. Raises ``UserError`` for what cannot be read at all."""
    from bot.clients.dependency_files import read_dependency_file, read_environment
    from bot.core.dependencies.declared.names import read_names
    from bot.core.dependencies.installed import read_installed
    from bot.core.dependencies.reading import read_file

    read = [read_names(names)] if names else []
    for path in files:
        found = await read_dependency_file(path)
        read.append(await asyncio.to_thread(read_file, found.name, found.text, found.included))
    if environment is not None:
        installed = await read_environment(environment)
        read.append(await asyncio.to_thread(read_installed, str(environment), installed))
    return tuple(read)


@asynccontextmanager
async def open_dependency_check(settings: Settings) -> AsyncIterator[DependencyTools]:
    """Build what ``ftbot deps`` needs; a database that cannot be used is replaced by none, with a warning."""
    async with AsyncExitStack() as stack:
        database, problem = await stack.enter_async_context(open_or_do_without(settings))
        warning = None if problem is None else f"{problem} Answering without it."
        index = await stack.enter_async_context(index_when_asked(settings))
        tracking = Tracking(PackageThreads(database), Documents(database))
        with suppress(StorageError):  # an answer is worth more than what upstream says about it
            await tracking.load()
        readings = ReadingWriter(Statuses(database, settings.index_url))
        stack.push_async_callback(readings.aclose)

        async def connect() -> httpx.AsyncClient:
            from bot.clients.web import open_http

            return await stack.enter_async_context(open_http(settings.user_agent))

        judge = DependencyJudge(ProjectPages(index, readings, database.now), Inspections(database), tracking)
        yield DependencyTools(build_dependency_check(settings, judge, connect), warning)


def build_dependency_check(
    settings: Settings, judge: DependencyJudge, connect: Callable[[], Awaitable[httpx.AsyncClient]]
) -> DependencyCheck:
    """Build what answers about dependencies; ``connect`` is asked once, when versions are to be chosen."""
    return DependencyCheck(judge, ResolverWhenAsked(settings, judge.pages, connect), settings.index_url)


@dataclass(slots=True)
class ResolverWhenAsked:
    """Resolves; what that needs is imported and opened when it is first asked.

    The pages that are read for it are brought to ``pages``.
    """

    settings: Settings
    pages: ProjectPages
    connect: Callable[[], Awaitable[httpx.AsyncClient]]
    _resolver: Resolver | None = None
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def resolve(
        self, demands: Sequence[Demand], constraints: Sequence[Demand], target: Target, platform: Platform
    ) -> Resolution:
        """Choose versions. Raises ``UnresolvableError``, ``UpstreamError`` and ``UserError``."""
        from bot.clients.pypi import read_page

        def bring(name: str, answer: Answer) -> None:
            self.pages.bring(name, partial(read_page, name, answer), len(answer.sent))

        return await (await self._opened()).resolve(demands, constraints, target, platform, bring)

    async def _opened(self) -> Resolver:
        async with self._opening:
            if self._resolver is None:
                from bot.clients.resolver import Resolver

                http = await self.connect()
                cache = user_cache_path("ftbot") / "uv"
                self._resolver = Resolver(http, self.settings.index_url, self.settings.index_hosts, cache)
            return self._resolver
