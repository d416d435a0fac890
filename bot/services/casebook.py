"""What triage remembers: what came in, what was decided, what goes out, and what people said of it."""

from __future__ import annotations

from dataclasses import dataclass

from storage.audit import Audit
from storage.database import Database
from storage.directives import Directives
from storage.inbox import Inbox
from storage.outbox import Outbox
from storage.reviews import Reviews
from storage.settlements import Settlements
from storage.threads import Threads
from storage.wishes import Wishes


@dataclass(frozen=True, slots=True)
class Casebook:
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
    def of(cls, database: Database) -> Casebook:
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
