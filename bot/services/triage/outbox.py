"""Does on GitHub what triage decided, each action exactly once, whatever happens in between.

An entry is checked against GitHub again when its turn comes: somebody may have been faster. It is committed as sent
before the request goes out; one that is found so is looked for on GitHub before it is sent again, and not before a slow
GitHub would have done it. ``checkpoint`` is called between any two steps, for tests that end the process there.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from bot.clients.github.app import GithubApp
from bot.clients.github.repository import PrivateError
from bot.clients.github.worker import MovedError, TokenRefusedError
from bot.core.backoff import pause
from bot.core.errors import StorageError, UpstreamError
from bot.core.fleet.claims import may_be_lost
from bot.core.github.threads import ForbiddenError, GoneError, Issue, LabelEvent, RefusedError, UnsureError
from bot.core.triage.actions import Action, ActionKind
from bot.core.triage.changeset import OutboxEntry, Progress
from bot.core.triage.decide.audit import how_it_ended
from bot.core.triage.decide.preflight import (
    CONTENT,
    FORBIDDEN_PAUSE,
    LABELS,
    PUTTING_ON,
    SETTLING,
    EntryEnding,
    LiveThread,
    Send,
    SentLately,
    Surroundings,
    Wait,
    after_forbidden,
    counted_with,
    foregone,
    hold,
    preflight,
)
from bot.core.triage.decide.texts import MARKER, SUGGESTED, rationale, reply_marker, written_body
from bot.core.triage.overrides import were_suggested
from bot.core.upstream.threads import compare, with_label
from bot.services.triage.repositories import read_policy
from bot.services.triage.stores import TriageStores
from storage.github.outbox import CLAIM

_AN_HOUR = timedelta(hours=1)
_LOOKED_EVERY = 0.2
"""Seconds: how soon it is noticed that another process has ended its write."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def go_on(_step: str) -> None:
    """Do nothing between two steps."""


