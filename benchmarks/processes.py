"""Processes that a benchmark measures or needs: started, watched and always ended."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_END_SECONDS = 10.0
_MEBIBYTE = 1024.0  # of the kibibytes in which Linux tells sizes


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a process takes, from ``/proc``: memory in MiB, now and at its peak, and CPU in seconds since its start."""

    resident: float
    peak: float
    cpu: float


def environment(**settings: str) -> dict[str, str]:
    """Return this process's environment with these settings of the program instead of its own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FTBOT_")}
    return inherited | {"PYTHONPATH": str(ROOT)} | {f"FTBOT_{name.upper()}": value for name, value in settings.items()}


def ftbot(*arguments: str) -> tuple[str, ...]:
    """Return the command line of the installed program, of the same environment as this benchmark."""
    name = "ftbot.exe" if sys.platform == "win32" else "ftbot"
    installed = Path(sys.executable).with_name(name)
    return (str(installed), *arguments) if installed.exists() else (sys.executable, "-m", "bot", *arguments)


@asynccontextmanager
async def running(
    command: Sequence[str], folder: Path, env: Mapping[str, str], log: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a program in a folder, its standard error in a file there, and end it with the block."""
    with (folder / log).open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env=env,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _END_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()


async def said(process: asyncio.subprocess.Process, seconds: float) -> str:
    """Wait for the first line that a process prints."""
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), seconds)
    assert line, "a process ended before it was ready"
    return line.decode().strip()


def footprint(pid: int) -> Footprint | None:
    """Read what a process takes; None where there is no ``/proc``."""
    folder = Path(f"/proc/{pid}")
    if not folder.is_dir():
        return None
    sizes = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
    times = (folder / "stat").read_text().rpartition(")")[2].split()
    ticks = int(times[11]) + int(times[12])  # utime and stime: fields 14 and 15 of proc_pid_stat(5)
    return Footprint(
        resident=_kibibytes(sizes["VmRSS"]) / _MEBIBYTE,
        peak=_kibibytes(sizes["VmHWM"]) / _MEBIBYTE,
        cpu=ticks / os.sysconf("SC_CLK_TCK"),
    )


def cpu_of_children() -> float:
    """Return the CPU in seconds of the processes that have ended, with those that they started."""
    try:
        import resource  # noqa: PLC0415 — not on every system
    except ImportError:
        times = os.times()
        return times.children_user + times.children_system
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _kibibytes(text: str) -> int:
    return int(text.split(maxsplit=1)[0])
