"""What a server has set: where it gets what, when, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.core.posting.schedule import DEFAULT_SCHEDULE, Schedule
from bot.core.upstream.threads import DEFAULT_EVENTS, EventKind


@dataclass(frozen=True, slots=True)
class DigestSettings:
    """Where and when a server gets its digest; weeks whose slot came before ``since`` are not posted."""

    channel: int
    since: datetime
    schedule: Schedule = DEFAULT_SCHEDULE
    role: int | None = None
    publish: bool = False


@dataclass(frozen=True, slots=True)
class IssueFeed:
    """Where a server gets what happens to upstream threads, and which of it; a ``forum`` gets threads of its own."""

    channel: int
    forum: bool = False
    events: tuple[EventKind, ...] = DEFAULT_EVENTS


@dataclass(frozen=True, slots=True)
class GuildSettings:
    """What a server has set; None is off."""

    guild: int
    digest: DigestSettings | None = None
    announcements: int | None = None
    issues: IssueFeed | None = None
