"""Rules that people corrected so often that they only suggest: once for each time, and who was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from bot.core.triage.changeset import Review, RuleDrop
from bot.core.triage.reviews import LAST_REVIEWED, drops
from storage.engine.engine import Engine, Transaction
from storage.engine.rows import read_time

CLAIM = timedelta(minutes=2)
"""How long whoever began to tell of a drop is left to it."""


class _Row(msgspec.Struct, array_like=True):
    number: int
    rule: str
    version: int
    since: float
    held: int
    reviewed: int
    begun: float | None


@dataclass(frozen=True, slots=True)
class RuleDrops:
    """One row a time that a rule dropped; they are written by ``Changesets``."""

    database: Engine

    async def untold(self) -> tuple[RuleDrop, ...]:
        """Return those that the bot's owner was not told of, the first first."""
        rows = await self.database.read(
            "SELECT number, rule, version, since, held, reviewed, begun FROM rule_drops WHERE told IS NULL"
            " ORDER BY number"
        )
        return tuple(
            RuleDrop(
                row.number,
                row.rule,
                row.version,
                datetime.fromtimestamp(row.since, UTC),
                row.held,
                row.reviewed,
                read_time(row.begun),
            )
            for row in msgspec.convert(rows, list[_Row])
        )

    async def begin(self, drop: RuleDrop, now: datetime) -> bool:
        """Write down that the owner is being told, unless somebody else began it just now."""
        async with self.database.transaction() as transaction:
            rows = await transaction.run(
                "UPDATE rule_drops SET begun = ? WHERE number = ? AND told IS NULL"
                " AND (begun IS NULL OR begun < ? OR begun > ?) RETURNING number",
                (now.timestamp(), drop.number, (now - CLAIM).timestamp(), (now + CLAIM).timestamp()),
            )
        return bool(rows)

    async def told(self, drop: RuleDrop, now: datetime) -> bool:
        """Write down that the owner was told; tells whether nobody else had."""
        async with self.database.transaction() as transaction:
            rows = await transaction.run(
                "UPDATE rule_drops SET told = ? WHERE number = ? AND told IS NULL RETURNING number",
                (now.timestamp(), drop.number),
            )
        return bool(rows)


async def note_drops(transaction: Transaction, reviews: Sequence[Review], now: datetime) -> None:
    """Write down which of the rules that were reviewed just now dropped by it, and which are trusted again."""
    for rule, version in sorted({(review.rule, review.version) for review in reviews}):
        rows = await transaction.run(
            "SELECT held FROM reviews WHERE rule = ? AND version = ? ORDER BY at DESC, node_id, label LIMIT ?",
            (rule, version, LAST_REVIEWED),
        )
        held = [bool(row) for (row,) in msgspec.convert(rows, list[tuple[bool | int]])]
        if drops(held):
            await transaction.run(
                "INSERT INTO rule_drops (rule, version, since, number, held, reviewed)"
                " VALUES (?, ?, ?, COALESCE((SELECT MAX(number) FROM rule_drops), 0) + 1, ?, ?)"
                " ON CONFLICT (rule, version) WHERE ended IS NULL DO NOTHING",
                (rule, version, now.timestamp(), sum(held), len(held)),
            )
        else:
            await transaction.run(
                "UPDATE rule_drops SET ended = ? WHERE rule = ? AND version = ? AND ended IS NULL",
                (now.timestamp(), rule, version),
            )
