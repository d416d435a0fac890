"""Plans digests, announcements and upstream events, each once for each server, and has them delivered.

``tick`` is called every minute. What is due is decided from the clock and what is stored, never from when it was called
last.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import structlog

from bot.clients.discord import Card, DiscordPosts
from bot.core.digest.changes import Change
from bot.core.fleet.shards import Presence
from bot.core.posting.feeds import BETWEEN_BATCHES, issue_posts
from bot.core.posting.messages import Draft
from bot.core.posting.plans import announcement_post, digest_post, is_just_now
from bot.core.posting.posts import BETWEEN_ANNOUNCEMENTS, PostKind
from bot.core.posting.schedule import MADE_UP_FOR, Slot, due_slot, next_slot
from bot.core.posting.settings import DigestSettings, GuildSettings, IssueFeed
from bot.services.discord.delivery import PostDelivery, note
from bot.services.discord.stores import PostStores
from bot.services.discord.zones import Zones

FORGOTTEN_AFTER = timedelta(days=30)
"""How long the settings of a server are kept after the bot was removed."""

_LOOKED_ANYWAY = timedelta(minutes=10)
"""How long what was seen counts at most: what else it rests on, such as time zones, changes unannounced."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What servers have set, as it was at a moment, by servers; nothing of it has to be read again ``until`` another.

    ``revision`` is what tells whether anybody changed it since, ``presence`` which servers the bot was in as far as
    this process knew. ``settings`` has the servers that it plans for: those of its shards.
    """

    revision: int
    presence: Presence
    at: datetime
    until: datetime
    settings: Mapping[int, GuildSettings]
    closed: frozenset[int]

    def holds(self, revision: int, presence: Presence, now: datetime) -> bool:
        """Return whether it still is so, and no digest is due since; a clock that was set back makes it untrue."""
        return self.revision == revision and self.presence == presence and self.at <= now < self.until


@dataclass(slots=True)
class Poster:
    """Plans for the servers of this process's shards; ``delivery`` takes what anybody planned from there.

    What servers have set is read again when it changed, and planned by when the next digest is due, so that a tick with
    nothing to do takes next to nothing however many servers there are.
    """

    stores: PostStores
    discord: DiscordPosts
    zones: Zones
    delivery: PostDelivery
    now: Callable[[], datetime]
    _seen: _Seen | None = None

    async def tick(self) -> None:
        """Plan what is due now, and take everything planned as far as it goes."""
        presence = self.discord.presence()
        if presence is None:
            return
        seen = await self._look(presence)
        await self._plan_announcements(seen)
        await self._plan_issues(seen)
        await self.delivery.deliver()

    async def _look(self, presence: Presence) -> _Seen:
        """Read what servers have set, and plan the digests that are due, unless nothing of it can have changed."""
        revision, now = await self.stores.guilds.revision(), self.now()
        if self._seen is not None and self._seen.holds(revision, presence, now):
            return self._seen
        self._seen = None
        await self._note_presence(presence)
        closed = await self.stores.closed.everywhere()
        settings = [each for each in await self.stores.guilds.everyone() if each.guild in presence.servers]
        next_due = await self._plan_digests(settings, closed)
        until = min(next_due, now + _LOOKED_ANYWAY)
        self._seen = _Seen(revision, presence, now, until, {each.guild: each for each in settings}, closed)
        return self._seen

    async def announce(self, changes: Sequence[Change]) -> None:
        """Take in changes; the next ticks announce them where that is wanted. Known ones are not taken twice."""
        new = await self.stores.changes.record(changes, self.now())
        if new:
            log.info("changes_noticed", new=new)

    async def send_test(self, channel: int, view: Card) -> int | None:
        """Send a message to a channel at once and give its number, for somebody who wants to see whether it arrives."""
        return await self.discord.send(channel, Draft(view))

    async def _note_presence(self, presence: Presence) -> None:
        now = self.now()
        await self.stores.guilds.note_presence(presence, now)
        for guild in await self.stores.guilds.gone_before(now - FORGOTTEN_AFTER):
            await self.stores.guilds.forget(guild)
            log.info("guild_forgotten", guild=guild)

    async def _plan_digests(self, settings: Sequence[GuildSettings], closed: Collection[int]) -> datetime:
        """Plan the digests that are due, and return when the next one is."""
        due: list[tuple[int, DigestSettings, Slot]] = []
        next_due = self.now() + MADE_UP_FOR
        for each in settings:
            digest = each.digest
            if digest is not None and digest.channel not in closed:
                slot, following = await self._slots(each.guild, digest)
                next_due = min(next_due, following.moment)
                if slot is not None:
                    due.append((each.guild, digest, slot))
        known = await self.stores.posts.known(PostKind.DIGEST, {str(slot.week) for _, _, slot in due})
        for guild, digest, slot in due:
            if (guild, str(slot.week)) not in known:
                post = digest_post(guild, digest, slot, self.now())
                if await self.stores.posts.plan(post, self.now()):
                    note("post_planned", post)
                    self.delivery.checkpoint("planned")
        return next_due

    async def _slots(self, guild: int, digest: DigestSettings) -> tuple[Slot | None, Slot]:
        """Return the slot that is due, if one is, and the next one."""
        now = self.now()
        if digest.since > now:
            # It was turned on by a clock that has been set back since.
            digest = replace(digest, since=now)
            await self.stores.guilds.set_digest(guild, digest)
        zone = await self.zones.find(digest.schedule.zone)
        if zone is None:
            log.warning("zone_unknown", guild=guild, zone=digest.schedule.zone)
        zone = zone or UTC
        return due_slot(now, digest.since, digest.schedule, zone), next_slot(now, digest.schedule, zone)

    async def _plan_announcements(self, seen: _Seen) -> None:
        newest = await self.stores.changes.newest()
        announced = await self.stores.guilds.not_announced(newest)
        behind = [seen.settings[guild] for guild in announced if guild in seen.settings]
        if not behind:
            return
        now = self.now()
        last_planned = await self.stores.posts.last_planned(PostKind.ANNOUNCEMENT, now - BETWEEN_ANNOUNCEMENTS)
        for each in behind:
            post = announcement_post(each, announced[each.guild], newest, now)
            too_soon = is_just_now(last_planned.get(each.guild), now, BETWEEN_ANNOUNCEMENTS)
            if post is None or post.channel in seen.closed or too_soon:
                continue
            if await self.stores.posts.plan_announcement(post, now):
                note("post_planned", post)
                self.delivery.checkpoint("planned")

    async def _plan_issues(self, seen: _Seen) -> None:
        newest = await self.stores.events.newest()
        shown = await self.stores.guilds.issues_not_shown(newest)
        behind = {
            guild: each.issues
            for guild in shown
            if (each := seen.settings.get(guild)) is not None
            and each.issues is not None
            and each.issues.channel not in seen.closed
        }
        waiting = await self._may_be_told(behind) if behind else {}
        if not waiting:
            return
        events = await self.stores.events.numbered_after(min(shown[guild] for guild in waiting))
        now = self.now()
        for guild, feed in waiting.items():
            unseen = [(position, event) for position, event in events if shown[guild] < position <= newest]
            posts = issue_posts(guild, feed, unseen, now)
            if await self.stores.posts.plan_issues(posts, guild, shown[guild], newest, now) and posts:
                for post in posts:
                    note("post_planned", post)
                self.delivery.checkpoint("planned")

    async def _may_be_told(self, behind: Mapping[int, IssueFeed]) -> Mapping[int, IssueFeed]:
        """Leave out who was told of something just now, and whose last posts are still under way.

        These are looked up after what was shown: whoever has moved that on since has posts that are seen here. Two
        posts that both look for the thread of a repository would make two of it.
        """
        now = self.now()
        last_planned = await self.stores.posts.last_planned(PostKind.ISSUES, now - BETWEEN_BATCHES)
        busy = await self.stores.posts.busy(PostKind.ISSUES)
        return {
            guild: feed
            for guild, feed in behind.items()
            if guild not in busy and not is_just_now(last_planned.get(guild), now, BETWEEN_BATCHES)
        }
