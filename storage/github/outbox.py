"""What triage does on GitHub: a row is committed before anything is sent, and says how far it is.

Several processes on one database share the work: whoever claims a row acts, one at a time in a repository, and a claim
ends by itself. A time that lies further ahead than anything is ever put off was written by a clock that has been set
back since, and does not count.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from bot.core.triage.actions import Action, ActionKind, Priority
from bot.core.triage.changeset import AuditEntry, OutboxEntry, Progress
from storage.engine.engine import Engine, Transaction
from storage.engine.positions import wait_for_others
from storage.engine.rows import Row, Value, read_time
from storage.engine.waiting import Waiting, waiting
from storage.github.audit import store_entries

CLAIM = timedelta(seconds=120)
"""How long a claim holds; every step is done or given up sooner."""

LONGEST_PAUSE = timedelta(days=1)
"""The most that an entry may be put off for."""

_COLUMNS = "action, state, planned, sent, due, attempts, comment, reason, forbidden"
_SLACK = timedelta(minutes=1)
"""How far a clock may be set back, as they all are now and then, before that is noticed."""

_WINDOW = timedelta(days=1)
"""What was sent later than this after the time from which is counted was dated by a clock that was wrong."""

_WRITING = (ActionKind.COMMENT, ActionKind.REPLY, ActionKind.NOTICE)

_decode_action = msgspec.json.Decoder(Action).decode


class _Row(msgspec.Struct, array_like=True):
    action: str
    state: Progress
    planned: float
    sent: float | None
    due: float | None
    attempts: int
    comment: int | None
    reason: str | None
    forbidden: int


@dataclass(frozen=True, slots=True)
class Outbox:
    """One row an action, numbered as they are planned; they are planned by ``Changesets``."""

    database: Engine

    async def get(self, key: str) -> OutboxEntry | None:
        """Return the entry for an action, by its key."""
        rows = await self.database.read(f"SELECT {_COLUMNS} FROM outbox WHERE key = ?", (key,))  # noqa: S608 — ours
        return _entry(rows[0]) if rows else None

    async def of_thread(self, node_id: str) -> tuple[OutboxEntry, ...]:
        """Return all entries there ever were for a thread, oldest first."""
        rows = await self.database.read(
            f"SELECT {_COLUMNS} FROM outbox WHERE node_id = ? ORDER BY id",  # noqa: S608 — ours
            (node_id,),
        )
        return tuple(_entry(row) for row in rows)

    async def next_due(self) -> datetime | None:
        """Return when the next entry is due, None if there is nothing to do; claimed or not."""
        rows = await self.database.read("SELECT MIN(due) FROM outbox WHERE due IS NOT NULL")
        return read_time(rows[0][0])

    async def waiting(self) -> Waiting:
        """Count the entries that are not over."""
        return await waiting(self.database, "outbox", "planned")

    async def claim(self, now: datetime, name: str) -> OutboxEntry | None:
        """Claim an entry that is due for the process of this name; None if there is none to have.

        What people asked for goes first, and answers last; of one priority the first planned. In a repository one is
        claimed at a time, and what is about the same label or comment of a thread is done in the order in which it was
        planned.
        """
        moment, ahead = now.timestamp(), (now + LONGEST_PAUSE + _SLACK).timestamp()
        async with self.database.transaction() as transaction:
            await wait_for_others(transaction, "outbox")
            rows = await transaction.run(
                "UPDATE outbox SET claimed_by = ?, claimed_until = ? WHERE id = (SELECT mine.id FROM outbox AS mine"  # noqa: S608 — ours
                " WHERE mine.due IS NOT NULL AND (mine.due <= ? OR mine.due > ?)"
                " AND NOT EXISTS (SELECT 1 FROM outbox AS other WHERE other.repository = mine.repository"
                " AND other.claimed_until > ? AND other.claimed_until <= ?)"
                " AND NOT EXISTS (SELECT 1 FROM outbox AS other WHERE other.node_id = mine.node_id"
                " AND other.value = mine.value AND other.id < mine.id AND other.due IS NOT NULL)"
                " ORDER BY mine.priority, mine.id LIMIT 1)"
                f" RETURNING {_COLUMNS}",
                (name, (now + CLAIM).timestamp(), moment, ahead, moment, (now + CLAIM + _SLACK).timestamp()),
            )
        return _entry(rows[0]) if rows else None

    async def begin(self, entry: OutboxEntry, name: str, now: datetime) -> bool:
        """Note that a claimed entry is about to be sent, which extends the claim; False if it may not be any more."""
        async with self.database.transaction() as transaction:
            rows = await transaction.run(
                "UPDATE outbox SET state = 'sent', sent = ?, claimed_until = ? WHERE key = ? AND claimed_by = ?"
                " AND due IS NOT NULL RETURNING id",
                (now.timestamp(), (now + CLAIM).timestamp(), entry.action.key, name),
            )
        return bool(rows)

    async def record(self, entry: OutboxEntry, name: str, entries: Sequence[AuditEntry] = ()) -> bool:
        """Note what became of a claimed entry, and what the audit log says of it, and give up the claim.

        One that is only planned again was not sent. False, and nothing is noted, if another process has it by now, or
        if it shall be tried again and was dropped meanwhile: what was on its way may still be found done.
        """
        unless_dropped = "" if entry.due is None else " AND due IS NOT NULL"
        async with self.database.transaction() as transaction:
            rows = await transaction.run(
                "UPDATE outbox SET state = ?, sent = CASE WHEN ? = 'planned' THEN NULL ELSE sent END, due = ?,"  # noqa: S608 — ours
                " comment = ?, attempts = ?, forbidden = ?, reason = ?, claimed_by = NULL, claimed_until = NULL"
                f" WHERE key = ? AND claimed_by = ?{unless_dropped} RETURNING id",
                (
                    entry.progress.value,
                    entry.progress.value,
                    None if entry.due is None else entry.due.timestamp(),
                    entry.written,
                    entry.attempts,
                    entry.forbidden,
                    entry.reason,
                    entry.action.key,
                    name,
                ),
            )
            if rows:
                await store_entries(transaction, entries)
        return bool(rows)

    async def counts(self, repository: str, priorities: Collection[Priority], since: datetime) -> int:
        """Count what was sent to a repository with some priorities since a moment, done or not."""
        places = ", ".join("?" * len(priorities))
        rows = await self.database.read(
            f"SELECT COUNT(*) FROM outbox WHERE repository = ? AND priority IN ({places}) AND sent >= ? AND sent < ?",  # noqa: S608 — ours
            (
                repository,
                *(priority.value for priority in priorities),
                since.timestamp(),
                (since + _WINDOW).timestamp(),
            ),
        )
        return msgspec.convert(rows[0][0], int)

    async def comments_since(self, since: datetime) -> int:
        """Count the comments that were sent anywhere since a moment, done or not."""
        places = ", ".join("?" * len(_WRITING))
        rows = await self.database.read(
            f"SELECT COUNT(*) FROM outbox WHERE kind IN ({places}) AND sent >= ? AND sent < ?",  # noqa: S608 — ours
            (*(kind.value for kind in _WRITING), since.timestamp(), (since + _WINDOW).timestamp()),
        )
        return msgspec.convert(rows[0][0], int)

    async def marker_comment(self, node_id: str) -> int | None:
        """Return the number of the one comment that the bot keeps on a thread, None if it is not known to have one."""
        rows = await self.database.read(
            "SELECT comment FROM outbox WHERE node_id = ? AND kind = 'comment' AND comment IS NOT NULL"
            " ORDER BY id DESC LIMIT 1",
            (node_id,),
        )
        return msgspec.convert(rows[0][0], int) if rows else None


async def store_actions(transaction: Transaction, actions: Sequence[Action], now: datetime) -> None:
    """Plan actions, due at once; one that is known stays as it is, unless it was dropped.

    What was dropped is planned anew, as the last, and may be on another thread now. If it was sent before it was
    dropped, it may have been done, so that it is looked for first.
    """
    for action in actions:
        await transaction.run(
            "INSERT INTO outbox (key, repository, node_id, kind, value, priority, action, state, planned, due)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 'planned', ?, ?) ON CONFLICT (key) DO UPDATE SET id = excluded.id,"
            " repository = excluded.repository, node_id = excluded.node_id, action = excluded.action,"
            " priority = excluded.priority, state = CASE WHEN outbox.sent IS NULL THEN 'planned' ELSE 'sent' END,"
            " planned = excluded.planned, due = excluded.due, attempts = 0, forbidden = 0, reason = NULL"
            " WHERE outbox.state = 'dropped'",
            (
                action.key,
                action.ref.repository,
                action.node_id,
                action.kind.value,
                action.value,
                action.priority.value,
                msgspec.json.encode(action).decode(),
                now.timestamp(),
                now.timestamp(),
            ),
        )


async def drop_actions(
    transaction: Transaction, reason: str, *, repository: str | None = None, node_id: str | None = None
) -> None:
    """Return up what is left to do in a repository or on a thread; what is on its way may still be found done."""
    place: tuple[str, Value] = ("node_id", node_id) if repository is None else ("repository", repository)
    await transaction.run(
        f"UPDATE outbox SET state = 'dropped', due = NULL, reason = ? WHERE {place[0]} = ? AND due IS NOT NULL",  # noqa: S608 — ours
        (reason, place[1]),
    )


def _entry(values: Row) -> OutboxEntry:
    row = msgspec.convert(values, _Row)
    return OutboxEntry(
        action=_decode_action(row.action),
        progress=row.state,
        planned=datetime.fromtimestamp(row.planned, UTC),
        due=read_time(row.due),
        sent=read_time(row.sent),
        attempts=row.attempts,
        written=row.comment,
        reason=row.reason,
        forbidden=row.forbidden,
    )
