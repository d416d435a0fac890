"""A new database, by every engine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from storage.engine.engine import Engine
from tests import postgres
from tests.storage.engines import ENGINES, OpenEngine


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """Give a PostgreSQL server of the tests' own; without one on this machine, skip the test."""
    if postgres.programs() is None:
        pytest.skip("needs a PostgreSQL server: on Debian and Ubuntu, apt install postgresql")
    with postgres.running() as server:
        yield server


@pytest.fixture
async def postgres_url(postgres_server: postgres.Server, tmp_path: Path) -> AsyncIterator[str]:
    """Give the address of a new database with all its tables."""
    async with postgres_server.database(tmp_path.name[-40:] + tmp_path.parent.name[-10:]) as url:
        yield url


@pytest.fixture(params=ENGINES)
def open_engine(request: pytest.FixtureRequest) -> OpenEngine:
    """Give what opens the test's database, again or beside; it was migrated before."""
    where, open_database = ENGINES[request.param]
    place = str(request.getfixturevalue(where))
    return lambda: open_database(place)


@pytest.fixture
async def database(open_engine: OpenEngine) -> AsyncIterator[Engine]:
    async with open_engine() as opened:
        yield opened
