"""The whole program in a process of its own: started between fakes, asked over HTTP, read by its log lines, stopped."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
from httpx_aiohttp import HttpxAiohttpClient

from tests.patience import at_most

TOKEN = "MTE0NjU4ODQ2MDM3NDI0NTM5Ng.GxYzAb.q1w2e3r4t5y6u7i8o9p0a1s2d3f4g5h6j7k8l9"
COMMAND = (sys.executable, "-m", "ftbot", "run")
PATIENCE = at_most(60)
"""Seconds; a start takes two of them on a machine with nothing else to do."""


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

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait until something is so; it is looked at after every log line, which follows whatever the bot does."""
        async with self._wrote:
            try:
                await asyncio.wait_for(self._wrote.wait_for(reached), PATIENCE)
            except TimeoutError:
                raise AssertionError(f"it never was so: {self.written}") from None

    async def get(self, path: str, where: str = "http_port") -> httpx.Response:
        """Ask the bot's own HTTP server."""
        port = (await self.logged("started"))[where]
        async with HttpxAiohttpClient() as http:
            return await http.get(f"http://127.0.0.1:{port}{path}")

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Return the process to stop, and give its exit code; it ends by itself if all is well."""
        self.process.send_signal(number)
        return await asyncio.wait_for(self.process.wait(), PATIENCE)


@asynccontextmanager
async def running(settings: dict[str, str], secrets: Sequence[str] = ()) -> AsyncIterator[Bot]:
    """Run the program while the block runs; it writes nothing but log lines, and no secret."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        env=os.environ | {"FTBOT_HTTP_PORT": "0", "FTBOT_LOG_FORMAT": "json"} | settings,
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
    assert not any(secret in written for secret in secrets)
    odd = [line for line in bot.written if not line.startswith(("{", "ftbot: "))]
    assert odd == [], odd
