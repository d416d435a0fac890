"""A post and settings for the tests of what is stored of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.core.posting.posts import Post, PostKind, State
from bot.core.posting.schedule import Schedule
from bot.core.posting.settings import DigestSettings
from storage.discord.posts import Posts

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
GUILD, CHANNEL = 1_012_345_678_901_234_567, 1_183_746_382_910_273_645
POST = Post(
    guild=GUILD,
    kind=PostKind.DIGEST,
    key="2026-W47",
    channel=CHANNEL,
    state=State.PLANNED,
    expires=NOW + timedelta(days=7),
    due=NOW,
    role=5,
    publish=True,
)
DIGEST = DigestSettings(CHANNEL, NOW, Schedule(4, 18, "Europe/Berlin"), role=5, publish=True)


async def due(posts: Posts, now: datetime) -> tuple[Post, ...]:
    """List the posts to servers that nobody has claimed and something is to be done with, and leave them so."""
    found = await posts.claim_due("somebody who looks", now, 99)
    for post in found:
        assert await posts.put_off(post, "somebody who looks")
    return found
