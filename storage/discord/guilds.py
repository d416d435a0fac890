"""What servers have set; kept for a while after the bot was removed from one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from bot.core.fleet.shards import Presence
from bot.core.posting.schedule import Schedule
from bot.core.posting.settings import DigestSettings, GuildSettings, IssueFeed
from bot.core.upstream.threads import EventKind
from storage.discord.watches import forget_watchers
from storage.engine.engine import Engine, Transaction
from storage.engine.positions import last_position, move_on
from storage.engine.rows import read_time

CHANGED = "guilds"
"""The sequence that counts changes of what servers have set, and of channels that are closed."""

_AT_ONCE = 500
"""Rows that are looked at before others get their turn: a millisecond's work."""

_COLUMNS = (
    "guild, channel, since, weekday, hour, zone, role, publish, announcements, issues, issues_forum, issue_events"
)


class _Row(msgspec.Struct, array_like=True):
    guild: int
    channel: int | None
    since: float | None
    weekday: int | None
    hour: int | None
    zone: str | None
    role: int | None
    publish: bool | int | None
    announcements: int | None
    issues: int | None
    issues_forum: bool | int | None
    issue_events: str | None


@dataclass(frozen=True, slots=True)
class Guilds:
    """One row a server that has set anything."""

    database: Engine

    async def settings(self, guild: int) -> GuildSettings:
        """Return what a server has set."""
        rows = await self.database.read(f"SELECT {_COLUMNS} FROM guilds WHERE guild = ?", (guild,))  # noqa: S608 — ours
        return _settings(msgspec.convert(rows[0], _Row)) if rows else GuildSettings(guild)

    async def everyone(self) -> tuple[GuildSettings, ...]:
        """Return what all servers have set that the bot is in; others get their turn meanwhile."""
        rows = await self.database.read(f"SELECT {_COLUMNS} FROM guilds WHERE gone IS NULL ORDER BY guild")  # noqa: S608 — ours
        found: list[GuildSettings] = []
        for start in range(0, len(rows), _AT_ONCE):
            found += map(_settings, msgspec.convert(rows[start : start + _AT_ONCE], list[_Row]))
            await asyncio.sleep(0)
        return tuple(found)

    async def changed_after(self, revision: int) -> tuple[tuple[GuildSettings, ...], frozenset[int]]:
        """Return what those servers have set that changed something after a revision, and which the bot left since."""
        rows = await self.database.read(f"SELECT gone, {_COLUMNS} FROM guilds WHERE changed > ?", (revision,))  # noqa: S608 — ours
        there = [row[1:] for row in rows if row[0] is None]
        gone = msgspec.convert([row[1] for row in rows if row[0] is not None], frozenset[int])
        return tuple(map(_settings, msgspec.convert(there, list[_Row]))), gone

    async def digests_since(self) -> datetime | None:
        """Return since when a server that the bot is in wants digests; None where none does."""
        rows = await self.database.read(
            "SELECT MIN(COALESCE(since, 0.0)) FROM guilds WHERE channel IS NOT NULL AND gone IS NULL"
        )
        return read_time(rows[0][0])

    async def revision(self) -> int:
        """Return a number that grows whenever settings, presence or closed channels change, of whichever server."""
        return await last_position(self.database, CHANGED)

    async def not_announced(self, newest: int) -> dict[int, int]:
        """Return the position of the last change that was announced in each server that wants them and lacks some."""
        rows = await self.database.read(
            "SELECT guild, announced FROM guilds WHERE announcements IS NOT NULL AND announced < ?", (newest,)
        )
        return dict(msgspec.convert(rows, list[tuple[int, int]]))

    async def issues_not_shown(self, newest: int) -> dict[int, int]:
        """Return the position of the last upstream event that each server was shown that wants them and lacks some."""
        rows = await self.database.read(
            "SELECT guild, issues_shown FROM guilds WHERE issues IS NOT NULL AND issues_shown < ?", (newest,)
        )
        return dict(msgspec.convert(rows, list[tuple[int, int]]))

    async def set_digest(self, guild: int, digest: DigestSettings | None) -> None:
        """Set where and when a server gets its digest, or that it gets none."""
        schedule = None if digest is None else digest.schedule
        async with self.database.transaction() as transaction:
            await transaction.run(
                "INSERT INTO guilds (guild, channel, since, weekday, hour, zone, role, publish)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (guild) DO UPDATE SET channel = excluded.channel,"
                " since = excluded.since, weekday = excluded.weekday, hour = excluded.hour, zone = excluded.zone,"
                " role = excluded.role, publish = excluded.publish",
                (
                    guild,
                    None if digest is None else digest.channel,
                    None if digest is None else digest.since.timestamp(),
                    None if schedule is None else schedule.weekday,
                    None if schedule is None else schedule.hour,
                    None if schedule is None else schedule.zone,
                    None if digest is None else digest.role,
                    None if digest is None else digest.publish,
                ),
            )
            await _note_change(transaction, [guild])

    async def set_announcements(self, guild: int, channel: int | None) -> None:
        """Set where a server gets announcements, None for nowhere; one that got none begins with the next change."""
        async with self.database.transaction() as transaction:
            await transaction.run(
                "INSERT INTO guilds (guild, announcements, announced)"
                " VALUES (?, ?, (SELECT last FROM sequences WHERE name = 'changes')) ON CONFLICT (guild) DO UPDATE SET"
                " announced = CASE WHEN guilds.announcements IS NULL THEN excluded.announced ELSE guilds.announced END,"
                " announcements = excluded.announcements",
                (guild, channel),
            )
            await _note_change(transaction, [guild])

    async def set_issues(self, guild: int, feed: IssueFeed | None) -> None:
        """Set where a server gets upstream events, None for nowhere; one that got none begins with the next event."""
        async with self.database.transaction() as transaction:
            await transaction.run(
                "INSERT INTO guilds (guild, issues, issues_forum, issue_events, issues_shown)"
                " VALUES (?, ?, ?, ?, (SELECT last FROM sequences WHERE name = 'thread_events'))"
                " ON CONFLICT (guild) DO UPDATE SET issues_shown ="
                " CASE WHEN guilds.issues IS NULL THEN excluded.issues_shown ELSE guilds.issues_shown END,"
                " issues = excluded.issues, issues_forum = excluded.issues_forum, issue_events = excluded.issue_events",
                (
                    guild,
                    None if feed is None else feed.channel,
                    None if feed is None else feed.forum,
                    None if feed is None else " ".join(feed.events),
                ),
            )
            await _note_change(transaction, [guild])

    async def note_presence(self, presence: Presence, now: datetime) -> None:
        """Note which servers the bot is in, of those that it is told of here; others stay as they are.

        One that it comes back to has its settings back.
        """
        rows = await self.database.read("SELECT guild, gone FROM guilds")
        stored = dict(msgspec.convert(rows, list[tuple[int, float | None]]))
        moment = now.timestamp()
        back = [guild for guild, gone in stored.items() if gone is not None and guild in presence.servers]
        # A time in the future is from a clock that was wrong.
        left = [guild for guild, gone in stored.items() if presence.lacks(guild) and (gone is None or gone > moment)]
        if not back and not left:
            return
        async with self.database.transaction() as transaction:
            for guild in back:
                await transaction.run("UPDATE guilds SET gone = NULL WHERE guild = ?", (guild,))
            for guild in left:
                await transaction.run("UPDATE guilds SET gone = ? WHERE guild = ?", (moment, guild))
            await _note_change(transaction, [*back, *left])

    async def gone_before(self, moment: datetime) -> tuple[int, ...]:
        """List the servers that the bot was removed from before a moment."""
        rows = await self.database.read("SELECT guild FROM guilds WHERE gone < ?", (moment.timestamp(),))
        return tuple(guild for (guild,) in msgspec.convert(rows, list[tuple[int]]))

    async def forget(self, guild: int) -> None:
        """Delete all that is stored about a server."""
        async with self.database.transaction() as transaction:
            for statement in (
                "DELETE FROM guilds WHERE guild = ?",
                "DELETE FROM posts WHERE guild = ?",
                "DELETE FROM closed_channels WHERE guild = ?",
            ):
                await transaction.run(statement, (guild,))
            await forget_watchers(transaction, guild)
            await move_on(transaction, CHANGED)


async def _note_change(transaction: Transaction, guilds: Sequence[int]) -> None:
    """Note that settings of servers change with this transaction."""
    number = await move_on(transaction, CHANGED)
    await transaction.run_many("UPDATE guilds SET changed = ? WHERE guild = ?", [(number, guild) for guild in guilds])


def _settings(row: _Row) -> GuildSettings:
    digest = None
    if row.channel is not None:
        digest = DigestSettings(
            channel=row.channel,
            since=datetime.fromtimestamp(row.since or 0.0, UTC),
            schedule=Schedule(row.weekday or 0, row.hour or 0, row.zone or "UTC"),
            role=row.role,
            publish=bool(row.publish),
        )
    issues = None
    if row.issues is not None:
        events = tuple(EventKind(kind) for kind in (row.issue_events or "").split())
        issues = IssueFeed(row.issues, bool(row.issues_forum), events)
    return GuildSettings(row.guild, digest, row.announcements, issues)
