"""Whether humans left the labels that rules put on threads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from bot.core.triage.changeset import Review
from storage.engine.engine import Engine, Transaction


@dataclass(frozen=True, slots=True)
class Reviews:
    """One row a label that a rule put on a thread; they are written by ``Changesets``."""

    database: Engine

    async def last(self, rule: str, version: int, n: int = 20) -> tuple[bool, ...]:
        """Return which of the last labels that this version of a rule put on were right, newest review first."""
        rows = await self.database.read(
            "SELECT held FROM reviews WHERE rule = ? AND version = ? ORDER BY at DESC, node_id, label LIMIT ?",
            (rule, version, n),
        )
        return tuple(bool(held) for (held,) in msgspec.convert(rows, list[tuple[bool | int]]))


async def store_reviews(transaction: Transaction, reviews: Sequence[Review]) -> None:
    """Keep reviews; the latest counts, and of two at the same time the one that finds the label wrong."""
    await transaction.run_many(
        "INSERT INTO reviews (rule, version, node_id, label, held, at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (rule, version, node_id, label) DO UPDATE SET held = excluded.held, at = excluded.at"
        " WHERE (excluded.at, reviews.held) > (reviews.at, excluded.held)",
        [
            (review.rule, review.version, review.node_id, review.label, review.right, review.at.timestamp())
            for review in reviews
        ],
    )
