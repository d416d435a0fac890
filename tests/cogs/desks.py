"""A running bot with settings and digests, between a fake Discord and a real database; digests are stand-ins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.clients.discord_posts import DiscordPosts
from bot.services.guilds import GuildDesk
from bot.services.metrics import Metrics
from bot.services.posting import Ledger, Poster
from bot.services.registration import Registration
from bot.services.zones import Zones
from cogs.announcement_cards import announcement_card
from cogs.client import Client
from cogs.config import ConfigCog, ConfigDesk
from cogs.conversations import Conversations
from cogs.digest import DigestAnswers, DigestCog
from storage.changes import Changes
from storage.closed_channels import ClosedChannels
from storage.database import open_database
from storage.guilds import Guilds
from storage.posts import Posts
from storage.registrations import Registrations
from tests.fakes.fake_discord import FakeDiscord
from tests.services.posts import Clock, Press


@dataclass(frozen=True, slots=True)
class Bot:
    """What a test looks at."""

    client: Client
    poster: Poster
    guilds: GuildDesk
    press: Press


@asynccontextmanager
async def running_bot(fake: FakeDiscord, path: Path, clock: Clock, press: Press) -> AsyncIterator[Bot]:
    """Run a bot with ``/ftconfig`` and ``/ftdigest``; again on the same path is a restart."""
    async with open_database(path) as database:
        ledger = Ledger(Guilds(database), Posts(database), ClosedChannels(database), Changes(database))
        zones = Zones()
        await zones.load()
        poster = Poster(ledger, DiscordPosts(lambda: client), zones, press.prepare, announcement_card, clock)
        guilds = GuildDesk(ledger, zones, clock)
        metrics = Metrics.new()
        conversations = Conversations(metrics)
        desk = ConfigDesk(guilds, poster, zones, press.prepare, clock)
        client = Client(conversations, desk.clicks(), metrics, Registration(Registrations(database)))
        client._connection.guild_ready_timeout = 0.01  # noqa: SLF001 — nobody waits for servers here
        client.use([ConfigCog(desk, conversations), DigestCog(DigestAnswers(press.prepare, clock), conversations)])
        async with client:
            running = asyncio.create_task(client.start(fake.token))
            await fake.connected()
            await client.wait_until_ready()
            try:
                yield Bot(client, poster, guilds, press)
            finally:
                await conversations.drain(5)
                await client.close()
                await asyncio.wait({running})
