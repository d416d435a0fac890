"""What speaks HTTP with the package index, built from the settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from bot.clients.pypi import PackageIndex
from bot.clients.readers import Readers
from bot.clients.web import Patience, open_http
from bot.config import Settings

_HURRIED = Patience(attempts=2, deadline=30.0)
"""Somebody sits and waits."""


@asynccontextmanager
async def open_index(settings: Settings, readers: Readers, *, hurried: bool) -> AsyncIterator[PackageIndex]:
    """Open the package index with connections of its own."""
    async with open_http(settings.user_agent) as http:
        yield build_index(settings, http, _HURRIED if hurried else None, readers)


def build_index(
    settings: Settings, http: httpx.AsyncClient, patience: Patience | None = None, readers: Readers | None = None
) -> PackageIndex:
    """Build what reads the package index, and what it leads to, on connections that somebody opened."""
    return PackageIndex(
        http,
        settings.index_url,
        settings.json_api_url,
        patience or Patience(),
        readers or Readers(),
        settings.index_hosts,
    )
