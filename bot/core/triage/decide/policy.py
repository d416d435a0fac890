"""What is allowed: the reasons against doing something, in the order in which they count.

A person who asked by a command is refused less: they see what they do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType

from bot.core.classify.thread import KindName
from bot.core.github.threads import ThreadState
from bot.core.triage.actions import Action, ActionKind, Mode
from bot.core.triage.changeset import DISLIKED, REMOVED, MarkKind, Progress
from bot.core.triage.decide.proposals import Wanted
from bot.core.triage.overrides import COMMAND
from bot.core.triage.reviews import LAST_REVIEWED, drops
from bot.core.triage.settings import PATH, TOPIC
from bot.core.triage.snapshot import Snapshot, counts

MOST_LABELS = 3
"""Labels that rules put on or suggest on one thread, ever."""

ACTIONS_AN_HOUR = 30
"""What rules do in one repository within an hour; the outbox worker waits when they are used up."""

CONTENT_AN_HOUR = 500
"""Comments within an hour on all repositories together, which is where GitHub draws the line."""

UNWANTED_BY = MappingProxyType(
    {REMOVED: "removed the comment that was written here", DISLIKED: "gave a thumbs-down to the comment here"}
)
"""What a person did who does not want the comment, by the value of their mark."""

_LABELS = frozenset({ActionKind.ADD_LABEL, ActionKind.SUGGEST_LABEL})
_SPEAKING = frozenset({ActionKind.COMMENT, ActionKind.REPLY, ActionKind.NOTICE, ActionKind.REACT})
_KINDS = frozenset(KindName)


@dataclass(slots=True)
class Tally:
    """The labels that rules used up on a thread, with those decided just now (``new``); ``kind`` is the one kind."""

    labels: set[str] = field(default_factory=set)
    new: set[str] = field(default_factory=set)
    kind: str | None = None

    def note(self, action: Action) -> None:
        """Count a label."""
        self.labels.add(action.value.casefold())
        if action.kind is ActionKind.ADD_LABEL and action.kind_name in _KINDS:
            self.kind = self.kind or action.value


def tally_of(snapshot: Snapshot) -> Tally:
    """Count the labels that rules used on a thread so far, also those that people took off again."""
    tally = Tally()
    for entry in snapshot.entries:
        if entry.action.kind in _LABELS and entry.action.rule != COMMAND and counts(entry):
            tally.note(entry.action)
    return tally


def against_everything(snapshot: Snapshot) -> str | None:
    """Return why nothing at all is done in a repository, whoever asks."""
    repository = snapshot.issue.ref.repository
    if not snapshot.enabled:
        return "Whoever runs the bot has switched triage off."
    if snapshot.settings.mode is Mode.OFF:
        return f"The mode of {repository} is off."
    if not snapshot.installed:
        return f"{repository} has not installed the App."
    return None


def against_thread(snapshot: Snapshot) -> str | None:
    """Return why a thread is left alone, unless a person asks."""
    issue, settings = snapshot.issue, snapshot.settings
    if issue.author is not None and issue.author.is_bot:
        return f"A bot opened it: {issue.author.login}."
    if issue.is_pr and not settings.pull_requests:
        return f"It is a pull request, and `{PATH}` does not ask for those."
    if issue.state is not ThreadState.OPEN:
        return f"It is {issue.state}."
    if issue.locked:
        return "It is locked."
    if settings.not_before is not None and issue.created.date() < settings.not_before:
        return f"It was opened before {settings.not_before}, which is where `not-before` begins."
    if snapshot.mark(MarkKind.OVER):
        return "It was over for so long that what was done about it is forgotten."
    if snapshot.mark(MarkKind.IGNORE):
        return f"{snapshot.marks[MarkKind.IGNORE].actor} asked to ignore it."
    return None


def against_label(wanted: Wanted, label: str | None, snapshot: Snapshot, tally: Tally, *, again: bool) -> str | None:
    """Return why a label is neither put on nor suggested; ``again`` is that a person asked to look once more.

    Without a settings file there is no ``label``, and that alone is no reason: it is said what could be done with one.
    """
    return (
        against_everything(snapshot)
        or _against_rule(wanted, snapshot)
        or (_no_label(wanted.neutral, snapshot) if label is None and snapshot.settings_digest else None)
        or against_thread(snapshot)
        or (_against_kind(snapshot) if wanted.kind is not None else None)
        or _against_override(label or wanted.neutral, snapshot)
        or (None if again else _against_repeating(wanted, label or wanted.neutral, snapshot))
        or _against_many(label or wanted.neutral, tally)
    )


def against_suggesting(action: Action, snapshot: Snapshot) -> str | None:
    """Return why a label is not suggested, although it may be: that is done in GitHub's own way or not at all."""
    if snapshot.issue.is_pr:
        return "Pull requests have no suggestions of labels, and no comment is written for a label alone."
    if not snapshot.suggestions:
        repository = snapshot.issue.ref.repository
        return f"{repository} takes no suggestions of labels, and no comment is written for a label alone."
    return _given_up(ActionKind.SUGGEST_LABEL, action.value, action.version, snapshot)


