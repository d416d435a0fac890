"""What triage decided about one thread, for those who ask why."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.github.threads import IssueRef
from bot.core.triage.changeset import AuditEntry
from storage.github.audit import Audit


@dataclass(frozen=True, slots=True)
class AuditReader:
    """Looks decisions up."""

    audit: Audit

    async def of(self, ref: IssueRef) -> tuple[AuditEntry, ...]:
        """Return the last decisions about the thread at a place, the newest last; none if there are none."""
        return await self.audit.of_thread(ref)
