"""How fast the site answers and is written: ``python -m benchmarks.site``, in some four minutes, on loopback only.

The site is measured beside a bare aiohttp handler that sends the same bytes, each on one processor, in turns; what asks
has the other one. Then it is written as files, and at last ``/ftstatus`` is asked of a whole bot whose site is asked as
fast as it answers. ``--only`` leaves the other parts out.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx

from benchmarks.asked_bots import Subject
from benchmarks.figures import MILLISECONDS, Figure, Limit, median, percentile
from benchmarks.processes import environment, ftbot, running, said
from benchmarks.report import report
from benchmarks.site_data import conclusions, record, repeated
from benchmarks.web_load import Answers, Question, ask
from bot.core.history.scan import Conclusion
from tests.fakes.fake_discord import FakeDiscord

BOUND_SECONDS = 900.0

_START_SECONDS = 30.0
_WINDOW_SECONDS = 2.0
_ROUNDS = 3
_CONNECTIONS = 8
_SLOWEST_MILLISECONDS = 10.0
_QUESTIONS = 1_500
_TIMES = 2.0
_CHANGED = 100
"""One package of so many has changed when the site is written again."""

_SMALL, _LARGE = 360, 15_000
_KIBIBYTES = 1024.0

Section = tuple[str, list[Figure]]

_LEFT_OUT = {"date", "server", "content-length"}
"""Headers that aiohttp writes by itself."""


@asynccontextmanager
async def _serving(folder: Path, database: Path, *arguments: str) -> AsyncIterator[int]:
    env = environment(
        index_url="http://127.0.0.1:9/simple/",
        json_api_url="http://127.0.0.1:9/pypi/",
        database=str(database),
        public_url="https://ftbot.example",
        web="on",
    )
    command = (sys.executable, "-m", "benchmarks.site_process", *arguments)
    async with running(command, folder, env, "site.log" if not arguments else "floor.log") as process:
        yield int(await said(process, _START_SECONDS))


async def measure_rates(folder: Path, database: Path, package: str) -> list[Section]:
    """Ask the site and the floor in turns."""
    badge, page = f"/badge/{package}.svg", f"/packages/{package}/"
    async with _serving(folder, database) as port:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            known = {path: await client.get(path) for path in (badge, page)}
        assert all(answer.status_code == httpx.codes.OK for answer in known.values()), known
        tag = known[page].headers["ETag"]
        again = Question(page, f"If-None-Match: {tag}\r\n")
        floor = {path: await _told(port, Question(path)) for path in known}
        floor["/unchanged"] = await _told(port, again)
        answers = folder / "answers.json"
        await asyncio.to_thread(answers.write_text, json.dumps(floor), "utf-8")
        async with _serving(folder, database, str(answers)) as bare:
            pairs = (
                ("badges", Question(badge), Question(badge), 0.5),
                ("package pages", Question(page), Question(page), 0.25),
                ("304s", again, Question("/unchanged"), 0.6),
            )
            figures = []
            for name, mine, theirs, least in pairs:
                figures += await _compared(name, (port, mine), (bare, theirs), least)
            slowest = await ask(port, [Question(badge), Question(page), again, Question("/api/v1/packages")], 5.0)
    latency = Figure(
        "any of these and a list, one in flight, p99",
        percentile(slowest.latencies, 99) * MILLISECONDS,
        limit=Limit(_SLOWEST_MILLISECONDS),
        note=f"n = {len(slowest.latencies)}",
    )
    return [(f"Beside a bare aiohttp handler, one processor, {_CONNECTIONS} connections", [*figures, latency])]


async def _compared(name: str, mine: tuple[int, Question], theirs: tuple[int, Question], least: float) -> list[Figure]:
    site: list[Answers] = []
    floor: list[Answers] = []
    for _ in range(_ROUNDS):
        for (port, question), found in ((mine, site), (theirs, floor)):
            found.append(await ask(port, [question], _WINDOW_SECONDS, _CONNECTIONS))
    assert {status for each in (*site, *floor) for status in each.statuses} <= {b"200", b"304"}
    own, bare = (median([each.rate for each in found]) for found in (site, floor))
    return [
        Figure(f"{name}, the floor", bare, "/s"),
        Figure(f"{name}, the site", own, "/s"),
        Figure(f"{name}, of the floor", own / bare, "", limit=Limit(least, at_least=True)),
    ]


async def _told(port: int, question: Question) -> tuple[int, str, dict[str, str]]:
    """Return what the site sends, for the floor to send."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(question.written())
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    status, *lines = head.strip().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    body = await reader.readexactly(int(headers.get("Content-Length", "0")))
    writer.close()
    await writer.wait_closed()
    kept = {name: value for name, value in headers.items() if name.lower() not in _LEFT_OUT}
    return int(status.split()[1]), b64encode(body).decode(), kept


