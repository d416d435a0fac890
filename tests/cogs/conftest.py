"""The whole bot in this process: its real client, services and database, between a fake Discord and a fake index."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from io import StringIO
from pathlib import Path

import discord
import pytest
import yarl
from discord.ext import commands
from packaging.version import Version

from bot.clients.pypi import PackageIndex
from bot.clients.web import Patience, open_http
from bot.core.dependencies.files import Demand
from bot.core.dependencies.resolving import Resolution, ResolvedPin
from bot.core.errors import UpstreamError
from bot.core.fleet.shards import Auto, ShardRange
from bot.core.guide.sections import GUIDE
from bot.core.posting.prospects import Prospects
from bot.core.verdicts.status import Upstream
from bot.core.wheels.platforms import Platform
from bot.core.wheels.targets import Target
from bot.logs import set_up_logs
from bot.services.discord.registration import Registration
from bot.services.discord.watches import WatchBook
from bot.services.fleet.identify import IdentifyGate, OwnBuckets
from bot.services.fleet.shards import ToldShards
from bot.services.guide import Guide
from bot.services.metrics import Metrics
from bot.services.packages.catalogue import Catalogue
from bot.services.packages.comparison import PackageComparer
from bot.services.packages.dependencies import DependencyCheck
from bot.services.packages.dependency_judge import DependencyJudge
from bot.services.packages.kept_reports import KeptReports
from bot.services.packages.listing import PackageLister
from bot.services.packages.lookup import StatusLookup
from bot.services.packages.package_names import Names, PackageNames
from bot.services.packages.pages import ProjectPages
from bot.services.packages.writer import ReadingWriter
from cogs.about import About, AboutCog
from cogs.client import Client
from cogs.compare import CompareAnswers, CompareCog
from cogs.conversations import Conversations
from cogs.deps import LONGEST, DependencyAnswers, DepsCog
from cogs.gateway import Gateway, ShardClients
from cogs.guide import GuideAnswers, GuideCog
from cogs.list import ListAnswers, ListCog
from cogs.pauses import Pauses
from cogs.privacy import PrivacyAnswers, PrivacyCog
from cogs.pulse import Heartbeats
from cogs.status import StatusAnswers, StatusCog
from cogs.watch import WatchAnswers, WatchCog
from storage.discord.closed_channels import ClosedChannels
from storage.discord.posts import Posts
from storage.discord.registrations import Registrations
from storage.discord.watches import Watches
from storage.engine.sqlite import Database, open_database
from storage.packages.documents import Documents
from storage.packages.inspections import Inspections
from storage.packages.metadata import ReleaseMetadata
from storage.packages.names import Packages
from storage.packages.projects import Projects
from storage.packages.scans import Scans
from storage.packages.statuses import Statuses
from tests.fakes.fake_discord import TOKEN, FakeDiscord
from tests.fakes.fake_index import FakeIndex
from tests.fakes.index_pages import sdist, wheels

NAMES = ("numpy", "pandas", "demo", "numba", "lxml", "numexpr", "six")
TARGETS = (Target(14), Target(15))


@dataclass(slots=True)
class Clock:
    """A clock that stands still until it is moved, and can break."""

    time: datetime = datetime(2026, 11, 23, 9, tzinfo=UTC)
    broken: bool = False

    def __call__(self) -> datetime:
        if self.broken:
            raise RuntimeError("the clock stopped")
        return self.time

    def advance(self, **by: float) -> None:
        self.time += timedelta(**by)


@dataclass(slots=True)
class Chooser:
    """Stands in for uv: chooses 1.0 of everything, which needs nothing, unless a test says that it fails or waits."""

    failure: Exception | None = None
    proceed: asyncio.Event = field(default_factory=asyncio.Event)
    began: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[tuple[str, Target, Platform]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Let nobody wait, until a test clears ``proceed``."""
        self.proceed.set()

    async def resolve(
        self, demands: Sequence[Demand], _constraints: Sequence[Demand], target: Target, platform: Platform
    ) -> Resolution:
        """Choose versions."""
        self.asked += [(demand.name, target, platform) for demand in demands]
        self.began.set()
        try:
            await self.proceed.wait()
        finally:
            self.ended.set()
        if self.failure is not None:
            raise self.failure
        return Resolution(tuple(ResolvedPin(each.name, Version("1.0"), (), direct=True) for each in demands))


