"""Does on GitHub what triage decided, each action exactly once, whatever happens in between.

An entry is checked against GitHub again when its turn comes: somebody may have been faster. It is committed as sent
before the request goes out; one that is found so is looked for on GitHub before it is sent again, and not before a slow
GitHub would have done it. ``checkpoint`` is called between any two steps, for tests that end the process there.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from bot.clients.github.app import GithubApp
from bot.clients.github.repository import PrivateError
from bot.clients.github.worker import MovedError, TokenRefusedError
from bot.core.classify.thread import KindName
from bot.core.errors import StorageError, UpstreamError
from bot.core.github.events import GithubEvent, Trigger
from bot.core.github.threads import (
    Comment,
    ForbiddenError,
    GoneError,
    Issue,
    IssueRef,
    LabelEvent,
    RefusedError,
    ThreadState,
    UnsureError,
)
from bot.core.posting.posts import pause
from bot.core.triage.actions import Action, ActionKind, Decision, Mode, Outcome, Priority
from bot.core.triage.changeset import AuditEntry, LabelOverride, OutboxEntry, Progress
from bot.core.triage.decide.policy import ACTIONS_AN_HOUR, CONTENT_AN_HOUR
from bot.core.triage.decide.texts import MARKER, SUGGESTED, rationale, reply_marker, written_body
from bot.core.triage.overrides import merge_overrides, overrides_of, rejections_of, were_suggested
from bot.core.triage.settings import TOPIC, Policy, RuleSettings
from bot.core.triage.snapshot import same_label
from bot.core.upstream.threads import compare
from bot.services.triage.repositories import read_policy
from bot.services.triage.stores import TriageStores

SETTLING = timedelta(seconds=150)
"""How long GitHub may take to do what it was sent, as seen from outside: longer than its slowest answers."""

EXPIRES = timedelta(days=3)
"""After so long nobody waits for an action any more."""

ANSWERS_AN_HOUR = 60
"""Replies and reactions in one repository within an hour; what is more is dropped, as nobody waits for it for long."""

FORBIDDEN = 3
"""How often an action is tried that GitHub forbids, an hour after the other, until it counts as refused."""

_AN_HOUR = timedelta(hours=1)
_UNTIL_THE_CAP_IS_LOWER = timedelta(minutes=10)
_FORBIDDEN_PAUSE = timedelta(hours=1)
_UNTIL_THE_REST_IS_DONE = timedelta(seconds=15)
_CLOCK_SLACK = timedelta(seconds=5)
"""How far GitHub's clock, which shows whole seconds, may be behind this one."""

_RECEIPT, _FAILED = "rocket", "confused"
"""The reactions that say whether all that a comment asked for was done."""

_ANSWERS = frozenset({Priority.ANSWERS, Priority.RECEIPTS})
_UNDONE = frozenset({Progress.DROPPED, Progress.REFUSED})
_LABELS = frozenset({ActionKind.ADD_LABEL, ActionKind.REMOVE_LABEL, ActionKind.SUGGEST_LABEL})
_WRITING = frozenset({Mode.SUGGEST, Mode.APPLY})
_ALLOWED_IN = {ActionKind.ADD_LABEL: frozenset({Mode.APPLY})}
"""The modes in which rules may do something, where those that let the bot write at all are not enough."""

_KINDS = frozenset(kind.value for kind in KindName)
_CONTENT = frozenset({ActionKind.COMMENT, ActionKind.REPLY, ActionKind.NOTICE})
_RESULTS = {
    Progress.CONFIRMED: Outcome.DONE,
    Progress.DROPPED: Outcome.DROPPED,
    Progress.REFUSED: Outcome.REFUSED,
}

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def go_on(_step: str) -> None:
    """Do nothing between two steps."""


@dataclass(frozen=True, slots=True)
class _Ending:
    """The entry is over, for this reason; ``written`` is the comment that came of it."""

    progress: Progress
    reason: str
    written: int | None = None


