"""A poster as the bot has it, between a fake Discord and a real database, with a digest of its own and a set clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import discord
import pytest
import yarl
from discord import ui

from bot.clients.discord import DiscordPosts
from bot.core.digest.changes import Change
from bot.core.digest.weeks import Week
from bot.core.posting.messages import PreparedDigest
from bot.core.posting.posts import Post, PostKind
from bot.core.posting.schedule import DEFAULT_SCHEDULE, Schedule
from bot.core.posting.settings import DigestSettings
from bot.services.discord.alerts import WatchAlerts
from bot.services.discord.delivery import PostDelivery, go_on
from bot.services.discord.guilds import GuildConfig
from bot.services.discord.planner import Poster
from bot.services.discord.stores import PostStores
from bot.services.discord.zones import Zones
from cogs.ui.issue_cards import feed_card
from cogs.ui.watch_card import alert_card
from storage.engine.engine import Engine
from tests.databases import Place, open_database
from tests.fakes.discord_world import Channel, Guild, Message
from tests.fakes.fake_discord import FakeDiscord
from tests.patience import at_most
from tests.steps import only_documented_steps

SLOT = datetime(2026, 11, 23, 9, tzinfo=UTC)
"""Monday, when the digest of 2026-W47 is due."""

LAST_WEEK = SLOT - timedelta(days=5)
PICTURE = b"\x89PNG\r\n\x1a\n"


@dataclass(slots=True)
class Clock:
    """Tells the time that a test sets; it stands at the minute in which the digest is due."""

    time: datetime = SLOT

    def __call__(self) -> datetime:
        return self.time

    def advance(self, by: timedelta) -> None:
        self.time += by


@dataclass(slots=True)
class Press:
    """Makes digests, complete or not, and fails or waits if told."""

    made: list[Week] = field(default_factory=list)
    complete: bool = True
    error: Exception | None = None
    gate: asyncio.Event | None = None

    async def prepare(self, week: Week) -> PreparedDigest[ui.LayoutView]:
        self.made.append(week)
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error

        def view() -> ui.LayoutView:
            card = ui.LayoutView(timeout=None)
            gallery = ui.MediaGallery[ui.LayoutView]()
            gallery.add_item(media="attachment://digest.png", description="70 of 100")
            card.add_item(gallery)
            card.add_item(ui.TextDisplay(f"Digest of {week}"))
            return card

        return PreparedDigest(view, PICTURE, "70 of 100", complete=self.complete)


def compose(changes: Sequence[Change]) -> ui.LayoutView:
    """Lay an announcement out."""
    card = ui.LayoutView(timeout=None)
    lines = [f"{change.package} {change.version} {change.kind.value} {change.target}" for change in changes]
    card.add_item(ui.TextDisplay("\n".join(lines)))
    return card


def tracking_issue_of(package: str) -> str:
    """Return the address of the issue that tracks a package's support."""
    return f"https://github.com/{package}/{package}/issues/1"


@dataclass(frozen=True, slots=True)
class Office:
    """A poster and what belongs to it."""

    poster: Poster
    guilds: GuildConfig
    stores: PostStores
    client: discord.Client
    press: Press
    alerts: WatchAlerts

    async def subscribe(
        self,
        channel: Channel,
        schedule: Schedule = DEFAULT_SCHEDULE,
        *,
        since: datetime = LAST_WEEK,
        role: int | None = None,
        publish: bool = False,
    ) -> None:
        """Turn the digest on for the channel's server."""
        settings = DigestSettings(channel.id, since, schedule, role, publish)
        await self.guilds.set_digest(guild_of(channel).id, settings)

    async def notices(self, event: str, act: Callable[[], None]) -> None:
        """Let something happen in Discord, and wait until the bot was told."""
        told = asyncio.ensure_future(self.client.wait_for(event, timeout=at_most(30)))
        await asyncio.sleep(0)  # it listens from its first step on
        act()
        await told

    async def last(self, channel: Channel, kind: PostKind = PostKind.DIGEST) -> Post:
        """Return the newest post of the channel's server."""
        post = await self.stores.posts.last(guild_of(channel).id, kind)
        assert post is not None
        return post


@asynccontextmanager
async def connected(fake: FakeDiscord, shard: int = 0, shards: int = 1) -> AsyncIterator[discord.Client]:
    """Connect a client that knows its servers: those of one shard of so many."""
    client = discord.Client(
        intents=discord.Intents(guilds=True),
        max_ratelimit_timeout=30,
        guild_ready_timeout=0.01,
        allowed_mentions=discord.AllowedMentions.none(),
        shard_id=shard,
        shard_count=shards,
    )
    async with client:
        running = asyncio.create_task(client.start(fake.token))
        await client.wait_until_ready()
        try:
            yield client
        finally:
            await client.close()
            await asyncio.wait({running})


@asynccontextmanager
async def open_office(
    fake: FakeDiscord,
    place: Place,
    now: Callable[[], datetime],
    checkpoint: Callable[[str], None] = go_on,
) -> AsyncIterator[Office]:
    """Open a poster on a database; opening it again is a restart of the program."""
    async with open_database(place) as database, connected(fake) as client, only_documented_steps(database, "posts"):
        yield build_office(database, client, now, Press(), checkpoint)


def build_office(
    database: Engine,
    client: discord.Client,
    now: Callable[[], datetime],
    press: Press,
    checkpoint: Callable[[str], None] = go_on,
) -> Office:
    """Build a poster on what somebody opened."""
    stores = PostStores.of(database)
    zones = Zones()
    posts = DiscordPosts(lambda: [client])
    delivery = PostDelivery(stores, posts, press.prepare, compose, feed_card, alert_card, now, checkpoint=checkpoint)
    poster = Poster(stores, posts, zones, delivery, now)
    alerts = WatchAlerts(stores, posts, delivery, tracking_issue_of, now)
    return Office(poster, GuildConfig(stores, zones, now), stores, client, press, alerts)


def direct(monkeypatch: pytest.MonkeyPatch, api_url: str, gateway_url: str) -> None:
    """Point discord.py at a fake."""
    monkeypatch.setattr(discord.http.Route, "BASE", api_url)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(gateway_url))
    monkeypatch.setattr(discord.VoiceClient, "warn_nacl", False)
    monkeypatch.setattr(discord.VoiceClient, "warn_dave", False)


def guild_of(channel: Channel) -> Guild:
    """Return the server of a channel."""
    assert channel.guild is not None
    return channel.guild


def own(fake: FakeDiscord, channel: Channel) -> list[Message]:
    """Return what the bot posted in a channel."""
    return [message for message in fake.messages(channel) if message.author is fake.world.bot]
