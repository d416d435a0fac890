"""The process is killed at every step of triage; after a restart each action was done exactly once."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.triage.actions import ActionKind, Outcome
from bot.core.triage.changeset import Progress
from bot.core.triage.decide.preflight import SETTLING
from bot.core.triage.decide.texts import MARKER
from storage.github.outbox import CLAIM
from tests.e2e.forked import Forge, open_forge
from tests.e2e.triage_process import Run
from tests.fakes.fake_github import FakeGitHub
from tests.fakes.fake_index import FakeIndex
from tests.fakes.github_failures import Hold, held
from tests.fakes.github_world import FakeIssue
from tests.services.lookups import Clock
from tests.services.triages import CRASH, HUMAN, install, moves, open_bench, own, places

# What runs here again and again, tests/services/ runs once; and what is killed tells of no coverage.
pytestmark = pytest.mark.no_cover

DECIDING, DOING = (
    ("taken", "read", "decided", "settled"),
    ("claimed", "looked", "checked", "sending", "written", "recorded"),
)
"""The steps of an event and of an action that nothing comes between, in order."""

HAPPENINGS, ACTIONS = 3, 10
KINDS = {1: "add-label", 5: "comment", 8: "react", 9: "reply"}
"""Which of the actions, in their order, are of which kind; the others are more of the same."""

LABELS = Counter(
    {("one", "free-threading"): 1, ("one", "type-crash"): 1, ("one", "needs-info"): 1}
    | {("two", "free-threading"): 1, ("two", "type-crash"): 1, ("two", "question"): 1}
)
"""What is put on which of the two threads, in the end."""

SOON, LATER = CLAIM + timedelta(seconds=1), timedelta(minutes=30)


@dataclass(slots=True)
class Stage:
    """A fake GitHub with two threads about which there is everything to do, and a database that survives processes."""

    fake: FakeGitHub
    index: FakeIndex
    address: str
    steps: Path
    clock: Clock
    forge: Forge[Run]
    one: FakeIssue
    two: FakeIssue

    def plan(self, step: str = "never", number: int = 1) -> Run:
        """Describe a process that triages what is due, and kills itself at a step."""
        return Run(places(self.fake, self.index), self.address, self.clock.time, step, number, str(self.steps))

    async def run(self, step: str = "never", number: int = 1) -> int:
        """Run such a process to its end; gives how it ended."""
        return await self.forge.run(self.plan(step, number))

    def wait(self, time: timedelta) -> None:
        """Let time pass."""
        self.clock.advance(seconds=time.total_seconds())

    async def restart(self) -> None:
        """Run triage again, in this process, until nothing is left to do, and check what came of it all."""
        async with open_bench(self.fake, self.index, self.address, self.clock) as bench:
            for _ in range(3):
                await bench.work()
                self.wait(SETTLING + timedelta(seconds=1))
            for issue in (self.one, self.two):
                entries = await bench.entries(issue)
                # Of two processes one may decide again what to say before the other has said it.
                replaced = [entry for entry in entries if entry.action.kind is ActionKind.COMMENT][:-1]
                entries = [each for each in entries if not (each in replaced and each.progress is Progress.DROPPED)]
                assert {entry.progress for entry in entries} == {Progress.CONFIRMED}
                results = Counter(
                    audited.decision.action.key
                    for audited in await bench.audit(issue)
                    if audited.decision.outcome is Outcome.DONE
                )
                assert results == Counter(entry.action.key for entry in entries)
            assert await bench.stores.inbox.next_due() is None
            assert await bench.stores.outbox.next_due() is None
        self.check()

    def check(self) -> None:
        """Fail unless everything was done exactly once."""
        put_on = [(name, label) for name, issue in (("one", self.one), ("two", self.two)) for _, label in moves(issue)]
        assert Counter(put_on) == LABELS
        (kept,), (reply,) = own(self.one), own(self.two)
        assert kept.body.startswith(MARKER)
        assert "crash-title" in reply.body
        (command,) = (comment for comment in self.two.comments if comment is not reply)
        assert sorted(reaction.content for reaction in command.reactions) == ["eyes", "rocket"]


@pytest.fixture(scope="module")
def forge() -> Iterator[Forge[Run]]:
    with open_forge("tests.e2e.triage_process", Run) as opened:
        yield opened


@pytest.fixture
async def stage(address: str, tmp_path: Path, forge: Forge[Run]) -> AsyncIterator[Stage]:
    clock = Clock()
    async with FakeGitHub(now=clock) as fake, FakeIndex() as index:
        repository = install(fake)
        one = repository.open("Segmentation fault on the free-threaded build", "It crashes.")
        two = repository.open(*CRASH)
        two.comment("@ftbot label +question\n@ftbot why", HUMAN)
        async with open_bench(fake, index, address, clock) as bench:
            await bench.hear()
        yield Stage(fake, index, address, tmp_path / "steps", clock, forge, one, two)
    assert fake.violations == []


async def test_undisturbed_it_goes_through_every_step(stage: Stage) -> None:
    assert await stage.run() == 0
    taken = Counter(stage.steps.read_text().split())
    assert taken == dict.fromkeys(DECIDING, HAPPENINGS) | dict.fromkeys(DOING, ACTIONS)
    await stage.restart()
    async with open_bench(stage.fake, stage.index, stage.address, stage.clock) as bench:
        entries = [entry for issue in (stage.one, stage.two) for entry in await bench.entries(issue)]
    entries.sort(key=lambda entry: entry.action.priority)
    assert {number: entries[number - 1].action.kind.value for number in KINDS} == KINDS


@pytest.mark.parametrize("number", range(1, HAPPENINGS + 1))
@pytest.mark.parametrize("step", DECIDING)
async def test_killed_while_deciding_everything_is_done_once(stage: Stage, step: str, number: int) -> None:
    assert await stage.run(step, number) == -signal.SIGKILL
    stage.wait(SOON if number % 2 else LATER)
    await stage.restart()


@pytest.mark.parametrize("number", KINDS, ids=KINDS.values())
@pytest.mark.parametrize("step", DOING)
async def test_killed_while_doing_everything_is_done_once(stage: Stage, step: str, number: int) -> None:
    assert await stage.run(step, number) == -signal.SIGKILL
    stage.wait(SOON if number % 2 else LATER)
    await stage.restart()


@pytest.mark.parametrize("number", [5, 9], ids=["comment", "reply"])
async def test_killed_after_finding_what_it_wrote_everything_is_done_once(stage: Stage, number: int) -> None:
    await stage.run("written", number)
    stage.wait(SOON)
    assert await stage.run("claimed", 1) == -signal.SIGKILL
    stage.wait(LATER)
    assert await stage.run("looked", 1) == -signal.SIGKILL
    stage.wait(SOON)
    await stage.restart()


async def test_killed_again_and_again_everything_is_done_once(stage: Stage) -> None:
    for step in ("taken", "decided", "settled", "claimed", "sending", "written", "checked", "written", "recorded"):
        await stage.run(step, 1)
        stage.wait(LATER)
    await stage.restart()


@pytest.mark.parametrize("wait", [timedelta(0), SOON, LATER], ids=["at-once", "soon", "later"])
@pytest.mark.parametrize(
    "pattern", [r"/2/comments$", r"/1/labels$", r"/1/comments$"], ids=["reply", "label", "comment"]
)
async def test_killed_while_a_slow_github_has_the_request_everything_is_done_once(
    stage: Stage, pattern: str, wait: timedelta
) -> None:
    hold = Hold()
    stage.fake.fail(pattern, held(hold), method="POST")
    (process,) = await stage.forge.start([stage.plan()])
    await hold.arrived.wait()
    os.kill(process, signal.SIGKILL)
    assert await stage.forge.numbers() == [-signal.SIGKILL]
    # Another process comes before GitHub is done with it, and must not do it again.
    stage.wait(SOON)
    assert await stage.run() == 0
    sent = stage.fake.count("POST", pattern)
    hold.release.set()
    for _ in range(5):  # turns of the loop, in which GitHub does what it was asked, and answers a process that is dead
        await asyncio.sleep(0)
    assert stage.fake.count("POST", pattern) == sent + 1
    stage.wait(wait)
    await stage.restart()


async def test_two_processes_at_once_do_everything_once(stage: Stage) -> None:
    await stage.forge.start([stage.plan(), stage.plan()])
    assert await stage.forge.numbers() == [0, 0]
    stage.wait(SOON)
    await stage.restart()
