"""A week of three processes on one database that are killed again and again: all that was promised is there once."""

from __future__ import annotations

import os
import random
import secrets
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.posting.schedule import DEFAULT_SCHEDULE
from bot.core.posting.settings import DigestSettings
from bot.core.posting.watches import Watch, WatchPlace
from bot.core.triage.changeset import Progress
from storage.discord import posts
from storage.discord.guilds import Guilds
from storage.discord.watches import Watches
from storage.github import outbox
from storage.github.outbox import Outbox
from tests.databases import open_database
from tests.e2e.forked import Forge, open_forge
from tests.e2e.week_process import Delivery, Shift
from tests.examples import examples
from tests.fakes.discord_world import Channel, Guild, Message, announcement
from tests.fakes.fake_discord import FakeDiscord
from tests.fakes.fake_github import FakeGitHub
from tests.fakes.fake_index import FakeIndex
from tests.fakes.github_world import FakeIssue, FakeRepository
from tests.fakes.index_pages import File, wheels
from tests.services.lookups import Clock
from tests.services.posts import LAST_WEEK, direct, own
from tests.services.scans import LONG_AGO, numbered
from tests.services.triages import CRASH, install, moves, places
from tests.services.triages import own as comments_of

# What is killed tells of no coverage.
pytestmark = pytest.mark.no_cover

BEGIN = datetime(2026, 11, 22, 21, tzinfo=UTC)
"""Sunday, half a day before the week's digest is due."""

PROCESSES = 3
IN_THE_GATE = examples(1) == 1
SHIFTS = 8 if IN_THE_GATE else 480
"""Of each process in the week, most of which end by a kill: enough for a thousand kills in `make check-all`."""

EVERY = timedelta(days=7) / SHIFTS
SOON = max(posts.CLAIM, outbox.CLAIM) + timedelta(seconds=1)
DANGEROUS = (15, 40)
"""Of so many first moments one kills, of few or of many; a shift in which less happens is survived."""

