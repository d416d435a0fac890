"""How fast watchers are told, and what that costs others: ``python -m benchmarks.watches``, on loopback only.

The real ``ftbot run`` is a process of its own, between the fake Discord of the tests, which runs here without judging
what it gets, and an index in a third process. Many people watch one package; a change of it is written into the
database, as it is after a scan. Discord's documented limit is 50 requests a second, so ten thousand of them
(``--watchers 10000``) take 200 seconds at least. docs/benchmarks.md tells how to read the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks.asked_bots import Subject, open_bot
from benchmarks.figures import MILLISECONDS, Figure, Limit, median, percentile
from benchmarks.loopback_index import MODEL
from benchmarks.processes import environment, ftbot, running, said
from benchmarks.report import report
from bot.core.digest.changes import Change, ChangeKind
from bot.core.posting.watches import Topic, WatchPlace
from bot.core.wheels.targets import Target
from storage.discord.changes import Changes
from storage.discord.watches import Watches
from storage.engine.sqlite import Database, open_database
from tests.fakes.discord_world import Message, User
from tests.fakes.fake_discord import FakeDiscord

BOUND_SECONDS = 900.0

_WATCHED = "benchmarked"
_EACH = 50
_LISTS = 300
_STRIDE = 7_919
"""Between two people whose lists are read, so that they lie far apart."""

_AT_ONCE = 20_000
_PACE = 0.02
_SETTLING_SECONDS = 10.0
"""So long after its start a bot still does what it does only then."""

_QUIET_SECONDS = 15.0
_TOPICS = " ".join(Topic)
_DISCORDS_LIMIT = 50
_NEARLY = 0.98
_START_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How many people watch one package, and how many watches are stored in all."""

    watchers: int
    watches: int


async def store_watchers(database: Database, numbers: range, channel_of: Callable[[int], int | None]) -> None:
    """Store people who watch, by their numbers."""
    async with database.transaction() as transaction:
        await transaction.run_many(
            "INSERT INTO watchers (id, person, guild, channel) VALUES (?, ?, 0, ?)",
            [(number, number, channel_of(number)) for number in numbers],
        )


async def store_watches(database: Database, watches: Sequence[tuple[int, str]]) -> None:
    """Store what they watch."""
    for start in range(0, len(watches), _AT_ONCE):
        async with database.transaction() as transaction:
            await transaction.run_many(
                "INSERT INTO watches (watcher, package, targets, topics, added) VALUES (?, ?, '', ?, 0)",
                [(number, package, _TOPICS) for number, package in watches[start : start + _AT_ONCE]],
            )


async def measure_lists(folder: Path, watches: int) -> list[Figure]:
    """List what people watch, of very many watches."""
    people = watches // _EACH
    async with open_database(folder / "lists.db") as database:
        await store_watchers(database, range(1, people + 1), lambda _: None)
        everything = [
            (person, f"package-{person % 997}-{each}") for person in range(1, people + 1) for each in range(_EACH)
        ]
        await store_watches(database, everything)
        store, seconds = Watches(database), []
        for nth in range(_LISTS):
            started = time.perf_counter()
            listed = await store.listed(WatchPlace(1 + nth * _STRIDE % people))
            seconds.append(time.perf_counter() - started)
            assert len(listed) == _EACH
    note = f"{len(everything):,} watches, {_EACH} listed"
    return [
        Figure("a person's list, p50", median(seconds) * MILLISECONDS, note=note),
        Figure("a person's list, p99", percentile(seconds, 99) * MILLISECONDS, limit=Limit(50.0)),
    ]


async def ask(bot: Subject, until: Callable[[], bool]) -> list[float]:
    """Ask about a package again and again, as people do, until something is so."""
    seconds = []
    while not until():
        seconds.append(await bot.ask(MODEL))
        await asyncio.sleep(_PACE)
    return seconds


