"""Processes of our own making that get nothing of ours: no environment, and no more of the machine than they need."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_BLOCK = 64 << 10
_SECONDS_TO_DRAIN = 5.0
"""For what is left in the pipes of a process that has ended, which comes at once."""

_LIMITING = '{{ ulimit -c 0; ulimit -f {blocks}; ulimit -v {kib}; }} 2>/dev/null; exec "$0" "$@"'
"""What a shell does before it becomes the program; it goes on where the system does not know a limit."""


class LimitExceededError(Exception):
    """A process used more than it may."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a process may use, where the system can limit it (not on Windows, memory not on macOS).

    ``memory`` is bytes of address space, ``file`` bytes of each file that it writes, ``output`` bytes of what it says.
    """

    memory: int
    file: int
    output: int


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended, and what it wrote."""

    status: int
    out: str
    err: str


def bare_environment() -> dict[str, str]:
    """Return what a process cannot do without: nothing, but on Windows."""
    return {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where a process runs: its working directory, its environment, and nothing else of ours."""

    folder: Path
    environment: Mapping[str, str]


async def run(
    command: Sequence[str],
    text: str,
    place: Workplace,
    limits: Limits,
    watch: Callable[[], Coroutine[None, None, None]],
) -> Ended:
    """Run a program with a text as its input, and ``watch`` beside it, which ends it by what it raises.

    However this ends, the process and its children have ended with it. Raises ``LimitExceededError``, and where the
    system has no shell ``OSError`` for what cannot be run.
    """
    process = await _started(command, place, limits)
    try:
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(watch())
            tasks.create_task(_say(process, text))
            out = tasks.create_task(_hear(process.stdout, limits.output))
            err = tasks.create_task(_hear(process.stderr, limits.output))
            ended = Ended(await process.wait(), await out, await err)
            watching.cancel()
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    else:
        return ended
    finally:
        await end(process, group=True)


async def _started(command: Sequence[str], place: Workplace, limits: Limits) -> Process:
    """Start a process. Whoever is cancelled meanwhile ends it: asyncio would leave pipes open that it had half made."""
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            *_limited(command, limits),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            cwd=place.folder,
            env={**bare_environment(), **place.environment},
            start_new_session=sys.platform != "win32",  # so that its children can be ended with it
        )
    )
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        with suppress(OSError):
            await end(await starting, group=True)
        raise


async def end(process: Process, *, group: bool = False) -> None:
    """End a process, and with ``group`` all those that it started, if it leads a session of its own.

    What it wrote and nobody heard is heard out: until then its pipes stay open, and some Pythons wait for that.
    """
    if process.returncode is None:  # else its number may be another's by now
        with suppress(ProcessLookupError, PermissionError):  # macOS forbids to end a group of which all have ended
            if group and sys.platform != "win32":
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
    with suppress(TimeoutError):  # where a process that got away holds a pipe
        async with asyncio.timeout(_SECONDS_TO_DRAIN):
            await process.communicate()


def _limited(command: Sequence[str], limits: Limits) -> Sequence[str]:
    if sys.platform == "win32":
        return command
    limiting = _LIMITING.format(blocks=limits.file >> 9, kib=limits.memory >> 10)
    return ["/bin/sh", "-c", limiting, *command]


async def _say(process: Process, text: str) -> None:
    if process.stdin is None:
        return
    with suppress(ConnectionError):  # it ended without listening, of which its status tells
        process.stdin.write(text.encode())
        await process.stdin.drain()
    process.stdin.close()


async def _hear(stream: asyncio.StreamReader | None, most: int) -> str:
    heard = bytearray()
    while stream is not None and (block := await stream.read(_BLOCK)):
        heard += block
        if len(heard) > most:
            raise LimitExceededError
    return heard.decode("utf-8", "replace")
