"""What watchers are told is handed out by one process while another gathers: each watcher hears of everything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.core.posting.watches import BETWEEN_ALERTS, NewsItem, NewsKind, Watch, WatchPlace, alert_post
from bot.core.wheels.targets import Target
from storage.discord.watch_news import WatchNews
from storage.discord.watches import Watches
from storage.engine.engine import Engine, Transaction
from tests.storage.engines import OpenEngine, PassedOn

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Dawdling(PassedOn):
    """A database whose writes are done, and are committed only when somebody lets them."""

    done: asyncio.Event = field(default_factory=asyncio.Event)
    let: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        async with self.engine.transaction() as transaction:
            yield transaction
            self.done.set()
            await self.let.wait()


async def hand_out(database: Engine, position: int, version: str) -> None:
    news = WatchNews(database)
    reader = (await news.readers())[0]
    item = NewsItem("numpy", NewsKind.PRERELEASE, Target(14), version)
    assert await news.hand_out(reader, position, item, NOW) is not None


async def test_what_is_handed_out_while_somebody_gathers_is_told_later(open_engine: OpenEngine) -> None:
    async with open_engine() as one, open_engine() as other:
        await Watches(one).add(WatchPlace(None, 1, 2), [Watch("numpy")], 50, NOW)
        await hand_out(one, 1, "2.4rc1")
        slow = Dawdling(other)
        gathering = asyncio.create_task(WatchNews(slow).gather(NOW, alert_post, 10))
        await slow.done.wait()
        handing = asyncio.create_task(hand_out(one, 2, "2.4rc2"))
        # It waits for whoever gathers; who does not wait is through long before, and then nobody is told.
        await asyncio.wait({handing}, timeout=0.5)
        slow.let.set()
        assert [post.key for post in await gathering] == ["1-1"]
        await handing
        later = NOW + BETWEEN_ALERTS + timedelta(seconds=1)
        assert [post.key for post in await WatchNews(one).gather(later, alert_post, 10)] == ["1-2"]
        told = [[item.version for item in await WatchNews(one).batch(1, batch)] for batch in (1, 2)]
    assert told == [["2.4rc1"], ["2.4rc2"]]
