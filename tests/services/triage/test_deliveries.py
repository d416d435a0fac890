"""Deliveries are verified, read and stored before they are answered, each once."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.core.github.events import GithubEvent, Trigger
from bot.services.metrics import Metrics
from bot.services.triage.deliveries import Deliveries, Receipt
from storage.engine.engine import Engine
from storage.github.inbox import Inbox
from tests.databases import open_database, read_only, refuse_writes

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
SECRET = b"It's a Secret to Everybody"
REPOSITORY = {"full_name": "numpy/numpy", "private": False}
ANN = {"login": "ann", "type": "User"}
ISSUE = {"node_id": "I_1", "number": 5, "updated_at": "2026-11-23T09:00:00Z"}
OPENED = {"action": "opened", "issue": ISSUE, "repository": REPOSITORY, "sender": ANN}
KEY = "issue:I_1:opened:2026-11-23T09:00:00Z"


@pytest.fixture
async def database(address: str) -> AsyncIterator[Engine]:
    async with open_database(address) as opened:
        yield opened


@pytest.fixture
def deliveries(database: Engine) -> Deliveries:
    return Deliveries(Inbox(database), SECRET, lambda: NOW, asyncio.Event(), Metrics.new())


def signed(
    payload: Mapping[str, object] | bytes, event: str = "issues", delivery: str = "d1", secret: bytes = SECRET
) -> tuple[dict[str, str], bytes]:
    """Return a delivery as GitHub sends it."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    headers = {
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": delivery,
        "X-Hub-Signature-256": f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}",
    }
    return headers, body


async def arrived(deliveries: Deliveries) -> list[tuple[str, str]]:
    """List deliveries and what happened by them."""
    return [(received.delivery, received.event.key) for received in await deliveries.inbox.claim("me", NOW, 999)]


def counted(deliveries: Deliveries) -> dict[str, float]:
    """Return the deliveries by what became of them."""
    return {
        sample.labels["outcome"]: sample.value
        for metric in deliveries.metrics.deliveries.collect()
        for sample in metric.samples
        if sample.name.endswith("_total") and sample.value
    }


async def test_a_delivery_is_stored_and_the_worker_woken(deliveries: Deliveries) -> None:
    assert await deliveries.take(*signed(OPENED)) == Receipt(202, "Accepted.")
    assert await arrived(deliveries) == [("d1", KEY)]
    assert deliveries.wake.is_set()
    assert counted(deliveries) == {"accepted": 1}


async def test_a_delivery_that_is_known_is_taken_and_nothing_done(deliveries: Deliveries) -> None:
    await deliveries.take(*signed(OPENED))
    deliveries.wake.clear()
    for delivery in ("d1", "d2"):
        assert await deliveries.take(*signed(OPENED, delivery=delivery)) == Receipt(202, "Known already.")
    assert await arrived(deliveries) == [("d1", KEY)]
    assert not deliveries.wake.is_set()
    assert counted(deliveries) == {"accepted": 1, "duplicate": 2}


async def test_what_is_none_of_ours_is_taken_and_not_stored(deliveries: Deliveries) -> None:
    private = {**OPENED, "repository": {**REPOSITORY, "private": True}}
    for payload, event in ((b'{"zen": "Anything."}', "ping"), (OPENED, "push"), (private, "issues"), (b"?", "")):
        assert await deliveries.take(*signed(payload, event)) == Receipt(202, "Nothing to do.")
    assert await arrived(deliveries) == []
    assert not deliveries.wake.is_set()
    assert counted(deliveries) == {"ignored": 4}


async def test_what_is_not_signed_is_not_read(deliveries: Deliveries) -> None:
    headers, body = signed(OPENED)
    unsigned = {name: value for name, value in headers.items() if name != "X-Hub-Signature-256"}
    for wrong, sent in (
        (unsigned, body),
        (headers, body + b" "),
        (signed(OPENED, secret=b"other")[0], body),
        (signed(b"nonsense", secret=b"")[0], b"nonsense"),
    ):
        assert (await deliveries.take(wrong, sent)).status == 401
    assert await arrived(deliveries) == []
    assert counted(deliveries) == {"unsigned": 4}


