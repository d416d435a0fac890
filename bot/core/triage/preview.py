"""What is shown where nothing is done: what would be done about a thread, and what the rules say of it today."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.classify.thread import KindName
from bot.core.triage.actions import Decision
from bot.core.triage.changeset import AuditEntry
from bot.core.triage.snapshot import Snapshot
from bot.core.upstream.threads import KnownThread


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be done about a thread and why, and what was decided and done before, oldest first."""

    snapshot: Snapshot
    decisions: tuple[Decision, ...]
    history: tuple[AuditEntry, ...]


@dataclass(frozen=True, slots=True)
class Replayed:
    """A stored thread, and what the rules say of it today."""

    thread: KnownThread
    free_threading: bool
    kinds: tuple[KindName, ...]

    @property
    def changed(self) -> bool:
        """Return whether the rules say something else than when the thread was stored."""
        return (self.free_threading, set(self.kinds)) != (self.thread.free_threading, set(self.thread.kinds))
