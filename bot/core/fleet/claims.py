"""How long whoever claimed something may go on without asking whether it still is theirs."""

from __future__ import annotations

from datetime import datetime, timedelta


def may_be_lost(claim: timedelta, since: datetime, now: datetime) -> bool:
    """Return whether half of a claim that began ``since`` is over, both by the database's clock.

    Then whoever has it was busy for long, or hung, and another process may have it soon.
    """
    return now - since >= claim / 2
