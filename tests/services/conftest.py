"""What tests of services get: a running index, a clock, a place for the database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.services.status import StatusLookup
from tests.fakes.fake_index import FakeIndex
from tests.services.lookups import Clock, open_lookup


@pytest.fixture
async def index() -> AsyncIterator[FakeIndex]:
    """Give a package index without projects."""
    async with FakeIndex() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    """Give a clock that stands still until it is advanced."""
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give the path of a database that does not exist yet."""
    return tmp_path / "ftbot.db"


@pytest.fixture
async def lookup(index: FakeIndex, path: Path, clock: Clock) -> AsyncIterator[StatusLookup]:
    """Give a look-up that waits for metadata as long as it takes."""
    async with open_lookup(index, path, clock) as opened:
        yield opened
