"""Triage as the bot has it, between a fake GitHub, a package index and a real database, with a clock that tests set."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from bot.clients.github.app import GithubApp, open_github_app
from bot.clients.pypi import PackageIndex
from bot.clients.web import open_http
from bot.core.triage.actions import ActionKind
from bot.core.triage.changeset import AuditEntry, LabelOverride, OutboxEntry
from bot.core.triage.decide.preflight import SETTLING
from bot.services.packages.lookup import StatusLookup
from bot.services.packages.writer import ReadingWriter
from bot.services.triage.deliveries import Deliveries
from bot.services.triage.inbox import Triage
from bot.services.triage.outbox import OutboxWorker, go_on
from bot.services.triage.reconcile import Reconciler
from bot.services.triage.stores import TriageStores
from bot.services.upstream.answers import Answers
from bot.services.upstream.gil_follow_up import GilFollowUp
from storage.engine.engine import Engine
from storage.github.cursors import Cursors
from storage.packages.statuses import Statuses
from tests.databases import Place, open_database
from tests.fakes.fake_github import FakeGitHub
from tests.fakes.fake_index import FakeIndex
from tests.fakes.github_webhooks import FakeDelivery
from tests.fakes.github_world import FakeComment, FakeIssue, FakeRepository
from tests.services.lookups import FOREVER, QUICK, T314, T315, Clock
from tests.steps import only_documented_steps

LABELS = ("free-threading", "type-crash", "build", "race", "wheels", "needs-info", "question")

CRASH = (
    "Segmentation fault on Python 3.14t",
    (
        "On the free-threaded build `python3.14t -c 'import demo'` ends with:\n\n"
        "```\nFatal Python error: Segmentation fault\n\n"
        "<Cannot show all threads while the GIL is disabled>\n```\n\n"
        "Python 3.14.0 free-threading build (main, Oct 10 2025) [GCC 13.3.0] on linux\n"
    ),
)
"""Title and body of a thread that is surely about a crash."""

GIL = (
    "Importing demo turns the GIL back on",
    (
        "RuntimeWarning: The global interpreter lock (GIL) has been enabled to load module 'demo.m', which has not "
        "declared that it can run safely without the GIL. This is Python 3.14t."
    ),
)
"""Of one that says that a package turns the GIL back on."""

WHEELS = ("Please publish cp314t wheels", "There are no free-threaded wheels for Python 3.14t on PyPI.")
OTHER = ("Fix a typo in the tutorial", "It says teh.")
LINKS = {"Source": "https://github.com/demo/demo"}
"""What the project `demo` says of where it is developed."""
HUMAN, AUTHOR, STRANGER = "triager", "reporter", "stranger"


def settings(mode: str = "apply", more: str = "", *, grace: int = 0) -> bytes:
    """Write a repository's settings."""
    return (
        f'version = 1\nmode = "{mode}"\ngrace-seconds = {grace}\n'
        '[labels]\ntopic = "free-threading"\ncrash = "type-crash"\nbuild-failure = "build"\ndata-race = "race"\n'
        f'missing-wheel = "wheels"\nneeds-info = "needs-info"\nquestion = "question"\n{more}'
    ).encode()


def install(fake: FakeGitHub, name: str = "demo/demo", body: bytes | None = None) -> FakeRepository:
    """Make a repository that has the App, its labels, and somebody with a role."""
    repository = fake.repository(
        name,
        labels=LABELS,
        installed=True,
        files={".github/ftbot.toml": settings() if body is None else body},
    )
    repository.role(HUMAN, "triage")
    return repository


class Places(msgspec.Struct, frozen=True):
    """Where GitHub and the package index are, and what the App proves itself with."""

    api_url: str
    app_id: str
    private_key: str
    secret: str
    index_url: str
    json_api_url: str


@dataclass(frozen=True, slots=True)
class Works:
    """Triage and what belongs to it, on a database."""

    database: Engine
    app: GithubApp
    stores: TriageStores
    deliveries: Deliveries
    triage: Triage
    worker: OutboxWorker
    reconciler: Reconciler
    follow_up: GilFollowUp


@asynccontextmanager
async def open_works(
    places: Places,
    place: Place,
    now: Callable[[], datetime],
    *,
    checkpoint: Callable[[str], None] = go_on,
    enabled: bool = True,
) -> AsyncIterator[Works]:
    """Open triage on a database; opening it again is a restart of the program."""
    async with (
        open_database(place) as database,
        open_http("ftbot-tests") as http,
        open_github_app(
            places.api_url,
            places.app_id,
            places.private_key,
            user_agent="ftbot-tests",
            now=now,
            patience=QUICK,
            write_gap=0.0,
        ) as app,
    ):
        index = PackageIndex(http, places.index_url, places.json_api_url, QUICK)
        lookup = StatusLookup(index, ReadingWriter(Statuses(database)), (T314, T315), now, FOREVER)
        stores = TriageStores.of(database)
        wake = asyncio.Event()
        deliveries = Deliveries(stores.inbox, places.secret.encode(), now, wake)
        worker = OutboxWorker(app, stores, now, checkpoint=checkpoint, enabled=enabled)
        triage = Triage.new(
            app, stores, lookup, now=now, wake=wake, enabled=enabled, worker=worker, checkpoint=checkpoint
        )
        reconciler = Reconciler(app, deliveries, stores.inbox, Cursors(database), stores.threads, now)
        follow_up = GilFollowUp(
            Answers(stores.threads, Cursors(database)),
            stores.projects,
            stores.inspections,
            T314,
            now,
            reconciler.gil_off,
            checkpoint,
        )
        try:
            async with only_documented_steps(database, "outbox"):
                yield Works(database, app, stores, deliveries, triage, worker, reconciler, follow_up)
        finally:
            await lookup.aclose()


