"""What compares the tracking table with the index, built from the settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from bot.config import Settings
from bot.core.errors import UpstreamError
from bot.core.github.threads import ForbiddenError
from bot.core.guide.tracking_table import PATH, REPOSITORY, TABLE
from bot.services.packages.top_list import list_at_hand
from bot.services.upstream.table import Resolve, TableChecker
from bot.services.upstream.table_missing import MissingRows
from bot.wiring.clock import utc_now
from bot.wiring.database import open_or_do_without
from bot.wiring.index import index_when_asked
from bot.wiring.listing import build_lister
from storage.engine.engine import Engine
from storage.packages.documents import Documents
from storage.packages.inspections import Inspections
from storage.packages.names import Packages

_BELIEVED = timedelta(hours=1)
"""How long a copy of the table is not asked for again."""


@dataclass(frozen=True, slots=True)
class TableTools:
    """What compares a table; ``warning`` says what works less well than it should."""

    checker: TableChecker
    settings: Settings
    database: Engine
    warning: str | None

    async def published(self) -> tuple[str, str | None]:
        """Return the table as it is published, and a sentence where that is an older copy. Raises ``UpstreamError``."""
        documents, now = Documents(self.database), utc_now()
        kept = await documents.latest(TABLE)
        if kept is not None and kept[1] <= now < kept[1] + _BELIEVED:
            return kept[0].decode(errors="replace"), None
        from bot.wiring.github import open_reader

        token = self.settings.github_token
        try:
            async with open_reader(self.settings, None if token is None else token.get_secret_value()) as reader:
                document = await reader.document(REPOSITORY, PATH)
        except (UpstreamError, ForbiddenError) as error:
            if kept is None:
                raise UpstreamError(f"The published table could not be read: {error}") from error
            old = f"The published table could not be read, so its copy of {kept[1]:%Y-%m-%d} is compared: {error}"
            return kept[0].decode(errors="replace"), old
        body = b"" if document is None else document.body
        await documents.record(TABLE, body, now)
        return body.decode(errors="replace"), None


@asynccontextmanager
async def open_table_tools(settings: Settings) -> AsyncIterator[TableTools]:
    """Build what ``ftbot tracking`` needs; a database that cannot be used is replaced by none, with a warning."""
    async with AsyncExitStack() as stack:
        database, problem = await stack.enter_async_context(open_or_do_without(settings))
        warning = None if problem is None else f"{problem} Comparing without it."
        index = await stack.enter_async_context(index_when_asked(settings))
        checker = TableChecker(
            index,
            settings.index_url,
            Documents(database),
            Inspections(database),
            MissingRows(
                Packages(database), build_lister(settings, database), partial(_ranked, settings, Documents(database))
            ),
            utc_now,
            await _resolver(settings, stack),
        )
        yield TableTools(checker, settings, database, warning)


async def _ranked(settings: Settings, documents: Documents) -> tuple[str, ...]:
    """Return the most downloaded packages by what is at hand: the list that a scan fetched, or the shipped one."""
    from bot.clients.top_packages import shipped_list

    return (await list_at_hand(documents, settings.top_packages_url, shipped_list)).names


async def _resolver(settings: Settings, stack: AsyncExitStack) -> Resolve | None:
    """Open GitHub where there is a token for it: without one it shows no threads."""
    if settings.github_token is None:
        return None
    from bot.wiring.github import open_reader

    reader = await stack.enter_async_context(open_reader(settings, settings.github_token.get_secret_value()))
    return reader.resolve
