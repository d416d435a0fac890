"""What tests of the site get: a package index, and the site."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.fake_index import FakeIndex
from tests.web.sites import Rig, open_rig


@pytest.fixture
async def index() -> AsyncIterator[FakeIndex]:
    """Give a package index without projects."""
    async with FakeIndex() as running:
        yield running


@pytest.fixture
async def rig(index: FakeIndex, database_path: Path) -> AsyncIterator[Rig]:
    """Give the site after a scan."""
    async with open_rig(index, database_path) as opened:
        yield opened
