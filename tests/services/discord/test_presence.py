"""Two processes with a shard each: neither takes the other's servers for lost, and each posts wherever it is due."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import pytest

from bot.core.fleet.shards import shard_of
from bot.core.posting.messages import ChannelClosedError
from bot.core.posting.posts import Post, PostKind, State
from storage.discord.posts import CLAIM
from tests.databases import open_database
from tests.fakes.discord_world import Channel, Guild, Permission, forum
from tests.fakes.fake_discord import FakeDiscord
from tests.services.posts import Clock, Office, Press, build_office, connected, direct, own

SHARDS = 2


def guild_on(shard: int) -> Guild:
    """Return a server that is on a shard."""
    numbers = (Guild(f"{number}", [Channel("general"), forum("issues", ["bug"])]) for number in range(100))
    return next(guild for guild in numbers if shard_of(guild.id, SHARDS) == shard)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def fake(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord([guild_on(0), guild_on(1)], now=clock) as running:
        direct(monkeypatch, running.api_url, running.gateway_url)
        yield running
    assert running.violations == []


@asynccontextmanager
async def opened(fake: FakeDiscord, address: str, clock: Clock, shard: int) -> AsyncIterator[Office]:
    """Open what a process with one of two shards posts by."""
    async with open_database(address) as database, connected(fake, shard, SHARDS) as client:
        yield build_office(database, client, clock, Press())


@pytest.fixture
async def offices(fake: FakeDiscord, address: str, clock: Clock) -> AsyncIterator[tuple[Office, Office]]:
    async with AsyncExitStack() as stack:
        first, second = [
            await stack.enter_async_context(opened(fake, address, clock, shard)) for shard in range(SHARDS)
        ]
        yield first, second


def general(fake: FakeDiscord, shard: int) -> Channel:
    return fake.guilds[shard].channel("general")


async def there(office: Office) -> list[int]:
    """List the servers that have set something and that the bot is in, as is stored."""
    return sorted(each.guild for each in await office.stores.guilds.everyone())


async def test_a_server_of_another_process_is_not_gone(
    offices: tuple[Office, Office], fake: FakeDiscord, clock: Clock
) -> None:
    every = sorted(guild.id for guild in fake.guilds)
    for shard in range(SHARDS):
        await offices[0].subscribe(general(fake, shard))
    for _ in range(3):
        for office in offices:
            await office.poster.tick()
            assert await there(office) == every
        clock.advance(timedelta(days=20))


async def test_a_server_that_is_left_is_noticed_by_the_process_that_has_it(
    offices: tuple[Office, Office], fake: FakeDiscord
) -> None:
    first, second = offices
    stays, leaves = fake.guilds
    for shard in range(SHARDS):
        await first.subscribe(general(fake, shard))
    await second.notices("guild_remove", lambda: fake.leave(leaves))
    await first.poster.tick()
    assert await there(first) == sorted([stays.id, leaves.id])
    await second.poster.tick()
    assert await there(first) == [stays.id]
    await first.poster.tick()
    assert own(fake, stays.channel("general"))
    assert await there(first) == [stays.id]


async def test_a_process_that_starts_with_one_shard_says_nothing_of_the_other(
    fake: FakeDiscord, address: str, clock: Clock
) -> None:
    async with opened(fake, address, clock, 0) as office:
        for shard in range(SHARDS):
            await office.subscribe(general(fake, shard))
        await office.poster.tick()
        assert len(await there(office)) == SHARDS


async def test_each_plans_for_its_own_servers_once(offices: tuple[Office, Office], fake: FakeDiscord) -> None:
    first, second = offices
    for shard in range(SHARDS):
        await first.subscribe(general(fake, shard))
    for _ in range(2):
        for office in (first, second):
            await office.poster.tick()
    assert [len(own(fake, general(fake, shard))) for shard in range(SHARDS)] == [1, 1]


async def planned_by_the_other(first: Office, second: Office, fake: FakeDiscord) -> Post:
    """Have the second process plan the digest of its server, which cannot be sent at first."""
    channel = general(fake, 1)
    await first.subscribe(channel)
    fake.fail("POST", r"/messages$", 503)
    await second.poster.tick()
    return await first.last(channel)


async def test_what_one_planned_another_posts_wherever_it_is(
    offices: tuple[Office, Office], fake: FakeDiscord, clock: Clock
) -> None:
    first, second = offices
    assert (await planned_by_the_other(first, second, fake)).message is None
    clock.advance(timedelta(hours=1))
    await first.poster.tick()
    assert (await first.last(general(fake, 1))).state is State.SENT
    assert len(own(fake, general(fake, 1))) == 1


async def test_what_may_be_there_is_looked_for_in_a_server_of_another_process(
    offices: tuple[Office, Office], fake: FakeDiscord, clock: Clock
) -> None:
    """What the channel does not show for want of a permission is not taken for not being there."""
    first, second = offices
    channel = general(fake, 1)
    await first.subscribe(channel)
    fake.fail("POST", r"/messages$", 503, apply=True)
    await second.poster.tick()
    assert len(own(fake, channel)) == 1
    fake.deny(channel, Permission.READ_MESSAGE_HISTORY)
    clock.advance(CLAIM + timedelta(hours=1))
    await first.poster.tick()
    post = await first.last(channel)
    assert (post.kind, post.state) == (PostKind.DIGEST, State.LOST)
    assert post.reason is not None
    assert "a permission" in post.reason
    assert len(own(fake, channel)) == 1


async def test_a_forum_of_another_process_is_read_only_where_that_is_permitted(
    offices: tuple[Office, Office], fake: FakeDiscord, clock: Clock
) -> None:
    posts, channel = offices[0].poster.discord, fake.guilds[1].channel("issues")
    assert await posts.find_thread(channel.id, "demo/demo", clock()) is None
    fake.deny(channel, Permission.READ_MESSAGE_HISTORY)
    with pytest.raises(ChannelClosedError):
        await posts.find_thread(channel.id, "demo/demo", clock())
