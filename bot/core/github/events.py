"""Something that happened where the App is installed, whoever told of it: a webhook, a poll, a person, or the scan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.core.github.threads import Account, Comment, IssueRef


class Trigger(StrEnum):
    """What happened, by GitHub's names where it has one."""

    OPENED = "opened"
    EDITED = "edited"
    REOPENED = "reopened"
    CLOSED = "closed"
    DELETED = "deleted"
    TRANSFERRED = "transferred"
    LOCKED = "locked"
    UNLOCKED = "unlocked"
    LABELED = "labeled"
    UNLABELED = "unlabeled"
    COMMENTED = "commented"
    COMMENT_EDITED = "comment-edited"
    INSTALLED = "installed"
    REMOVED = "removed"
    POLLED = "polled"
    WHEELS = "wheels"
    ASKED = "asked"


@dataclass(frozen=True, slots=True)
class GithubEvent:
    """One thing that happened.

    ``key`` is the same whoever told of it, so that it is worked on once. ``ref`` is None and ``node_id`` empty where a
    whole repository is meant (installed, removed). ``before`` is the text of a comment before it was edited; ``label``
    the label that was put on or taken off; ``package``, ``version`` and ``target`` say whose wheels appeared or
    declare something else, and for which Python.
    """

    key: str
    trigger: Trigger
    repository: str
    ref: IssueRef | None
    node_id: str
    at: datetime
    actor: Account | None = None
    label: str | None = None
    comment: Comment | None = None
    before: str | None = None
    package: str | None = None
    version: str | None = None
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """Something that happened, by the delivery that told of it; ``attempts`` says how often work on it failed."""

    delivery: str
    event: GithubEvent
    received: datetime
    attempts: int = 0
