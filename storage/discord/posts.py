"""What is posted in Discord: a row is committed before anything is sent, and says how far it is.

Several processes on one database share the work: whoever claims a row acts, and a claim ends by itself. A time that
lies further ahead than anything is ever put off was written by a clock that has been set back since, and does not
count.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from bot.core.backoff import LONGEST_PAUSE
from bot.core.posting.posts import Post, PostKind, State
from storage.engine.engine import Engine
from storage.engine.rows import Row, Value, read_time
from storage.engine.waiting import Waiting, waiting

CLAIM = timedelta(seconds=90)
"""How long a claim holds; every step is done or given up sooner."""

KEPT = timedelta(days=30)
"""How long what became of issue events is kept: there may be some every quarter of an hour."""

_COLUMNS = "guild, kind, key, channel, state, expires, due, role, publish, message, attempts, reason, begun"
_SLACK = timedelta(minutes=1)
"""How far apart two processes may know the time, or a clock be set back, before that is noticed."""

_NOBODY = ""
"""No process is called so."""


class _Row(msgspec.Struct, array_like=True):
    guild: int
    kind: PostKind
    key: str
    channel: int
    state: State
    expires: float
    due: float | None
    role: int | None
    publish: bool | int
    message: int | None
    attempts: int
    reason: str | None
    begun: float | None


@dataclass(frozen=True, slots=True)
class Posts:
    """One row a post."""

    database: Engine

    async def plan(self, post: Post, now: datetime) -> bool:
        """Write down what shall be posted; tells whether that is new. What was missed may be planned again."""
        async with self.database.transaction() as transaction:
            rows = await transaction.run(
                "INSERT INTO posts (guild, kind, key, channel, state, planned, expires, due, role, publish, nonce)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (guild, kind, key) DO UPDATE SET"
                " channel = excluded.channel, state = excluded.state, planned = excluded.planned,"
                " expires = excluded.expires, due = excluded.due, role = excluded.role, publish = excluded.publish,"
                " nonce = excluded.nonce, attempts = 0, reason = NULL, begun = NULL WHERE posts.state = 'missed'"
                " RETURNING guild",
                _planned(post, now),
            )
        return bool(rows)

    async def plan_announcement(self, post: Post, now: datetime) -> bool:
        """Write down an announcement, and that its changes are announced; tells whether nobody else did."""
        first, last = post.changes
        async with self.database.transaction() as transaction:
            moved = await transaction.run(
                "UPDATE guilds SET announced = ? WHERE guild = ? AND announced = ? AND announcements = ?"
                " RETURNING guild",
                (last, post.guild, first - 1, post.channel),
            )
            if moved:
                await transaction.run(
                    "INSERT INTO posts (guild, kind, key, channel, state, planned, expires, due, role, publish, nonce)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    _planned(post, now),
                )
        return bool(moved)

    async def plan_issues(self, posts: Sequence[Post], guild: int, after: int, newest: int, now: datetime) -> bool:
        """Write down what tells a server of the events after one and up to the newest, be it nothing, in one step.

        Tells whether it was told of nothing of it before; then they are passed.
        """
        channel = posts[0].channel if posts else None
        async with self.database.transaction() as transaction:
            moved = await transaction.run(
                "UPDATE guilds SET issues_shown = ? WHERE guild = ? AND issues_shown = ?"
                " AND issues = COALESCE(CAST(? AS BIGINT), issues) RETURNING guild",
                (newest, guild, after, channel),
            )
            if moved and posts:
                await transaction.run(
                    "DELETE FROM posts WHERE guild = ? AND kind = ? AND due IS NULL AND planned < ?",
                    (guild, PostKind.ISSUES.value, (now - KEPT).timestamp()),
                )
                await transaction.run_many(
                    "INSERT INTO posts (guild, kind, key, channel, state, planned, expires, due, role, publish, nonce)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    [_planned(post, now) for post in posts],
                )
        return bool(moved)

    async def busy(self, kind: PostKind) -> frozenset[int]:
        """List the servers that have a post of a kind with which something is still to be done."""
        rows = await self.database.read("SELECT guild FROM posts WHERE kind = ? AND due IS NOT NULL", (kind.value,))
        return frozenset(guild for (guild,) in msgspec.convert(rows, list[tuple[int]]))

    async def known(self, kind: PostKind, keys: Collection[str]) -> frozenset[tuple[int, str]]:
        """Return for which servers posts with these keys are written down."""
        if not keys:
            return frozenset()
        places = ", ".join("?" * len(keys))
        rows = await self.database.read(
            f"SELECT guild, key FROM posts WHERE kind = ? AND state <> 'missed' AND key IN ({places})",  # noqa: S608 — ours
            (kind.value, *keys),
        )
        return frozenset(msgspec.convert(rows, list[tuple[int, str]]))

    async def claim_due(
        self, name: str, now: datetime, most: int, *, until: datetime | None = None, again: bool = False
    ) -> tuple[Post, ...]:
        """Claim some of the posts to servers that are due for the process of this name, those due first first.

        Those about watches are left out, and what is due after ``until``. Only with ``again`` it gets back what it
        claimed before, which it must not be at any more. None of servers that the bot left.
        """
        return await self._claim_some("kind <> 'watch'", name, (now, until or now), most, again=again)

    async def claim_alerts(self, name: str, now: datetime, most: int, *, again: bool = False) -> tuple[Post, ...]:
        """Claim some of the posts about watches that are due, as ``claim_due`` does."""
        return await self._claim_some("kind = 'watch'", name, (now, now), most, again=again)

    async def _claim_some(
        self, which: str, name: str, times: tuple[datetime, datetime], most: int, *, again: bool
    ) -> tuple[Post, ...]:
        now, until = times
        free = (
            f" FROM posts WHERE due IS NOT NULL AND {which} AND (due <= ? OR due > ?)"  # noqa: S608 — ours
            " AND (claimed_by IS NULL OR claimed_by = ?"
            " OR (claimed_by <> ? AND (claimed_until <= ? OR claimed_until > ?)))"
            " AND NOT EXISTS (SELECT 1 FROM guilds WHERE guilds.guild = posts.guild AND guilds.gone IS NOT NULL)"
        )
        values = (
            until.timestamp(),
            (now + LONGEST_PAUSE + _SLACK).timestamp(),
            name if again else _NOBODY,
            name,
            now.timestamp(),
            (now + CLAIM + _SLACK).timestamp(),
        )
        if not await self.database.read(f"SELECT 1{free} LIMIT 1", values):
            return ()
        async with self.database.transaction() as transaction:
            rows = await transaction.run(
                f"WITH picked AS (SELECT guild, kind, key{free}"  # noqa: S608 — ours
                " ORDER BY due, guild, kind, key LIMIT ? FOR UPDATE SKIP LOCKED)"
                " UPDATE posts SET claimed_by = ?, claimed_until = ?"
                f" WHERE (guild, kind, key) IN (SELECT guild, kind, key FROM picked) RETURNING {_COLUMNS}",
                (*values, most, name, (now + CLAIM).timestamp()),
            )
        return tuple(sorted((_post(row) for row in rows), key=_order))

    async def claim(self, post: Post, name: str, now: datetime) -> Post | None:
        """Claim a post that is due for the process of this name; gives it as it is, None if it is done or taken."""
        async with self.database.transaction() as transaction:
            rows = await transaction.run(
                "UPDATE posts SET claimed_by = ?, claimed_until = ?"  # noqa: S608 — ours
                " WHERE guild = ? AND kind = ? AND key = ? AND (due <= ? OR due > ?)"
                " AND (claimed_by IS NULL OR claimed_by = ? OR claimed_until <= ? OR claimed_until > ?)"
                f" RETURNING {_COLUMNS}",
                (
                    name,
                    (now + CLAIM).timestamp(),
                    *_id(post),
                    now.timestamp(),
                    (now + LONGEST_PAUSE + _SLACK).timestamp(),
                    name,
                    now.timestamp(),
                    (now + CLAIM + _SLACK).timestamp(),
                ),
            )
        return _post(rows[0]) if rows else None

    async def begin(self, post: Post, name: str, now: datetime) -> bool:
        """Note that a claimed post is about to be sent, and when first; False if it may not be any more."""
        async with self.database.transaction() as transaction:
            rows = await transaction.run(
                "UPDATE posts SET state = 'sending', claimed_until = ?, begun = COALESCE(begun, ?)"
                " WHERE guild = ? AND kind = ? AND key = ? AND state = ? AND channel = ? AND claimed_by = ?"
                " RETURNING guild",
                ((now + CLAIM).timestamp(), now.timestamp(), *_id(post), post.state.value, post.channel, name),
            )
        return bool(rows)

    async def record(self, post: Post, name: str) -> bool:
        """Note what became of a claimed post, and give up the claim; False if another has it by now."""
        async with self.database.transaction() as transaction:
            rows = await transaction.run(
                "UPDATE posts SET state = ?, due = ?, publish = ?, message = ?, attempts = ?, reason = ?,"
                " claimed_by = NULL, claimed_until = NULL"
                " WHERE guild = ? AND kind = ? AND key = ? AND claimed_by = ? RETURNING guild",
                (
                    post.state.value,
                    None if post.due is None else post.due.timestamp(),
                    post.publish,
                    post.message,
                    post.attempts,
                    post.reason,
                    *_id(post),
                    name,
                ),
            )
        return bool(rows)

    async def put_off(self, post: Post, name: str) -> bool:
        """Note when to try a claimed post again, whatever its state is, and give up the claim; False if it is taken."""
        async with self.database.transaction() as transaction:
            rows = await transaction.run(
                "UPDATE posts SET due = ?, attempts = ?, reason = ?, claimed_by = NULL, claimed_until = NULL"
                " WHERE guild = ? AND kind = ? AND key = ? AND claimed_by = ? RETURNING guild",
                (None if post.due is None else post.due.timestamp(), post.attempts, post.reason, *_id(post), name),
            )
        return bool(rows)

    async def redirect(self, post: Post, now: datetime) -> None:
        """Move a post to where the settings say now, if it surely was not posted yet and is not too old."""
        async with self.database.transaction() as transaction:
            await transaction.run(
                "UPDATE posts SET state = 'planned', channel = ?, role = ?, publish = ?, nonce = ?, due = ?,"
                " attempts = 0, reason = NULL, begun = NULL, claimed_by = NULL, claimed_until = NULL"
                " WHERE guild = ? AND kind = ? AND key = ? AND state IN ('planned', 'refused') AND expires > ?",
                (
                    post.channel,
                    post.role,
                    post.publish,
                    post.nonce,
                    now.timestamp(),
                    *_id(post),
                    now.timestamp(),
                ),
            )

    async def take_up_alerts(self, watcher: int, now: datetime) -> None:
        """Plan again what was refused to a watcher who can be written to now, if it is not too old."""
        async with self.database.transaction() as transaction:
            await transaction.run(
                "UPDATE posts SET state = 'planned', due = ?, attempts = 0, reason = NULL, begun = NULL,"
                " claimed_by = NULL, claimed_until = NULL WHERE watcher = ? AND state = 'refused' AND expires > ?",
                (now.timestamp(), watcher, now.timestamp()),
            )

    async def drop(self, guild: int, kind: PostKind) -> None:
        """Return up a server's posts of a kind that were not begun."""
        async with self.database.transaction() as transaction:
            await transaction.run(
                "UPDATE posts SET state = 'missed', due = NULL WHERE guild = ? AND kind = ? AND state = 'planned'",
                (guild, kind.value),
            )

    async def last(self, guild: int, kind: PostKind) -> Post | None:
        """Return a server's newest post of a kind."""
        rows = await self.database.read(
            f"SELECT {_COLUMNS} FROM posts WHERE guild = ? AND kind = ? ORDER BY planned DESC, key DESC LIMIT 1",  # noqa: S608 — ours
            (guild, kind.value),
        )
        return _post(rows[0]) if rows else None

    async def waiting(self) -> Waiting:
        """Count the posts with which something is left to do, in servers that the bot is in."""
        return await waiting(
            self.database,
            "posts",
            "planned",
            "NOT EXISTS (SELECT 1 FROM guilds WHERE guilds.guild = posts.guild AND guilds.gone IS NOT NULL)",
        )

    async def last_sent(self, kind: PostKind) -> datetime | None:
        """Return when a post of a kind that was sent, to whichever server, was planned last; None if none was."""
        rows = await self.database.read(
            # Of digests there is an index, which is found by this very text.
            f"SELECT MAX(planned) FROM posts WHERE kind = '{kind.value}' AND state IN ('sent', 'published')"  # noqa: S608 — ours
        )
        return read_time(rows[0][0])

    async def last_planned(self, kind: PostKind, since: datetime) -> dict[int, datetime]:
        """Return when something of a kind was planned last for each server for which that was at a moment or later."""
        rows = await self.database.read(
            "SELECT guild, planned FROM posts WHERE kind = ? AND planned >= ? ORDER BY planned",
            (kind.value, since.timestamp()),
        )
        return {
            guild: datetime.fromtimestamp(planned, UTC)
            for guild, planned in msgspec.convert(rows, list[tuple[int, float]])
        }


def _order(post: Post) -> tuple[float, int, str, str]:
    return 0.0 if post.due is None else post.due.timestamp(), post.guild, post.kind.value, post.key


def _id(post: Post) -> tuple[Value, ...]:
    return post.guild, post.kind.value, post.key


def _planned(post: Post, now: datetime) -> tuple[Value, ...]:
    due = now if post.due is None else post.due
    return (
        *_id(post),
        post.channel,
        State.PLANNED.value,
        now.timestamp(),
        post.expires.timestamp(),
        due.timestamp(),
        post.role,
        post.publish,
        post.nonce,
    )


def _post(values: Row) -> Post:
    row = msgspec.convert(values, _Row)
    return Post(
        guild=row.guild,
        kind=row.kind,
        key=row.key,
        channel=row.channel,
        state=row.state,
        expires=datetime.fromtimestamp(row.expires, UTC),
        due=None if row.due is None else datetime.fromtimestamp(row.due, UTC),
        role=row.role,
        publish=bool(row.publish),
        message=row.message,
        attempts=row.attempts,
        reason=row.reason,
        begun=None if row.begun is None else datetime.fromtimestamp(row.begun, UTC),
    )