@dataclass(frozen=True, slots=True)
class OutboxWorker:
    """Takes entries one after the other; ``name`` tells this process from others on the same database."""

    app: GithubApp
    stores: TriageStores
    now: Callable[[], datetime]
    name: str = field(default_factory=lambda: secrets.token_hex(8))
    checkpoint: Callable[[str], None] = go_on
    enabled: bool = True
    patience: float = 10.0
    """Seconds that an entry waits for its installation's turn, of which each write takes about one."""

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
            await self._end(entry, EntryEnding(Progress.DROPPED, str(error)))
        except GoneError as error:
            await self._end(entry, EntryEnding(Progress.DROPPED, str(error)))
        except UpstreamError as error:
            wait = pause(entry.attempts + 1, error.retry_after)
            await self._put_off(entry, Wait(self.now() + wait, str(error)))
        except Exception as error:
            # One thread's trouble must not keep the others waiting.
            log.exception("outbox_entry_failed", **_about(entry))
            reason = f"Something broke on my side ({type(error).__name__})."
            await self._put_off(entry, Wait(self.now() + pause(entry.attempts + 1), reason))

    async def _carry(self, entry: OutboxEntry) -> None:
        held = await self._hold(entry)
        if held is not None:
            await self._take_step(entry, held)
            return
        live = await self._look(entry)
        self.checkpoint("looked")
        step: Send | EntryEnding | Wait | None = foregone(entry, live, self.now())
        if step is None:
            around = await self._look_around(entry.action, live.issue)
            step = preflight(entry, live, around, self.now())
        self.checkpoint("checked")
        if isinstance(step, Send):
            await self._send(entry, live, step)
        else:
            await self._take_step(entry, step, live)

    async def _take_step(self, entry: OutboxEntry, step: EntryEnding | Wait, live: LiveThread | None = None) -> None:
        if isinstance(step, EntryEnding):
            await self._end(entry, step, live)
        else:
            await self._put_off(entry, step)

    async def _hold(self, entry: OutboxEntry) -> EntryEnding | Wait | None:
        """Ask only this database whether it is the entry's turn."""
        outbox, action, now = self.stores.outbox, entry.action, self.now()
        lately = SentLately(
            alike=await outbox.counts(action.ref.repository, counted_with(action), now - _AN_HOUR),
            comments=await outbox.comments_since(now - _AN_HOUR),
        )
        return hold(entry, lately, await outbox.of_thread(action.node_id), now)

    async def _look(self, entry: OutboxEntry) -> LiveThread:
        """Read what the entry will meet. Raises ``GoneError`` where there is nothing."""
        action = entry.action
        issue = await self.app.issue(action.ref)
        live = LiveThread(issue, await self.app.login())
        if issue.node_id != action.node_id:
            return live
        if action.kind in LABELS:
            events = await self.app.label_events(issue.ref)
            return replace(live, events=events, dismissed=await self._dismissed(action, issue))
        if action.kind is ActionKind.COMMENT:
            return replace(live, comment=await self.app.find_comment(issue.ref, MARKER))
        if action.kind in CONTENT and entry.progress is Progress.SENT:
            return replace(live, comment=await self.app.find_comment(issue.ref, reply_marker(action.key)))
        return live

    async def _dismissed(self, action: Action, issue: Issue) -> tuple[LabelEvent, ...]:
        """Read which suggestions people dismissed, where there were any and it matters."""
        if action.kind is ActionKind.REMOVE_LABEL or issue.is_pr:
            return ()
        if not were_suggested(await self.stores.outbox.of_thread(action.node_id)):
            return ()
        return await self.app.dismissed_suggestions(issue.ref)

    async def _look_around(self, action: Action, issue: Issue) -> Surroundings:
        """Read what counts besides the thread; what people and triage did here last, so that it is the newest."""
        repository, stores = issue.ref.repository, self.stores
        policy = await read_policy(await self.app.settings(repository))
        return Surroundings(
            policy=policy,
            labels=await self.app.labels(repository) if action.kind in PUTTING_ON else frozenset(),
            overrides=await stores.overrides.of(action.node_id),
            entries=await stores.outbox.of_thread(action.node_id),
            written=await stores.outbox.marker_comment(action.node_id),
        )

    async def _send(self, entry: OutboxEntry, live: LiveThread, send: Send) -> None:
        """Send it when it is the installation's turn, of which all processes on the database have one together."""
        installation = await self.app.installation(entry.action.ref.repository)
        free = await self._take_turn(installation)
        if free is not None:
            until = min(free, self.now() + pause(1))
            await self._put_off(entry, Wait(until, "Another process writes there now."))
            return
        await self._send_now(entry, live, send, installation)

    async def _take_turn(self, installation: int) -> datetime | None:
        """Take the turn as soon as it is free; after some patience, return when it may be."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + self.patience
        while (free := await self.stores.write_turns.take(installation, self.name, self.now())) is not None:
            if loop.time() >= give_up:
                return free
            wait = (free - self.now()).total_seconds()
            await asyncio.sleep(max(0.0, min(wait, _LOOKED_EVERY)))
        return None

    async def _end_turn(self, installation: int, gap: timedelta) -> None:
        """Let the next write begin some time after this; where that cannot be noted, the turn ends by itself."""
        try:
            await self.stores.write_turns.end(installation, self.name, self.now() + gap)
        except StorageError as error:
            log.warning("storage_failed", reason=str(error))

    async def _send_now(self, entry: OutboxEntry, live: LiveThread, send: Send, installation: int) -> None:
        now = self.now()
        begun = await self._begin(entry, now)
        if begun is None:
            await self._end_turn(installation, timedelta(0))
            return
        try:
            ending = await self._write_in_turn(begun.action, live, send, installation)
        except UnsureError as error:
            await self._put_off(begun, Wait(now + SETTLING, str(error)))
            return
        except TokenRefusedError as error:
            await self._put_off(entry.unsent(), Wait(self.now() + FORBIDDEN_PAUSE, str(error)))
            return
        except ForbiddenError as error:
            await self._forbidden_to_write(begun, error)
            return
        except RefusedError as error:
            ending = EntryEnding(Progress.REFUSED, str(error))
        except MovedError as error:
            # The next look finds where it is now.
            await self._put_off(entry.unsent(), Wait(self.now() + pause(entry.attempts + 1), str(error)))
            return
        except GoneError as error:
            ending = EntryEnding(Progress.DROPPED, str(error))
        except UpstreamError as error:
            # It says for sure that nothing was done: the limit of requests, or no connection.
            wait = pause(entry.attempts + 1, error.retry_after)
            await self._put_off(entry.unsent(), Wait(self.now() + wait, str(error)))
            return
        except Exception:
            log.exception("outbox_entry_failed", **_about(entry))
            await self._put_off(begun, Wait(now + SETTLING, "Something broke while it was sent."))
            return
        self.checkpoint("written")
        await self._end(begun, ending, live)

    async def _begin(self, entry: OutboxEntry, now: datetime) -> OutboxEntry | None:
        """Note that an entry is about to be sent, and return it so; None where another process may be sending it."""
        if not await self.stores.outbox.begin(entry, self.name, now):
            log.info("outbox_entry_taken_over", **_about(entry))
            return None
        begun = entry.begun(now, now + SETTLING)
        self.checkpoint("sending")
        if may_be_lost(CLAIM, now, self.now()):  # this process hung meanwhile
            await self._put_off(begun, Wait(self.now() + SETTLING, "It took too long to begin."))
            return None
        return begun

    async def _write_in_turn(self, action: Action, live: LiveThread, send: Send, installation: int) -> EntryEnding:
        try:
            return await self._write(action, live, send)
        finally:
            await self._end_turn(installation, timedelta(seconds=self.app.worker.write_gap))

    async def _write(self, action: Action, live: LiveThread, send: Send) -> EntryEnding:
        ref = live.issue.ref
        written: int | None = None
        match action.kind:
            case ActionKind.ADD_LABEL:
                await self.app.add_label(ref, action.value)
            case ActionKind.REMOVE_LABEL:
                await self.app.remove_label(ref, action.value)
            case ActionKind.SUGGEST_LABEL:
                if not await self.app.suggest_label(ref, action.value, SUGGESTED.value, rationale(action)):
                    return EntryEnding(Progress.REFUSED, "The repository takes no suggestions of labels.")
            case ActionKind.REACT:
                if action.comment is not None:
                    await self.app.react(ref.repository, action.comment, send.reaction)
            case ActionKind.COMMENT if live.comment is not None:
                written = live.comment.number
                await self.app.edit_comment(ref.repository, written, written_body(action))
            case ActionKind.COMMENT | ActionKind.REPLY | ActionKind.NOTICE:
                written = await self.app.post_comment(ref, written_body(action))
        return EntryEnding(Progress.CONFIRMED, "GitHub took it.", written)

    async def _forbidden(self, entry: OutboxEntry, error: ForbiddenError) -> None:
        """Wait for somebody to mend the credential or the permission; where the App was removed, nobody will."""
        if not isinstance(error, TokenRefusedError) and not await self.app.is_installed(entry.action.ref.repository):
            await self._end(entry, EntryEnding(Progress.DROPPED, "The repository does not have the App any more."))
            return
        if entry.attempts == 0:  # the App may just have been installed anew
            await self._put_off(entry, Wait(self.now() + pause(1), str(error)))
            return
        if entry.attempts == 1:
            log.error("github_forbids", reason=str(error), **_about(entry))
        await self._put_off(entry, Wait(self.now() + FORBIDDEN_PAUSE, str(error)))

    async def _forbidden_to_write(self, entry: OutboxEntry, error: ForbiddenError) -> None:
        """Put an entry off that GitHub forbids, so that somebody has hours to permit it; nothing was done."""
        if not await self.app.is_installed(entry.action.ref.repository):
            await self._end(entry, EntryEnding(Progress.DROPPED, "The repository does not have the App any more."))
            return
        step = after_forbidden(entry, str(error), self.now())
        if isinstance(step, Wait):
            entry = replace(entry.unsent(), forbidden=entry.forbidden + 1)
        await self._take_step(entry, step)

    async def _put_off(self, entry: OutboxEntry, wait: Wait) -> None:
        """Try again later. What was begun stays begun: it is looked for before it is sent again."""
        later = entry.put_off(wait.until, wait.reason)
        if await self.stores.outbox.record(later, self.name):
            log.info("outbox_entry_put_off", until=wait.until.isoformat(), reason=wait.reason, **_about(entry))

    async def _end(self, entry: OutboxEntry, ending: EntryEnding, live: LiveThread | None = None) -> None:
        """Write down how it ended, with a line in the audit log."""
        over = entry.ended(ending.progress, ending.reason, ending.written)
        history = await self.stores.audit.of_node(entry.action.node_id)
        labels = () if live is None else live.issue.labels
        line = how_it_ended(entry.action, ending, history, labels, self.now())
        if await self.stores.outbox.record(over, self.name, (line,)):
            log.info("outbox_entry_ended", progress=ending.progress.value, reason=ending.reason, **_about(entry))
        else:
            log.info("outbox_entry_taken_over", **_about(entry))
        self.checkpoint("recorded")
        if ending.progress is Progress.CONFIRMED and live is not None:
            await self._tell(entry.action, live.issue)

    async def _tell(self, action: Action, issue: Issue) -> None:
        """Remember the label that was put on, as something that happened to the thread: no webhook will tell of it."""
        known = await self.stores.threads.get(action.node_id)
        if action.kind is ActionKind.ADD_LABEL and known is not None and action.value not in known.issue.labels:
            now = with_label(known, action.value, issue.updated)
            await self.stores.threads.record([now], compare(known, now), (), self.now())


def _about(entry: OutboxEntry) -> dict[str, str]:
    action = entry.action
    return {"thread": str(action.ref), "action": action.kind.value, "value": action.value[:100], "key": action.key[:12]}
