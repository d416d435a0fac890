"""How long a full database keeps people and the timetable waiting: ``python -m benchmarks.storage``, in a minute.

The earlier build is measured, too, on the same rows. It takes 1 GB of disk, and prints what the newest schema adds to a
file. docs/benchmarks.md has figures.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path

import msgspec

from benchmarks.earlier import NAME, THIS_BUILD, Build, add_option, earlier_build
from benchmarks.figures import MILLISECONDS, Figure, Limit
from benchmarks.processes import ROOT, environment
from benchmarks.report import report
from benchmarks.storage_work import LOOKED_ANYWAY, NOW, SERVERS
from bot.core.digest.weeks import week_of
from storage.engine.migrations import MIGRATIONS
from storage.engine.sqlite import open_database

BOUND_SECONDS = 600.0

THREADS = 100_000
EVENTS = 200_000
POSTS = 260
"""Of each server: of every week a digest, and two announcements and two posts of issues."""

_OLD_SCHEMA = 4
"""That of e4c4b2e, which every build since brings up to date."""

_PACKAGES = 400
_EVERY = 5.0
"""Seconds between two posting passes."""

_LOOKS, _COUNTS = LOOKED_ANYWAY.total_seconds(), 15.0
"""Seconds between two passes that look at all servers, and between two countings for the metrics."""

_LIMITS = {"pass": Limit(2.0), "open threads": Limit(5.0), "all threads": Limit(5.0), "of a package": Limit(5.0)}
_MOST_IDLE = Limit(0.1)
_WHAT = {
    "pass": "a posting pass with nothing to do",
    "change": "one after a server has set something, with setting it",
    "look": "one that looks at all servers again",
    "count": "counting what waits, for the metrics",
    "open threads": "/ftissues, open ones",
    "all threads": "/ftissues, all",
    "of a package": "/ftissues, all of a package",
    "load": "reading what cards say of threads",
    "open": "opening the database",
}

_GUILDS = (
    "guild, channel, since, weekday, hour, zone, publish, announcements, announced, issues, issues_forum,"
    " issue_events, issues_shown"
)
_POSTS = "guild, kind, key, channel, state, planned, expires, due, publish, nonce"
_CHANGES = "id, package, target, version, kind, how, noticed"
_THREADS = (
    "node_id, repository, number, title, body, is_pr, state, locked, author_is_bot, labels, comments, created,"
    " updated, seen, origin, package, kinds, free_threading"
)
_EVENTS = "id, node_id, kind, detail, happened, noticed, repository, number, title, is_pr, comments"

Row = tuple[object, ...]


def fill(path: Path) -> None:
    """Make a database of the old schema, with servers that were told of everything there is."""
    path.touch(0o600)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN")
        connection.execute("CREATE TABLE schema_version (version BIGINT NOT NULL)")
        for number, statements in enumerate(MIGRATIONS[:_OLD_SCHEMA], start=1):
            for statement in statements:
                connection.execute(statement)
            connection.execute("INSERT INTO schema_version VALUES (?)", (number,))
        for table, columns, rows in _rows():
            places = ", ".join("?" * (columns.count(",") + 1))
            connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", rows)  # noqa: S608 — ours
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _rows() -> Iterator[tuple[str, str, Iterator[Row]]]:
    servers = range(1, SERVERS + 1)
    yield "guilds", _GUILDS, map(_guild, servers)
    yield "posts", _POSTS, (post for guild in servers for post in _posts(guild))
    yield "changes", _CHANGES, iter([(1, "package-1", "3.14t", "1.0", "gained", "cp314t", 0.0)])
    yield "threads", _THREADS, map(_thread, range(THREADS))
    yield "thread_events", _EVENTS, map(_event, range(1, EVENTS + 1))


def _guild(guild: int) -> Row:
    zone = ("UTC", "Europe/Berlin")[guild % 2]
    announcements = (guild + SERVERS, 1)
    issues = (guild + 2 * SERVERS, 0, "opened closed", EVENTS)
    return guild, guild, 0.0, 0, guild % 24, zone, 0, *announcements, *issues


def _posts(guild: int) -> Iterator[Row]:
    week = week_of(NOW.date()).before
    for number in range(POSTS // 5):
        moment = (NOW - timedelta(days=2 + 7 * number)).timestamp()
        rest = (guild, "sent", moment, moment + 7 * 86_400, None, 0, "nonce")
        yield guild, "digest", str(week), *rest
        for half in range(2):
            yield guild, "announcement", f"{number * 2 + half + 1}-{number * 2 + half + 1}", *rest
            yield guild, "issues", f"{number * 2 + half + 1}-{number * 2 + half + 1}", *rest
        week = week.before


def _thread(number: int) -> Row:
    """Make a thread: of twenty four are about free-threading, one of these open; three of ten name a package."""
    moment = NOW.timestamp() - number * 600
    state = "open" if number % 20 in {0, 1} else "closed"
    origin = "table" if number % 500 == 0 else "search" if number % 50 == 0 else "triage"
    package = f"package-{number % _PACKAGES}" if number % 10 in {0, 1, 2} else None
    return (
        *(
            f"I_{number:08}",
            f"owner-{number % 300}/project",
            number,
            f"Thread {number} crashes",
            "It crashes. " * 90,
            0,
        ),
        *(state, 0, 0, '["bug"]', 3, moment, moment, moment, origin, package, '["crash"]', int(number % 5 == 0)),
    )


def _event(number: int) -> Row:
    thread = number % THREADS
    moment = NOW.timestamp() - (EVENTS - number) * 60
    place = (f"owner-{thread % 300}/project", thread, f"Thread {thread} crashes", 0, 3)
    return number, f"I_{thread:08}", "opened" if number <= THREADS else "closed", "", moment, moment, *place


def work(name: str, build: Build, database: Path) -> dict[str, dict[str, float]]:
    """Measure a build in a process of its own."""
    told = subprocess.run(
        (str(build.python), "-P", str(ROOT / "benchmarks" / "storage_work.py"), name, str(database)),
        env=environment() | {"PYTHONPATH": str(build.root)},
        capture_output=True,
        text=True,
        check=True,
    )
    return msgspec.convert(json.loads(told.stdout), dict[str, dict[str, float]])


async def _migrated(database: Path) -> float:
    began = time.perf_counter()
    async with open_database(database):
        return time.perf_counter() - began


def _size(database: Path) -> tuple[float, float]:
    """Return how many MB the rows and indexes of a file take, and how many the file."""
    with closing(sqlite3.connect(database)) as connection:
        pages, free, page = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
    return (pages - free) * page / 1e6, pages * page / 1e6


async def measure(folder: Path, *, earlier: Build) -> Iterable[tuple[str, Sequence[Figure]]]:
    """Fill a database, and measure the builds on copies of it, one after the other, twice."""
    old, new = folder / "before.db", folder / "now.db"
    await asyncio.to_thread(fill, old)
    shutil.copy(old, new)
    seconds = await _migrated(new)
    before: dict[str, dict[str, float]] = {}
    now: dict[str, dict[str, float]] = {}
    for _ in range(2):
        _keep_best(before, await asyncio.to_thread(work, "before", earlier, old))
        _keep_best(now, await asyncio.to_thread(work, "now", THIS_BUILD, new))
    figures = []
    for name, what in _WHAT.items():
        if name in before:
            figures.append(Figure(f"{what}, {NAME}", before[name]["wall"]))
        figures.append(Figure(what, now[name]["wall"], limit=_LIMITS.get(name)))
    idle = [
        Figure(f"of a core, {NAME}", before["pass"]["cpu"] / MILLISECONDS / _EVERY * 100, "%"),
        Figure("of a core", _idle(now), "%", _MOST_IDLE),
    ]
    (used_before, _), (used, length) = _size(old), _size(new)
    sizes = [
        Figure(f"rows and indexes, {NAME}", used_before, "MB"),
        Figure("rows and indexes", used, "MB"),
        Figure("length of the file", length, "MB", note="with room for new rows, once tables were made anew"),
        Figure("bringing it up to date", seconds, "s"),
    ]
    about = f"{SERVERS:,} servers, {SERVERS * POSTS:,} posts, {THREADS:,} threads, {EVENTS:,} events"
    return [(about, figures), ("posting and counting while nothing happens", idle), ("the file", sizes)]


def _idle(found: dict[str, dict[str, float]]) -> float:
    """Return what the timetable takes of a core, in percent, while nothing happens."""
    every = {"pass": _EVERY, "look": _LOOKS, "count": _COUNTS}
    return sum(found[name]["cpu"] / MILLISECONDS / seconds * 100 for name, seconds in every.items())


def _keep_best(found: dict[str, dict[str, float]], again: dict[str, dict[str, float]]) -> None:
    """Keep the lesser of two figures: what else the machine does makes them larger only."""
    for name, figures in again.items():
        known = found.setdefault(name, figures)
        found[name] = {kind: min(value, known[kind]) for kind, value in figures.items()}


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_option(parser)
    options = parser.parse_args()
    asyncio.run(report(partial(measure, earlier=earlier_build(options)), BOUND_SECONDS))


if __name__ == "__main__":
    main()
