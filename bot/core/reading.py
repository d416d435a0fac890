"""What an index said of a project, and when: the material that statuses are judged from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.metadata import Metadata
from bot.core.modifiers import UPLOADS_CLOSED
from bot.core.simple_api import Project
from bot.core.support import newest_release

FRESH_WHILE_OPEN = timedelta(minutes=10)
"""How long a reading is believed while files may still be added to the newest release."""

FRESH_WHEN_CLOSED = timedelta(hours=6)
"""How long it is believed after that, when only a new release or a yank can change it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A project as read at a time (UTC), the ETag of that page, and the metadata of its newest release if known."""

    project: Project
    checked: datetime
    etag: str | None = None
    metadata: Metadata | None = None

    def is_fresh(self, now: datetime) -> bool:
        """Tell whether it is believed; one from the future was dated by a clock that was wrong."""
        return self.checked <= now < self.fresh_until()

    def fresh_until(self) -> datetime:
        """Give the time until which the index need not be asked again."""
        newest = newest_release(self.project)
        released = None if newest is None else newest.first_upload
        settled = released is not None and self.checked - released >= UPLOADS_CLOSED
        return self.checked + (FRESH_WHEN_CLOSED if settled else FRESH_WHILE_OPEN)
