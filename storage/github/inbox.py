"""What happened where the App is installed, before it is worked on: committed before GitHub is told that it arrived.

Several processes on one database share the work: whoever claims a row works on it, all that happened to a thread is
with one process at a time, in the order in which it arrived, and a claim ends by itself. A time that lies further ahead
than anything is ever put off was written by a clock that has been set back since, and does not count.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from bot.core.github.events import GithubEvent, Received
from storage.engine.engine import Engine, Transaction
from storage.engine.positions import wait_for_others
from storage.engine.rows import Row, Value, read_time
from storage.engine.waiting import Waiting, waiting

CLAIM = timedelta(seconds=120)
"""How long a claim holds that is not extended."""

LONGEST_WAIT = timedelta(days=1)
"""The most that anything may be put off for."""

_SLACK = timedelta(minutes=1)
_AT_ONCE = 500
"""Names in one statement; SQLite's own limit is some 32,000 values."""

_IS_DUE = "WHERE due IS NOT NULL AND (due <= ? OR due > ?)"

_decode_event = msgspec.json.Decoder(GithubEvent).decode


class _Row(msgspec.Struct, array_like=True):
    delivery: str
    body: bytes
    received: float
    attempts: int


@dataclass(frozen=True, slots=True)
class Inbox:
    """One row an event, numbered as they arrive; a delivery has one, and so has what happened."""

    database: Engine

    async def receive_many(self, deliveries: Sequence[tuple[str, GithubEvent]], now: datetime) -> int:
        """Keep what happened, all of it or nothing; tells how much of it is new."""
        (new,) = await self.receive_groups([deliveries], now)
        return new

    async def receive_groups(
        self, groups: Sequence[Sequence[tuple[str, GithubEvent]]], now: datetime
    ) -> tuple[int, ...]:
        """Keep what several deliveries told of in one transaction; tells of each how much is new.

        Processes do that one after another: of the same in two of them one would fail, and numbers tell the order.
        """
        async with self.database.transaction() as transaction:
            await wait_for_others(transaction, "deliveries")
            return tuple([await _store_group(transaction, group, now) for group in groups])

    async def claim(self, name: str, now: datetime, most: int) -> tuple[Received, ...]:
        """Claim some of what is to be worked on now for the process of this name, in the order in which it arrived.

        It gets what it claimed before, too, so it must not be at that any more. Nothing of a thread, of which another
        process has something, and nothing of a repository while what happened to all of it is with another.
        """
        moment = now.timestamp()
        due = (moment, (now + LONGEST_WAIT + _SLACK).timestamp())
        if not await self.database.read(f"SELECT 1 FROM inbox {_IS_DUE} LIMIT 1", due):  # noqa: S608 — ours
            return ()
        async with self.database.transaction() as transaction:
            await wait_for_others(transaction, "inbox")
            rows = await transaction.run(
                "UPDATE inbox SET claimed_by = ?, claimed_until = ? WHERE id IN (SELECT mine.id FROM inbox AS mine"  # noqa: S608 — ours
                f" {_IS_DUE} AND NOT EXISTS (SELECT 1 FROM inbox AS other WHERE other.repository = mine.repository"
                " AND (other.number = mine.number OR other.number IS NULL OR mine.number IS NULL)"
                " AND other.claimed_until > ? AND other.claimed_until <= ? AND other.claimed_by <> ?)"
                " ORDER BY mine.id LIMIT ?) RETURNING id, delivery, body, received, attempts",
                (name, (now + CLAIM).timestamp(), *due, moment, (now + CLAIM + _SLACK).timestamp(), name, most),
            )
        return tuple(_received(row[1:]) for row in sorted(rows, key=_number))

    async def keep_claim(self, delivery: str, name: str, now: datetime) -> bool:
        """Extend a claim; False if it has ended, as another process may be at the thread."""
        async with self.database.transaction() as transaction:
            rows = await transaction.run(
                "UPDATE inbox SET claimed_until = ? WHERE delivery = ? AND claimed_by = ? AND claimed_until > ?"
                " AND due IS NOT NULL RETURNING id",
                ((now + CLAIM).timestamp(), delivery, name, now.timestamp()),
            )
        return bool(rows)

    async def next_due(self) -> datetime | None:
        """Return when something is due next, None if there is nothing to do."""
        rows = await self.database.read("SELECT MIN(due) FROM inbox WHERE due IS NOT NULL")
        return read_time(rows[0][0])

    async def waiting(self) -> Waiting:
        """Count what is not worked on yet."""
        return await waiting(self.database, "inbox", "received")

    async def put_off(self, delivery: str, due: datetime, reason: str | None = None) -> None:
        """Work on something later that is not closed; with a reason, which says what failed, an attempt is counted."""
        async with self.database.transaction() as transaction:
            await transaction.run(
                "UPDATE inbox SET due = ?, reason = COALESCE(?, reason), attempts = attempts + ?,"
                " claimed_by = NULL, claimed_until = NULL WHERE delivery = ? AND due IS NOT NULL",
                (due.timestamp(), reason, 0 if reason is None else 1, delivery),
            )

    async def close(self, delivery: str, reason: str | None = None) -> None:
        """Note that nothing is left to do."""
        async with self.database.transaction() as transaction:
            await close_delivery(transaction, delivery, reason)

    async def known(self, deliveries: Collection[str]) -> frozenset[str]:
        """Return which of these deliveries arrived."""
        names: Sequence[Value] = tuple(deliveries)
        found: set[str] = set()
        for start in range(0, len(names), _AT_ONCE):
            some = names[start : start + _AT_ONCE]
            places = ", ".join("?" * len(some))
            rows = await self.database.read(f"SELECT delivery FROM inbox WHERE delivery IN ({places})", some)  # noqa: S608 — ours
            found.update(delivery for (delivery,) in msgspec.convert(rows, list[tuple[str]]))
        return frozenset(found)

    async def prune(self, before: datetime) -> int:
        """Forget what arrived before a moment and was worked on; tells how much that was."""
        async with self.database.transaction() as transaction:
            rows = await transaction.run(
                "DELETE FROM inbox WHERE due IS NULL AND received < ? RETURNING id", (before.timestamp(),)
            )
        return len(rows)


