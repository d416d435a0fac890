"""Several processes on one database, beside one on SQLite: ``python -m benchmarks.fleet``, on loopback only.

``--only claims posting paced answers webhooks lead idle`` measures one of these, or some.
The database is SQLite's file, and a PostgreSQL server of Debian's package in a temporary folder, as for the tests.
docs/benchmarks.md tells how to read the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import msgspec

from benchmarks.engines import open_engine
from benchmarks.figures import Figure, Limit
from benchmarks.fleet_answers import measure_answers
from benchmarks.fleet_bots import PROCESSES
from benchmarks.fleet_lead import measure_heirs, measure_idle
from benchmarks.fleet_webhooks import measure_webhooks
from benchmarks.processes import environment, running, said
from benchmarks.report import report
from bot.core.github.events import GithubEvent, Trigger
from bot.core.github.threads import IssueRef
from bot.core.posting.posts import PostKind, State
from bot.core.triage.actions import Action, ActionKind
from bot.core.triage.changeset import Changeset, Progress
from storage.discord.posts import Posts
from storage.engine.engine import Engine
from storage.github.changesets import Changesets
from storage.github.inbox import Inbox
from storage.github.outbox import Outbox
from tests.postgres import Cluster, running_cluster
from tests.postgres import programs as postgres_programs

BOUND_SECONDS = 480.0

_START_SECONDS = 30.0
_PASS_SECONDS = 200.0
_ROWS, _WRITERS = 100, 4
_MOST_OF_ONE = 1.3
"""How much longer three processes on PostgreSQL may take than one on SQLite, on the same two cores."""

_PLAN = (
    "INSERT INTO posts (guild, kind, key, channel, state, planned, expires, due, publish, nonce)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)

Section = tuple[str, list[Figure]]
Open = Callable[[], AbstractAsyncContextManager[Engine]]
Claim = Callable[[Engine, str], Awaitable[int]]


async def plan_posts(database: Engine, count: int) -> None:
    """Plan a digest for so many servers, due a moment ago."""
    now = database.now()
    due, expires = (now - timedelta(seconds=1)).timestamp(), (now + timedelta(days=7)).timestamp()
    rows = [
        (guild, PostKind.DIGEST.value, "2026-W47", guild, State.PLANNED.value, due, expires, due, False, "")
        for guild in range(1, count + 1)
    ]
    async with database.transaction() as transaction:
        await transaction.run_many(_PLAN, rows)


async def plan_triage(database: Engine, count: int) -> None:
    """Take in so many deliveries, and plan as many actions, each in a repository of its own."""
    now = database.now()
    refs = [IssueRef(f"org/repository-{number}", 1) for number in range(count)]
    told = [(str(ref), GithubEvent(str(ref), Trigger.OPENED, ref.repository, ref, str(ref), now)) for ref in refs]
    await Inbox(database).receive_many(told, now)
    actions = tuple(Action(ActionKind.ADD_LABEL, ref, str(ref), "bug", "gate", 1) for ref in refs)
    await Changesets(database).record(Changeset(actions=actions), now)


async def claim_posts(database: Engine, name: str) -> int:
    """Claim posts as a process does, and return how many."""
    return len(await Posts(database).claim_due(name, database.now(), 16))


async def claim_deliveries(database: Engine, name: str) -> int:
    """Claim deliveries, and close them, as what is claimed is claimed again."""
    inbox = Inbox(database)
    claimed = await inbox.claim(name, database.now(), 10)
    for received in claimed:
        await inbox.close(received.delivery)
    return len(claimed)


async def claim_entries(database: Engine, name: str) -> int:
    """Claim an outbox entry, begin it, and record how it ended."""
    outbox, now = Outbox(database), database.now()
    entry = await outbox.claim(now, name)
    if entry is None:
        return 0
    await outbox.begin(entry, name, now)
    return int(await outbox.record(replace(entry, progress=Progress.CONFIRMED, due=None), name))


async def measure_claims(opening: Open, where: str) -> list[Figure]:
    """Let writers claim the same rows at once; gives the time, and how many claims there were."""
    figures = []
    async with AsyncExitStack() as stack:
        databases = [await stack.enter_async_context(opening()) for _ in range(_WRITERS)]
        await plan_posts(databases[0], _ROWS)
        await plan_triage(databases[0], _ROWS)
        kinds: tuple[tuple[str, Claim], ...] = (
            ("posts", claim_posts),
            ("deliveries, each closed", claim_deliveries),
            ("outbox entries, each begun and recorded", claim_entries),
        )
        for what, claim in kinds:
            began = time.perf_counter()
            counts = await asyncio.gather(*(_claim_all(each, claim, str(n)) for n, each in enumerate(databases)))
            took = time.perf_counter() - began
            figures += [
                Figure(f"{where}: {what}", took * 1000),
                Figure(f"{where}: claims of {_ROWS} rows", sum(counts), "", Limit(_ROWS), f"by writer: {counts}"),
            ]
    return figures


async def _claim_all(database: Engine, claim: Claim, name: str) -> int:
    total, misses = 0, 0
    while misses < 3:  # noqa: PLR2004 — another may be about to commit
        count = await claim(database, name)
        total += count
        misses = 0 if count else misses + 1
    return total


class _Pass(msgspec.Struct):
    seconds: float
    cpu: float
    sent: float


@dataclass(frozen=True, slots=True)
class Discord:
    """How many messages it takes a second, and after how many seconds it answers."""

    a_second: int
    round_trip: float


_AT_ONCE = Discord(1_000_000, 0.0)
_AS_IT_IS = Discord(50, 0.1)


async def measure_pass(
    place: str, count: int, processes: int, folder: Path, discord: Discord = _AT_ONCE
) -> list[_Pass]:
    """Let processes post what is due, all at once; gives what each did."""
    async with open_engine(place) as database, AsyncExitStack() as stack:
        async with database.transaction() as transaction:
            await transaction.run("DELETE FROM posts")
        await plan_posts(database, count)
        numbers = (discord.a_second, processes, discord.round_trip)
        command = (sys.executable, "-m", "benchmarks.fleet_process", place, *map(str, numbers))
        started = [
            await stack.enter_async_context(running(command, folder, environment(), f"{number}.log"))
            for number in range(processes)
        ]
        for process in started:
            await said(process, _START_SECONDS)
        for process in started:
            assert process.stdin is not None
            process.stdin.write(b"\n")
            await process.stdin.drain()
        lines = [await said(process, _PASS_SECONDS) for process in started]
        passes = [msgspec.json.decode(line, type=_Pass) for line in lines]
        assert sum(each.sent for each in passes) == count, json.dumps(lines)
        return passes


def _shown(what: str, passes: Sequence[_Pass]) -> Figure:
    cpu = sum(each.cpu for each in passes)
    note = f"sent by each: {', '.join(f'{each.sent:,.0f}' for each in passes)}; {cpu:.1f} s of CPU beside the server's"
    return Figure(what, max(each.seconds for each in passes), "s", note=note)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured, and how much of it."""

    only: Sequence[str]
    servers: int
    questions: int
    kills: int
    idle_seconds: float


