"""Answers strangers about their dependencies: from storage, and from the index and the resolver within a budget."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from bot.clients.pages import NoPage, ProjectPage
from bot.core.dependencies.declared.names import read_names
from bot.core.dependencies.files import DependencyFile
from bot.core.dependencies.needs import DependencyQuestion, subject_of
from bot.core.dependencies.reading import read_file, text_of
from bot.core.dependencies.report import DependencyReport
from bot.core.errors import UpstreamError, UserError
from bot.core.index.metadata import Metadata
from bot.core.index.simple_api import MetadataFile
from bot.core.site.budget import EVERYBODY, SharedBudget, TokenBudget
from bot.core.wheels.platforms import Platform
from bot.core.wheels.targets import Target
from bot.services.index import Pages

SECONDS = 10.0
"""How long an answer may take where versions have to be chosen."""

_PINNED_SECONDS = 60.0
"""How long an answer may take where a lock says all, and pages are read at most."""

MOST_ENTRIES = 2_000
"""Packages or requirements of a question."""

_MOST_WAITING = 6
"""Questions under way at a time; each waits for one of two resolutions, or reads pages."""

_RETRY_SECONDS = 30.0

_T = TypeVar("_T")


def pages_budget() -> TokenBudget:
    """Return how many pages of the index strangers may have read: a thousand at once, two a second afterwards."""
    return TokenBudget(burst=1_000, rate=2.0, most=1)


def questions_budget() -> SharedBudget:
    """Return how many questions strangers may ask: ten at once and two a minute each, a hundred all together."""
    return SharedBudget(TokenBudget(burst=10, rate=1 / 30), TokenBudget(burst=100, rate=0.5))


class TooBusyError(Exception):
    """That it cannot be answered now; ``seconds`` after which to come again."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Checks(Protocol):
    """Answers what an application depends on."""

    async def check(self, question: DependencyQuestion) -> tuple[DependencyReport, ...]:
        """Return the answer for each target. Raises ``UserError``."""


@dataclass(frozen=True, slots=True)
class BudgetedPages:
    """The index as strangers may have it asked."""

    index: Pages
    clock: Callable[[], float]
    budget: TokenBudget = field(default_factory=pages_budget)

    async def project(self, name: str, etag: str | None = None) -> ProjectPage | NoPage:
        """Read a project's page. Raises ``UpstreamError``, also where that would be one too many."""
        wait = self.budget.take(EVERYBODY, self.clock())
        if wait:
            raise UpstreamError("The site has asked the index enough for now.", busy=True, retry_after=wait)
        return await self.index.project(name, etag)

    async def metadata(self, name: str, version: str, file: MetadataFile | None) -> Metadata | None:
        """Read what a release says of itself; None where that failed."""
        return await self.index.metadata(name, version, file)

    async def aside(self, work: Callable[[], _T]) -> _T:
        """Do work that takes time where it holds up nobody."""
        return await self.index.aside(work)


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A file as it was sent."""

    name: str
    body: bytes


@dataclass(frozen=True, slots=True)
class AskedApplication:
    """What is asked about, as it was sent, and where it is to run."""

    files: tuple[GivenFile, ...]
    packages: tuple[str, ...]
    target: Target
    platform: Platform = Platform.MANYLINUX_X86_64
    extras: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()


@dataclass(slots=True)
class StrangersDependencies:
    """Answers; nothing that is asked is kept, or logged."""

    checks: Checks
    clock: Callable[[], float]
    budget: SharedBudget = field(default_factory=questions_budget)
    seconds: float = SECONDS
    _under_way: int = 0

    async def answer(self, application: AskedApplication, who: str) -> DependencyReport:
        """Return how the dependencies of an application stand; ``who`` pays for it.

        Raises ``UserError`` for what cannot be read, ``TooBusyError`` where it is too much.
        """
        wait = self.budget.take(who, self.clock())
        if wait:
            raise TooBusyError(wait)
        if self._under_way >= _MOST_WAITING:
            raise TooBusyError(_RETRY_SECONDS)
        self._under_way += 1
        try:
            async with asyncio.timeout(_PINNED_SECONDS) as limit:
                question = await self._question(application)
                if any(file.lock is None for file in question.files):
                    limit.reschedule(asyncio.get_running_loop().time() + self.seconds)
                (report,) = await self.checks.check(question)
                return report
        except TimeoutError:
            raise TooBusyError(_RETRY_SECONDS) from None
        finally:
            self._under_way -= 1

    async def _question(self, application: AskedApplication) -> DependencyQuestion:
        files = await asyncio.to_thread(_read, application)
        named = [*application.packages, *(file.name for file in application.files)]
        return DependencyQuestion(
            subject_of(files, named),
            files,
            (application.target,),
            (application.platform,),
            application.extras,
            application.groups,
        )


def _read(application: AskedApplication) -> tuple[DependencyFile, ...]:
    files = [read_names(application.packages)] if application.packages else []
    files += [_read_file(file) for file in application.files]
    if not files:
        raise UserError("Nothing was asked about. Send a file such as uv.lock, or name packages.")
    if sum(file.entries + len(file.not_read) for file in files) > MOST_ENTRIES:
        raise UserError(
            f"Here at most {MOST_ENTRIES:,} entries are looked at; on your machine `ftbot deps` takes more."
        )
    return tuple(files)


def _read_file(file: GivenFile) -> DependencyFile:
    try:
        text = text_of(file.body)
    except UnicodeDecodeError:
        raise UserError("A file is no UTF-8 text. Send files of text, such as requirements.txt.") from None
    return read_file(file.name, text, lambda _: None)