async def measure_writing(folder: Path, models: Sequence[Conclusion]) -> list[Section]:
    """Write the site of few and of many packages, and again after some changed."""
    figures = []
    peaks: list[float] = []
    for count, limit in ((_SMALL, 4.0), (_LARGE, 60.0)):
        database, into = folder / f"site-{count}.db", folder / f"site-{count}"
        found = repeated(models, count)
        await record(database, found, [each.package for each in found])
        whole, peak = await _written(folder, database, into)
        peaks.append(peak)
        changed = [
            replace(each, kept=found[place - 1].kept) for place, each in enumerate(found) if place % _CHANGED == 1
        ]
        await record(database, changed, [each.package for each in found])
        again, _ = await _written(folder, database, into)
        figures += [
            Figure(f"{count:,} packages", whole, "s", limit=Limit(limit)),
            Figure(f"{count:,} packages, 1 % changed", again, "s", limit=Limit(whole / 10)),
        ]
    figures.append(Figure("memory at its peak, 360", peaks[0], "MiB"))
    figures.append(Figure("memory at its peak, 15,000", peaks[1], "MiB", note=f"{peaks[1] / peaks[0]:.2f} times"))
    return [("Written as files: ftbot site --output", figures)]


async def _written(folder: Path, database: Path, into: Path) -> tuple[float, float]:
    """Write the site; give the seconds that takes and the MiB that it takes at its peak."""
    env = environment(database=str(database), track=str(_LARGE))
    command = ftbot("site", "--output", str(into), "--base-url", "https://ftbot.example")
    began = time.perf_counter()
    status, peak = await asyncio.to_thread(_run, command, folder, env)
    assert status == 0, "the site was not written"
    return time.perf_counter() - began, peak


def _run(command: Sequence[str], folder: Path, env: Mapping[str, str]) -> tuple[int, float]:
    """Run a program to its end; give its status and the MiB that it took at its peak."""
    with subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_maxrss / _KIBIBYTES


async def measure_beside(folder: Path, database: Path, package: str) -> list[Section]:
    """Ask ``/ftstatus`` of a bot while nobody reads its site, and while many do."""
    async with FakeDiscord(validate=False) as discord:
        env = environment(
            index_url="http://127.0.0.1:9/simple/",
            json_api_url="http://127.0.0.1:9/pypi/",
            database=str(database),
            discord_token=discord.token,
            discord_api_url=discord.api_url,
            discord_gateway_url=discord.gateway_url,
            http_port="0",
            track="0",
            web="on",
            log_format="json",
        )
        async with running(ftbot("run"), folder, env, "bot.log") as process:
            await discord.connected(_START_SECONDS)
            bot, port = Subject(discord, process.pid), await asyncio.to_thread(_port, folder / "bot.log")
            for _ in range(_QUESTIONS // 10):
                await bot.ask(package)
            quiet = [await bot.ask(package) for _ in range(_QUESTIONS)]
            paths = (
                f"/badge/{package}.svg",
                f"/packages/{package}/",
                "/",
                "/packages/",
                "/api/v1/packages",
                "/feed.xml",
            )
            load = (sys.executable, "-m", "benchmarks.web_load", str(port), "4", "25", *paths)
            async with running(load, folder, environment(), "load.log") as asking:
                await asyncio.sleep(2)
                busy = [await bot.ask(package) for _ in range(_QUESTIONS)]
                rate = await said(asking, 60.0)
    limit = _TIMES * percentile(quiet, 99) * MILLISECONDS
    return [
        (
            "Warm /ftstatus, one in flight, while the site is asked over 4 connections",
            [
                Figure("nobody reads the site, p50", median(quiet) * MILLISECONDS, note=f"n = {len(quiet)}"),
                Figure("nobody reads the site, p99", percentile(quiet, 99) * MILLISECONDS),
                Figure(
                    "many read the site, p50", median(busy) * MILLISECONDS, note=f"{rate.split()[0]} answers a second"
                ),
                Figure("many read the site, p99", percentile(busy, 99) * MILLISECONDS, limit=Limit(limit)),
            ],
        )
    ]


def _port(log: Path) -> int:
    for line in log.read_text("utf-8").splitlines():
        found = json.loads(line)
        if found["event"] == "started":
            return int(found["http_port"])
    raise LookupError(log.read_text("utf-8"))


async def _measure(folder: Path, *, only: str | None) -> list[Section]:
    models = await asyncio.to_thread(conclusions)
    database, package = folder / "ftbot.db", models[0].package
    await record(database, models, [each.package for each in models])
    sections: list[Section] = []
    if only in {None, "rates"}:
        sections += await measure_rates(folder, database, package)
    if only in {None, "beside"}:
        sections += await measure_beside(folder, database, package)
    if only in {None, "static"}:
        sections += await measure_writing(folder, models)
    return sections


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["rates", "beside", "static"], help="measure this part alone")
    options = parser.parse_args()
    gc.disable()  # the fake keeps all that it was told, and to look through that takes longer than an answer
    if hasattr(os, "sched_setaffinity") and options.only == "rates":
        os.sched_setaffinity(0, os.sched_getaffinity(0) - {max(os.sched_getaffinity(0))} or os.sched_getaffinity(0))
    asyncio.run(report(partial(_measure, only=options.only), BOUND_SECONDS))


if __name__ == "__main__":
    main()
