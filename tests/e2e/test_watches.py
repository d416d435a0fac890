"""Killed at every step between noticing something and telling who watches it: each is told exactly once in the end."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.digest.changes import Change, ChangeKind
from bot.core.posting.watches import BETWEEN_ALERTS, NewsItem, NewsKind, Watch, WatchPlace
from bot.core.wheels.targets import Target
from storage.discord.changes import Changes
from storage.discord.package_news import PackageNews
from storage.discord.posts import CLAIM
from storage.discord.watches import Watches
from tests.databases import open_database
from tests.e2e.forked import Forge, open_forge
from tests.e2e.poster_process import Run
from tests.e2e.program import PATIENCE, TOKEN, Bot, running
from tests.fakes.discord_world import Channel, Guild
from tests.fakes.fake_discord import FakeDiscord
from tests.fakes.fake_index import FakeIndex
from tests.fakes.index_pages import wheels
from tests.services.posts import Clock, direct, open_office, own

# What runs here again and again, tests/services/ runs once; and what is killed tells of no coverage.
pytestmark = pytest.mark.no_cover

STEPS = ("handed out", "gathered", "claimed", "prepared", "sending", "posted", "recorded")
"""The steps of an alert that nothing happens to, in order."""

SENDS = r"/channels/\d+/messages$"
SOON, LATER = CLAIM + timedelta(seconds=1), timedelta(minutes=30)
PEOPLE = ("ada", "grace")


@dataclass(slots=True)
class Stage:
    """A fake Discord with two people and a channel that watch a package, and a database that survives the processes."""

    fake: FakeDiscord
    address: str
    steps: Path
    clock: Clock
    forge: Forge[Run]

    @property
    def channel(self) -> Channel:
        """Return the channel that watches."""
        return self.fake.guild.channel("general")

    def plan(self, step: str = "never", number: int = 1) -> Run:
        """Describe a process that tells what is new, and kills itself at a step."""
        return Run(
            self.fake.api_url, self.fake.gateway_url, self.address, self.clock.time, step, number, str(self.steps)
        )

    async def run(self, step: str = "never", number: int = 1) -> int:
        """Run such a process to its end; gives how it ended."""
        return await self.forge.run(self.plan(step, number))

    async def check(self) -> None:
        """Run until nothing is left to do, and fail unless everybody was told of both events once."""
        async with open_office(self.fake, self.address, self.clock) as office:
            for _ in range(3):
                await office.alerts.tick()
                self.clock.advance(BETWEEN_ALERTS)
        told = [self.fake.direct_messages(name) for name in PEOPLE] + [own(self.fake, self.channel)]
        lines = [sorted(line for each in some for line in each.text().split("\n") if line[:2] == "- ") for some in told]
        assert (
            lines
            == [["- 🟢 2.4 has wheels for **3.14t** (cp314t)", "- 🧪 the pre-release 3.0rc1 has wheels for **3.14t**"]]
            * 3
        )
        assert not any(message.pings for some in told for message in some)


@pytest.fixture(scope="module")
def forge() -> Iterator[Forge[Run]]:
    with open_forge("tests.e2e.watch_process", Run) as opened:
        yield opened


@pytest.fixture
async def stage(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forge: Forge[Run]
) -> AsyncIterator[Stage]:
    clock = Clock()
    async with FakeDiscord([Guild("One", [Channel("general")])], now=clock) as fake:
        direct(monkeypatch, fake.api_url, fake.gateway_url)
        ready = Stage(fake, address, tmp_path / "steps", clock, forge)
        people = [WatchPlace(fake.guild.member(name).user.id) for name in PEOPLE]
        async with open_database(ready.address) as database:
            for place in (*people, WatchPlace(None, fake.guild.id, ready.channel.id)):
                await Watches(database).add(place, [Watch("numpy")], 50, clock())
            await Changes(database).record(
                [Change("numpy", Target(14), "2.4", ChangeKind.GAINED, ("cp314t",))], clock()
            )
            await PackageNews(database).record([NewsItem("numpy", NewsKind.PRERELEASE, Target(14), "3.0rc1")], clock())
        yield ready
    assert fake.violations == []


async def test_undisturbed_it_goes_through_every_step(stage: Stage) -> None:
    assert await stage.run() == 0
    assert set(stage.steps.read_text().split()) == set(" ".join(STEPS).split())
    assert stage.fake.count("POST", SENDS) == 3
    await stage.check()


@pytest.mark.parametrize(("number", "wait"), [(1, SOON), (2, LATER)], ids=["first-soon", "second-later"])
@pytest.mark.parametrize("step", STEPS)
async def test_killed_at_any_step_everybody_is_told_once(stage: Stage, step: str, number: int, wait: timedelta) -> None:
    number = 1 if step == "gathered" else number
    assert await stage.run(step, number) == -signal.SIGKILL
    stage.clock.advance(wait)
    await stage.check()


@pytest.mark.parametrize("second", STEPS)
@pytest.mark.parametrize("first", ["handed out", "gathered", "sending", "posted"])
async def test_killed_twice_in_a_row_everybody_is_told_once(stage: Stage, first: str, second: str) -> None:
    assert await stage.run(first) == -signal.SIGKILL
    stage.clock.advance(SOON)
    await stage.run(second)
    stage.clock.advance(SOON)
    await stage.check()


async def test_killed_after_finding_its_message_everybody_is_told_once(stage: Stage) -> None:
    await stage.run("posted")
    stage.clock.advance(SOON)
    assert await stage.run("looked") == -signal.SIGKILL
    stage.clock.advance(SOON)
    await stage.check()


async def test_killed_while_giving_a_person_up_the_others_are_told_once(stage: Stage) -> None:
    ada = stage.fake.guild.member("ada").user
    ada.dms_blocked = True
    assert await stage.run("closed") == -signal.SIGKILL
    ada.dms_blocked = False
    stage.clock.advance(SOON)
    async with open_office(stage.fake, stage.address, stage.clock) as office:
        await office.alerts.tick()
        assert await office.stores.watches.reopen(WatchPlace(ada.id))
        recipient = await office.stores.watches.recipient(WatchPlace(ada.id))
        assert recipient is not None
        await office.stores.posts.take_up_alerts(recipient.number, stage.clock())
    await stage.check()


async def test_two_processes_at_once_tell_everybody_once(stage: Stage) -> None:
    await stage.forge.start([stage.plan(), stage.plan()])
    assert await stage.forge.numbers() == [0, 0]
    await stage.check()


@pytest.mark.parametrize("step", STEPS)
async def test_one_of_two_processes_that_is_killed_loses_and_doubles_nothing(stage: Stage, step: str) -> None:
    await stage.forge.start([stage.plan(step), stage.plan()])
    await stage.forge.numbers()
    stage.clock.advance(SOON)
    await stage.check()


# The whole program, from a wheel on the index to a message


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The fakes, and what the program is started with between them."""

    discord: FakeDiscord
    index: FakeIndex
    address: str
    settings: dict[str, str]

    async def until_killed(self, event: str) -> None:
        """Run the program until it logs something, or has told; kill it, and let what it claimed be free at once."""
        async with running(self.settings, [TOKEN]) as bot:
            await bot.until(lambda: f'"{event}"' in "".join(bot.written) or bool(self.discord.direct_messages("ada")))
            await kill(bot)
        await self.let_time_pass()

    async def let_time_pass(self) -> None:
        """Make packages due, and claims over, as an hour would."""
        async with open_database(self.address) as database, database.transaction() as transaction:
            await transaction.run("UPDATE projects SET due = 0")
            await transaction.run("UPDATE posts SET claimed_until = 0")
            await transaction.run(
                "UPDATE watchers SET told = 0, waiting = CASE WHEN waiting IS NULL THEN NULL ELSE 0 END"
            )


