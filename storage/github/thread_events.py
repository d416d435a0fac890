"""What happened to threads, numbered in the order in which it was noticed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from bot.core.github.threads import IssueRef
from bot.core.upstream.threads import EventKind, ThreadEvent
from storage.engine.sqlite import Database, Row, Transaction

_COLUMNS = "id, node_id, kind, detail, happened, repository, number, title, is_pr, package, comments"


class _Row(msgspec.Struct, array_like=True):
    id: int
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

    database: Database

    async def newest(self) -> int:
        """Return the number of the newest event, 0 if there is none."""
        rows = await self.database.read("SELECT COALESCE(MAX(id), 0) FROM thread_events")
        return msgspec.convert(rows[0][0], int)

    async def between(self, first: int, last: int) -> tuple[ThreadEvent, ...]:
        """Return the events from one number to another, both included."""
        rows = await self.database.read(
            f"SELECT {_COLUMNS} FROM thread_events WHERE id BETWEEN ? AND ? AND title <> '' ORDER BY id",  # noqa: S608 — ours
            (first, last),
        )
        return tuple(event for _, event in map(_numbered, rows))

    async def numbered_after(self, number: int) -> tuple[tuple[int, ThreadEvent], ...]:
        """Return the events that were noticed after the one with this number, each with its own."""
        rows = await self.database.read(
            f"SELECT {_COLUMNS} FROM thread_events WHERE id > ? AND title <> '' ORDER BY id",  # noqa: S608 — ours
            (number,),
        )
        return tuple(_numbered(row) for row in rows)

    async def within(self, start: datetime, end: datetime) -> tuple[ThreadEvent, ...]:
        """Return what happened from one moment on and before another, in that order, whenever it was noticed."""
        rows = await self.database.read(
            f"SELECT {_COLUMNS} FROM thread_events WHERE happened >= ? AND happened < ? AND title <> ''"  # noqa: S608 — ours
            " ORDER BY happened, id",
            (start.timestamp(), end.timestamp()),
        )
        return tuple(event for _, event in map(_numbered, rows))


async def store_events(transaction: Transaction, events: Sequence[ThreadEvent], now: datetime) -> int:
    """Add events, and tell how many are new; one that is known stays as it is."""
    new = 0
    for event in events:
        rows = await transaction.run(
            "INSERT INTO thread_events (id, node_id, kind, detail, happened, noticed, repository, number, title, is_pr,"
            " package, comments) SELECT COALESCE(MAX(id), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM thread_events"
            " WHERE TRUE ON CONFLICT (node_id, kind, detail, happened) DO NOTHING RETURNING id",
            (
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
            ),
        )
        new += len(rows)
    return new


async def forget_events(transaction: Transaction, repository: str) -> None:
    """Forget the titles of a repository's threads that are known only by triage; what has none is not shown."""
    await transaction.run(
        "UPDATE thread_events SET title = '' WHERE node_id IN"
        " (SELECT node_id FROM threads WHERE LOWER(repository) = LOWER(?) AND origin = 'triage')",
        (repository,),
    )


async def move_events(transaction: Transaction, old_node_id: str, new_node_id: str) -> None:
    """Let what happened to a thread have happened to it under its new node id."""
    await transaction.run(
        "UPDATE thread_events SET node_id = ? WHERE node_id = ? AND NOT EXISTS (SELECT 1 FROM thread_events AS other"
        " WHERE other.node_id = ? AND other.kind = thread_events.kind AND other.detail = thread_events.detail"
        " AND other.happened = thread_events.happened)",
        (new_node_id, old_node_id, new_node_id),
    )
    await transaction.run("DELETE FROM thread_events WHERE node_id = ?", (old_node_id,))


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
    return row.id, event
