"""The bot: what answers, connects, and happens by the timetable, built from the settings on resources that are open."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import discord
import httpx
from discord import app_commands
from yarl import URL

from bot.build import python_build, version
from bot.clients.discord import DiscordPosts
from bot.clients.github.app import GithubApp
from bot.clients.github.reader import GithubReader
from bot.config import PROJECT_URL, Settings, Switch
from bot.core.digest.digest import Digest
from bot.core.posting.posts import Change
from bot.core.posting.prospects import Watched, lacking_for_triage
from bot.jobs import Job
from bot.services.backlog import Backlog
from bot.services.discord.guilds import GuildConfig
from bot.services.discord.planner import Poster, PostStores
from bot.services.discord.prospects import Outlook
from bot.services.discord.registration import Registration
from bot.services.discord.zones import Zones
from bot.services.health import Health
from bot.services.metrics import Metrics, Queue
from bot.services.packages.changes import ScanFollowUp
from bot.services.packages.lookup import StatusLookup
from bot.services.packages.package_names import PackageNames
from bot.services.retention import Caretaker
from bot.services.triage.audit import AuditReader
from bot.services.triage.deliveries import Deliveries
from bot.services.triage.loop import TriageLoop
from bot.services.triage.reconcile import Reconciler
from bot.services.triage.stores import TriageStores
from bot.services.upstream.issues import UpstreamThreads
from bot.services.upstream.poll import UpstreamPoll
from bot.services.upstream.tracking import Tracking
from bot.wiring.clock import utc_now
from bot.wiring.digest import build_digester
from bot.wiring.names import offered_names
from bot.wiring.packages import build_lookup, build_scanner
from bot.wiring.triage import build_outbox_worker, build_triage
from bot.wiring.upstream import build_watcher
from cogs.about import About, AboutCog
from cogs.audit import AuditCog
from cogs.client import Client
from cogs.config import ConfigAnswers, ConfigCog
from cogs.conversations import Conversations
from cogs.digest import DigestAnswers, DigestCog, DigestRenderer
from cogs.gateway import Gateway
from cogs.issues import IssueAnswers, IssuesCog
from cogs.pulse import Heartbeats
from cogs.status import StatusAnswers, StatusCog
from cogs.ui.announcement_card import announcement_card
from cogs.ui.issue_cards import feed_card
from storage.discord.changes import Changes
from storage.discord.closed_channels import ClosedChannels
from storage.discord.guilds import Guilds
from storage.discord.posts import Posts
from storage.discord.registrations import Registrations
from storage.engine.engine import Engine
from storage.github.audit import Audit
from storage.github.cursors import Cursors
from storage.github.inbox import Inbox
from storage.github.outbox import Outbox
from storage.github.package_threads import PackageThreads
from storage.github.thread_events import ThreadEvents
from storage.github.threads import Threads
from storage.packages.documents import Documents
from storage.packages.names import Packages
from storage.packages.scans import Scans
from storage.retention import Retention


@dataclass(frozen=True, slots=True)
class Bot:
    """What runs: what answers, what connects, and what happens by the timetable."""

    metrics: Metrics
    health: Health
    lookup: StatusLookup
    package_names: PackageNames
    conversations: Conversations
    gateway: Gateway
    jobs: tuple[Job, ...]
    triage: TriageLoop | None
    deliveries: Deliveries | None


@dataclass(frozen=True, slots=True)
class Github:
    """GitHub as far as it is set up: to read with the token, and as the App."""

    reader: GithubReader | None
    app: GithubApp | None


def _watched(github: Github) -> Watched:
    if github.reader is not None:
        return Watched.ALL
    return Watched.NONE if github.app is None else Watched.INSTALLED  # triage tells of what it meets, too


async def build_bot(settings: Settings, http: httpx.AsyncClient, database: Engine, github: Github) -> Bot:
    """Build the bot on resources that somebody opened."""
    metrics = Metrics.new()
    conversations = Conversations(metrics)
    lookup = build_lookup(settings, http, database, metrics.count_lookup)
    package_names = PackageNames(Packages(database), await offered_names())
    await package_names.load()
    zones = Zones()
    await zones.load()
    threads, events = Threads(database), ThreadEvents(database)
    issues = UpstreamThreads(threads)
    tracking = Tracking(PackageThreads(database), Documents(database))
    await tracking.load()
    scanner, digester = build_scanner(settings, http, database), build_digester(settings, database)
    renderer = DigestRenderer(digester.digest, _draw)
    stores = PostStores(Guilds(database), Posts(database), ClosedChannels(database), Changes(database), events, threads)
    discord_posts = DiscordPosts(lambda: gateway.client)
    poster = Poster(stores, discord_posts, zones, renderer.prepare, announcement_card, feed_card, utc_now)
    watcher = None if github.reader is None else build_watcher(settings, github.reader, database)
    upstream_poll = UpstreamPoll(tracking, watcher)
    triage = None if github.app is None else _build_triage(settings, github.app, database, lookup, metrics)

    async def announce(changes: Sequence[Change]) -> None:
        await poster.announce(changes)
        await upstream_poll.note_wheels(changes)
        if triage is not None:
            await triage.reconciler.wheels(changes)

    follow_up = ScanFollowUp(scanner, Scans(database), digester, settings.track, announce)
    status = StatusAnswers(lookup, package_names, settings.targets, utc_now, tracking)
    outlook = Outlook(Scans(database), settings.track, _watched(github))
    guilds = GuildConfig(stores, zones, utc_now)
    config = ConfigAnswers(guilds, poster, zones, renderer.prepare, utc_now, outlook.prospects)
    lacking = lacking_for_triage(app=github.app is not None, switched_on=settings.triage is Switch.ON)
    registration = Registration(Registrations(database))
    pulse = Heartbeats()
    started = utc_now()

    def offer(typed: str) -> list[app_commands.Choice[str]]:
        return status.offer(typed, settings.targets[0])

    def new_client() -> Client:
        client = Client(conversations, {**status.clicks(), **config.clicks()}, metrics, registration, pulse)
        about = About(version(), python_build(), PROJECT_URL, started, client.slash_commands)
        client.use(
            [
                StatusCog(status, conversations),
                DigestCog(DigestAnswers(renderer.prepare, utc_now), conversations),
                ConfigCog(config, conversations),
                IssuesCog(IssueAnswers(issues, offer, outlook.watched is not Watched.NONE), conversations),
                AuditCog(AuditReader(Audit(database)), conversations, lacking),
                AboutCog(about, conversations),
            ]
        )
        return client

    gateway = Gateway(new_client)
    health = Health(database, lambda: gateway.is_ready, metrics)
    metrics.heartbeat_age.set_function(lambda: math.inf if gateway.client is None else gateway.client.pulse.age)
    metrics.write_age.set_function(lambda: time.monotonic() - database.pulse.written)
    caretaker = Caretaker(Retention(database), timedelta(days=settings.keep_days), metrics, utc_now)
    backlog = _build_backlog(settings, database, github, metrics)
    jobs = [
        Job("forget what is over", timedelta(days=1), caretaker.forget, at_start=True),
        Job("measure what waits", timedelta(seconds=15), backlog.measure, at_start=True),
        Job("look what works", timedelta(seconds=15), health.look, at_start=True),
        Job("store what was asked", timedelta(minutes=1), package_names.flush),
        Job("post what is due", timedelta(seconds=5), poster.tick),
        Job("watch threads", timedelta(minutes=5), upstream_poll.look, at_start=True),
        *_triage_jobs(triage),
    ]
    if settings.track > 0:
        jobs.append(Job("scan what is due", timedelta(hours=1), follow_up.look, at_start=True))
    loop = None if triage is None else triage.loop
    deliveries = None if triage is None or settings.github_webhook_secret is None else triage.deliveries
    return Bot(metrics, health, lookup, package_names, conversations, gateway, tuple(jobs), loop, deliveries)


def _build_backlog(settings: Settings, database: Engine, github: Github, metrics: Metrics) -> Backlog:
    clients = {"token": github.reader, "app": github.app}
    triages = github.app is not None and settings.triage is Switch.ON
    return Backlog(
        Posts(database),
        Outbox(database),
        Inbox(database),
        Guilds(database),
        Scans(database) if settings.track > 0 else None,
        {credential: client.worker.budgets for credential, client in clients.items() if client is not None},
        metrics,
        utc_now,
        idle=() if triages else (Queue.GITHUB, Queue.INBOX),
    )


@dataclass(frozen=True, slots=True)
class _Triage:
    """What triage is made of: what takes deliveries, what works on them, and what finds those that never came."""

    deliveries: Deliveries
    loop: TriageLoop
    reconciler: Reconciler


def _build_triage(
    settings: Settings, app: GithubApp, database: Engine, lookup: StatusLookup, metrics: Metrics
) -> _Triage:
    wake = asyncio.Event()
    stores = TriageStores.of(database)
    secret = settings.github_webhook_secret
    deliveries = Deliveries(
        stores.inbox, b"" if secret is None else secret.get_secret_value().encode(), utc_now, wake, metrics
    )
    worker = build_outbox_worker(app, database, enabled=settings.triage is Switch.ON)
    triage = build_triage(settings, app, database, lookup, wake, worker)
    loop = TriageLoop(triage, worker, stores.inbox, stores.outbox, wake, utc_now)
    reconciler = Reconciler(app, deliveries, stores.inbox, Cursors(database), stores.threads, utc_now)
    return _Triage(deliveries, loop, reconciler)


def _triage_jobs(triage: _Triage | None) -> list[Job]:
    if triage is None:
        return []
    return [
        Job("have lost webhooks sent again", timedelta(hours=1), triage.reconciler.sweep, at_start=True),
        Job("read what webhooks did not tell", timedelta(minutes=10), triage.reconciler.poll, at_start=True),
    ]


def _draw(digest: Digest) -> bytes:
    from bot.charts import draw  # matplotlib is large, and wanted once a week

    return draw(digest)


def direct_discord(settings: Settings) -> None:
    """Point discord.py at the addresses of the settings, and silence what it says of voice; it has no parameters."""
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    discord.http.Route.BASE = settings.discord_api_url.rstrip("/")
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = URL(settings.discord_gateway_url)
