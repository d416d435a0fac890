"""What reads the wheels of tracked packages, built from the settings."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx

from bot.clients.inspector import check_libraries
from bot.clients.web import open_http
from bot.config import Settings
from bot.services.packages.tracked_wheels import TrackedWheels
from bot.wiring.database import open_database
from bot.wiring.inspection import build_inspector
from storage.engine.engine import Engine
from storage.packages.inspections import Inspections
from storage.packages.projects import Projects
from storage.packages.scans import Scans

_MIB = 1 << 20


@asynccontextmanager
async def open_tracked_wheels(settings: Settings) -> AsyncIterator[TrackedWheels]:
    """Build what ``ftbot scan --inspect`` needs, without a limit by the hour.

    Raises ``UserError`` where what reads machine code is missing.
    """
    check_libraries()
    async with open_http(settings.user_agent) as http, open_database(settings) as database:
        yield build_tracked_wheels(settings, http, database, hourly=None)


def build_tracked_wheels(
    settings: Settings,
    http: httpx.AsyncClient,
    database: Engine,
    *,
    hourly: int | None,
    noted: Callable[[str], None] = lambda _package: None,
) -> TrackedWheels:
    """Build what reads the wheels of tracked packages, ``hourly`` MiB an hour; ``noted`` is told of each package."""
    return TrackedWheels(
        build_inspector(settings, http, database),
        Projects(database),
        Scans(database),
        Inspections(database),
        settings.targets,
        database.now,
        None if hourly is None else hourly * _MIB,
        noted,
    )
