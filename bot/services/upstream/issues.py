"""What is known of upstream threads, for whoever asks: of a package, of all of them, and of a week."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from bot.core.digest.digest import Issues
from bot.core.digest.threads import issues_of
from bot.core.digest.weeks import Week
from bot.core.github.threads import ThreadState
from bot.core.guide.tracking_issues import first_version, tracking_issue
from bot.core.guide.tracking_table import TABLE, TableRow, parse_table
from bot.core.upstream.threads import KnownThread, ThreadOrigin
from storage.github.thread_events import ThreadEvents
from storage.github.threads import Threads
from storage.packages.documents import Documents

MOST_LISTED = 10


class Shown(Enum):
    """Which threads are asked for, in the words of ``/ftissues``."""

    OPEN = "open"
    CLOSED = "closed"
    ALL = "all"

    @property
    def states(self) -> frozenset[ThreadState]:
        """Return the states that are meant; what is merged is closed."""
        if self is Shown.ALL:
            return frozenset(ThreadState)
        is_open = frozenset({ThreadState.OPEN})
        return is_open if self is Shown.OPEN else frozenset(ThreadState) - is_open


@dataclass(frozen=True, slots=True)
class IssuePage:
    """The threads that changed last, and how many there are besides."""

    threads: tuple[KnownThread, ...]
    total: int


@dataclass(slots=True)
class UpstreamThreads:
    """Answers about threads; what a status card needs is in memory, as it was when ``load`` was called last."""

    threads: Threads
    events: ThreadEvents
    documents: Documents
    _table: Mapping[str, TableRow] = field(default_factory=dict)
    _tracking: Mapping[str, str] = field(default_factory=dict)
    _open: Mapping[str, int] = field(default_factory=dict)

    async def load(self) -> None:
        """Read what ``tracking`` and ``open_count`` give: at the start, and after each round of watching."""
        tabled = await self.threads.watched(ThreadOrigin.TABLE)
        # Where several threads track a package, such as after the table named a new one, the last of them ends here.
        tabled = tuple(sorted(tabled, key=_importance))
        tracking = {thread.package: thread.issue.ref.url for thread in tabled if thread.package is not None}
        counts = await self.threads.open_counts()
        kept = await self.documents.latest(TABLE)
        rows = () if kept is None else await asyncio.to_thread(parse_table, kept[0].decode(errors="replace"))
        self._table = {row.package: row for row in reversed(rows) if row.package is not None}
        self._tracking, self._open = tracking, {**dict.fromkeys(tracking, 0), **counts}

    def tracking(self, package: str) -> str | None:
        """Return the address of what tracks a package's support, by normalized name; None if there is nothing.

        Before the table was read for the first time it is the one that is known to the program.
        """
        row = self._table.get(package)
        link = None if row is None else row.link
        return self._tracking.get(package) or link or tracking_issue(package)

    def first_version(self, package: str) -> str | None:
        """Return the first version with support, as the table has it; None where it has none, or is not known."""
        row = self._table.get(package)
        return first_version(package) if row is None else row.first_version

    def open_count(self, package: str) -> int | None:
        """Count the open free-threading threads that are about a package, None where none of its threads is known."""
        return self._open.get(package)

    async def listed(self, package: str | None, shown: Shown = Shown.OPEN, most: int = MOST_LISTED) -> IssuePage:
        """List the threads about free-threading that changed last, of one package or of all."""
        threads, total = await self.threads.listed(package, shown.states, most)
        return IssuePage(threads, total)

    async def of_week(self, week: Week) -> Issues:
        """Return what happened in a week, for its digest."""
        return issues_of(await self.events.within(week.start, week.end))


def _importance(thread: KnownThread) -> tuple[bool, float, str]:
    issue = thread.issue
    return issue.state is ThreadState.OPEN, issue.created.timestamp(), issue.node_id