async def measure_alerts(folder: Path, plan: Plan) -> list[Figure]:
    """Tell everybody, and ask meanwhile."""
    async with AsyncExitStack() as stack:
        command = (sys.executable, "-m", "benchmarks.loopback_index", "--cold", "1")
        process = await stack.enter_async_context(running(command, folder, environment(), "index.log"))
        index = await said(process, _START_SECONDS)
        bot = await stack.enter_async_context(open_bot(folder, index, ftbot("run")))
        told = people_of(bot.discord, plan.watchers)
        async with open_database(folder / "ftbot.db") as database:
            await store_watchers(database, range(1, plan.watchers + 1), lambda number: told[number - 1][0])
            await store_watches(database, [(number, _WATCHED) for number in range(1, plan.watchers + 1)])
            await bot.read(MODEL)
            settled = time.perf_counter() + _SETTLING_SECONDS
            await ask(bot, lambda: time.perf_counter() > settled)
            end = settled + _QUIET_SECONDS
            quiet = await ask(bot, lambda: time.perf_counter() > end)
            change = Change(_WATCHED, Target(14), "2.0", ChangeKind.GAINED, ("cp314t",))
            await Changes(database).record([change], datetime.now(UTC))
            noticed = time.perf_counter()
            times = Times([messages for _, messages in told])
            meanwhile = await ask(bot, times.all_told)
        counts = {len(messages) for _, messages in told}
    first, last = times.first - noticed, times.last - noticed
    slow, calm = percentile(meanwhile, 99), percentile(quiet, 99)
    rate = (plan.watchers - 1) / max(last - first, 0.001)
    return [
        Figure("first alert after the change", first, "s", Limit(60.0)),
        Figure("last alert after the change", last, "s", note=f"{plan.watchers:,} watchers"),
        Figure("alerts a second", rate, "/s", Limit(_DISCORDS_LIMIT * _NEARLY, at_least=True)),
        Figure("messages to any of them, at most", float(max(counts)), "", Limit(1.0)),
        Figure("/ftstatus while it is quiet, p99", calm * MILLISECONDS, note=f"n = {len(quiet):,}"),
        Figure("/ftstatus meanwhile, p50", median(meanwhile) * MILLISECONDS, note=f"n = {len(meanwhile):,}"),
        Figure("/ftstatus meanwhile, p99", slow * MILLISECONDS, limit=Limit(2 * calm * MILLISECONDS)),
    ]


def people_of(discord: FakeDiscord, count: int) -> list[tuple[int, dict[int, Message]]]:
    """Make people with direct message channels; gives each channel's number and its messages."""
    channels = [discord.world.dm(User(f"reader-{number}")) for number in range(count)]
    return [(channel.id, channel.messages) for channel in channels]


class Times:
    """When the first and the last of many channels got a message."""

    def __init__(self, channels: Sequence[dict[int, Message]]) -> None:
        self.waiting = list(channels)
        self.first = self.last = 0.0
        self._all = len(channels)

    def all_told(self) -> bool:
        """Look, and return whether all have one."""
        self.waiting = [messages for messages in self.waiting if not messages]
        now = time.perf_counter()
        if not self.first and len(self.waiting) < self._all:
            self.first = now
        self.last = now
        return not self.waiting


async def measure(plan: Plan, folder: Path) -> list[tuple[str, list[Figure]]]:
    """Measure both."""
    lists = [("What somebody watches", await measure_lists(folder, plan.watches))] if plan.watches else []
    alerts = [("One package changes", await measure_alerts(folder, plan))] if plan.watchers else []
    return [*lists, *alerts]


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description="Measure how fast watchers are told.")
    parser.add_argument("--watchers", type=int, default=2_000, help="of one package (default: 2000; 0 for none)")
    parser.add_argument("--watches", type=int, default=1_000_000, help="in all (default: 1000000; 0 for none)")
    options = parser.parse_args()
    asyncio.run(report(partial(measure, Plan(options.watchers, options.watches)), BOUND_SECONDS))


if __name__ == "__main__":
    main()
