"""What happened to threads, each at a position, in the order in which it was noticed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from bot.core.github.threads import IssueRef
from bot.core.upstream.threads import EventKind, ThreadEvent
from storage.engine.engine import Engine, Transaction
from storage.engine.positions import append, last_position
from storage.engine.rows import Row

_COLUMNS = "position, node_id, kind, detail, happened, repository, number, title, is_pr, package, comments"


class _Row(msgspec.Struct, array_like=True):
    position: int
    node_id: str
    kind: EventKind
    detail: str
    happened: float
    repository: str
    number: int
    title: str
    is_pr: bool | int
    package: str | None
    comments: int


@dataclass(frozen=True, slots=True)
class ThreadEvents:
    """One row an event; they are written with the threads that they happened to."""

    database: Engine

    async def newest(self) -> int:
        """Return the position of the newest event, 0 if there never was one."""
        return await last_position(self.database, "thread_events")

    async def between(self, first: int, last: int) -> tuple[ThreadEvent, ...]:
        """Return the events from one position to another, both included."""
        rows = await self.database.read(
            f"SELECT {_COLUMNS} FROM thread_events WHERE position BETWEEN ? AND ? AND title <> '' ORDER BY position",  # noqa: S608 — ours
            (first, last),
        )
        return tuple(event for _, event in map(_numbered, rows))

    async def numbered_after(self, position: int) -> tuple[tuple[int, ThreadEvent], ...]:
        """Return the events that were noticed after the one at this position, each with its own."""
        rows = await self.database.read(
            f"SELECT {_COLUMNS} FROM thread_events WHERE position > ? AND title <> '' ORDER BY position",  # noqa: S608 — ours
            (position,),
        )
        return tuple(_numbered(row) for row in rows)

    async def next_after(self, position: int, most: int) -> tuple[tuple[int, ThreadEvent], ...]:
        """Return the first events that were noticed after the one at this position, each with its own."""
        rows = await self.database.read(
            f"SELECT {_COLUMNS} FROM thread_events WHERE position > ? AND title <> '' ORDER BY position LIMIT ?",  # noqa: S608 — ours
            (position, most),
        )
        return tuple(_numbered(row) for row in rows)

    async def within(self, start: datetime, end: datetime) -> tuple[ThreadEvent, ...]:
        """Return what happened from one moment on and before another, in that order, whenever it was noticed."""
        rows = await self.database.read(
            f"SELECT {_COLUMNS} FROM thread_events WHERE happened >= ? AND happened < ? AND title <> ''"  # noqa: S608 — ours
            " ORDER BY happened, position",
            (start.timestamp(), end.timestamp()),
        )
        return tuple(event for _, event in map(_numbered, rows))


async def store_events(transaction: Transaction, events: Sequence[ThreadEvent], now: datetime) -> int:
    """Add events, and tell how many are new; one that is known stays as it is."""
    return await append(
        transaction,
        "thread_events",
        "INSERT INTO thread_events (position, node_id, kind, detail, happened, noticed, repository, number, title,"
        " is_pr, package, comments) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (node_id, kind, detail, happened) DO NOTHING RETURNING id",
        [_row(event, now) for event in events],
    )


async def forget_events(transaction: Transaction, repository: str) -> None:
    """Forget the titles of a repository's threads that are known only by triage; what has none is not shown."""
    await transaction.run(
        "UPDATE thread_events SET title = '' WHERE node_id IN"
        " (SELECT node_id FROM threads WHERE LOWER(repository) = LOWER(?) AND origin = 'triage')",
        (repository,),
    )


async def move_events(transaction: Transaction, old_node_id: str, new_node_id: str) -> None:
    """Move a transferred thread's events to its new node id."""
    await transaction.run(
        "UPDATE thread_events SET node_id = ? WHERE node_id = ? AND NOT EXISTS (SELECT 1 FROM thread_events AS other"
        " WHERE other.node_id = ? AND other.kind = thread_events.kind AND other.detail = thread_events.detail"
        " AND other.happened = thread_events.happened)",
        (new_node_id, old_node_id, new_node_id),
    )
    await transaction.run("DELETE FROM thread_events WHERE node_id = ?", (old_node_id,))


def _row(event: ThreadEvent, now: datetime) -> Row:
    return (
        event.node_id,
        event.kind.value,
        event.detail,
        event.at.timestamp(),
        now.timestamp(),
        event.ref.repository,
        event.ref.number,
        event.title,
        event.is_pr,
        event.package,
        event.comments,
    )


def _numbered(values: Row) -> tuple[int, ThreadEvent]:
    row = msgspec.convert(values, _Row)
    event = ThreadEvent(
        kind=row.kind,
        node_id=row.node_id,
        ref=IssueRef(row.repository, row.number),
        title=row.title,
        is_pr=bool(row.is_pr),
        package=row.package,
        at=datetime.fromtimestamp(row.happened, UTC),
        comments=row.comments,
        detail=row.detail,
    )
    return row.position, event
