"""Processes that do all that the bot does by itself, once, and kill themselves on the way if told, run by tests."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import discord
import msgspec
import yarl

from bot.core.digest.changes import Change
from bot.core.errors import ScannedElsewhereError
from bot.services.packages.changes import ScanFollowUp
from bot.services.packages.scan import ScanScope, ScanSummary
from storage.discord.changes import Changes
from storage.engine.engine import Transaction
from storage.packages.documents import Documents
from tests.databases import open_database
from tests.e2e.forked import serve
from tests.fakes.fake_discord import TOKEN
from tests.services.posts import Office, Press, build_office
from tests.services.scans import Station, open_station
from tests.services.triages import Places, Works, open_works
from tests.storage.engines import PassedOn


class Delivery(msgspec.Struct, frozen=True):
    """A webhook as GitHub sends it."""

    guid: str
    headers: dict[str, str]
    body: bytes


class Shift(msgspec.Struct):
    """One process: where everything is, the time, what GitHub sends it, and at which of its moments it is killed."""

    api_url: str
    gateway_url: str
    places: Places
    database: str
    now: datetime
    names: list[str]
    deliveries: list[Delivery]
    answered: str
    """The path of a file for the webhooks that were answered, and so are never sent again."""

    moment: int
    """0 lets it live."""


@dataclass(slots=True)
class Doom:
    """Kills this process at its nth moment: a step of a service, or the begin, the end or the commit of a write."""

    moment: int
    moments: int = 0

    def __call__(self, _step: str) -> None:
        self.moments += 1
        if self.moments == self.moment:
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Doomed(PassedOn):
    """A database on which each write has three moments."""

    doom: Doom

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        self.doom("begins")
        async with self.engine.transaction() as transaction:
            yield transaction
            self.doom("commits")
        self.doom("committed")


async def take_part(shift: Shift) -> None:
    """Connect, and do what is due: take webhooks in, scan, post, tell watchers, triage."""
    discord.http.Route.BASE = shift.api_url
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(shift.gateway_url)
    client = discord.Client(intents=discord.Intents(guilds=True), max_ratelimit_timeout=30, guild_ready_timeout=0.01)
    doom = Doom(shift.moment)

    def now() -> datetime:
        return shift.now

    async with open_database(shift.database) as opened, client:
        database = Doomed(opened, doom)
        running = asyncio.create_task(client.start(TOKEN))
        await client.wait_until_ready()
        office = build_office(database, client, now, Press(), doom)
        async with (
            open_works(shift.places, database, now, checkpoint=doom) as works,
            open_station(shift.places, database, now, shift.names) as station,
        ):
            await listen(works, shift)
            await asyncio.gather(scan(station, len(shift.names)), post(office), triage(works))
        await client.close()
        await asyncio.wait({running})


async def listen(works: Works, shift: Shift) -> None:
    """Take webhooks in."""
    for delivery in shift.deliveries:
        receipt = await works.deliveries.take(delivery.headers, delivery.body)
        assert receipt.status == 202
        note_answered(shift, delivery)


def note_answered(shift: Shift, delivery: Delivery) -> None:
    """Note that a webhook is never sent again."""
    with Path(shift.answered).open("a", encoding="utf-8") as file:
        file.write(f"{delivery.guid}\n")


async def scan(station: Station, most: int) -> None:
    """Scan, unless somebody does, and hand on what moved."""

    async def scan_due(scope: ScanScope) -> ScanSummary:
        return (await station.scanner.scan(most, scope)).summary

    changes = Changes(station.database)
    now = station.scanner.now

    async def announce(moved: Sequence[Change]) -> None:
        await changes.record(moved, now())

    follow_up = ScanFollowUp(scan_due, station.scans, Documents(station.database), station.digester, now, announce)
    with suppress(ScannedElsewhereError):
        await follow_up.look()


async def post(office: Office) -> None:
    """Post what is due, and tell who watches."""
    await office.poster.tick()
    await office.alerts.tick()


async def triage(works: Works) -> None:
    """Decide, and do."""
    await works.triage.work()
    await works.worker.tick()


if __name__ == "__main__":
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    serve(Shift, take_part)
