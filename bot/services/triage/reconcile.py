"""Makes up for webhooks that never came: asks for failed deliveries again, and reads what changed meanwhile.

What is found becomes the same event that a webhook tells of, with the same key, so that nothing is worked on twice.
Labels that people moved need nothing here: they are read before anything is decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from bot.clients.github.app import GithubApp
from bot.clients.github.repository import ChangedThreads
from bot.core.digest.changes import Change, ChangeKind
from bot.core.errors import StorageError, UpstreamError
from bot.core.github.events import GithubEvent, Trigger
from bot.core.github.threads import Comment, Issue, IssueRef, ThreadState
from bot.core.github.webhooks import comment_key, issue_key
from bot.core.triage.commands.grammar import find_commands, names_of
from bot.core.upstream.gil_news import GilNews
from bot.core.upstream.threads import Cursor, KnownThread, awaits_wheels
from bot.services.triage.deliveries import Deliveries
from bot.services.triage.snapshots import read_thread
from storage.github.cursors import Cursors
from storage.github.inbox import Inbox
from storage.github.threads import Threads

REDELIVERABLE = timedelta(days=3)
"""How long GitHub keeps deliveries."""

MOST_REDELIVERIES = 3
"""How often one is asked for again."""

KEPT = timedelta(days=30)
"""How long what came in is kept after it was worked on."""

_LISTED_BY_THEN = timedelta(days=1)
"""After so long, what GitHub lists of a time does not change any more."""

_OVERLAP = timedelta(minutes=2)
"""GitHub's lists may lack for a moment what changed just now."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Asks GitHub from time to time what the App was not told."""

    app: GithubApp
    deliveries: Deliveries
    inbox: Inbox
    cursors: Cursors
    threads: Threads
    now: Callable[[], datetime]
    _complaints: set[str] = field(default_factory=set)

    async def sweep(self) -> None:
        """Ask for the deliveries of the last days that failed, unless what they told of is known; forget old ones."""
        try:
            await self.inbox.prune(self.now() - KEPT)
            failed = await self.app.failed_deliveries(self.now() - REDELIVERABLE)
            known = await self.inbox.known([delivery.guid for delivery in failed])
            for delivery in failed:
                if delivery.guid not in known and delivery.attempts <= MOST_REDELIVERIES:
                    await self.app.redeliver(delivery.number)
                    log.info("redelivery_asked_for", delivery=delivery.guid, attempts=delivery.attempts)
        except UpstreamError as error:
            log.warning("sweep_failed", reason=str(error))
        except StorageError as error:
            log.warning("storage_failed", reason=str(error))

    async def poll(self) -> None:
        """Read what changed in the repositories that installed the App; one that cannot be read keeps none waiting."""
        try:
            repositories = await self.app.repositories()
        except UpstreamError as error:
            self._complain("repositories", error)
            return
        for repository in repositories:
            if repository.private:
                continue
            try:
                await self._poll_issues(repository.full_name)
                await self._poll_comments(repository.full_name)
            except UpstreamError as error:
                self._complain(repository.full_name, error)
            except StorageError as error:
                log.warning("storage_failed", reason=str(error))
                return
        try:
            await self._forget({each.full_name.lower(): each.private for each in repositories})
        except StorageError as error:
            log.warning("storage_failed", reason=str(error))
            return
        log.info("reconciled", repositories=len(repositories))

    async def wheels(self, changes: Sequence[Change]) -> None:
        """Put wheels that appeared into the inbox, for each open thread that waits for them and may be answered."""
        events = []
        for change in changes:
            if change.kind is ChangeKind.GAINED:
                threads = await self.threads.of_package(change.package)
                told = (change.package, change.version, str(change.target))
                events += [self._wheels("wheels", thread, *told) for thread in threads if awaits_wheels(thread)]
        await self._tell(events)

    async def gil_off(self, news: Sequence[GilNews]) -> None:
        """Put into the inbox that wheels declare what a thread says that they do not, where it may be answered."""
        await self._tell(
            [self._wheels("gil-off", each.thread, each.package, each.version, str(each.target)) for each in news]
        )

    async def _tell(self, events: Sequence[GithubEvent]) -> None:
        if not events:
            return
        try:
            installed = {each.full_name.lower() for each in await self.app.repositories()}
        except UpstreamError as error:
            # Triage leaves those alone that do not have the App, only at the cost of a request each.
            log.warning("repositories_unknown", reason=str(error))
        else:
            events = [each for each in events if each.repository.lower() in installed]
        await self.deliveries.happened(events)

    def _wheels(self, news: str, thread: KnownThread, package: str, version: str, target: str) -> GithubEvent:
        issue = thread.issue
        return GithubEvent(
            key=f"{news}:{package}:{version}:{target}:{issue.node_id}",
            trigger=Trigger.WHEELS,
            repository=issue.ref.repository,
            ref=issue.ref,
            node_id=issue.node_id,
            at=self.now(),
            package=package,
            version=version,
            target=target,
        )

    async def _forget(self, private: Mapping[str, bool]) -> None:
        """Keep nothing of what is private by now, or does not have the App any more; ``private`` has those that do."""
        for repository in await self.threads.triaged():
            try:
                hidden = private.get(repository.lower())
                if hidden is None:  # it may have been renamed, which only GitHub knows
                    installed = await self.app.is_installed(repository, fresh=True)
                    hidden = not installed or not await self.app.is_public(repository)
            except UpstreamError as error:
                self._complain(repository, error)
                continue
            if hidden:
                await self.threads.forget(repository, self.now())
                log.info("threads_forgotten", repository=repository)

    async def _poll_issues(self, repository: str) -> None:
        first = await self._cursor(repository, "first")
        cursor = await self._cursor(repository, "issues")
        if first.since is None or cursor.since is None:
            return  # nothing that is older than the App is triaged
        listing = await self.app.issues_since(repository, cursor.since, etag=cursor.etag)
        if listing is None:
            await self.cursors.record(Cursor(cursor.name, cursor.since, cursor.etag, self.now()))
            return
        events: list[GithubEvent] = []
        for issue in listing.issues:
            events += await self._changes(issue, first.since)
        await self.deliveries.happened(events)
        await self.cursors.record(_moved(cursor, listing, self.now()))

    async def _poll_comments(self, repository: str) -> None:
        cursor = await self._cursor(repository, "comments")
        if cursor.since is None:
            return
        comments = await self.app.comments_since(repository, cursor.since)
        events = [await self._comment(ref, comment) for ref, comment in comments]
        await self.deliveries.happened([event for event in events if event is not None])
        newest = max((comment.updated for _, comment in comments), default=cursor.since)
        # It moves on also where nobody says anything: what is read again and again must not outlive the inbox.
        long_read = cursor.since if cursor.checked is None else cursor.checked - _LISTED_BY_THEN
        since = max(cursor.since, newest - _OVERLAP, long_read)
        await self.cursors.record(Cursor(cursor.name, since, None, self.now()))

    async def _cursor(self, repository: str, what: str) -> Cursor:
        """Return how far something was read; the first time, it counts as read up to now, and ``since`` is None."""
        name = f"app:{repository}:{what}"
        known = await self.cursors.get(name)
        if known is not None and known.since is not None:
            return known
        await self.cursors.record(Cursor(name, self.now(), None, self.now()))
        return Cursor(name)

    async def _changes(self, issue: Issue, first: datetime) -> Sequence[GithubEvent]:
        """Return what happened to a thread since it was last seen; one that concerns nobody here is not worked on."""
        known = await self.threads.get(issue.node_id)
        if known is not None:
            return tuple(_differences(known, issue))
        # GitHub tells whole seconds, so what was opened just after the first look would seem older than that.
        if issue.created < first.replace(microsecond=0) or not (await read_thread(issue)).free_threading:
            return ()
        opened = _of(issue, Trigger.OPENED, issue.created)
        return (opened,) if issue.updated <= issue.created else (opened, _of(issue, Trigger.POLLED, issue.updated))

    async def _comment(self, ref: IssueRef, comment: Comment) -> GithubEvent | None:
        """Return the event of a comment that may matter: to the bot, or on a thread that is known."""
        if comment.author is None or comment.author.is_bot:
            return None
        login = await self.app.login()
        known = await self.threads.at(ref)
        if known is None and not find_commands(comment.body, None, names_of(login), ref.repository):
            return None
        return GithubEvent(
            key=comment_key(comment.number, comment.updated),
            trigger=Trigger.COMMENTED if comment.updated <= comment.created else Trigger.COMMENT_EDITED,
            repository=ref.repository,
            ref=ref,
            node_id="" if known is None else known.issue.node_id,
            at=comment.updated,
            actor=comment.author,
            comment=comment,
        )

    def _complain(self, what: str, error: UpstreamError) -> None:
        """Log what is wrong, once as long as it is the same."""
        complaint = f"{what}: {error}"
        if complaint not in self._complaints:
            self._complaints.add(complaint)
            log.warning("poll_failed", what=what, reason=str(error))