@dataclass(slots=True)
class Bot:
    """A running bot and its parts."""

    answers: StatusAnswers
    dependencies: DependencyAnswers
    watches: WatchAnswers
    conversations: Conversations
    metrics: Metrics
    database: Database
    gateway: Gateway
    connected: asyncio.Task[None]

    def client(self) -> Client:
        """Return the client that is connected now, of the one shard."""
        (client,) = self.gateway.connections.all()
        return client

    async def outcomes(self, command: str) -> dict[str, int]:
        """Finish what runs, take no more, and count a command's answers by outcome."""
        await self.conversations.drain(5)
        samples = [sample for metric in self.metrics.answers.collect() for sample in metric.samples]
        return {
            sample.labels["outcome"]: int(sample.value)
            for sample in samples
            if sample.name.endswith("_total") and sample.labels["command"] == command and sample.value
        }


@dataclass(slots=True)
class World:
    """The fakes, and how a bot is started between them; starting again is a restart of the program."""

    fake: FakeDiscord
    index: FakeIndex
    clock: Clock
    database: Path
    cogs: Callable[[Client, StatusAnswers, Conversations, Clock], Sequence[commands.Cog]] = field(
        default_factory=lambda: all_cogs
    )
    upstream: Upstream | None = None
    site: str | None = None
    prospects: Prospects = field(default_factory=Prospects)
    chooser: Chooser = field(default_factory=Chooser)
    shards: ShardRange | Auto = Auto.AUTO
    pulse: Callable[[], Heartbeats] = Heartbeats
    slept: list[float] = field(default_factory=list)
    asleep: asyncio.Event = field(default_factory=asyncio.Event)
    awake: asyncio.Event = field(default_factory=asyncio.Event)
    limits: list[asyncio.Timeout] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Let pauses be over at once, until a test clears ``awake``."""
        self.awake.set()

    async def known_prospects(self) -> Prospects:
        """Return what can be told of."""
        return self.prospects

    async def fetch_guide(self) -> bytes:
        """Answer as a guide that cannot be reached: what ships with the program stands for it."""
        raise UpstreamError("The guide did not answer.")

    async def sleep(self, seconds: float) -> None:
        """Note a pause instead of waiting for it."""
        self.slept.append(seconds)
        self.asleep.set()
        await asyncio.sleep(0)
        await self.awake.wait()

    def limit(self, _: float) -> asyncio.Timeout:
        """Return a limit that lasts until the test says that it is over."""
        self.limits.append(asyncio.timeout(None))
        return self.limits[-1]

    def end_limit(self) -> None:
        """Let the time be over within which Discord has to do what is waited for."""
        self.limits[-1].reschedule(0)

    @asynccontextmanager
    async def running(self, *, token: str = TOKEN, clock: Clock | None = None, wait: bool = True) -> AsyncIterator[Bot]:
        """Run the bot while the block runs."""
        now = clock or self.clock
        async with open_http("ftbot tests") as http, open_database(self.database) as database:
            metrics = Metrics.new()
            index = PackageIndex(http, self.index.index_url, self.index.json_api_url, Patience(attempts=1))
            readings = ReadingWriter(Statuses(database))
            lookup = StatusLookup(index, readings, TARGETS, now, metadata_wait=5.0, count=metrics.count_lookup)
            answers = StatusAnswers(
                lookup, PackageNames(Packages(database), Names.of(NAMES)), TARGETS, now, self.upstream
            )
            judge = DependencyJudge(ProjectPages(index, readings, now), Inspections(database), self.upstream)
            check = DependencyCheck(judge, self.chooser, self.index.index_url)
            kept = KeptReports(now)
            dependencies = DependencyAnswers(check, kept, answers.subject)
            book = WatchBook(Watches(database), Posts(database), ClosedChannels(database), lookup, TARGETS, now)
            watches = WatchAnswers(book, answers.package_names, kept, answers.subject, self.known_prospects)
            privacy = PrivacyAnswers(book)
            conversations = Conversations(metrics, LONGEST, watches.remind)
            catalogue = Catalogue(
                Scans(database), Projects(database), Inspections(database), ReleaseMetadata(database), TARGETS, now
            )
            lists = ListAnswers(PackageLister(catalogue, TARGETS), self.site)
            offer = partial(answers.offer, headline=TARGETS[0])
            comparisons = CompareAnswers(PackageComparer(lookup, self.upstream, now), offer, now)
            guide = GuideAnswers(Guide(self.fetch_guide, Documents(database), GUIDE, now))
            registration = Registration(Registrations(database))

            gate = IdentifyGate(OwnBuckets(lambda: sum(self.slept)), self.sleep)

            def new_client(shard: int, shards: int) -> Client:
                client = Client(
                    conversations,
                    {
                        **answers.clicks(),
                        **dependencies.clicks(),
                        **lists.clicks(),
                        **watches.clicks(),
                        **privacy.clicks(),
                    },
                    metrics,
                    registration,
                    self.pulse(),
                    shard=shard,
                    shards=shards,
                    gate=gate,
                    pauses=Pauses(self.sleep),
                    limit=self.limit,
                )
                deps = DepsCog(dependencies, conversations, TARGETS[0])
                more = (
                    ListCog(lists, conversations),
                    CompareCog(comparisons, conversations),
                    GuideCog(guide, conversations),
                    WatchCog(watches, conversations),
                    PrivacyCog(privacy, conversations),
                )
                client.use([*self.cogs(client, answers, conversations, self.clock), deps, *more])
                return client

            connections = ShardClients()
            metrics.guilds.set_function(connections.servers)
            gateway = Gateway(new_client, connections, ToldShards(self.shards), gate, Pauses(self.sleep))
            connected = asyncio.create_task(gateway.keep_connected(token))
            try:
                if wait:
                    await self.fake.connected()
                yield Bot(answers, dependencies, watches, conversations, metrics, database, gateway, connected)
            finally:
                connected.cancel()
                await asyncio.wait({connected})
                await lookup.aclose()


def all_cogs(
    client: Client, answers: StatusAnswers, conversations: Conversations, clock: Clock
) -> Sequence[commands.Cog]:
    commands, where = client.slash_commands, ShardClients({0: client}).described
    about = About("1.2.3", "Python 3.14.1, free-threaded", "https://example.org/ftbot", clock(), commands, where)
    return StatusCog(answers, conversations), AboutCog(about, conversations)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def index() -> AsyncIterator[FakeIndex]:
    async with FakeIndex() as running_index:
        running_index.publish(
            "demo",
            [
                *wheels("demo", "1.0", "cp314-cp314-win_amd64", "cp314-cp314-manylinux_2_28_x86_64"),
                *wheels("demo", "1.0", "cp314-cp314t-manylinux_2_28_x86_64"),
                sdist("demo", "1.0"),
            ],
            classifiers=["Programming Language :: Python :: Free Threading :: 2 - Beta"],
            project_urls={"Source": "https://github.com/demo/demo"},
        )
        running_index.publish("six", wheels("six", "1.17.0", "py2.py3-none-any"))
        yield running_index


@pytest.fixture
async def fake(clock: Clock) -> AsyncIterator[FakeDiscord]:
    """Give a Discord; a test in which anything went over the wire that does not fit its OpenAPI fails."""
    async with FakeDiscord(now=clock) as running_fake:
        yield running_fake
    assert running_fake.violations == []


@pytest.fixture
def world(
    fake: FakeDiscord, index: FakeIndex, clock: Clock, database_path: Path, monkeypatch: pytest.MonkeyPatch
) -> World:
    monkeypatch.setattr(discord.http.Route, "BASE", fake.api_url)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(fake.gateway_url))
    monkeypatch.setattr(discord.VoiceClient, "warn_nacl", False)
    monkeypatch.setattr(discord.VoiceClient, "warn_dave", False)
    return World(fake, index, clock, database_path)


@pytest.fixture
async def bot(world: World) -> AsyncIterator[Bot]:
    async with world.running() as running_bot:
        yield running_bot


@dataclass(frozen=True, slots=True)
class Log:
    """What the bot logged."""

    stream: StringIO

    def lines(self, event: str = "") -> list[dict[str, object]]:
        """Return the lines, or those of one event."""
        found: list[dict[str, object]] = [json.loads(line) for line in self.stream.getvalue().splitlines()]
        return [line for line in found if event in {"", line["event"]}]


@pytest.fixture(autouse=True)
def log(logs_as_before: None) -> Iterator[Log]:  # noqa: ARG001 - for what it does at the end
    """Log as the program does; a test in which discord.py logged an exception that nobody answered fails."""
    written = Log(StringIO())
    set_up_logs(level="info", as_json=True, stream=written.stream)
    yield written
    assert [line for line in written.lines() if str(line["event"]).startswith("Ignoring exception")] == []
