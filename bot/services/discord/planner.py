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
from bot.core.posting.feeds import BETWEEN_BATCHES, issue_posts
from bot.core.posting.messages import Draft
from bot.core.posting.plans import announcement_post, digest_post, is_just_now
from bot.core.posting.posts import BETWEEN_ANNOUNCEMENTS, PostKind
from bot.core.posting.schedule import Slot, due_slot
from bot.core.posting.settings import DigestSettings, GuildSettings, IssueFeed
from bot.services.discord.delivery import PostDelivery, note
from bot.services.discord.stores import PostStores
from bot.services.discord.zones import Zones

FORGOTTEN_AFTER = timedelta(days=30)
"""How long the settings of a server are kept after the bot was removed."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Poster:
    """Plans; ``delivery`` takes what was planned from there."""

    stores: PostStores
    discord: DiscordPosts
    zones: Zones
    delivery: PostDelivery
    now: Callable[[], datetime]

    async def tick(self) -> None:
        """Plan what is due now, and take everything planned as far as it goes."""
        present = self.discord.guilds()
        if present is None:
            return
        await self._note_presence(present)
        closed = await self.stores.closed.everywhere()
        settings = [each for each in await self.stores.guilds.everyone() if each.guild in present]
        await self._plan_digests(settings, closed)
        await self._plan_announcements(settings, closed)
        await self._plan_issues(settings, closed)
        due = await self.stores.posts.due(self.now())
        await self.delivery.deliver(post for post in due if post.guild in present)

    async def announce(self, changes: Sequence[Change]) -> None:
        """Take in changes; the next ticks announce them where that is wanted. Known ones are not taken twice."""
        new = await self.stores.changes.record(changes, self.now())
        if new:
            log.info("changes_noticed", new=new)

    async def send_test(self, channel: int, view: Card) -> int | None:
        """Send a message to a channel at once and give its number, for somebody who wants to see whether it arrives."""
        return await self.discord.send(channel, Draft(view))

    async def _note_presence(self, present: Collection[int]) -> None:
        now = self.now()
        await self.stores.guilds.note_presence(present, now)
        for guild in await self.stores.guilds.gone_before(now - FORGOTTEN_AFTER):
            await self.stores.guilds.forget(guild)
            log.info("guild_forgotten", guild=guild)

    async def _plan_digests(self, settings: Sequence[GuildSettings], closed: Collection[int]) -> None:
        due: list[tuple[int, DigestSettings, Slot]] = []
        for each in settings:
            digest = each.digest
            if digest is not None and digest.channel not in closed:
                slot = await self._due_slot(each.guild, digest)
                if slot is not None:
                    due.append((each.guild, digest, slot))
        known = await self.stores.posts.known(PostKind.DIGEST, {str(slot.week) for _, _, slot in due})
        for guild, digest, slot in due:
            if (guild, str(slot.week)) not in known:
                post = digest_post(guild, digest, slot, self.now())
                if await self.stores.posts.plan(post, self.now()):
                    note("post_planned", post)
                    self.delivery.checkpoint("planned")

    async def _due_slot(self, guild: int, digest: DigestSettings) -> Slot | None:
        now = self.now()
        if digest.since > now:
            # It was turned on by a clock that has been set back since.
            digest = replace(digest, since=now)
            await self.stores.guilds.set_digest(guild, digest)
        zone = await self.zones.find(digest.schedule.zone)
        if zone is None:
            log.warning("zone_unknown", guild=guild, zone=digest.schedule.zone)
        return due_slot(now, digest.since, digest.schedule, zone or UTC)

    async def _plan_announcements(self, settings: Sequence[GuildSettings], closed: Collection[int]) -> None:
        newest = await self.stores.changes.newest()
        announced = await self.stores.guilds.announced()
        behind = [each for each in settings if announced.get(each.guild, newest) < newest]
        if not behind:
            return
        last_planned = await self.stores.posts.last_planned(PostKind.ANNOUNCEMENT)
        now = self.now()
        for each in behind:
            post = announcement_post(each, announced[each.guild], newest, now)
            too_soon = is_just_now(last_planned.get(each.guild), now, BETWEEN_ANNOUNCEMENTS)
            if post is None or post.channel in closed or too_soon:
                continue
            if await self.stores.posts.plan_announcement(post, now):
                note("post_planned", post)
                self.delivery.checkpoint("planned")

    async def _plan_issues(self, settings: Sequence[GuildSettings], closed: Collection[int]) -> None:
        shown = await self.stores.guilds.issues_shown()
        newest = await self.stores.events.newest()
        behind = {
            each.guild: each.issues
            for each in settings
            if each.issues is not None and each.issues.channel not in closed and shown.get(each.guild, newest) < newest
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
        last_planned = await self.stores.posts.last_planned(PostKind.ISSUES)
        busy = await self.stores.posts.busy(PostKind.ISSUES)
        now = self.now()
        return {
            guild: feed
            for guild, feed in behind.items()
            if guild not in busy and not is_just_now(last_planned.get(guild), now, BETWEEN_BATCHES)
        }
