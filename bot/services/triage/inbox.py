"""Decides what is done about threads of repositories that installed the App; nothing is done on GitHub here.

Whatever happened is only an occasion to look: payloads are old, so the thread is read again, and what comes of it is
written down in one transaction with the end of the event. ``checkpoint`` is called between any two steps, for tests
that end the process there. With the operator's switch off the inbox is kept, and nothing in it decided.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from bot.clients.github.app import GithubApp
from bot.clients.github.repository import PrivateError, RepositoryReader
from bot.clients.github.worker import TokenRefusedError
from bot.core.errors import StorageError, UpstreamError, UserError
from bot.core.github.events import GithubEvent, Received, Trigger
from bot.core.github.threads import Comment, ForbiddenError, GoneError, Issue, IssueRef
from bot.core.posting.posts import pause
from bot.core.triage.actions import Action, ActionKind, Decision, Mode, Outcome
from bot.core.triage.changeset import AuditEntry, Changeset, Effects, LabelOverride, OutboxEntry, Progress
from bot.core.triage.commands.effects import heard, obey
from bot.core.triage.commands.grammar import Command, StatusCommand, find_commands, names_of
from bot.core.triage.commands.replies import status_text
from bot.core.triage.decide.decisions import decide, revise
from bot.core.triage.decide.reviews import reviews_of
from bot.core.triage.preview import Preview, Replayed
from bot.core.triage.settings import Policy, ready_at
from bot.core.triage.snapshot import Snapshot
from bot.core.upstream.threads import EventKind, KnownThread, ThreadEvent, ThreadOrigin, compare, remembered
from bot.core.verdicts.rules import Verdict
from bot.services.packages.lookup import StatusLookup
from bot.services.triage.outbox import OutboxWorker, go_on
from bot.services.triage.repositories import RepositoryFacts
from bot.services.triage.snapshots import Snapshots, Wheels, read_thread
from bot.services.triage.stores import TriageStores

ATTEMPTS = 20
"""How often an event is tried before it is given up: for most of a day, as the pauses grow."""

_FORBIDDEN_PAUSE = timedelta(hours=3)
_AT_ONCE = 50
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

_COMMENTS = frozenset({Trigger.COMMENTED, Trigger.COMMENT_EDITED})
_LABELS = frozenset({Trigger.LABELED, Trigger.UNLABELED})

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _View:
    """A thread as it is now, and what its repository wants."""

    issue: Issue
    policy: Policy
    installed: bool


@dataclass(frozen=True, slots=True)
class Triage:
    """Works through the inbox, one thread at a time; ``wake`` is set when there is something for the outbox worker."""

    snapshots: Snapshots
    stores: TriageStores
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    worker: OutboxWorker | None = None
    checkpoint: Callable[[str], None] = go_on
    _complaints: set[str] = field(default_factory=set)

    @classmethod
    def new(  # noqa: PLR0913 — what triage is made of, by name
        cls,
        reader: RepositoryReader,
        stores: TriageStores,
        lookup: StatusLookup,
        *,
        now: Callable[[], datetime],
        wake: asyncio.Event | None = None,
        enabled: bool = True,
        worker: OutboxWorker | None = None,
        checkpoint: Callable[[str], None] = go_on,
    ) -> Triage:
        """Build it. A reader that is not the App can only preview and replay. Applying needs a ``worker``."""
        snapshots = Snapshots(RepositoryFacts(reader, now), stores, lookup, now, enabled)
        return cls(snapshots, stores, wake or asyncio.Event(), worker, checkpoint)

    async def work(self) -> None:
        """Work on everything that is due, in the order in which it arrived; what fails is put off, the others go on."""
        if not self.snapshots.enabled:
            return
        try:
            while due := await self.stores.inbox.due(self._now(), _AT_ONCE):
                for received in due:
                    self.checkpoint("taken")
                    await self._take(received)
        except StorageError as error:
            log.warning("storage_failed", reason=str(error))

    async def preview(self, ref: IssueRef) -> Preview:
        """Say what would be done about a thread now, and why; nothing is stored or done. Raises ``UpstreamError``."""
        view = await self._view(ref)
        snapshot = await self.snapshots.take(view.issue, view.policy, Trigger.ASKED, installed=view.installed)
        history = await self.stores.audit.of_node(view.issue.node_id)
        return Preview(snapshot, decide(snapshot), history)

    async def apply(self, ref: IssueRef) -> Preview:
        """Do what the repository's policy allows to be done about a thread; gives what that was.

        Raises ``UserError`` without the App, or where it is not installed, and ``UpstreamError``.
        """
        if self.worker is None or not isinstance(self._facts.reader, GithubApp):
            raise UserError(
                "Nothing can be done on GitHub without the App."
                " Set FTBOT_GITHUB_APP_ID and FTBOT_GITHUB_PRIVATE_KEY, or leave out --apply."
            )
        if not await self._facts.installed(ref.repository):
            raise UserError(
                f"{ref.repository} has not installed the App, so nothing can be done there."
                " Ask its maintainers to install it, or leave out --apply."
            )
        view, at = await self._view(ref), self._now()
        issue = view.issue
        asked = GithubEvent(f"asked:{issue.node_id}:{at.isoformat()}", Trigger.ASKED, ref.repository, ref, "", at)
        snapshot = await self.snapshots.take(issue, view.policy, Trigger.ASKED, installed=view.installed)
        decisions = decide(snapshot)
        if view.policy.settings.mode is not Mode.OFF:
            changeset = await self._settled(asked, None, snapshot, Effects(decisions))
            await self.stores.changesets.record(changeset, self._now())
            await self.worker.tick()
        return Preview(snapshot, decisions, await self.stores.audit.of_node(issue.node_id))

    async def replay(self) -> tuple[Replayed, ...]:
        """Run the rules over every stored thread; nothing is stored or done."""
        replayed = []
        for thread in await self.stores.threads.all():
            found = await read_thread(thread.issue)
            replayed.append(Replayed(thread, found.free_threading, tuple(kind.kind for kind in found.kinds)))
        return tuple(replayed)

    @property
    def _facts(self) -> RepositoryFacts:
        return self.snapshots.facts

    def _now(self) -> datetime:
        return self.snapshots.now()

    async def _take(self, received: Received) -> None:
        """Work on one event; what goes wrong with it decides when it is tried again."""
        try:
            try:
                await self._work_on(received)
            except PrivateError as error:
                await self.stores.threads.forget(error.repository, self._now())
                await self._gone(received, str(error))
            except GoneError as error:
                await self._gone(received, str(error))
        except StorageError:
            raise
        except ForbiddenError as error:
            await self._forbidden(received, error)
        except UpstreamError as error:
            await self._put_off(received, str(error), pause(received.attempts + 1, error.retry_after))
        except Exception as error:
            # One thread's trouble must not keep the others waiting.
            log.exception("triage_failed", delivery=received.delivery, **_about(received.event))
            reason = f"Something broke on my side ({type(error).__name__})."
            await self._put_off(received, reason, pause(received.attempts + 1))

    async def _work_on(self, received: Received) -> None:
        event = received.event
        if event.ref is None:
            await self._repository_changed(received)
        elif event.trigger is Trigger.DELETED:
            await self._gone(received, "The thread was deleted.")
        elif await self._concerns_nobody(event, event.ref):
            await self.stores.inbox.close(received.delivery, "Nothing follows from it.")
        else:
            await self._look_at(received, event, event.ref)

    async def _repository_changed(self, received: Received) -> None:
        event = received.event
        self._facts.forget(event.repository)
        if event.trigger is not Trigger.REMOVED:
            await self.stores.inbox.close(received.delivery)
        elif await self._facts.installed(event.repository, fresh=True):
            # A delivery may be days old, and asked for again by ourselves.
            await self.stores.inbox.close(received.delivery, "The App is installed there again.")
        else:
            changeset = Changeset(received.delivery, cancelled=event.repository)
            await self.stores.changesets.record(changeset, self._now())
            self.checkpoint("settled")
        log.info("repository_changed", **_about(event))

    async def _concerns_nobody(self, event: GithubEvent, ref: IssueRef) -> bool:
        """Return whether a bot did it, this one included, or it is a comment to others on an unknown thread."""
        if event.trigger not in _COMMENTS | _LABELS:
            return False
        login = await self._facts.login()
        actor = event.actor
        if actor is None or actor.is_bot or actor.login == login:
            return True
        if event.comment is None or _commands(event.comment, event, login):
            return False
        known = await self.stores.threads.get(event.node_id) or await self.stores.threads.at(ref)
        return known is None

    async def _look_at(self, received: Received, event: GithubEvent, ref: IssueRef) -> None:
        view = await self._view(ref)
        left_alone = _why_left_alone(view)
        if left_alone is not None:
            await self.stores.inbox.close(received.delivery, left_alone)
            return
        ready = ready_at(view.issue.created, event.trigger, view.policy.settings)
        # A wait that is longer than the grace is from a clock that is behind GitHub's.
        if self._now() < ready <= self._now() + view.policy.settings.grace:
            await self.stores.inbox.put_off(received.delivery, ready)
            return
        self.checkpoint("read")
        await self._follow(event, view.issue)
        wheels = None
        if event.package is not None and event.target is not None:
            wheels = Wheels(event.package, event.target)
        snapshot = await self.snapshots.take(
            view.issue, view.policy, event.trigger, installed=view.installed, wheels=wheels
        )
        if event.trigger in _LABELS and _is_strange(snapshot):
            await self.stores.inbox.close(received.delivery, "The thread is about something else.")
            return
        obeyed = await self._consider(event, snapshot)
        changeset = await self._settled(event, received.delivery, snapshot, obeyed)
        self.checkpoint("decided")
        await self.stores.changesets.record(changeset, self._now())
        self.checkpoint("settled")
        self._complaints.discard(event.repository)
        if changeset.actions:
            self.wake.set()
        log.info("triaged", actions=len(changeset.actions), **_about(event))

    async def _view(self, ref: IssueRef) -> _View:
        issue = await self._facts.reader.issue(ref)
        repository = issue.ref.repository
        installed = await self._facts.installed(repository)
        return _View(issue, await self._facts.policy(repository), installed)

    async def _follow(self, event: GithubEvent, issue: Issue) -> None:
        """Store what is known of a thread that was transferred under its new id."""
        if event.node_id in {"", issue.node_id}:
            return
        known = await self.stores.threads.get(event.node_id)
        if known is not None:
            await self.stores.threads.rebind(event.node_id, replace(known, issue=issue))
            self.checkpoint("followed")

    async def _consider(self, event: GithubEvent, snapshot: Snapshot) -> Effects:
        """Decide what comes of an event."""
        if event.trigger in _OCCASIONS:
            return Effects(decide(snapshot))
        if event.trigger in _LABELS and event.label is not None and event.actor is not None:
            wanted = event.trigger is Trigger.LABELED
            issue = snapshot.issue
            override = LabelOverride(
                issue.node_id, event.label, wanted, issue.ref.repository, event.actor.login, event.at
            )
            moved = Effects(overrides=(override,))
            return replace(moved, decisions=revise(snapshot.after(moved)))
        if event.trigger in _COMMENTS and event.comment is not None:
            return await self._obey(event, event.comment, snapshot, heard(event.comment, snapshot))
        return Effects()

    async def _obey(self, event: GithubEvent, comment: Comment, snapshot: Snapshot, said: Effects) -> Effects:
        """Do what a comment says, command by command, each with what came of those before it."""
        issue = snapshot.issue
        commands = _commands(comment, event, snapshot.app_login)
        if not commands or event.actor is None or _is_anybodys_guess(event, comment, snapshot):
            return said
        # Who edited a comment is who says what is new in it, with the role that they have now.
        comment = replace(comment, author=event.actor)
        role = await self._facts.reader.role(issue.ref.repository, event.actor.login)
        history = await self.stores.audit.of_node(issue.node_id)
        for command in commands:
            status = await self._status_text(command.package) if isinstance(command, StatusCommand) else None
            said = said.and_then(obey(command, comment, role, snapshot.after(said), history, status))
        return said

    async def _status_text(self, package: str) -> str | None:
        """Answer whether a package works, in plain sentences; None where that is not known."""
        status = await self.snapshots.lookup.look_up(package)
        return None if status.headline.verdict is Verdict.UNKNOWN else status_text(status)

    async def _settled(
        self, event: GithubEvent, delivery: str | None, snapshot: Snapshot, obeyed: Effects
    ) -> Changeset:
        """Return all that comes of an event, as it is written down."""
        issue = snapshot.issue
        after = replace(snapshot.after(obeyed), issue=issue)
        stored = await self.stores.overrides.of(issue.node_id)
        planned = {each.action.key: await self.stores.outbox.get(each.action.key) for each in obeyed.decisions}
        decisions = [each for each in obeyed.decisions if not _stays(each, planned[each.action.key])]
        thread, events = await self._thread(event, snapshot)
        entries = [
            AuditEntry(
                at=self._now(),
                ref=issue.ref,
                node_id=issue.node_id,
                trigger=event.trigger,
                delivery=delivery,
                actor=None if event.actor is None else event.actor.login,
                decision=decision,
                labels=issue.labels,
            )
            for decision in decisions
        ]
        return Changeset(
            delivery=delivery,
            thread=thread,
            events=events,
            entries=_news(entries, await self.stores.audit.of_node(issue.node_id), planned),
            actions=tuple(each.action for each in decisions if each.outcome is Outcome.DO),
            overrides=tuple(override for label, override in after.overrides.items() if stored.get(label) != override),
            marks=obeyed.marks,
            reviews=reviews_of(after),
        )

    async def _thread(
        self, event: GithubEvent, snapshot: Snapshot
    ) -> tuple[KnownThread | None, tuple[ThreadEvent, ...]]:
        """Return what is remembered of the thread, and what happened to it; nothing where it concerns nobody here."""
        issue, found = snapshot.issue, snapshot.classification
        before = await self.stores.threads.get(issue.node_id)
        if before is None and not found.free_threading:
            return None, ()
        kinds = tuple(kind.kind for kind in found.kinds)
        now = KnownThread(issue, ThreadOrigin.TRIAGE, next(iter(found.packages), None), found.free_threading, kinds)
        # Comments are counted when they are told of, with their author: the bot's own are none.
        events = [each for each in compare(before, now) if each.kind is not EventKind.COMMENTED]
        if event.trigger is Trigger.COMMENTED and event.comment is not None:
            events.append(_comment_event(now, event.comment))
        return remembered(before, now), tuple(events)

    async def _gone(self, received: Received, reason: str) -> None:
        """Close what cannot be worked on any more, and remember that the thread is not there."""
        event = received.event
        thread = None
        if event.ref is not None and await self._facts.installed(event.repository):
            threads = self.stores.threads
            known = await threads.get(event.node_id) or await threads.at(event.ref)
            thread = None if known is None else replace(known, gone=self._now())
        await self.stores.changesets.record(Changeset(received.delivery, thread=thread), self._now())
        self.checkpoint("settled")
        log.info("thread_gone", reason=reason, **_about(event))

    async def _forbidden(self, received: Received, error: ForbiddenError) -> None:
        """Wait until somebody mends the credentials or permissions, and say so once; without the App, close it."""
        repository, reason = received.event.repository, str(error)
        if not isinstance(error, TokenRefusedError):
            if received.event.trigger is Trigger.TRANSFERRED:
                await self._gone(received, "The thread was moved to where the App is not installed.")
                return
            if not await self._is_installed(repository):
                await self.stores.inbox.close(received.delivery, "The App is not installed there.")
                return
        if received.attempts == 0:  # the App may just have been installed anew
            await self._put_off(received, reason, pause(1))
            return
        if repository not in self._complaints:
            self._complaints.add(repository)
            log.error("github_forbids", reason=reason, **_about(received.event))
        await self._put_off(received, reason, _FORBIDDEN_PAUSE)

    async def _is_installed(self, repository: str) -> bool:
        self._facts.forget(repository)
        try:
            return await self._facts.installed(repository)
        except UpstreamError:
            return True  # nobody knows

    async def _put_off(self, received: Received, reason: str, wait: timedelta) -> None:
        if received.attempts + 1 < ATTEMPTS:
            await self.stores.inbox.put_off(received.delivery, self._now() + wait, reason)
            log.info("triage_put_off", reason=reason, seconds=wait.total_seconds(), **_about(received.event))
            return
        given_up = f"Given up after {ATTEMPTS} attempts. {reason}"
        changeset = Changeset(received.delivery, entries=_given_up(received, given_up, self._now()))
        await self.stores.changesets.record(changeset, self._now())
        log.error("triage_given_up", reason=reason, **_about(received.event))


def _commands(comment: Comment, event: GithubEvent, login: str) -> tuple[Command, ...]:
    """Find what a comment tells the bot, by any of its names."""
    return find_commands(comment.body, event.before, names_of(login), event.repository)


def _is_anybodys_guess(event: GithubEvent, comment: Comment, snapshot: Snapshot) -> bool:
    """Return whether commands of an edited comment were done before, and nobody knows which of them are new.

    Polls see what a comment says now, never what it said before.
    """
    if event.trigger is not Trigger.COMMENT_EDITED or event.before is not None:
        return False
    return any(entry.action.comment == comment.number for entry in snapshot.entries)


def _why_left_alone(view: _View) -> str | None:
    if not view.installed:
        return "The repository does not have the App."
    return "The repository switched the bot off." if view.policy.settings.mode is Mode.OFF else None


def _is_strange(snapshot: Snapshot) -> bool:
    """Return whether a thread is about something else and nobody ever said a word of it here."""
    return not (snapshot.classification.free_threading or snapshot.entries or snapshot.overrides or snapshot.marks)


def _stays(decision: Decision, entry: OutboxEntry | None) -> bool:
    """Return whether an action was planned before: on this thread or, if it is done once for all, on another.

    What was dropped is planned anew: what came between has passed, or it would not be decided.
    """
    return decision.outcome is Outcome.DO and entry is not None and entry.progress is not Progress.DROPPED


def _news(
    entries: Iterable[AuditEntry], history: Sequence[AuditEntry], planned: Mapping[str, OutboxEntry | None]
) -> tuple[AuditEntry, ...]:
    """Leave out what was decided the same way last time, unless it is planned anew."""
    last = {entry.decision.action.key: entry.decision for entry in history}
    return tuple(
        entry
        for entry in entries
        if (before := last.get(entry.decision.action.key)) is None
        or (before.outcome, before.reason) != (entry.decision.outcome, entry.decision.reason)
        or (entry.decision.outcome is Outcome.DO and planned[entry.decision.action.key] is not None)
    )


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


def _given_up(received: Received, reason: str, now: datetime) -> tuple[AuditEntry, ...]:
    """Say in the audit log that nothing was decided about a thread."""
    event = received.event
    if event.ref is None:
        return ()
    action = Action(ActionKind.ADD_LABEL, event.ref, event.node_id, "", "triage", 1)
    decision = Decision(action, Mode.DRY_RUN, Outcome.BLOCKED, reason)
    actor = None if event.actor is None else event.actor.login
    return (AuditEntry(now, event.ref, event.node_id, event.trigger, received.delivery, actor, decision),)


def _about(event: GithubEvent) -> dict[str, str]:
    thread = event.repository if event.ref is None else str(event.ref)
    return {"thread": thread, "trigger": event.trigger.value}
