"""What finds sections of the guide, built from the settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx

from bot.clients.guide import InventorySource
from bot.clients.web import Patience, open_http
from bot.config import Settings
from bot.core.guide.inventory import site_of
from bot.services.guide import Guide
from bot.wiring.database import open_or_do_without
from storage.engine.engine import Engine
from storage.packages.documents import Documents

_HURRIED = Patience(attempts=1, deadline=5.0)
"""Somebody waits, and what ships with the program is nearly as good."""


@asynccontextmanager
async def open_guide(settings: Settings) -> AsyncIterator[Guide]:
    """Build what ``ftbot guide`` needs; a database that cannot be used is replaced by none."""
    async with AsyncExitStack() as stack:
        database, _ = await stack.enter_async_context(open_or_do_without(settings))
        http = await stack.enter_async_context(open_http(settings.user_agent))
        yield build_guide(settings, http, database)


def build_guide(settings: Settings, http: httpx.AsyncClient, database: Engine) -> Guide:
    """Build it on resources that somebody opened."""
    inventory, site = site_of(settings.guide_url)
    return Guide(InventorySource(http, inventory, _HURRIED).fetch, Documents(database), site, database.now)