@dataclass(frozen=True, slots=True)
class _Wait:
    """The entry's turn comes later."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class _LiveState:
    """What an entry meets on GitHub; ``comment`` is what the bot wrote there before, in its place."""

    issue: Issue
    login: str
    events: tuple[LabelEvent, ...] = ()
    dismissed: tuple[LabelEvent, ...] = ()
    comment: Comment | None = None


@dataclass(frozen=True, slots=True)
class OutboxWorker:
    """Takes entries one after the other; ``name`` tells this process from others on the same database."""

    app: GithubApp
    stores: TriageStores
    now: Callable[[], datetime]
    name: str = field(default_factory=lambda: secrets.token_hex(8))
    checkpoint: Callable[[str], None] = go_on
    enabled: bool = True

    async def tick(self) -> None:
        """Take every entry that is due as far as it goes; with the operator's switch off, none."""
        try:
            while self.enabled and (entry := await self.stores.outbox.claim(self.now(), self.name)) is not None:
                self.checkpoint("claimed")
                await self._take(entry)
        except StorageError as error:
            log.warning("storage_failed", reason=str(error))  # claims end by themselves

    async def _take(self, entry: OutboxEntry) -> None:
        """Do one entry; what goes wrong before anything is sent decides what becomes of it."""
        try:
            try:
                await self._carry(entry)
            except ForbiddenError as error:
                await self._forbidden(entry, error)
        except StorageError:
            raise
        except PrivateError as error:
            await self.stores.threads.forget(error.repository, self.now())
            await self._end(entry, _dropped(str(error)))
        except GoneError as error:
            await self._end(entry, _dropped(str(error)))
        except UpstreamError as error:
            wait = pause(entry.attempts + 1, error.retry_after)
            await self._put_off(entry, _Wait(self.now() + wait, str(error)))
        except Exception as error:
            # One thread's trouble must not keep the others waiting.
            log.exception("outbox_entry_failed", **_about(entry))
            reason = f"Something broke on my side ({type(error).__name__})."
            await self._put_off(entry, _Wait(self.now() + pause(entry.attempts + 1), reason))

    async def _carry(self, entry: OutboxEntry) -> None:
        if entry.progress is Progress.SENT and entry.sent is not None:
            settled = entry.sent + SETTLING
            # A time in the future is from a clock that was set back since.
            if self.now() < settled <= self.now() + SETTLING:
                await self._put_off(entry, _Wait(settled, "GitHub may still be doing it."))
                return
        elif (step := await self._cap(entry) or await self._unfinished(entry)) is not None:
            await self._take_step(entry, step)
            return
        live = await self._look(entry)
        self.checkpoint("looked")
        step = _found(entry, live) or await self._obstacle(entry, live)
        self.checkpoint("checked")
        if step is None:
            await self._send(entry, live)
        else:
            await self._take_step(entry, step, live)

    async def _take_step(self, entry: OutboxEntry, step: _Ending | _Wait, live: _LiveState | None = None) -> None:
        if isinstance(step, _Ending):
            await self._end(entry, step, live)
        else:
            await self._put_off(entry, step)

    async def _look(self, entry: OutboxEntry) -> _LiveState:
        """Read what the entry will meet. Raises ``GoneError`` where there is nothing."""
        action = entry.action
        issue = await self.app.issue(action.ref)
        live = _LiveState(issue, await self.app.login())
        if issue.node_id != action.node_id:
            return live
        if action.kind in _LABELS:
            events = await self.app.label_events(issue.ref)
            return replace(live, events=events, dismissed=await self._dismissed(action, issue))
        if action.kind is ActionKind.COMMENT:
            return replace(live, comment=await self.app.find_comment(issue.ref, MARKER))
        if action.kind in _CONTENT and entry.progress is Progress.SENT:
            return replace(live, comment=await self.app.find_comment(issue.ref, reply_marker(action.key)))
        return live

    async def _dismissed(self, action: Action, issue: Issue) -> tuple[LabelEvent, ...]:
        """Read which suggestions people dismissed, where there were any and it matters."""
        if action.kind is ActionKind.REMOVE_LABEL or issue.is_pr:
            return ()
        if not were_suggested(await self.stores.outbox.of_thread(action.node_id)):
            return ()
        return await self.app.dismissed_suggestions(issue.ref)

    async def _obstacle(self, entry: OutboxEntry, live: _LiveState) -> _Ending | _Wait | None:
        """Say what is between the entry and GitHub now, whatever was true when it was decided."""
        action, issue = entry.action, live.issue
        if issue.node_id != action.node_id:
            return _dropped("The thread was moved.")
        if self.now() - entry.planned > EXPIRES:
            return _dropped("It could not be done for days, and nobody waits for it any more.")
        body = await self.app.settings(issue.ref.repository)
        return (
            _forbidden_by(await read_policy(body), action)
            or _too_late(action, issue)
            or _unwanted(action, await self._wanted(action, live))
            or await self._replaced(entry, live)
            or await self._unknown(action, issue)
        )

    async def _wanted(self, action: Action, live: _LiveState) -> Mapping[str, LabelOverride]:
        if action.kind not in _LABELS:
            return {}
        node_id, repository = action.node_id, live.issue.ref.repository
        seen = merge_overrides(
            overrides_of(node_id, repository, live.events, live.login),
            rejections_of(node_id, repository, live.dismissed),
        )
        return merge_overrides(await self.stores.overrides.of(node_id), seen)

    async def _replaced(self, entry: OutboxEntry, live: _LiveState) -> _Ending | _Wait | None:
        """Let the newest text of the bot's comment count, and leave the comment deleted where somebody deleted it."""
        if entry.action.kind is not ActionKind.COMMENT:
            return None
        outbox, node_id = self.stores.outbox, entry.action.node_id
        texts = [other for other in await outbox.of_thread(node_id) if other.action.kind is ActionKind.COMMENT]
        here = next((place for place, text in enumerate(texts) if text.action.key == entry.action.key), len(texts))
        if any(text.progress not in _UNDONE for text in texts[here + 1 :]):
            return _dropped("A newer text replaces this one.")
        unsettled = [text.due for text in texts[:here] if text.progress is Progress.SENT and text.due is not None]
        if unsettled:
            until = max(*unsettled, self.now() + timedelta(seconds=1))
            return _Wait(until, "It is not known yet whether an earlier text was written.")
        written = await outbox.marker_comment(node_id)
        if written is None or live.comment is not None:
            return None
        return _Ending(Progress.REFUSED, "Somebody deleted the comment, or wrote above its first line.")

    async def _unknown(self, action: Action, issue: Issue) -> _Ending | None:
        """Leave out a label that the repository does not have any more: GitHub would make it."""
        if action.kind not in {ActionKind.ADD_LABEL, ActionKind.SUGGEST_LABEL}:
            return None
        labels = await self.app.labels(issue.ref.repository)
        if any(same_label(label, action.value) for label in labels):
            return None
        return _dropped("The repository does not have the label any more.")

    async def _cap(self, entry: OutboxEntry) -> _Ending | _Wait | None:
        """Keep to so much an hour: of what rules do, and of answers; what else people ask for is theirs to bound."""
        since, priority, repository = self.now() - _AN_HOUR, entry.action.priority, entry.action.ref.repository
        outbox = self.stores.outbox
        if priority in _ANSWERS and await outbox.counts(repository, _ANSWERS, since) >= ANSWERS_AN_HOUR:
            return _dropped(f"{ANSWERS_AN_HOUR} answers an hour are enough for one repository.")
        if priority is Priority.RULES and await outbox.counts(repository, {priority}, since) >= ACTIONS_AN_HOUR:
            reason = f"{ACTIONS_AN_HOUR} actions an hour are enough for one repository."
            return _Wait(self.now() + _UNTIL_THE_CAP_IS_LOWER, reason)
        if entry.action.kind in _CONTENT and await self.stores.outbox.comments_since(since) >= CONTENT_AN_HOUR:
            return _Wait(self.now() + _UNTIL_THE_CAP_IS_LOWER, f"{CONTENT_AN_HOUR} comments an hour are enough.")
        return None

    async def _unfinished(self, entry: OutboxEntry) -> _Wait | None:
        """Let a comment's receipt wait until all that the comment asked for has ended."""
        if not _is_receipt(entry.action):
            return None
        due = [each.due for each in await self._asked_along(entry.action) if each.due is not None]
        if not due:
            return None
        return _Wait(max(*due, self.now() + _UNTIL_THE_REST_IS_DONE), "The rest of what was asked for comes first.")

    async def _asked_along(self, action: Action) -> list[OutboxEntry]:
        """Return what the same comment asked for, reactions and texts that newer ones replaced left out."""
        entries = await self.stores.outbox.of_thread(action.node_id)
        texts = [each for each in entries if each.action.kind is ActionKind.COMMENT]
        return [
            each
            for each in entries
            if each.action.comment == action.comment
            and each.action.kind is not ActionKind.REACT
            and not (each in texts[:-1] and each.progress is Progress.DROPPED)
        ]

    async def _reaction(self, action: Action) -> str:
        """Return the reaction to a comment: its receipt only where everything was done that it asked for."""
        if _is_receipt(action) and any(each.progress in _UNDONE for each in await self._asked_along(action)):
            return _FAILED
        return action.value

    async def _send(self, entry: OutboxEntry, live: _LiveState) -> None:
        now = self.now()
        if not await self.stores.outbox.begin(entry, self.name, now):
            log.info("outbox_entry_taken_over", **_about(entry))
            return
        begun = replace(entry, progress=Progress.SENT, sent=now, due=now + SETTLING)
        self.checkpoint("sending")
        try:
            ending = await self._write(begun, live)
        except UnsureError as error:
            await self._put_off(begun, _Wait(now + SETTLING, str(error)))
            return
        except TokenRefusedError as error:
            await self._put_off(_unsent(entry), _Wait(self.now() + _FORBIDDEN_PAUSE, str(error)))
            return
        except ForbiddenError as error:
            await self._forbidden_to_write(begun, error)
            return
        except RefusedError as error:
            ending = _Ending(Progress.REFUSED, str(error))
        except MovedError as error:
            # The next look finds where it is now.
            await self._put_off(_unsent(entry), _Wait(self.now() + pause(entry.attempts + 1), str(error)))
            return
        except GoneError as error:
            ending = _dropped(str(error))
        except UpstreamError as error:
            # It says for sure that nothing was done: the limit of requests, or no connection.
            wait = pause(entry.attempts + 1, error.retry_after)
            await self._put_off(_unsent(entry), _Wait(self.now() + wait, str(error)))
            return
        except Exception:
            log.exception("outbox_entry_failed", **_about(entry))
            await self._put_off(begun, _Wait(now + SETTLING, "Something broke while it was sent."))
            return
        self.checkpoint("written")
        await self._end(begun, ending, live)

    async def _write(self, entry: OutboxEntry, live: _LiveState) -> _Ending:
        action, ref = entry.action, live.issue.ref
        written: int | None = None
        match action.kind:
            case ActionKind.ADD_LABEL:
                await self.app.add_label(ref, action.value)
            case ActionKind.REMOVE_LABEL:
                await self.app.remove_label(ref, action.value)
            case ActionKind.SUGGEST_LABEL:
                if not await self.app.suggest_label(ref, action.value, SUGGESTED.value, rationale(action)):
                    await self._ask_again(action, ref)
                    return _Ending(Progress.REFUSED, "The repository takes no suggestions of labels.")
            case ActionKind.REACT:
                if action.comment is not None:
                    await self.app.react(ref.repository, action.comment, await self._reaction(action))
            case ActionKind.COMMENT if live.comment is not None:
                written = live.comment.number
                await self.app.edit_comment(ref.repository, written, written_body(action))
            case ActionKind.COMMENT | ActionKind.REPLY | ActionKind.NOTICE:
                written = await self.app.post_comment(ref, written_body(action))
        return _Ending(Progress.CONFIRMED, "GitHub took it.", written)

    async def _ask_again(self, action: Action, ref: IssueRef) -> None:
        """Let the thread be decided once more, now that it is known what its repository does not take."""
        again = GithubEvent(f"again:{action.key}", Trigger.POLLED, ref.repository, ref, action.node_id, self.now())
        await self.stores.inbox.receive(again.key, again, self.now())

    async def _forbidden(self, entry: OutboxEntry, error: ForbiddenError) -> None:
        """Wait for somebody to mend the credential or the permission; where the App was removed, nobody will."""
        if not isinstance(error, TokenRefusedError) and not await self.app.is_installed(entry.action.ref.repository):
            await self._end(entry, _dropped("The repository does not have the App any more."))
            return
        if entry.attempts == 0:  # the App may just have been installed anew
            await self._put_off(entry, _Wait(self.now() + pause(1), str(error)))
            return
        if entry.attempts == 1:
            log.error("github_forbids", reason=str(error), **_about(entry))
        await self._put_off(entry, _Wait(self.now() + _FORBIDDEN_PAUSE, str(error)))

    async def _forbidden_to_write(self, entry: OutboxEntry, error: ForbiddenError) -> None:
        """Return somebody some hours to let the App do what it may not do at the moment; nothing was done."""
        if not await self.app.is_installed(entry.action.ref.repository):
            await self._end(entry, _dropped("The repository does not have the App any more."))
        elif entry.forbidden + 1 >= FORBIDDEN:
            await self._end(entry, _Ending(Progress.REFUSED, str(error)))
        else:
            later = replace(_unsent(entry), forbidden=entry.forbidden + 1)
            await self._put_off(later, _Wait(self.now() + _FORBIDDEN_PAUSE, str(error)))

    async def _put_off(self, entry: OutboxEntry, wait: _Wait) -> None:
        """Try again later. What was begun stays begun: it is looked for before it is sent again."""
        later = replace(entry, due=wait.until, attempts=entry.attempts + 1, reason=wait.reason)
        if await self.stores.outbox.record(later, self.name):
            log.info("outbox_entry_put_off", until=wait.until.isoformat(), reason=wait.reason, **_about(entry))

    async def _end(self, entry: OutboxEntry, ending: _Ending, live: _LiveState | None = None) -> None:
        """Write down how it ended, with a line in the audit log."""
        written = ending.written or entry.written
        over = replace(entry, progress=ending.progress, due=None, written=written, reason=ending.reason)
        labels = () if live is None else live.issue.labels
        audit_entry = await self._audit_entry(entry.action, ending, labels)
        if await self.stores.outbox.record(over, self.name, (audit_entry,)):
            log.info("outbox_entry_ended", progress=ending.progress.value, reason=ending.reason, **_about(entry))
        else:
            log.info("outbox_entry_taken_over", **_about(entry))
        self.checkpoint("recorded")
        if ending.progress is Progress.CONFIRMED and live is not None:
            await self._tell(entry.action, live.issue)

    async def _audit_entry(self, action: Action, ending: _Ending, labels: tuple[str, ...]) -> AuditEntry:
        """Say how an action ended, with what led to it."""
        history = await self.stores.audit.of_node(action.node_id)
        decided = next((each for each in reversed(history) if each.decision.action.key == action.key), None)
        mode = Mode.APPLY if decided is None else decided.decision.mode
        return AuditEntry(
            at=self.now(),
            ref=action.ref,
            node_id=action.node_id,
            trigger=Trigger.ASKED if decided is None else decided.trigger,
            delivery=None if decided is None else decided.delivery,
            actor=None if decided is None else decided.actor,
            decision=Decision(action, mode, _RESULTS[ending.progress], ending.reason),
            labels=labels,
        )

    async def _tell(self, action: Action, issue: Issue) -> None:
        """Remember the label that was put on, as something that happened to the thread: no webhook will tell of it."""
        known = await self.stores.threads.get(action.node_id)
        if action.kind is ActionKind.ADD_LABEL and known is not None and action.value not in known.issue.labels:
            labels = (*known.issue.labels, action.value)
            labelled = replace(known.issue, labels=labels, updated=max(issue.updated, known.issue.updated))
            now = replace(known, issue=labelled)
            await self.stores.threads.record([now], compare(known, now), (), self.now())


