"""What GitHub sends to the App when something happens, how it is signed, and what became of it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import aiohttp
import msgspec

from tests.fakes.discord_json import JsonObject, text
from tests.fakes.github_forms import Forms, stamp
from tests.fakes.github_schema import Schema
from tests.fakes.github_world import FakeApp, FakeRepository, Occurrence, World

ALWAYS_SENT = frozenset({"installation", "installation_repositories", "ping"})
"""Events that every App gets without subscribing."""

_NOT_SENT = 0
_ANSWER_WITHIN = aiohttp.ClientTimeout(total=10)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to deliver; status 0 means that nobody answered."""

    number: int
    at: datetime
    status: int
    redelivery: bool


@dataclass(slots=True, eq=False)
class FakeDelivery:
    """A webhook: what it says, and every attempt to deliver it."""

    guid: str
    event: str
    action: str | None
    payload: JsonObject
    repository: FakeRepository | None
    installation_id: int | None
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def arrived(self) -> bool:
        """Return whether an attempt was answered with success."""
        return any(200 <= attempt.status < 300 for attempt in self.attempts)


@dataclass(slots=True, eq=False)
class Webhooks:
    """Makes deliveries, and sends them one after the other to ``url`` if there is one."""

    world: World
    forms: Forms
    schema: Schema
    complain: Callable[[str], None]
    url: str | None = None
    deliveries: list[FakeDelivery] = field(default_factory=list)
    to_lose: int = 0
    _queue: asyncio.Queue[tuple[FakeDelivery, bool]] = field(default_factory=asyncio.Queue)
    _sender: asyncio.Task[None] | None = None

    @property
    def app(self) -> FakeApp:
        """Return the App that is told."""
        return self.world.app

    def tell(self, happened: Occurrence) -> None:
        """Make a delivery of something that happened, if the App is installed there and wants to know."""
        installation = self.world.installation_of(happened.repository)
        if installation is None or (installation.suspended is not None and happened.event != "installation"):
            return
        if happened.event not in ALWAYS_SENT and happened.event not in self.app.events:
            return
        payload = self._payload(happened) | {"sender": self.forms.user(happened.sender)}
        if happened.event in {"installation", "installation_repositories"}:
            payload["installation"] = self.forms.installation(installation)
        else:
            payload["installation"] = {"id": installation.id, "node_id": f"MDIz{installation.id}"}
        self.deliver(happened.event, payload, happened.repository, installation.id)

    def deliver(
        self, event: str, payload: JsonObject, repository: FakeRepository | None, installation_id: int | None
    ) -> FakeDelivery:
        """Make a delivery and send it."""
        action = text(payload, "action") or None
        for violation in self.schema.webhook(event, action, payload):
            self.complain(violation)
        delivery = FakeDelivery(str(uuid.uuid4()), event, action, payload, repository, installation_id)
        self.deliveries.append(delivery)
        if self.to_lose > 0:
            self.to_lose -= 1
            self._note(delivery, _NOT_SENT, redelivery=False)
        elif self.url is not None:
            self._queue.put_nowait((delivery, False))
        return delivery

    def ping(self) -> FakeDelivery:
        """Send what GitHub sends when a webhook is set up."""
        hook: JsonObject = {
            "type": "App",
            "id": 7,
            "name": "web",
            "active": True,
            "events": list(self.app.events),
            "config": {"content_type": "json", "insecure_ssl": "0", "url": self.url or "https://ftbot.example"},
            "updated_at": stamp(self.world.now()),
            "created_at": stamp(self.world.now()),
            "app_id": int(self.app.id),
            "deliveries_url": f"{self.forms.address()}/app/hook/deliveries",
        }
        payload: JsonObject = {"zen": "Keep it logically awesome.", "hook_id": 7, "hook": hook}
        return self.deliver("ping", payload, None, None)

    def _payload(self, happened: Occurrence) -> JsonObject:
        forms, repository = self.forms, happened.repository
        if happened.event == "installation":
            installation = self.world.installation_of(repository)
            everywhere = [] if installation is None else installation.repositories
            return {
                "action": happened.action,
                "repositories": [_short(one) for one in everywhere],
                "requester": None,
            }
        if happened.event == "installation_repositories":
            added = [_short(repository)] if happened.action == "added" else []
            removed = [_short(repository)] if happened.action == "removed" else []
            return {
                "action": happened.action,
                "repository_selection": "selected",
                "repositories_added": added,
                "repositories_removed": removed,
                "requester": None,
            }
        payload: JsonObject = {"action": happened.action, "repository": forms.repository(repository)}
        if happened.issue is not None:
            if happened.event == "pull_request":
                payload["number"] = happened.issue.number
                payload["pull_request"] = forms.pull_request(happened.issue)
            else:
                payload["issue"] = forms.issue(happened.issue)
            if happened.comment is not None:
                payload["comment"] = forms.comment(happened.issue, happened.comment)
        if happened.label is not None:
            payload["label"] = forms.label(repository, happened.label)
        if happened.before or happened.action == "edited":
            payload["changes"] = {name: {"from": value} for name, value in happened.before.items()}
        if happened.other is not None:
            old = happened.action == "opened"
            which = "old" if old else "new"
            payload["changes"] = {
                f"{which}_issue": forms.issue(happened.other),
                f"{which}_repository": forms.repository(happened.other.repository),
            }
        return payload

    # Sending

    def signed(
        self, event: str, payload: object, *, secret: str | None = None, guid: str | None = None
    ) -> tuple[dict[str, str], bytes]:
        """Return headers and body of a webhook, signed with the App's secret unless another is named."""
        body = payload if isinstance(payload, bytes) else msgspec.json.encode(payload)
        key = (self.app.webhook_secret if secret is None else secret).encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/f05835d",
            "X-GitHub-Delivery": guid or str(uuid.uuid4()),
            "X-GitHub-Event": event,
            "X-GitHub-Hook-ID": "7",
            "X-GitHub-Hook-Installation-Target-ID": self.app.id,
            "X-GitHub-Hook-Installation-Target-Type": "integration",
            "X-Hub-Signature": f"sha1={hmac.new(key, body, hashlib.sha1).hexdigest()}",
            "X-Hub-Signature-256": f"sha256={hmac.new(key, body, hashlib.sha256).hexdigest()}",
        }
        return headers, body

    def start(self) -> None:
        """Begin to send."""
        self._sender = asyncio.create_task(self._send())

    async def stop(self) -> None:
        """Send nothing any more."""
        if self._sender is not None:
            self._sender.cancel()
            await asyncio.wait([self._sender])

    async def sent(self) -> None:
        """Wait until everything was sent and answered."""
        await self._queue.join()

    async def _send(self) -> None:
        async with aiohttp.ClientSession(timeout=_ANSWER_WITHIN) as session:
            while True:
                delivery, redelivery = await self._queue.get()
                try:
                    self._note(delivery, await self._post(session, delivery), redelivery=redelivery)
                finally:
                    self._queue.task_done()

    async def _post(self, session: aiohttp.ClientSession, delivery: FakeDelivery) -> int:
        if self.url is None:
            return _NOT_SENT
        headers, body = self.signed(delivery.event, delivery.payload, guid=delivery.guid)
        try:
            async with session.post(self.url, data=body, headers=headers, allow_redirects=False) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return _NOT_SENT

    def _note(self, delivery: FakeDelivery, status: int, *, redelivery: bool) -> None:
        delivery.attempts.append(Attempt(self.world.new_id(), self.world.now(), status, redelivery))

    # What the App's API says of it

    def listed(self) -> list[JsonObject]:
        """Return every attempt to deliver, newest first."""
        attempts = [(delivery, attempt) for delivery in self.deliveries for attempt in delivery.attempts]
        attempts.sort(key=lambda pair: pair[1].number, reverse=True)
        return [
            {
                "id": attempt.number,
                "guid": delivery.guid,
                "delivered_at": stamp(attempt.at),
                "redelivery": attempt.redelivery,
                "duration": 0.03,
                "status": "OK" if 200 <= attempt.status < 300 else "failed to connect to host",
                "status_code": attempt.status,
                "event": delivery.event,
                "action": delivery.action,
                "installation_id": delivery.installation_id,
                "repository_id": None if delivery.repository is None else delivery.repository.id,
                "throttled_at": None,
            }
            for delivery, attempt in attempts
        ]

    def resend(self, number: int) -> bool:
        """Try a delivery again by the number of one of its attempts; False if there is none of that number."""
        for delivery in self.deliveries:
            if any(attempt.number == number for attempt in delivery.attempts):
                self._queue.put_nowait((delivery, True))
                return True
        return False


def _short(repository: FakeRepository) -> Mapping[str, object]:
    return {
        "id": repository.id,
        "node_id": repository.node_id,
        "name": repository.name,
        "full_name": repository.full_name,
        "private": repository.private,
    }
