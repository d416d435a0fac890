"""What humans said of threads by commands: of each thread and kind the latest, in whatever order they arrive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from bot.core.triage.changeset import MarkKind, ThreadMark
from storage.engine.engine import Engine, Transaction

_UNLESS_LATER = (
    " ON CONFLICT (node_id, kind) DO UPDATE SET value = excluded.value, actor = excluded.actor, at = excluded.at"
    " WHERE (excluded.at, excluded.value, excluded.actor) > (thread_marks.at, thread_marks.value, thread_marks.actor)"
)


class _Row(msgspec.Struct, array_like=True):
    kind: MarkKind
    value: str
    actor: str
    at: float


@dataclass(frozen=True, slots=True)
class ThreadMarks:
    """One row a kind of a thread; they are written by ``Changesets``."""

    database: Engine

    async def of(self, node_id: str) -> Mapping[MarkKind, ThreadMark]:
        """Return what humans said of a thread, also what they took back, by kind."""
        rows = await self.database.read(
            "SELECT kind, value, actor, at FROM thread_marks WHERE node_id = ? ORDER BY kind", (node_id,)
        )
        return {
            row.kind: ThreadMark(node_id, row.kind, row.value, row.actor, datetime.fromtimestamp(row.at, UTC))
            for row in msgspec.convert(rows, list[_Row])
        }


async def store_marks(transaction: Transaction, marks: Sequence[ThreadMark]) -> None:
    """Keep what was said later than what is known."""
    await transaction.run_many(
        f"INSERT INTO thread_marks (node_id, kind, value, actor, at) VALUES (?, ?, ?, ?, ?){_UNLESS_LATER}",  # noqa: S608 — ours
        [(mark.node_id, mark.kind.value, mark.value, mark.actor, mark.at.timestamp()) for mark in marks],
    )


async def move_marks(transaction: Transaction, old_node_id: str, new_node_id: str) -> None:
    """Move a transferred thread's marks to its new node id."""
    await transaction.run(
        "INSERT INTO thread_marks (node_id, kind, value, actor, at)"  # noqa: S608 — ours
        f" SELECT ?, kind, value, actor, at FROM thread_marks WHERE node_id = ?{_UNLESS_LATER}",
        (new_node_id, old_node_id),
    )
    await transaction.run("DELETE FROM thread_marks WHERE node_id = ?", (old_node_id,))
