"""A running bot with settings and digests, between a fake Discord and a real database; digests are stand-ins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from discord import app_commands

from bot.clients.discord import DiscordPosts
from bot.core.posting.prospects import Prospects, Watched
from bot.services.discord.delivery import PostDelivery
from bot.services.discord.guilds import GuildConfig
from bot.services.discord.planner import Poster
from bot.services.discord.registration import Registration
from bot.services.discord.stores import PostStores
from bot.services.discord.zones import Zones
from bot.services.metrics import Metrics
from bot.services.triage.audit import AuditReader
from bot.services.upstream.issues import UpstreamThreads
from cogs.about import About, AboutCog
from cogs.audit import AuditCog
from cogs.client import Client
from cogs.config import ConfigAnswers, ConfigCog
from cogs.conversations import Conversations
from cogs.digest import DigestAnswers, DigestCog
from cogs.gateway import ShardClients
from cogs.issues import IssueAnswers, IssuesCog
from cogs.pulse import Heartbeats
from cogs.ui.announcement_card import announcement_card
from cogs.ui.issue_cards import feed_card
from cogs.ui.watch_card import alert_card
from storage.discord.registrations import Registrations
from storage.engine.sqlite import open_database
from storage.github.audit import Audit
from tests.fakes.fake_discord import FakeDiscord
from tests.services.posts import Clock, Press


@dataclass(frozen=True, slots=True)
class Bot:
    """What a test looks at."""

    client: Client
    poster: Poster
    guilds: GuildConfig
    press: Press
    stores: PostStores
    audit: Audit


def offer(typed: str) -> list[app_commands.Choice[str]]:
    """Offer a name, with what it is known of it, as ``/ftstatus`` does."""
    return [app_commands.Choice(name=f"{typed} — works", value=typed)]


@asynccontextmanager
async def running_bot(  # noqa: PLR0913 — what differs between tests, by name
    fake: FakeDiscord,
    path: Path,
    clock: Clock,
    press: Press,
    *,
    prospects: Prospects = Prospects(),  # noqa: B008 — it is frozen
    lacking: str | None = None,
) -> AsyncIterator[Bot]:
    """Run a bot with all commands but ``/ftstatus``; again on the same path is a restart."""
    async with open_database(path) as database:
        stores = PostStores.of(database)
        zones = Zones()
        await zones.load()
        posts = DiscordPosts(lambda: [client])
        delivery = PostDelivery(stores, posts, press.prepare, announcement_card, feed_card, alert_card, clock)
        poster = Poster(stores, posts, zones, delivery, clock)
        guilds = GuildConfig(stores, zones, clock)
        metrics = Metrics.new()
        conversations = Conversations(metrics)

        async def now() -> Prospects:
            return prospects

        answers = ConfigAnswers(guilds, poster, zones, press.prepare, clock, now)
        client = Client(conversations, answers.clicks(), metrics, Registration(Registrations(database)), Heartbeats())
        where = ShardClients({0: client}).described
        client._connection.guild_ready_timeout = 0.01  # noqa: SLF001 — nobody waits for servers here
        issues = UpstreamThreads(stores.threads)
        client.use(
            [
                ConfigCog(answers, conversations),
                DigestCog(DigestAnswers(press.prepare, clock), conversations),
                IssuesCog(IssueAnswers(issues, offer, prospects.watched is not Watched.NONE), conversations),
                AuditCog(AuditReader(Audit(database)), conversations, lacking),
                AboutCog(
                    About("1.2.3", "Python 3.14.1", "https://example.org/ftbot", clock(), client.slash_commands, where),
                    conversations,
                ),
            ]
        )
        async with client:
            running = asyncio.create_task(client.start(fake.token))
            await fake.connected()
            await client.wait_until_ready()
            try:
                yield Bot(client, poster, guilds, press, stores, Audit(database))
            finally:
                await conversations.drain(5)
                await client.close()
                await asyncio.wait({running})
