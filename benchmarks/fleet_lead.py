"""A fleet that is asked nothing: how soon another process leads when the leader is killed, and what idling costs."""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec

from benchmarks.engines import open_engine
from benchmarks.figures import Figure, Limit, median
from benchmarks.fleet_bots import PROCESSES, Bot, Yard, open_yard, start_all
from benchmarks.loopback_index import cold_names
from benchmarks.processes import environment, footprint, running, said
from storage.engine.engine import Engine
from tests.postgres import Cluster

_START_SECONDS = 20.0
_HEIR_SECONDS = 5.0
_TRACKED = 5
_LOOK_SECONDS = 0.005
_SETTLING_SECONDS = 5.0
_MINUTE = 60.0
_TRANSACTIONS = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"


async def measure_heirs(folder: Path, url: str, rounds: int) -> list[Figure]:
    """Kill whoever leads, again and again; gives the seconds until another leads, and has scanned."""
    names = folder / "names.txt"
    await asyncio.to_thread(names.write_text, "".join(f"{name}\n" for name in cold_names(_TRACKED)))
    leading: list[float] = []
    acted: list[float] = []
    async with AsyncExitStack() as stack:
        command = (sys.executable, "-m", "benchmarks.loopback_index", "--cold", str(_TRACKED))
        process = await stack.enter_async_context(running(command, folder, environment(), "names.log"))
        index = await said(process, _START_SECONDS)
        settings = {"track": str(_TRACKED), "top_packages_url": str(names), "inspect": "0"}
        yard = await stack.enter_async_context(open_yard(folder, url, "heirs", index, **settings))
        leader = await yard.start()
        for _ in range(PROCESSES - 1):
            await (await yard.start()).said("lead_not_taken")
        for _ in range(rounds):
            await leader.said("scanned")
            leader = await _succession(yard, leader, leading, acted)
            await (await yard.start()).said("lead_not_taken")
    return [
        Figure("until another leads, p50", median(leading), "s", note=f"{rounds} kills"),
        Figure("until another leads, the slowest", max(leading), "s", Limit(_HEIR_SECONDS)),
        Figure("until it has scanned, p50", median(acted), "s", note=f"{_TRACKED} packages, by a process of its own"),
        Figure("until it has scanned, the slowest", max(acted), "s", Limit(_HEIR_SECONDS)),
    ]


async def _succession(yard: Yard, leader: Bot, leading: list[float], acted: list[float]) -> Bot:
    """Kill the leader and return the next."""
    others = [bot for bot in yard.bots if bot.process.returncode is None and bot is not leader]
    began = time.perf_counter()
    leader.process.kill()
    async with asyncio.timeout(_START_SECONDS):
        while not (heirs := [bot for bot in others if bot.says("leading")]):  # noqa: ASYNC110 — they write it
            await asyncio.sleep(_LOOK_SECONDS)
    leading.append(time.perf_counter() - began)
    await heirs[0].said("scanned")
    acted.append(time.perf_counter() - began)
    await leader.process.wait()
    return heirs[0]


async def measure_idle(folder: Path, url: str, cluster: Cluster, seconds: float) -> list[Figure]:
    """Let a fleet and a bot of its own do nothing for a while, both at once."""
    async with (
        open_yard(folder, str(folder / "idle.db"), "idle-alone") as alone,
        open_yard(folder, url, "idle-fleet") as fleet,
        open_engine(url) as database,
    ):
        await start_all(alone, 1)
        await start_all(fleet, PROCESSES)
        await asyncio.sleep(_SETTLING_SECONDS)
        before = _cpu(alone), _cpu(fleet), _cpu_of_server(cluster), await _transactions(database)
        await asyncio.sleep(seconds)
        after = _cpu(alone), _cpu(fleet), _cpu_of_server(cluster), await _transactions(database)
    one, three, server, transactions = (end - start for start, end in zip(before, after, strict=True))
    minutes = seconds / _MINUTE
    return [
        Figure("one on SQLite, CPU a minute", one / minutes, "s"),
        Figure(
            "one of three on PostgreSQL, CPU a minute", three / minutes / PROCESSES, "s", note=f"all: {three:.2f} s"
        ),
        Figure("the server, CPU a minute", server / minutes, "s"),
        Figure("transactions a second of a process", transactions / seconds / PROCESSES, "/s"),
    ]


def _cpu(yard: Yard) -> float:
    taken = yard.subject().footprint()
    assert taken is not None
    return taken.cpu


def _cpu_of_server(cluster: Cluster) -> float:
    """Sum up what the server's processes took that are there now."""
    assert cluster.process is not None
    server, taken = cluster.process.pid, 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        pid = int(stat.parent.name)
        if server in {pid, int(stat.read_text().rpartition(")")[2].split()[1])}:
            found = footprint(pid)
            taken += 0.0 if found is None else found.cpu
    return taken


async def _transactions(database: Engine) -> int:
    ((count,),) = msgspec.convert(await database.read(_TRANSACTIONS), list[tuple[int]])
    return count
