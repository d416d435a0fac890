"""Decides what is done about threads of repositories that installed the App; nothing is done on GitHub here.

Whatever happened is only an occasion to look: payloads are old, so the thread is read again, and what comes of it is
written down in one transaction with the end of the event. ``checkpoint`` is called between any two steps, for tests
that end the process there. With the operator's switch off the inbox is kept, and nothing in it decided.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from bot.clients.github.app import GithubApp
from bot.clients.github.repository import PrivateError, RepositoryReader
from bot.clients.github.worker import TokenRefusedError
from bot.core.backoff import pause
from bot.core.errors import StorageError, UpstreamError, UserError
from bot.core.fleet.claims import may_be_lost
from bot.core.github.events import GithubEvent, Received, Trigger
from bot.core.github.threads import ForbiddenError, GoneError, Issue, IssueRef
from bot.core.triage.actions import Mode
from bot.core.triage.commands.grammar import StatusCommand
from bot.core.triage.commands.replies import status_text
from bot.core.triage.consequences import (
    COMMENTS,
    LABEL_MOVES,
    Gathered,
    Later,
    LeaveAlone,
    app_removed,
    before_looking,
    commands_in,
    concerns_nobody,
    consequences,
    given_up,
    is_strange,
    thread_gone,
)
from bot.core.triage.decide.decisions import decide, settings_notice
from bot.core.triage.preview import Preview, Replayed
from bot.core.triage.settings import Policy
from bot.core.triage.snapshot import Snapshot
from bot.core.verdicts.rules import Verdict
from bot.services.packages.lookup import StatusLookup
from bot.services.triage.outbox import OutboxWorker, go_on
from bot.services.triage.repositories import RepositoryFacts
from bot.services.triage.snapshots import Snapshots, Wheels, read_thread
from bot.services.triage.stores import TriageStores
from storage.github.inbox import CLAIM

ATTEMPTS = 20
"""How often an event is tried before it is given up: for most of a day, as the pauses grow."""

_FORBIDDEN_PAUSE = timedelta(hours=3)
_AT_ONCE = 10
"""Events claimed at a time: others shall have something to do, too."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _View:
    """A thread as it is now, and what its repository wants."""

    issue: Issue
    policy: Policy
    installed: bool


@dataclass(frozen=True, slots=True)
class Triage:
    """Works through the inbox, one thread at a time; ``wake`` is set when there is something for the outbox worker.

    ``name`` tells this process from others on the same database.
    """

    snapshots: Snapshots
    stores: TriageStores
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    worker: OutboxWorker | None = None
    checkpoint: Callable[[str], None] = go_on
    name: str = field(default_factory=lambda: secrets.token_hex(8))
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
            while claimed := await self.stores.inbox.claim(self.name, since := self._now(), _AT_ONCE):
                for received in claimed:
                    if await self._is_ours(received, since):
                        self.checkpoint("taken")
                        await self._take(received)
        except StorageError as error:
            log.warning("storage_failed", reason=str(error))

    async def preview(self, ref: IssueRef) -> Preview:
        """Return what would be done about a thread now, and why; nothing is done. Raises ``UpstreamError``."""
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
        if view.policy.settings.mode is not Mode.OFF:
            changeset = consequences(asked, None, snapshot, await self._gather(asked, snapshot))
            await self.stores.changesets.record(changeset, self._now())
            await self.worker.tick()
        return Preview(snapshot, decide(snapshot), await self.stores.audit.of_node(issue.node_id))

    async def replay(self) -> tuple[Replayed, ...]:
        """Run the rules over every stored thread; nothing is stored or done."""
        replayed = []
        for thread in await self.stores.threads.all():
            found = await read_thread(thread.issue)
            replayed.append(Replayed(thread, found.free_threading, tuple(kind.kind for kind in found.kinds)))
        return tuple(replayed)

    async def _is_ours(self, received: Received, since: datetime) -> bool:
        """Return whether a claim still holds; one of long ago is extended first."""
        now = self._now()
        return not may_be_lost(CLAIM, since, now) or await self.stores.inbox.keep_claim(
            received.delivery, self.name, now
        )

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
            await self.stores.changesets.record(app_removed(event, received.delivery), self._now())
            self.checkpoint("settled")
        log.info("repository_changed", **_about(event))

    async def _concerns_nobody(self, event: GithubEvent, ref: IssueRef) -> bool:
        if event.trigger not in COMMENTS | LABEL_MOVES:
            return False
        known = await self.stores.threads.get(event.node_id) or await self.stores.threads.at(ref)
        return concerns_nobody(event, await self._facts.login(), known=known is not None)

    async def _look_at(self, received: Received, event: GithubEvent, ref: IssueRef) -> None:
        view = await self._view(ref)
        match before_looking(event, view.issue, view.policy.settings, self._now(), installed=view.installed):
            case LeaveAlone(reason):
                await self.stores.inbox.close(received.delivery, reason)
                return
            case Later(until):
                await self.stores.inbox.put_off(received.delivery, until)
                return
            case None:
                pass
        self.checkpoint("read")
        await self._follow(event, view.issue)
        wheels = None
        if event.package is not None and event.target is not None:
            wheels = Wheels(event.package, event.target)
        snapshot = await self.snapshots.take(
            view.issue, view.policy, event.trigger, installed=view.installed, wheels=wheels
        )
        if is_strange(event, snapshot):
            await self.stores.inbox.close(received.delivery, "The thread is about something else.")
            return
        changeset = consequences(event, received.delivery, snapshot, await self._gather(event, snapshot))
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

    async def _gather(self, event: GithubEvent, snapshot: Snapshot) -> Gathered:
        """Read what counts besides the snapshot; what the bot itself remembers last, so that it is the newest."""
        issue, role, statuses = snapshot.issue, "", {}
        commands = commands_in(event, snapshot)
        if commands and event.actor is not None:
            role = await self._facts.reader.role(issue.ref.repository, event.actor.login)
            packages = {command.package for command in commands if isinstance(command, StatusCommand)}
            statuses = {package: await self._status_text(package) for package in packages}
        notice = settings_notice(snapshot)
        said = None if notice is None else await self.stores.outbox.get(notice.key)
        return Gathered(
            history=await self.stores.audit.of_node(issue.node_id),
            stored=await self.stores.overrides.of(issue.node_id),
            planned=(*await self.stores.outbox.of_thread(issue.node_id), *([] if said is None else [said])),
            thread=await self.stores.threads.get(issue.node_id),
            role=role,
            statuses=statuses,
        )

    async def _status_text(self, package: str) -> str | None:
        """Answer whether a package works, in plain sentences; None where that is not known."""
        status = await self.snapshots.lookup.look_up(package)
        return None if status.headline.verdict is Verdict.UNKNOWN else status_text(status)

    async def _gone(self, received: Received, reason: str) -> None:
        """Close what cannot be worked on any more, and remember that the thread is not there."""
        event = received.event
        threads, known, now = self.stores.threads, None, self._now()
        if event.ref is not None and await self._facts.installed(event.repository):
            known = await threads.get(event.node_id) or await threads.at(event.ref)
        await self.stores.changesets.record(thread_gone(received.delivery, known, now), now)
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
        changeset = given_up(received, f"Given up after {ATTEMPTS} attempts. {reason}", self._now())
        await self.stores.changesets.record(changeset, self._now())
        log.error("triage_given_up", reason=reason, **_about(received.event))


def _about(event: GithubEvent) -> dict[str, str]:
    thread = event.repository if event.ref is None else str(event.ref)
    return {"thread": thread, "trigger": event.trigger.value}
