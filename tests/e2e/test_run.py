"""``ftbot run`` as it is shipped: a process of its own between a Discord and an index on loopback."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from httpx_aiohttp import HttpxAiohttpClient

from tests.fakes.discord_interactions import CallbackType
from tests.fakes.discord_world import Message
from tests.fakes.fake_discord import FakeDiscord
from tests.fakes.fake_index import FakeIndex
from tests.fakes.index_pages import sdist, wheels

TOKEN = "MTE0NjU4ODQ2MDM3NDI0NTM5Ng.GxYzAb.q1w2e3r4t5y6u7i8o9p0a1s2d3f4g5h6j7k8l9"
PATIENCE = 20.0
"""Seconds; a start takes two of them on a machine with nothing else to do."""


def two_minutes_ago() -> datetime:
    """Tell the time as Discord does here, so that every card is old enough to be refreshed."""
    return datetime.now(UTC) - timedelta(minutes=2)


@dataclass(slots=True)
class Bot:
    """A running process and what it has written."""

    process: asyncio.subprocess.Process
    written: list[str] = field(default_factory=list)
    _wrote: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def read(self) -> None:
        """Read what the process writes until it ends."""
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            async with self._wrote:
                self.written.append(line.decode())
                self._wrote.notify_all()

    async def logged(self, event: str) -> dict[str, object]:
        """Wait for a log line and give it."""

        def found() -> dict[str, object] | None:
            lines: list[dict[str, object]] = [json.loads(line) for line in self.written]
            return next((line for line in lines if line["event"] == event), None)

        async with self._wrote:
            try:
                await asyncio.wait_for(self._wrote.wait_for(lambda: found() is not None), PATIENCE)
            except TimeoutError:
                raise AssertionError(f"no {event} in {self.written}") from None
        return found() or {}

    async def get(self, path: str) -> httpx.Response:
        """Ask the bot's own HTTP server."""
        port = (await self.logged("started"))["http_port"]
        async with HttpxAiohttpClient() as http:
            return await http.get(f"http://127.0.0.1:{port}{path}")

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Tell the process to stop, and give its exit code; it has ten seconds."""
        self.process.send_signal(number)
        return await asyncio.wait_for(self.process.wait(), 10)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The fakes, and how the program is started between them."""

    discord: FakeDiscord
    index: FakeIndex
    database: Path

    @asynccontextmanager
    async def running(self, **variables: str) -> AsyncIterator[Bot]:
        """Run the program while the block runs; it writes nothing but log lines, and no secret."""
        settings = {
            "FTBOT_DISCORD_TOKEN": TOKEN,
            "FTBOT_DISCORD_API_URL": self.discord.api_url,
            "FTBOT_DISCORD_GATEWAY_URL": self.discord.gateway_url,
            "FTBOT_INDEX_URL": self.index.index_url,
            "FTBOT_JSON_API_URL": self.index.json_api_url,
            "FTBOT_TOP_PACKAGES_URL": f"{self.index.url}/top-packages.json",
            "FTBOT_DATABASE": str(self.database),
            "FTBOT_TRACK": "0",
            "FTBOT_HTTP_PORT": "0",
            "FTBOT_LOG_FORMAT": "json",
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bot", "run"),
            env=os.environ | settings | variables,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        bot = Bot(process)
        reading = asyncio.create_task(bot.read())
        try:
            yield bot
        finally:
            if process.returncode is None:
                process.kill()
            await asyncio.wait_for(process.wait(), PATIENCE)
            await reading
        assert process.stdout is not None
        assert await process.stdout.read() == b""
        written = "".join(bot.written)
        assert TOKEN not in written
        assert not any(answer.token in written for answer in self.discord.answers)
        assert [line for line in bot.written if not line.startswith(("{", "ftbot: "))] == []


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Surroundings]:
    async with FakeDiscord(now=two_minutes_ago, token=TOKEN) as discord, FakeIndex() as index:
        index.publish(
            "lxml",
            [
                *wheels("lxml", "7.0", "cp314-cp314-win_amd64", "cp314-cp314-manylinux_2_28_x86_64"),
                *wheels("lxml", "7.0", "cp314-cp314t-manylinux_2_28_x86_64"),
                sdist("lxml", "7.0"),
            ],
            classifiers=["Programming Language :: Python :: Free Threading :: 2 - Beta"],
        )
        yield Surroundings(discord, index, tmp_path / "ftbot.db")
        assert discord.violations == []


def button(message: Message, label: str) -> str:
    return next(each.custom_id for each in message.buttons() if each.label == label)