def against_comment(snapshot: Snapshot) -> str | None:
    """Return why the bot's own comment is not written."""
    return (
        against_everything(snapshot)
        or against_comments(snapshot)
        or _against_unwanted_comment(snapshot)
        or against_thread(snapshot)
    )


def _against_unwanted_comment(snapshot: Snapshot) -> str | None:
    """Leave a thread alone whose people did not want what was written there."""
    mark = snapshot.marks.get(MarkKind.UNWANTED)
    if mark is None or not mark.value:
        return None
    return f"{mark.actor} {UNWANTED_BY.get(mark.value, 'did not want the comment')} on {mark.at:%Y-%m-%d}."


def against_comments(snapshot: Snapshot) -> str | None:
    """Return why the sticky comment is not wanted in the repository, None where it is."""
    return None if snapshot.settings.comments else f"`{PATH}` wants no comments."


def against_asking(action: Action, snapshot: Snapshot) -> str | None:
    """Return why what a person asked for by a command is not done."""
    if (reason := against_everything(snapshot)) is not None:
        return reason
    if action.kind in _SPEAKING and snapshot.issue.locked:
        return "It is locked."
    return against_comments(snapshot) if action.kind is ActionKind.COMMENT else None


def is_doubtful(rule: str, snapshot: Snapshot) -> bool:
    """Return whether people corrected a rule so often that it only suggests any more."""
    return drops(snapshot.reviews.get(rule, ())[-LAST_REVIEWED:])


def _against_rule(wanted: Wanted, snapshot: Snapshot) -> str | None:
    rule = None if wanted.kind is None else snapshot.settings.rules.get(wanted.kind)
    if (rule is not None and not rule.enabled) or wanted.mode is Mode.OFF:
        return f"`{PATH}` switches {wanted.neutral} off."
    return None


def _no_label(neutral: str, snapshot: Snapshot) -> str:
    if snapshot.problems:
        return f"`{PATH}` cannot be used, so nothing is done until it is mended."
    mapped = snapshot.settings.labels.get(neutral)
    if mapped is None:
        return f"`{PATH}` maps {neutral} to no label."
    return f"{snapshot.issue.ref.repository} has no label called {mapped}, and none is ever made."


def _against_kind(snapshot: Snapshot) -> str | None:
    """Leave it at the kind that a person has put on."""
    mapped = {label.casefold() for neutral, label in snapshot.settings.labels.items() if neutral in _KINDS}
    mapped -= {snapshot.settings.labels.get(TOPIC, "").casefold()}
    for label in snapshot.issue.labels:
        if label.casefold() in mapped and not _is_ours(label, snapshot):
            return f"Somebody has said what kind it is: {label}."
    return None


def _is_ours(label: str, snapshot: Snapshot) -> bool:
    """Return whether a rule put a label on, and no person since that was decided."""
    override = snapshot.override(label)
    return any(
        counts(entry)
        and entry.action.rule != COMMAND
        and not (override is not None and override.wanted and override.at > entry.planned)
        for entry in snapshot.entries_for(ActionKind.ADD_LABEL, label)
    )


def _against_override(label: str, snapshot: Snapshot) -> str | None:
    override = snapshot.override(label)
    if override is None or override.wanted:
        return None
    return f"{override.actor} took {label} off on {override.at:%Y-%m-%d}, and it stays off."


def _against_repeating(wanted: Wanted, label: str, snapshot: Snapshot) -> str | None:
    """Do nothing twice: neither what something undid, nor what GitHub refused."""
    for entry in snapshot.entries_for(ActionKind.ADD_LABEL, label):
        if entry.progress is Progress.CONFIRMED:
            return f"{label} was put on before, and something else took it off."
    return _given_up(ActionKind.ADD_LABEL, label, wanted.version, snapshot)


def _given_up(kind: ActionKind, label: str, version: int, snapshot: Snapshot) -> str | None:
    for entry in snapshot.entries_for(kind, label):
        if entry.progress is Progress.REFUSED and entry.action.version == version:
            return f"It was given up before. {entry.reason or ''}".strip()
    return None


def _against_many(label: str, tally: Tally) -> str | None:
    if label.casefold() in tally.labels or len(tally.labels) < MOST_LABELS:
        return None
    return f"{MOST_LABELS} labels on one thread are enough."
