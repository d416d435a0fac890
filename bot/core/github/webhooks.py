"""GitHub's webhooks: whether a delivery is GitHub's, and what happened by it.

Payloads are described at https://docs.github.com/en/webhooks/webhook-events-and-payloads. They are old by the time that
they are worked on, so little is taken from them: which thread, what happened, who did it. What is not named here is
skipped, whatever it is. Nothing is taken from private repositories.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import msgspec

from bot.core.github.events import GithubEvent, Trigger
from bot.core.github.threads import Account, Comment, IssueRef, is_repository

LARGEST = 25 * 1024 * 1024
"""Bytes; GitHub sends no larger payload."""

_SIGNED_WITH = "sha256="
_SIGNATURE = re.compile(r"sha256=[0-9a-f]{64}")

_THREAD_TRIGGERS = {
    "opened": Trigger.OPENED,
    "edited": Trigger.EDITED,
    "reopened": Trigger.REOPENED,
    "closed": Trigger.CLOSED,
    "deleted": Trigger.DELETED,
    "transferred": Trigger.TRANSFERRED,
    "locked": Trigger.LOCKED,
    "unlocked": Trigger.UNLOCKED,
    "labeled": Trigger.LABELED,
    "unlabeled": Trigger.UNLABELED,
}
_COMMENT_TRIGGERS = {"created": Trigger.COMMENTED, "edited": Trigger.COMMENT_EDITED}
_INSTALLATION_TRIGGERS = {
    "created": Trigger.INSTALLED,
    "unsuspend": Trigger.INSTALLED,
    "deleted": Trigger.REMOVED,
    "suspend": Trigger.REMOVED,
}
_TRIGGERS = {
    "issues": _THREAD_TRIGGERS,
    "pull_request": _THREAD_TRIGGERS,
    "issue_comment": _COMMENT_TRIGGERS,
    "installation": _INSTALLATION_TRIGGERS,
    "installation_repositories": {"added": Trigger.INSTALLED, "removed": Trigger.REMOVED},
}

_Number = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
_Time = Annotated[datetime, msgspec.Meta(tz=True)]


class DeliveryError(ValueError):
    """A delivery makes no sense; its text is a sentence what, and a sentence what next."""


class _Repository(msgspec.Struct):
    full_name: str
    private: bool = True


class _Account(msgspec.Struct):
    login: str
    type: str = "User"


class _Thread(msgspec.Struct):
    node_id: str
    number: _Number
    updated_at: _Time


class _Comment(msgspec.Struct):
    id: _Number
    created_at: _Time
    updated_at: _Time
    body: str | None = None
    user: _Account | None = None


class _Label(msgspec.Struct):
    name: str


class _Change(msgspec.Struct):
    before: str | None = msgspec.field(name="from", default=None)


class _Changes(msgspec.Struct):
    body: _Change | None = None


class _ThreadEvent(msgspec.Struct):
    repository: _Repository
    issue: _Thread | None = None
    pull_request: _Thread | None = None
    label: _Label | None = None
    sender: _Account | None = None


class _CommentEvent(msgspec.Struct):
    repository: _Repository
    issue: _Thread
    comment: _Comment
    changes: _Changes | None = None
    sender: _Account | None = None


class _InstallationEvent(msgspec.Struct):
    repositories: Sequence[_Repository] | None = None
    repositories_added: Sequence[_Repository] | None = None
    repositories_removed: Sequence[_Repository] | None = None
    sender: _Account | None = None


class _Event(msgspec.Struct):
    action: str = ""


_decode_event = msgspec.json.Decoder(_Event).decode
_decode_thread_event = msgspec.json.Decoder(_ThreadEvent).decode
_decode_comment_event = msgspec.json.Decoder(_CommentEvent).decode
_decode_installation_event = msgspec.json.Decoder(_InstallationEvent).decode


class SignatureCheck:
    """What a body is signed with, worked out as it arrives. Without a secret nothing is right."""

    def __init__(self, secret: bytes) -> None:
        self._mac = hmac.new(secret, digestmod=hashlib.sha256) if secret else None

    def feed(self, piece: bytes) -> None:
        """Take the next piece of the body."""
        if self._mac is not None:
            self._mac.update(piece)

    def is_on(self, signature: str | None) -> bool:
        """Return whether ``X-Hub-Signature-256`` proves that who knows the secret sent all that came; SHA-256 only.

        How long it takes tells nothing of the right signature.
        """
        if self._mac is None or signature is None or not signature.startswith(_SIGNED_WITH):
            return False
        expected = _SIGNED_WITH + self._mac.hexdigest()
        return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))


def verify(secret: bytes, body: bytes, signature: str | None) -> bool:
    """Return whether ``X-Hub-Signature-256`` proves that a body is from who knows the secret."""
    check = SignatureCheck(secret)
    check.feed(body)
    return check.is_on(signature)


def is_signature(signature: str | None) -> bool:
    """Return whether this could be a signature; of whom, only the body shows."""
    return signature is not None and _SIGNATURE.fullmatch(signature) is not None


def is_ours(event: str) -> bool:
    """Return whether anything that happens by an event (`X-GitHub-Event`) matters here."""
    return event in _TRIGGERS


def issue_key(node_id: str, trigger: Trigger, updated: datetime, label: str | None = None) -> str:
    """Return the key of something that happened to a thread; ``updated`` is the thread's time after it."""
    key = f"issue:{node_id}:{trigger}:{_stamp(updated)}"
    return key if label is None else f"{key}:{label}"


