"""What a filled database is asked on a timetable and by people, measured in this build or an older one.

It is run as a file, with the build's root on the path: ``python -P benchmarks/storage_work.py now DATABASE``. Of the
builds up to e4c4b2e (``before``) it knows where things were then.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
"""A Wednesday: the week's digests are out."""

LOOKED_ANYWAY = timedelta(minutes=10)
"""After that long a pass looks at all servers."""

SERVERS = 1_000
WARM = 5
TIMES = 100

Work = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class _Connected:
    """Discord, as far as it is asked when nothing is to be posted."""

    present: frozenset[int]

    def guilds(self) -> frozenset[int]:
        """Return all servers of the database, to an earlier build."""
        return self.present

    def presence(self) -> object:
        """Return the same as this build asks for it."""
        return import_module("bot.core.fleet.shards").Presence(self.present)


async def median(work: Work, times: int) -> dict[str, float]:
    """Do something many times; give the median of its wall time and the mean of its CPU, in milliseconds."""
    for _ in range(min(WARM, times - 1)):
        await work()
    walls, began = [], time.process_time()
    for _ in range(times):
        start = time.perf_counter()
        await work()
        walls.append(time.perf_counter() - start)
    cpu = (time.process_time() - began) / times
    return {"wall": sorted(walls)[times // 2] * 1000, "cpu": cpu * 1000}


async def measure(build: str, path: Path) -> dict[str, dict[str, float]]:
    """Open the database, and measure each kind of work."""
    storage = import_module("storage.engine.sqlite" if build == "now" else "storage.database")

    async def start() -> None:
        async with storage.open_database(path):
            pass

    found = {"open": await median(start, 5)}
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(storage.open_database(path))
        works = _now(database) if build == "now" else _before(database)
        for name, work in works.items():
            found[name] = await median(work, 5 if name in {"change", "load", "look"} else TIMES)
        rows = await database.read("SELECT COUNT(*) FROM posts WHERE due IS NOT NULL")
        assert rows == [(0,)], "something was posted, and nothing should be due"
    return found


def _now(database: object) -> dict[str, Work]:
    planner, delivery, zones, stores, issues, tracking = (
        import_module(f"bot.services.{name}")
        for name in (
            *("discord.planner", "discord.delivery", "discord.zones", "discord.stores"),
            *("upstream.issues", "upstream.tracking"),
        )
    )
    discord = _Connected(frozenset(range(1, SERVERS + 1)))
    kept = stores.PostStores(*(table(database) for table in _tables(stores)))
    sent = delivery.PostDelivery(kept, discord, _never, _never, _never, lambda: NOW)
    poster = planner.Poster(kept, discord, zones.Zones(), sent, lambda: NOW)
    later = [NOW]
    looking = planner.Poster(kept, discord, zones.Zones(), sent, lambda: later[-1])

    async def look() -> None:
        later.append(later[-1] + LOOKED_ANYWAY)
        await looking.tick()

    async def change() -> None:
        await kept.guilds.set_announcements(1, 1)
        await poster.tick()

    digest = import_module("bot.core.posting.posts").PostKind.DIGEST

    async def count_all() -> None:
        await kept.posts.waiting()
        await kept.posts.last_sent(digest)
        await kept.guilds.digests_since()

    answers = issues.UpstreamThreads(kept.threads)
    package_threads = import_module("storage.github.package_threads").PackageThreads(database)
    documents = import_module("storage.packages.documents").Documents(database)
    shown = issues.Shown
    return {
        "pass": poster.tick,
        "change": change,
        "look": look,
        "count": count_all,
        "open threads": lambda: answers.listed(None, shown.OPEN),
        "all threads": lambda: answers.listed(None, shown.ALL),
        "of a package": lambda: answers.listed("package-10", shown.ALL),
        "load": tracking.Tracking(package_threads, documents).load,
    }


def _before(database: object) -> dict[str, Work]:
    posting, zones, issues = (import_module(f"bot.services.{name}") for name in ("posting", "zones", "issues"))
    discord = _Connected(frozenset(range(1, SERVERS + 1)))
    kept = posting.Ledger(*(table(database) for table in _tables(posting)))
    poster = posting.Poster(kept, discord, zones.Zones(), _never, _never, _never, lambda: NOW)
    desk = issues.IssueDesk(kept.threads, kept.events)
    shown = issues.Shown
    return {
        "pass": poster.tick,
        "open threads": lambda: desk.listed(None, shown.OPEN),
        "all threads": lambda: desk.listed(None, shown.ALL),
        "of a package": lambda: desk.listed("package-10", shown.ALL),
        "load": desk.load,
    }


def _tables(module: object) -> list[Callable[[object], object]]:
    names = ("Guilds", "Posts", "ClosedChannels", "Changes", "ThreadEvents", "Threads")
    return [getattr(module, name) for name in names]


async def _never(*_: object) -> None:
    raise AssertionError("something is posted, and nothing should be due")


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(sys.argv[1], Path(sys.argv[2])))))
