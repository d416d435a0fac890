"""Who watches which packages: what people and channels asked for, and all that is kept about a person."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from bot.core.posting.posts import DIRECT
from bot.core.posting.watches import ChannelWatches, Recipient, Topic, Watch, WatchPlace
from bot.core.wheels.targets import parse_target
from storage.engine.engine import Engine, Transaction
from storage.engine.rows import Row, Value, read_time

RECIPIENT = "watchers.id, watchers.person, watchers.guild, watchers.channel, watchers.batches, watchers.closed"

_WATCH = "package, targets, topics, paused"
_FIRST_NAMED = 3
"""Packages that a channel watches and that are named where only their number counts."""

_OF_A_PERSON = "SELECT id FROM watchers WHERE person = ?"
_OF_A_GUILD = "SELECT id FROM watchers WHERE guild = ? AND guild <> 0"


class _RecipientRow(msgspec.Struct, array_like=True):
    id: int
    person: int | None
    guild: int
    channel: int | None
    batches: int
    closed: str | None


@dataclass(frozen=True, slots=True)
class Watches:
    """One row in ``watchers`` for each place, one in ``watches`` for each package that is watched there."""

    database: Engine

    async def recipient(self, place: WatchPlace) -> Recipient | None:
        """Return who watches at a place, None where nobody ever did."""
        column, value = ("channel", place.channel) if place.person is None else ("person", place.person)
        rows = await self.database.read(
            f"SELECT {RECIPIENT} FROM watchers WHERE {column} = ? AND guild = ?",  # noqa: S608 — ours
            (value, place.guild),
        )
        return recipient_of(rows[0]) if rows else None

    async def listed(self, place: WatchPlace) -> tuple[Watch, ...]:
        """Return what is watched at a place, by name."""
        found = await self.recipient(place)
        return () if found is None else await self._of(found.number)

    async def in_guild(self, guild: int, now: datetime) -> tuple[ChannelWatches, ...]:
        """Return what the channels of a server watch, by channel; those that watch nothing are left out."""
        rows = await self.database.read(
            "SELECT channel, packages, resting, package FROM (SELECT watchers.channel, watches.package,"
            " COUNT(*) OVER (PARTITION BY watches.watcher) AS packages,"
            " COUNT(CASE WHEN watches.paused > ? THEN 1 END) OVER (PARTITION BY watches.watcher) AS resting,"
            " ROW_NUMBER() OVER (PARTITION BY watches.watcher ORDER BY watches.package) AS place"
            " FROM watchers JOIN watches ON watches.watcher = watchers.id"
            " WHERE watchers.guild = ? AND watchers.guild <> 0) AS named WHERE place <= ? ORDER BY channel, place",
            (now.timestamp(), guild, _FIRST_NAMED),
        )
        found: dict[int, ChannelWatches] = {}
        for channel, packages, resting, package in msgspec.convert(rows, list[tuple[int, int, int, str]]):
            before = () if channel not in found else found[channel].first
            found[channel] = ChannelWatches(channel, packages, resting, (*before, package))
        return tuple(found.values())

    async def add(self, place: WatchPlace, watches: Sequence[Watch], most: int, now: datetime) -> int | None:
        """Watch packages at a place, each as it is given now; None where that would be more than so many packages.

        Tells how many are watched there then.
        """
        try:
            return await self._add(place, watches, most, now)
        except _TooManyError:
            return None

    async def _add(self, place: WatchPlace, watches: Sequence[Watch], most: int, now: datetime) -> int:
        async with self.database.transaction() as transaction:
            number = await _number_of(transaction, place)
            await transaction.run_many(
                "INSERT INTO watches (watcher, package, targets, topics, paused, added) VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (watcher, package) DO UPDATE SET targets = excluded.targets, topics = excluded.topics,"
                " paused = excluded.paused",
                [(number, *_watch_row(each), now.timestamp()) for each in watches],
            )
            await transaction.run_many(  # a scan reads what anybody asked about
                "INSERT INTO packages (name, asked) VALUES (?, 1) ON CONFLICT (name) DO UPDATE"
                " SET asked = packages.asked + 1",
                [(each.package,) for each in watches],
            )
            count = await _count(transaction, number)
            if count > most:
                raise _TooManyError
        return count

    async def remove(self, place: WatchPlace, packages: Collection[str]) -> frozenset[str]:
        """Watch packages no longer, and tell nothing of them that waits; gives those that were watched."""
        found = await self.recipient(place)
        if found is None or not packages:
            return frozenset()
        places = ", ".join("?" * len(packages))
        async with self.database.transaction() as transaction:
            rows = await transaction.run(
                f"DELETE FROM watches WHERE watcher = ? AND package IN ({places}) RETURNING package",  # noqa: S608 — ours
                (found.number, *packages),
            )
            await transaction.run(
                f"DELETE FROM watch_news WHERE watcher = ? AND batch IS NULL AND package IN ({places})",  # noqa: S608 — ours
                (found.number, *packages),
            )
        return frozenset(str(package) for (package,) in rows)

    async def pause(self, place: WatchPlace, packages: Collection[str], until: datetime | None) -> frozenset[str]:
        """Let packages rest until a moment, None for not at all; gives those that are watched."""
        found = await self.recipient(place)
        if found is None or not packages:
            return frozenset()
        places = ", ".join("?" * len(packages))
        async with self.database.transaction() as transaction:
            rows = await transaction.run(
                f"UPDATE watches SET paused = ? WHERE watcher = ? AND package IN ({places}) RETURNING package",  # noqa: S608 — ours
                (None if until is None else until.timestamp(), found.number, *packages),
            )
        return frozenset(str(package) for (package,) in rows)

    async def reopen(self, place: WatchPlace) -> bool:
        """Note that a person's direct messages are to be tried again; tells whether they were closed."""
        async with self.database.transaction() as transaction:
            rows = await transaction.run(
                "UPDATE watchers SET closed = NULL, closed_at = NULL, informed = FALSE, open_next = 0"
                " WHERE person = ? AND closed IS NOT NULL RETURNING id",
                (place.person,),
            )
        return bool(rows)

    async def uninformed(self) -> frozenset[int]:
        """List the people whose direct messages are closed and who were not told so."""
        rows = await self.database.read(
            "SELECT person FROM watchers WHERE person IS NOT NULL AND closed IS NOT NULL AND NOT informed"
        )
        return frozenset(person for (person,) in msgspec.convert(rows, list[tuple[int]]))

    async def inform(self, person: int) -> str | None:
        """Note that a person is told that their direct messages are closed; gives why, None where it was told."""
        async with self.database.transaction() as transaction:
            rows = await transaction.run(
                "UPDATE watchers SET informed = TRUE WHERE person = ? AND closed IS NOT NULL AND NOT informed"
                " RETURNING closed",
                (person,),
            )
        return None if not rows else str(rows[0][0])

    async def about(self, person: int) -> dict[str, list[dict[str, Value]]]:
        """Return every row that is about a person, by table, each with the names of its columns."""
        return {
            table: [
                dict(zip(columns.split(", "), row, strict=True))
                for row in await self.database.read(
                    f"SELECT {columns} FROM {table} WHERE {key} IN ({_OF_A_PERSON})",  # noqa: S608 — ours
                    (person,),
                )
            ]
            for table, key, columns in _ABOUT
        }

    async def forget_person(self, person: int) -> None:
        """Delete all that is stored about a person."""
        async with self.database.transaction() as transaction:
            await _forget(transaction, _OF_A_PERSON, person)

    async def _of(self, number: int) -> tuple[Watch, ...]:
        rows = await self.database.read(
            f"SELECT {_WATCH} FROM watches WHERE watcher = ? ORDER BY package",  # noqa: S608 — ours
            (number,),
        )
        return tuple(watch_of(row) for row in rows)


