"""Bots that benchmarks ask: processes of their own, connected to the fake Discord of the tests, which runs here."""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import astuple, dataclass, field
from pathlib import Path

from benchmarks.loopback_index import MODEL
from benchmarks.processes import Footprint, environment, footprint, running
from tests.fakes.discord_interactions import Answer, CallbackType
from tests.fakes.discord_world import Guild
from tests.fakes.fake_discord import FakeDiscord

_START_SECONDS = 20.0
_ANSWER_SECONDS = 30.0

Ask = Callable[[], Awaitable[float]]


@dataclass(frozen=True, slots=True)
class Subject:
    """A bot under measurement: its process, with others of a fleet, and the Discord that it is connected to."""

    discord: FakeDiscord
    pid: int
    others: tuple[int, ...] = ()

    async def ask(self, package: str = MODEL, guild: Guild | None = None) -> float:
        """Use ``/ftstatus``; give the seconds from the event to the bot's answer."""
        answer = await self._first_answer(package, guild)
        assert answer.latency is not None
        return answer.latency

    async def read(self, package: str, guild: Guild | None = None) -> tuple[float, str]:
        """Use ``/ftstatus``; give the seconds until the card is there, and its text."""
        started = time.perf_counter()
        answer = await self._first_answer(package, guild)
        message = await answer.shown(_ANSWER_SECONDS)
        return time.perf_counter() - started, message.text()

    async def type(self, text: str) -> float:
        """Type into the option; give the seconds until the choices are there."""
        started = time.perf_counter()
        await self.discord.autocomplete("ftstatus", focus="package", value=text)
        return time.perf_counter() - started

    def footprint(self) -> Footprint | None:
        """Read what its processes take together."""
        found = [footprint(pid) for pid in (self.pid, *self.others)]
        each = [taken for taken in found if taken is not None]
        if len(each) < len(found):
            return None
        return Footprint(*(sum(values) for values in zip(*map(astuple, each), strict=True)))

    async def _first_answer(self, package: str, guild: Guild | None) -> Answer:
        answer = self.discord.slash("ftstatus", guild=guild, package=package)
        callback = await asyncio.wait_for(answer.callback, _ANSWER_SECONDS)
        assert callback.type in {CallbackType.MESSAGE, CallbackType.DEFERRED_MESSAGE}
        return answer


@dataclass(slots=True)
class Run:
    """What asking many times gave: a latency for each answer, the time that all took, the CPU that the bot took."""

    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0
    cpu: float | None = 0.0

    @property
    def rate(self) -> float:
        """Return the answers a second."""
        return len(self.latencies) / self.seconds

    @property
    def cpu_each(self) -> float | None:
        """Return the seconds of CPU for an answer."""
        return None if self.cpu is None else self.cpu / len(self.latencies)

    async def add(self, subject: Subject, ask: Ask, count: int, at_once: int) -> None:
        """Ask so many times more, with so many questions under way at any time."""
        gc.disable()  # this process remembers every answer: looking through them would stop both for up to a second
        before, started = subject.footprint(), time.perf_counter()
        left = iter(range(count))

        async def one_after_another() -> None:
            for _ in left:
                self.latencies.append(await ask())

        await asyncio.gather(*(one_after_another() for _ in range(at_once)))
        self.seconds += time.perf_counter() - started
        after = subject.footprint()
        gc.freeze()
        gc.enable()
        if self.cpu is not None:
            self.cpu = None if before is None or after is None else self.cpu + after.cpu - before.cpu


def bot_environment(discord: FakeDiscord, index: str, database: str, **settings: str) -> dict[str, str]:
    """Return the environment of an ``ftbot run`` as in a container, with JSON lines about every answer."""
    usual = {
        "index_url": f"{index}simple/",
        "json_api_url": f"{index}pypi/",
        "database": database,
        "discord_token": discord.token,
        "discord_api_url": discord.api_url,
        "discord_gateway_url": discord.gateway_url,
        "http_port": "0",
        "track": "0",
        "log_format": "json",
    }
    env = environment(**(usual | settings))
    env.pop("PYTHONPATH")  # each build finds its own packages
    return env


@asynccontextmanager
async def open_bot(folder: Path, index: str, command: Sequence[str], name: str = "ftbot") -> AsyncIterator[Subject]:
    """Run ``ftbot run`` with a database on disk; it tracks nothing."""
    async with FakeDiscord(validate=False) as discord:
        env = bot_environment(discord, index, str(folder / f"{name}.db"))
        async with running(command, folder, env, f"{name}.log") as process:
            await discord.connected(_START_SECONDS)
            yield Subject(discord, process.pid)


@asynccontextmanager
async def open_floor(folder: Path) -> AsyncIterator[Subject]:
    """Run the bot that does nothing."""
    async with FakeDiscord(validate=False) as discord:
        command = (
            *(sys.executable, "-m", "benchmarks.floor_bot"),
            *(discord.api_url, discord.gateway_url, discord.token),
        )
        async with running(command, folder, environment(), "floor.log") as process:
            await discord.connected(_START_SECONDS)
            yield Subject(discord, process.pid)
