"""Whether an outbox entry is still done when its turn comes, whatever was true when it was decided.

There are three looks, each with more to read than the one before: what is known here (``hold``), the thread as it is
on GitHub (``foregone``), and all that could be in the way (``preflight``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.classify.thread import KindName
from bot.core.github.threads import Comment, Issue, LabelEvent, ThreadState
from bot.core.triage.actions import Action, ActionKind, Mode, Priority
from bot.core.triage.changeset import LabelOverride, OutboxEntry, Progress
from bot.core.triage.decide.policy import ACTIONS_AN_HOUR, CONTENT_AN_HOUR
from bot.core.triage.decide.texts import written_body
from bot.core.triage.overrides import latest_override, merge_overrides, overrides_of, rejections_of, same_label
from bot.core.triage.settings import TOPIC, Policy, RuleSettings

SETTLING = timedelta(seconds=150)
"""How long GitHub may take to do what it was sent, as seen from outside: longer than its slowest answers."""

EXPIRES = timedelta(days=3)
"""After so long nobody waits for an action any more."""

ANSWERS_AN_HOUR = 60
"""Replies and reactions in one repository within an hour; what is more is dropped, as nobody waits for it for long."""

FORBIDDEN = 3
"""How often an action is tried that GitHub forbids, an hour after the other, until it counts as refused."""

FORBIDDEN_PAUSE = timedelta(hours=1)

LABELS = frozenset({ActionKind.ADD_LABEL, ActionKind.REMOVE_LABEL, ActionKind.SUGGEST_LABEL})
"""What moves labels."""

PUTTING_ON = frozenset({ActionKind.ADD_LABEL, ActionKind.SUGGEST_LABEL})
"""What GitHub would make a label for that the repository does not have."""

CONTENT = frozenset({ActionKind.COMMENT, ActionKind.REPLY, ActionKind.NOTICE})
"""What writes comments."""

_UNTIL_THE_CAP_IS_LOWER = timedelta(minutes=10)
_UNTIL_THE_REST_IS_DONE = timedelta(seconds=15)
_CLOCK_SLACK = timedelta(seconds=5)
"""How far GitHub's clock, which shows whole seconds, may be behind this one."""

_RECEIPT, _FAILED = "rocket", "confused"
"""The reactions that say whether all that a comment asked for was done."""

_ANSWERS = frozenset({Priority.ANSWERS, Priority.RECEIPTS})
_UNDONE = frozenset({Progress.DROPPED, Progress.REFUSED})
_WRITING = frozenset({Mode.SUGGEST, Mode.APPLY})
_ALLOWED_IN = {ActionKind.ADD_LABEL: frozenset({Mode.APPLY})}
"""The modes in which rules may do something, where those that let the bot write at all are not enough."""

_KINDS = frozenset(kind.value for kind in KindName)


@dataclass(frozen=True, slots=True)
class Send:
    """Nothing is in the way; ``reaction`` is the one to leave, where one is to be left."""

    reaction: str = ""


