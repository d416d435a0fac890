"""The process is killed at every step of posting; after a restart each server has exactly one digest."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.core.digest.changes import Change, ChangeKind
from bot.core.posting.messages import Draft
from bot.core.posting.posts import State
from bot.core.posting.schedule import DEFAULT_SCHEDULE
from bot.core.posting.settings import DigestSettings, IssueFeed
from bot.core.upstream.threads import EventKind
from bot.core.wheels.targets import Target
from cogs.ui.issue_cards import feed_card
from storage.discord.changes import Changes
from storage.discord.guilds import Guilds
from storage.discord.posts import CLAIM
from storage.github.threads import Threads
from tests.databases import open_database
from tests.e2e.forked import Forge, open_forge
from tests.e2e.poster_process import Run
from tests.fakes.discord_world import Channel, Guild, announcement, forum
from tests.fakes.fake_discord import FakeDiscord
from tests.services.posts import LAST_WEEK, Clock, direct, open_office, own
from tests.services.threads import event, thread

# What runs here again and again, tests/services/ runs once; and what is killed tells of no coverage.
pytestmark = pytest.mark.no_cover

STEPS = ("planned", "claimed", "prepared", "sending", "posted", "recorded", "published", "done")
"""The steps of a post that nothing happens to, in order."""

SENDS = r"/channels/\d+/messages$"
SOON, LATER = CLAIM + timedelta(seconds=1), timedelta(minutes=30)


def nothing() -> None:
    """Do nothing when the clock is looked at."""


@dataclass(slots=True)
class WatchedClock(Clock):
    """Tells what a test wants to know that Discord looks at it, which it does when it stores a message."""

    looked_at: Callable[[], None] = nothing

    def __call__(self) -> datetime:
        self.looked_at()
        return self.time


@dataclass(slots=True)
class Stage:
    """A fake Discord with two servers that want digests, and a database that survives the processes."""

    fake: FakeDiscord
    address: str
    steps: Path
    clock: WatchedClock
    forge: Forge[Run]

    @property
    def channels(self) -> list[Channel]:
        """Return the channels that get digests."""
        return [guild.channel("news") for guild in self.fake.guilds]

    def plan(self, step: str = "never", number: int = 1) -> Run:
        """Describe a process that posts what is due, and kills itself at a step."""
        return Run(
            self.fake.api_url, self.fake.gateway_url, self.address, self.clock.time, step, number, str(self.steps)
        )

    async def run(self, step: str = "never", number: int = 1) -> int:
        """Run such a process to its end; gives how it ended."""
        return await self.forge.run(self.plan(step, number))

    async def restart(self) -> None:
        """Run the poster again, twice, in this process."""
        async with open_office(self.fake, self.address, self.clock) as office:
            await office.poster.tick()
            self.clock.advance(LATER)
            await office.poster.tick()
            for channel in self.channels:
                assert (await office.last(channel)).state is State.PUBLISHED

    def check(self) -> None:
        """Fail unless each server has exactly one digest, published."""
        assert [len(own(self.fake, channel)) for channel in self.channels] == [1, 1]
        assert all(message.crossposted for channel in self.channels for message in own(self.fake, channel))


@pytest.fixture(scope="module")
def forge() -> Iterator[Forge[Run]]:
    with open_forge("tests.e2e.poster_process", Run) as opened:
        yield opened


@pytest.fixture
async def stage(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forge: Forge[Run]
) -> AsyncIterator[Stage]:
    clock = WatchedClock()
    guilds = [Guild(name, [Channel("general"), announcement("news"), forum("issues")]) for name in ("One", "Two")]
    async with FakeDiscord(guilds, now=clock) as fake:
        direct(monkeypatch, fake.api_url, fake.gateway_url)
        ready = Stage(fake, address, tmp_path / "steps", clock, forge)
        async with open_database(ready.address) as database:
            for channel in ready.channels:
                digest = DigestSettings(channel.id, LAST_WEEK, DEFAULT_SCHEDULE, publish=True)
                assert channel.guild is not None
                await Guilds(database).set_digest(channel.guild.id, digest)
        yield ready
    assert fake.violations == []


async def test_undisturbed_it_goes_through_every_step(stage: Stage) -> None:
    assert await stage.run() == 0
    assert set(stage.steps.read_text().split()) == set(STEPS)
    stage.check()


@pytest.mark.parametrize(("number", "wait"), [(1, SOON), (2, LATER)], ids=["first-soon", "second-later"])
@pytest.mark.parametrize("step", STEPS)
async def test_killed_at_any_step_each_server_gets_one_digest(
    stage: Stage, step: str, number: int, wait: timedelta
) -> None:
    assert await stage.run(step, number) == -signal.SIGKILL
    stage.clock.advance(wait)
    await stage.restart()
    stage.check()


async def test_killed_after_finding_its_message_each_server_has_one_digest(stage: Stage) -> None:
    await stage.run("posted")
    stage.clock.advance(SOON)
    assert await stage.run("looked") == -signal.SIGKILL
    stage.clock.advance(SOON)
    await stage.restart()
    stage.check()


async def test_killed_while_giving_a_channel_up_each_server_gets_one_digest_once_it_is_mended(stage: Stage) -> None:
    await stage.run("sending")
    stage.clock.advance(SOON)
    stage.fake.fail("GET", SENDS, 404, body={"code": 10003, "message": "Unknown Channel"})
    assert await stage.run("closed") == -signal.SIGKILL
    stage.clock.advance(SOON)
    async with open_office(stage.fake, stage.address, stage.clock) as office:
        (closed,) = await office.stores.closed.everywhere()
        guild = next(channel.guild for channel in stage.channels if channel.id == closed)
        assert guild is not None
        assert await office.guilds.reopen(guild.id, closed)
    await stage.restart()
    stage.check()


@pytest.mark.parametrize("wait", [SOON, LATER], ids=["soon", "later"])
async def test_killed_while_discord_has_the_request_each_server_gets_one_digest(stage: Stage, wait: timedelta) -> None:
    hold = stage.fake.hold("POST", SENDS)
    (process,) = await stage.forge.start([stage.plan()])
    await hold.arrived.wait()
    # Discord stores the message while the process stands still, and answers one that is dead.
    stage.clock.looked_at = lambda: os.kill(process, signal.SIGSTOP)
    hold.release.set()
    await stage.fake.until(lambda: stage.fake.count("POST", SENDS) > 0)
    stage.clock.looked_at = nothing
    os.kill(process, signal.SIGKILL)
    assert await stage.forge.numbers() == [-signal.SIGKILL]
    assert any(own(stage.fake, channel) for channel in stage.channels)
    stage.clock.advance(wait)
    await stage.restart()
    stage.check()


async def test_killed_again_and_again_each_server_gets_one_digest(stage: Stage) -> None:
    for step in ("planned", "sending", "posted", "looked", "recorded", "published"):
        await stage.run(step)
        stage.clock.advance(SOON)
    await stage.restart()
    stage.check()


@pytest.mark.parametrize("step", ["sending", "posted"])
async def test_killed_while_sending_no_title_upstream_passes_for_the_digest(stage: Stage, step: str) -> None:
    assert await stage.run(step) == -signal.SIGKILL
    stage.clock.advance(SOON)
    async with open_office(stage.fake, stage.address, stage.clock) as office:
        for channel in stage.channels:
            for title in ("2026-W47", "-# 2026-W47 · data read", "**2026-W47** \u202e @everyone"):
                told = feed_card([event(EventKind.OPENED, thread(title=title), stage.clock())])
                await office.poster.discord.send(channel.id, Draft(told))
    stage.clock.advance(LATER)
    await stage.restart()
    for channel in stage.channels:
        crossposted = [message for message in own(stage.fake, channel) if message.crossposted]
        assert ["Digest of 2026-W47" in message.text() for message in crossposted] == [True]
        assert len(own(stage.fake, channel)) == 1 + 3


async def test_two_processes_at_once_post_one_digest_for_each_server(stage: Stage) -> None:
    await stage.forge.start([stage.plan(), stage.plan()])
    assert await stage.forge.numbers() == [0, 0]
    await stage.restart()
    stage.check()


@pytest.mark.parametrize("step", ["planned", "sending", "posted", "recorded"])
async def test_killed_while_announcing_changes_are_announced_once(stage: Stage, step: str) -> None:
    (one, two) = (guild.channel("general") for guild in stage.fake.guilds)
    async with open_database(stage.address) as database:
        for channel in (one, two):
            assert channel.guild is not None
            await Guilds(database).set_digest(channel.guild.id, None)
            await Guilds(database).set_announcements(channel.guild.id, channel.id)
        await Changes(database).record([Change("numpy", Target(14), "2.3", ChangeKind.GAINED)], stage.clock())
    assert await stage.run(step) == -signal.SIGKILL
    stage.clock.advance(SOON)
    async with open_office(stage.fake, stage.address, stage.clock) as office:
        await office.poster.tick()
        stage.clock.advance(LATER)
        await office.poster.tick()
    assert [len(own(stage.fake, channel)) for channel in (one, two)] == [1, 1]


@pytest.mark.parametrize("step", ["planned", "claimed", "prepared", "sending", "posted", "recorded"])
@pytest.mark.parametrize("place", ["general", "issues"])
async def test_killed_while_telling_of_upstream_events_they_are_told_once(stage: Stage, place: str, step: str) -> None:
    async with open_database(stage.address) as database:
        for guild in stage.fake.guilds:
            await Guilds(database).set_digest(guild.id, None)
            await Guilds(database).set_issues(guild.id, IssueFeed(guild.channel(place).id, forum=place == "issues"))
        opened = event(EventKind.OPENED, thread(), stage.clock())
        await Threads(database).record([], [opened], [], stage.clock())
    assert await stage.run(step) == -signal.SIGKILL
    stage.clock.advance(SOON)
    async with open_office(stage.fake, stage.address, stage.clock) as office:
        await office.poster.tick()
        stage.clock.advance(LATER)
        await office.poster.tick()
    for guild in stage.fake.guilds:
        places = guild.threads if place == "issues" else [guild.channel(place)]
        assert [len(own(stage.fake, channel)) for channel in places] == [1]
