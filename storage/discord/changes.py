"""What tracked packages gained and lost, each at a position, in the order in which it was noticed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from bot.core.digest.changes import Change, ChangeKind, NotedChange
from bot.core.wheels.platforms import Platform
from bot.core.wheels.targets import parse_target
from storage.engine.engine import Engine
from storage.engine.positions import append, last_position
from storage.engine.rows import Row

_COLUMNS = "position, package, target, version, kind, how, lost, noticed"


@dataclass(frozen=True, slots=True)
class Changes:
    """One row a change."""

    database: Engine

    async def record(self, changes: Iterable[Change], now: datetime) -> int:
        """Add changes, and tell how many are new; one that is known stays as it is."""
        async with self.database.transaction() as transaction:
            return await append(
                transaction,
                "changes",
                "INSERT INTO changes (position, package, target, version, kind, how, lost, noticed)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (package, target, version, kind) DO NOTHING RETURNING id",
                [_row(change, now) for change in changes],
            )

    async def newest(self) -> int:
        """Return the position of the newest change, 0 if there never was one."""
        return await last_position(self.database, "changes")

    async def between(self, first: int, last: int) -> tuple[Change, ...]:
        """Return the changes from one position to another, both included."""
        rows = await self.database.read(
            f"SELECT {_COLUMNS} FROM changes WHERE position BETWEEN ? AND ? ORDER BY position",  # noqa: S608 — our words
            (first, last),
        )
        return tuple(each.change for each in map(_noted, rows))

    async def after(self, position: int, most: int) -> tuple[NotedChange, ...]:
        """Return the first changes after a position, in order; they appear in that order, so that none is missed."""
        rows = await self.database.read(
            f"SELECT {_COLUMNS} FROM changes WHERE position > ? ORDER BY position LIMIT ?",  # noqa: S608 — our words
            (position, most),
        )
        return tuple(map(_noted, rows))


def _noted(row: Row) -> NotedChange:
    position, package, target, version, kind, how, lost, noticed = msgspec.convert(
        row, tuple[int, str, str, str, ChangeKind, str, str, float]
    )
    platforms = tuple(map(Platform, lost.split()))
    change = Change(package, parse_target(target), version, kind, tuple(how.split()), platforms)
    return NotedChange(position, change, datetime.fromtimestamp(noticed, UTC))


def _row(change: Change, now: datetime) -> Row:
    return (
        change.package,
        str(change.target),
        change.version,
        change.kind.value,
        " ".join(change.how),
        " ".join(change.lost),
        now.timestamp(),
    )
