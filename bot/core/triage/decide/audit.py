"""Lines of the audit log: what was decided, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.core.github.events import Trigger
from bot.core.triage.actions import Action, Decision, Mode, Outcome
from bot.core.triage.changeset import AuditEntry, Progress
from bot.core.triage.decide.preflight import EntryEnding

_RESULTS = {
    Progress.CONFIRMED: Outcome.DONE,
    Progress.DROPPED: Outcome.DROPPED,
    Progress.REFUSED: Outcome.REFUSED,
}


def how_it_ended(
    action: Action, ending: EntryEnding, history: Sequence[AuditEntry], labels: tuple[str, ...], now: datetime
) -> AuditEntry:
    """Return how an action ended, with what led to it; ``history`` is the thread's audit log, oldest first."""
    decided = next((each for each in reversed(history) if each.decision.action.key == action.key), None)
    mode = Mode.APPLY if decided is None else decided.decision.mode
    return AuditEntry(
        at=now,
        ref=action.ref,
        node_id=action.node_id,
        trigger=Trigger.ASKED if decided is None else decided.trigger,
        delivery=None if decided is None else decided.delivery,
        actor=None if decided is None else decided.actor,
        decision=Decision(action, mode, _RESULTS[ending.progress], ending.reason),
        labels=labels,
    )