@dataclass(frozen=True, slots=True)
class EntryEnding:
    """The entry is over, for this reason; ``written`` is the comment that came of it."""

    progress: Progress
    reason: str
    written: int | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """The entry's turn comes later."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class SentLately:
    """What was sent within the last hour: what is counted with the entry, in its repository, and comments anywhere."""

    alike: int = 0
    comments: int = 0


@dataclass(frozen=True, slots=True)
class LiveThread:
    """The thread as it is on GitHub; ``comment`` is what the bot wrote there before, in the entry's place."""

    issue: Issue
    login: str
    events: tuple[LabelEvent, ...] = ()
    dismissed: tuple[LabelEvent, ...] = ()
    comment: Comment | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What counts besides the thread itself.

    ``labels`` are those that the repository has, ``overrides`` the stored ones, ``entries`` all that there ever were
    for the thread, oldest first; ``written`` is the number of the one comment that the bot is known to have there.
    """

    policy: Policy
    labels: frozenset[str] = frozenset()
    overrides: Mapping[str, LabelOverride] = field(default_factory=dict)
    entries: tuple[OutboxEntry, ...] = ()
    written: int | None = None


def counted_with(action: Action) -> frozenset[Priority]:
    """Return the priorities that an action shares its hourly number with."""
    return _ANSWERS if action.priority in _ANSWERS else frozenset({action.priority})


def hold(
    entry: OutboxEntry, lately: SentLately, entries: Sequence[OutboxEntry], now: datetime
) -> EntryEnding | Wait | None:
    """Return why nothing needs to be read for an entry yet; ``entries`` are those of its thread, oldest first.

    What was sent is looked for once GitHub had its time. What was not keeps to so much an hour: of what rules do, and
    of answers; what else people ask for is theirs to bound. A receipt waits until all that its comment asked for ended.
    """
    if entry.progress is Progress.SENT and entry.sent is not None:
        settled = entry.sent + SETTLING
        # A time in the future is from a clock that was set back since.
        waits = now < settled <= now + SETTLING
        return Wait(settled, "GitHub may still be doing it.") if waits else None
    return _capped(entry.action, lately, now) or _unfinished(entry.action, entries, now)


def foregone(entry: OutboxEntry, live: LiveThread, now: datetime) -> EntryEnding | None:
    """Return how an entry ended where the thread alone tells: it is done, by whomever, or not to be done any more."""
    if live.issue.node_id != entry.action.node_id:
        return _dropped("The thread was moved.")
    if (found := _found(entry, live)) is not None:
        return found
    if now - entry.planned > EXPIRES:
        return _dropped("It could not be done for days, and nobody waits for it any more.")
    return None


def preflight(entry: OutboxEntry, live: LiveThread, around: Surroundings, now: datetime) -> Send | EntryEnding | Wait:
    """Decide whether an entry is sent now."""
    action = entry.action
    return (
        foregone(entry, live, now)
        or _forbidden_by(around.policy, action)
        or _too_late(action, live.issue, around)
        or _unwanted(action, live, around.overrides)
        or _replaced(action, live, around, now)
        or _unknown(action, around.labels)
        or Send(_reaction(action, around.entries))
    )


def after_forbidden(entry: OutboxEntry, reason: str, now: datetime) -> EntryEnding | Wait:
    """Return what becomes of an entry that GitHub forbade to do: somebody has some hours to let the App do it."""
    if entry.forbidden + 1 >= FORBIDDEN:
        return EntryEnding(Progress.REFUSED, reason)
    return Wait(now + FORBIDDEN_PAUSE, reason)


def _capped(action: Action, lately: SentLately, now: datetime) -> EntryEnding | Wait | None:
    if action.priority in _ANSWERS and lately.alike >= ANSWERS_AN_HOUR:
        return _dropped(f"{ANSWERS_AN_HOUR} answers an hour are enough for one repository.")
    if action.priority is Priority.RULES and lately.alike >= ACTIONS_AN_HOUR:
        reason = f"{ACTIONS_AN_HOUR} actions an hour are enough for one repository."
        return Wait(now + _UNTIL_THE_CAP_IS_LOWER, reason)
    if action.kind in CONTENT and lately.comments >= CONTENT_AN_HOUR:
        return Wait(now + _UNTIL_THE_CAP_IS_LOWER, f"{CONTENT_AN_HOUR} comments an hour are enough.")
    return None


def _unfinished(action: Action, entries: Sequence[OutboxEntry], now: datetime) -> Wait | None:
    if not _is_receipt(action):
        return None
    due = [each.due for each in _asked_along(action, entries) if each.due is not None]
    if not due:
        return None
    return Wait(max(*due, now + _UNTIL_THE_REST_IS_DONE), "The rest of what was asked for comes first.")


def _asked_along(action: Action, entries: Sequence[OutboxEntry]) -> list[OutboxEntry]:
    """Return what the same comment asked for, reactions and texts that newer ones replaced left out."""
    texts = [each for each in entries if each.action.kind is ActionKind.COMMENT]
    return [
        each
        for each in entries
        if each.action.comment == action.comment
        and each.action.kind is not ActionKind.REACT
        and not (each in texts[:-1] and each.progress is Progress.DROPPED)
    ]


def _reaction(action: Action, entries: Sequence[OutboxEntry]) -> str:
    """Return the reaction to a comment: its receipt only where everything was done that it asked for."""
    if action.kind is not ActionKind.REACT:
        return ""
    if _is_receipt(action) and any(each.progress in _UNDONE for each in _asked_along(action, entries)):
        return _FAILED
    return action.value


def _found(entry: OutboxEntry, live: LiveThread) -> EntryEnding | None:
    """Return whether GitHub has it already: from an attempt whose outcome was not known, or from somebody else."""
    action = entry.action
    on = any(same_label(label, action.value) for label in live.issue.labels)
    match action.kind:
        case ActionKind.ADD_LABEL | ActionKind.SUGGEST_LABEL if on:
            return EntryEnding(Progress.CONFIRMED, "The label is on.")
        case ActionKind.ADD_LABEL if entry.progress is Progress.SENT and _put_on_before(entry, live):
            return EntryEnding(Progress.CONFIRMED, "The label was put on, and is off again.")
        case ActionKind.SUGGEST_LABEL if entry.progress is Progress.SENT and _dismissed_since(entry, live):
            return EntryEnding(Progress.CONFIRMED, "The label was suggested, and the suggestion dismissed.")
        case ActionKind.REMOVE_LABEL if not on:
            return EntryEnding(Progress.CONFIRMED, "The label is off.")
        case ActionKind.COMMENT if live.comment is not None and _says(live.comment, action):
            return EntryEnding(Progress.CONFIRMED, "The comment says it.", live.comment.number)
        case ActionKind.REPLY | ActionKind.NOTICE if live.comment is not None:
            return EntryEnding(Progress.CONFIRMED, "The comment is there.", live.comment.number)
        case _:
            return None


def _put_on_before(entry: OutboxEntry, live: LiveThread) -> bool:
    return any(
        event.added
        and same_label(event.label, entry.action.value)
        and event.actor is not None
        and event.actor.login == live.login
        and event.at >= entry.planned - _CLOCK_SLACK
        for event in live.events
    )


def _dismissed_since(entry: OutboxEntry, live: LiveThread) -> bool:
    return any(
        same_label(event.label, entry.action.value) and event.at >= entry.planned - _CLOCK_SLACK
        for event in live.dismissed
    )


def _says(comment: Comment, action: Action) -> bool:
    """Compare texts as GitHub keeps them, with its own ends of lines."""
    return comment.body.replace("\r\n", "\n").strip() == written_body(action).replace("\r\n", "\n").strip()


def _forbidden_by(policy: Policy, action: Action) -> EntryEnding | None:
    """Obey settings that changed since; what a person asked for is done in every mode but off."""
    settings = policy.settings
    if settings.mode is Mode.OFF:
        return _dropped("The repository switched the bot off.")
    if action.kind is ActionKind.NOTICE:
        return None if policy.problems else _dropped("The settings were mended.")
    if _was_asked_for(action):
        return None
    if policy.problems:
        return _dropped("The repository's settings cannot be read any more.")
    kind = KindName(action.kind_name) if action.kind_name in _KINDS else None
    if kind is not None and not settings.rules.get(kind, RuleSettings()).enabled:
        return _dropped(f"The repository switched `{kind}` off.")
    if action.kind is ActionKind.COMMENT and not settings.comments:
        return _dropped("The repository wants no comments any more.")
    if kind is not None:
        modes = {settings.mode_of(kind)}
    elif action.kind_name == TOPIC:
        modes = {settings.mode}
    else:  # it has to do with several kinds
        modes = {settings.mode, *(settings.mode_of(each) for each in settings.rules)}
    if modes.isdisjoint(_ALLOWED_IN.get(action.kind, _WRITING)):
        return _dropped(f"The mode is {' or '.join(sorted(modes))} by now.")
    return None


def _too_late(action: Action, issue: Issue, around: Surroundings) -> EntryEnding | None:
    if _was_asked_for(action) or action.kind is ActionKind.REMOVE_LABEL:
        return None
    if issue.is_pr and not around.policy.settings.pull_requests:
        return _dropped("The repository wants nothing on pull requests any more.")
    if issue.state is not ThreadState.OPEN:
        return _dropped("The thread was closed meanwhile.")
    return _dropped("The thread was locked meanwhile.") if issue.locked else None


def _unwanted(action: Action, live: LiveThread, stored: Mapping[str, LabelOverride]) -> EntryEnding | None:
    if action.kind not in LABELS:
        return None
    node_id, repository = action.node_id, live.issue.ref.repository
    seen = merge_overrides(
        overrides_of(node_id, repository, live.events, live.login),
        rejections_of(node_id, repository, live.dismissed),
    )
    override = latest_override(merge_overrides(stored, seen), action.value)
    if override is not None and override.wanted is (action.kind is ActionKind.REMOVE_LABEL):
        return _dropped(f"{override.actor} wants the label {'on' if override.wanted else 'off'}.")
    return None


def _replaced(action: Action, live: LiveThread, around: Surroundings, now: datetime) -> EntryEnding | Wait | None:
    """Return what is left of an edit: the newest text counts, and a comment that somebody deleted stays deleted."""
    if action.kind is not ActionKind.COMMENT:
        return None
    texts = [each for each in around.entries if each.action.kind is ActionKind.COMMENT]
    here = next((place for place, text in enumerate(texts) if text.action.key == action.key), len(texts))
    if any(text.progress not in _UNDONE for text in texts[here + 1 :]):
        return _dropped("A newer text replaces this one.")
    unsettled = [text.due for text in texts[:here] if text.progress is Progress.SENT and text.due is not None]
    if unsettled:
        until = max(*unsettled, now + timedelta(seconds=1))
        return Wait(until, "It is not known yet whether an earlier text was written.")
    if around.written is None or live.comment is not None:
        return None
    return EntryEnding(Progress.REFUSED, "Somebody deleted the comment, or wrote above its first line.")


def _unknown(action: Action, labels: frozenset[str]) -> EntryEnding | None:
    if action.kind not in PUTTING_ON or any(same_label(label, action.value) for label in labels):
        return None
    return _dropped("The repository does not have the label any more.")


def _is_receipt(action: Action) -> bool:
    return action.kind is ActionKind.REACT and action.value == _RECEIPT


def _was_asked_for(action: Action) -> bool:
    return action.comment is not None


def _dropped(reason: str) -> EntryEnding:
    return EntryEnding(Progress.DROPPED, reason)
