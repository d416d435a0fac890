"""How often a project releases: whoever waits for wheels waits for its next release."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.index.simple_api import Project

YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Cadence:
    """How many stable releases came out in the year before, and when the newest of all did, if that is known."""

    releases: int
    latest: datetime | None


def cadence(project: Project, now: datetime) -> Cadence:
    """Count a project's stable releases of the last year, by their first uploads; CPU-bound on a large page."""
    came = [
        first
        for release in project.releases
        if not release.version.is_prerelease and not release.is_yanked and (first := release.first_upload) is not None
    ]
    return Cadence(sum(now - YEAR < first <= now for first in came), max(came, default=None))
