"""Deliveries of webhooks: verified, read and kept before GitHub is told that they arrived; worked on later."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import ParamSpec, TypeVar

import structlog

from bot.core.errors import StorageError
from bot.core.github.events import GithubEvent
from bot.core.github.webhooks import DeliveryError, SignatureCheck, is_ours, is_signature, read_delivery, verify
from bot.services.metrics import Delivery, Metrics
from storage.github.inbox import Inbox

_AT_ONCE = 64 * 1024
"""Bytes; a larger body takes so long to verify and read that other tasks should not wait for it."""

_DELIVERY = re.compile(r"[A-Za-z0-9-]{1,100}")

_P = ParamSpec("_P")
_T = TypeVar("_T")

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to a delivery; only one whose status is 2xx is not delivered again."""

    status: int
    text: str


_UNSIGNED = Receipt(
    HTTPStatus.UNAUTHORIZED, "The signature is missing or wrong. Set the same webhook secret on both sides."
)
_NAMELESS = Receipt(HTTPStatus.BAD_REQUEST, "X-GitHub-Delivery is missing or wrong. Send it as GitHub makes it.")
_NOTHING = Receipt(HTTPStatus.ACCEPTED, "Nothing to do.")
_KNOWN = Receipt(HTTPStatus.ACCEPTED, "Known already.")
_ACCEPTED = Receipt(HTTPStatus.ACCEPTED, "Accepted.")
_FAILED = Receipt(HTTPStatus.SERVICE_UNAVAILABLE, "The delivery could not be stored. Send it again later.")


@dataclass(frozen=True, slots=True)
class _Waiting:
    """What a delivery told of, and how much of it proves to be new."""

    told: tuple[tuple[str, GithubEvent], ...]
    new: Future[int] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class DrainedBody:
    """The body of a delivery that is none of ours: verified as it arrives, and not kept."""

    check: SignatureCheck
    signature: str | None
    count: Callable[[Delivery, Receipt], Receipt]

    async def feed(self, piece: bytes) -> None:
        """Take the next piece."""
        self.check.feed(piece)

    def receipt(self) -> Receipt:
        """Answer, when that was all."""
        if self.check.is_on(self.signature):
            return self.count(Delivery.IGNORED, _NOTHING)
        return self.count(Delivery.UNSIGNED, _UNSIGNED)


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Takes what happened into the inbox; ``secret`` is shared with GitHub, ``wake`` is set when there is work."""

    inbox: Inbox
    secret: bytes = field(repr=False)
    now: Callable[[], datetime]
    wake: asyncio.Event
    metrics: Metrics = field(default_factory=Metrics.new)
    waiting: list[_Waiting] = field(default_factory=list, init=False, repr=False)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False, repr=False)

    def refusal(self, headers: Mapping[str, str]) -> Receipt | None:
        """Refuse a delivery that cannot be GitHub's, by its headers; None for one whose body is to be read."""
        if not is_signature(headers.get("X-Hub-Signature-256")):
            return self._count(Delivery.UNSIGNED, _UNSIGNED)
        if not _DELIVERY.fullmatch(headers.get("X-GitHub-Delivery", "")):
            return self._count(Delivery.MALFORMED, _NAMELESS)
        return None

    def drain(self, headers: Mapping[str, str]) -> DrainedBody | None:
        """Return what reads the body of a delivery that is none of ours; None for one whose body is to be kept.

        It is verified all the same: who does not know the secret learns nothing from an answer, and whoever sets up a
        webhook sees by the first delivery, a `ping`, whether the secret is right.
        """
        if is_ours(headers.get("X-GitHub-Event", "")):
            return None
        return DrainedBody(SignatureCheck(self.secret), headers.get("X-Hub-Signature-256"), self._count)

    async def take(self, headers: Mapping[str, str], body: bytes) -> Receipt:
        """Take a delivery; what is known already, or none of ours, is taken too."""
        if (refusal := self.refusal(headers)) is not None:
            return refusal
        return self._count(*await self._take(headers, body))

    async def happened(self, events: Sequence[GithubEvent]) -> None:
        """Take what was found by asking GitHub, or by the scan, in this order. Raises ``StorageError``."""
        if events and await self.inbox.receive_many([(f"poll:{event.key}", event) for event in events], self.now()):
            self.wake.set()

    def _count(self, outcome: Delivery, receipt: Receipt) -> Receipt:
        self.metrics.deliveries.labels(outcome.value).inc()
        return receipt

    async def _take(self, headers: Mapping[str, str], body: bytes) -> tuple[Delivery, Receipt]:
        signature = headers.get("X-Hub-Signature-256")
        if not await _run(len(body), verify, self.secret, body, signature):
            return Delivery.UNSIGNED, _UNSIGNED
        event, delivery = headers.get("X-GitHub-Event", ""), headers.get("X-GitHub-Delivery", "")
        now = self.now()
        try:
            events = await _run(len(body), read_delivery, event, body, delivery, now)
        except DeliveryError as error:
            log.warning("delivery_malformed", delivery=delivery, reason=str(error))
            return Delivery.MALFORMED, Receipt(HTTPStatus.BAD_REQUEST, str(error))
        if not events:
            return Delivery.IGNORED, _NOTHING
        # The first has the delivery's own name, by which it is known when GitHub lists deliveries.
        names = (delivery, *(f"{delivery}/{number}" for number in range(1, len(events))))
        try:
            new = await self._keep(tuple(zip(names, events, strict=True)))
        except StorageError as error:
            log.error("delivery_lost", delivery=delivery, reason=str(error))  # noqa: TRY400 — not a bug, and said in full
            return Delivery.FAILED, _FAILED
        if not new:
            return Delivery.DUPLICATE, _KNOWN
        self.wake.set()
        return Delivery.ACCEPTED, _ACCEPTED

    async def _keep(self, told: tuple[tuple[str, GithubEvent], ...]) -> int:
        """Store what a delivery told of together with what others did that came while the database was busy."""
        mine = _Waiting(told)
        self.waiting.append(mine)
        async with self.turn:
            if not mine.new.done():
                group = self.waiting[:]
                self.waiting.clear()
                try:
                    stored = await self.inbox.receive_groups([each.told for each in group], self.now())
                except BaseException as error:
                    failure = error if isinstance(error, StorageError) else StorageError("It was stopped meanwhile.")
                    for each in group:
                        each.new.set_exception(failure)
                    raise
                for each, new in zip(group, stored, strict=True):
                    each.new.set_result(new)
        return mine.new.result()


async def _run(size: int, work: Callable[_P, _T], *given: _P.args, **named: _P.kwargs) -> _T:
    """Do something with a body of a delivery, in a thread if it is large."""
    if size > _AT_ONCE:
        return await asyncio.to_thread(work, *given, **named)
    return work(*given, **named)