def _found(entry: OutboxEntry, live: _LiveState) -> _Ending | None:
    """Return whether GitHub has it already: from an attempt whose outcome was not known, or from somebody else."""
    action, issue = entry.action, live.issue
    if issue.node_id != action.node_id:
        return None
    on = any(same_label(label, action.value) for label in issue.labels)
    match action.kind:
        case ActionKind.ADD_LABEL | ActionKind.SUGGEST_LABEL if on:
            return _Ending(Progress.CONFIRMED, "The label is on.")
        case ActionKind.ADD_LABEL if entry.progress is Progress.SENT and _put_on_before(entry, live):
            return _Ending(Progress.CONFIRMED, "The label was put on, and is off again.")
        case ActionKind.SUGGEST_LABEL if entry.progress is Progress.SENT and _dismissed_since(entry, live):
            return _Ending(Progress.CONFIRMED, "The label was suggested, and the suggestion dismissed.")
        case ActionKind.REMOVE_LABEL if not on:
            return _Ending(Progress.CONFIRMED, "The label is off.")
        case ActionKind.COMMENT if live.comment is not None and _says(live.comment, action):
            return _Ending(Progress.CONFIRMED, "The comment says it.", live.comment.number)
        case ActionKind.REPLY | ActionKind.NOTICE if live.comment is not None:
            return _Ending(Progress.CONFIRMED, "The comment is there.", live.comment.number)
        case _:
            return None


