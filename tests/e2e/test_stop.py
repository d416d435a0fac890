"""A stop takes ten seconds at most, whatever hangs, and says nothing that looks like an error."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.e2e.program import PATIENCE, TOKEN, Bot, running
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
        settings = {
            "FTBOT_DISCORD_TOKEN": TOKEN,
            "FTBOT_DISCORD_API_URL": self.to_discord.address(self.discord.api_url),
            "FTBOT_DISCORD_GATEWAY_URL": self.to_discord.address(self.discord.gateway_url),
            "FTBOT_INDEX_URL": self.to_index.address(self.index.index_url),
            "FTBOT_JSON_API_URL": self.to_index.address(self.index.json_api_url),
            "FTBOT_TOP_PACKAGES_URL": self.to_index.address(f"{self.index.url}/top-packages.json"),
            "FTBOT_DATABASE": str(self.database),
            "FTBOT_TRACK": "0",
        }
        async with running(settings | variables, [TOKEN]) as bot:
            yield bot


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


async def seconds_to_end(bot: Bot, number: signal.Signals = signal.SIGTERM) -> float:
    """Tell the program to stop, and give how long it took."""
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


async def lines_of(main: str) -> list[dict[str, object]]:
    """Run a program that comes to its end with something left, and give what it logs, which is all that it writes."""
    program = (
        "import asyncio, threading\n"
        "from bot.ending import Ending\n"
        "from bot.logs import set_up_logs\n"
        "set_up_logs(level='info', as_json=True)\n"
        f"async def main():\n{main}"
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
        "    ending = Ending(last_resort=0.2)\n"
        "    ending.ask()\n"
        "    await asyncio.to_thread(threading.Event().wait)\n"
    )
    assert (line["event"], line["level"]) == ("left_at_once", "warning")
    assert "disk" in str(line["threads"])


async def test_a_thread_that_finds_itself_left_behind_ends_in_a_quiet_line() -> None:
    left, ended = await lines_of(
        "    loop = asyncio.get_running_loop()\n"
        "    def work():\n"
        "        while not loop.is_closed():\n"
        "            threading.Event().wait(0.01)\n"
        "        loop.call_soon_threadsafe(print)\n"
        "    threading.Thread(target=work, name='disk').start()\n"
        "    await Ending().step('disk', 0.1, asyncio.sleep(60))\n"
    )
    assert (left["event"], left["what"]) == ("left_behind", "disk")
    assert (ended["event"], ended["thread"], ended["level"]) == ("thread_ended", "disk", "info")
