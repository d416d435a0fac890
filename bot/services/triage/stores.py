"""What triage remembers: what came in, what was decided, what goes out, and what people said of it."""

from __future__ import annotations

from dataclasses import dataclass

from storage.engine.engine import Engine
from storage.github.audit import Audit
from storage.github.changesets import Changesets
from storage.github.inbox import Inbox
from storage.github.marks import ThreadMarks
from storage.github.outbox import Outbox
from storage.github.overrides import LabelOverrides
from storage.github.reviews import Reviews
from storage.github.threads import Threads


@dataclass(frozen=True, slots=True)
class TriageStores:
    """The stores that triage uses, on one database."""

    inbox: Inbox
    changesets: Changesets
    outbox: Outbox
    threads: Threads
    audit: Audit
    overrides: LabelOverrides
    marks: ThreadMarks
    reviews: Reviews

    @classmethod
    def of(cls, database: Engine) -> TriageStores:
        """Open it on a database."""
        return cls(
            inbox=Inbox(database),
            changesets=Changesets(database),
            outbox=Outbox(database),
            threads=Threads(database),
            audit=Audit(database),
            overrides=LabelOverrides(database),
            marks=ThreadMarks(database),
            reviews=Reviews(database),
        )