async def _store_group(transaction: Transaction, group: Sequence[tuple[str, GithubEvent]], now: datetime) -> int:
    new = 0
    for delivery, event in group:
        rows = await transaction.run(
            "INSERT INTO inbox (delivery, event, repository, number, body, received, due) SELECT ?, ?, ?, ?, ?, ?, ?"
            " WHERE NOT EXISTS (SELECT 1 FROM inbox WHERE delivery = ?) ON CONFLICT (event) DO NOTHING RETURNING id",
            (
                delivery,
                event.key,
                event.repository,
                None if event.ref is None else event.ref.number,
                msgspec.json.encode(event),
                now.timestamp(),
                now.timestamp(),
                delivery,
            ),
        )
        new += len(rows)
    return new


async def close_delivery(transaction: Transaction, delivery: str, reason: str | None = None) -> bool:
    """Note that nothing is left to do for a delivery; False if that was noted before."""
    closed = await transaction.run(
        "UPDATE inbox SET due = NULL, reason = COALESCE(?, reason), claimed_by = NULL, claimed_until = NULL"
        " WHERE delivery = ? AND due IS NOT NULL RETURNING id",
        (reason, delivery),
    )
    return bool(closed) or not await transaction.run("SELECT 1 FROM inbox WHERE delivery = ?", (delivery,))


def _number(row: Row) -> int:
    return msgspec.convert(row[0], int)


def _received(values: Row) -> Received:
    row = msgspec.convert(values, _Row)
    return Received(row.delivery, _decode_event(row.body), datetime.fromtimestamp(row.received, UTC), row.attempts)
