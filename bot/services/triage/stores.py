"""What triage remembers: what came in, what was decided, what goes out, and what people said of it."""

from __future__ import annotations

from dataclasses import dataclass

from storage.engine.sqlite import Database
from storage.github.audit import Audit
from storage.github.changesets import Settlements
from storage.github.inbox import Inbox
from storage.github.marks import Directives
from storage.github.outbox import Outbox
from storage.github.overrides import Wishes
from storage.github.reviews import Reviews
from storage.github.threads import Threads


@dataclass(frozen=True, slots=True)
class TriageStores:
    """The stores that triage uses, on one database."""

    inbox: Inbox
    settlements: Settlements
    outbox: Outbox
    threads: Threads
    audit: Audit
    wishes: Wishes
    directives: Directives
    reviews: Reviews

    @classmethod
    def of(cls, database: Database) -> TriageStores:
        """Open it on a database."""
        return cls(
            inbox=Inbox(database),
            settlements=Settlements(database),
            outbox=Outbox(database),
            threads=Threads(database),
            audit=Audit(database),
            wishes=Wishes(database),
            directives=Directives(database),
            reviews=Reviews(database),
        )
