"""What humans want of labels: of each thread and label the latest override, in whatever order they arrive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from bot.core.triage.changeset import LabelOverride
from storage.engine.engine import Engine, Transaction

# Of two overrides at the same time the one against the label counts, as a label too few does less harm.
_UNLESS_LATER = (
    " ON CONFLICT (node_id, label) DO UPDATE SET wanted = excluded.wanted, repository = excluded.repository,"
    " actor = excluded.actor, at = excluded.at"
    " WHERE (excluded.at, label_overrides.wanted, excluded.actor, excluded.repository)"
    " > (label_overrides.at, excluded.wanted, label_overrides.actor, label_overrides.repository)"
)


class _Row(msgspec.Struct, array_like=True):
    label: str
    wanted: bool | int
    repository: str
    actor: str
    at: float


@dataclass(frozen=True, slots=True)
class LabelOverrides:
    """One row a label of a thread; they are written by ``Changesets``."""

    database: Engine

    async def of(self, node_id: str) -> Mapping[str, LabelOverride]:
        """Return what humans want of a thread's labels, by label."""
        rows = await self.database.read(
            "SELECT label, wanted, repository, actor, at FROM label_overrides WHERE node_id = ? ORDER BY label",
            (node_id,),
        )
        return {
            row.label: LabelOverride(
                node_id, row.label, bool(row.wanted), row.repository, row.actor, datetime.fromtimestamp(row.at, UTC)
            )
            for row in msgspec.convert(rows, list[_Row])
        }


async def store_overrides(transaction: Transaction, overrides: Sequence[LabelOverride]) -> None:
    """Keep overrides that are later than those that are known."""
    await transaction.run_many(
        "INSERT INTO label_overrides (node_id, label, wanted, repository, actor, at)"  # noqa: S608 — ours
        f" VALUES (?, ?, ?, ?, ?, ?){_UNLESS_LATER}",
        [
            (
                override.node_id,
                override.label,
                override.wanted,
                override.repository,
                override.actor,
                override.at.timestamp(),
            )
            for override in overrides
        ],
    )


async def move_overrides(transaction: Transaction, old_node_id: str, new_node_id: str) -> None:
    """Move a transferred thread's overrides to its new node id."""
    await transaction.run(
        "INSERT INTO label_overrides (node_id, label, wanted, repository, actor, at)"  # noqa: S608 — ours
        f" SELECT ?, label, wanted, repository, actor, at FROM label_overrides WHERE node_id = ?{_UNLESS_LATER}",
        (new_node_id, old_node_id),
    )
    await transaction.run("DELETE FROM label_overrides WHERE node_id = ?", (old_node_id,))
