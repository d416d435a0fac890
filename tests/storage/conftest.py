"""A new database, by every engine."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from storage.engine.engine import Engine
from tests.storage.engines import OpenEngine


@pytest.fixture
async def database(open_engine: OpenEngine) -> AsyncIterator[Engine]:
    async with open_engine() as opened:
        yield opened
