"""What comes of an event, written down all at once, before anything of it is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.core.triage.changeset import Changeset
from storage.engine.engine import Engine
from storage.github.audit import store_entries
from storage.github.inbox import close_delivery
from storage.github.marks import store_marks
from storage.github.outbox import drop_actions, store_actions
from storage.github.overrides import store_overrides
from storage.github.reviews import store_reviews
from storage.github.rule_drops import note_drops
from storage.github.thread_events import store_events
from storage.github.threads import forget_threads, store_threads


@dataclass(frozen=True, slots=True)
class Changesets:
    """No table of its own: what is settled goes into those of the others."""

    database: Engine

    async def record(self, changeset: Changeset, now: datetime) -> None:
        """Write a changeset down, all of it or nothing, and close its delivery.

        Again and in any order it comes to the same: what humans want is what they wanted last, an action that is known
        is not planned again unless it was dropped, an event or audit entry not added again, and a repository is not
        cancelled again.
        """
        async with self.database.transaction() as transaction:
            first = changeset.delivery is None or await close_delivery(transaction, changeset.delivery)
            if changeset.thread is not None:
                await store_threads(transaction, [changeset.thread], now)
            await store_events(transaction, changeset.events, now)
            await store_overrides(transaction, changeset.overrides)
            await store_marks(transaction, changeset.marks)
            await store_reviews(transaction, changeset.reviews)
            await note_drops(transaction, changeset.reviews, now)
            await store_entries(transaction, changeset.entries)
            await store_actions(transaction, changeset.actions, now)
            if changeset.cancelled is not None and first:
                await drop_actions(
                    transaction, "The App was removed from the repository.", repository=changeset.cancelled
                )
                await forget_threads(transaction, changeset.cancelled, now)
