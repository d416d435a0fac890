"""What reads wheels, built from the settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx

from bot.clients.inspector import check_libraries, open_module_reader
from bot.clients.web import open_http
from bot.clients.wheel_files import WheelFiles, holds_wheels, wheels_at
from bot.config import Settings
from bot.services.packages.inspection import Inspector
from bot.wiring.database import open_or_do_without
from bot.wiring.http import build_index
from storage.engine.engine import Engine
from storage.packages.inspections import Inspections

__all__ = ["InspectionTools", "build_inspector", "holds_wheels", "open_inspector", "wheels_at"]


@dataclass(frozen=True, slots=True)
class InspectionTools:
    """What reads wheels in a terminal; ``warning`` says what works less well than it should."""

    inspector: Inspector
    warning: str | None


@asynccontextmanager
async def open_inspector(settings: Settings) -> AsyncIterator[InspectionTools]:
    """Build what ``ftbot inspect`` needs; a database that cannot be used is replaced by none, with a warning.

    Raises ``UserError`` where what reads machine code is not installed.
    """
    check_libraries()
    async with AsyncExitStack() as stack:
        database, problem = await stack.enter_async_context(open_or_do_without(settings))
        warning = None if problem is None else f"{problem} Reading without it."
        http = await stack.enter_async_context(open_http(settings.user_agent))
        yield InspectionTools(build_inspector(settings, http, database), warning)


def build_inspector(settings: Settings, http: httpx.AsyncClient, database: Engine) -> Inspector:
    """Build what reads wheels on resources that somebody opened."""
    files = WheelFiles(http, settings.index_url, hosts=settings.index_hosts)
    return Inspector(build_index(settings, http), files, open_module_reader, Inspections(database), database.now)
