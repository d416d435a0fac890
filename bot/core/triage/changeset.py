"""What follows from one GitHub event, as data: committed in one transaction before anything is done on GitHub."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.core.github.events import Trigger
from bot.core.github.threads import IssueRef
from bot.core.triage.actions import Action, Decision
from bot.core.upstream.threads import KnownThread, ThreadEvent


class Progress(StrEnum):
    """How far an action is. ``SENT`` is committed before the request goes out: found so, look before sending again."""

    PLANNED = "planned"
    SENT = "sent"
    CONFIRMED = "confirmed"
    DROPPED = "dropped"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """An action in the outbox; ``due`` is when to try next, None if there is nothing left to do.

    ``written`` is the number of the comment that came of it; ``forbidden`` says how often GitHub forbade to do it.
    """

    action: Action
    progress: Progress
    planned: datetime
    due: datetime | None
    sent: datetime | None = None
    attempts: int = 0
    written: int | None = None
    reason: str | None = None
    forbidden: int = 0

    def begun(self, now: datetime, due: datetime) -> OutboxEntry:
        """Return it as it is when its request goes out; ``due`` is when to look for what became of it."""
        return replace(self, progress=Progress.SENT, sent=now, due=due)

    def unsent(self) -> OutboxEntry:
        """Take it back: GitHub said that nothing was done."""
        return replace(self, progress=Progress.PLANNED, sent=None)

    def put_off(self, until: datetime, reason: str) -> OutboxEntry:
        """Return it to be tried later. What was begun stays begun: it is looked for before it is sent again."""
        return replace(self, due=until, attempts=self.attempts + 1, reason=reason)

    def ended(self, progress: Progress, reason: str, written: int | None = None) -> OutboxEntry:
        """Return it with nothing left to do; ``written`` is the comment that came of it."""
        return replace(self, progress=progress, due=None, reason=reason, written=written or self.written)


@dataclass(frozen=True, slots=True)
class LabelOverride:
    """A human's decision that a label is on or off a thread. The latest one counts, in whatever order they arrive."""

    node_id: str
    label: str
    wanted: bool
    repository: str
    actor: str
    at: datetime


class MarkKind(StrEnum):
    """What a human can say of a thread by a command, besides labels.

    ``UNWANTED`` is said without a command, by what was done with the bot's comment: its value is `REMOVED` or
    `DISLIKED`. ``OVER`` nobody says: it stands for all that was done about a thread so long ago that it is forgotten.
    """

    IGNORE = "ignore"
    DUPLICATE = "duplicate"
    UPSTREAM = "upstream"
    NEEDS_INFO = "needs-info"
    UNWANTED = "unwanted"
    OVER = "over"


REMOVED, DISLIKED = "removed", "disliked"
"""What a person did with the bot's comment who does not want it: took it away, or gave it a thumbs-down."""


@dataclass(frozen=True, slots=True)
class ThreadMark:
    """What a human said of a thread; the latest of a kind counts.

    ``value`` is a thread, `yes`, what `MarkKind` tells, or empty to undo it.
    """

    node_id: str
    kind: MarkKind
    value: str
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Review:
    """Whether a human left a label that a rule put on a thread (``right``), or took it off; one for each of both."""

    rule: str
    version: int
    node_id: str
    label: str
    right: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class RuleDrop:
    """A rule that came to be corrected so often that it only suggests, and how often it was right just then.

    ``number`` tells one drop from all others; ``begun`` is when somebody began to tell the bot's owner, if they did.
    """

    number: int
    rule: str
    version: int
    since: datetime
    right: int
    reviewed: int
    begun: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit log: a decision or its result, with what led to it and the labels there were."""

    at: datetime
    ref: IssueRef
    node_id: str
    trigger: Trigger
    delivery: str | None
    actor: str | None
    decision: Decision
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Effects:
    """What comes of something that was said or done: what is decided, and what it says of labels and of the thread."""

    decisions: tuple[Decision, ...] = ()
    overrides: tuple[LabelOverride, ...] = ()
    marks: tuple[ThreadMark, ...] = ()

    def and_then(self, other: Effects) -> Effects:
        """Put together what comes of two things that were said in one breath: of a label, the second word counts."""
        overrides = {override.label.casefold(): override for override in (*self.overrides, *other.overrides)}
        return Effects(self.decisions + other.decisions, tuple(overrides.values()), self.marks + other.marks)


@dataclass(frozen=True, slots=True)
class Changeset:
    """All that comes of one event; what is known already is not written twice.

    ``actions`` are those of ``entries`` that shall be done. ``cancelled`` is a repository that removed the App: all its
    open actions are dropped, and the texts of its threads forgotten.
    """

    delivery: str | None = None
    thread: KnownThread | None = None
    events: tuple[ThreadEvent, ...] = ()
    entries: tuple[AuditEntry, ...] = ()
    actions: tuple[Action, ...] = ()
    overrides: tuple[LabelOverride, ...] = ()
    marks: tuple[ThreadMark, ...] = ()
    reviews: tuple[Review, ...] = ()
    cancelled: str | None = None
