"""The composition root of the bot: settings become resources, services and cogs here."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import discord
import httpx
import structlog
from yarl import URL

from bot.clients.discord_posts import DiscordPosts
from bot.clients.pypi import PackageIndex
from bot.clients.web import open_http
from bot.config import PROJECT_URL, Settings, python_build, version
from bot.core.digest import Digest
from bot.desks import build_observatory, offered_names, utc_now
from bot.http import Site, serve
from bot.jobs import Job, timetable
from bot.services.catalogue import Catalogue
from bot.services.guilds import GuildDesk
from bot.services.metrics import Metrics
from bot.services.news import Newsroom
from bot.services.posting import Ledger, Poster
from bot.services.registration import Registration
from bot.services.status import StatusLookup
from bot.services.zones import Zones
from cogs.about import About, AboutCog
from cogs.announcement_cards import announcement_card
from cogs.client import Client
from cogs.config import ConfigCog, ConfigDesk
from cogs.conversations import Conversations
from cogs.digest import DigestAnswers, DigestCog, DigestPress
from cogs.gateway import Gateway
from cogs.status import StatusCog, StatusDesk
from storage.changes import Changes
from storage.closed_channels import ClosedChannels
from storage.database import Database, open_database
from storage.guilds import Guilds
from storage.packages import Packages
from storage.posts import Posts
from storage.registrations import Registrations
from storage.scans import Scans
from storage.statuses import Statuses

_DRAIN_SECONDS = 4.0
_CLOSE_SECONDS = 1.5

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def run_bot(settings: Settings) -> None:
    """Run the bot until SIGINT or SIGTERM; ends within 10 seconds, after the answers under way."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with open_database(settings.database_path) as database, open_http(settings.user_agent) as http:
        await database.check_writable()
        bot = await _build(settings, http, database)
        _direct_discord(settings)

        async def readiness() -> Mapping[str, bool]:
            return {"discord": bot.gateway.is_ready, "database": await database.answers()}

        site = Site(bot.metrics.registry, readiness)
        async with serve(site, settings.http_host, settings.http_port) as port, timetable(*bot.jobs):
            log.info("started", version=version(), http_port=port, database=database.path)
            await _run_until(stop, bot.gateway, bot.conversations, settings)
        await bot.catalogue.flush()
        await bot.lookup.aclose()
    log.info("stopped")


@dataclass(frozen=True, slots=True)
class _Bot:
    """What runs: what answers, what connects, and what happens by the timetable."""

    metrics: Metrics
    lookup: StatusLookup
    catalogue: Catalogue
    conversations: Conversations
    gateway: Gateway
    jobs: tuple[Job, ...]


async def _build(settings: Settings, http: httpx.AsyncClient, database: Database) -> _Bot:
    metrics = Metrics.new()
    conversations = Conversations(metrics)
    index = PackageIndex(http, settings.index_url, settings.json_api_url)
    lookup = StatusLookup(index, Statuses(database, settings.index_url), settings.targets, utc_now, metrics=metrics)
    catalogue = Catalogue(Packages(database), await offered_names())
    await catalogue.load()
    zones = Zones()
    await zones.load()
    observatory = build_observatory(settings, http, database)
    press = DigestPress(observatory.digests.digest, _draw)
    ledger = Ledger(Guilds(database), Posts(database), ClosedChannels(database), Changes(database))
    poster = Poster(ledger, DiscordPosts(lambda: gateway.client), zones, press.prepare, announcement_card, utc_now)
    newsroom = Newsroom(observatory.scanner, Scans(database), observatory.digests, settings.track, poster.announce)
    status = StatusDesk(lookup, catalogue, settings.targets, utc_now)
    config = ConfigDesk(GuildDesk(ledger, zones, utc_now), poster, zones, press.prepare, utc_now)
    registration = Registration(Registrations(database))
    started = utc_now()

    def new_client() -> Client:
        client = Client(conversations, {**status.clicks(), **config.clicks()}, metrics, registration)
        about = About(version(), python_build(), PROJECT_URL, started, client.slash_commands)
        client.use(
            [
                StatusCog(status, conversations),
                DigestCog(DigestAnswers(press.prepare, utc_now), conversations),
                ConfigCog(config, conversations),
                AboutCog(about, conversations),
            ]
        )
        return client

    gateway = Gateway(new_client)
    jobs = [
        Job("store what was asked", timedelta(minutes=1), catalogue.flush),
        Job("post what is due", timedelta(minutes=1), poster.tick),
    ]
    if settings.track > 0:
        jobs.append(Job("scan what is due", timedelta(hours=1), newsroom.look, at_start=True))
    return _Bot(metrics, lookup, catalogue, conversations, gateway, tuple(jobs))


def _draw(digest: Digest) -> bytes:
    from bot.charts import draw  # noqa: PLC0415 — matplotlib is large, and wanted once a week

    return draw(digest)


async def _run_until(stop: asyncio.Event, gateway: Gateway, conversations: Conversations, settings: Settings) -> None:
    """Stay connected until told to stop or Discord refuses for good; then finish what was begun."""
    token = settings.discord_token.get_secret_value() if settings.discord_token else ""
    connected = asyncio.create_task(gateway.keep_connected(token), name="gateway")
    stopping = asyncio.create_task(stop.wait(), name="stop")
    try:
        await asyncio.wait({connected, stopping}, return_when=asyncio.FIRST_COMPLETED)
        log.info("stopping")
        await conversations.drain(_DRAIN_SECONDS)
    finally:
        stopping.cancel()
        ended = connected.done()
        connected.cancel()
        await asyncio.wait({connected}, timeout=_CLOSE_SECONDS)
    if ended:
        connected.result()


def _direct_discord(settings: Settings) -> None:
    """Point discord.py at the addresses of the settings, and silence what it says of voice; it has no parameters."""
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    discord.http.Route.BASE = settings.discord_api_url.rstrip("/")
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = URL(settings.discord_gateway_url)
