"""Processes that share the shards of one bot, each with real clients: on the gateway every shard is there once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest
from discord import ui

from bot.clients.discord import DiscordPosts
from bot.core.fleet.shards import Presence, shard_of
from bot.core.posting.messages import Draft
from bot.services.discord.registration import Registration
from bot.services.fleet.identify import IdentifyGate
from bot.services.fleet.shards import LeasedShards
from bot.services.metrics import Metrics
from cogs.client import Client
from cogs.conversations import Conversations
from cogs.gateway import Gateway, ShardClients
from cogs.pulse import Heartbeats
from storage.discord.guilds import Guilds
from storage.discord.registrations import Registrations
from storage.engine.engine import Engine
from storage.fleet.identify_buckets import IdentifyBuckets
from storage.fleet.shards import ShardLeases
from tests.cogs.conftest import Clock
from tests.cogs.test_shards import guild_on
from tests.fakes.fake_discord import TOKEN, FakeDiscord
from tests.services.posts import direct
from tests.storage.discord.made_posts import DIGEST, NOW
from tests.storage.engines import OpenEngine

COUNT = 4
APART, LEAST_APART = 0.6, 0.2
"""Seconds between sessions as processes keep them, and as Discord wants them here."""


@dataclass(slots=True, eq=False)
class Process:
    """One process, which connects as the bot does."""

    fleet: Fleet
    engine: Engine
    name: str
    connections: ShardClients = field(default_factory=ShardClients)
    task: asyncio.Task[None] | None = None

    def start(self) -> None:
        metrics = Metrics.new()
        conversations, registration = Conversations(metrics), Registration(Registrations(self.engine))
        gate = IdentifyGate(IdentifyBuckets(self.engine), apart=APART)
        sharding = LeasedShards(ShardLeases(self.engine, 45), self.name, self.fleet.live, every=0.02)

        def new_client(shard: int, shards: int) -> Client:
            client = Client(
                conversations, {}, metrics, registration, Heartbeats(), shard=shard, shards=shards, gate=gate
            )
            client._connection.guild_ready_timeout = 0.01  # noqa: SLF001 — nobody waits for servers here
            return client

        gateway = Gateway(new_client, self.connections, sharding, gate)
        self.task = asyncio.create_task(gateway.keep_connected(TOKEN))

    async def stop(self) -> None:
        task, self.task = self.task, None
        assert task is not None
        task.cancel()
        await asyncio.wait({task})

    def presence(self) -> Presence:
        servers = frozenset(guild.id for client in self.connections.all() for guild in client.guilds)
        return Presence(servers, self.connections.held or frozenset(), self.connections.count)


@dataclass(slots=True)
class Fleet:
    """Processes on one database and one Discord."""

    open_engine: OpenEngine
    fake: FakeDiscord
    stack: AsyncExitStack
    processes: list[Process] = field(default_factory=list)

    async def start(self) -> Process:
        engine = await self.stack.enter_async_context(self.open_engine())
        process = Process(self, engine, f"process {len(self.processes)}")
        self.processes.append(process)
        process.start()
        return process

    def live(self) -> int:
        return sum(process.task is not None for process in self.processes)

    def connected(self) -> list[int]:
        return sorted(session.shard for session in self.fake.gateway.sessions if session.connection)

    async def until_shared(self, *shares: int) -> None:
        """Wait until each process is connected on as many shards, and all shards are there."""

        def is_so() -> bool:
            shared = [len(each.connections.ready() & (each.connections.held or frozenset())) for each in self.processes]
            return sorted(shared) == sorted(shares) and self.connected() == list(range(COUNT))

        async with asyncio.timeout(60):
            while not is_so():  # noqa: ASYNC110 — clients know servers some time after Discord told them
                await asyncio.sleep(0.01)


@pytest.fixture
async def fake(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord([guild_on(shard) for shard in range(COUNT)], now=clock) as running:
        running.gateway.shards, running.gateway.max_concurrency = COUNT, 1
        running.gateway.identify_seconds = LEAST_APART
        direct(monkeypatch, running.api_url, running.gateway_url)
        yield running
    assert running.violations == []
    assert (running.gateway.doubled, running.gateway.too_soon) == (0, 0)


@pytest.fixture
async def fleet(open_engine: OpenEngine, fake: FakeDiscord) -> AsyncIterator[Fleet]:
    async with AsyncExitStack() as stack:
        fleet = Fleet(open_engine, fake, stack)
        yield fleet
        for process in fleet.processes:
            if process.task is not None:
                await process.stop()


def card(text: str) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay(text))
    return view


async def answered(fleet: Fleet) -> None:
    """See that every server reaches a process."""
    for guild in fleet.fake.guilds:
        reached = [
            process.name
            for process in fleet.processes
            for client in process.connections.all()
            if client.get_guild(guild.id) is not None
        ]
        assert len(reached) == 1


async def test_two_that_start_at_once_share_shards_and_keep_the_limit_together(fleet: Fleet) -> None:
    await fleet.start()
    await fleet.start()
    await fleet.until_shared(2, 2)
    await answered(fleet)


async def test_a_third_gets_its_share_and_one_that_stops_leaves_its_own_at_once(fleet: Fleet) -> None:
    one = await fleet.start()
    await fleet.until_shared(4)
    await fleet.start()
    await fleet.until_shared(2, 2)
    await fleet.start()
    await fleet.until_shared(1, 1, 2)
    await one.stop()
    await fleet.until_shared(0, 2, 2)
    await answered(fleet)


async def test_a_process_without_shards_is_ready_and_says_nothing_of_servers(fleet: Fleet) -> None:
    fleet.fake.gateway.shards = 1
    one = await fleet.start()
    async with asyncio.timeout(60):
        while not one.connections.is_ready():  # noqa: ASYNC110 — as above
            await asyncio.sleep(0.01)
    two = await fleet.start()
    async with asyncio.timeout(60):
        while not two.connections.is_ready():  # noqa: ASYNC110 — as above
            await asyncio.sleep(0.01)
    posts = DiscordPosts(two.connections.all, spare=two.connections.spare)
    assert posts.presence() is None
    channel = fleet.fake.guild.channels[0]
    await posts.send(channel.id, Draft(card("Rule dropped")))
    assert [message.text() for message in fleet.fake.messages(channel)] == ["Rule dropped"]
    assert not any(two.presence().covers(guild.id) for guild in fleet.fake.guilds)
    await one.stop()
    async with asyncio.timeout(60):
        while not two.connections.ready():  # noqa: ASYNC110 — as above
            await asyncio.sleep(0.01)


async def test_no_server_is_taken_for_gone_while_shards_move(fleet: Fleet) -> None:
    """Whatever moment a process notes its presence at, those of others stay."""
    one = await fleet.start()
    guilds = Guilds(one.engine)
    for guild in fleet.fake.guilds:
        await guilds.set_digest(guild.id, DIGEST)
    await fleet.until_shared(4)
    two = await fleet.start()
    for _ in range(50):
        for process in (one, two):
            if process.connections.held is not None and process.connections.ready() == process.connections.held:
                await Guilds(process.engine).note_presence(process.presence(), NOW)
        await asyncio.sleep(0.01)
    await fleet.until_shared(2, 2)
    assert {each.guild for each in await guilds.everyone()} == {guild.id for guild in fleet.fake.guilds}
    assert {shard_of(guild.id, COUNT) for guild in fleet.fake.guilds} == set(range(COUNT))
