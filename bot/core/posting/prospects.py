"""Whether what a server sets can work: what whoever runs the bot has to set or wait for first, in sentences."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

NOT_WATCHED = (
    "Upstream issues are not watched here: whoever runs me has set no GitHub token. Ask them to set FTBOT_GITHUB_TOKEN."
)
_ONLY_INSTALLED = (
    "Only repositories that installed the GitHub App are seen: whoever runs me has set no GitHub token. For all others,"
    " ask them to set FTBOT_GITHUB_TOKEN."
)
_NOT_TRACKED = "No packages are tracked here: whoever runs me has set FTBOT_TRACK to 0. Ask them to set another number."
_SCANNED_BY_HAND = f"{_NOT_TRACKED} Until then a digest tells what the last scan by hand found."
_NOT_SCANNED = "The packages are being read for the first time. Until that is done there is nothing to tell."
_NO_APP = (
    "Nothing is triaged here: whoever runs me has set no GitHub App. Ask them to set FTBOT_GITHUB_APP_ID and"
    " FTBOT_GITHUB_PRIVATE_KEY."
)
_SWITCHED_OFF = "Triage is switched off here: whoever runs me has set FTBOT_TRIAGE to off. Ask them to turn it on."


def lacking_for_triage(*, app: bool, switched_on: bool) -> str | None:
    """Return what is missing for triage, None if nothing is."""
    if not app:
        return _NO_APP
    return None if switched_on else _SWITCHED_OFF


class Watched(Enum):
    """Which threads on GitHub are looked at."""

    ALL = "all that is configured"
    INSTALLED = "those of repositories that installed the App"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Prospects:
    """What servers can be told of: ``tracks`` packages by itself, and has ``scanned`` them before."""

    watched: Watched = Watched.ALL
    tracks: bool = True
    scanned: bool = True

    def lacking_for_digest(self) -> str | None:
        """Return what is missing for the weekly digest, None if nothing is."""
        if not self.tracks:
            return _SCANNED_BY_HAND if self.scanned else _NOT_TRACKED
        return None if self.scanned else _NOT_SCANNED

    def lacking_for_announcements(self) -> str | None:
        """Return what is missing for announcements, None if nothing is."""
        if not self.tracks:
            return _NOT_TRACKED
        return None if self.scanned else _NOT_SCANNED

    def lacking_for_issues(self) -> str | None:
        """Return what is missing for upstream issues, None if nothing is."""
        return {Watched.NONE: NOT_WATCHED, Watched.INSTALLED: _ONLY_INSTALLED}.get(self.watched)