def _differences(known: KnownThread, issue: Issue) -> Iterable[GithubEvent]:
    before = known.issue
    if issue.updated < before.updated:
        return
    if before.state is ThreadState.OPEN and issue.state is not ThreadState.OPEN:
        yield _of(issue, Trigger.CLOSED, issue.closed or issue.updated)
    reopened = before.state is not ThreadState.OPEN and issue.state is ThreadState.OPEN
    if reopened or (before.title, before.body) != (issue.title, issue.body):
        yield _of(issue, Trigger.POLLED, issue.updated)


def _of(issue: Issue, trigger: Trigger, at: datetime) -> GithubEvent:
    return GithubEvent(
        key=issue_key(issue.node_id, trigger, at),
        trigger=trigger,
        repository=issue.ref.repository,
        ref=issue.ref,
        node_id=issue.node_id,
        at=at,
        actor=issue.author if trigger is Trigger.OPENED else None,
    )


def _moved(cursor: Cursor, listing: ChangedThreads, now: datetime) -> Cursor:
    """Move on to what was read, as little as possible: GitHub answers the same question for free."""
    since = cursor.since or now
    newest = max((issue.updated for issue in listing.issues), default=since)
    moved = max(since, newest - _OVERLAP)
    return Cursor(cursor.name, moved, listing.etag if moved == since else None, now)