def comment_key(number: int, updated: datetime) -> str:
    """Return the key of a comment as it is since a moment, newly written or edited."""
    return f"comment:{number}:{_stamp(updated)}"


def read_delivery(event: str, body: bytes, delivery: str, received: datetime) -> tuple[GithubEvent, ...]:
    """Read what happened by a delivery whose signature was verified; nothing for what is none of ours.

    ``event`` and ``delivery`` are the headers `X-GitHub-Event` and `X-GitHub-Delivery`. An installation is one
    event for each repository. A ``DeliveryError`` says that the payload makes no sense.
    """
    triggers = _TRIGGERS.get(event)
    if triggers is None:
        return ()
    try:
        trigger = triggers.get(_decode_event(body).action)
        if trigger is None:
            return ()
        match event:
            case "issues" | "pull_request":
                return _thread_event(trigger, _decode_thread_event(body))
            case "issue_comment":
                return _comment_event(trigger, _decode_comment_event(body))
            case _:
                return _installation_events(trigger, _decode_installation_event(body), delivery, received)
    except DeliveryError:
        raise
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError) as error:
        raise DeliveryError(f"The payload is no `{event}` event. {_what_next(body)}") from error


def _thread_event(trigger: Trigger, event: _ThreadEvent) -> tuple[GithubEvent, ...]:
    thread = event.issue or event.pull_request
    if thread is None:
        raise DeliveryError("The payload names no issue or pull request. Send it as GitHub makes it.")
    if event.repository.private:
        return ()
    actor, label = _account(event.sender), None
    if trigger in {Trigger.LABELED, Trigger.UNLABELED}:
        # Only what people do with labels counts; a label that is deleted by now has no name.
        if event.label is None or (actor is not None and actor.is_bot):
            return ()
        label = event.label.name
    at = _utc(thread.updated_at)
    return (
        GithubEvent(
            key=issue_key(thread.node_id, trigger, at, label),
            trigger=trigger,
            repository=_name(event.repository),
            ref=IssueRef(_name(event.repository), thread.number),
            node_id=thread.node_id,
            at=at,
            actor=actor,
            label=label,
        ),
    )


def _comment_event(trigger: Trigger, event: _CommentEvent) -> tuple[GithubEvent, ...]:
    author = _account(event.comment.user)
    if event.repository.private or (author is not None and author.is_bot):
        return ()
    comment = Comment(
        number=event.comment.id,
        body=event.comment.body or "",
        author=author,
        created=_utc(event.comment.created_at),
        updated=_utc(event.comment.updated_at),
    )
    before = None if event.changes is None or event.changes.body is None else event.changes.body.before
    return (
        GithubEvent(
            key=comment_key(comment.number, comment.updated),
            trigger=trigger,
            repository=_name(event.repository),
            ref=IssueRef(_name(event.repository), event.issue.number),
            node_id=event.issue.node_id,
            at=comment.updated,
            actor=_account(event.sender),
            comment=comment,
            before=before if trigger is Trigger.COMMENT_EDITED else None,
        ),
    )


def _installation_events(
    trigger: Trigger, event: _InstallationEvent, delivery: str, received: datetime
) -> tuple[GithubEvent, ...]:
    changed = event.repositories_added if trigger is Trigger.INSTALLED else event.repositories_removed
    names = dict.fromkeys(
        _name(repository) for repository in (*(event.repositories or ()), *(changed or ())) if not repository.private
    )
    # Nothing in the payload tells one removal from the next, so that what is said of it is keyed by the delivery.
    return tuple(
        GithubEvent(
            key=f"repository:{name}:{trigger}:{delivery}",
            trigger=trigger,
            repository=name,
            ref=None,
            node_id="",
            at=received,
            actor=_account(event.sender),
        )
        for name in names
    )


def _account(account: _Account | None) -> Account | None:
    return None if account is None else Account(account.login, is_bot=account.type == "Bot")


def _name(repository: _Repository) -> str:
    if not is_repository(repository.full_name):
        raise DeliveryError("The payload names no repository. Send it as GitHub makes it.")
    return repository.full_name


def _utc(time: datetime) -> datetime:
    return time.astimezone(UTC)


def _stamp(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _what_next(body: bytes) -> str:
    if body.startswith(b"payload="):
        return "Set the webhook's content type to `application/json`."
    return "Send it as GitHub makes it."