@pytest.mark.parametrize("delivery", ["", "../1", "a/1", "poll:x", "d" * 101, "ü", "d1\n"])
async def test_a_delivery_without_a_proper_name_is_refused(deliveries: Deliveries, delivery: str) -> None:
    receipt = await deliveries.take(*signed(OPENED, delivery=delivery))
    assert (receipt.status, "X-GitHub-Delivery" in receipt.text) == (400, True)
    assert await arrived(deliveries) == []


async def test_nonsense_that_is_signed_is_a_sentence(deliveries: Deliveries) -> None:
    with capture_logs() as logs:
        receipt = await deliveries.take(*signed(b'{"action": "opened", "issue": 5}'))
    assert receipt == Receipt(400, "The payload is no `issues` event. Send it as GitHub makes it.")
    assert [(line["event"], line["delivery"]) for line in logs] == [("delivery_malformed", "d1")]
    assert counted(deliveries) == {"malformed": 1}


async def test_an_installation_is_stored_for_each_repository_and_known_by_its_delivery(deliveries: Deliveries) -> None:
    repositories = [{**REPOSITORY, "full_name": f"org/{number}"} for number in range(3)]
    created = {"action": "created", "repositories": repositories, "sender": ANN}
    for _ in range(2):
        assert (await deliveries.take(*signed(created, "installation"))).status == 202
    assert [delivery for delivery, _ in await arrived(deliveries)] == ["d1", "d1/1", "d1/2"]
    assert await deliveries.inbox.known(["d1"]) == {"d1"}


async def test_a_large_delivery_is_taken_without_blocking_the_loop(deliveries: Deliveries) -> None:
    large = {**OPENED, "issue": {**ISSUE, "body": "x" * 1_000_000, "labels": [{"name": "x"}] * 10_000}}
    assert (await deliveries.take(*signed(large))).status == 202
    assert (await deliveries.take(*signed(b"[" * 1_000_000, delivery="d2"))).status == 400
    headers, body = signed(large, delivery="d3")
    assert (await deliveries.take(headers, body[:-1])).status == 401
    assert await arrived(deliveries) == [("d1", KEY)]


async def test_where_it_cannot_be_stored_github_is_told_so(deliveries: Deliveries, database: Engine) -> None:
    with capture_logs() as logs:
        async with read_only(database):
            receipt = await deliveries.take(*signed(OPENED))
    assert receipt == Receipt(503, "The delivery could not be stored. Send it again later.")
    assert [line["event"] for line in logs] == ["delivery_lost"]
    assert not deliveries.wake.is_set()
    assert (await deliveries.take(*signed(OPENED))).text == "Accepted."
    assert counted(deliveries) == {"failed": 1, "accepted": 1}


async def test_the_same_delivery_sent_many_times_at_once_is_stored_once(deliveries: Deliveries) -> None:
    receipts = await asyncio.gather(*(deliveries.take(*signed(OPENED)) for _ in range(20)))
    assert {receipt.status for receipt in receipts} == {202}
    assert await arrived(deliveries) == [("d1", KEY)]
    assert counted(deliveries) == {"accepted": 1, "duplicate": 19}


async def test_deliveries_that_come_at_once_are_each_stored_and_answered(deliveries: Deliveries) -> None:
    payloads = [{**OPENED, "issue": {**ISSUE, "node_id": f"I_{number}"}} for number in range(30)]
    receipts = await asyncio.gather(
        *(deliveries.take(*signed(payload, delivery=f"d{number % 20}")) for number, payload in enumerate(payloads))
    )
    assert [receipt.text for receipt in receipts] == ["Accepted."] * 20 + ["Known already."] * 10
    assert [delivery for delivery, _ in await arrived(deliveries)] == [f"d{number}" for number in range(20)]


async def test_deliveries_that_come_at_once_are_all_refused_where_they_cannot_be_stored(
    deliveries: Deliveries, database: Engine
) -> None:
    await refuse_writes(database)
    payloads = [{**OPENED, "issue": {**ISSUE, "node_id": f"I_{number}"}} for number in range(9)]
    with capture_logs() as logs:
        receipts = await asyncio.gather(
            *(deliveries.take(*signed(payload, delivery=f"d{number}")) for number, payload in enumerate(payloads))
        )
    assert [receipt.status for receipt in receipts] == [503] * 9
    assert len(logs) == 9


