"""What an index said of a project, and when: the material that statuses are judged from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from packaging.version import Version

from bot.core.index.metadata import Metadata
from bot.core.index.simple_api import Project
from bot.core.verdicts.modifiers import UPLOADS_CLOSED
from bot.core.verdicts.support import newest_release

FRESH_WHILE_OPEN = timedelta(minutes=10)
"""How long a reading is believed while files may still be added to the newest release."""

FRESH_WHEN_CLOSED = timedelta(hours=6)
"""How long it is believed after that, when only a new release or a yank can change it."""


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest release in short: looking for it takes time on a large page, and is asked for often."""

    version: Version
    released: datetime | None


@dataclass(frozen=True, slots=True)
class Reading:
    """A project as read at a time (UTC), the ETag of that page, and the metadata of its newest release if known."""

    project: Project
    newest: Newest | None
    checked: datetime
    etag: str | None = None
    metadata: Metadata | None = None

    @classmethod
    def of(cls, project: Project, checked: datetime, etag: str | None = None, metadata: Metadata | None = None) -> Self:
        """Make a reading of a project; CPU-bound."""
        return cls(project, newest_of(project), checked, etag, metadata)

    @property
    def is_complete(self) -> bool:
        """Return whether the newest release's metadata is known, or there is no release that could have any."""
        return self.newest is None or self.metadata is not None

    def is_fresh(self, now: datetime) -> bool:
        """Return whether it is believed; one from the future was dated by a clock that was wrong."""
        return self.checked <= now < self.fresh_until()

    def fresh_until(self) -> datetime:
        """Return the time until which the index need not be asked again."""
        released = None if self.newest is None else self.newest.released
        settled = released is not None and self.checked - released >= UPLOADS_CLOSED
        return self.checked + (FRESH_WHEN_CLOSED if settled else FRESH_WHILE_OPEN)

    def same_release(self, other: Reading) -> bool:
        """Return whether another reading is about the same newest release."""
        return self.newest is not None and other.newest is not None and self.newest.version == other.newest.version


def newest_of(project: Project) -> Newest | None:
    """Look for the newest release; CPU-bound."""
    newest = newest_release(project)
    return None if newest is None else Newest(newest.version, newest.first_upload)
