"""The bot: what answers, connects, and happens by the timetable, built from the settings on resources that are open."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import discord
import httpx
from discord.ext import commands
from yarl import URL

from bot.build import python_build, version
from bot.clients.discord import DiscordPosts, Pace
from bot.clients.inspector import missing_libraries
from bot.config import PROJECT_URL, Settings, Switch
from bot.core.digest.digest import Digest
from bot.core.posting.prospects import Watched, lacking_for_triage
from bot.core.site.whole_lists import WholeLists
from bot.jobs import Job
from bot.services.backlog import Backlog
from bot.services.digest.digest import Digester
from bot.services.discord.alerts import WatchAlerts
from bot.services.discord.delivery import PostDelivery
from bot.services.discord.guilds import GuildConfig
from bot.services.discord.planner import Poster
from bot.services.discord.prospects import Outlook
from bot.services.discord.registration import Registration
from bot.services.discord.stores import PostStores
from bot.services.discord.watches import WatchBook
from bot.services.discord.zones import Zones
from bot.services.fleet.identify import IdentifyGate, OwnBuckets
from bot.services.fleet.notices import Notices, NoticeTopic, Wake
from bot.services.fleet.shards import LEASE_SECONDS, LeasedShards, Sharding, ToldShards
from bot.services.guide import Guide
from bot.services.health import Health
from bot.services.metrics import Metrics, Queue
from bot.services.packages.changes import Announcer, ScanFollowUp
from bot.services.packages.comparison import PackageComparer
from bot.services.packages.dependencies import DependencyCheck
from bot.services.packages.dependency_judge import DependencyJudge
from bot.services.packages.kept_reports import KeptReports
from bot.services.packages.lookup import StatusLookup
from bot.services.packages.package_names import PackageNames
from bot.services.packages.package_news import NewsFinder
from bot.services.packages.pages import ProjectPages
from bot.services.retention import Caretaker
from bot.services.scan_process import ScanProcess
from bot.services.triage.audit import AuditReader
from bot.services.triage.deliveries import Deliveries
from bot.services.triage.stores import TriageStores
from bot.services.upstream.answers import Answers
from bot.services.upstream.issues import UpstreamThreads
from bot.services.upstream.poll import UpstreamPoll
from bot.services.upstream.tracking import Tracking
from bot.wiring.clock import utc_now
from bot.wiring.dependencies import build_dependency_check
from bot.wiring.digest import build_digester
from bot.wiring.fleet import Fleet, build_fleet
from bot.wiring.guide import build_guide
from bot.wiring.http import build_index
from bot.wiring.listing import build_lister
from bot.wiring.names import offered_names
from bot.wiring.packages import build_lookup
from bot.wiring.scan import build_scanner
from bot.wiring.scan_process import ScanWithin, build_scan_process
from cogs.about import About, AboutCog
from cogs.audit import AuditCog
from cogs.client import Client
from cogs.compare import CompareAnswers, CompareCog
from cogs.config import ConfigAnswers, ConfigCog
from cogs.conversations import Conversations
from cogs.deps import LONGEST, DependencyAnswers, DepsCog
from cogs.digest import DigestAnswers, DigestCog, DigestRenderer
from cogs.gateway import Gateway, ShardClients
from cogs.guide import GuideAnswers, GuideCog
from cogs.issues import IssueAnswers, IssuesCog
from cogs.list import ListAnswers, ListCog
from cogs.privacy import PrivacyAnswers, PrivacyCog
from cogs.pulse import Heartbeats
from cogs.status import StatusAnswers, StatusCog
from cogs.ui.announcement_card import announcement_card
from cogs.ui.buttons import Click
from cogs.ui.issue_cards import feed_card
from cogs.ui.owner_card import rule_drop_card
from cogs.ui.watch_card import alert_card
from cogs.watch import WatchAnswers, WatchCog
from storage.discord.guilds import Guilds
from storage.discord.package_news import PackageNews
from storage.discord.posts import Posts
from storage.discord.registrations import Registrations
from storage.engine.engine import Engine
from storage.fleet.identify_buckets import IdentifyBuckets
from storage.fleet.shards import ShardLeases
from storage.github.audit import Audit
from storage.github.cursors import Cursors
from storage.github.inbox import Inbox
from storage.github.outbox import Outbox
from storage.github.package_threads import PackageThreads
from storage.github.rule_drops import RuleDrops
from storage.github.threads import Threads
from storage.packages.documents import Documents
from storage.packages.inspections import Inspections
from storage.packages.names import Packages
from storage.packages.projects import Projects
from storage.packages.scans import Scans
from storage.retention import Retention

if TYPE_CHECKING:  # they import GitHub's library, or what only the site needs
    from bot.clients.github.app import GithubApp
    from bot.clients.github.reader import GithubReader
    from bot.services.triage.loop import TriageLoop
    from bot.services.triage.reconcile import Reconciler
    from bot.services.triage.rule_news import RuleNews
    from bot.services.upstream.watcher import Watcher
    from bot.wiring.site import LiveSite


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
    fleet: Fleet
    site: LiveSite | None = None


@dataclass(frozen=True, slots=True)
class Github:
    """GitHub as far as it is set up: to read with the token, and as the App."""

    reader: GithubReader | None
    app: GithubApp | None


@dataclass(frozen=True, slots=True)
class _Resources:
    """What every builder takes its parts from; ``started`` is when the bot was."""

    settings: Settings
    database: Engine
    github: Github
    metrics: Metrics
    connections: ShardClients
    fleet: Fleet
    started: datetime

    @property
    def leading(self) -> Engine:
        """Return the database as only the leader writes it."""
        return self.fleet.leadership.fenced

    @property
    def triages(self) -> bool:
        """Return whether anything is triaged."""
        return self.github.app is not None and self.settings.triage is Switch.ON

    @property
    def watched(self) -> Watched:
        """Return which threads anybody looks at."""
        if self.github.reader is not None:
            return Watched.ALL
        return Watched.NONE if self.github.app is None else Watched.INSTALLED  # triage tells of what it meets, too


async def build_bot(settings: Settings, http: httpx.AsyncClient, database: Engine, github: Github) -> Bot:
    """Build the bot on resources that somebody opened."""
    resources = _Resources(settings, database, github, Metrics.new(), ShardClients(), build_fleet(database), utc_now())
    metrics = resources.metrics
    notices = resources.fleet.notices
    lookup = build_lookup(settings, http, database, metrics.count_lookup, partial(notices.tell, NoticeTopic.STATUS))
    digester = build_digester(settings, database)
    names, tracking, zones = await _load_names(database), await _load_tracking(database), await _load_zones()
    posting = _build_posting(
        resources, zones, DigestRenderer(digester.digest, _draw, WholeLists(settings.site_address))
    )
    upstream_poll = UpstreamPoll(tracking, _build_watcher(resources), partial(notices.tell, NoticeTopic.TRACKING))
    triage = None if github.app is None else _build_triage(resources, github.app, lookup)
    _hear(notices, lookup, tracking, triage)
    announcer = _build_announcer(posting, upstream_poll, triage)
    scanning = _build_scanning(resources, http)
    news = _build_news(resources)
    leading, now = resources.leading, database.now
    follow_up = ScanFollowUp(
        scanning.scan, Scans(leading), Documents(leading), digester, now, announcer.announce, news.after_scan
    )
    status = StatusAnswers(lookup, names, settings.targets, now, tracking)
    kept = KeptReports(now)
    check = _build_dependency_check(settings, http, lookup, tracking, Inspections(database))
    dependencies = DependencyAnswers(check, kept, status.subject)
    watches = _build_watches(resources, posting, status, kept)
    guide = build_guide(settings, http, database)
    faces = _build_faces(resources, status, dependencies, tracking, guide, watches)
    clients = _build_clients(resources, posting, zones, faces)
    health = _build_health(resources, scanning)
    site = _build_site(resources, http, lookup, digester, tracking)
    if site is not None:
        site.pages.serving.others_wait = clients.conversations.are_under_way
    return Bot(
        metrics,
        health,
        lookup,
        names,
        clients.conversations,
        Gateway(clients.new, resources.connections, _build_sharding(resources), clients.gate),
        (
            *_upkeep_jobs(resources, health),
            Job("forget answers about files", timedelta(minutes=1), kept.forget),
            Job("read the guide", timedelta(hours=1), guide.refresh, at_start=True),
            Job("store what was asked", timedelta(minutes=1), names.flush),
            Job("post what is due", timedelta(seconds=5), posting.poster.tick),
            *_watch_jobs(posting, tracking, watches, news),
            Job("watch threads", timedelta(minutes=5), upstream_poll.look, at_start=True, once=True),
            *_triage_jobs(resources, triage),
            *_scan_jobs(settings, follow_up),
            *_inspection_jobs(resources, http, lookup),
            *_gil_jobs(resources, triage),
            *_site_jobs(settings, site),
            *resources.fleet.jobs,
        ),
        None if triage is None else triage.loop,
        None if triage is None or settings.github_webhook_secret is None else triage.deliveries,
        resources.fleet,
        site,
    )


def _hear(notices: Notices, lookup: StatusLookup, tracking: Tracking, triage: _Triage | None) -> None:
    """Go by what other processes tell."""

    async def forget(package: str) -> None:
        if package:
            lookup.forget(package)
        else:
            lookup.forget_all()

    async def load(_about: str) -> None:
        await tracking.load()

    notices.handlers |= {NoticeTopic.STATUS: forget, NoticeTopic.TRACKING: load}
    if triage is not None:
        notices.handlers[NoticeTopic.TRIAGE] = triage.wake.heard


def _build_site(
    resources: _Resources, http: httpx.AsyncClient, lookup: StatusLookup, digester: Digester, tracking: Tracking
) -> LiveSite | None:
    """Build what is served to everybody, where that is on; else nothing of it is imported."""
    if resources.settings.web is Switch.OFF:
        return None
    from bot.wiring.site import SiteResources, build_site

    return build_site(SiteResources(resources.settings, http, resources.database, lookup, digester, tracking))


def _site_jobs(settings: Settings, site: LiveSite | None) -> tuple[Job, ...]:
    if site is None or settings.track == 0:
        return ()
    return (Job("read what releases say of themselves", timedelta(minutes=5), site.metadata.look, once=True),)


async def _load_names(database: Engine) -> PackageNames:
    names = PackageNames(Packages(database), await offered_names())
    await names.load()
    return names


async def _load_tracking(database: Engine) -> Tracking:
    tracking = Tracking(PackageThreads(database), Documents(database))
    await tracking.load()
    return tracking


async def _load_zones() -> Zones:
    zones = Zones()
    await zones.load()
    return zones


@dataclass(frozen=True, slots=True)
class _Posting:
    """What posts, what it remembers, and what makes its digests."""

    stores: PostStores
    renderer: DigestRenderer
    poster: Poster


def _build_posting(resources: _Resources, zones: Zones, renderer: DigestRenderer) -> _Posting:
    database = resources.database
    stores = PostStores.of(database)
    pace = Pace(processes=lambda: resources.fleet.membership.count)
    discord_posts = DiscordPosts(resources.connections.all, pace, resources.connections.spare)
    announce, alert = (partial(card, whole=renderer.whole) for card in (announcement_card, alert_card))
    delivery = PostDelivery(stores, discord_posts, renderer.prepare, announce, feed_card, alert, database.now)
    poster = Poster(stores, discord_posts, zones, delivery, database.now)
    return _Posting(stores, renderer, poster)


def _build_watcher(resources: _Resources) -> Watcher | None:
    reader = resources.github.reader
    if reader is None:
        return None
    from bot.wiring.upstream import build_watcher

    return build_watcher(resources.settings, reader, resources.leading)


def _build_announcer(posting: _Posting, upstream_poll: UpstreamPoll, triage: _Triage | None) -> Announcer:
    """Build what posts changes, notes them for the threads that wait, and tells those that triage knows."""
    known = (posting.poster.announce, upstream_poll.note_wheels)
    return Announcer(known if triage is None else (*known, triage.reconciler.wheels))


@dataclass(frozen=True, slots=True)
class _Clients:
    """Makes clients of Discord, one for each shard, with cogs of its own; all answer from the same."""

    conversations: Conversations
    clicks: Mapping[str, Click]
    metrics: Metrics
    registration: Registration
    gate: IdentifyGate
    connections: ShardClients
    started: datetime
    cogs: tuple[Callable[[], commands.Cog], ...]

    def new(self, shard: int, shards: int) -> Client:
        """Make a client for one shard of so many."""
        client = Client(
            self.conversations,
            self.clicks,
            self.metrics,
            self.registration,
            Heartbeats(),
            shard=shard,
            shards=shards,
            gate=self.gate,
        )
        commands, where = client.slash_commands, self.connections.described
        about = About(version(), python_build(), PROJECT_URL, self.started, commands, where)
        client.use([*(new_cog() for new_cog in self.cogs), AboutCog(about, self.conversations)])
        return client


def _build_sharding(resources: _Resources) -> Sharding:
    """Build what says which shards are held: by leases where others may share the database, else all that are set."""
    settings, database, membership = resources.settings, resources.database, resources.fleet.membership
    if not database.is_shared:
        return ToldShards(settings.shards)
    leases = ShardLeases(database, LEASE_SECONDS)
    return LeasedShards(leases, membership.name, lambda: membership.count, settings.shards)


def _build_dependency_check(
    settings: Settings, http: httpx.AsyncClient, lookup: StatusLookup, tracking: Tracking, inspections: Inspections
) -> DependencyCheck:
    """Build what answers about dependencies: hundreds of pages are read in other threads than those of status cards."""

    async def connected() -> httpx.AsyncClient:
        return http

    pages = ProjectPages(build_index(settings, http), lookup.readings, lookup.now)
    return build_dependency_check(settings, DependencyJudge(pages, inspections, tracking), connected)


@dataclass(frozen=True, slots=True)
class _Faces:
    """What answers about packages and the guide, and keeps watches."""

    status: StatusAnswers
    dependencies: DependencyAnswers
    lists: ListAnswers
    comparisons: CompareAnswers
    guide: GuideAnswers
    watches: WatchAnswers


def _build_faces(  # noqa: PLR0913, PLR0917 — what faces are made of
    resources: _Resources,
    status: StatusAnswers,
    dependencies: DependencyAnswers,
    tracking: Tracking,
    guide: Guide,
    watches: WatchAnswers,
) -> _Faces:
    offer = partial(status.offer, headline=resources.settings.targets[0])
    comparer, site = PackageComparer(status.lookup, tracking, resources.database.now), resources.settings.site_address
    return _Faces(
        status,
        dependencies,
        ListAnswers(build_lister(resources.settings, resources.database), site),
        CompareAnswers(comparer, offer, resources.database.now, WholeLists(site)),
        GuideAnswers(guide),
        watches,
    )


def _build_news(resources: _Resources) -> NewsFinder:
    """Build what notices what only watchers are told of."""
    leading = resources.leading
    projects, inspections, documents = Projects(leading), Inspections(leading), Documents(leading)
    return NewsFinder(PackageNews(leading), projects, inspections, documents, resources.settings.targets, leading.now)


def _build_watches(resources: _Resources, posting: _Posting, status: StatusAnswers, kept: KeptReports) -> WatchAnswers:
    settings, stores = resources.settings, posting.stores
    book = WatchBook(
        stores.watches, stores.posts, stores.closed, status.lookup, settings.targets, resources.database.now
    )
    outlook = Outlook(Scans(resources.database), settings.track, resources.watched)
    return WatchAnswers(book, status.package_names, kept, status.subject, outlook.prospects)


def _watch_jobs(posting: _Posting, tracking: Tracking, watches: WatchAnswers, news: NewsFinder) -> tuple[Job, ...]:
    """Tell who watches what happened, and notice what only they are told of."""
    poster = posting.poster
    alerts = WatchAlerts(posting.stores, poster.discord, poster.delivery, tracking.tracking, poster.now)
    return (
        Job("tell who watches", timedelta(seconds=5), alerts.tick),
        Job("notice what wheels declare anew", timedelta(minutes=1), news.look_at_readings, at_start=True, once=True),
        Job("see who cannot be written to", timedelta(minutes=1), watches.refresh, at_start=True),
    )


def _build_clients(resources: _Resources, posting: _Posting, zones: Zones, faces: _Faces) -> _Clients:
    privacy = PrivacyAnswers(faces.watches.book)
    conversations = Conversations(resources.metrics, LONGEST, faces.watches.remind)
    config = _build_config(resources, posting, zones)
    return _Clients(
        conversations,
        {
            **faces.status.clicks(),
            **faces.dependencies.clicks(),
            **config.clicks(),
            **faces.lists.clicks(),
            **faces.watches.clicks(),
            **privacy.clicks(),
        },
        resources.metrics,
        Registration(Registrations(resources.database)),
        IdentifyGate(IdentifyBuckets(resources.database) if resources.database.is_shared else OwnBuckets()),
        resources.connections,
        resources.started,
        (
            partial(StatusCog, faces.status, conversations),
            partial(DepsCog, faces.dependencies, conversations, resources.settings.targets[0]),
            partial(DigestCog, DigestAnswers(posting.renderer.prepare, posting.poster.now), conversations),
            partial(ConfigCog, config, conversations),
            partial(IssuesCog, _build_issues(resources, faces.status), conversations),
            partial(ListCog, faces.lists, conversations),
            partial(CompareCog, faces.comparisons, conversations),
            partial(GuideCog, faces.guide, conversations),
            partial(WatchCog, faces.watches, conversations),
            partial(PrivacyCog, privacy, conversations),
            partial(AuditCog, AuditReader(Audit(resources.database)), conversations, _lacking(resources)),
        ),
    )


def _build_config(resources: _Resources, posting: _Posting, zones: Zones) -> ConfigAnswers:
    outlook = Outlook(Scans(resources.database), resources.settings.track, resources.watched)
    guilds = GuildConfig(posting.stores, zones, posting.poster.now)
    return ConfigAnswers(guilds, posting.poster, zones, posting.renderer.prepare, posting.poster.now, outlook.prospects)


def _build_issues(resources: _Resources, status: StatusAnswers) -> IssueAnswers:
    offer = partial(status.offer, headline=resources.settings.targets[0])
    threads = UpstreamThreads(Threads(resources.database))
    return IssueAnswers(threads, offer, resources.watched is not Watched.NONE)


def _lacking(resources: _Resources) -> str | None:
    """Return what triage lacks."""
    switched_on = resources.settings.triage is Switch.ON
    return lacking_for_triage(app=resources.github.app is not None, switched_on=switched_on)


def _build_scanning(resources: _Resources, http: httpx.AsyncClient) -> ScanProcess | ScanWithin:
    """Build what scans: in a process of its own, unless that could not see the database."""
    settings, database = resources.settings, resources.database
    if settings.database.is_in_memory:
        return ScanWithin(build_scanner(settings, http, database), settings.track)
    return build_scan_process(settings, resources.metrics, lambda: resources.fleet.leadership.epoch)


def _build_health(resources: _Resources, scanning: ScanProcess | ScanWithin) -> Health:
    """Build what tells what works, and let the metrics that are ages be read from where they are known."""
    metrics, database, connections = resources.metrics, resources.database, resources.connections
    metrics.heartbeat_age.set_function(connections.heartbeat_age)
    metrics.guilds.set_function(connections.servers)
    metrics.shards.labels("held").set_function(lambda: len(connections.held or ()))
    metrics.shards.labels("connected").set_function(lambda: len(connections.ready()))
    metrics.write_age.set_function(lambda: time.monotonic() - database.pulse.written)
    metrics.leads.set_function(lambda: resources.fleet.leadership.leads)
    metrics.processes.set_function(lambda: resources.fleet.membership.count)
    if not isinstance(scanning, ScanProcess) or resources.settings.track == 0:
        return Health(database, connections.is_ready, metrics)
    return Health(database, connections.is_ready, metrics, beside=scanning.report)


def _upkeep_jobs(resources: _Resources, health: Health) -> tuple[Job, ...]:
    leading, metrics = resources.leading, resources.metrics
    caretaker = Caretaker(Retention(leading), timedelta(days=resources.settings.keep_days), metrics, leading.now)
    return (
        Job("forget what is over", timedelta(days=1), caretaker.forget, at_start=True, once=True),
        Job("measure what waits", timedelta(seconds=15), _build_backlog(resources).measure, at_start=True),
        Job("look what works", timedelta(seconds=15), health.look, at_start=True),
    )


def _scan_jobs(settings: Settings, follow_up: ScanFollowUp) -> tuple[Job, ...]:
    if settings.track == 0:
        return ()
    return (Job("scan what is due", timedelta(hours=1), follow_up.look, at_start=True, once=True),)


def _inspection_jobs(resources: _Resources, http: httpx.AsyncClient, lookup: StatusLookup) -> tuple[Job, ...]:
    """Read wheels in the background, where what reads machine code is installed."""
    settings, notices = resources.settings, resources.fleet.notices
    if settings.track == 0 or settings.inspect == 0 or missing_libraries():
        return ()
    from bot.wiring.tracked_wheels import build_tracked_wheels

    def note(package: str) -> None:
        lookup.forget(package)
        notices.tell(NoticeTopic.STATUS, package)

    wheels = build_tracked_wheels(settings, http, resources.leading, hourly=settings.inspect, noted=note)
    return (Job("read inside wheels", timedelta(minutes=5), wheels.look, at_start=True, once=True),)


def _gil_jobs(resources: _Resources, triage: _Triage | None) -> tuple[Job, ...]:
    """Tell threads of what wheels declare, whichever process read them."""
    settings, leading = resources.settings, resources.leading
    if settings.track == 0 or resources.watched is Watched.NONE:
        return ()
    from bot.services.upstream.gil_follow_up import GilFollowUp  # what classifies threads is large

    answers = Answers(Threads(leading), Cursors(leading))
    tell = None if triage is None else triage.reconciler.gil_off
    follow_up = GilFollowUp(answers, Projects(leading), Inspections(leading), settings.targets[0], leading.now, tell)
    return (Job("tell what wheels declare", timedelta(minutes=5), follow_up.look, at_start=True, once=True),)


def _build_backlog(resources: _Resources) -> Backlog:
    settings, database, github = resources.settings, resources.database, resources.github
    clients = {"token": github.reader, "app": github.app}
    return Backlog(
        Posts(database),
        Outbox(database),
        Inbox(database),
        Guilds(database),
        Scans(database) if settings.track > 0 else None,
        {credential: client.worker.budgets for credential, client in clients.items() if client is not None},
        resources.metrics,
        database.now,
        idle=() if resources.triages else (Queue.GITHUB, Queue.INBOX),
    )


@dataclass(frozen=True, slots=True)
class _Triage:
    """What triage is made of: what takes deliveries, what works on them, and what finds those that never came."""

    deliveries: Deliveries
    loop: TriageLoop
    reconciler: Reconciler
    wake: Wake


def _build_triage(resources: _Resources, app: GithubApp, lookup: StatusLookup) -> _Triage:
    from bot.services.triage.loop import TriageLoop
    from bot.services.triage.reconcile import Reconciler
    from bot.wiring.triage import build_outbox_worker, build_triage

    settings, database, leading = resources.settings, resources.database, resources.leading
    wake = Wake(partial(resources.fleet.notices.tell, NoticeTopic.TRIAGE))
    stores = TriageStores.of(database)
    secret = settings.github_webhook_secret
    key = b"" if secret is None else secret.get_secret_value().encode()
    deliveries = Deliveries(stores.inbox, key, database.now, wake, resources.metrics)
    worker = build_outbox_worker(app, database, enabled=settings.triage is Switch.ON)
    triage = build_triage(settings, app, database, lookup, wake, worker)
    loop = TriageLoop(triage, worker, stores.inbox, stores.outbox, wake, database.now)
    reconciler = Reconciler(app, deliveries, stores.inbox, Cursors(leading), stores.threads, leading.now)
    return _Triage(deliveries, loop, reconciler, wake)


def _build_rule_news(resources: _Resources) -> RuleNews:
    from bot.services.triage.rule_news import OwnerChannel, RuleNews

    number, channel = resources.settings.owner_channel, None
    if number is not None:
        channel = OwnerChannel(
            number, DiscordPosts(resources.connections.all, spare=resources.connections.spare), rule_drop_card
        )
    return RuleNews(RuleDrops(resources.leading), resources.metrics, resources.leading.now, channel)


def _triage_jobs(resources: _Resources, triage: _Triage | None) -> tuple[Job, ...]:
    if triage is None:
        return ()
    return (
        Job(
            "tell of rules that only suggest",
            timedelta(minutes=5),
            _build_rule_news(resources).look,
            at_start=True,
            once=True,
        ),
        Job("have lost webhooks sent again", timedelta(hours=1), triage.reconciler.sweep, at_start=True, once=True),
        Job("read what webhooks did not tell", timedelta(minutes=10), triage.reconciler.poll, at_start=True, once=True),
    )


def _draw(digest: Digest) -> bytes:
    from bot.charts import draw  # matplotlib is large, and wanted once a week

    return draw(digest)


def direct_discord(settings: Settings) -> None:
    """Point discord.py at the addresses of the settings, and silence what it says of voice; it has no parameters."""
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    discord.http.Route.BASE = settings.discord_api_url.rstrip("/")
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = URL(settings.discord_gateway_url)
