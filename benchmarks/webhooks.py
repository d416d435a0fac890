"""How fast deliveries of webhooks are taken, and that none is lost: ``python -m benchmarks.webhooks``, on loopback.

The bot's own site is a process of its own, with a database on disk. Deliveries are sent at a steady rate whether or not
the ones before are answered, as GitHub does, and each is timed from when it should have been sent. Some are sent again,
by the same name or another, as happens after a time-out or where two hooks overlap.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import sys
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from itertools import cycle
from pathlib import Path

import aiohttp
import msgspec

from benchmarks.figures import MILLISECONDS, Figure, Limit, median, percentile
from benchmarks.processes import Footprint, environment, footprint, running, said
from benchmarks.report import report
from benchmarks.webhook_site import SECRET
from bot.core.github.webhooks import comment_key
from storage.engine.rows import Value
from storage.engine.sqlite import open_database

BOUND_SECONDS = 120.0

_START_SECONDS = 20.0
_ANSWER_SECONDS = 10.0
"""After so long GitHub counts a delivery as failed."""

_PATH, _NOTHING = "/webhooks/github", "/nothing"
_WARM_UP = 50
_SAME_AGAIN, _OTHER_NAME, _NOT_OURS, _LARGE = 10, 15, 20, 50
"""One of so many deliveries is sent again, is sent again by another name, is none of ours, is large."""

_TIME = datetime(2026, 11, 23, 9, tzinfo=UTC)
_ISSUE_BODY = "Fatal Python error: Segmentation fault\n" * 200
_BODY = "It crashes here too, with 3.14t and the newest NumPy.\n" * 20
_LARGE_BODY = "x" * 150_000
_PADDING = {f"url_{number}": f"https://api.github.com/repos/numpy/numpy/{number}" for number in range(150)}
"""About as much as there is in GitHub's own payloads besides what is read."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery to send; ``event`` must be found afterwards, once, None if it is none of ours."""

    headers: dict[str, str]
    body: bytes
    event: str | None


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a delivery: seconds until the answer, and its status, None if there was none in time."""

    seconds: float
    status: int | None


def make(count: int, first: int = 0) -> list[Delivery]:
    """Make deliveries, with some that are sent again soon after."""
    made: list[Delivery] = []
    for number in range(first, first + count):
        if made and number % _SAME_AGAIN == 0:
            made.append(made[-1])
        elif made and number % _OTHER_NAME == 0:
            before = made[-1]
            made.append(Delivery(before.headers | {"X-GitHub-Delivery": f"other-{number}"}, before.body, before.event))
        elif number % _NOT_OURS == 1:
            made.append(_delivery("star", number, {"action": "created"}, None))
        else:
            made.append(_comment(number, _LARGE_BODY if number % _LARGE == 0 else _BODY))
    return made


async def measure(count: int, rate: float, folder: Path) -> list[tuple[str, list[Figure]]]:
    """Send deliveries to a new process, then look what it stored."""
    path = folder / "ftbot.db"
    command = (sys.executable, "-m", "benchmarks.webhook_site", str(path))
    warm_up, deliveries = make(_WARM_UP, first=10_000_000), make(count)
    async with running(command, folder, environment(), "site.log") as process:
        url = await said(process, _START_SECONDS)
        async with open_sender() as http:
            await send(http, [url], warm_up, rate)
            before = footprint(process.pid)
            sent = await send(http, [url], deliveries, rate)
            after = footprint(process.pid)
            least = await send(http, [url.replace(_PATH, _NOTHING)], deliveries, rate)
        assert process.stdin is not None
        process.stdin.close()
        await asyncio.wait_for(process.wait(), _ANSWER_SECONDS)
    happened = happened_in((*warm_up, *deliveries))
    async with open_database(path) as database:
        rows = await database.read("SELECT event, due FROM inbox")
    lost, twice = amiss(happened, [event for event, _ in rows])
    accepted = sum(one.status == HTTPStatus.ACCEPTED for one in sent)
    return [
        (f"Deliveries at {rate:,.0f}/s: when it should be sent → 202", _latencies(sent, least, before, after)),
        (
            "None lost, none twice",
            [
                Figure("sent", len(sent), "", note="with those that were sent again and those that are none of ours"),
                Figure("answered with 202", accepted, "", Limit(len(sent), at_least=True)),
                Figure("things that happened", len(happened), ""),
                Figure("lost", lost, "", Limit(0)),
                Figure("stored twice", twice, "", Limit(0)),
                Figure("settled meanwhile", sum(due is None for _, due in rows), ""),
            ],
        ),
    ]


def open_sender() -> aiohttp.ClientSession:
    """Return a client that waits as long as GitHub does, for as many answers at once as there are."""
    connector = aiohttp.TCPConnector(limit=0)
    return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=_ANSWER_SECONDS))


async def send(
    http: aiohttp.ClientSession, urls: Sequence[str], deliveries: Sequence[Delivery], rate: float
) -> list[Sent]:
    """Send deliveries at a rate, whatever becomes of them, to each address in turn."""
    start = time.perf_counter()
    under_way = []
    for number, (delivery, url) in enumerate(zip(deliveries, cycle(urls), strict=False)):
        planned = start + number / rate
        await asyncio.sleep(max(0.0, planned - time.perf_counter()))
        under_way.append(asyncio.create_task(send_one(http, url, delivery, planned)))
    return list(await asyncio.gather(*under_way))


async def send_one(http: aiohttp.ClientSession, url: str, delivery: Delivery, planned: float) -> Sent:
    """Send a delivery that should have been sent at a time."""
    status: int | None = None
    try:
        async with http.post(url, data=delivery.body, headers=delivery.headers) as answer:
            await answer.read()
            status = answer.status
    except (aiohttp.ClientError, TimeoutError):
        pass
    return Sent(time.perf_counter() - planned, status)


def happened_in(deliveries: Iterable[Delivery]) -> set[str]:
    """Return the events that must be stored once."""
    return {delivery.event for delivery in deliveries if delivery.event is not None}


def amiss(happened: Collection[str], stored: Sequence[Value]) -> tuple[int, int]:
    """Count the events that are not stored, and what is stored twice."""
    return len(set(happened).difference(stored)), len(stored) - len(set(stored))


def _latencies(
    sent: Sequence[Sent], least: Sequence[Sent], before: Footprint | None, after: Footprint | None
) -> list[Figure]:
    seconds, floor = ([one.seconds for one in some] for some in (sent, least))
    cpu = None if before is None or after is None else (after.cpu - before.cpu) / len(sent) * MILLISECONDS
    return [
        Figure("p50", median(seconds) * MILLISECONDS, note=f"n = {len(sent):,}"),
        Figure("p99", percentile(seconds, 99) * MILLISECONDS, limit=Limit(20.0)),
        Figure("slowest", max(seconds) * MILLISECONDS),
        Figure("the same, floor, p50", median(floor) * MILLISECONDS, note="to a place where nothing is: 404"),
        Figure("the same, floor, p99", percentile(floor, 99) * MILLISECONDS),
        Figure("CPU of one, with settling it", cpu),
        Figure("resident", None if after is None else after.resident, "MiB"),
    ]


def _comment(number: int, text: str) -> Delivery:
    account = {"login": "ann", "id": 5, "type": "User", **_PADDING}
    time_of = _TIME.isoformat()
    payload = {
        "action": "created",
        "issue": {
            "node_id": f"I_{number}",
            "number": number + 1,
            "updated_at": time_of,
            "body": _ISSUE_BODY,
            **_PADDING,
        },
        "comment": {"id": number + 1, "body": text, "user": account, "created_at": time_of, "updated_at": time_of},
        "repository": {"full_name": "numpy/numpy", "private": False, **_PADDING},
        "sender": account,
    }
    return _delivery("issue_comment", number, payload, comment_key(number + 1, _TIME))


def _delivery(name: str, number: int, payload: object, event: str | None) -> Delivery:
    body = msgspec.json.encode(payload)
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": name,
        "X-GitHub-Delivery": f"delivery-{number}",
        "X-Hub-Signature-256": f"sha256={hmac.new(SECRET, body, hashlib.sha256).hexdigest()}",
    }
    return Delivery(headers, body, event)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description="Measure how fast deliveries of webhooks are taken.")
    parser.add_argument("--rate", type=float, default=200.0, help="deliveries a second (default: 200)")
    parser.add_argument("--seconds", type=float, default=10.0, help="for how long (default: 10)")
    options = parser.parse_args()
    rate: float = max(options.rate, 1.0)
    count = max(int(rate * min(options.seconds, 60.0)), 1)
    asyncio.run(report(partial(measure, count, rate), BOUND_SECONDS))


if __name__ == "__main__":
    main()
