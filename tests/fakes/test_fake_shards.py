"""The fake gateway on many shards: unmodified discord.py gets what Discord would send, and is held to its limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

import discord
import pytest

from tests.fakes.discord_crowd import Crowd
from tests.fakes.fake_discord import TOKEN, FakeDiscord
from tests.patience import at_most
from tests.services.lookups import Clock
from tests.services.posts import direct

pytestmark = pytest.mark.no_cover  # a fake is no part of the program


class Hasty(discord.Client):
    """Says who it is without waiting its turn."""

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        pass


@pytest.fixture
async def fake(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord([]) as running:
        direct(monkeypatch, running.api_url, running.gateway_url)
        yield running
    assert running.violations == []


@asynccontextmanager
async def client(shard: int, shards: int) -> AsyncIterator[Hasty]:
    """Run a client of one shard until the end of the block."""
    hasty = Hasty(intents=discord.Intents(guilds=True), shard_id=shard, shard_count=shards, guild_ready_timeout=0.05)
    async with hasty:
        running = asyncio.create_task(hasty.start(TOKEN))
        try:
            yield hasty
        finally:
            await hasty.close()
            await asyncio.wait({running})


async def test_a_session_that_begins_too_soon_is_refused_and_may_begin_later(fake: FakeDiscord) -> None:
    gateway = fake.gateway
    gateway.max_concurrency, gateway.identify_seconds = 1, 0.3
    async with AsyncExitStack() as stack:
        for shard in range(2):
            await stack.enter_async_context(client(shard, 2))
        await fake.until(lambda: len(gateway.identified) == 2)
    assert gateway.too_soon > 0
    (first, *_), (second, *_) = gateway.identified
    assert second - first >= gateway.identify_seconds


async def test_sessions_of_different_buckets_begin_at_once(fake: FakeDiscord) -> None:
    fake.gateway.max_concurrency = 2
    async with AsyncExitStack() as stack:
        for shard in range(2):
            await stack.enter_async_context(client(shard, 2))
        await fake.until(lambda: len(fake.gateway.identified) == 2)
    assert fake.gateway.too_soon == 0


async def test_a_day_has_so_many_sessions(fake: FakeDiscord) -> None:
    fake.gateway.sessions_left = 0
    async with client(0, 1):
        await fake.until(lambda: fake.gateway.too_soon > 0)
    assert fake.gateway.identified == []


async def test_the_next_day_has_as_many_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(datetime(2026, 11, 22, tzinfo=UTC))
    async with FakeDiscord([], now=clock) as fake:
        direct(monkeypatch, fake.api_url, fake.gateway_url)
        async with client(0, 1):
            await fake.until(lambda: len(fake.gateway.identified) == 1)
        fake.gateway.sessions_left = 0
        async with client(0, 1):
            await fake.until(lambda: fake.gateway.too_soon > 0)
            clock.advance(hours=24)
            await fake.until(lambda: len(fake.gateway.identified) == 2)


@pytest.mark.usefixtures("fake")
async def test_a_shard_that_there_is_not_is_refused_for_good() -> None:
    async with Hasty(intents=discord.Intents(guilds=True), shard_id=2, shard_count=2) as hasty:
        with pytest.raises(discord.ConnectionClosed) as refused:
            await asyncio.wait_for(hasty.start(TOKEN), at_most(30))
    assert refused.value.code == 4010


async def test_a_crowd_is_on_its_shard_with_all_that_servers_have(fake: FakeDiscord) -> None:
    fake.gateway.crowd = crowd = Crowd(20)
    async with client(3, 4) as hasty:
        while hasty.user is None:  # noqa: ASYNC110 — discord.py says it nowhere
            await asyncio.sleep(0)
        await hasty.wait_until_ready()
        assert {guild.id for guild in hasty.guilds} == set(crowd.guilds(3, 4))
        assert {guild.shard_id for guild in hasty.guilds} == {3}
        some = hasty.guilds[7]
        assert (len(some.channels), len(some.roles), len(some.threads)) == (crowd.channels, crowd.roles, crowd.threads)
        everything = {channel.id for guild in hasty.guilds for channel in guild.channels}
        assert len(everything) == crowd.channels * crowd.servers
