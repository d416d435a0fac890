"""The databases that tests of tables get."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from storage.engine.engine import Engine
from tests.databases import ENGINES
from tests.storage.engines import OpenEngine


@pytest.fixture(params=ENGINES)
def address(request: pytest.FixtureRequest) -> str:
    """Give the address of an empty database, on each engine; coverage is measured on all."""
    return str(request.getfixturevalue(ENGINES[request.param]))


@pytest.fixture
async def database(open_engine: OpenEngine) -> AsyncIterator[Engine]:
    async with open_engine() as opened:
        yield opened