SECTIONS = ("claims", "posting", "paced", "answers", "webhooks", "lead", "idle")


async def measure(cluster: Cluster, plan: Plan, folder: Path) -> list[Section]:
    """Measure what is asked for, each on a database of its own."""
    found: list[Section] = []
    for name in plan.only:
        async with cluster.server.database(name) as url:
            found += [section async for section in _sections(name, url, cluster, plan, folder)]
    return found


async def _sections(name: str, url: str, cluster: Cluster, plan: Plan, folder: Path) -> AsyncIterator[Section]:
    match name:
        case "claims":
            claims = [
                *await measure_claims(partial(open_engine, str(folder / "claims.db")), "SQLite"),
                *await measure_claims(partial(open_engine, url), "PostgreSQL"),
            ]
            yield f"Claims: {_WRITERS} writers, {_ROWS} rows", claims
        case "posting":
            title = f"A posting pass over {plan.servers:,} servers, a Discord without limits that answers at once"
            yield title, await _passes(url, plan.servers, folder, _AT_ONCE)
        case "paced":
            count = plan.servers // 10
            title = f"A posting pass over {count:,} servers, Discord's 50 a second and answers after 100 ms"
            yield title, await _passes(url, count, folder, _AS_IT_IS)
        case "answers":
            yield "/ftstatus warm, in servers on three shards", await measure_answers(folder, url, plan.questions)
        case "webhooks":
            yield "Webhooks: when it is sent → 202", await measure_webhooks(folder, url)
        case "lead":
            yield "The leader is killed (kill -9)", await measure_heirs(folder, url, plan.kills)
        case _:
            yield "Nothing to do", await measure_idle(folder, url, cluster, plan.idle_seconds)


async def _passes(url: str, count: int, folder: Path, discord: Discord) -> list[Figure]:
    alone = await measure_pass(str(folder / "posting.db"), count, 1, folder, discord)
    one = await measure_pass(url, count, 1, folder, discord)
    three = await measure_pass(url, count, PROCESSES, folder, discord)
    slowest = [max(each.seconds for each in passes) for passes in (alone, one, three)]
    return [
        _shown("one process on SQLite", alone),
        _shown("one process on PostgreSQL", one),
        _shown(f"{PROCESSES} processes on PostgreSQL", three),
        Figure("three on PostgreSQL : one on SQLite", slowest[2] / slowest[0], "×", Limit(_MOST_OF_ONE)),
        Figure("three on PostgreSQL : one there", slowest[2] / slowest[1], "×"),
    ]


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS, help="what to measure (all)")
    parser.add_argument("--servers", type=int, default=10_000, help="servers with a post that is due (10000)")
    parser.add_argument("--questions", type=int, default=6_000, help="warm questions to each (6000)")
    parser.add_argument("--kills", type=int, default=8, help="how often the leader is killed (8)")
    parser.add_argument("--idle-seconds", type=float, default=60.0, help="how long nothing is done (60)")
    options = parser.parse_args()
    if postgres_programs() is None:
        raise SystemExit("needs a PostgreSQL server: on Debian and Ubuntu, apt install postgresql")
    gc.disable()  # the fake keeps all that it was told, and to look through that takes longer than an answer
    plan = Plan(options.only, options.servers, options.questions, options.kills, options.idle_seconds)
    with running_cluster() as cluster:
        asyncio.run(report(partial(measure, cluster, plan), BOUND_SECONDS))


if __name__ == "__main__":
    main()
