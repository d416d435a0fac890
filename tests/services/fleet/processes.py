"""Triage as several processes have it on one database, between a fake GitHub and a package index."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from bot.clients.github.app import GithubApp, open_github_app
from bot.clients.pypi import PackageIndex
from bot.clients.web import open_http
from bot.services.fleet.notices import Notices, NoticeTopic, Wake
from bot.services.packages.lookup import StatusLookup
from bot.services.packages.writer import ReadingWriter
from bot.services.triage.deliveries import Deliveries
from bot.services.triage.inbox import Triage
from bot.services.triage.loop import TriageLoop
from bot.services.triage.outbox import OutboxWorker, go_on
from bot.services.triage.stores import TriageStores
from storage.engine.engine import Engine
from storage.packages.statuses import Statuses
from tests.services.lookups import FOREVER, QUICK, T314, T315
from tests.services.triages import Places


@dataclass(frozen=True, slots=True)
class Pace:
    """The seconds between two writes, and how long an entry waits for its turn."""

    write_gap: float = 0.0
    patience: float = 10.0


@dataclass(frozen=True, slots=True)
class Process:
    """What one process has to triage with."""

    app: GithubApp
    stores: TriageStores
    deliveries: Deliveries
    triage: Triage
    worker: OutboxWorker
    notices: Notices
    loop: TriageLoop


@asynccontextmanager
async def open_process(
    places: Places,
    database: Engine,
    now: Callable[[], datetime],
    pace: Pace,
    *,
    checkpoint: Callable[[str], None] = go_on,
) -> AsyncIterator[Process]:
    """Open it on a database; another one on the same database is another process."""
    async with (
        open_http("ftbot-tests") as http,
        open_github_app(
            places.api_url,
            places.app_id,
            places.private_key,
            user_agent="ftbot-tests",
            now=now,
            patience=QUICK,
            write_gap=pace.write_gap,
        ) as app,
    ):
        index = PackageIndex(http, places.index_url, places.json_api_url, QUICK)
        lookup = StatusLookup(index, ReadingWriter(Statuses(database)), (T314, T315), now, FOREVER)
        stores, notices = TriageStores.of(database), Notices(database)
        wake = Wake(lambda: notices.tell(NoticeTopic.TRIAGE))
        notices.handlers[NoticeTopic.TRIAGE] = wake.heard
        worker = OutboxWorker(app, stores, now, checkpoint=checkpoint, patience=pace.patience)
        triage = Triage.new(app, stores, lookup, now=now, wake=wake, worker=worker, checkpoint=checkpoint)
        deliveries = Deliveries(stores.inbox, places.secret.encode(), now, wake)
        loop = TriageLoop(triage, worker, stores.inbox, stores.outbox, wake, now)
        try:
            yield Process(app, stores, deliveries, triage, worker, notices, loop)
        finally:
            await lookup.aclose()


async def work(process: Process) -> None:
    """Decide what is due and do it, until nothing is left for anybody."""
    while await process.stores.inbox.next_due() is not None or await process.stores.outbox.next_due() is not None:
        await process.triage.work()
        await process.worker.tick()
        await asyncio.sleep(0)
