"""Forgets what is over, so that nothing grows for ever: table by table, few rows in a transaction.

What makes something be done once, and what people said, is never forgotten; docs/operations.md says of each table why
its rows may go. Numbers go on whatever was deleted: the database gives none twice, and positions are remembered apart.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from bot.core.triage.changeset import MarkKind
from storage.engine.engine import Engine, Transaction
from storage.engine.rows import Value
from storage.github.cursors import answer_name

AT_ONCE = 500
"""Rows in a transaction: a writer that waits for one waits for milliseconds."""

_THREADS_AT_ONCE = 50

_OVER = (
    "threads.origin <> 'table' AND (threads.state <> 'open' OR threads.gone IS NOT NULL)"
    " AND threads.updated < ? AND COALESCE(threads.gone, threads.updated) < ?"
)
"""What is in the tracking table would be read again the next day."""

_NOT_NEEDED = "kind <> 'notice' AND (kind <> 'react' OR value <> 'eyes')"
"""Of the outbox: a repository is told once of its settings, and the commands of a comment are obeyed once."""


_UNREACHABLE = (
    "SELECT watchers.id FROM watchers WHERE closed IS NOT NULL AND closed_at < ? UNION ALL"
    " SELECT watchers.id FROM watchers JOIN closed_channels ON closed_channels.channel = watchers.channel"
    " WHERE closed_channels.closed < ?"
)
"""Who watches and could not be told anything for long: closed direct messages, and channels."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """Which rows of a table may go; each place of ``where`` is for the moment before which they have to be over."""

    table: str
    key: str
    where: str


_RULES = (
    _Rule("posts", "guild, kind, key", "kind = 'watch' AND due IS NULL AND planned < ? AND expires < ?"),
    _Rule("watch_news", "watcher, source, position", "noticed < ?"),
    _Rule("watches", "watcher, package", f"watcher IN ({_UNREACHABLE})"),
    _Rule(
        "watchers",
        "id",
        f"id IN ({_UNREACHABLE})"  # noqa: S608 — ours
        " AND NOT EXISTS (SELECT 1 FROM watches WHERE watches.watcher = watchers.id)"
        " AND NOT EXISTS (SELECT 1 FROM posts WHERE posts.watcher = watchers.id)",
    ),
    _Rule(
        "posts",
        "guild, kind, key",
        "due IS NULL AND planned < ? AND expires < ? AND kind <> 'watch' AND planned <"
        " (SELECT MAX(planned) FROM posts AS newer WHERE newer.guild = posts.guild AND newer.kind = posts.kind)",
    ),
    _Rule(
        "closed_channels",
        "channel",
        "closed < ? AND NOT EXISTS (SELECT 1 FROM guilds WHERE guilds.channel = closed_channels.channel"
        " OR guilds.announcements = closed_channels.channel OR guilds.issues = closed_channels.channel)"
        " AND NOT EXISTS (SELECT 1 FROM watchers WHERE watchers.channel = closed_channels.channel)",
    ),
    _Rule("scans", "id", "started < ? AND id < (SELECT MAX(id) FROM scans WHERE ended IS NOT NULL)"),
    _Rule("projects", "package", "checked < ? AND EXISTS (SELECT 1 FROM scans WHERE ended > ?)"),
    _Rule("statuses", "package", "checked < ?"),
    _Rule("thread_events", "id", "noticed < ? AND happened < ?"),
    _Rule("inbox", "id", "due IS NULL AND received < ?"),
    _Rule("write_turns", "installation", "free < ?"),
    _Rule(
        "audit",
        "id",
        "at < ? AND NOT EXISTS"
        " (SELECT 1 FROM threads WHERE threads.node_id = audit.node_id AND threads.state = 'open'"
        " AND threads.gone IS NULL)",
    ),
)


@dataclass(frozen=True, slots=True)
class Retention:
    """No table of its own: it knows of all tables what may go."""

    database: Engine

    async def forget(self, before: datetime, now: datetime) -> AsyncIterator[tuple[str, int]]:
        """Forget what was over before a moment; gives the table and the number of rows after every transaction."""
        moment = before.timestamp()
        async for count in self._threads(moment, now):
            yield "threads", count
        async for count in self._outbox(moment, now):
            yield "outbox", count
        for rule in _RULES:
            async for count in self._rows(rule, moment):
                yield rule.table, count
        await self._shrink_scans()

    async def _rows(self, rule: _Rule, moment: float) -> AsyncIterator[int]:
        places = (moment,) * rule.where.count("?")
        statement = (
            f"DELETE FROM {rule.table} WHERE ({rule.key}) IN"  # noqa: S608 — our words
            f" (SELECT {rule.key} FROM {rule.table} WHERE {rule.where} LIMIT ?) RETURNING 1"
        )
        count = AT_ONCE
        while count == AT_ONCE:
            async with self.database.transaction() as transaction:
                count = len(await transaction.run(statement, (*places, AT_ONCE)))
            yield count

    async def _threads(self, moment: float, now: datetime) -> AsyncIterator[int]:
        """Forget threads that ended and of which nothing was heard since, with what was done about them."""
        places = (moment,) * _OVER.count("?")
        count = _THREADS_AT_ONCE
        while count == _THREADS_AT_ONCE:
            async with self.database.transaction() as transaction:
                rows = await transaction.run(
                    f"SELECT node_id FROM threads WHERE {_OVER} AND NOT EXISTS (SELECT 1 FROM outbox"  # noqa: S608 — ours
                    " WHERE outbox.node_id = threads.node_id AND outbox.due IS NOT NULL) LIMIT ?",
                    (*places, _THREADS_AT_ONCE),
                )
                for (node_id,) in rows:
                    await _leave_alone(transaction, node_id, now)
                    name = answer_name(str(node_id))
                    await transaction.run("DELETE FROM cursors WHERE SUBSTR(name, 1, ?) = ?", (len(name), name))
                    await transaction.run("DELETE FROM threads WHERE node_id = ?", (node_id,))
            count = len(rows)
            yield count

    async def _outbox(self, moment: float, now: datetime) -> AsyncIterator[int]:
        """Forget what was done about threads that are not known, or not any more."""
        count = _THREADS_AT_ONCE
        while count == _THREADS_AT_ONCE:
            async with self.database.transaction() as transaction:
                rows = await transaction.run(
                    "SELECT node_id FROM outbox WHERE NOT EXISTS"  # noqa: S608 — ours
                    " (SELECT 1 FROM threads WHERE threads.node_id = outbox.node_id)"
                    " GROUP BY node_id HAVING MAX(planned) < ? AND COUNT(due) = 0"
                    f" AND SUM(CASE WHEN {_NOT_NEEDED} THEN 1 ELSE 0 END) > 0 LIMIT ?",
                    (moment, _THREADS_AT_ONCE),
                )
                for (node_id,) in rows:
                    await _leave_alone(transaction, node_id, now)
            count = len(rows)
            yield count

    async def _shrink_scans(self) -> None:
        """Keep of scans only when they were, but of the last one: what it found has been superseded."""
        async with self.database.transaction() as transaction:
            await transaction.run(
                "UPDATE scans SET tracked = NULL, failed = NULL WHERE tracked IS NOT NULL"
                " AND id < (SELECT MAX(id) FROM scans WHERE ended IS NOT NULL)"
            )


async def _leave_alone(transaction: Transaction, node_id: Value, now: datetime) -> None:
    """Forget what was done about a thread, and note that rules leave it alone from now on, should it come back."""
    rows = await transaction.run(
        f"DELETE FROM outbox WHERE node_id = ? AND {_NOT_NEEDED} RETURNING 1",  # noqa: S608 — ours
        (node_id,),
    )
    if rows:
        await transaction.run(
            "INSERT INTO thread_marks (node_id, kind, value, actor, at) VALUES (?, ?, 'yes', '', ?)"
            " ON CONFLICT (node_id, kind) DO NOTHING",
            (node_id, MarkKind.OVER.value, now.timestamp()),
        )
