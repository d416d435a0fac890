"""What tracked packages gained and lost, numbered in the order in which it was noticed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from bot.core.posting.posts import Change, ChangeKind
from bot.core.wheels.platforms import Platform
from bot.core.wheels.targets import parse_target
from storage.engine.sqlite import Database


@dataclass(frozen=True, slots=True)
class Changes:
    """One row a change."""

    database: Database

    async def record(self, changes: Iterable[Change], now: datetime) -> int:
        """Add changes, and tell how many are new; one that is known stays as it is."""
        new = 0
        async with self.database.transaction() as transaction:
            for change in changes:
                rows = await transaction.run(
                    "INSERT INTO changes (id, package, target, version, kind, how, lost, noticed)"
                    " SELECT COALESCE(MAX(id), 0) + 1, ?, ?, ?, ?, ?, ?, ? FROM changes WHERE TRUE"
                    " ON CONFLICT (package, target, version, kind) DO NOTHING RETURNING id",
                    (
                        change.package,
                        str(change.target),
                        change.version,
                        change.kind.value,
                        " ".join(change.how),
                        " ".join(change.lost),
                        now.timestamp(),
                    ),
                )
                new += len(rows)
        return new

    async def newest(self) -> int:
        """Return the number of the newest change, 0 if there is none."""
        rows = await self.database.read("SELECT COALESCE(MAX(id), 0) FROM changes")
        return msgspec.convert(rows[0][0], int)

    async def between(self, first: int, last: int) -> tuple[Change, ...]:
        """Return the changes from one number to another, both included."""
        rows = await self.database.read(
            "SELECT package, target, version, kind, how, lost FROM changes WHERE id BETWEEN ? AND ? ORDER BY id",
            (first, last),
        )
        return tuple(
            Change(package, parse_target(target), version, kind, tuple(how.split()), tuple(map(Platform, lost.split())))
            for package, target, version, kind, how, lost in msgspec.convert(
                rows, list[tuple[str, str, str, ChangeKind, str, str]]
            )
        )
