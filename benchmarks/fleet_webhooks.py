"""Webhooks: three of the bot's sites on one PostgreSQL database, beside one on SQLite."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import chain, cycle, islice
from pathlib import Path

import aiohttp

from benchmarks.engines import open_engine
from benchmarks.figures import MILLISECONDS, Figure, Limit, percentile
from benchmarks.fleet_bots import PROCESSES
from benchmarks.processes import environment, running, said
from benchmarks.webhooks import Delivery, Sent, amiss, happened_in, make, open_sender, send, send_one

_START_SECONDS = 20.0
_IN_FLIGHT = 32
_ROUNDS = 3
_AT_MOST = 12_000
"""Deliveries of a round, more than are taken in its time."""

_ROUND_SECONDS = 2.0
_STEADY = 200.0
_STEADY_SECONDS = 5.0
_LEAST = 0.7
"""What part of the rate of one site on SQLite three on PostgreSQL take at least."""


@dataclass(slots=True)
class _Sites:
    what: str
    place: str
    urls: list[str] = field(default_factory=list)
    numbers: int = 0
    seconds: float = 0.0
    taken: int = 0
    steady: list[Sent] = field(default_factory=list)
    sent: int = 0
    refused: int = 0
    happened: set[str] = field(default_factory=set)

    def next(self, count: int) -> list[Delivery]:
        """Make deliveries that were not sent before."""
        self.numbers += count
        return make(count, first=self.numbers)

    def note(self, sent: Sequence[Sent], deliveries: Iterable[Delivery]) -> None:
        """Note what was sent."""
        self.sent += len(sent)
        self.happened |= happened_in(deliveries)
        self.refused += sum(one.status != HTTPStatus.ACCEPTED for one in sent)


async def measure_webhooks(folder: Path, url: str) -> list[Figure]:
    """Send both as much as they take, then at a steady rate, in turns; then look what they stored."""
    one = _Sites("one on SQLite", str(folder / "webhooks.db"))
    fleet = _Sites(f"{PROCESSES} on PostgreSQL", url)
    async with AsyncExitStack() as stack:
        for sites, count in ((one, 1), (fleet, PROCESSES)):
            for number in range(count):
                command = (sys.executable, "-m", "benchmarks.webhook_site", sites.place)
                log = f"site-{count}-{number}.log"
                process = await stack.enter_async_context(running(command, folder, environment(), log))
                sites.urls.append(await said(process, _START_SECONDS))
        http = await stack.enter_async_context(open_sender())
        for number in range(_ROUNDS + 1):
            for sites in (one, fleet):
                await _flood(http, sites, counted=number > 0)
        for sites in (one, fleet):
            deliveries = sites.next(int(_STEADY * _STEADY_SECONDS))
            sites.steady = await send(http, sites.urls, deliveries, _STEADY)
            sites.note(sites.steady, deliveries)
    return [
        *(figure for sites in (one, fleet) for figure in _figures(sites)),
        Figure(
            "rate, three : one",
            (fleet.taken / fleet.seconds) / (one.taken / one.seconds),
            "×",
            Limit(_LEAST, at_least=True),
        ),
        *chain.from_iterable([await _stored(sites) for sites in (one, fleet)]),
    ]


async def _flood(http: aiohttp.ClientSession, sites: _Sites, *, counted: bool) -> None:
    """Send for a while, each delivery as soon as one before is answered."""
    deliveries = sites.next(_AT_MOST)
    left, urls = iter(deliveries), cycle(sites.urls)
    sent: list[Sent] = []
    began = time.perf_counter()

    async def one_after_another() -> None:
        while (now := time.perf_counter()) < began + _ROUND_SECONDS and (delivery := next(left, None)) is not None:
            sent.append(await send_one(http, next(urls), delivery, now))

    await asyncio.gather(*(one_after_another() for _ in range(_IN_FLIGHT)))
    if counted:
        sites.seconds += time.perf_counter() - began
        sites.taken += sum(one.status == HTTPStatus.ACCEPTED for one in sent)
    sites.note(sent, islice(deliveries, len(sent)))


def _figures(sites: _Sites) -> list[Figure]:
    waited = [one.seconds for one in sites.steady]
    return [
        Figure(f"{_IN_FLIGHT} in flight, {sites.what}", sites.taken / sites.seconds, "/s", note=f"n = {sites.taken:,}"),
        Figure(f"at {_STEADY:.0f}/s, {sites.what}, p50", percentile(waited, 50) * MILLISECONDS),
        Figure(f"at {_STEADY:.0f}/s, {sites.what}, p99", percentile(waited, 99) * MILLISECONDS),
    ]


async def _stored(sites: _Sites) -> list[Figure]:
    async with open_engine(sites.place) as database:
        rows = await database.read("SELECT event FROM inbox")
    lost, twice = amiss(sites.happened, [event for (event,) in rows])
    note = f"of {sites.sent:,} sent, {len(rows):,} to be stored"
    return [
        Figure(f"{sites.what}: not answered with 202", sites.refused, "", Limit(0)),
        Figure(f"{sites.what}: lost", lost, "", Limit(0), note),
        Figure(f"{sites.what}: stored twice", twice, "", Limit(0)),
    ]