async def test_a_delivery_whose_sender_gave_up_takes_no_other_with_it(deliveries: Deliveries) -> None:
    others = [{**OPENED, "issue": {**ISSUE, "node_id": f"I_{number}"}} for number in range(3)]
    async with deliveries.inbox.database.transaction():  # the database is busy meanwhile
        first, *rest = [
            asyncio.create_task(deliveries.take(*signed(payload, delivery=f"d{number}")))
            for number, payload in enumerate([OPENED, *others])
        ]
        while len(deliveries.waiting) < len(rest):  # noqa: ASYNC110 — nothing tells of it
            await asyncio.sleep(0)
        first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert [(await each).status for each in rest] == [202] * 3
    assert len(await arrived(deliveries)) == 3


async def test_what_a_poll_finds_is_known_to_webhooks_and_the_other_way(deliveries: Deliveries) -> None:
    polled = [
        GithubEvent(key, Trigger.POLLED, "numpy/numpy", None, "I_1", NOW)
        for key in ("issue:I_2:polled:2026-11-23T08:00:00Z", KEY)
    ]
    await deliveries.happened([])
    assert not deliveries.wake.is_set()
    await deliveries.happened(polled)
    assert deliveries.wake.is_set()
    deliveries.wake.clear()
    assert (await deliveries.take(*signed(OPENED))).text == "Known already."
    await deliveries.happened(polled)
    assert await arrived(deliveries) == [(f"poll:{happened.key}", happened.key) for happened in polled]
    assert not deliveries.wake.is_set()


async def test_the_secret_is_shown_nowhere(deliveries: Deliveries) -> None:
    assert "Everybody" not in repr(deliveries)
    with capture_logs() as logs:
        headers, body = signed(OPENED)
        receipts = [await deliveries.take(headers, body + b"x"), await deliveries.take(*signed(b"?"))]
    assert "Everybody" not in repr((logs, receipts))


@given(
    st.dictionaries(st.sampled_from(["X-GitHub-Event", "X-GitHub-Delivery", "X-Hub-Signature-256"]), st.text()),
    st.binary(),
)
def test_any_unsigned_request_is_refused(headers: dict[str, str], body: bytes) -> None:
    async def take() -> Receipt:
        async with open_database(None) as database:
            return await Deliveries(Inbox(database), SECRET, lambda: NOW, asyncio.Event()).take(headers, body)

    assert asyncio.run(take()).status == 401


# What is seen by the headers alone


@pytest.mark.parametrize(
    ("changed", "status", "outcome"),
    [
        ({"X-Hub-Signature-256": None}, 401, "unsigned"),
        ({"X-Hub-Signature-256": "sha256=" + "0" * 63}, 401, "unsigned"),
        ({"X-Hub-Signature-256": "sha256=" + "g" * 64}, 401, "unsigned"),
        ({"X-Hub-Signature-256": "sha1=" + "0" * 40}, 401, "unsigned"),
        ({"X-GitHub-Delivery": None}, 400, "malformed"),
        ({"X-GitHub-Delivery": "../d1"}, 400, "malformed"),
    ],
)
def test_what_cannot_be_githubs_is_refused_before_its_body_is_read(
    deliveries: Deliveries, changed: Mapping[str, str | None], status: int, outcome: str
) -> None:
    headers = {name: value for name, value in {**signed(OPENED)[0], **changed}.items() if value is not None}
    refusal = deliveries.refusal(headers)
    assert (refusal is not None and refusal.status) == status
    assert counted(deliveries) == {outcome: 1}


def test_what_may_be_githubs_and_is_ours_is_read_and_kept(deliveries: Deliveries) -> None:
    headers, _ = signed(OPENED, secret=b"another")
    assert (deliveries.refusal(headers), deliveries.drain(headers)) == (None, None)


@pytest.mark.parametrize("event", ["ping", "push", "", "Issues"])
@pytest.mark.parametrize(("secret", "status", "outcome"), [(SECRET, 202, "ignored"), (b"another", 401, "unsigned")])
async def test_what_is_none_of_ours_is_verified_piece_by_piece(
    deliveries: Deliveries, event: str, secret: bytes, status: int, outcome: str
) -> None:
    headers, body = signed(OPENED, event, secret=secret)
    drained = deliveries.drain(headers)
    assert drained is not None
    for piece in (body[:10], b"", body[10:]):
        await drained.feed(piece)
    assert (drained.receipt().status, counted(deliveries)) == (status, {outcome: 1})
    assert drained.receipt() == await deliveries.take(headers, body)
