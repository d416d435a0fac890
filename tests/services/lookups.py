"""A status look-up as the bot has it, between a fake index and a real database, with a clock that tests set."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.clients.pypi import PackageIndex
from bot.clients.web import Patience, open_http
from bot.core.wheels.targets import Target
from bot.services.packages.lookup import Source, StatusLookup, uncounted
from bot.services.packages.writer import ReadingWriter
from storage.packages.statuses import Statuses
from tests.databases import Place, open_database
from tests.fakes.fake_index import FakeIndex
from tests.fakes.index_pages import File, sdist, wheels
from tests.patience import at_most

NOW = datetime(2026, 11, 22, 22, tzinfo=UTC)
T313, T314, T315 = Target(13), Target(14), Target(15)
QUICK = Patience(attempts=3, first_wait=0.001, longest_wait=0.01, deadline=at_most(60))
FOREVER = at_most(100)
"""Seconds to wait for metadata where a test wants it in the answer: as long as a test may take."""


@dataclass(slots=True)
class Clock:
    """Tells the time that a test sets."""

    time: datetime = NOW

    def __call__(self) -> datetime:
        """Return the time."""
        return self.time

    def advance(self, **units: float) -> None:
        """Let time pass: ``minutes=10``."""
        self.time += timedelta(**units)


def release(version: str = "1.0", *, uploaded: datetime = NOW - timedelta(days=100)) -> list[File]:
    """Make a release of the demo project that works on 3.14t and not on 3.15t."""
    time = uploaded.isoformat()
    tags = ("cp314-cp314t-win_amd64", "cp314-cp314-win_amd64")
    return [*wheels("demo", version, *tags, upload_time=time), sdist("demo", version, upload_time=time)]


@asynccontextmanager
async def open_lookup(  # noqa: PLR0913 - what a look-up is made of, all by keyword
    index: FakeIndex,
    place: Place,
    clock: Clock,
    *,
    targets: Sequence[Target] = (T314, T315),
    patience: Patience = QUICK,
    metadata_wait: float = FOREVER,
    count: Callable[[Source], None] = uncounted,
) -> AsyncIterator[StatusLookup]:
    """Start the look-up as after a start of the bot: nothing in memory, the database as it was left."""
    async with open_http("ftbot-tests") as http, open_database(place) as opened:
        pages = PackageIndex(http, index.index_url, index.json_api_url, patience)
        lookup = StatusLookup(pages, ReadingWriter(Statuses(opened)), tuple(targets), clock, metadata_wait, count)
        try:
            yield lookup
        finally:
            await lookup.aclose()
