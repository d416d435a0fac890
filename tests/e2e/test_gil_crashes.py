"""Killed at every step between reading a wheel and telling a thread of it: after a restart it was told exactly once."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.inspection.inspection import ReadWheel
from bot.core.triage.actions import ActionKind
from bot.core.triage.changeset import Progress
from bot.core.triage.decide.preflight import SETTLING
from bot.core.upstream.threads import EventKind
from storage.github.outbox import CLAIM
from storage.github.thread_events import ThreadEvents
from tests.core.inspection.read_wheels import OFF, ON, read_wheel
from tests.e2e.forked import Forge, open_forge
from tests.e2e.triage_process import Run
from tests.fakes.fake_github import FakeGitHub
from tests.fakes.fake_index import FakeIndex
from tests.fakes.github_world import FakeIssue
from tests.fakes.index_pages import sdist
from tests.services.lookups import Clock
from tests.services.triages import GIL, LINKS, Bench, install, open_bench, own, places

STEPS = (
    *("found", "told", "noted"),
    *("taken", "read", "decided", "settled"),
    *("claimed", "looked", "checked", "sending", "written", "recorded"),
)
"""All there are, from what is stored to what is on GitHub, in order."""

LATER = max(CLAIM, SETTLING) + timedelta(seconds=1)


@dataclass(slots=True)
class Stage:
    """A thread that says that a package turns the GIL on, and a later release that was read and does not."""

    fake: FakeGitHub
    index: FakeIndex
    address: str
    steps: Path
    clock: Clock
    forge: Forge[Run]
    issue: FakeIssue

    async def run(self, step: str = "never", number: int = 1) -> int:
        """Run a process that looks and triages, and kills itself at a step; gives how it ended."""
        plan = Run(places(self.fake, self.index), self.address, self.clock.time, step, number, str(self.steps))
        return await self.forge.run(plan)

    def wait(self) -> None:
        """Let time pass."""
        self.clock.advance(seconds=LATER.total_seconds())

    async def check(self) -> None:
        """Run until nothing is left to do, and fail unless the thread and the feeds were told once."""
        async with open_bench(self.fake, self.index, self.address, self.clock) as bench:
            for _ in range(3):
                await bench.follow_up.look()
                await bench.work()
                self.wait()
            (comment,) = own(self.issue)
            assert "demo 1.1](" in comment.body
            assert "Before, in demo 1.0, demo.m0 turned it on." in comment.body
            first, second = await bench.entries(self.issue, ActionKind.COMMENT)
            assert (first.progress, second.progress) == (Progress.CONFIRMED, Progress.CONFIRMED)
            events = [event for _, event in await ThreadEvents(bench.database).numbered_after(0)]
            told = [event.detail for event in events if event.kind is EventKind.WHEELS]
            assert told == ["1.1 3.14t gil-off"]
            assert await bench.stores.inbox.next_due() is None
            assert await bench.stores.outbox.next_due() is None
        assert self.fake.count("PATCH", r"/comments/\d+$") == 1
        assert self.fake.count("POST", "/comments$") == 1


async def record(bench: Bench, read: ReadWheel) -> None:
    """Keep what was read in a wheel, as whatever reads them does."""
    await bench.stores.inspections.record(read.package, read.version, read.inspection, bench.clock())


@pytest.fixture(scope="module")
def forge() -> Iterator[Forge[Run]]:
    with open_forge("tests.e2e.triage_process", Run) as opened:
        yield opened


@pytest.fixture
async def stage(address: str, tmp_path: Path, forge: Forge[Run]) -> AsyncIterator[Stage]:
    clock = Clock()
    async with FakeGitHub(now=clock) as fake, FakeIndex() as index:
        issue = install(fake).open(*GIL)
        index.publish("demo", [sdist("demo", "1.0")], project_urls=LINKS)
        async with open_bench(fake, index, address, clock) as bench:
            await record(bench, read_wheel("1.0", ON))
            await bench.settle()
            (comment,) = own(issue)
            assert "demo 1.0](" in comment.body
            clock.advance(days=1)
            await record(bench, read_wheel("1.1", OFF))
        yield Stage(fake, index, address, tmp_path / "steps", clock, forge, issue)
    assert fake.violations == []


async def test_undisturbed_it_goes_through_every_step_once(stage: Stage) -> None:
    assert await stage.run() == 0
    assert Counter(stage.steps.read_text().split()) == dict.fromkeys(STEPS, 1)
    await stage.check()


@pytest.mark.parametrize("step", STEPS)
async def test_killed_on_the_way_the_thread_is_told_once(stage: Stage, step: str) -> None:
    assert await stage.run(step) == -signal.SIGKILL
    stage.wait()
    await stage.check()


async def test_killed_again_and_again_the_thread_is_told_once(stage: Stage) -> None:
    for step in STEPS:
        await stage.run(step)
        stage.wait()
    await stage.check()
