"""Decides what is done about threads of repositories that installed the App; nothing is done on GitHub here.

Whatever happened is only an occasion to look: payloads are old, so the thread is read again, and what comes of it is
written down in one transaction with the end of the happening. ``checkpoint`` is called between any two steps, for tests
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
from bot.core.classify.thread import KindName
from bot.core.errors import StorageError, UpstreamError, UserError
from bot.core.github.events import GithubEvent, Trigger
from bot.core.github.threads import Comment, ForbiddenError, GoneError, Issue, IssueRef
from bot.core.posting.posts import pause
from bot.core.triage.actions import Action, ActionKind, Decision, Mode, Outcome
from bot.core.triage.changeset import AuditEntry, Changeset, LabelOverride, OutboxEntry, Progress
from bot.core.triage.commands.grammar import Command, StatusCommand, find_commands, names_of
from bot.core.triage.commands.replies import status_text
from bot.core.triage.plan import Effects, Snapshot, decide, heard, obey, ready_at, reviews_of, revise
from bot.core.upstream.threads import EventKind, KnownThread, Origin, ThreadEvent, compare, remembered
from bot.core.verdicts.rules import Verdict
from bot.services.packages.lookup import StatusLookup
from bot.services.triage.outbox import OutboxWorker, go_on
from bot.services.triage.repositories import Policy, RepositoryFacts
from bot.services.triage.snapshots import Snapshots, Wheels, read_thread
from bot.services.triage.stores import TriageStores
from storage.github.inbox import Received

ATTEMPTS = 20
"""How often a happening is tried before it is given up: for most of a day, as the pauses grow."""

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
class Preview:
    """What would be done about a thread and why, and what was decided and done before, oldest first."""

    snapshot: Snapshot
    decisions: tuple[Decision, ...]
    history: tuple[AuditEntry, ...]


@dataclass(frozen=True, slots=True)
class Replayed:
    """A stored thread, and what the rules say of it today."""

    thread: KnownThread
    free_threading: bool
    kinds: tuple[KindName, ...]

    @property
    def changed(self) -> bool:
        """Return whether the rules say something else than when the thread was stored."""
        return (self.free_threading, set(self.kinds)) != (self.thread.free_threading, set(self.thread.kinds))


@dataclass(frozen=True, slots=True)
class _View:
    """A thread as it is now, and what its repository wants."""

    issue: Issue
    policy: Policy
    installed: bool


@dataclass(frozen=True, slots=True)
class Triage:
    """Works through the inbox, one thread at a time; ``wake`` is set when there is something for the courier."""

    snapshots: Snapshots
    casebook: TriageStores
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    courier: OutboxWorker | None = None
    checkpoint: Callable[[str], None] = go_on
    _complaints: set[str] = field(default_factory=set)

    @classmethod
    def new(  # noqa: PLR0913 — what triage is made of, by name
        cls,
        reader: RepositoryReader,
        casebook: TriageStores,
        lookup: StatusLookup,
        *,
        now: Callable[[], datetime],
        wake: asyncio.Event | None = None,
        enabled: bool = True,
        courier: OutboxWorker | None = None,
        checkpoint: Callable[[str], None] = go_on,
    ) -> Triage:
        """Build it; with a reader that is not the App it can only preview and replay, without a courier not apply."""
        snapshots = Snapshots(RepositoryFacts(reader, now), casebook, lookup, now, enabled)
        return cls(snapshots, casebook, wake or asyncio.Event(), courier, checkpoint)

    async def work(self) -> None:
        """Work on everything that is due, in the order in which it arrived; what fails is put off, the others go on."""
        if not self.snapshots.enabled:
            return
        try:
            while due := await self.casebook.inbox.due(self._now(), _AT_ONCE):
                for received in due:
                    self.checkpoint("taken")
                    await self._take(received)
        except StorageError as error:
            log.warning("storage_failed", reason=str(error))

    async def preview(self, ref: IssueRef) -> Preview:
        """Say what would be done about a thread now, and why; nothing is stored or done. Raises ``UpstreamError``."""
        view = await self._view(ref)
        snapshot = await self.snapshots.take(view.issue, view.policy, Trigger.ASKED, installed=view.installed)
        history = await self.casebook.audit.of_node(view.issue.node_id)
        return Preview(snapshot, decide(snapshot), history)

    async def apply(self, ref: IssueRef) -> Preview:
        """Do what the repository's policy allows to be done about a thread; gives what that was.

        Raises ``UserError`` without the App, or where it is not installed, and ``UpstreamError``.
        """
        if self.courier is None or not isinstance(self._facts.reader, GithubApp):
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
            settlement = await self._settled(asked, None, snapshot, Effects(decisions))
            await self.casebook.settlements.record(settlement, self._now())
            await self.courier.tick()
        return Preview(snapshot, decisions, await self.casebook.audit.of_node(issue.node_id))

    async def replay(self) -> tuple[Replayed, ...]:
        """Run the rules over every stored thread; nothing is stored or done."""
        replayed = []
        for thread in await self.casebook.threads.all():
            found = await read_thread(thread.issue)
            replayed.append(Replayed(thread, found.free_threading, tuple(kind.kind for kind in found.kinds)))
        return tuple(replayed)

    @property
    def _facts(self) -> RepositoryFacts:
        return self.snapshots.facts

    def _now(self) -> datetime:
        return self.snapshots.now()

    async def _take(self, received: Received) -> None:
        """Work on one happening; what goes wrong with it decides when it is tried again."""
        try:
            try:
                await self._work_on(received)
            except PrivateError as error:
                await self.casebook.threads.forget(error.repository, self._now())
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
            log.exception("triage_failed", delivery=received.delivery, **_about(received.happening))
            reason = f"Something broke on my side ({type(error).__name__})."
            await self._put_off(received, reason, pause(received.attempts + 1))

    async def _work_on(self, received: Received) -> None:
        happening = received.happening
        if happening.ref is None:
            await self._repository_changed(received)
        elif happening.trigger is Trigger.DELETED:
            await self._gone(received, "The thread was deleted.")
        elif await self._concerns_nobody(happening, happening.ref):
            await self.casebook.inbox.close(received.delivery, "Nothing follows from it.")
        else:
            await self._look_at(received, happening, happening.ref)

    async def _repository_changed(self, received: Received) -> None:
        happening = received.happening
        self._facts.forget(happening.repository)
        if happening.trigger is not Trigger.REMOVED:
            await self.casebook.inbox.close(received.delivery)
        elif await self._facts.installed(happening.repository, fresh=True):
            # A delivery may be days old, and asked for again by ourselves.
            await self.casebook.inbox.close(received.delivery, "The App is installed there again.")
        else:
            settlement = Changeset(received.delivery, cancelled=happening.repository)
            await self.casebook.settlements.record(settlement, self._now())
            self.checkpoint("settled")
        log.info("repository_changed", **_about(happening))

    async def _concerns_nobody(self, happening: GithubEvent, ref: IssueRef) -> bool:
        """Return whether a bot did it, this one included, or it is a comment to others on an unknown thread."""
        if happening.trigger not in _COMMENTS | _LABELS:
            return False
        login = await self._facts.login()
        actor = happening.actor
        if actor is None or actor.is_bot or actor.login == login:
            return True
        if happening.comment is None or _commands(happening.comment, happening, login):
            return False
        known = await self.casebook.threads.get(happening.node_id) or await self.casebook.threads.at(ref)
        return known is None

    async def _look_at(self, received: Received, happening: GithubEvent, ref: IssueRef) -> None:
        view = await self._view(ref)
        left_alone = _why_left_alone(view)
        if left_alone is not None:
            await self.casebook.inbox.close(received.delivery, left_alone)
            return
        ready = ready_at(view.issue.created, happening.trigger, view.policy.settings)
        # A wait that is longer than the grace is from a clock that is behind GitHub's.
        if self._now() < ready <= self._now() + view.policy.settings.grace:
            await self.casebook.inbox.put_off(received.delivery, ready)
            return
        self.checkpoint("read")
        await self._follow(happening, view.issue)
        wheels = None
        if happening.package is not None and happening.target is not None:
            wheels = Wheels(happening.package, happening.target)
        snapshot = await self.snapshots.take(
            view.issue, view.policy, happening.trigger, installed=view.installed, wheels=wheels
        )
        if happening.trigger in _LABELS and _is_strange(snapshot):
            await self.casebook.inbox.close(received.delivery, "The thread is about something else.")
            return
        obeyed = await self._consider(happening, snapshot)
        settlement = await self._settled(happening, received.delivery, snapshot, obeyed)
        self.checkpoint("decided")
        await self.casebook.settlements.record(settlement, self._now())
        self.checkpoint("settled")
        self._complaints.discard(happening.repository)
        if settlement.actions:
            self.wake.set()
        log.info("triaged", actions=len(settlement.actions), **_about(happening))

    async def _view(self, ref: IssueRef) -> _View:
        issue = await self._facts.reader.issue(ref)
        repository = issue.ref.repository
        installed = await self._facts.installed(repository)
        return _View(issue, await self._facts.policy(repository), installed)

    async def _follow(self, happening: GithubEvent, issue: Issue) -> None:
        """Store what is known of a thread that was transferred under its new id."""
        if happening.node_id in {"", issue.node_id}:
            return
        known = await self.casebook.threads.get(happening.node_id)
        if known is not None:
            await self.casebook.threads.rebind(happening.node_id, replace(known, issue=issue))
            self.checkpoint("followed")

    async def _consider(self, happening: GithubEvent, snapshot: Snapshot) -> Effects:
        """Decide what comes of a happening."""
        if happening.trigger in _OCCASIONS:
            return Effects(decide(snapshot))
        if happening.trigger in _LABELS and happening.label is not None and happening.actor is not None:
            wanted = happening.trigger is Trigger.LABELED
            issue = snapshot.issue
            wish = LabelOverride(
                issue.node_id, happening.label, wanted, issue.ref.repository, happening.actor.login, happening.at
            )
            moved = Effects(wishes=(wish,))
            return replace(moved, decisions=revise(_after(snapshot, moved)))
        if happening.trigger in _COMMENTS and happening.comment is not None:
            said = heard(happening.comment, snapshot)
            return _both(said, await self._obey(happening, happening.comment, _after(snapshot, said)))
        return Effects()

    async def _obey(self, happening: GithubEvent, comment: Comment, snapshot: Snapshot) -> Effects:
        """Do what a comment says, command by command, each with what came of those before it."""
        issue = snapshot.issue
        commands = _commands(comment, happening, snapshot.app_login)
        if not commands or happening.actor is None or _is_anybodys_guess(happening, comment, snapshot):
            return Effects()
        # Who edited a comment is who says what is new in it, with the role that they have now.
        comment = replace(comment, author=happening.actor)
        role = await self._facts.reader.role(issue.ref.repository, happening.actor.login)
        history = await self.casebook.audit.of_node(issue.node_id)
        all_ = Effects()
        for command in commands:
            status = await self._status_text(command.package) if isinstance(command, StatusCommand) else None
            obeyed = obey(command, comment, role, snapshot, history, status)
            snapshot = _after(snapshot, obeyed)
            all_ = _both(all_, obeyed)
        return all_

    async def _status_text(self, package: str) -> str | None:
        """Answer whether a package works, in plain sentences; None where that is not known."""
        status = await self.snapshots.lookup.look_up(package)
        return None if status.headline.verdict is Verdict.UNKNOWN else status_text(status)

    async def _settled(
        self, happening: GithubEvent, delivery: str | None, snapshot: Snapshot, obeyed: Effects
    ) -> Changeset:
        """Return all that comes of a happening, as it is written down."""
        issue = snapshot.issue
        after = replace(_after(snapshot, obeyed), issue=issue)
        stored = await self.casebook.wishes.of(issue.node_id)
        planned = {each.action.key: await self.casebook.outbox.get(each.action.key) for each in obeyed.decisions}
        decisions = [each for each in obeyed.decisions if not _stays(each, planned[each.action.key])]
        thread, events = await self._thread(happening, snapshot)
        entries = [
            AuditEntry(
                at=self._now(),
                ref=issue.ref,
                node_id=issue.node_id,
                trigger=happening.trigger,
                delivery=delivery,
                actor=None if happening.actor is None else happening.actor.login,
                decision=decision,
                labels=issue.labels,
            )
            for decision in decisions
        ]
        return Changeset(
            delivery=delivery,
            thread=thread,
            events=events,
            entries=_news(entries, await self.casebook.audit.of_node(issue.node_id), planned),
            actions=tuple(each.action for each in decisions if each.outcome is Outcome.DO),
            wishes=tuple(wish for label, wish in after.wishes.items() if stored.get(label) != wish),
            directives=obeyed.directives,
            reviews=reviews_of(after),
        )

    async def _thread(
        self, happening: GithubEvent, snapshot: Snapshot
    ) -> tuple[KnownThread | None, tuple[ThreadEvent, ...]]:
        """Return what is remembered of the thread, and what happened to it; nothing where it concerns nobody here."""
        issue, found = snapshot.issue, snapshot.classification
        before = await self.casebook.threads.get(issue.node_id)
        if before is None and not found.free_threading:
            return None, ()
        kinds = tuple(kind.kind for kind in found.kinds)
        now = KnownThread(issue, Origin.TRIAGE, next(iter(found.packages), None), found.free_threading, kinds)
        # Comments are counted when they are told of, with their author: the bot's own are none.
        events = [event for event in compare(before, now) if event.kind is not EventKind.COMMENTED]
        if happening.trigger is Trigger.COMMENTED and happening.comment is not None:
            events.append(_comment_event(now, happening.comment))
        return remembered(before, now), tuple(events)

    async def _gone(self, received: Received, reason: str) -> None:
        """Close what cannot be worked on any more, and remember that the thread is not there."""
        happening = received.happening
        thread = None
        if happening.ref is not None and await self._facts.installed(happening.repository):
            threads = self.casebook.threads
            known = await threads.get(happening.node_id) or await threads.at(happening.ref)
            thread = None if known is None else replace(known, gone=self._now())
        await self.casebook.settlements.record(Changeset(received.delivery, thread=thread), self._now())
        self.checkpoint("settled")
        log.info("thread_gone", reason=reason, **_about(happening))

    async def _forbidden(self, received: Received, error: ForbiddenError) -> None:
        """Wait until somebody mends the credentials or permissions, and say so once; without the App, close it."""
        repository, reason = received.happening.repository, str(error)
        if not isinstance(error, TokenRefusedError):
            if received.happening.trigger is Trigger.TRANSFERRED:
                await self._gone(received, "The thread was moved to where the App is not installed.")
                return
            if not await self._is_installed(repository):
                await self.casebook.inbox.close(received.delivery, "The App is not installed there.")
                return
        if received.attempts == 0:  # the App may just have been installed anew
            await self._put_off(received, reason, pause(1))
            return
        if repository not in self._complaints:
            self._complaints.add(repository)
            log.error("github_forbids", reason=reason, **_about(received.happening))
        await self._put_off(received, reason, _FORBIDDEN_PAUSE)

    async def _is_installed(self, repository: str) -> bool:
        self._facts.forget(repository)
        try:
            return await self._facts.installed(repository)
        except UpstreamError:
            return True  # nobody knows

    async def _put_off(self, received: Received, reason: str, wait: timedelta) -> None:
        if received.attempts + 1 < ATTEMPTS:
            await self.casebook.inbox.put_off(received.delivery, self._now() + wait, reason)
            log.info("triage_put_off", reason=reason, seconds=wait.total_seconds(), **_about(received.happening))
            return
        given_up = f"Given up after {ATTEMPTS} attempts. {reason}"
        settlement = Changeset(received.delivery, entries=_given_up(received, given_up, self._now()))
        await self.casebook.settlements.record(settlement, self._now())
        log.error("triage_given_up", reason=reason, **_about(received.happening))


def _commands(comment: Comment, happening: GithubEvent, login: str) -> tuple[Command, ...]:
    """Find what a comment tells the bot, by any of its names."""
    return find_commands(comment.body, happening.before, names_of(login), happening.repository)


def _is_anybodys_guess(happening: GithubEvent, comment: Comment, snapshot: Snapshot) -> bool:
    """Return whether commands of an edited comment were done before, and nobody knows which of them are new.

    Polls see what a comment says now, never what it said before.
    """
    if happening.trigger is not Trigger.COMMENT_EDITED or happening.before is not None:
        return False
    return any(errand.action.comment == comment.number for errand in snapshot.errands)


def _why_left_alone(view: _View) -> str | None:
    if not view.installed:
        return "The repository does not have the App."
    return "The repository switched the bot off." if view.policy.settings.mode is Mode.OFF else None


def _is_strange(snapshot: Snapshot) -> bool:
    """Return whether a thread is about something else and nobody ever said a word of it here."""
    return not (snapshot.classification.free_threading or snapshot.errands or snapshot.wishes or snapshot.directives)


def _both(one: Effects, other: Effects) -> Effects:
    """Put together what comes of two things that were said at once: of a label, the second word counts."""
    wishes = {wish.label: wish for wish in (*one.wishes, *other.wishes)}
    return Effects(one.decisions + other.decisions, tuple(wishes.values()), one.directives + other.directives)


def _after(snapshot: Snapshot, obeyed: Effects) -> Snapshot:
    """Return a snapshot in which what was obeyed is so."""
    planned = [decision.action for decision in obeyed.decisions if decision.outcome is Outcome.DO]
    labels = dict.fromkeys(snapshot.issue.labels)
    for action in planned:
        if action.kind is ActionKind.ADD_LABEL:
            labels[action.value] = None
        elif action.kind is ActionKind.REMOVE_LABEL:
            labels.pop(action.value, None)
    errands = (OutboxEntry(action, Progress.PLANNED, snapshot.now, snapshot.now) for action in planned)
    later = {wish.label: wish for wish in obeyed.wishes if _is_news(wish, snapshot)}
    return replace(
        snapshot,
        issue=replace(snapshot.issue, labels=tuple(labels)),
        wishes={**snapshot.wishes, **later},
        directives={**snapshot.directives, **{each.kind: each for each in obeyed.directives}},
        errands=(*snapshot.errands, *errands),
    )


def _is_news(wish: LabelOverride, snapshot: Snapshot) -> bool:
    known = snapshot.wishes.get(wish.label)
    return known is None or known.at <= wish.at


def _stays(decision: Decision, errand: OutboxEntry | None) -> bool:
    """Return whether an action was planned before: on this thread or, if it is done once for all, on another.

    What was dropped is planned anew: what came between has passed, or it would not be decided.
    """
    return decision.outcome is Outcome.DO and errand is not None and errand.progress is not Progress.DROPPED


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
    happening = received.happening
    if happening.ref is None:
        return ()
    action = Action(ActionKind.ADD_LABEL, happening.ref, happening.node_id, "", "triage", 1)
    decision = Decision(action, Mode.DRY_RUN, Outcome.BLOCKED, reason)
    actor = None if happening.actor is None else happening.actor.login
    return (AuditEntry(now, happening.ref, happening.node_id, happening.trigger, received.delivery, actor, decision),)


def _about(happening: GithubEvent) -> dict[str, str]:
    thread = happening.repository if happening.ref is None else str(happening.ref)
    return {"thread": thread, "trigger": happening.trigger.value}
