"""Several ``ftbot run`` on one PostgreSQL database: one leads, and the next one does when it is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.databases import open_database
from tests.e2e.program import TOKEN, Bot, running
from tests.fakes.cable import Cable
from tests.fakes.fake_discord import FakeDiscord
from tests.fakes.fake_index import FakeIndex
from tests.fakes.index_pages import wheels
from tests.patience import at_most
from tests.postgres import Server

TEN_MINUTES = 600
CLOCKS = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
"""What sets the clock of one process (on Debian: ``apt install faketime``)."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """What the processes share."""

    discord: FakeDiscord
    index: FakeIndex
    database: str
    top_list: str

    async def start(self, stack: AsyncExitStack, **variables: str) -> Bot:
        """Start one, and wait until it has."""
        settings = {
            "FTBOT_DISCORD_TOKEN": TOKEN,
            "FTBOT_DISCORD_API_URL": self.discord.api_url,
            "FTBOT_DISCORD_GATEWAY_URL": self.discord.gateway_url,
            "FTBOT_INDEX_URL": self.index.index_url,
            "FTBOT_JSON_API_URL": self.index.json_api_url,
            "FTBOT_TOP_PACKAGES_URL": self.top_list,
            "FTBOT_INSPECT": "0",
            "FTBOT_DATABASE": self.database,
            "FTBOT_TRACK": "5",
        }
        bot = await stack.enter_async_context(running(settings | variables, [TOKEN]))
        await bot.logged("started")
        return bot


@pytest.fixture
async def fleet(postgres_url: str, tmp_path: Path) -> AsyncIterator[Fleet]:
    async with FakeDiscord(token=TOKEN) as discord, FakeIndex() as index:
        for name in ("numpy", "scipy"):
            index.publish(name, wheels(name, "2.4", "cp314-cp314-manylinux_2_28_x86_64"))
        top_list = tmp_path / "top.txt"
        await asyncio.to_thread(top_list.write_text, "numpy\nscipy\n")
        yield Fleet(discord, index, postgres_url, str(top_list))


def said(bot: Bot, event: str) -> bool:
    """Return whether a process has logged something."""
    return any(f'"event": "{event}"' in line for line in bot.written)


def leaders(bots: Sequence[Bot]) -> list[bool]:
    """Return which processes have led."""
    return [said(bot, "leading") for bot in bots]


async def test_one_scans_and_when_it_is_killed_the_next_one_does(fleet: Fleet) -> None:
    async with AsyncExitStack() as stack:
        first = await fleet.start(stack)
        await first.logged("scanned")
        others = [await fleet.start(stack) for _ in range(2)]
        for other in others:
            await other.logged("lead_not_taken")
        assert leaders([first, *others]) == [True, False, False]
        assert (await first.logged("leading"))["epoch"] == 1
        await first.end(signal.SIGKILL)
        heir, spare = await next_leader(others)
        assert (await heir.logged("leading"))["epoch"] == 2
        await heir.logged("scanned")
        assert await heir.end() == 0
        assert (await spare.logged("leading"))["epoch"] == 3
        assert await spare.end() == 0


def set_clock(seconds: int) -> dict[str, str]:
    """Return the variables that set a process's clock ahead."""
    return {"LD_PRELOAD": str(CLOCKS[0]), "FAKETIME": f"{seconds:+d}s"}


async def test_a_leader_whose_network_falls_silent_stops_with_its_scan_before_another_leads(
    fleet: Fleet, postgres_server: Server
) -> None:
    """Their clocks are 20 minutes apart, where there is what does that: nothing may rest on them."""
    before, after = (set_clock(-TEN_MINUTES), set_clock(TEN_MINUTES)) if CLOCKS else ({}, {})
    held = fleet.index.hold()
    cable = Cable(postgres_server.port)
    async with cable.laid(fleet.database) as far, AsyncExitStack() as stack:
        leader = await fleet.start(stack, FTBOT_DATABASE=far, **before)
        pid = (await leader.logged("scan_started"))["pid"]
        assert isinstance(pid, int)
        await asyncio.wait_for(held.arrived.wait(), at_most(30))
        heir = await fleet.start(stack, **after)
        await heir.logged("lead_not_taken")
        assert [said(bot, "clock_differs") for bot in (leader, heir)] == [bool(CLOCKS)] * 2

        cable.fall_silent()
        began = time.monotonic()
        stopped = await leader.logged("job_stopped")
        assert stopped["job"] == "scan what is due"
        assert said(leader, "leading_no_longer")
        assert time.monotonic() - began < at_most(6)
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        assert not said(heir, "leading")
        cable.let_go()
        assert (await heir.logged("leading"))["epoch"] == 2
        held.release.set()
        cable.speak_again()
        await heir.logged("scanned")
        await leader.until(lambda: any("Another process leads." in line for line in leader.written))
        async with open_database(fleet.database) as database:
            assert await database.read("SELECT epoch FROM leadership") == [(2,)]
            assert await database.read("SELECT COUNT(*) FROM scans WHERE ended IS NULL") == [(0,)]
        assert not said(leader, "scanned")
        assert [await bot.end() for bot in (leader, heir)] == [0, 0]


async def test_a_leader_that_hangs_is_led_on_without_and_does_not_act_when_it_wakes(fleet: Fleet) -> None:
    async with AsyncExitStack() as stack:
        leader = await fleet.start(stack)
        await leader.logged("scanned")
        heir = await fleet.start(stack)
        await heir.logged("lead_not_taken")
        leader.process.send_signal(signal.SIGSTOP)
        assert (await heir.logged("leading"))["epoch"] == 2
        leader.process.send_signal(signal.SIGCONT)
        await leader.logged("leading_no_longer")
        await leader.logged("lead_not_taken")
        assert [await bot.end() for bot in (leader, heir)] == [0, 0]


async def next_leader(bots: Sequence[Bot]) -> tuple[Bot, Bot]:
    """Wait until one of two leads, and return it first."""
    waiting = {asyncio.create_task(bot.logged("leading")): bot for bot in bots}
    done, pending = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    (heir,) = (waiting[task] for task in done)
    (spare,) = (waiting[task] for task in pending)
    return heir, spare


@pytest.mark.no_cover
async def test_they_share_shards_and_one_that_ends_leaves_its_own_at_once(fleet: Fleet) -> None:
    gateway = fleet.discord.gateway
    gateway.shards = gateway.max_concurrency = 4

    def connected() -> list[int]:
        return sorted(session.shard for session in gateway.sessions if session.connection is not None)

    async with AsyncExitStack() as stack:
        first = await fleet.start(stack, FTBOT_TRACK="0")
        await fleet.discord.until(lambda: connected() == [0, 1, 2, 3])
        second = await fleet.start(stack, FTBOT_TRACK="0")
        await fleet.discord.until(lambda: gateway.identifies == 6 and connected() == [0, 1, 2, 3], 60)
        await second.logged("discord_ready")
        assert await first.end() == 0
        await fleet.discord.until(lambda: gateway.identifies == 8 and connected() == [0, 1, 2, 3], 60)
        assert await second.end() == 0
    assert (gateway.doubled, gateway.too_soon) == (0, 0)
