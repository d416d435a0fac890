"""The network to the database loses what is on its way, or PostgreSQL is killed: nothing is lost, and nothing doubled.

Each property runs a service while the network does what it does, and then again as the program does after a restart.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Protocol

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.core.digest.changes import Change, ChangeKind
from bot.core.errors import StorageError
from bot.core.posting.posts import State
from bot.core.posting.schedule import DEFAULT_SCHEDULE
from bot.core.posting.settings import DigestSettings
from bot.core.posting.watches import BETWEEN_ALERTS, Watch, WatchPlace
from bot.core.triage.actions import Outcome
from bot.core.triage.changeset import Progress
from bot.core.triage.decide.preflight import SETTLING
from bot.core.wheels.targets import Target
from storage.discord.changes import Changes
from storage.discord.guilds import Guilds
from storage.discord.posts import CLAIM
from storage.discord.watches import Watches
from storage.github import outbox
from tests.databases import open_database
from tests.examples import examples
from tests.fakes.cable import COMMITS, Cable, Fate
from tests.fakes.discord_world import Channel, Guild, announcement
from tests.fakes.fake_discord import FakeDiscord
from tests.fakes.fake_github import FakeGitHub
from tests.fakes.fake_index import FakeIndex
from tests.fakes.github_world import FakeIssue
from tests.postgres import Cluster, Server
from tests.services import lookups
from tests.services.posts import LAST_WEEK, Clock, direct, open_office, own
from tests.services.triages import CRASH, HUMAN, install, moves, open_bench
from tests.services.triages import own as comments_of

# What runs here again and again, tests/services/ runs once.
pytestmark = pytest.mark.no_cover

LATER = max(CLAIM, outbox.CLAIM, timedelta(minutes=30)) + timedelta(seconds=1)
TROUBLES = st.dictionaries(
    st.integers(0, 120), st.sampled_from([Fate.NEVER_ARRIVES, Fate.ANSWER_IS_LOST]), min_size=1, max_size=6
)
"""What becomes of which pieces of what the program sends to its database."""

ALL_COMMITS = {-1: Fate.ANSWER_IS_LOST}
"""Every answer to a commit is lost."""


@dataclass(slots=True)
class Weather:
    """Does to what is sent what was said of the nth piece."""

    troubles: Mapping[int, Fate]
    pieces: Iterator[int] = field(default_factory=count)

    def __call__(self, sent: bytes) -> Fate:
        if self.troubles is ALL_COMMITS:
            return Fate.ANSWER_IS_LOST if COMMITS in sent else Fate.ARRIVES
        return self.troubles.get(next(self.pieces), Fate.ARRIVES)


@asynccontextmanager
async def storm(server: Server, address: str, troubles: Mapping[int, Fate]) -> AsyncIterator[str]:
    """Give a way to a database on which there is trouble."""
    cable = Cable(server.port)
    async with cable.laid(address) as url:
        cable.fate = Weather(troubles)
        yield url


@contextmanager
def directed(fake: FakeDiscord) -> Iterator[None]:
    """Point discord.py at a fake while the block runs."""
    with pytest.MonkeyPatch.context() as patch:
        direct(patch, fake.api_url, fake.gateway_url)
        yield


Checkpoint = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Newsroom:
    """A fake Discord with two servers that want digests."""

    fake: FakeDiscord
    clock: Clock
    address: str

    @property
    def channels(self) -> list[Channel]:
        """Return the channels that get digests."""
        return [guild.channel("news") for guild in self.fake.guilds]

    async def work(self, address: str, checkpoint: Checkpoint) -> None:
        """Post what is due, as a process does that may break off."""
        async with open_office(self.fake, address, self.clock, checkpoint) as office:
            await office.poster.tick()

    async def check(self) -> None:
        """Go on until nothing is left to do, and fail unless each server has exactly one digest."""
        async with open_office(self.fake, self.address, self.clock) as office:
            for _ in range(2):
                self.clock.advance(LATER)
                await office.poster.tick()
            assert [(await office.last(channel)).state for channel in self.channels] == [State.PUBLISHED] * 2
        assert [len(own(self.fake, channel)) for channel in self.channels] == [1, 1]


@asynccontextmanager
async def newsroom(address: str) -> AsyncIterator[Newsroom]:
    clock = Clock()
    guilds = [Guild(name, [Channel("general"), announcement("news")]) for name in ("One", "Two")]
    async with FakeDiscord(guilds, now=clock) as fake:
        room = Newsroom(fake, clock, address)
        async with open_database(address) as database:
            for guild in fake.guilds:
                digest = DigestSettings(guild.channel("news").id, LAST_WEEK, DEFAULT_SCHEDULE, publish=True)
                await Guilds(database).set_digest(guild.id, digest)
        with directed(fake):
            yield room
        assert fake.violations == []


@dataclass(frozen=True, slots=True)
class Watchtower:
    """A fake Discord with two people and a channel that watch a package of which there is news."""

    fake: FakeDiscord
    clock: Clock
    address: str

    async def work(self, address: str, checkpoint: Checkpoint) -> None:
        """Tell what is new."""
        async with open_office(self.fake, address, self.clock, checkpoint) as office:
            await office.alerts.tick()

    async def check(self) -> None:
        """Go on until nothing is left to do, and fail unless everybody was told once."""
        async with open_office(self.fake, self.address, self.clock) as office:
            for _ in range(3):
                self.clock.advance(max(LATER, BETWEEN_ALERTS))
                await office.alerts.tick()
        told = [self.fake.direct_messages(name) for name in ("ada", "grace")]
        told.append(own(self.fake, self.fake.guild.channel("general")))
        assert [len(some) for some in told] == [1, 1, 1]


@asynccontextmanager
async def watchtower(address: str) -> AsyncIterator[Watchtower]:
    clock = Clock()
    async with FakeDiscord([Guild("One", [Channel("general")])], now=clock) as fake:
        places = [WatchPlace(fake.guild.member(name).user.id) for name in ("ada", "grace")]
        async with open_database(address) as database:
            for place in (*places, WatchPlace(None, fake.guild.id, fake.guild.channel("general").id)):
                await Watches(database).add(place, [Watch("numpy")], 50, clock())
            gained = Change("numpy", Target(14), "2.4", ChangeKind.GAINED, ("cp314t",))
            await Changes(database).record([gained], clock())
        with directed(fake):
            yield Watchtower(fake, clock, address)
        assert fake.violations == []


@dataclass(frozen=True, slots=True)
class Clinic:
    """A fake GitHub with two threads about which there is everything to do."""

    fake: FakeGitHub
    index: FakeIndex
    clock: lookups.Clock
    address: str
    issues: tuple[FakeIssue, FakeIssue]

    async def work(self, address: str, checkpoint: Checkpoint) -> None:
        """Decide what is due, and do it."""
        async with open_bench(self.fake, self.index, address, self.clock, checkpoint=checkpoint) as bench:
            await bench.work()

    async def check(self) -> None:
        """Go on until nothing is left to do, and fail unless each action was done once."""
        async with open_bench(self.fake, self.index, self.address, self.clock) as bench:
            for _ in range(4):
                self.clock.advance(seconds=max(LATER, SETTLING).total_seconds())
                await bench.work()
            for issue in self.issues:
                entries = [each for each in await bench.entries(issue) if each.progress is not Progress.DROPPED]
                assert {entry.progress for entry in entries} == {Progress.CONFIRMED}
                audited = [each.decision for each in await bench.audit(issue)]
                done = Counter(each.action.key for each in audited if each.outcome is Outcome.DONE)
                assert done == Counter(entry.action.key for entry in entries)
            assert (await bench.stores.inbox.next_due(), await bench.stores.outbox.next_due()) == (None, None)
        put_on = Counter(label for issue in self.issues for _, label in moves(issue))
        assert put_on == {"free-threading": 2, "type-crash": 2, "needs-info": 1, "question": 1}
        assert [len(comments_of(issue)) for issue in self.issues] == [1, 1]


@asynccontextmanager
async def clinic(address: str) -> AsyncIterator[Clinic]:
    clock = lookups.Clock()
    async with FakeGitHub(now=clock) as fake, FakeIndex() as index:
        repository = install(fake)
        one = repository.open("Segmentation fault on the free-threaded build", "It crashes.")
        two = repository.open(*CRASH)
        two.comment("@ftbot label +question\n@ftbot why", HUMAN)
        async with open_bench(fake, index, address, clock) as bench:
            await bench.hear()
        yield Clinic(fake, index, clock, address, (one, two))
        assert fake.violations == []


class Workplace(Protocol):
    """Where a service has something to do."""

    async def work(self, address: str, checkpoint: Checkpoint) -> None:
        """Do what is due, on the database at an address."""

    async def check(self) -> None:
        """Go on until nothing is left to do, and fail unless everything was done once."""


SERVICES: Mapping[str, Callable[[str], AbstractAsyncContextManager[Workplace]]] = {
    "posting": newsroom,
    "alerts": watchtower,
    "triage": clinic,
}


async def broken_off(work: Awaitable[None]) -> None:
    """Wait for work that may end by the database, as jobs do, and in the program's first moments its start."""
    try:
        await work
    except* StorageError:
        pass


