"""Every decision of triage and its result; only ever added to, and nothing twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from bot.core.github.events import Trigger
from bot.core.github.threads import IssueRef
from bot.core.triage.actions import Action, ActionKind, Decision, Mode, Outcome
from bot.core.triage.changeset import AuditEntry
from storage.engine.engine import Engine, Transaction
from storage.engine.rows import Row, Value

_COLUMNS = (
    "at, repository, number, node_id, trigger, delivery, actor, action, value, rule, version, evidence, body, comment,"
    " kind_name, mode, outcome, reason, labels"
)

_decode_labels = msgspec.json.Decoder(tuple[str, ...]).decode


class _Row(msgspec.Struct, array_like=True):
    at: float
    repository: str
    number: int
    node_id: str
    trigger: Trigger
    delivery: str | None
    actor: str | None
    action: ActionKind
    value: str
    rule: str
    version: int
    evidence: str
    body: str
    comment: int | None
    kind_name: str
    mode: Mode
    outcome: Outcome
    reason: str
    labels: str


@dataclass(frozen=True, slots=True)
class Audit:
    """One row a decision or result, numbered as they are written; its action is of the thread that it names."""

    database: Engine

    async def record(self, entries: Sequence[AuditEntry]) -> None:
        """Add entries; what the same delivery led to is not added again, nor the same at the same time."""
        async with self.database.transaction() as transaction:
            await store_entries(transaction, entries)

    async def of_thread(self, ref: IssueRef, limit: int = 50) -> tuple[AuditEntry, ...]:
        """Return the last entries about the thread at a place, oldest first."""
        return await self._last("LOWER(repository) = LOWER(?) AND number = ?", (ref.repository, ref.number), limit)

    async def of_node(self, node_id: str, limit: int = 50) -> tuple[AuditEntry, ...]:
        """Return the last entries about a thread, wherever it was, oldest first."""
        return await self._last("node_id = ?", (node_id,), limit)

    async def _last(self, where: str, values: Iterable[Value], limit: int) -> tuple[AuditEntry, ...]:
        rows = await self.database.read(
            f"SELECT {_COLUMNS} FROM audit WHERE {where} ORDER BY id DESC LIMIT ?",  # noqa: S608 — ours
            (*values, limit),
        )
        return tuple(_entry(row) for row in reversed(rows))


async def store_entries(transaction: Transaction, entries: Sequence[AuditEntry]) -> None:
    """Add entries that are not known yet."""
    places = ", ".join("?" * (2 + _COLUMNS.count(",")))
    for entry in entries:
        await transaction.run(
            f"INSERT INTO audit (key, {_COLUMNS}) VALUES ({places}) ON CONFLICT (key) DO NOTHING",  # noqa: S608 — ours
            (_key(entry), *_row(entry)),
        )


def _key(entry: AuditEntry) -> str:
    """Return what entries have in common that say the same: a delivery may be worked on twice, at different times."""
    action = entry.decision.action
    occasion = str(entry.at.timestamp()) if entry.delivery is None else entry.delivery
    parts = (
        *("time" if entry.delivery is None else "delivery", occasion, entry.node_id),
        *(action.key, action.rule, entry.decision.outcome),
    )
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()


def _row(entry: AuditEntry) -> Row:
    action = entry.decision.action
    return (
        entry.at.timestamp(),
        entry.ref.repository,
        entry.ref.number,
        entry.node_id,
        entry.trigger.value,
        entry.delivery,
        entry.actor,
        action.kind.value,
        action.value,
        action.rule,
        action.version,
        action.evidence,
        action.body,
        action.comment,
        action.kind_name,
        entry.decision.mode.value,
        entry.decision.outcome.value,
        entry.decision.reason,
        msgspec.json.encode(entry.labels).decode(),
    )


def _entry(values: Row) -> AuditEntry:
    row = msgspec.convert(values, _Row)
    ref = IssueRef(row.repository, row.number)
    action = Action(
        kind=row.action,
        ref=ref,
        node_id=row.node_id,
        value=row.value,
        rule=row.rule,
        version=row.version,
        evidence=row.evidence,
        body=row.body,
        comment=row.comment,
        kind_name=row.kind_name,
    )
    return AuditEntry(
        at=datetime.fromtimestamp(row.at, UTC),
        ref=ref,
        node_id=row.node_id,
        trigger=row.trigger,
        delivery=row.delivery,
        actor=row.actor,
        decision=Decision(action, row.mode, row.outcome, row.reason),
        labels=_decode_labels(row.labels),
    )
