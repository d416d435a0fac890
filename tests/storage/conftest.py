"""A new database, by every engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.engine.engine import Engine
from tests.storage.engines import ENGINES, OpenEngine


@pytest.fixture(params=ENGINES)
def open_engine(request: pytest.FixtureRequest, tmp_path: Path) -> OpenEngine:
    """Give what opens the test's database, again or beside."""
    return lambda: ENGINES[request.param](tmp_path)


@pytest.fixture
async def database(open_engine: OpenEngine) -> AsyncIterator[Engine]:
    async with open_engine() as opened:
        yield opened
