"""A bot on several shards: which servers it answers, that it waits its turn, and that it speaks for its own only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.core.fleet.shards import ShardRange, shard_of
from tests.cogs.conftest import Bot, Clock, Log, World
from tests.fakes.discord_world import Channel, Guild
from tests.fakes.fake_discord import FakeDiscord
from tests.patience import at_most

COUNT = 4


def guild_on(shard: int, count: int = COUNT) -> Guild:
    """Return a server that is on a shard."""
    numbers = (Guild(f"Server {number}", [Channel("general")]) for number in range(10_000))
    return next(guild for guild in numbers if shard_of(guild.id, count) == shard)


@pytest.fixture
async def fake(clock: Clock) -> AsyncIterator[FakeDiscord]:
    """Give a Discord with a server on each of four shards, which wants four."""
    async with FakeDiscord([guild_on(shard) for shard in range(COUNT)], now=clock) as running_fake:
        running_fake.gateway.shards = COUNT
        yield running_fake
    assert running_fake.violations == []


def shards_of(fake: FakeDiscord) -> list[tuple[int, int]]:
    return sorted((session.shard, session.shards) for session in fake.gateway.sessions if session.connection)


async def until_ready(bot: Bot, shards: int) -> None:
    """Wait until that many shards know their servers."""
    async with asyncio.timeout(at_most(30)):
        while len(bot.gateway.connections.all()) < shards:  # noqa: ASYNC110 — each appears as a task begins
            await asyncio.sleep(0)
        for client in bot.gateway.connections.all():
            await client.wait_until_ready()


async def test_auto_holds_as_many_shards_as_discord_advises(world: World, fake: FakeDiscord) -> None:
    async with world.running() as bot:
        await fake.until(lambda: len(shards_of(fake)) == COUNT)
        assert shards_of(fake) == [(shard, COUNT) for shard in range(COUNT)]
        await until_ready(bot, COUNT)
        for guild in fake.guilds:
            assert (await fake.slash("ftstatus", guild=guild, package="demo").shown()).text().startswith("### 🟡 demo")
        assert bot.gateway.connections.is_ready()
        assert bot.gateway.connections.described() == "In 4 servers, on 4 shards."
    assert shards_of(fake) == []


async def test_a_range_holds_its_shards_and_no_others(world: World, fake: FakeDiscord) -> None:
    world.shards = ShardRange(1, 2, COUNT)
    async with world.running() as bot:
        await fake.until(lambda: len(shards_of(fake)) == 2)
        assert shards_of(fake) == [(1, COUNT), (2, COUNT)]
        await until_ready(bot, 2)
        described = bot.gateway.connections.described()
        assert described == "Answered by a process with shards 1–2 of 4: 2 servers."
        assert bot.gateway.connections.is_ready()
        assert (await fake.slash("fthelp", guild=fake.guilds[1]).shown()).ephemeral


async def test_the_commands_are_registered_once_by_all_shards(world: World, fake: FakeDiscord) -> None:
    async with world.running() as bot:
        await until_ready(bot, COUNT)
        assert fake.count("PUT", "/commands$") == 1


@pytest.mark.usefixtures("fake")
async def test_sessions_of_a_bucket_wait_for_each_other(world: World) -> None:
    async with world.running() as bot:
        await until_ready(bot, COUNT)
    assert len(world.slept) == COUNT - 1
    assert all(5 < seconds < 6 for seconds in world.slept)


async def test_sessions_of_different_buckets_do_not_wait(world: World, fake: FakeDiscord) -> None:
    fake.gateway.max_concurrency = COUNT
    async with world.running() as bot:
        await until_ready(bot, COUNT)
    assert world.slept == []
    assert fake.gateway.too_soon == 0


async def test_when_the_day_has_no_session_left_it_says_so_and_waits(world: World, fake: FakeDiscord, log: Log) -> None:
    fake.gateway.sessions_left = 0
    world.awake.clear()
    async with world.running(wait=False):
        await asyncio.wait_for(world.asleep.wait(), at_most(30))
        assert world.slept == [fake.gateway.sessions_again_in]
        fake.gateway.sessions_left = 1000
        world.awake.set()
        await fake.until(lambda: len(shards_of(fake)) == COUNT)
    (line,) = log.lines("sessions_used_up")
    assert line["reason"] == ("All 1000 sessions that Discord allows in a day are used up. The next begins in 1:00:00.")
    assert fake.gateway.too_soon == 0


async def test_one_shard_that_is_sent_away_leaves_the_others_alone(world: World, fake: FakeDiscord) -> None:
    async with world.running() as bot:
        await until_ready(bot, COUNT)
        session = next(session for session in fake.gateway.sessions if session.shard == 2)
        assert session.connection is not None
        session.connection.abort()
        await fake.until(lambda: fake.gateway.resumes == 1)
        assert fake.gateway.identifies == COUNT
        assert shards_of(fake) == [(shard, COUNT) for shard in range(COUNT)]
        assert (await fake.slash("fthelp", guild=fake.guilds[2]).shown()).ephemeral


async def test_it_is_not_ready_while_one_of_its_shards_is_away(world: World, fake: FakeDiscord) -> None:
    async with world.running() as bot:
        await until_ready(bot, COUNT)
        assert bot.gateway.connections.is_ready()
        gone = bot.gateway.connections.clients[3]
        fake.refuse_connections(1)
        session = next(session for session in fake.gateway.sessions if session.shard == 3)
        assert session.connection is not None
        session.connection.abort()
        await gone.wait_for("disconnect", timeout=at_most(30))
        assert not bot.gateway.connections.is_ready()
        assert bot.gateway.connections.ready() == {0, 1, 2}
