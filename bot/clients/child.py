"""A process that runs a command of this program, says what it has to say in lines, and ends when it is let go.

It holds the reading end of a pipe of ours, and shall end when that ends: it does so however we end, on every system.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

_HOME = Path(__file__).resolve().parents[2]
_MAIN = next(path for path in (_HOME / "ftbot" / "__main__.py", _HOME / "__main__.py") if path.is_file())
"""The program: in a checkout beside our packages, installed in the folder that holds them."""

_REAPING_SECONDS = 1.0
"""How long a process that was killed is waited for: one that hangs in the disk goes later."""

_PIECE = 1 << 16
_SHORTEST_SECRET = 8
"""Characters: what is shorter stands in paths by chance."""


log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def own_command(*arguments: str) -> tuple[str, ...]:
    """Return how a command of this very program is run, whatever the working directory holds (``-P``)."""
    return (sys.executable, "-P", str(_MAIN), *arguments)


@dataclass(frozen=True, slots=True)
class Child:
    """A process that runs."""

    process: Process

    @property
    def pid(self) -> int:
        """Return its number."""
        return self.process.pid

    async def line(self) -> bytes:
        """Return the next line that it says, what is left of one at the end, then nothing.

        Raises ``ValueError`` where a line is too long.
        """
        return b"" if self.process.stdout is None else await self.process.stdout.readline()

    async def fate(self, seconds: float) -> str:
        """Return in half a sentence how it ended, which it has some seconds to do."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.process.wait(), seconds)
        code = self.process.returncode
        if code is None:
            return "closed its pipe"
        if code >= 0:
            return f"ended with code {code}"
        told = " Memory may have run out." if -code == getattr(signal, "SIGKILL", None) else ""
        return f"was ended by {_signal_name(-code)}.{told}".removesuffix(".")


@asynccontextmanager
async def running(command: Sequence[str], environment: Mapping[str, str], longest_line: int) -> AsyncIterator[Child]:
    """Start a process with an environment of its own; it is ended with the block. Raises ``OSError``."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=PIPE,
        stdout=PIPE,
        env=environment,
        limit=longest_line,
        # What a terminal sends to all that it runs (Ctrl-C) is for the bot, which then ends this one in its own time.
        start_new_session=True,
        creationflags=_low_priority(),
    )
    try:
        yield Child(process)
    finally:
        await _end(process)


def _low_priority() -> int:
    """Return how Windows is told that others come first; elsewhere the process says so itself."""
    if sys.platform == "win32":  # pragma: no cover — there only
        import subprocess  # noqa: PLC0415 — its names for this are there only

        return subprocess.BELOW_NORMAL_PRIORITY_CLASS | subprocess.CREATE_NEW_PROCESS_GROUP
    return 0


async def _end(process: Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    with suppress(ProcessLookupError):
        process.kill()
    try:
        async with asyncio.timeout(_REAPING_SECONDS):
            while process.stdout is not None and await process.stdout.read(_PIECE):
                pass  # its pipe is closed when it was read to the end
            await process.wait()
    except TimeoutError:
        log.warning("process_stays", pid=process.pid)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def inherited(secrets: Sequence[str], prefix: str) -> dict[str, str]:
    """Return our environment without the variables that begin with a prefix, and without any that holds a secret."""
    telling = [secret for secret in secrets if len(secret) >= _SHORTEST_SECRET]
    return {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(prefix) and not any(secret in value for secret in telling)
    }