@dataclass(frozen=True, slots=True)
class Bench:
    """Triage between a fake GitHub and a package index, with a clock that tests set."""

    fake: FakeGitHub
    index: FakeIndex
    place: Place
    clock: Clock
    works: Works
    heard: list[FakeDelivery] = field(default_factory=list)

    @property
    def stores(self) -> TriageStores:
        """Return what triage remembers."""
        return self.works.stores

    @property
    def triage(self) -> Triage:
        """Return what decides."""
        return self.works.triage

    @property
    def worker(self) -> OutboxWorker:
        """Return what does."""
        return self.works.worker

    @property
    def reconciler(self) -> Reconciler:
        """Return what asks."""
        return self.works.reconciler

    @property
    def follow_up(self) -> GilFollowUp:
        """Return what tells of what wheels declare."""
        return self.works.follow_up

    @property
    def deliveries(self) -> Deliveries:
        """Return what webhooks come to."""
        return self.works.deliveries

    @property
    def database(self) -> Engine:
        """Return the database."""
        return self.works.database

    def another(
        self, *, checkpoint: Callable[[str], None] = go_on, enabled: bool = True
    ) -> AbstractAsyncContextManager[Bench]:
        """Open another one on the same database, as another process does, or this one after a restart."""
        return open_bench(self.fake, self.index, self.place, self.clock, checkpoint=checkpoint, enabled=enabled)

    async def hear(self, deliveries: Iterable[FakeDelivery] | None = None) -> None:
        """Take in webhooks: those that nobody took in yet, in order, or others."""
        if deliveries is None:
            deliveries = [delivery for delivery in self.fake.deliveries if delivery not in self.heard]
        for delivery in deliveries:
            self.heard.append(delivery)
            headers, body = self.fake.delivery(delivery.event, delivery.payload, guid=delivery.guid)
            receipt = await self.deliveries.take(headers, body)
            assert receipt.status == 202, receipt

    async def work(self) -> None:
        """Decide what is due and do it."""
        await self.triage.work()
        await self.worker.tick()

    async def settle(self) -> None:
        """Take in what happened, and let everything that waits for GitHub come to its end."""
        await self.hear()
        for _ in range(4):
            await self.work()
            self.clock.advance(seconds=SETTLING.total_seconds() + 1)
            await self.hear()
        await self.work()

    async def entries(self, issue: FakeIssue, kind: ActionKind | None = None) -> list[OutboxEntry]:
        """Return what was to be done about a thread."""
        entries = await self.stores.outbox.of_thread(issue.node_id)
        return [entry for entry in entries if kind is None or entry.action.kind is kind]

    async def override(self, issue: FakeIssue, label: str) -> LabelOverride | None:
        """Return what people want of a label."""
        return (await self.stores.overrides.of(issue.node_id)).get(label)

    async def audit(self, issue: FakeIssue) -> tuple[AuditEntry, ...]:
        """Return the audit log of a thread."""
        return await self.stores.audit.of_node(issue.node_id)


@asynccontextmanager
async def open_bench(  # noqa: PLR0913 — what differs between tests, by name
    fake: FakeGitHub,
    index: FakeIndex,
    place: Place,
    clock: Clock,
    *,
    checkpoint: Callable[[str], None] = go_on,
    enabled: bool = True,
) -> AsyncIterator[Bench]:
    """Open triage between the two, on a database."""
    async with open_works(places(fake, index), place, clock, checkpoint=checkpoint, enabled=enabled) as works:
        yield Bench(fake, index, place, clock, works)


def places(fake: FakeGitHub, index: FakeIndex) -> Places:
    """Return where the fakes are."""
    app = fake.app
    return Places(fake.url, app.id, app.private_key, app.webhook_secret, index.index_url, index.json_api_url)


def own(issue: FakeIssue) -> list[FakeComment]:
    """Return what the bot commented on a thread."""
    return [comment for comment in issue.comments if comment.author is issue.repository.world.bot]


def moves(issue: FakeIssue) -> list[tuple[str, str]]:
    """Return what the bot did with labels: `labeled` or `unlabeled`, and which."""
    return [
        (event.event, event.label.name)
        for event in issue.events
        if event.label is not None and event.actor is issue.repository.world.bot
    ]