def _put_on_before(entry: OutboxEntry, live: _LiveState) -> bool:
    return any(
        event.added
        and same_label(event.label, entry.action.value)
        and event.actor is not None
        and event.actor.login == live.login
        and event.at >= entry.planned - _CLOCK_SLACK
        for event in live.events
    )


def _dismissed_since(entry: OutboxEntry, live: _LiveState) -> bool:
    return any(
        same_label(event.label, entry.action.value) and event.at >= entry.planned - _CLOCK_SLACK
        for event in live.dismissed
    )


def _says(comment: Comment, action: Action) -> bool:
    """Compare texts as GitHub keeps them, with its own ends of lines."""
    return comment.body.replace("\r\n", "\n").strip() == written_body(action).replace("\r\n", "\n").strip()


def _forbidden_by(policy: Policy, action: Action) -> _Ending | None:
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


def _too_late(action: Action, issue: Issue) -> _Ending | None:
    if _was_asked_for(action) or action.kind is ActionKind.REMOVE_LABEL:
        return None
    if issue.state is not ThreadState.OPEN:
        return _dropped("The thread was closed meanwhile.")
    return _dropped("The thread was locked meanwhile.") if issue.locked else None


def _unwanted(action: Action, overrides: Mapping[str, LabelOverride]) -> _Ending | None:
    meant = [override for label, override in overrides.items() if same_label(label, action.value)]
    override = max(meant, key=lambda each: (each.at, not each.wanted), default=None)
    if action.kind in _LABELS and override is not None and override.wanted is (action.kind is ActionKind.REMOVE_LABEL):
        return _dropped(f"{override.actor} wants the label {'on' if override.wanted else 'off'}.")
    return None


def _is_receipt(action: Action) -> bool:
    return action.kind is ActionKind.REACT and action.value == _RECEIPT


def _was_asked_for(action: Action) -> bool:
    return action.comment is not None


def _unsent(entry: OutboxEntry) -> OutboxEntry:
    """Take it back: GitHub said that nothing was done."""
    return replace(entry, progress=Progress.PLANNED, sent=None)


def _dropped(reason: str) -> _Ending:
    return _Ending(Progress.DROPPED, reason)


def _about(entry: OutboxEntry) -> dict[str, str]:
    action = entry.action
    return {"thread": str(action.ref), "action": action.kind.value, "value": action.value[:100], "key": action.key[:12]}
