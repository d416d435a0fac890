"""Watches upstream threads, read-only: the tracking table's, configured repositories' and what searches find."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.clients.github.reader import GithubReader
from bot.core.digest.changes import Change, ChangeKind
from bot.core.upstream.report import PollReport
from bot.core.upstream.threads import (
    KnownThread,
    Sources,
    awaits_wheels,
    wheels_event,
)
from bot.services.upstream.answers import Answers
from bot.services.upstream.round import PollRound, Progress
from storage.github.cursors import Cursors
from storage.github.threads import Threads
from storage.packages.documents import Documents


@dataclass(frozen=True, slots=True)
class Watcher:
    """Looks at all that is watched, a round at a time."""

    reader: GithubReader
    threads: Threads
    cursors: Cursors
    documents: Documents
    sources: Sources
    now: Callable[[], datetime]

    async def poll(self, progress: Progress = lambda *_: None) -> PollReport:
        """Look once at everything that is due. Raises ``ForbiddenError`` where GitHub does not take the token."""
        asked = self.reader.requests
        known = {thread.issue.node_id: thread for thread in await self.threads.watched()}
        cursors = {cursor.name: cursor for cursor in await self.cursors.all()}
        this = PollRound(self.reader, self.threads, self.documents, self.sources, self.now, progress, known, cursors)
        await this.run()
        watched = Counter(thread.origin for thread in await self.threads.watched())
        return PollReport(this.new, this.events, self.reader.requests - asked, this.failed, watched)

    async def note_wheels(self, changes: Sequence[Change]) -> tuple[KnownThread, ...]:
        """Note that wheels appeared for the packages of open threads that wait for them, and give those threads.

        A release is noted once a thread, however often the scan tells of it; the threads are given every time.
        """
        answered: dict[str, KnownThread] = {}
        for change in changes:
            if change.kind is ChangeKind.GAINED:
                for thread in filter(awaits_wheels, await self.threads.of_package(change.package)):
                    answered[thread.issue.node_id] = thread
                    now = self.now()
                    event = wheels_event(thread, change.version, str(change.target), now)
                    await Answers(self.threads, self.cursors).note(event, now)
        return tuple(answered.values())
