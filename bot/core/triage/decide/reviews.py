"""What people say of the rules by what they do with labels that these put on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot.core.github.threads import ThreadState
from bot.core.triage.actions import ActionKind
from bot.core.triage.changeset import OutboxEntry, Progress, Review
from bot.core.triage.overrides import COMMAND
from bot.core.triage.settings import NEEDS_INFO
from bot.core.triage.snapshot import Snapshot


def reviews_of(snapshot: Snapshot) -> tuple[Review, ...]:
    """Return which labels of rules were right, still on when the thread is closed, or wrong: a human took them off.

    One for each rule and label; what nobody has had occasion to judge has none.
    """
    found = {(review.rule, review.version, review.label): review for review in _judged(snapshot)}
    return tuple(found.values())


def _judged(snapshot: Snapshot) -> Iterator[Review]:
    for entry in snapshot.entries:
        action = entry.action
        is_rules = action.kind in {ActionKind.ADD_LABEL, ActionKind.SUGGEST_LABEL} and action.rule != COMMAND
        if not is_rules or action.kind_name == NEEDS_INFO or entry.progress is not Progress.CONFIRMED:
            continue
        override = snapshot.override(action.value)
        said = override if override is not None and override.at >= entry.planned else None
        if said is not None and (not said.wanted or action.kind is ActionKind.SUGGEST_LABEL):
            yield _review(entry, said.at, right=said.wanted)
        elif action.kind is ActionKind.ADD_LABEL and _was_left_on(snapshot, action.value):
            yield _review(entry, snapshot.issue.closed or snapshot.issue.updated, right=True)


def _was_left_on(snapshot: Snapshot, label: str) -> bool:
    return snapshot.issue.state is not ThreadState.OPEN and snapshot.is_on(label)


def _review(entry: OutboxEntry, at: datetime, *, right: bool) -> Review:
    action = entry.action
    return Review(action.rule, action.version, action.node_id, action.value, right, at)