async def test_a_life_from_start_to_sigterm(here: Surroundings) -> None:
    discord, index = here.discord, here.index
    general = discord.guild.channel("general")
    async with here.running() as bot:
        assert (await bot.get("/healthz")).text == "ok\n"
        await discord.connected(PATIENCE)
        assert discord.count("PUT", "/commands$") == 1

        # A question, and the same one while somebody else types it.
        message = await discord.slash("ftstatus", package="LXML").shown()
        assert message.text().startswith("### 🟡 lxml 7.0\n**Partly**: it installs on free-threaded Python 3.14t")
        assert not message.ephemeral
        typed = await discord.autocomplete("ftstatus", focus="package", value="lxm")
        assert (typed[0].name, typed[0].value) == ("lxml — 🟡 partly on 3.14t", "lxml")

        # A wheel is added, and the card refreshed where it stands.
        index.upload("lxml", *wheels("lxml", "7.0", "cp314-cp314t-win_amd64"))
        click = discord.click(message, button(message, "Refresh"))
        assert (await asyncio.wait_for(click.callback, PATIENCE)).type is CallbackType.UPDATE_MESSAGE
        assert message.text().startswith("### ✅ lxml 7.0")
        assert discord.messages(general) == [message]

        # What is wrong is told only to who asked.
        unknown = await discord.slash("ftstatus", package="lxlm").shown()
        bad = await discord.slash("ftstatus", package="@everyone").shown()
        stale = await discord.click_stale(message, "ft0:refresh:lxml").shown()
        assert (unknown.ephemeral, bad.ephemeral, stale.ephemeral) == (True, True, True)
        assert bad.text().startswith("`@everyone` isn't a valid package name.")
        assert stale.text() == "This button is from an older version. Run `/ftstatus` again."
        assert unknown.text().startswith("I couldn't find **lxlm** on PyPI. Did you mean ")
        used = await discord.click(unknown, button(unknown, "Use lxml")).shown()
        assert used.text().startswith("### ✅ lxml 7.0")
        assert all(not each.pings for each in (message, unknown, bad, stale, used))

        # What it says of itself.
        await bot.logged("discord_ready")
        ready = await bot.get("/readyz")
        assert (ready.status_code, ready.json()) == (200, {"discord": True, "database": True})
        metrics = (await bot.get("/metrics")).text.splitlines()
        assert 'ftbot_answers_total{command="ftstatus",outcome="answered"} 1.0' in metrics
        assert 'ftbot_answers_total{command="ftstatus",outcome="user_error"} 2.0' in metrics
        assert "ftbot_guilds 1.0" in metrics

        assert await bot.end() == 0
        answered = [line for line in map(json.loads, bot.written) if line["event"] == "answered"]
        assert all(line["interaction"] and line["command"] for line in answered)
        assert [json.loads(bot.written[-1])["event"]] == ["stopped"]


async def test_a_stop_finishes_the_answers_under_way_and_a_restart_is_warm(here: Surroundings) -> None:
    discord, index = here.discord, here.index
    async with here.running() as bot:
        await discord.connected(PATIENCE)
        hold = index.hold()
        running = discord.slash("ftstatus", package="lxml")
        await asyncio.wait_for(hold.arrived.wait(), PATIENCE)
        bot.process.send_signal(signal.SIGINT)
        await bot.logged("draining")
        late = await discord.slash("ftstatus", package="numpy").shown()
        assert (late.ephemeral, late.text()) == (True, "I am restarting. Ask again in a minute.")
        hold.release.set()
        message = await running.shown()
        assert await asyncio.wait_for(bot.process.wait(), 10) == 0
    await discord.until(lambda: not discord.gateway.connected)
    await index.stop()
    async with here.running() as bot:
        await discord.connected(PATIENCE)
        again = await discord.slash("ftstatus", package="lxml").shown()
        assert again.text() == message.text()
        assert again.text().startswith("### 🟡 lxml 7.0")
        assert discord.count("PUT", "/commands$") == 1
        click = discord.click(message, button(message, "Refresh"))
        await click.until(lambda: message.edited is not None, PATIENCE)
        assert message.text().startswith("The index could not be read now. This is what I knew <t:")
        assert await bot.end() == 0


async def test_a_stop_tells_whoever_it_cannot_answer_any_more(here: Surroundings) -> None:
    async with here.running() as bot:
        await here.discord.connected(PATIENCE)
        here.index.hold(times=None)
        running = here.discord.slash("ftstatus", package="lxml")
        assert (await running.callback).type is CallbackType.DEFERRED_MESSAGE
        assert await bot.end() == 0
        (told,) = await running.wait_for_followups(1)
        assert (told.ephemeral, told.text()) == (True, "I am restarting. Ask again in a minute.")
        here.index.heal()


async def test_a_first_connection_that_is_refused_is_survived(here: Surroundings) -> None:
    here.discord.refuse_connections(1)
    async with here.running() as bot:
        await bot.logged("discord_connection_failed")
        ready = await bot.get("/readyz")
        assert (ready.status_code, ready.json()) == (503, {"discord": False, "database": True})
        await here.discord.connected(PATIENCE)
        assert (await here.discord.slash("fthelp").shown()).ephemeral
        assert await bot.end() == 0


async def test_a_stop_while_discord_is_away_takes_no_time(here: Surroundings) -> None:
    here.discord.refuse_connections(1_000)
    async with here.running() as bot:
        await bot.logged("discord_connection_failed")
        assert await bot.end() == 0


async def test_a_token_that_discord_refuses_ends_it_with_a_sentence(here: Surroundings) -> None:
    async with here.running(FTBOT_DISCORD_TOKEN=TOKEN.replace("q1w2", "q1w3")) as bot:
        assert await asyncio.wait_for(bot.process.wait(), PATIENCE) == 2
    assert bot.written[-1].startswith("ftbot: Discord refused the bot's token. Copy it anew")
    assert "q1w3" not in "".join(bot.written)


async def test_the_recorded_numpy(here: Surroundings, shared: Path) -> None:
    here.index.load_recorded(shared / "data" / "simple", "numpy")
    async with here.running() as bot:
        await here.discord.connected(PATIENCE)
        message = await here.discord.slash("ftstatus", package="numpy").shown(PATIENCE)
        lines = message.text().splitlines()
        assert lines[0].startswith("### ✅ numpy 2.")
        assert any(line.startswith("✅ **3.14t** — Linux x86-64") for line in lines)
        assert any("since 2.3.2" in line for line in lines)
        assert "[Tracking issue](https://github.com/numpy/numpy/issues/26157)" in message.text()
        assert await bot.end() == 0
