"""Plans digests, announcements and upstream events, each once for each server, and has them delivered.

``tick`` is called every minute. What is due is decided from the clock and what is stored, never from when it was called
last.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import structlog

from bot.clients.discord import Card, DiscordPosts
from bot.core.digest.changes import Change
from bot.core.fleet.shards import Presence
from bot.core.posting.feeds import BETWEEN_BATCHES, issue_posts
from bot.core.posting.messages import Draft
from bot.core.posting.plans import announcement_post, digest_post, is_just_now
from bot.core.posting.posts import BETWEEN_ANNOUNCEMENTS, PostKind
from bot.core.posting.schedule import Slot, due_slot, next_slot
from bot.core.posting.settings import DigestSettings, GuildSettings, IssueFeed
from bot.services.discord.delivery import PostDelivery, note
from bot.services.discord.stores import PostStores
from bot.services.discord.zones import Zones

FORGOTTEN_AFTER = timedelta(days=30)
"""How long the settings of a server are kept after the bot was removed."""

_LOOKED_ANYWAY = timedelta(minutes=10)
"""How long what was seen counts at most: what else it rests on, such as time zones, changes unannounced."""

_NEVER = datetime.max.replace(tzinfo=UTC)
_AT_ONCE = 100
"""Servers that are looked at before others get their turn: some milliseconds' work."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Seen:
    """What servers have set, by servers, as it was at a ``revision``; ``closed`` are the channels closed to the bot.

    ``presence`` is which servers the bot was in as far as this process knew, and ``settings`` has those that it plans
    for: those of its shards. ``due`` is when the next digest of each is, ``next_due`` when the first of these is. All
    is read again ``until`` a moment.
    """

    presence: Presence
    at: datetime
    until: datetime
    revision: int
    settings: dict[int, GuildSettings]
    closed: frozenset[int]
    due: dict[int, datetime] = field(default_factory=dict)
    next_due: datetime = _NEVER

    def holds(self, presence: Presence, now: datetime) -> bool:
        """Return whether no more than what changed has to be read; a clock that was set back makes it untrue."""
        return self.presence == presence and self.at <= now < self.until

    def take_in(self, changed: Iterable[GuildSettings], gone: Iterable[int], closed: frozenset[int]) -> set[int]:
        """Take in what changed, and return the servers whose digests have to be planned anew."""
        touched = {each.guild: each for each in changed if each.guild in self.presence.servers}
        self.settings |= touched
        for guild in gone:
            self.settings.pop(guild, None)
            self.due.pop(guild, None)
        turned, self.closed = closed ^ self.closed, closed
        opened_or_closed = {
            guild
            for guild, each in self.settings.items()
            if turned and each.digest is not None and each.digest.channel in turned
        }
        return touched.keys() | opened_or_closed


@dataclass(slots=True)
class Poster:
    """Plans for the servers of this process's shards; ``delivery`` takes what anybody planned from there.

    Of what servers have set only what changed is read again, and a server's digest is planned when it is due, so that a
    tick takes next to nothing however many servers there are.
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
        """Read what servers have set, as far as it may have changed, and plan the digests that are due."""
        revision, now = await self.stores.guilds.revision(), self.now()
        seen, self._seen = self._seen, None  # where something fails, all is read again
        if seen is None or not seen.holds(presence, now):
            seen = await self._read_all(revision, presence, now)
            touched = set(seen.settings)
        elif seen.revision != revision:
            changed, gone = await self.stores.guilds.changed_after(seen.revision)
            touched = seen.take_in(changed, gone, await self.stores.closed.everywhere())
            seen.revision = revision
        else:
            touched = set()
        if touched or seen.next_due <= now:
            touched |= {guild for guild, moment in seen.due.items() if moment <= now}
            await self._plan_digests(seen, touched)
            seen.next_due = min(seen.due.values(), default=_NEVER)
        self._seen = seen
        return seen

    async def _read_all(self, revision: int, presence: Presence, now: datetime) -> _Seen:
        await self._note_presence(presence)
        closed = await self.stores.closed.everywhere()
        settings = {each.guild: each for each in await self.stores.guilds.everyone() if each.guild in presence.servers}
        return _Seen(presence, now, now + _LOOKED_ANYWAY, revision, settings, closed)

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

    async def _plan_digests(self, seen: _Seen, guilds: Collection[int]) -> None:
        """Plan the digests of some servers that are due, and note when the next ones are."""
        due: list[tuple[int, DigestSettings, Slot]] = []
        for number, guild in enumerate(sorted(guilds), start=1):
            digest = seen.settings[guild].digest
            seen.due.pop(guild, None)
            if digest is not None and digest.channel not in seen.closed:
                slot, following = await self._slots(guild, digest)
                seen.due[guild] = following.moment
                if slot is not None:
                    due.append((guild, digest, slot))
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)  # others get their turn
        known = await self.stores.posts.known(PostKind.DIGEST, {str(slot.week) for _, _, slot in due})
        for guild, digest, slot in due:
            if (guild, str(slot.week)) not in known:
                post = digest_post(guild, digest, slot, self.now())
                if await self.stores.posts.plan(post, self.now()):
                    note("post_planned", post)
                    self.delivery.checkpoint("planned")

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
