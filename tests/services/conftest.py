"""What tests of services get: a running index and GitHub, a clock, a place for the database, triage."""

from __future__ import annotations

from collections.abc import AsyncIterator
from io import StringIO

import pytest

from bot.logs import set_up_logs
from bot.services.packages.lookup import StatusLookup
from tests.fakes.fake_github import FakeGitHub
from tests.fakes.fake_index import FakeIndex
from tests.fakes.github_world import FakeIssue, FakeRepository
from tests.services.lookups import Clock, open_lookup
from tests.services.triages import CRASH, Bench, install, open_bench


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
async def lookup(index: FakeIndex, address: str, clock: Clock) -> AsyncIterator[StatusLookup]:
    """Give a look-up that waits for metadata as long as it takes."""
    async with open_lookup(index, address, clock) as opened:
        yield opened


@pytest.fixture
def log(logs_as_before: None) -> StringIO:  # noqa: ARG001 — for what it does at the end
    """Log as the program does."""
    stream = StringIO()
    set_up_logs(level="info", as_json=True, stream=stream)
    return stream


@pytest.fixture
async def github(clock: Clock) -> AsyncIterator[FakeGitHub]:
    """Give a GitHub without repositories, which nobody may ask for what the real one would not do."""
    async with FakeGitHub(now=clock) as running:
        yield running
    assert running.violations == []


@pytest.fixture
async def bench(github: FakeGitHub, index: FakeIndex, address: str, clock: Clock) -> AsyncIterator[Bench]:
    """Give triage between the two."""
    async with open_bench(github, index, address, clock) as opened:
        yield opened


@pytest.fixture
def repository(github: FakeGitHub) -> FakeRepository:
    """Give a repository that has the App and lets it do everything."""
    return install(github)


@pytest.fixture
def issue(repository: FakeRepository) -> FakeIssue:
    """Give a thread that is surely about a crash."""
    return repository.open(*CRASH)
