"""What comes of a happening, written down all at once, before anything of it is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.core.triage.changeset import Changeset
from storage.engine.sqlite import Database
from storage.github.audit import store_entries
from storage.github.inbox import close_delivery
from storage.github.marks import store_directives
from storage.github.outbox import drop_actions, store_actions
from storage.github.overrides import store_wishes
from storage.github.reviews import store_reviews
from storage.github.thread_events import store_events
from storage.github.threads import forget_threads, store_threads


@dataclass(frozen=True, slots=True)
class Settlements:
    """No table of its own: what is settled goes into those of the others."""

    database: Database

    async def record(self, settlement: Changeset, now: datetime) -> None:
        """Write a settlement down, all of it or nothing, and close its delivery.

        Again and in any order it comes to the same: what humans want is what they wanted last, an action that is known
        is not planned again unless it was dropped, an event or audit entry not added again, and a repository is not
        cancelled again.
        """
        async with self.database.transaction() as transaction:
            first = settlement.delivery is None or await close_delivery(transaction, settlement.delivery)
            if settlement.thread is not None:
                await store_threads(transaction, [settlement.thread], now)
            await store_events(transaction, settlement.events, now)
            await store_wishes(transaction, settlement.wishes)
            await store_directives(transaction, settlement.directives)
            await store_reviews(transaction, settlement.reviews)
            await store_entries(transaction, settlement.entries)
            await store_actions(transaction, settlement.actions, now)
            if settlement.cancelled is not None and first:
                await drop_actions(
                    transaction, "The App was removed from the repository.", repository=settlement.cancelled
                )
                await forget_threads(transaction, settlement.cancelled, now)
