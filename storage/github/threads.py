"""Issues and pull requests that are watched or triaged, as they were last seen."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from bot.core.classify.thread import KindName
from bot.core.github.threads import Account, Issue, IssueRef, ThreadState
from bot.core.upstream.threads import Cursor, KnownThread, ThreadEvent, ThreadOrigin
from storage.engine.batches import read_among
from storage.engine.engine import Engine, Transaction
from storage.engine.rows import Row, Value, read_time
from storage.github.cursors import move_answers, store_cursors
from storage.github.marks import move_marks
from storage.github.outbox import drop_actions
from storage.github.overrides import move_overrides
from storage.github.thread_events import forget_events, move_events, store_events

_COLUMNS = (
    "node_id, repository, number, title, body, is_pr, state, locked, author, author_is_bot, labels, comments, created,"
    " updated, closed, origin, package, kinds, free_threading, gone"
)
_KINDS = frozenset(KindName)

# Of a state that is not older. A thread that is watched as one about free-threading stays one, whatever the rules say.
_STORE = (
    f"INSERT INTO threads ({_COLUMNS}, seen)"  # noqa: S608 — ours
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (node_id) DO UPDATE SET"
    " repository = excluded.repository, number = excluded.number, title = excluded.title, body = excluded.body,"
    " is_pr = excluded.is_pr, state = excluded.state, locked = excluded.locked, author = excluded.author,"
    " author_is_bot = excluded.author_is_bot, labels = excluded.labels, comments = excluded.comments,"
    " created = excluded.created, updated = excluded.updated, closed = excluded.closed, kinds = excluded.kinds,"
    " free_threading = excluded.free_threading OR"
    " (threads.free_threading AND threads.origin <> 'triage' AND excluded.origin = 'triage'),"
    " gone = excluded.gone WHERE threads.updated <= excluded.updated"
)

_decode_words = msgspec.json.Decoder(list[str]).decode


class _Row(msgspec.Struct, array_like=True):
    node_id: str
    repository: str
    number: int
    title: str
    body: str
    is_pr: bool | int
    state: ThreadState
    locked: bool | int
    author: str | None
    author_is_bot: bool | int
    labels: str
    comments: int
    created: float
    updated: float
    closed: float | None
    origin: ThreadOrigin
    package: str | None
    kinds: str
    free_threading: bool | int
    gone: float | None


@dataclass(frozen=True, slots=True)
class Threads:
    """One row a thread. Who commented last is not kept."""

    database: Engine

    async def record(
        self, threads: Sequence[KnownThread], events: Sequence[ThreadEvent], cursors: Sequence[Cursor], now: datetime
    ) -> int:
        """Keep threads as they are now, what happened to them, and how far was read; tells how many events are new.

        A state that is older than the stored one by GitHub's clock does not replace it. Triage takes no thread away
        from those that are watched, and forgets no package.
        """
        async with self.database.transaction() as transaction:
            await store_threads(transaction, threads, now)
            new = await store_events(transaction, events, now)
            await store_cursors(transaction, cursors)
        return new

    async def get(self, node_id: str) -> KnownThread | None:
        """Return a thread by its node id."""
        return _first(await self._select("WHERE node_id = ?", node_id))

    async def at(self, ref: IssueRef) -> KnownThread | None:
        """Return the thread that was last seen at a place; GitHub takes names of repositories in any case."""
        return _first(
            await self._select(
                "WHERE LOWER(repository) = LOWER(?) AND number = ?"
                " ORDER BY CASE WHEN gone IS NULL THEN 0 ELSE 1 END, seen DESC, node_id LIMIT 1",
                ref.repository,
                ref.number,
            )
        )

    async def watched(self) -> tuple[KnownThread, ...]:
        """List the threads that are known for any reason but triage, and are there."""
        return await self._select("WHERE origin <> 'triage' AND gone IS NULL ORDER BY repository, number, node_id")

    async def all(self) -> tuple[KnownThread, ...]:
        """List every thread that is there, for whatever reason it is known."""
        return await self._select("WHERE gone IS NULL ORDER BY repository, number, node_id")

    async def among(self, node_ids: Sequence[str]) -> tuple[KnownThread, ...]:
        """Return those of some threads that are known and there, for whatever reason, in any order."""
        statement = f"SELECT {_COLUMNS} FROM threads WHERE gone IS NULL AND node_id IN ({{places}})"  # noqa: S608 — ours
        return tuple([_thread(row) async for row in read_among(self.database, statement, node_ids)])

    async def of_package(self, package: str) -> tuple[KnownThread, ...]:
        """List the threads that are about a package, and are there."""
        return await self._select("WHERE package = ? AND gone IS NULL ORDER BY repository, number, node_id", package)

    async def open_of_kind(self, kind: KindName) -> tuple[KnownThread, ...]:
        """List the open threads of a kind of which it is known what package they are about."""
        return await self._select(
            "WHERE gone IS NULL AND package IS NOT NULL AND state = 'open' AND kinds LIKE ?"
            " ORDER BY repository, number, node_id",
            f'%"{kind.value}"%',
        )

    async def listed(
        self, package: str | None, states: Collection[ThreadState], limit: int
    ) -> tuple[tuple[KnownThread, ...], int]:
        """Return the free-threading threads in these states that changed last, and how many there are."""
        if not states:
            return (), 0
        where = "free_threading AND gone IS NULL"
        values: list[Value] = []
        if package is not None:
            where += " AND package = ?"
            values.append(package)
        places = ", ".join("?" * len(states))
        names = [state.value for state in states]
        rows = await self.database.read(
            f"SELECT COUNT(*) FROM threads WHERE {where} AND state IN ({places})",  # noqa: S608 — ours
            (*values, *names),
        )
        # State by state, each in the order of an index: together they would all be read to be sorted.
        newest = f"WHERE {where} AND state = ? ORDER BY updated DESC, node_id LIMIT ?"
        found = [thread for name in names for thread in await self._select(newest, *values, name, limit)]
        found.sort(key=lambda thread: thread.issue.node_id)
        found.sort(key=lambda thread: thread.issue.updated, reverse=True)
        return tuple(found[:limit]), msgspec.convert(rows[0][0], int)

    async def triaged(self) -> tuple[str, ...]:
        """List the repositories with threads that are known only by triage, and are there."""
        # From name to name by an index, as there may be many threads of each.
        first = "SELECT MIN(repository) FROM threads WHERE origin = 'triage' AND gone IS NULL"
        rows = await self.database.read(
            f"WITH RECURSIVE names (name) AS ({first} UNION ALL SELECT ({first} AND repository > names.name)"  # noqa: S608 — ours
            " FROM names WHERE names.name IS NOT NULL) SELECT name FROM names WHERE name IS NOT NULL ORDER BY name"
        )
        return tuple(name for (name,) in msgspec.convert(rows, list[tuple[str]]))

    async def forget(self, repository: str, now: datetime) -> None:
        """Mark the threads of a repository that only triage knows as gone, and forget what they say.

        Nobody is shown them any more; where the repository is read again, they are what they are then.
        """
        async with self.database.transaction() as transaction:
            await forget_threads(transaction, repository, now)

    async def rebind(self, old_node_id: str, thread: KnownThread) -> None:
        """Keep a transferred thread, which has another node id since, the one it was.

        What humans want of it, what happened to it and what it was told go with it; what was to be done at its old
        place is dropped.
        """
        new = thread.issue.node_id
        async with self.database.transaction() as transaction:
            rows = await transaction.run("SELECT seen FROM threads WHERE node_id IN (?, ?)", (old_node_id, new))
            if old_node_id != new:
                await move_events(transaction, old_node_id, new)
                await move_overrides(transaction, old_node_id, new)
                await move_marks(transaction, old_node_id, new)
                await move_answers(transaction, old_node_id, new)
                await drop_actions(transaction, "The thread was moved.", node_id=old_node_id)
                await transaction.run(
                    "UPDATE threads SET node_id = ? WHERE node_id = ?"
                    " AND NOT EXISTS (SELECT 1 FROM threads AS other WHERE other.node_id = ?)",
                    (new, old_node_id, new),
                )
                await transaction.run("DELETE FROM threads WHERE node_id = ?", (old_node_id,))
            seen = max((time for (value,) in rows if (time := read_time(value))), default=thread.issue.updated)
            await store_threads(transaction, [thread], seen)

    async def _select(self, where: str, *values: Value) -> tuple[KnownThread, ...]:
        rows = await self.database.read(f"SELECT {_COLUMNS} FROM threads {where}", values)  # noqa: S608 — ours
        return tuple(_thread(row) for row in rows)


async def store_threads(transaction: Transaction, threads: Sequence[KnownThread], now: datetime) -> None:
    """Keep threads as ``Threads.record`` says; ``now`` is when they were seen."""
    await transaction.run_many(_STORE, [_row(thread, now) for thread in threads])
    # Why it is known is our own knowledge: it is newer than what is stored, whatever state was read along with it.
    await transaction.run_many(
        "UPDATE threads SET seen = ?, origin = CASE WHEN ? = 'triage' THEN origin ELSE ? END,"
        " package = COALESCE(?, package) WHERE node_id = ?",
        [
            (now.timestamp(), thread.origin.value, thread.origin.value, thread.package, thread.issue.node_id)
            for thread in threads
        ],
    )


async def forget_threads(transaction: Transaction, repository: str, now: datetime) -> None:
    """Forget threads as ``Threads.forget`` says."""
    await forget_events(transaction, repository)
    await transaction.run(
        "UPDATE threads SET title = '', body = '', gone = COALESCE(gone, ?)"
        " WHERE LOWER(repository) = LOWER(?) AND origin = 'triage'",
        (now.timestamp(), repository),
    )


def _row(thread: KnownThread, now: datetime) -> Row:
    issue = thread.issue
    return (
        issue.node_id,
        issue.ref.repository,
        issue.ref.number,
        issue.title,
        issue.body,
        issue.is_pr,
        issue.state.value,
        issue.locked,
        None if issue.author is None else issue.author.login,
        issue.author is not None and issue.author.is_bot,
        _encode(issue.labels),
        issue.comments,
        issue.created.timestamp(),
        issue.updated.timestamp(),
        None if issue.closed is None else issue.closed.timestamp(),
        thread.origin.value,
        thread.package,
        _encode(thread.kinds),
        thread.free_threading,
        None if thread.gone is None else thread.gone.timestamp(),
        now.timestamp(),
    )


def _encode(words: Sequence[str]) -> str:
    return msgspec.json.encode(words).decode()


def _thread(values: Row) -> KnownThread:
    row = msgspec.convert(values, _Row)
    issue = Issue(
        node_id=row.node_id,
        ref=IssueRef(row.repository, row.number),
        title=row.title,
        body=row.body,
        is_pr=bool(row.is_pr),
        state=row.state,
        locked=bool(row.locked),
        author=None if row.author is None else Account(row.author, is_bot=bool(row.author_is_bot)),
        labels=tuple(_decode_words(row.labels)),
        comments=row.comments,
        created=datetime.fromtimestamp(row.created, UTC),
        updated=datetime.fromtimestamp(row.updated, UTC),
        closed=read_time(row.closed),
    )
    return KnownThread(
        issue=issue,
        origin=row.origin,
        package=row.package,
        free_threading=bool(row.free_threading),
        # A kind that there is no more, or not yet, is left out.
        kinds=tuple(KindName(name) for name in _decode_words(row.kinds) if name in _KINDS),
        gone=read_time(row.gone),
    )


def _first(threads: Sequence[KnownThread]) -> KnownThread | None:
    return threads[0] if threads else None
