"""Processes of the program that kill themselves at a step if told, run by tests.

A module that calls ``serve`` imports everything once. For each line that it reads, a JSON list of runs, it forks a
process for each run, writes their process ids, waits for them, and writes how they ended. ``open_forge`` starts such a
module.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from bot.logs import set_up_logs
from tests.command_line import without_coverage
from tests.conftest import ROOT

_R = TypeVar("_R", bound=msgspec.Struct)


@dataclass(slots=True)
class Executioner:
    """Kills this process, without a chance to tidy up, at the nth time that it gets to a step."""

    step: str
    number: int
    seen: list[str] = field(default_factory=list)

    def __call__(self, step: str) -> None:
        self.seen.append(step)
        if step == self.step and self.seen.count(step) == self.number:
            os.kill(os.getpid(), signal.SIGKILL)

    def report(self, to: str) -> None:
        """Write the steps that were taken into a file, if one is named."""
        if to:
            Path(to).write_text(" ".join(self.seen), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Forge(Generic[_R]):
    """A process that has imported the program, and forks one that runs it as often as it is told to."""

    process: subprocess.Popen[str]

    async def start(self, runs: Sequence[_R]) -> list[int]:
        """Start processes; gives their ids."""
        assert self.process.stdin is not None
        self.process.stdin.write(msgspec.json.encode(runs).decode() + "\n")
        self.process.stdin.flush()
        return await self.numbers()

    async def numbers(self) -> list[int]:
        """Read a line of numbers: after the ids, the exit codes of all processes."""
        assert self.process.stdout is not None
        line = await asyncio.to_thread(self.process.stdout.readline)
        return [int(number) for number in line.split()]

    async def run(self, run: _R) -> int:
        """Run one process to its end; gives how it ended."""
        await self.start([run])
        (ending,) = await self.numbers()
        return ending


@contextmanager
def open_forge(module: str, _kind: type[_R]) -> Iterator[Forge[_R]]:
    """Start a module that serves runs of a kind."""
    arguments = [sys.executable, "-m", module]
    with subprocess.Popen(
        arguments,
        cwd=ROOT,
        env=without_coverage(),  # a process that is killed, or leaves by `os._exit`, would tell of none
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        yield Forge(process)


def serve(kind: type[_R], work: Callable[[_R], Awaitable[None]]) -> None:
    """Serve the test that started this."""
    set_up_logs(level="info", as_json=True, stream=sys.stderr)
    for line in sys.stdin:
        runs = [msgspec.json.decode(run, type=kind) for run in msgspec.json.decode(line, type=list[msgspec.Raw])]
        processes = [_fork(run, work) for run in runs]
        _say(processes)
        _say([os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for process in processes])


def _fork(run: _R, work: Callable[[_R], Awaitable[None]]) -> int:
    """Start a process of its own for a run."""
    process = os.fork()
    if process:
        return process
    ending = 1
    try:
        asyncio.run(_finish(work(run)))
        ending = 0
    finally:
        os._exit(ending)


async def _finish(work: Awaitable[None]) -> None:
    await work


def _say(numbers: Sequence[int]) -> None:
    sys.stdout.write(f"{' '.join(map(str, numbers))}\n")
    sys.stdout.flush()