HAPPENINGS = min(SHIFTS // 2, 40)
"""How many wheels appear in the week, and how many threads are opened."""

NAMES = numbered("p", range(HAPPENINGS))
GIL, FREE = "cp314-cp314-win_amd64", "cp314-cp314t-win_amd64"


@dataclass(slots=True)
class Week:
    """The world around the processes, and what was promised to it."""

    chance: random.Random
    discord: FakeDiscord
    github: FakeGitHub
    index: FakeIndex
    clock: Clock
    forge: Forge[Shift]
    address: str
    folder: Path
    repository: FakeRepository
    gained: list[str] = field(default_factory=list)
    issues: list[FakeIssue] = field(default_factory=list)
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    kills: int = 0

    def happen(self) -> None:
        """Let something happen in the world: a wheel, or a thread."""
        if len(self.gained) < HAPPENINGS and self.chance.random() < HAPPENINGS / SHIFTS:
            name = NAMES[len(self.gained)]
            version = f"2.{len(self.gained)}"
            new = wheels(name, version, GIL, FREE, upload_time=(self.clock() - timedelta(minutes=5)).isoformat())
            self.index.publish(name, [*old(name), *new])
            self.gained.append(version)
        if len(self.issues) < HAPPENINGS and self.chance.random() < HAPPENINGS / SHIFTS:
            self.issues.append(self.repository.open(*CRASH))
        for delivery in self.github.deliveries:
            if delivery.guid not in self.deliveries:
                headers, body = self.github.delivery(delivery.event, delivery.payload, guid=delivery.guid)
                self.deliveries[delivery.guid] = Delivery(delivery.guid, headers, body)

    def shift(self, moment: int, deliveries: list[Delivery]) -> Shift:
        """Describe a process."""
        fake = self.discord
        return Shift(
            fake.api_url, fake.gateway_url, places(self.github, self.index), self.address, self.clock.time,
            list(NAMES), deliveries, str(self.folder / "answered"), moment,
        )  # fmt: skip

    async def run(self, processes: int, *, danger: bool) -> None:
        """Run processes at once; what GitHub sends comes to any of them, again until it is answered."""
        answered = (self.folder / "answered").read_text("utf-8").split()
        sent: list[list[Delivery]] = [[] for _ in range(processes)]
        for guid, delivery in self.deliveries.items():
            if guid not in answered:
                self.chance.choice(sent).append(delivery)
        shifts = [
            self.shift(self.chance.randint(1, self.chance.choice(DANGEROUS)) if danger else 0, each) for each in sent
        ]
        await self.forge.start(shifts)
        ends = await self.forge.numbers()
        assert set(ends) <= {0, -signal.SIGKILL}, ends
        self.kills += ends.count(-signal.SIGKILL)

    async def check(self) -> None:
        """Fail unless everything that was promised is there exactly once."""
        one, two = self.discord.guilds
        for guild in (one, two):
            weeks = [line for line in lines(own(self.discord, guild.channel("news"))) if "Digest" in line]
            assert weeks == ["Digest of 2026-W47", "Digest of 2026-W48"], (
                "a digest for each server, in each of its hours"
            )
        announced = lines(own(self.discord, one.channel("general")))
        assert Counter(announced) == Counter(
            f"{name} {version} gained 3.14t" for name, version in zip(NAMES, self.gained, strict=False)
        )
        for told in (self.discord.direct_messages("ada"), own(self.discord, two.channel("general"))):
            wanted = [f"- 🟢 {version} has wheels for **3.14t** (cp314t)" for version in self.gained]
            assert Counter(line for line in lines(told) if line.startswith("- ")) == Counter(wanted)
        async with open_database(self.address) as database:
            for issue in self.issues:
                left = {each.action.value: each.progress for each in await Outbox(database).of_thread(issue.node_id)}
                assert left == dict.fromkeys(("free-threading", "type-crash"), Progress.CONFIRMED)
                assert sorted(label for _, label in moves(issue)) == ["free-threading", "type-crash"]
                assert comments_of(issue) == []


def lines(messages: list[Message]) -> list[str]:
    return [line for each in messages for line in each.text().split("\n")]


def old(name: str) -> list[File]:
    return list(wheels(name, "1.0", GIL, upload_time=LONG_AGO.isoformat()))


async def promise(address: str, discord: FakeDiscord, now: datetime) -> None:
    """Let two servers want digests, one of them all changes, and the other and a person watch every package."""
    one, two = discord.guilds
    person = WatchPlace(discord.guild.member("ada").user.id)
    async with open_database(address) as database:
        for guild in (one, two):
            digest = DigestSettings(guild.channel("news").id, LAST_WEEK, DEFAULT_SCHEDULE)
            await Guilds(database).set_digest(guild.id, digest)
        await Guilds(database).set_announcements(one.id, one.channel("general").id)
        for place in (person, WatchPlace(None, two.id, two.channel("general").id)):
            await Watches(database).add(place, [Watch(name) for name in NAMES], 50, now)


@asynccontextmanager
async def world(seed: int, address: str, folder: Path, forge: Forge[Shift]) -> AsyncIterator[Week]:
    """Make the world of a week: who wants to know what, a repository, and packages without wheels for 3.14t."""
    clock, chance = Clock(BEGIN), random.Random(seed)  # noqa: S311 — whom chance kills
    guilds = [Guild(name, [Channel("general"), announcement("news")]) for name in ("One", "Two")]
    async with (
        FakeDiscord(guilds, now=clock) as discord,
        FakeGitHub(now=clock) as github,
        FakeIndex() as index,
    ):
        for name in NAMES:
            index.publish(name, old(name))
        await promise(address, discord, clock())
        (folder / "answered").write_text("", encoding="utf-8")
        with pytest.MonkeyPatch.context() as patch:
            direct(patch, discord.api_url, discord.gateway_url)
            yield Week(chance, discord, github, index, clock, forge, address, folder, install(github))
        assert (discord.violations, github.violations) == ([], [])


@pytest.fixture(scope="module")
def forge() -> Iterator[Forge[Shift]]:
    with open_forge("tests.e2e.week_process", Shift) as opened:
        yield opened


@pytest.mark.hypothesis  # no property, but with as many times more examples in `make check-all`
async def test_a_week_of_kills_loses_nothing_and_doubles_nothing(
    address: str, forge: Forge[Shift], tmp_path: Path
) -> None:
    seed = int(os.environ.get("FTBOT_TEST_WEEK") or (1 if IN_THE_GATE else secrets.randbelow(1 << 32)))
    print(f"FTBOT_TEST_WEEK={seed} has the same happen again")  # noqa: T201 — pytest shows it where this fails
    async with world(seed, address, tmp_path, forge) as week:
        await week.run(1, danger=False)
        for _ in range(SHIFTS):
            week.clock.advance(seconds=EVERY.total_seconds())
            week.happen()
            await week.run(PROCESSES, danger=True)
            week.clock.advance(seconds=SOON.total_seconds())
            await week.run(1, danger=week.chance.random() < 0.5)  # or what nobody did for days would be dropped
        for _ in range(4):
            week.clock.advance(hours=9)
            await week.run(1, danger=False)
        print(f"{week.kills} kills, {len(week.gained)} wheels, {len(week.issues)} threads")  # noqa: T201 — as above
        await week.check()
        assert week.kills >= SHIFTS
