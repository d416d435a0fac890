"""What one measured piece of work took: printed by the process that did it, read by the one that compares."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from benchmarks.figures import percentile

_TICK = 0.005
_KIBIBYTES_IN_MIB = 1024


class Gaps(msgspec.Struct, frozen=True):
    """How long an event loop did not come round, in seconds, and the CPU that its thread had in the longest gap.

    A gap with little CPU of the thread's own was waiting: for the interpreter's lock, or for a CPU of the machine.
    """

    longest: float
    p999: float
    own_cpu: float
    ticks: int


class Measurement(msgspec.Struct, frozen=True):
    """Wall time and CPU of some work in seconds, what it found, and the peak memory of its process in MiB."""

    wall: float
    cpu: float
    found: int
    failed: int = 0
    peak: float | None = None
    gaps: Gaps | None = None


@dataclass(slots=True)
class Stopwatch:
    """Counts wall time and CPU, of all threads, while it runs."""

    wall: float = 0.0
    cpu: float = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the time of the block."""
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self.wall += time.perf_counter() - wall
            self.cpu += time.process_time() - cpu

    def outcome(self, found: int, failed: int = 0, gaps: Gaps | None = None) -> Measurement:
        """Sum up, at the end of the process."""
        return Measurement(self.wall, self.cpu, found, failed, _peak(), gaps)


@dataclass(slots=True)
class Ticker:
    """A task that wants to run every five milliseconds, and notes how long it did not."""

    _gaps: list[tuple[float, float]] = field(default_factory=list)

    @asynccontextmanager
    async def ticking(self) -> AsyncIterator[None]:
        """Tick while the block runs."""
        task = asyncio.create_task(self._tick())
        try:
            yield
        finally:
            task.cancel()

    def gaps(self) -> Gaps:
        """Sum up the gaps; each holds the five milliseconds for which the task sleeps."""
        waits = [wait for wait, _ in self._gaps]
        longest, own = max(self._gaps, default=(0.0, 0.0))
        return Gaps(longest, percentile(waits, 99.9) if waits else 0.0, own, len(waits))

    async def _tick(self) -> None:
        came, used = time.perf_counter(), time.thread_time()
        while True:
            await asyncio.sleep(_TICK)
            now, cpu = time.perf_counter(), time.thread_time()
            self._gaps.append((now - came, cpu - used))
            came, used = now, cpu


def tell(outcome: Measurement) -> None:
    """Print an outcome for the process that compares."""
    sys.stdout.buffer.write(msgspec.json.encode(outcome) + b"\n")


def _peak() -> float | None:
    """Return the most memory that this process ever had, where the system tells; children are not in it."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return None
    sizes = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(sizes["VmHWM"].split(maxsplit=1)[0]) / _KIBIBYTES_IN_MIB
