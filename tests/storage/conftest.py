"""A new database, by every engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.engine.engine import Engine
from tests.storage.engines import ENGINES, OpenEngine


@pytest.fixture(params=ENGINES)
def open_engine(request: pytest.FixtureRequest, database_path: Path) -> OpenEngine:
    """Give what opens the test's database, again or beside; SQLite finds a file that was migrated."""
    return lambda: ENGINES[request.param](database_path.parent)


@pytest.fixture
async def database(open_engine: OpenEngine) -> AsyncIterator[Engine]:
    async with open_engine() as opened:
        yield opened
