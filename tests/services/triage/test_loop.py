"""Triage keeps going by itself: it wakes for what comes in, survives what fails, and ends when it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from bot.services.triage.loop import TriageLoop
from tests.fakes.fake_github import FakeGitHub
from tests.fakes.fake_index import FakeIndex
from tests.services.lookups import Clock
from tests.services.triages import CRASH, HUMAN, Bench, install, open_bench, settings

PATIENCE = 15.0


@pytest.fixture
async def fake(clock: Clock) -> AsyncIterator[FakeGitHub]:
    async with FakeGitHub(now=clock) as running:
        yield running
        assert running.violations == []


@pytest.fixture
async def bench(fake: FakeGitHub, index: FakeIndex, address: str, clock: Clock) -> AsyncIterator[Bench]:
    async with open_bench(fake, index, address, clock) as opened:
        yield opened


@asynccontextmanager
async def going(bench: Bench, longest_sleep: float = 30.0) -> AsyncIterator[None]:
    """Keep triage going while the block runs."""
    outbox, inbox = bench.stores.outbox, bench.stores.inbox
    loop = TriageLoop(bench.triage, bench.worker, inbox, outbox, bench.deliveries.wake, bench.clock, longest_sleep)
    task = asyncio.create_task(loop.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_what_comes_in_is_worked_on_at_once(fake: FakeGitHub, bench: Bench) -> None:
    repository = install(fake)
    async with going(bench):
        issue = repository.open(*CRASH)
        await bench.hear()
        await fake.until(lambda: sorted(issue.labels) == ["free-threading", "type-crash"], PATIENCE)
        issue.comment("@ftbot label -crash", HUMAN)
        await bench.hear()
        await fake.until(lambda: list(issue.labels) == ["free-threading"], PATIENCE)


async def test_what_is_due_later_is_not_forgotten(fake: FakeGitHub, bench: Bench) -> None:
    repository = install(fake, body=settings(grace=1))
    async with going(bench):
        issue = repository.open(*CRASH)
        await bench.hear()
        await fake.until(lambda: fake.count("GET", "/contents/") == 1, PATIENCE)
        assert not issue.labels
        bench.clock.advance(seconds=1)
        await fake.until(lambda: "type-crash" in issue.labels, PATIENCE)


async def test_a_database_that_fails_for_a_while_is_survived(fake: FakeGitHub, bench: Bench) -> None:
    repository = install(fake)

    async def rename(name: str, before: str) -> None:
        async with bench.database.transaction() as transaction:
            await transaction.run(f"ALTER TABLE {before} RENAME TO {name}")

    issue = repository.open(*CRASH)
    await bench.hear()
    await rename("elsewhere", "outbox")
    async with going(bench, longest_sleep=0.01):
        await fake.until(lambda: fake.count("GET", r"/issues/\d+$") >= 2, PATIENCE)  # tried, failed, tried again
        assert not issue.labels
        await rename("outbox", "elsewhere")
        await fake.until(lambda: "type-crash" in issue.labels, PATIENCE)


async def test_with_triage_switched_off_what_comes_in_waits(fake: FakeGitHub, bench: Bench) -> None:
    repository = install(fake)
    async with bench.another(enabled=False) as switched_off, going(switched_off, longest_sleep=0.01):
        issue = repository.open(*CRASH)
        await switched_off.hear()
        before = len(fake.requests)
        await asyncio.sleep(0)
        assert len(fake.requests) == before
    assert not issue.labels
    async with going(bench):
        await fake.until(lambda: "type-crash" in issue.labels, PATIENCE)
