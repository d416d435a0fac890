"""What watchers are told: handed to each once, by how far its source was read, then put together into messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from bot.core.posting.posts import Post, State
from bot.core.posting.watches import BETWEEN_ALERTS, NewsItem, NewsSource, Recipient
from storage.discord.package_news import NewsRow, news_row
from storage.discord.posts import CLAIM, KEPT
from storage.discord.watches import RECIPIENT, recipient_of, watch_of
from storage.engine.engine import Engine, Transaction
from storage.engine.rows import Row

AT_ONCE = 500
"""Watchers that something is handed to in a transaction: a writer that waits for one waits for milliseconds."""

_SLACK = timedelta(minutes=1)

_WAITING = (
    "SELECT id FROM watchers WHERE waiting IS NOT NULL AND channel IS NOT NULL AND closed IS NULL"
    " AND (waiting <= ? OR waiting > ?)"
    " AND NOT EXISTS (SELECT 1 FROM closed_channels WHERE closed_channels.channel = watchers.channel)"
    " AND NOT EXISTS (SELECT 1 FROM guilds WHERE guilds.guild = watchers.guild AND guilds.gone IS NOT NULL)"
)
"""Who can be told something now. A time further ahead than anybody waits is from a clock that was set back since."""


@dataclass(frozen=True, slots=True)
class Reader:
    """How far a source was handed out: all up to a position, and the next to the watchers up to a number."""

    source: NewsSource
    position: int
    watcher: int


@dataclass(frozen=True, slots=True)
class WatchNews:
    """One row for each watcher and what they are told."""

    database: Engine

    async def readers(self) -> tuple[Reader, ...]:
        """Return how far each source was handed out."""
        rows = await self.database.read("SELECT source, position, watcher FROM watch_readers ORDER BY source")
        return tuple(Reader(*row) for row in msgspec.convert(rows, list[tuple[NewsSource, int, int]]))

    async def pass_over(self, reader: Reader, position: int) -> bool:
        """Note that nothing up to a position is for anybody; tells whether nobody else got further meanwhile."""
        async with self.database.transaction() as transaction:
            return await _move(transaction, reader, position, 0)

    async def hand_out(self, reader: Reader, position: int, news: NewsItem, now: datetime) -> Reader | None:
        """Hand the next of a source to some of those who watch its package, and return how far that is then.

        None where somebody else did. Whoever is closed gets nothing.
        """
        async with self.database.transaction() as transaction:
            if not await _move(transaction, reader, reader.position, reader.watcher):
                return None
            rows = await transaction.run(
                "SELECT watches.watcher, watches.package, watches.targets, watches.topics, watches.paused FROM watches"
                " JOIN watchers ON watchers.id = watches.watcher"
                " WHERE watches.package = ? AND watches.watcher > ? AND watchers.closed IS NULL"
                " ORDER BY watches.watcher LIMIT ?",
                (news.package, reader.watcher, AT_ONCE),
            )
            told = [number for number, *watch in rows if watch_of(tuple(watch)).is_told_of(news, now)]
            values = news_row(news)
            await transaction.run_many(
                "INSERT INTO watch_news (watcher, source, position, package, kind, target, version, detail, noticed)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (watcher, source, position) DO NOTHING",
                [(number, reader.source.value, position, *values, now.timestamp()) for number in told],
            )
            # Who waits already is written, too: a process that gathers for them now has the row, and knows of no more.
            await transaction.run_many(
                "UPDATE watchers SET waiting = CASE WHEN waiting IS NOT NULL THEN waiting"
                " WHEN told > ? AND told <= ? THEN told + ? ELSE ? END WHERE id = ?",
                [
                    (
                        (now - BETWEEN_ALERTS).timestamp(),
                        now.timestamp(),
                        BETWEEN_ALERTS.total_seconds(),
                        now.timestamp(),
                        number,
                    )
                    for number in told
                ],
            )
            done = len(rows) < AT_ONCE
            last = 0 if done else msgspec.convert(rows[-1][0], int)
            after = Reader(reader.source, position if done else reader.position, last)
            await _move(transaction, reader, after.position, after.watcher)
        return after

    async def gather(
        self, now: datetime, post_of: Callable[[Recipient, datetime], Post | None], most: int
    ) -> tuple[Post, ...]:
        """Make a post of all that waits for a watcher, for some of those whose time it is, and write them down."""
        due = (now.timestamp(), (now + BETWEEN_ALERTS + _SLACK).timestamp())
        if not await self.database.read(f"{_WAITING} LIMIT 1", due):
            return ()
        async with self.database.transaction() as transaction:
            rows = await transaction.run(
                f"WITH picked AS ({_WAITING} ORDER BY waiting LIMIT ? FOR UPDATE SKIP LOCKED)"  # noqa: S608 — ours
                " UPDATE watchers SET waiting = NULL, told = ?, batches = batches + 1"
                f" WHERE waiting IS NOT NULL AND id IN (SELECT id FROM picked) RETURNING {RECIPIENT}",
                (*due, most, now.timestamp()),
            )
            recipients = [recipient_of(row) for row in rows]
            await transaction.run_many(
                "UPDATE watch_news SET batch = ? WHERE watcher = ? AND batch IS NULL",
                [(each.batches, each.number) for each in recipients],
            )
            posts = [(each, post) for each in recipients if (post := post_of(each, now)) is not None]
            await transaction.run_many(
                "INSERT INTO posts (guild, kind, key, channel, state, planned, expires, due, publish, nonce, watcher)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [_post_row(each, post, now) for each, post in posts],
            )
            await _forget_old(transaction, [each.number for each in recipients], now - KEPT)
        return tuple(post for _, post in posts)

    async def batch(self, watcher: int, batch: int) -> tuple[NewsItem, ...]:
        """Return what a message tells, in the order in which it happened."""
        rows = await self.database.read(
            "SELECT package, kind, target, version, detail FROM watch_news WHERE watcher = ? AND batch = ?"
            " ORDER BY package, noticed, source, position",
            (watcher, batch),
        )
        return tuple(row.news() for row in msgspec.convert(rows, list[NewsRow]))

    async def claim_unopened(self, now: datetime, most: int) -> tuple[Recipient, ...]:
        """Claim people whose direct message channel is not known, those who have waited longest; they are put off."""
        free = "SELECT id FROM watchers WHERE channel IS NULL AND closed IS NULL AND open_next <= ?"
        if not await self.database.read(f"{free} LIMIT 1", (now.timestamp(),)):
            return ()
        async with self.database.transaction() as transaction:
            rows = await transaction.run(
                f"WITH picked AS ({free} ORDER BY open_next LIMIT ? FOR UPDATE SKIP LOCKED)"  # noqa: S608 — ours
                f" UPDATE watchers SET open_next = ? WHERE id IN (SELECT id FROM picked) RETURNING {RECIPIENT}",
                (now.timestamp(), most, (now + CLAIM).timestamp()),
            )
        return tuple(recipient_of(row) for row in rows)

    async def open(self, recipient: Recipient, channel: int) -> None:
        """Note the direct message channel of a person."""
        async with self.database.transaction() as transaction:
            await transaction.run("UPDATE watchers SET channel = ? WHERE id = ?", (channel, recipient.number))

    async def put_off(self, recipient: Recipient, until: datetime) -> None:
        """Note when to try again to open a person's direct message channel."""
        async with self.database.transaction() as transaction:
            await transaction.run(
                "UPDATE watchers SET open_next = ? WHERE id = ?", (until.timestamp(), recipient.number)
            )

    async def close(self, watcher: int, reason: str, now: datetime) -> None:
        """Note that a person cannot be written to, until they ask for it."""
        async with self.database.transaction() as transaction:
            await transaction.run(
                "UPDATE watchers SET closed = ?, closed_at = ?, informed = FALSE WHERE id = ?",
                (reason, now.timestamp(), watcher),
            )


async def _move(transaction: Transaction, reader: Reader, position: int, watcher: int) -> bool:
    rows = await transaction.run(
        "UPDATE watch_readers SET position = ?, watcher = ? WHERE source = ? AND position = ? AND watcher = ?"
        " RETURNING source",
        (position, watcher, reader.source.value, reader.position, reader.watcher),
    )
    return bool(rows)


async def _forget_old(transaction: Transaction, watchers: Sequence[int], before: datetime) -> None:
    """Forget what was told to watchers long ago, and its posts."""
    moment = before.timestamp()
    await transaction.run_many(
        "DELETE FROM watch_news WHERE watcher = ? AND batch IS NOT NULL AND noticed < ?",
        [(watcher, moment) for watcher in watchers],
    )
    await transaction.run_many(
        "DELETE FROM posts WHERE watcher = ? AND due IS NULL AND planned < ?",
        [(watcher, moment) for watcher in watchers],
    )


def _post_row(recipient: Recipient, post: Post, now: datetime) -> Row:
    return (
        post.guild,
        post.kind.value,
        post.key,
        post.channel,
        State.PLANNED.value,
        now.timestamp(),
        post.expires.timestamp(),
        now.timestamp(),
        post.publish,
        post.nonce,
        recipient.number,
    )
