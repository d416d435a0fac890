"""Tells watchers what happened to their packages, each once: hands it out, gathers it into messages, delivers them.

How far it is, is stored after each step; killed in between, the next tick goes on from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.clients.discord import DiscordPosts
from bot.core.backoff import pause
from bot.core.errors import StorageError, UpstreamError
from bot.core.posting.messages import ChannelClosedError
from bot.core.posting.posts import Post
from bot.core.posting.watches import NewsItem, NewsSource, Recipient, alert_post, news_of_change, news_of_event
from bot.services.discord.delivery import DIRECT_MESSAGES_CLOSED, PostDelivery, note
from bot.services.discord.stores import PostStores
from storage.discord.watch_news import Reader

DELIVERED_AT_ONCE = 32
"""Messages on their way at a time: at Discord's 50 a second each may take more than half a second."""

OPENED_AT_ONCE = 10
"""Direct message channels that are opened in a tick, some seconds apart: Discord takes many at once for spam."""

_READ_AT_ONCE = 200
_GATHERED_AT_ONCE = 100
_LONGEST_WAIT = 5.0

Tracking = Callable[[str], str | None]
"""Gives the address of the issue that tracks a package's support, if there is one."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WatchAlerts:
    """Goes by what is stored; ``delivery`` takes each message from state to state."""

    stores: PostStores
    discord: DiscordPosts
    delivery: PostDelivery
    tracking: Tracking
    now: Callable[[], datetime]

    async def tick(self) -> None:
        """Take everything that can be told as far as it goes."""
        try:
            if not self.discord.is_connected():
                await self._hand_out()
                return
            await self._open()
            await self._deliver()
        except StorageError as error:
            log.warning("storage_failed", reason=str(error))

    async def _prepare(self) -> None:
        """Hand out what is new, and make messages of what waits."""
        await self._hand_out()
        while posts := await self.stores.watch_news.gather(self.now(), alert_post, _GATHERED_AT_ONCE):
            for post in posts:
                note("post_planned", post)
            self.delivery.checkpoint("gathered")

    async def _hand_out(self) -> None:
        for reader in await self.stores.watch_news.readers():
            at: Reader | None = reader
            while at is not None:
                at = await self._hand_out_some(at)

    async def _hand_out_some(self, reader: Reader) -> Reader | None:
        """Hand out the next of a source, and return how far it is then; None where nothing is left."""
        waiting = await self._after(reader)
        if not waiting:
            return None
        at = reader
        for position, news in waiting:
            if news is None:
                continue
            if at.position < position - 1:  # so that what is half handed out is the very next one
                if not await self.stores.watch_news.pass_over(at, position - 1):
                    return None
                at = Reader(reader.source, position - 1, 0)
            while at.position < position:
                after = await self.stores.watch_news.hand_out(at, position, news, self.now())
                if after is None:  # another process is at it
                    return None
                at = after
                self.delivery.checkpoint("handed out")
        last, _ = waiting[-1]
        if at.position < last and not await self.stores.watch_news.pass_over(at, last):
            return None
        return Reader(reader.source, last, 0)

    async def _after(self, reader: Reader) -> Sequence[tuple[int, NewsItem | None]]:
        """Return the next of a source with their positions; what is no news to anybody is None."""
        match reader.source:
            case NewsSource.CHANGES:
                changes = await self.stores.changes.after(reader.position, _READ_AT_ONCE)
                return [(each.position, news_of_change(each.change)) for each in changes]
            case NewsSource.PACKAGE_NEWS:
                return await self.stores.package_news.numbered_after(reader.position, _READ_AT_ONCE)
            case NewsSource.THREAD_EVENTS:
                events = await self.stores.events.next_after(reader.position, _READ_AT_ONCE)
                return [
                    (position, news_of_event(event, self.tracking(event.package or ""), self.now()))
                    for position, event in events
                ]

    async def _open(self) -> None:
        """Open the direct message channels of some people who have none yet; what fails is tried again later."""
        most = max(1, OPENED_AT_ONCE // self.discord.pace.processes())
        for recipient in await self.stores.watch_news.claim_unopened(self.now(), most):
            await self._open_one(recipient)

    async def _open_one(self, recipient: Recipient) -> None:
        news, person = self.stores.watch_news, recipient.place.person
        if person is None:
            return
        try:
            channel = await self.discord.open_direct(person)
        except ChannelClosedError:
            await news.close(recipient.number, DIRECT_MESSAGES_CLOSED, self.now())
            log.info("direct_messages_closed", watcher=recipient.number)
        except UpstreamError as error:
            await news.put_off(recipient, self.now() + pause(1, error.retry_after))
            log.warning("direct_channel_not_opened", watcher=recipient.number, reason=str(error))
        else:
            await news.open(recipient, channel)

    async def _deliver(self) -> None:
        """Deliver what is due, while more is made ready; one that hangs keeps nobody waiting.

        Nothing more is begun once something is due for the second time: the next tick goes on.
        """
        tried: set[str] = set()
        running: set[asyncio.Task[None]] = set()
        goes_on, again = True, True
        try:
            while True:
                await self._prepare()
                fresh: Sequence[Post] = ()
                if goes_on and not self.discord.pace.is_refused_often:
                    fresh, again = await self.delivery.claim_alerts(DELIVERED_AT_ONCE, again=again), False
                goes_on = goes_on and not any(post.key in tried for post in fresh)
                for post in fresh:
                    tried.add(post.key)
                    running.add(asyncio.create_task(self._advance(post)))
                    if len(running) >= DELIVERED_AT_ONCE:
                        running = await _some_are_done(running)
                if not fresh and not running:
                    return
                if not fresh:
                    running = await _some_are_done(running)
        finally:
            for task in running:
                task.cancel()
            if running:
                await asyncio.wait(running)

    async def _advance(self, post: Post) -> None:
        try:
            await self.delivery.advance(post)
        except StorageError as error:
            log.warning("storage_failed", reason=str(error))  # what is claimed is taken up again later


async def _some_are_done(running: set[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
    """Wait until one is done, not for ever; returns those that are not."""
    done, left = await asyncio.wait(running, timeout=_LONGEST_WAIT, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
    return left
