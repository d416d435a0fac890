"""What servers set: where and when the digest is posted, where announcements and upstream events go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog

from bot.core.errors import UserError
from bot.core.posting.plans import digest_post
from bot.core.posting.posts import Post, PostKind
from bot.core.posting.schedule import Schedule, Slot, due_slot, next_slot
from bot.core.posting.settings import DigestSettings, GuildSettings, IssueFeed
from bot.core.posting.watches import ChannelWatches, Watch, WatchPlace
from bot.services.discord.stores import PostStores
from bot.services.discord.zones import Zones

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class GuildOverview:
    """What a server has set and how it stands: when the digest is due next, the last posts, why channels are closed.

    ``watched`` is what its channels watch.
    """

    settings: GuildSettings
    next_slot: Slot | None
    last_digest: Post | None
    last_announcement: Post | None
    last_issues: Post | None
    closed: Mapping[int, str]
    watched: tuple[ChannelWatches, ...] = ()


@dataclass(frozen=True, slots=True)
class GuildConfig:
    """Shows and changes settings. Who asks may do so; that the bot may post in a channel was checked."""

    stores: PostStores
    zones: Zones
    now: Callable[[], datetime]

    async def overview(self, guild: int) -> GuildOverview:
        """Return what a server has set, and how it stands."""
        settings = await self.stores.guilds.settings(guild)
        slot = None
        if settings.digest is not None:
            schedule = settings.digest.schedule
            zone = await self.zones.find(schedule.zone) or UTC
            slot = next_slot(self.now(), schedule, zone)
        return GuildOverview(
            settings=settings,
            next_slot=slot,
            last_digest=await self.stores.posts.last(guild, PostKind.DIGEST),
            last_announcement=await self.stores.posts.last(guild, PostKind.ANNOUNCEMENT),
            last_issues=await self.stores.posts.last(guild, PostKind.ISSUES),
            closed=await self.stores.closed.reasons(guild),
            watched=await self.stores.watches.in_guild(guild, self.now()),
        )

    async def watches(self, guild: int, channel: int) -> tuple[Watch, ...]:
        """Return what a channel of a server watches; of another server's channel nothing."""
        watcher = await self.stores.watches.recipient(WatchPlace(None, guild, channel))
        if watcher is None or watcher.place.guild != guild:
            return ()
        return await self.stores.watches.listed(watcher.place)

    async def schedule(self, weekday: int, hour: int, zone: str) -> Schedule:
        """Make a schedule of what somebody typed; a ``UserError`` says what is wrong with it."""
        name = await self.zones.name_of(zone)
        if name is None:
            raise UserError("There is no such time zone. Choose one from the list, like `Europe/Berlin` or `UTC`.")
        return Schedule(weekday, hour, name)

    async def set_digest(self, guild: int, digest: DigestSettings) -> None:
        """Turn the digest on, or change it; a week that is due and not posted yet goes where this says.

        Where it is on already, what it is on since stays.
        """
        before = (await self.stores.guilds.settings(guild)).digest
        if before is not None:
            digest = replace(digest, since=before.since)
        await self.stores.guilds.set_digest(guild, digest)
        log.info("digest_set", channel=digest.channel, schedule=str(digest.schedule), publish=digest.publish)
        await self.stores.closed.reopen(digest.channel)
        await self._redirect(guild, digest)

    async def turn_digest_off(self, guild: int) -> None:
        """Post no digests any more."""
        await self.stores.guilds.set_digest(guild, None)
        await self.stores.posts.drop(guild, PostKind.DIGEST)
        log.info("digest_off")

    async def set_announcements(self, guild: int, channel: int | None) -> None:
        """Announce changes in a channel from now on, None for nowhere."""
        await self.stores.guilds.set_announcements(guild, channel)
        if channel is None:
            await self.stores.posts.drop(guild, PostKind.ANNOUNCEMENT)
        else:
            await self.stores.closed.reopen(channel)
        log.info("announcements_set", channel=channel)

    async def set_issues(self, guild: int, feed: IssueFeed | None) -> None:
        """Set where a server reads upstream events, None for nowhere; what waits for another channel is dropped."""
        before = (await self.stores.guilds.settings(guild)).issues
        await self.stores.guilds.set_issues(guild, feed)
        if before is not None and (feed is None or feed.channel != before.channel):
            await self.stores.posts.drop(guild, PostKind.ISSUES)
        if feed is not None:
            await self.stores.closed.reopen(feed.channel)
        log.info("issues_set", channel=None if feed is None else feed.channel)

    async def reopen(self, guild: int, channel: int) -> bool:
        """Try a channel again that was closed, because it can be posted in now; tells whether it was closed."""
        was_closed = await self.stores.closed.reopen(channel)
        digest = (await self.stores.guilds.settings(guild)).digest
        if was_closed:
            log.info("channel_reopened", channel=channel)
            if digest is not None and digest.channel == channel:
                await self._redirect(guild, digest)
            watcher = await self.stores.watches.recipient(WatchPlace(None, guild, channel))
            if watcher is not None:
                await self.stores.posts.take_up_alerts(watcher.number, self.now())
        return was_closed

    async def reset(self, guild: int) -> None:
        """Delete all that is stored about a server."""
        await self.stores.guilds.forget(guild)
        log.info("guild_reset")

    async def _redirect(self, guild: int, digest: DigestSettings) -> None:
        zone = await self.zones.find(digest.schedule.zone) or UTC
        slot = due_slot(self.now(), digest.since, digest.schedule, zone)
        if slot is not None:
            await self.stores.posts.redirect(digest_post(guild, digest, slot, self.now()), self.now())
