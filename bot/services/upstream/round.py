"""One round of watching: one source after the other, each stored with how far it was read, in one transaction.

A round that is killed reads again what it did not store, and the same read twice is the same once. A source that fails
is left for the next round, and the others go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TypeVar

import structlog

from bot.clients.github.reader import GithubReader
from bot.core.classify.classify import classify
from bot.core.classify.thread import Classification, Thread
from bot.core.errors import UpstreamError
from bot.core.github.threads import ForbiddenError, GoneError, Issue
from bot.core.guide.tracking_issues import package_of
from bot.core.guide.tracking_table import PATH, REPOSITORY, TABLE, TableRow, parse_table
from bot.core.upstream.polling import (
    BETWEEN_SEARCHES,
    MISSING_FOR,
    OTHERS,
    TrackedRows,
    about_it,
    differs,
    has_grown,
    is_about_it,
    is_known,
    kinds_in,
    may_have_moved,
    seen_since,
    since_when,
    was_checked,
    what_is_broken,
    with_packages,
)
from bot.core.upstream.report import repository_cursor, search_cursor
from bot.core.upstream.threads import (
    Cursor,
    KnownThread,
    Sources,
    ThreadEvent,
    ThreadOrigin,
    WatchedRepository,
    compare,
    remembered,
)
from storage.github.threads import Threads
from storage.packages.documents import Documents

_RESOLVED_AT_ONCE = 50
_GLIMPSED_AT_ONCE = 100
_MOST_SOUGHT = 20
"""Threads that vanished and are sought in one round, each with a request of its own."""

Progress = Callable[[int, int], None]
"""Told how many steps of a round are done, and how many there are as far as is known."""

_T = TypeVar("_T")

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(slots=True)
class PollRound:
    """One round under way: ``known`` and ``cursors`` are what was stored when it began, and what it stored since.

    Of the threads that only triage knows, which may be many, those are known that the round meets.
    """

    reader: GithubReader
    threads: Threads
    documents: Documents
    sources: Sources
    now: Callable[[], datetime]
    progress: Progress
    known: dict[str, KnownThread]
    cursors: dict[str, Cursor]
    new: int = 0
    events: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    _table: TrackedRows = field(default_factory=TrackedRows)
    _read: set[str] = field(default_factory=set)
    _sought: int = 0
    _busy: str | None = None
    _done: int = 0
    _steps: int = 0

    async def run(self) -> None:
        """Read one source after the other, as GitHub asks for; the table is first and always asked for."""
        sources = self.sources
        self._steps = 4 + len(sources.repositories) + len(sources.searches)
        await self._attempt(TABLE, self._read_table)
        await self._attempt(TABLE, self._resolve_rows)
        await self._attempt(TABLE, self._revisit_table)
        for repository in sources.repositories:
            await self._attempt(str(repository), partial(self._read_repository, repository), forgiving=True)
        for query in sources.searches:
            await self._attempt(query, partial(self._search, query), forgiving=True)
        await self._attempt(OTHERS, self._revisit_others, forgiving=True)

    async def _attempt(self, source: str, read: Callable[[], Awaitable[None]], *, forgiving: bool = False) -> None:
        """Read a source; a failure is noted, and where GitHub asks to slow down the rest waits for the next round.

        Who denies a ``forgiving`` source, such as a single repository, says nothing about the token.
        """
        try:
            if self._busy is None:
                await read()
            else:
                self._fail(source, self._busy)
        except ForbiddenError as error:
            if not forgiving:
                raise
            self._fail(source, str(error))
        except UpstreamError as error:
            self._busy = str(error) if error.busy else None
            self._fail(source, str(error))
        self._done += 1
        self.progress(self._done, self._steps)

    def _fail(self, source: str, reason: str) -> None:
        log.warning("source_not_read", source=source, reason=reason)
        self.failed.setdefault(source, reason)

    async def _read_table(self) -> None:
        """Find out the rows: as they are now, else as they were kept."""
        kept = await self.documents.latest(TABLE)
        rows = () if kept is None else await _parse(kept[0])
        self._table = TrackedRows.of(rows)
        etag = self.cursors[TABLE].etag if kept is not None and TABLE in self.cursors else None
        document = await self.reader.document(REPOSITORY, PATH, etag)
        now = self.now()
        if document is not None:
            read = await _parse(document.body)
            broken = what_is_broken(read, rows)
            if broken is not None:
                self._fail(TABLE, broken)
                return
            await self.documents.record(TABLE, document.body, now)
            self._table = TrackedRows.of(read)
            etag = document.etag
        await self._record((), (Cursor(TABLE, etag=etag, checked=now),))

    async def _resolve_rows(self) -> None:
        """Read the threads of rows that are new, or that led nowhere when they were tried a day ago."""
        due = {ref: name for name, ref in self._table.refs.items() if self._is_due(name)}
        for refs in _batches(due, _RESOLVED_AT_ONCE):
            glimpses = await self.reader.resolve(refs)
            nodes = {due[ref]: None if seen is None else seen.node_id for ref, seen in glimpses.items() if ref in due}
            issues = await self._look([node for node in nodes.values() if node is not None])
            nodes = {name: node if node in issues else None for name, node in nodes.items()}
            packages = {node: self._table.packages[name] for name, node in nodes.items() if node is not None}
            now = self.now()
            await self._record(
                await self._tabled(issues.values(), packages),
                [Cursor(name, etag=node, checked=now) for name, node in nodes.items()],
            )

    def _is_due(self, row: str) -> bool:
        cursor = self.cursors.get(row)
        return cursor is None or (cursor.etag not in self.known and not was_checked(cursor, MISSING_FOR, self.now()))

    async def _revisit_table(self) -> None:
        """Look which of the table's threads changed; one that has another package in the table by now changed too."""
        threads = {node: thread for node, thread in self.known.items() if thread.origin is ThreadOrigin.TABLE}
        packages = self._table.packages_of(threads, self.cursors)
        unread = [node for node in threads if node not in self._read]
        renamed = with_packages(threads.values(), packages)
        if renamed:
            await self._record(renamed, ())
        await self._revisit(unread, partial(self._tabled, packages=packages))

    async def _tabled(self, issues: Collection[Issue], packages: Mapping[str, str | None]) -> list[KnownThread]:
        """Make threads of the table, each about the package that the table says."""
        return [
            about_it(issue, ThreadOrigin.TABLE, packages.get(issue.node_id), said)
            for issue, said in zip(issues, await classified(issues), strict=True)
        ]

    async def _read_repository(self, repository: WatchedRepository) -> None:
        """Read what changed in a repository since the last change that was seen there."""
        name = repository_cursor(repository)
        since = since_when(self.cursors.get(name), self.now())
        etag = self.cursors[name].etag if name in self.cursors else None
        labels = () if repository.label is None else (repository.label,)
        listing = await self.reader.issues_since(repository.name, since, labels=labels, etag=etag)
        issues = () if listing is None else listing.issues
        found = await self._found(issues, ThreadOrigin.REPOSITORY, all_of_them=repository.label is not None)
        seen = seen_since(since, issues)
        if listing is not None:  # an ETag is of the answer to one request, and `since` is a part of that
            etag = listing.etag if seen == since else None
        await self._record(found, (Cursor(name, seen, etag, self.now()),))

    async def _search(self, query: str) -> None:
        """Ask what a search finds that changed since it was asked last."""
        name = search_cursor(query)
        if was_checked(self.cursors.get(name), BETWEEN_SEARCHES, self.now()):
            return
        since = since_when(self.cursors.get(name), self.now())
        found = await self.reader.search(f"{query} updated:>={since:%Y-%m-%dT%H:%M:%SZ}")
        threads = await self._found(found.issues, ThreadOrigin.SEARCH, all_of_them=False)
        if found.complete:
            since = seen_since(since, found.issues)
        else:  # what is missing is looked for again
            self._fail(query, "GitHub showed only a part of what this search finds. Narrow it if that stays so.")
        await self._record(threads, (Cursor(name, since, None, self.now()),))

    async def _found(self, issues: Sequence[Issue], origin: ThreadOrigin, *, all_of_them: bool) -> list[KnownThread]:
        """Make threads of those that changed and are about free-threading, by their text or by what is known."""
        unknown = [issue.node_id for issue in issues if issue.node_id not in self.known]
        self.known.update((thread.issue.node_id, thread) for thread in await self.threads.among(unknown))
        changed = [issue for issue in issues if not is_known(self.known.get(issue.node_id), issue)]
        kept = [
            (issue, said)
            for issue, said in zip(changed, await classified(changed), strict=True)
            if all_of_them or said.free_threading or is_about_it(self.known.get(issue.node_id))
        ]
        grown = [issue.node_id for issue, _ in kept if has_grown(self.known.get(issue.node_id), issue)]
        read = await self._look(grown)  # lists do not say who commented last
        return [
            about_it(read.get(issue.node_id, issue), origin, self._package(issue, said), said) for issue, said in kept
        ]

    def _package(self, issue: Issue, said: Classification) -> str | None:
        """Name what a thread that is not in the table is about: the repository's package, or what its text names."""
        repository = issue.ref.repository
        known = self._table.package_in(repository) or package_of(repository)
        return known or next(iter(said.packages), None)

    async def _revisit_others(self) -> None:
        """Look now and then which of the other open threads changed: those that moved or went are in no list."""
        if was_checked(self.cursors.get(OTHERS), BETWEEN_SEARCHES, self.now()):
            return
        others = [node for node, thread in self.known.items() if may_have_moved(thread) and node not in self._read]
        await self._revisit(others, self._refreshed)
        await self._record((), (Cursor(OTHERS, checked=self.now()),))

    async def _refreshed(self, issues: Collection[Issue]) -> list[KnownThread]:
        """Make threads of those that are known, about what they were about."""
        said = await classified(issues)
        return [
            replace(self.known[issue.node_id], issue=issue, kinds=kinds_in(each))
            for issue, each in zip(issues, said, strict=True)
        ]

    async def _revisit(
        self, nodes: Sequence[str], made: Callable[[Collection[Issue]], Awaitable[list[KnownThread]]]
    ) -> None:
        """Look at threads, read those that changed, and seek those that are gone."""
        for batch in _batches(nodes, _GLIMPSED_AT_ONCE):
            glimpses = await self.reader.glimpse(batch)
            changed = [
                node
                for node, seen in glimpses.items()
                if node in self.known and seen is not None and differs(seen, self.known[node].issue)
            ]
            issues = await self._look(changed)
            await self._record(await made(issues.values()), ())
            vanished = [node for node, seen in glimpses.items() if seen is None and node in self.known]
            for node in vanished[: _MOST_SOUGHT - self._sought]:
                await self._seek(node)

    async def _seek(self, node: str) -> None:
        """Ask where a thread went: it is gone, or it was moved and has another node id."""
        self._sought += 1
        thread = self.known.pop(node)
        rows = self._table.leading_to(node, self.cursors)
        now = self.now()
        try:
            issue = await self.reader.issue(thread.issue.ref)
        except GoneError:
            await self._store([replace(thread, gone=now)], [], [Cursor(name, checked=now) for name in rows])
            return
        self.known.setdefault(issue.node_id, thread)
        moved = [Cursor(name, etag=issue.node_id, checked=now) for name in rows]
        await self._record([replace(thread, issue=issue)], moved)
        if issue.node_id != node:
            await self.threads.rebind(node, self.known[issue.node_id])

    async def _look(self, nodes: Sequence[str]) -> dict[str, Issue]:
        """Read threads, leaving out those that are gone."""
        issues = await self.reader.look(nodes) if nodes else {}
        return {node: issue for node, issue in issues.items() if issue is not None}

    async def _record(self, threads: Sequence[KnownThread], cursors: Sequence[Cursor]) -> None:
        """Store threads as they are now, what happened to them since they were known, and how far was read."""
        events: list[ThreadEvent] = []
        kept: list[KnownThread] = []
        for thread in threads:
            node = thread.issue.node_id
            # Triage may have stored it since the round began; one that was moved here is known by this round alone.
            before = await self.threads.get(node) or self.known.get(node)
            kept.append(remembered(before, thread))
            events += compare(before, kept[-1])
            self.new += before is None
        await self._store(kept, events, cursors)
        self.known.update((thread.issue.node_id, thread) for thread in kept)
        self._read.update(thread.issue.node_id for thread in kept)

    async def _store(
        self, threads: Sequence[KnownThread], events: Sequence[ThreadEvent], cursors: Sequence[Cursor]
    ) -> None:
        self.events += await self.threads.record(threads, events, cursors, self.now())
        self.cursors.update((cursor.name, cursor) for cursor in cursors)


async def _parse(body: bytes) -> tuple[TableRow, ...]:
    return await asyncio.to_thread(parse_table, body.decode(errors="replace"))


async def classified(issues: Collection[Issue]) -> list[Classification]:
    """Return what threads are about, read beside the event loop, as a long text takes some milliseconds."""

    def read() -> list[Classification]:
        return [
            classify(Thread(issue.ref.repository, issue.ref.number, issue.title, issue.body, issue.is_pr))
            for issue in issues
        ]

    return await asyncio.to_thread(read) if issues else []


def _batches(things: Iterable[_T], most: int) -> Iterator[list[_T]]:
    left = iter(things)
    while batch := list(islice(left, most)):
        yield batch
