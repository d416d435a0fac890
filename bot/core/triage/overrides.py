"""What humans want of labels, from what they did.

GitHub does not tell labels apart by small and capital letters, so neither is that done here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.core.github.threads import LabelEvent
from bot.core.triage.actions import ActionKind
from bot.core.triage.changeset import LabelOverride, OutboxEntry

COMMAND = "command"
"""The rule of what a person asked for by a command."""

_NOBODY = "ghost"
"""What GitHub calls accounts that are gone; they were people's until it is known better."""

_SOMEBODY = "somebody"
"""Who dismissed a suggestion, of whom GitHub gives no name."""


def same_label(one: str, other: str) -> bool:
    """Return whether two names are the same label to GitHub."""
    return one.casefold() == other.casefold()


def latest_override(overrides: Mapping[str, LabelOverride], label: str) -> LabelOverride | None:
    """Return the latest that a human wanted of a label, None if nobody ever did; of two at once, to have it off."""
    meant = [override for override in overrides.values() if same_label(override.label, label)]
    return max(meant, key=lambda override: (override.at, not override.wanted), default=None)


def overrides_of(
    node_id: str, repository: str, events: Sequence[LabelEvent], app_login: str
) -> dict[str, LabelOverride]:
    """Read what humans want of labels from a thread's label events; bots want nothing."""
    overrides: dict[str, LabelOverride] = {}
    for event in events:
        if event.actor is not None and (event.actor.is_bot or event.actor.login == app_login):
            continue
        actor = _NOBODY if event.actor is None else event.actor.login
        override = LabelOverride(node_id, event.label, event.added, repository, actor, event.at)
        overrides[event.label] = _later(overrides.get(event.label), override)
    return overrides


def rejections_of(node_id: str, repository: str, events: Sequence[LabelEvent]) -> dict[str, LabelOverride]:
    """Read what humans do not want from the suggestions of labels that they dismissed."""
    overrides: dict[str, LabelOverride] = {}
    for event in events:
        actor = _SOMEBODY if event.actor is None else event.actor.login
        override = LabelOverride(node_id, event.label, event.added, repository, actor, event.at)
        overrides[event.label] = _later(overrides.get(event.label), override)
    return overrides


def were_suggested(entries: Iterable[OutboxEntry]) -> bool:
    """Return whether labels were, or may have been, suggested for a thread in GitHub's own way, however that ended."""
    return any(entry.action.kind is ActionKind.SUGGEST_LABEL and entry.sent is not None for entry in entries)


def merge_overrides(one: Mapping[str, LabelOverride], other: Mapping[str, LabelOverride]) -> dict[str, LabelOverride]:
    """Keep the latest override for each label, whichever side it is on; of two at the same moment, to have it off."""
    merged = dict(one)
    for label, override in other.items():
        merged[label] = _later(merged.get(label), override)
    return merged


def _later(known: LabelOverride | None, override: LabelOverride) -> LabelOverride:
    return override if known is None else max(known, override, key=lambda each: (each.at, not each.wanted, each.actor))
