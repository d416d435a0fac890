"""Several processes on one database post what is due together, each post once, whatever their machines' clocks say."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta

import pytest

from bot.core.posting.posts import Post, PostKind, State
from bot.services.discord.delivery import go_on
from storage.discord.posts import CLAIM, Posts
from storage.engine.engine import Engine
from storage.engine.postgres import Postgres
from storage.engine.shared_clock import SharedClock
from tests.fakes.discord_world import Channel, Guild
from tests.fakes.fake_discord import FakeDiscord
from tests.services.posts import Clock, Office, Press, build_office, connected, direct, guild_of, own
from tests.storage.engines import OpenEngine

GUILDS = 40
TEN_MINUTES = timedelta(minutes=10)


@pytest.fixture
async def fake(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeDiscord]:
    guilds = [Guild(f"Server {number}", [Channel("general")]) for number in range(GUILDS)]
    async with FakeDiscord(guilds) as running:
        direct(monkeypatch, running.api_url, running.gateway_url)
        yield running
    assert running.violations == []


def channels(fake: FakeDiscord) -> list[Channel]:
    return [guild.channel("general") for guild in fake.guilds]


async def plan(database: Engine, places: Sequence[Channel], now: datetime) -> None:
    """Plan a digest for each channel's server."""
    for channel in places:
        expires = now + timedelta(days=7)
        post = Post(guild_of(channel).id, PostKind.DIGEST, "2026-W47", channel.id, State.PLANNED, expires, now)
        assert await Posts(database).plan(post, now)


async def start(
    stack: AsyncExitStack,
    fake: FakeDiscord,
    database: Engine,
    now: Callable[[], datetime],
    checkpoint: Callable[[str], None] = go_on,
) -> Office:
    """Start a process that posts."""
    return build_office(database, await stack.enter_async_context(connected(fake)), now, Press(), checkpoint)


async def test_all_that_is_due_is_posted_once_and_every_process_has_a_part_in_it(
    fake: FakeDiscord, open_engine: OpenEngine
) -> None:
    clock, taken = Clock(), Counter[int]()

    def counter(number: int) -> Callable[[str], None]:
        return lambda step: taken.update([number] if step == "posted" else [])

    async with AsyncExitStack() as stack:
        databases = [await stack.enter_async_context(open_engine()) for _ in range(3)]
        offices = [await start(stack, fake, each, clock, counter(number)) for number, each in enumerate(databases)]
        await plan(databases[0], channels(fake), clock())
        await asyncio.gather(*(office.poster.delivery.deliver() for office in offices))
    assert [len(own(fake, channel)) for channel in channels(fake)] == [1] * GUILDS
    assert sum(taken.values()) == GUILDS
    assert len(taken) == 3


async def open_beside(stack: AsyncExitStack, open_postgres: OpenEngine, skew: timedelta) -> Postgres:
    """Open the database as a process on a machine does whose clock differs, and whose steady one began elsewhere."""
    database = await stack.enter_async_context(open_postgres())
    assert isinstance(database, Postgres)
    shared = SharedClock(database.clock, lambda: time.monotonic() + skew.total_seconds())
    await shared.look()
    object.__setattr__(database, "shared_clock", shared)
    return database


async def pass_by(database: Engine, time_passed: timedelta) -> None:
    """Let everything that is stored of claims be so much longer ago."""
    async with database.transaction() as transaction:
        await transaction.run("UPDATE posts SET claimed_until = claimed_until - ?", (time_passed.total_seconds(),))


@pytest.mark.parametrize("ahead", [TEN_MINUTES, -TEN_MINUTES], ids=["ahead", "behind"])
async def test_processes_whose_clocks_differ_post_nothing_twice_and_leave_nothing(
    fake: FakeDiscord, open_postgres: OpenEngine, ahead: timedelta
) -> None:
    async with AsyncExitStack() as stack:
        here = await open_beside(stack, open_postgres, timedelta(0))
        there = await open_beside(stack, open_postgres, ahead)
        await plan(here, channels(fake), here.now())
        held = {post.guild for post in await Posts(here).claim_due("killed", here.now(), 10)}
        office = await start(stack, fake, there, there.now)
        await office.poster.delivery.deliver()
        assert {guild_of(channel).id for channel in channels(fake) if not own(fake, channel)} == held
        await pass_by(here, CLAIM)
        other = await start(stack, fake, here, here.now)
        await asyncio.gather(office.poster.delivery.deliver(), other.poster.delivery.deliver())
    assert [len(own(fake, channel)) for channel in channels(fake)] == [1] * GUILDS
