"""What ``ftbot status`` needs, built from the settings: light, as somebody waits for the answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

from bot.config import Settings
from bot.core.errors import StorageError
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import Status
from bot.loggers import set_up_now
from bot.services.packages.lookup import StatusLookup
from bot.services.packages.writer import ReadingWriter
from bot.services.upstream.tracking import Tracking
from bot.wiring.database import open_or_do_without
from bot.wiring.index import index_when_asked
from storage.github.package_threads import PackageThreads
from storage.packages.documents import Documents
from storage.packages.inspections import Inspections
from storage.packages.statuses import Statuses

_METADATA_WAIT = 10.0
"""Seconds that an answer in a terminal waits for classifiers and links: what it does not have is never added later."""


@dataclass(frozen=True, slots=True)
class PackageTools:
    """What answers questions in a terminal; ``warning`` says what works less well than it should.

    ``suggest`` finds names like one that does not exist.
    """

    lookup: StatusLookup
    tracking: Tracking
    suggest: Callable[[str], Awaitable[tuple[str, ...]]]
    warning: str | None

    async def explain(self, status: Status, *, offline: bool = False) -> str:
        """Return why there is no answer, and what to do next, in two sentences."""
        if status.headline.verdict is not Verdict.NOT_FOUND:
            way_on = "ask again without --offline" if offline else "try again later"
            return f"{status.error} It is not known whether {status.package} works; {way_on}."
        if status.newest is not None:
            return f"{status.error} The newest is {status.newest}."
        alike = await self.suggest(status.package)
        hint = f"Did you mean {' or '.join(alike)}?" if alike else "Check the spelling."
        return f"{status.error} {hint}"


@asynccontextmanager
async def open_package_tools(settings: Settings) -> AsyncIterator[PackageTools]:
    """Build it; a database that cannot be used is replaced by none, with a warning."""
    async with AsyncExitStack() as stack:
        database, problem = await stack.enter_async_context(open_or_do_without(settings))
        index = await stack.enter_async_context(index_when_asked(settings, hurried=True))
        readings = ReadingWriter(Statuses(database, settings.index_url))
        lookup = StatusLookup(
            index,
            readings,
            settings.targets,
            database.now,
            _METADATA_WAIT,
            storage_problem=problem,
            inspections=Inspections(database),
        )
        stack.push_async_callback(lookup.aclose)
        tracking = Tracking(PackageThreads(database), Documents(database))
        with suppress(StorageError):  # an answer is worth more than what upstream says about it
            await tracking.load()
        warning = None if problem is None else f"{problem} Answering without it."
        yield PackageTools(lookup, tracking, _suggest, warning)


async def _suggest(name: str) -> tuple[str, ...]:
    set_up_now()
    from bot.wiring.names import suggest_names  # fifteen thousand names, for whoever mistyped one

    return await suggest_names(name)