_ABOUT = (
    (
        *("watchers", "id"),
        "id, person, channel, open_next, batches, told, waiting, closed, closed_at, informed",
    ),
    ("watches", "watcher", f"{_WATCH}, added"),
    ("watch_news", "watcher", "source, position, batch, package, kind, target, version, detail, noticed"),
    (
        *("posts", "watcher"),
        "key, channel, state, planned, expires, due, message, attempts, reason, begun, nonce",
    ),
)
"""What is kept about a person: table, the column that has the watcher, and all other columns."""


class _TooManyError(Exception):
    """More packages than may be watched at a place; raised to undo what was written."""


async def forget_watchers(transaction: Transaction, guild: int) -> None:
    """Delete what the channels of a server watch."""
    await _forget(transaction, _OF_A_GUILD, guild)


def watch_of(row: Row) -> Watch:
    """Read a watch."""
    package, targets, topics, paused = row
    return Watch(
        str(package),
        tuple(parse_target(target) for target in str(targets).split()),
        tuple(Topic(topic) for topic in str(topics).split()),
        read_time(paused),
    )


def recipient_of(values: Row) -> Recipient:
    """Read who watches."""
    row = msgspec.convert(values, _RecipientRow)
    return Recipient(row.id, WatchPlace(row.person, row.guild, row.channel), row.batches, row.closed)


def _watch_row(watch: Watch) -> Row:
    return (
        watch.package,
        " ".join(map(str, watch.targets)),
        " ".join(watch.topics),
        None if watch.paused is None else watch.paused.timestamp(),
    )


async def _number_of(transaction: Transaction, place: WatchPlace) -> int:
    """Return the number of who watches at a place, a new one where nobody did; a server is remembered from then on."""
    key = "channel" if place.person is None else "person"
    rows = await transaction.run(
        "INSERT INTO watchers (person, guild, channel) VALUES (?, ?, ?)"  # noqa: S608 — ours
        f" ON CONFLICT ({key}) DO UPDATE SET guild = excluded.guild RETURNING id",
        (place.person, place.guild, place.channel),
    )
    if place.guild != DIRECT:
        await transaction.run("INSERT INTO guilds (guild) VALUES (?) ON CONFLICT (guild) DO NOTHING", (place.guild,))
    return msgspec.convert(rows[0][0], int)


async def _count(transaction: Transaction, number: int) -> int:
    rows = await transaction.run("SELECT COUNT(*) FROM watches WHERE watcher = ?", (number,))
    return msgspec.convert(rows[0][0], int)


async def _forget(transaction: Transaction, whose: str, value: int) -> None:
    for table, key in (("posts", "watcher"), ("watch_news", "watcher"), ("watches", "watcher"), ("watchers", "id")):
        await transaction.run(f"DELETE FROM {table} WHERE {key} IN ({whose})", (value,))  # noqa: S608 — ours
