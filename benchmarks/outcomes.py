"""What one measured piece of work took: printed by the process that did it, read by the one that compares."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

_KIBIBYTES_IN_MIB = 1024


class Measurement(msgspec.Struct, frozen=True):
    """Wall time and CPU of some work in seconds, what it found, and the peak memory of its process in MiB."""

    wall: float
    cpu: float
    found: int
    failed: int = 0
    peak: float | None = None


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

    def outcome(self, found: int, failed: int = 0) -> Measurement:
        """Sum up, at the end of the process."""
        return Measurement(self.wall, self.cpu, found, failed, _peak())


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
