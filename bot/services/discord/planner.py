"""Posts digests, announcements and upstream events, each exactly once for each server, whatever happens in between.

``tick`` is called every minute. What is due is decided from the clock and what is stored, never from when it was called
last. Every post goes from state to state, committed before and after Discord is told; ``checkpoint`` is called between
any two steps, for tests that end the process there.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import structlog

from bot.clients.discord import Card, DiscordPosts, ForumThread
from bot.core.backoff import pause
from bot.core.digest.changes import Change
from bot.core.digest.weeks import Week
from bot.core.errors import StorageError, UpstreamError, UserError
from bot.core.posting.feeds import BETWEEN_BATCHES, issue_posts, told_of
from bot.core.posting.messages import ChannelClosedError, Draft, MessageRefusedError, PreparedDigest, UnclearError
from bot.core.posting.posts import (
    ANNOUNCEMENTS_EXPIRE,
    BETWEEN_ANNOUNCEMENTS,
    Post,
    PostKind,
    PostStep,
    State,
    next_step,
    step_if_not_found,
    waits_for_data,
)
from bot.core.posting.schedule import Slot, due_slot
from bot.core.posting.settings import DigestSettings, GuildSettings, IssueFeed
from bot.core.upstream.threads import EventKind, ThreadEvent
from bot.services.discord.zones import Zones
from storage.discord.changes import Changes
from storage.discord.closed_channels import ClosedChannels
from storage.discord.guilds import Guilds
from storage.discord.posts import Posts
from storage.github.thread_events import ThreadEvents
from storage.github.threads import Threads

FORGOTTEN_AFTER = timedelta(days=30)
"""How long the settings of a server are kept after the bot was removed."""

_AT_ONCE = 4
_WAIT_FOR_DATA = timedelta(minutes=10)

Prepare = Callable[[Week], Awaitable[PreparedDigest[Card]]]
Compose = Callable[[Sequence[Change]], Card]
Tell = Callable[[Sequence[ThreadEvent]], Card]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def go_on(_step: str) -> None:
    """Do nothing between two steps."""


@dataclass(frozen=True, slots=True)
class PostStores:
    """What posting remembers, and what it tells of."""

    guilds: Guilds
    posts: Posts
    closed: ClosedChannels
    changes: Changes
    events: ThreadEvents
    threads: Threads


@dataclass(frozen=True, slots=True)
class Poster:
    """Posts; ``prepare`` makes a week's digest, ``compose`` an announcement, ``tell`` a card of upstream events.

    ``name`` tells this process from others that run on the same database by mistake.
    """

    stores: PostStores
    discord: DiscordPosts
    zones: Zones
    prepare: Prepare
    compose: Compose
    tell: Tell
    now: Callable[[], datetime]
    name: str = field(default_factory=lambda: secrets.token_hex(8))
    checkpoint: Callable[[str], None] = go_on

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
        round_ = _PostRound(self)
        turns = asyncio.Semaphore(_AT_ONCE)

        async def take_turn(post: Post) -> None:
            async with turns:
                await round_.advance(post)

        async with asyncio.TaskGroup() as group:
            for post in await self.stores.posts.due(self.now()):
                if post.guild in present:
                    group.create_task(take_turn(post))

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
                    _note("post_planned", post)
                    self.checkpoint("planned")

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
            too_soon = _within(BETWEEN_ANNOUNCEMENTS, last_planned.get(each.guild), now)
            if each.announcements is None or each.announcements in closed or too_soon:
                continue
            post = Post(
                guild=each.guild,
                kind=PostKind.ANNOUNCEMENT,
                key=f"{announced[each.guild] + 1}-{newest}",
                channel=each.announcements,
                state=State.PLANNED,
                expires=now + ANNOUNCEMENTS_EXPIRE,
                due=now,
            )
            if await self.stores.posts.plan_announcement(post, now):
                _note("post_planned", post)
                self.checkpoint("planned")

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
                    _note("post_planned", post)
                self.checkpoint("planned")

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
            if guild not in busy and not _within(BETWEEN_BATCHES, last_planned.get(guild), now)
        }


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


@dataclass(frozen=True, slots=True)
class _PostRound:
    """One tick's way through the posts that are due; a digest is made once for all servers."""

    poster: Poster
    _digests: dict[Week, asyncio.Future[PreparedDigest[Card]]] = field(default_factory=dict)

    async def advance(self, due: Post) -> None:
        """Take one post step by step, each under a claim, until it is done, put off, or somebody else's."""
        while (post := await self._posts.claim(due, self.poster.name, self.poster.now())) is not None:
            self._pass("claimed")
            try:
                await self._take(next_step(post, self.poster.now()), post)
            except StorageError as error:
                log.warning("storage_failed", guild=post.guild, reason=str(error))
                return  # the claim ends by itself
            due = post

    @property
    def _posts(self) -> Posts:
        return self.poster.stores.posts

    def _pass(self, step: str) -> None:
        self.poster.checkpoint(step)

    async def _take(self, step: PostStep | None, post: Post) -> None:
        """Do one step; what goes wrong with it decides what becomes of the post."""
        try:
            await self._do(step, post)
        except ChannelClosedError as error:
            await self._closed(post, error)
        except MessageRefusedError as error:
            await self._refused(post, error)
        except UpstreamError as error:
            await self._put_off(post, str(error), pause(post.attempts + 1, error.retry_after))
        except UserError as error:
            await self._put_off(post, str(error), pause(post.attempts + 1))
        except StorageError:
            raise
        except Exception as error:
            # One server's trouble must not keep the others waiting.
            log.exception("post_failed", guild=post.guild, kind=post.kind.value, key=post.key)
            await self._put_off(post, f"Something broke on my side ({type(error).__name__}).", pause(post.attempts + 1))

    async def _do(self, step: PostStep | None, post: Post) -> None:
        match step:
            case PostStep.SEND:
                await self._send(post)
            case PostStep.LOOK:
                await self._look(post)
            case PostStep.PUBLISH:
                await self._publish(post)
            case PostStep.DROP:
                await self._drop(post)
            case None:
                await self._record("post_done", replace(post, due=None))

    async def _send(self, post: Post) -> None:
        draft = await self._draft(post)
        if draft is None:
            return
        thread = await self._thread(post)
        if thread is not None and thread.locked:
            raise MessageRefusedError(f"Somebody locked the thread <#{thread.number}>. Next week's will be a new one.")
        self._pass("prepared")
        if not await self._posts.begin(post, self.poster.name, self.poster.now()):
            return
        _note("post_sending", post)
        self._pass("sending")
        message = await self._deliver(post, draft, thread)
        self._pass("posted")
        await self._sent(post, message)

    async def _thread(self, post: Post) -> ForumThread | None:
        """Find the thread of a forum that a post goes to; None if there is none yet, or it goes to a channel."""
        if post.repository is None:
            return None
        return await self.poster.discord.find_thread(post.channel, post.thread_name, post.week.start)

    async def _deliver(self, post: Post, draft: Draft[Card], thread: ForumThread | None) -> int | None:
        """Send a message where it goes, and give the number by which the post is known from then on."""
        discord = self.poster.discord
        if post.repository is None:
            return await discord.send(post.channel, draft, post.mark, post.nonce)
        if thread is None:
            words = await self._tag_words(post)
            return await discord.open_thread(post.channel, post.thread_name, words, draft, post.mark)
        await discord.send_in_thread(thread.number, draft, post.mark, post.nonce_in(thread.number))
        return thread.number

    async def _tag_words(self, post: Post) -> frozenset[str]:
        """Collect the labels and kinds of the threads that a post tells of."""
        events = await self._events(post)
        words = {event.detail for event in events if event.kind is EventKind.LABELLED}
        for node_id in {event.node_id for event in events}:
            known = await self.poster.stores.threads.get(node_id)
            words |= set() if known is None else {*known.issue.labels, *known.kinds}
        return frozenset(words)

    async def _look(self, post: Post) -> None:
        """Find out what became of a post that was begun, and send it if it is not there."""
        try:
            found = await self._find(post)
        except ChannelClosedError as error:
            await self._closed(post, error, State.REFUSED if error.gone else State.LOST)
            return
        except UnclearError as error:
            await self._refused(post, error, State.LOST)
            return
        self._pass("looked")
        if found is not None:
            await self._sent(post, found)
        elif step_if_not_found(post, self.poster.now()) is PostStep.SEND:
            await self._send(post)
        else:
            await self._drop(post)

    async def _find(self, post: Post) -> int | None:
        """Find what was posted: the message, or the thread of a forum that it is in."""
        sought = post.sought(self.poster.now())
        if post.repository is None:
            return await self.poster.discord.find(post.channel, sought)
        thread = await self._thread(post)
        if thread is None or not await self.poster.discord.is_in_thread(thread.number, sought):
            return None
        return thread.number

    async def _sent(self, post: Post, message: int | None) -> None:
        """Record a message; None stands for one that somebody deleted before this process knew of it."""
        publish = post.publish and message is not None
        due = self.poster.now() if publish else None
        sent = replace(post, state=State.SENT, message=message, publish=publish, due=due, attempts=0, reason=None)
        await self._record("post_sent", sent)
        self._pass("recorded")

    async def _publish(self, post: Post) -> None:
        if post.message is not None:
            await self.poster.discord.publish(post.channel, post.message)
        self._pass("published")
        await self._record("post_published", replace(post, state=State.PUBLISHED, due=None, reason=None))
        self._pass("done")

    async def _drop(self, post: Post) -> None:
        if post.state is State.SENT:
            await self._record("post_not_published", replace(post, due=None))
        else:
            await self._record("post_missed", replace(post, state=State.MISSED, due=None))

    async def _closed(self, post: Post, error: ChannelClosedError, state: State = State.REFUSED) -> None:
        """Try nothing more in a channel until an admin did something."""
        await self.poster.stores.closed.close(post.guild, post.channel, str(error), self.poster.now())
        self._pass("closed")
        await self._refused(post, error, state)

    async def _refused(self, post: Post, error: UpstreamError, state: State = State.REFUSED) -> None:
        if post.state is State.SENT:
            await self._record("post_not_published", replace(post, due=None, reason=str(error)))
        else:
            await self._record("post_refused", replace(post, state=state, due=None, reason=str(error)))

    async def _put_off(self, post: Post, reason: str, wait: timedelta) -> None:
        """Try again later. What was begun stays begun: it is looked for before it is sent again."""
        later = replace(post, due=self.poster.now() + wait, attempts=post.attempts + 1, reason=reason)
        if await self._posts.put_off(later, self.poster.name):
            _note("post_put_off", later)

    async def _record(self, event: str, post: Post) -> None:
        if await self._posts.record(post, self.poster.name):
            _note(event, post)
        else:
            _note("post_taken_over", post)

    async def _draft(self, post: Post) -> Draft[Card] | None:
        """Make the message of a post, None if that was put off or given up because there is nothing to say."""
        if post.kind is PostKind.ANNOUNCEMENT:
            changes = await self.poster.stores.changes.between(*post.changes)
            return Draft(self.poster.compose(changes))
        if post.kind is PostKind.ISSUES:
            events = await self._events(post)
            if not events:  # turned off since
                await self._drop(post)
                return None
            return Draft(self.poster.tell(events))
        digest = await self._digest(post.week)
        if waits_for_data(post, self.poster.now(), complete=digest.complete):
            await self._put_off(post, "The week's data is not read yet.", _WAIT_FOR_DATA)
            return None
        return Draft(digest.view(), post.role, digest.picture, digest.alt, digest.filename)

    async def _events(self, post: Post) -> tuple[ThreadEvent, ...]:
        """Return the upstream events that a post tells of, by what its server wants now."""
        feed = (await self.poster.stores.guilds.settings(post.guild)).issues
        return () if feed is None else told_of(post, await self.poster.stores.events.between(*post.changes), feed)

    async def _digest(self, week: Week) -> PreparedDigest[Card]:
        making = self._digests.get(week)
        if making is None:
            making = self._digests[week] = asyncio.ensure_future(self.poster.prepare(week))
        return await making


def _within(pause: timedelta, last: datetime | None, now: datetime) -> bool:
    """Return whether something was planned just now; a time in the future is from a clock that was wrong."""
    return last is not None and timedelta() <= now - last < pause


def _note(event: str, post: Post) -> None:
    log.info(
        event,
        guild=post.guild,
        kind=post.kind.value,
        key=post.key,
        channel=post.channel,
        message=post.message,
        reason=post.reason,
    )
