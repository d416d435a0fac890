"""What is read in a round of watching, from when on, and what of it is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.core.classify.thread import Classification, KindName
from bot.core.github.threads import Glimpse, Issue, IssueRef, ThreadState
from bot.core.guide.tracking_table import TableRow
from bot.core.upstream.threads import Cursor, KnownThread, ThreadOrigin

OTHERS = "threads found before"
"""What is called so among the sources: open threads of repositories and searches, which may move or be deleted."""

LOOKS_BACK = timedelta(days=7)
"""How far back a repository or a search is read when it is watched for the first time."""

BETWEEN_SEARCHES = timedelta(minutes=30)

MISSING_FOR = timedelta(days=1)
"""How long a row of the table that led nowhere is left alone."""

_OVERLAP = timedelta(minutes=2)
"""GitHub may list a change a little after its time, so that a cursor stays a little behind what was seen last."""

_NEARLY_NOTHING = 0.25
"""A table with less than this share of its rows is broken rather than shorter."""


@dataclass(frozen=True, slots=True)
class TrackedRows:
    """The rows of the tracking table that name a thread, by what their cursors are called; of several, the first.

    ``repositories`` has the package of each repository that all its rows agree on, by the name in small letters.
    """

    refs: Mapping[str, IssueRef] = field(default_factory=dict)
    packages: Mapping[str, str | None] = field(default_factory=dict)
    repositories: Mapping[str, str | None] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[TableRow]) -> TrackedRows:
        """Take rows as they stand in the table."""
        named = {row.issue: row.package for row in reversed(tuple(rows)) if row.issue is not None}
        several = Counter(ref.repository.lower() for ref in named)
        return cls(
            {f"row {ref}": ref for ref in named},
            {f"row {ref}": package for ref, package in named.items()},
            {
                repository: package
                for ref, package in named.items()
                if several[repository := ref.repository.lower()] == 1
            },
        )

    def package_in(self, repository: str) -> str | None:
        """Return the package that the table has in a repository, None if it has none or several there."""
        return self.repositories.get(repository.lower())

    def packages_of(self, threads: Mapping[str, KnownThread], cursors: Mapping[str, Cursor]) -> dict[str, str | None]:
        """Return what threads are about by the rows that led to them, else by what was known."""
        led = {cursor.etag: name for name in self.refs if (cursor := cursors.get(name)) is not None}
        return {node: self.packages[led[node]] if node in led else thread.package for node, thread in threads.items()}

    def leading_to(self, node: str, cursors: Mapping[str, Cursor]) -> list[str]:
        """Return the rows that led to a thread."""
        return [name for name in self.refs if name in cursors and cursors[name].etag == node]


def what_is_broken(read: Sequence[TableRow], kept: Sequence[TableRow]) -> str | None:
    """Return why a table that was just read is not taken, where it has next to nothing of what it had."""
    if len(read) > len(kept) * _NEARLY_NOTHING:
        return None
    stay = f"{len(read)} rows, and had {len(kept)}: those stay" if kept else "no rows that can be read"
    return f"The tracking table has {stay}."


def with_packages(threads: Iterable[KnownThread], packages: Mapping[str, str | None]) -> list[KnownThread]:
    """Return those of the threads that are about another package by now."""
    return [
        replace(thread, package=package)
        for thread in threads
        if (package := packages[thread.issue.node_id]) not in {None, thread.package}
    ]


def since_when(cursor: Cursor | None, now: datetime) -> datetime:
    """Return from when on a source is read; a time to come was written by a clock that has been set back."""
    now = now.replace(microsecond=0)
    return now - LOOKS_BACK if cursor is None or cursor.since is None else min(cursor.since, now)


def was_checked(cursor: Cursor | None, within: timedelta, now: datetime) -> bool:
    """Return whether a source was asked so lately that it is left alone; a time to come does not count, either."""
    return cursor is not None and cursor.checked is not None and timedelta() <= now - cursor.checked < within


def seen_since(since: datetime, issues: Collection[Issue]) -> datetime:
    """Return from when on to read the next time: since the last change, or as before where there was none."""
    return max((since, *(issue.updated - _OVERLAP for issue in issues)))


def is_known(known: KnownThread | None, issue: Issue) -> bool:
    """Return whether a thread that concerns somebody is known as it is now."""
    return is_about_it(known) and known is not None and known.issue.updated >= issue.updated


def is_about_it(known: KnownThread | None) -> bool:
    """Return whether a thread is known to be about free-threading."""
    return known is not None and known.free_threading


def has_grown(known: KnownThread | None, issue: Issue) -> bool:
    """Return whether a known thread has more comments by now."""
    return known is not None and issue.comments > known.issue.comments


def may_have_moved(thread: KnownThread) -> bool:
    """Return whether a thread may move or go without any list telling so."""
    found = thread.origin in {ThreadOrigin.REPOSITORY, ThreadOrigin.SEARCH}
    return found and thread.issue.state is ThreadState.OPEN


def differs(seen: Glimpse, known: Issue) -> bool:
    """Return whether a thread changed, by what a glimpse shows."""
    return (seen.updated, seen.ref, seen.title, seen.state) != (known.updated, known.ref, known.title, known.state)


def about_it(issue: Issue, origin: ThreadOrigin, package: str | None, said: Classification) -> KnownThread:
    """Make a thread that counts as one about free-threading, whatever its text says."""
    return KnownThread(issue, origin, package, free_threading=True, kinds=kinds_in(said))


def kinds_in(said: Classification) -> tuple[KindName, ...]:
    """Return the kinds that a text was found to be of."""
    return tuple(dict.fromkeys(kind.kind for kind in said.kinds))
