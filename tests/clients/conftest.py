"""What documents are fetched by: each library in turn, as whatever holds for one holds for the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial

import httpx
import pytest

from bot.clients.direct import open_direct
from bot.clients.web import Http, open_http

USER_AGENT = "ftbot-tests (+https://example.org)"

Opening = Callable[[], AbstractAsyncContextManager[Http]]


@pytest.fixture(params=[open_http, open_direct], ids=["httpx", "aiohttp"])
def opening(request: pytest.FixtureRequest) -> Opening:
    """Give what opens the process's connection pool."""
    return partial(request.param, USER_AGENT)


@pytest.fixture
async def http(opening: Opening) -> AsyncIterator[Http]:
    """Give the process's connection pool."""
    async with opening() as opened:
        yield opened


@pytest.fixture
async def httpx_client() -> AsyncIterator[httpx.AsyncClient]:
    """Give the one that sends more than GETs."""
    async with open_http(USER_AGENT) as opened:
        yield opened
