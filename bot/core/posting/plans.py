"""The posts that are planned for a server, and when it was told enough for the moment."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.core.posting.posts import ANNOUNCEMENTS_EXPIRE, Post, PostKind, State
from bot.core.posting.schedule import Slot
from bot.core.posting.settings import DigestSettings, GuildSettings


def digest_post(guild: int, digest: DigestSettings, slot: Slot, now: datetime) -> Post:
    """Return the post that a server's settings make of a slot."""
    return Post(
        guild=guild,
        kind=PostKind.DIGEST,
        key=str(slot.week),
        channel=digest.channel,
        state=State.PLANNED,
        expires=slot.expires,
        due=now,
        role=digest.role,
        publish=digest.publish,
    )


def announcement_post(settings: GuildSettings, announced: int, newest: int, now: datetime) -> Post | None:
    """Return what tells a server of the changes after the last that was announced; None where it wants none."""
    if settings.announcements is None:
        return None
    return Post(
        guild=settings.guild,
        kind=PostKind.ANNOUNCEMENT,
        key=f"{announced + 1}-{newest}",
        channel=settings.announcements,
        state=State.PLANNED,
        expires=now + ANNOUNCEMENTS_EXPIRE,
        due=now,
    )


def is_just_now(last: datetime | None, now: datetime, within: timedelta) -> bool:
    """Return whether something was planned just now; a time in the future is from a clock that was wrong."""
    return last is not None and timedelta() <= now - last < within
