"""Takes posts from state to state, each committed before and after Discord is told, so that each is posted once.

``checkpoint`` is called between any two steps, for tests that end the process there.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from bot.clients.discord import Card, DiscordPosts, ForumThread
from bot.core.backoff import pause
from bot.core.digest.changes import Change
from bot.core.digest.weeks import Week
from bot.core.errors import StorageError, UpstreamError, UserError
from bot.core.fleet.claims import may_be_lost
from bot.core.posting.feeds import told_of
from bot.core.posting.messages import ChannelClosedError, Draft, MessageRefusedError, PreparedDigest, UnclearError
from bot.core.posting.posts import DIRECT, Post, PostKind, PostStep, State, next_step, step_if_not_found, waits_for_data
from bot.core.posting.watches import NewsItem
from bot.core.upstream.threads import EventKind, ThreadEvent
from bot.services.discord.stores import PostStores
from storage.discord.posts import CLAIM, Posts

_AT_ONCE = 4
_CLAIMED_AT_ONCE = 16
"""So few that they are all begun long before their claims end, where other processes would take them."""

_WAIT_FOR_DATA = timedelta(minutes=10)

Prepare = Callable[[Week], Awaitable[PreparedDigest[Card]]]
Compose = Callable[[Sequence[Change]], Card]
Tell = Callable[[Sequence[ThreadEvent]], Card]
Alert = Callable[[Sequence[NewsItem]], Card]

DIRECT_MESSAGES_CLOSED = "Discord did not let me write to you: your direct messages are closed to me."

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Claims:
    """Posts to servers, claimed a few at a time, for several tasks that work on them; all that were due at first."""

    posts: Posts
    name: str
    now: Callable[[], datetime]
    until: datetime | None = None
    ready: deque[Post] = field(default_factory=deque)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def next(self) -> Post | None:
        """Return one that nobody else works on, None where there is none left."""
        async with self.turn:
            if not self.ready:
                now, again = self.now(), self.until is None  # what a task of before left is taken up again
                self.until = self.until or now
                self.ready.extend(
                    await self.posts.claim_due(self.name, now, _CLAIMED_AT_ONCE, until=self.until, again=again)
                )
            return self.ready.popleft() if self.ready else None


def go_on(_step: str) -> None:
    """Do nothing between two steps."""


@dataclass(frozen=True, slots=True)
class PostDelivery:
    """Delivers; ``prepare`` makes a week's digest, ``compose`` an announcement, ``tell`` a card of upstream events.

    ``alert`` makes a card of what happened to packages that somebody watches.

    ``name`` tells this process from others on the same database.
    """

    stores: PostStores
    discord: DiscordPosts
    prepare: Prepare
    compose: Compose
    tell: Tell
    alert: Alert
    now: Callable[[], datetime]
    name: str = field(default_factory=lambda: secrets.token_hex(8))
    checkpoint: Callable[[str], None] = go_on
    _digests: dict[Week, asyncio.Future[PreparedDigest[Card]]] = field(default_factory=dict)

    async def deliver(self) -> None:
        """Take the posts to servers that are due by now as far as they go, some at a time, beside other processes.

        A digest is made once for all servers, anew each time.
        """
        this = replace(self, _digests={})
        claims = _Claims(self._posts, self.name, self.now)

        async def work() -> None:
            while (post := await claims.next()) is not None:
                await this.advance(post)

        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(work())

    async def claim_alerts(self, most: int, *, again: bool) -> tuple[Post, ...]:
        """Claim some of the posts about watches that are due; ``again`` takes up what was left of those before."""
        return await self._posts.claim_alerts(self.name, self.now(), most, again=again)

    async def advance(self, claimed: Post) -> None:
        """Take a post that was claimed step by step, each under a claim, until it is done, put off, or taken over."""
        post: Post | None = claimed
        while post is not None:
            self.checkpoint("claimed")
            try:
                await self._take(next_step(post, self.now()), post)
            except StorageError as error:
                log.warning("storage_failed", guild=post.guild, reason=str(error))
                return  # the claim ends by itself
            if not post.publish:
                return  # one step ends it, or puts it off
            post = await self._posts.claim(post, self.name, self.now())

    @property
    def _posts(self) -> Posts:
        return self.stores.posts

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
                await self._record("post_done", post.finished())

    async def _send(self, post: Post) -> None:
        draft = await self._draft(post)
        if draft is None:
            return
        thread = await self._thread(post)
        if thread is not None and thread.locked:
            raise MessageRefusedError(f"Somebody locked the thread <#{thread.number}>. Next week's will be a new one.")
        self.checkpoint("prepared")
        await self.discord.pace.turn()
        begun = self.now()
        if not await self._posts.begin(post, self.name, begun):
            return
        note("post_sending", post)
        self.checkpoint("sending")
        if may_be_lost(CLAIM, begun, self.now()):
            note("post_left", post)  # this process hung meanwhile, so that another one may be sending it
            return
        message = await self._deliver(post, draft, thread)
        self.checkpoint("posted")
        await self._sent(post, message)

    async def _thread(self, post: Post) -> ForumThread | None:
        """Find the thread of a forum that a post goes to; None if there is none yet, or it goes to a channel."""
        if post.repository is None:
            return None
        return await self.discord.find_thread(post.channel, post.thread_name, post.week.start)

    async def _deliver(self, post: Post, draft: Draft[Card], thread: ForumThread | None) -> int | None:
        """Send a message where it goes, and give the number by which the post is known from then on."""
        discord = self.discord
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
            known = await self.stores.threads.get(node_id)
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
        self.checkpoint("looked")
        if found is not None:
            await self._sent(post, found)
        elif step_if_not_found(post, self.now()) is PostStep.SEND:
            await self._send(post)
        else:
            await self._drop(post)

    async def _find(self, post: Post) -> int | None:
        """Find what was posted: the message, or the thread of a forum that it is in."""
        sought = post.sought(self.now())
        if post.repository is None:
            return await self.discord.find(post.channel, sought)
        thread = await self._thread(post)
        if thread is None or not await self.discord.is_in_thread(thread.number, sought):
            return None
        return thread.number

    async def _sent(self, post: Post, message: int | None) -> None:
        """Record a message; None stands for one that somebody deleted before this process knew of it."""
        await self._record("post_sent", post.posted(message, self.now()))
        self.checkpoint("recorded")

    async def _publish(self, post: Post) -> None:
        if post.message is not None:
            await self.discord.publish(post.channel, post.message)
        self.checkpoint("published")
        await self._record("post_published", post.published())
        self.checkpoint("done")

    async def _drop(self, post: Post) -> None:
        await self._record("post_not_published" if post.state is State.SENT else "post_missed", post.dropped())

    async def _closed(self, post: Post, error: ChannelClosedError, state: State = State.REFUSED) -> None:
        """Try nothing more in a channel until an admin did something, or a person whose direct messages are closed."""
        if post.guild == DIRECT:
            error = ChannelClosedError(DIRECT_MESSAGES_CLOSED)
            await self.stores.watch_news.close(post.changes[0], str(error), self.now())
        else:
            await self.stores.closed.close(post.guild, post.channel, str(error), self.now())
        self.checkpoint("closed")
        await self._refused(post, error, state)

    async def _refused(self, post: Post, error: UpstreamError, state: State = State.REFUSED) -> None:
        event = "post_not_published" if post.state is State.SENT else "post_refused"
        await self._record(event, post.given_up(str(error), state))

    async def _put_off(self, post: Post, reason: str, wait: timedelta) -> None:
        """Try again later. What was begun stays begun: it is looked for before it is sent again."""
        later = post.put_off(self.now() + wait, reason)
        if await self._posts.put_off(later, self.name):
            note("post_put_off", later)

    async def _record(self, event: str, post: Post) -> None:
        if await self._posts.record(post, self.name):
            note(event, post)
        else:
            note("post_taken_over", post)

    async def _draft(self, post: Post) -> Draft[Card] | None:
        """Make the message of a post, None if that was put off or given up because there is nothing to say."""
        if post.kind is PostKind.ANNOUNCEMENT:
            changes = await self.stores.changes.between(*post.changes)
            return Draft(self.compose(changes))
        if post.kind is PostKind.ISSUES:
            events = await self._events(post)
            if not events:  # turned off since
                await self._drop(post)
                return None
            return Draft(self.tell(events))
        if post.kind is PostKind.WATCH:
            news = await self.stores.watch_news.batch(*post.changes)
            if not news:  # whoever watched it does so no longer
                await self._drop(post)
                return None
            return Draft(self.alert(news))
        digest = await self._digest(post.week)
        if waits_for_data(post, self.now(), complete=digest.complete):
            await self._put_off(post, "The week's data is not read yet.", _WAIT_FOR_DATA)
            return None
        return Draft(digest.view(), post.role, digest.picture, digest.alt, digest.filename)

    async def _events(self, post: Post) -> tuple[ThreadEvent, ...]:
        """Return the upstream events that a post tells of, by what its server wants now."""
        feed = (await self.stores.guilds.settings(post.guild)).issues
        return () if feed is None else told_of(post, await self.stores.events.between(*post.changes), feed)

    async def _digest(self, week: Week) -> PreparedDigest[Card]:
        making = self._digests.get(week)
        if making is None:
            making = self._digests[week] = asyncio.ensure_future(self.prepare(week))
        return await making


def note(event: str, post: Post) -> None:
    """Log what happened to a post."""
    log.info(
        event,
        guild=post.guild,
        kind=post.kind.value,
        key=post.key,
        channel=post.channel,
        message=post.message,
        reason=post.reason,
    )