async def kill(bot: Bot) -> None:
    with suppress(ProcessLookupError):
        os.kill(bot.process.pid, signal.SIGKILL)
    await bot.process.wait()


@pytest.fixture
async def here(address: str, tmp_path: Path) -> AsyncIterator[Surroundings]:
    top = tmp_path / "top.json"
    top.write_text(json.dumps({"last_update": "2026-11-01 00:00:00", "rows": [{"project": "demo"}]}))
    async with FakeDiscord(token=TOKEN) as discord, FakeIndex() as index:
        index.publish("demo", wheels("demo", "1.0", "cp314-cp314-manylinux_2_28_x86_64"))
        settings = {
            "FTBOT_DISCORD_TOKEN": TOKEN,
            "FTBOT_DISCORD_API_URL": discord.api_url,
            "FTBOT_DISCORD_GATEWAY_URL": discord.gateway_url,
            "FTBOT_INDEX_URL": index.index_url,
            "FTBOT_JSON_API_URL": index.json_api_url,
            "FTBOT_TOP_PACKAGES_URL": str(top),
            "FTBOT_DATABASE": address,
            "FTBOT_TRACK": "1",
            "FTBOT_INSPECT": "0",
        }
        yield Surroundings(discord, index, address, settings)
        assert discord.violations == []


async def test_a_watch_fires_once_when_the_index_gains_a_wheel_through_kills(here: Surroundings) -> None:
    discord = here.discord
    async with running(here.settings, [TOKEN]) as bot:
        await bot.logged("scanned")
        answer = await discord.slash("ftwatch add", packages="demo", user="ada").shown()
        assert "1 of 50 watches used" in answer.text()
        await kill(bot)
    await here.let_time_pass()
    now = datetime.now(UTC).isoformat()
    tags = ("cp314-cp314-manylinux_2_28_x86_64", "cp314-cp314t-manylinux_2_28_x86_64")
    here.index.upload("demo", *wheels("demo", "1.1", *tags, upload_time=now))
    for event in ("changes_noticed", "post_planned", "post_sending"):
        await here.until_killed(event)
    async with running(here.settings, [TOKEN]):
        await discord.until(lambda: len(discord.direct_messages("ada")) == 1, PATIENCE)
    await here.let_time_pass()
    here.index.upload("demo", *wheels("demo", "1.1", "cp315-cp315t-manylinux_2_28_x86_64", upload_time=now))
    async with running(here.settings, [TOKEN]):
        await discord.until(lambda: len(discord.direct_messages("ada")) > 1, PATIENCE)
    told = [[line for line in each.text().split("\n") if line[:2] == "- "] for each in discord.direct_messages("ada")]
    assert told == [["- 🟢 1.1 has wheels for **3.14t** (cp314t)"], ["- 🟢 1.1 has wheels for **3.15t** (cp315t)"]]
