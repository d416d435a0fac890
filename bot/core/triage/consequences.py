"""What follows from one thing that happened, as one changeset: either all of it is committed, or nothing.

Everything that it rests on is read before: the thread as a snapshot, and beside it what is ``Gathered``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.core.github.events import GithubEvent, Received, Trigger
from bot.core.github.threads import Comment, Issue
from bot.core.triage.actions import Action, ActionKind, Decision, Mode, Outcome
from bot.core.triage.changeset import AuditEntry, Changeset, Effects, LabelOverride, OutboxEntry, Progress
from bot.core.triage.commands.effects import heard, obey
from bot.core.triage.commands.grammar import Command, StatusCommand, find_commands, names_of
from bot.core.triage.decide.decisions import decide, revise
from bot.core.triage.decide.reviews import reviews_of
from bot.core.triage.settings import RepoSettings, ready_at
from bot.core.triage.snapshot import Snapshot
from bot.core.upstream.threads import EventKind, KnownThread, ThreadEvent, ThreadOrigin, compare, remembered

LABEL_MOVES = frozenset({Trigger.LABELED, Trigger.UNLABELED})
COMMENTS = frozenset({Trigger.COMMENTED, Trigger.COMMENT_EDITED})

_OCCASIONS = frozenset(
    {
        Trigger.OPENED,
        Trigger.EDITED,
        Trigger.REOPENED,
        Trigger.TRANSFERRED,
        Trigger.UNLOCKED,
        Trigger.POLLED,
        Trigger.WHEELS,
        Trigger.ASKED,
    }
)
"""What makes the bot look what could be done about a thread."""


@dataclass(frozen=True, slots=True)
class LeaveAlone:
    """Nothing follows, for this reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Later:
    """It is not time yet."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Gathered:
    """What counts besides the snapshot.

    ``history`` is the thread's audit log, oldest first; ``stored`` are the overrides that are stored; ``planned`` the
    outbox entries that there are for the thread and for what is said once in a repository; ``thread`` is what is
    remembered of it. ``role`` is that of whoever gives commands, and ``statuses`` has the plain text that answers
    `status` about each package that they ask for, None where there is no answer.
    """

    history: Sequence[AuditEntry] = ()
    stored: Mapping[str, LabelOverride] = field(default_factory=dict)
    planned: Sequence[OutboxEntry] = ()
    thread: KnownThread | None = None
    role: str = ""
    statuses: Mapping[str, str | None] = field(default_factory=dict)


def concerns_nobody(event: GithubEvent, app_login: str, *, known: bool) -> bool:
    """Return whether a bot did it, or it is a comment to others on a thread that is not ``known``."""
    if event.trigger not in COMMENTS | LABEL_MOVES:
        return False
    actor = event.actor
    if actor is None or actor.is_bot or actor.login == app_login:
        return True
    return event.comment is not None and not known and not _commands(event, event.comment, app_login)


def before_looking(
    event: GithubEvent, issue: Issue, settings: RepoSettings, now: datetime, *, installed: bool
) -> LeaveAlone | Later | None:
    """Return why a thread that was read just now is not looked at more closely, or not yet."""
    if not installed:
        return LeaveAlone("The repository does not have the App.")
    if settings.mode is Mode.OFF:
        return LeaveAlone("The repository switched the bot off.")
    ready = ready_at(issue.created, event.trigger, settings)
    # A wait that is longer than the grace is from a clock that is behind GitHub's.
    return Later(ready) if now < ready <= now + settings.grace else None


def is_strange(event: GithubEvent, snapshot: Snapshot) -> bool:
    """Return whether a label moved on a thread about something else, and nobody ever said a word of it here."""
    known = snapshot.classification.free_threading or snapshot.entries or snapshot.overrides or snapshot.marks
    return event.trigger in LABEL_MOVES and not known


def commands_in(event: GithubEvent, snapshot: Snapshot) -> tuple[Command, ...]:
    """Return the commands that an event gives, if it may be known which of them are new."""
    comment = event.comment
    if event.trigger not in COMMENTS or comment is None or event.actor is None:
        return ()
    return () if _is_anybodys_guess(event, comment, snapshot) else _commands(event, comment, snapshot.app_login)


def consequences(event: GithubEvent, delivery: str | None, snapshot: Snapshot, gathered: Gathered) -> Changeset:
    """Return all that comes of an event, told of by a delivery if by one; what is known already is left out."""
    issue = snapshot.issue
    effects = _effects(event, snapshot, gathered)
    after = replace(snapshot.after(effects), issue=issue)
    planned = {entry.action.key: entry for entry in gathered.planned}
    decisions = [each for each in effects.decisions if not _stays(each, planned)]
    actor = None if event.actor is None else event.actor.login
    entries = [
        AuditEntry(snapshot.now, issue.ref, issue.node_id, event.trigger, delivery, actor, decision, issue.labels)
        for decision in decisions
    ]
    thread, events = _remembered(event, snapshot, gathered.thread)
    return Changeset(
        delivery=delivery,
        thread=thread,
        events=events,
        entries=_news(entries, gathered.history, planned),
        actions=tuple(each.action for each in decisions if each.outcome is Outcome.DO),
        overrides=tuple(
            override for label, override in after.overrides.items() if gathered.stored.get(label) != override
        ),
        marks=effects.marks if snapshot.rejected is None else (snapshot.rejected, *effects.marks),
        reviews=reviews_of(after),
    )


def app_removed(event: GithubEvent, delivery: str) -> Changeset:
    """Return what follows where a repository removed the App."""
    return Changeset(delivery, cancelled=event.repository)


def thread_gone(delivery: str, known: KnownThread | None, now: datetime) -> Changeset:
    """Return what follows where a thread is not there any more."""
    return Changeset(delivery, thread=None if known is None else replace(known, gone=now))


def given_up(received: Received, reason: str, now: datetime) -> Changeset:
    """Return the audit line that nothing was decided about a thread."""
    event = received.event
    if event.ref is None:
        return Changeset(received.delivery)
    action = Action(ActionKind.ADD_LABEL, event.ref, event.node_id, "", "triage", 1)
    decision = Decision(action, Mode.DRY_RUN, Outcome.BLOCKED, reason)
    actor = None if event.actor is None else event.actor.login
    entry = AuditEntry(now, event.ref, event.node_id, event.trigger, received.delivery, actor, decision)
    return Changeset(received.delivery, entries=(entry,))


def _effects(event: GithubEvent, snapshot: Snapshot, gathered: Gathered) -> Effects:
    """Decide what comes of an event."""
    if event.trigger in _OCCASIONS:
        return Effects(decide(snapshot))
    if event.trigger in LABEL_MOVES and event.label is not None and event.actor is not None:
        issue, wanted = snapshot.issue, event.trigger is Trigger.LABELED
        override = LabelOverride(issue.node_id, event.label, wanted, issue.ref.repository, event.actor.login, event.at)
        moved = Effects(overrides=(override,))
        return replace(moved, decisions=revise(snapshot.after(moved)))
    if event.trigger in COMMENTS and event.comment is not None:
        return _obeyed(event, event.comment, snapshot, gathered)
    return Effects()


def _obeyed(event: GithubEvent, comment: Comment, snapshot: Snapshot, gathered: Gathered) -> Effects:
    """Do what a comment says, command by command, each with what came of those before it."""
    effects = heard(comment, snapshot)
    for command in commands_in(event, snapshot):
        # Who edited a comment is who says what is new in it, with the role that they have now.
        said = replace(comment, author=event.actor)
        status = gathered.statuses.get(command.package) if isinstance(command, StatusCommand) else None
        now = snapshot.after(effects)
        effects = effects.and_then(obey(command, said, gathered.role, now, gathered.history, status))
    return effects


def _commands(event: GithubEvent, comment: Comment, app_login: str) -> tuple[Command, ...]:
    """Find what a comment tells the bot, by any of its names."""
    return find_commands(comment.body, event.before, names_of(app_login), event.repository)


def _is_anybodys_guess(event: GithubEvent, comment: Comment, snapshot: Snapshot) -> bool:
    """Return whether commands of an edited comment were done before, and nobody knows which of them are new.

    Polls see what a comment says now, never what it said before.
    """
    if event.trigger is not Trigger.COMMENT_EDITED or event.before is not None:
        return False
    return any(entry.action.comment == comment.number for entry in snapshot.entries)


def _stays(decision: Decision, planned: Mapping[str, OutboxEntry]) -> bool:
    """Return whether an action was planned before: on this thread or, if it is done once for all, on another.

    What was dropped is planned anew: what came between has passed, or it would not be decided.
    """
    entry = planned.get(decision.action.key)
    return decision.outcome is Outcome.DO and entry is not None and entry.progress is not Progress.DROPPED


def _news(
    entries: Iterable[AuditEntry], history: Sequence[AuditEntry], planned: Mapping[str, OutboxEntry]
) -> tuple[AuditEntry, ...]:
    """Leave out what was decided the same way last time, unless it is planned anew."""
    last = {entry.decision.action.key: entry.decision for entry in history}
    return tuple(
        entry
        for entry in entries
        if (before := last.get(entry.decision.action.key)) is None
        or (before.outcome, before.reason) != (entry.decision.outcome, entry.decision.reason)
        or (entry.decision.outcome is Outcome.DO and entry.decision.action.key in planned)
    )


def _remembered(
    event: GithubEvent, snapshot: Snapshot, before: KnownThread | None
) -> tuple[KnownThread | None, tuple[ThreadEvent, ...]]:
    """Return what is remembered of the thread, and what happened to it; nothing where it concerns nobody here."""
    issue, found = snapshot.issue, snapshot.classification
    if before is None and not found.free_threading:
        return None, ()
    kinds = tuple(kind.kind for kind in found.kinds)
    now = KnownThread(issue, ThreadOrigin.TRIAGE, next(iter(found.packages), None), found.free_threading, kinds)
    # Comments are counted when they are told of, with their author: the bot's own are none.
    events = [each for each in compare(before, now) if each.kind is not EventKind.COMMENTED]
    if event.trigger is Trigger.COMMENTED and event.comment is not None:
        events.append(_comment_event(now, event.comment))
    return remembered(before, now), tuple(events)


def _comment_event(thread: KnownThread, comment: Comment) -> ThreadEvent:
    issue = thread.issue
    return ThreadEvent(
        kind=EventKind.COMMENTED,
        node_id=issue.node_id,
        ref=issue.ref,
        title=issue.title,
        is_pr=issue.is_pr,
        package=thread.package,
        at=comment.created,
        comments=issue.comments,
        detail="1",
    )
