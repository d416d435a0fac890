"""A stop takes ten seconds at most, whatever hangs, and says nothing that looks like an error."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.e2e.program import COMMAND, PATIENCE, TOKEN, Bot, running
from tests.e2e.relay import Relay
from tests.fakes.fake_discord import FakeDiscord
from tests.fakes.fake_index import FakeIndex
from tests.fakes.index_pages import wheels

PROMISED = 10.0
"""Seconds, by the contract; the program itself means to be faster."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The fakes behind a relay each, and the database."""

    discord: FakeDiscord
    index: FakeIndex
    to_discord: Relay
    to_index: Relay
    database: Path

    @asynccontextmanager
    async def running(self, **variables: str) -> AsyncIterator[Bot]:
        """Run the program while the block runs."""
        async with running(self.settings() | variables, [TOKEN]) as bot:
            yield bot

    def settings(self) -> dict[str, str]:
        """Return the settings by which the program runs here."""
        return {
            "FTBOT_DISCORD_TOKEN": TOKEN,
            "FTBOT_DISCORD_API_URL": self.to_discord.address(self.discord.api_url),
            "FTBOT_DISCORD_GATEWAY_URL": self.to_discord.address(self.discord.gateway_url),
            "FTBOT_INDEX_URL": self.to_index.address(self.index.index_url),
            "FTBOT_JSON_API_URL": self.to_index.address(self.index.json_api_url),
            "FTBOT_TOP_PACKAGES_URL": self.to_index.address(f"{self.index.url}/top-packages.json"),
            "FTBOT_DATABASE": str(self.database),
            "FTBOT_TRACK": "0",
        }


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Surroundings]:
    async with (
        FakeDiscord(token=TOKEN) as discord,
        FakeIndex() as index,
        Relay(discord.gateway_url) as to_discord,
        Relay(index.url) as to_index,
    ):
        for name in ("lxml", "numpy"):
            index.publish(name, wheels(name, "7.0", "cp314-cp314-win_amd64"))
        yield Surroundings(discord, index, to_discord, to_index, tmp_path / "ftbot.db")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the database as another program that is writing."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def full_pipe() -> tuple[int, int]:
    """Make a pipe that takes nothing more; give both ends."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    for size in (4096, 1):
        with suppress(BlockingIOError):
            while True:
                os.write(writing, b"x" * size)
    os.set_blocking(writing, True)
    return reading, writing


async def seconds_to_end(bot: Bot, number: signal.Signals = signal.SIGTERM) -> float:
    """Return the program to stop, and give how long it took."""
    began = time.monotonic()
    bot.process.send_signal(number)
    assert await asyncio.wait_for(bot.process.wait(), PATIENCE) == 0
    return time.monotonic() - began


def loud(bot: Bot) -> list[dict[str, object]]:
    """List the lines that say that something went wrong with the program itself."""
    lines: list[dict[str, object]] = [json.loads(line) for line in bot.written if line.startswith("{")]
    return [line for line in lines if line["level"] in {"error", "critical"} or "exception" in line]


async def test_it_ends_in_time_while_database_and_index_and_discord_hang(here: Surroundings) -> None:
    async with here.running() as bot:
        await here.discord.connected(PATIENCE)
        await here.discord.slash("ftstatus", package="numpy").shown(PATIENCE)  # there is something to be stored
        hold = here.index.hold(times=None)
        here.discord.slash("ftstatus", package="lxml")
        await asyncio.wait_for(hold.arrived.wait(), PATIENCE)
        with locked(here.database):
            here.to_discord.freeze()
            here.to_index.freeze()
            assert await seconds_to_end(bot) < PROMISED
        assert loud(bot) == []


async def test_a_stop_during_jobs_is_quiet(here: Surroundings) -> None:
    (here.database.parent / "top.json").write_text('{"rows": [{"project": "numpy"}]}', "utf-8")
    async with here.running(FTBOT_TRACK="1", FTBOT_TOP_PACKAGES_URL=str(here.database.parent / "top.json")) as bot:
        hold = here.index.hold(times=None)
        await asyncio.wait_for(hold.arrived.wait(), PATIENCE)
        assert await seconds_to_end(bot) < PROMISED
    stopped = [line for line in map(json.loads, bot.written) if line["event"] == "job_stopped"]
    assert "scan what is due" in [line["job"] for line in stopped]
    assert loud(bot) == []


async def test_a_wrong_token_is_quiet_but_for_its_sentence(here: Surroundings) -> None:
    (here.database.parent / "top.json").write_text('{"rows": [{"project": "numpy"}]}', "utf-8")
    here.index.hold(times=None)
    async with here.running(
        FTBOT_DISCORD_TOKEN=TOKEN.replace("q1w2", "q1w3"),
        FTBOT_TRACK="1",
        FTBOT_TOP_PACKAGES_URL=str(here.database.parent / "top.json"),
    ) as bot:
        assert await asyncio.wait_for(bot.process.wait(), PATIENCE) == 2
    assert bot.written[-1].startswith("ftbot: Discord refused the bot's token.")
    assert loud(bot) == []


async def test_log_lines_that_nobody_reads_hold_up_neither_answers_nor_the_end(here: Surroundings) -> None:
    reading, writing = full_pipe()
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        env=os.environ | {"FTBOT_HTTP_PORT": "0"} | here.settings(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=writing,
    )
    try:
        await here.discord.connected(PATIENCE)
        await here.discord.slash("ftstatus", package="numpy").shown(PATIENCE)
        assert await seconds_to_end(Bot(process)) < PROMISED
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        os.close(reading)
        os.close(writing)


async def test_a_start_that_waits_for_the_database_ends_without_a_complaint(here: Surroundings) -> None:
    with locked(here.database):
        async with here.running(FTBOT_TRAKC="1") as bot:
            await bot.logged("setting_without_effect")
            assert await seconds_to_end(bot) < PROMISED
    assert [line for line in bot.written if line.startswith("ftbot: ")] == []
    assert loud(bot) == []


async def test_however_often_it_is_interrupted_it_ends_as_it_should(here: Surroundings) -> None:
    async with here.running() as bot:
        await bot.logged("discord_ready")
        while bot.process.returncode is None:
            with suppress(ProcessLookupError):
                # Not by ``send_signal``, which would take the exit code for itself if the process just ended.
                os.kill(bot.process.pid, signal.SIGINT)
            await asyncio.sleep(0.005)
        assert bot.process.returncode == 0
    assert loud(bot) == []


async def lines_of(main: str, before: str = "") -> list[dict[str, object]]:
    """Run a program that comes to its end with something left, and give what it logs, which is all that it writes."""
    program = (
        "import asyncio, os, signal, threading, time\n"
        "from bot.ending import Ending\n"
        "from bot.logs import set_up_logs\n"
        "set_up_logs(level='info', as_json=True)\n"
        f"{before}async def main():\n{main}"
        "asyncio.run(main())\n"
    )
    ended = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, timeout=PATIENCE
    )
    assert ended.returncode == 0
    return [json.loads(line) for line in ended.stderr.splitlines()]


async def test_what_hangs_for_good_is_left_at_last() -> None:
    (line,) = await lines_of(
        "    threading.Thread(target=threading.Event().wait, name='disk').start()\n"
        "    Ending(last_resort=0.2).heed(signal.SIGTERM)\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    await asyncio.to_thread(threading.Event().wait)\n"
    )
    assert (line["event"], line["level"]) == ("left_at_once", "warning")
    assert "disk" in str(line["threads"])


async def test_a_loop_that_hangs_is_left_at_last() -> None:
    (line,) = await lines_of(
        "    Ending(last_resort=0.2).heed(signal.SIGTERM)\n"
        "    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start()\n"
        "    time.sleep(60)\n"
    )
    assert line["event"] == "left_at_once"


async def test_a_signal_before_the_loop_is_there_counts() -> None:
    lines = await lines_of(
        "    ending.tell()\n    await asyncio.wait_for(ending.asked.wait(), 10)\n",
        "ending = Ending()\nending.heed(signal.SIGTERM)\nos.kill(os.getpid(), signal.SIGTERM)\n",
    )
    assert lines == []


_LEAVES = (
    "await Ending().step('disk', 0.1, asyncio.sleep(60))",
    "ending = Ending()\n    ending.asked.set()\n    await ending.unless_asked('disk', 0.1, held())",
)
"""The two ways to leave something behind: a step of the end, and a start that is asked to give up and does not."""


@pytest.mark.parametrize("leave", _LEAVES)
async def test_a_thread_that_finds_itself_left_behind_ends_in_a_quiet_line(leave: str) -> None:
    left, ended = await lines_of(
        "    loop = asyncio.get_running_loop()\n"
        "    def work():\n"
        "        while not loop.is_closed():\n"
        "            threading.Event().wait(0.01)\n"
        "        loop.call_soon_threadsafe(print)\n"
        "    threading.Thread(target=work, name='disk').start()\n"
        "    async def held():\n"
        "        for _ in range(2):\n"
        "            with contextlib.suppress(asyncio.CancelledError):\n"
        "                await asyncio.sleep(60)\n"
        f"    {leave}\n",
        "import contextlib\n",
    )
    assert (left["event"], left["what"]) == ("left_behind", "disk")
    assert (ended["event"], ended["thread"], ended["level"]) == ("thread_ended", "disk", "info")
