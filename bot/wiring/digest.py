"""What answers from what scans recorded, digests and history, built from the settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.config import Settings
from bot.services.digest.digest import Digester
from bot.services.digest.history import HistoryReader
from bot.services.upstream.weeks import WeeksIssues
from bot.wiring.database import open_database
from bot.wiring.index import index_when_asked
from storage.engine.engine import Engine
from storage.github.thread_events import ThreadEvents
from storage.packages.digests import Digests
from storage.packages.inspections import Inspections
from storage.packages.projects import Projects
from storage.packages.scans import Scans


@asynccontextmanager
async def open_digester(settings: Settings) -> AsyncIterator[Digester]:
    """Build what ``ftbot digest`` needs."""
    async with open_database(settings) as database:
        yield build_digester(settings, database)


@asynccontextmanager
async def open_history(settings: Settings) -> AsyncIterator[HistoryReader]:
    """Build what ``ftbot history`` needs; of what is tracked, nobody is asked."""
    async with open_database(settings) as database, index_when_asked(settings) as index:
        yield HistoryReader(index, build_digester(settings, database), settings.targets, database.now)


def build_digester(settings: Settings, database: Engine) -> Digester:
    """Build it on a database that somebody opened."""
    issues = WeeksIssues(ThreadEvents(database)).of_week
    scans, projects = Scans(database), Projects(database)
    return Digester(
        scans,
        projects,
        Digests(database),
        settings.targets,
        database.now,
        issues,
        settings.track,
        Inspections(database),
    )
