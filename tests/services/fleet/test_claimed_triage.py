"""Several processes on one database triage together: each action once, and in the pace that GitHub asks for."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field

import pytest
from github import Auth

from bot.clients.github.worker import Call, Reply
from bot.core.triage.actions import ActionKind
from bot.services.triage.outbox import go_on
from storage.github.write_turns import TURN
from tests.fakes.fake_github import FakeGitHub
from tests.fakes.fake_index import FakeIndex
from tests.fakes.github_world import FakeIssue, FakeRepository
from tests.services.fleet.processes import Pace, Process, open_process, work
from tests.services.lookups import Clock
from tests.services.triages import CRASH, install, moves, places
from tests.storage.engines import OpenEngine

BOTH = ["free-threading", "type-crash"]


@dataclass(slots=True)
class Fleet:
    """Processes on one database."""

    github: FakeGitHub
    index: FakeIndex
    open_engine: OpenEngine
    clock: Clock
    processes: list[Process] = field(default_factory=list)

    async def start(
        self,
        stack: AsyncExitStack,
        *,
        write_gap: float = 0.0,
        patience: float = 10.0,
        real_time: bool = False,
        checkpoint: Callable[[str], None] = go_on,
    ) -> Process:
        """Start one more."""
        database = await stack.enter_async_context(self.open_engine())
        now = database.now if real_time else self.clock
        pace = Pace(write_gap, patience)
        opening = open_process(places(self.github, self.index), database, now, pace, checkpoint=checkpoint)
        process = await stack.enter_async_context(opening)
        self.processes.append(process)
        return process

    async def hear(self) -> None:
        """Take in what happened, each delivery by another process."""
        for number, delivery in enumerate(self.github.deliveries):
            headers, body = self.github.delivery(delivery.event, delivery.payload, guid=delivery.guid)
            receipt = await self.processes[number % len(self.processes)].deliveries.take(headers, body)
            assert receipt.status == 202, receipt


@pytest.fixture
def fleet(github: FakeGitHub, index: FakeIndex, open_engine: OpenEngine, clock: Clock) -> Fleet:
    return Fleet(github, index, open_engine, clock)


def crash_in(repositories: Sequence[FakeRepository], each: int = 2) -> list[FakeIssue]:
    """Open threads about a crash."""
    return [repository.open(*CRASH) for repository in repositories for _ in range(each)]


async def test_what_several_accepted_is_done_once_by_whoever_claims_it(fleet: Fleet) -> None:
    issues = crash_in([install(fleet.github, f"demo/demo{number}") for number in range(3)])
    async with AsyncExitStack() as stack:
        for _ in range(3):
            await fleet.start(stack)
        await fleet.hear()
        await asyncio.gather(*(work(process) for process in fleet.processes))
    put_on = [Counter(label for _, label in moves(issue)) for issue in issues]
    assert put_on == [Counter(BOTH)] * len(issues)
    assert all(fleet.github.count("POST", rf"/demo{number}/issues/\d+/labels$") == 4 for number in range(3))


async def test_what_one_accepted_another_finds_at_once(
    github: FakeGitHub, index: FakeIndex, open_postgres: OpenEngine, clock: Clock
) -> None:
    fleet = Fleet(github, index, open_postgres, clock)
    issue = install(github).open(*CRASH)
    async with AsyncExitStack() as stack:
        accepting, working = await fleet.start(stack), await fleet.start(stack)
        await stack.enter_async_context(working.notices.listening())
        running = asyncio.create_task(working.loop.run())
        for _ in range(20):  # it has looked, found nothing, and sleeps
            await working.stores.inbox.next_due()
        begun = time.monotonic()
        fleet.processes = [accepting]
        await fleet.hear()
        await github.until(lambda: sorted(issue.labels) == BOTH)
        assert time.monotonic() - begun < working.loop.longest_sleep / 2
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


@dataclass(slots=True)
class Stopwatch:
    """When writes began and ended."""

    begun: list[float] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)

    def watch(self, process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
        """Note when a process writes."""
        worker = process.app.worker
        write = worker.write

        async def noted(call: Call, auth: Auth.Auth | None, take: Callable[[Reply], object]) -> object:
            self.begun.append(time.monotonic())
            try:
                return await write(call, auth, take)
            finally:
                self.ended.append(time.monotonic())

        monkeypatch.setattr(worker, "write", noted)


async def test_as_one_installation_all_write_one_after_the_other_and_with_a_pause(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    gap = 0.1
    issues = crash_in([install(fleet.github, f"demo/demo{number}") for number in range(3)], each=1)
    watch = Stopwatch()
    async with AsyncExitStack() as stack:
        for _ in range(3):
            watch.watch(await fleet.start(stack, write_gap=gap, real_time=True), monkeypatch)
        await fleet.hear()
        await asyncio.gather(*(work(process) for process in fleet.processes))
    assert [sorted(issue.labels) for issue in issues] == [BOTH] * 3
    assert len(watch.begun) == len(watch.ended) == 6
    # A hundredth of a second is how near processes know the database's time.
    pauses = [after - before for before, after in zip(watch.ended, watch.begun[1:], strict=False)]
    assert min(pauses) >= gap - 0.01


async def test_each_installation_has_a_pace_of_its_own(github: FakeGitHub, fleet: Fleet) -> None:
    one = install(github, "demo/one")
    issue = one.open(*CRASH)
    async with AsyncExitStack() as stack:
        process = await fleet.start(stack)
        await fleet.hear()
        await process.stores.write_turns.take(999_999, "another", fleet.clock())
        await work(process)
    assert sorted(issue.labels) == BOTH


async def test_while_another_writes_an_entry_waits_and_is_then_done_once(github: FakeGitHub, fleet: Fleet) -> None:
    issue = install(github).open(*CRASH)
    async with AsyncExitStack() as stack:
        process = await fleet.start(stack, patience=0.0)
        installation = await process.app.installation("demo/demo")
        await process.stores.write_turns.take(installation, "killed while it wrote", fleet.clock())
        await fleet.hear()
        await process.triage.work()
        await process.worker.tick()
        assert moves(issue) == []
        reasons = {entry.reason for entry in await process.stores.outbox.of_thread(issue.node_id)}
        assert "Another process writes there now." in reasons
        for _ in range(9):
            fleet.clock.advance(seconds=TURN.total_seconds() / 3)
            await process.worker.tick()
        entries = await process.stores.outbox.of_thread(issue.node_id)
        assert {entry.action.kind for entry in entries} == {ActionKind.ADD_LABEL}
    assert Counter(moves(issue)) == Counter([("labeled", label) for label in BOTH])