def nothing(_step: str) -> None:
    """Go on."""


@pytest.mark.parametrize("service", SERVICES)
@given(troubles=TROUBLES)
@example(troubles=ALL_COMMITS)
@settings(max_examples=examples(4))
async def test_whatever_the_network_loses_everything_is_done_once(
    postgres_server: Server, service: str, troubles: Mapping[int, Fate]
) -> None:
    address = await postgres_server.emptied()
    async with SERVICES[service](address) as place:
        async with storm(postgres_server, address, troubles) as url:
            await broken_off(place.work(url, nothing))
        await place.check()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_slow_network_only_takes_longer(postgres_server: Server, postgres_url: str, service: str) -> None:
    cable = Cable(postgres_server.port, delay=0.01)
    async with SERVICES[service](postgres_url) as place, cable.laid(postgres_url) as url:
        await place.work(url, nothing)
        await place.check()


STEPS = {
    "posting": ("planned", "claimed", "sending", "posted", "recorded"),
    "alerts": ("handed out", "gathered", "claimed", "sending", "posted"),
    "triage": ("taken", "decided", "claimed", "checked", "sending", "written"),
}


@pytest.mark.parametrize(("service", "step"), [(service, step) for service, steps in STEPS.items() for step in steps])
async def test_a_server_that_is_killed_and_comes_back_costs_nothing_and_doubles_nothing(
    postgres_cluster: Cluster, postgres_url: str, service: str, step: str
) -> None:
    returning: list[asyncio.Task[None]] = []

    def kill(reached: str) -> None:
        if reached == step and not returning:
            postgres_cluster.kill()
            returning.append(asyncio.create_task(postgres_cluster.answering()))

    try:
        async with SERVICES[service](postgres_url) as place:
            await broken_off(place.work(postgres_url, kill))
            assert returning, "it got there"
            await returning[0]
            await place.check()
    finally:
        await postgres_cluster.answering()
