"""What triage remembers: what came in, was decided and goes out, what people said, and what was read in wheels."""

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
from storage.github.write_turns import WriteTurns
from storage.packages.inspections import Inspections
from storage.packages.projects import Projects


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
    projects: Projects
    inspections: Inspections
    write_turns: WriteTurns

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
            projects=Projects(database),
            inspections=Inspections(database),
            write_turns=WriteTurns(database),
        )
