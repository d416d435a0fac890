"""What reading the modules of wheels on the disk takes: CPU and memory of the process that reads them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import MILLISECONDS, Figure, Limit, median, percentile
from bot.clients.inspector import ModuleReader, open_module_reader
from bot.clients.wheel_files import open_local
from bot.core.errors import UnreadableWheelError
from bot.core.inspection.modules import ExtensionModule
from bot.core.inspection.zip_directory import STORED, Member

_NANOSECONDS = 1e9
_KIBIBYTE = 1 << 10
_MEBIBYTE = 1 << 20
_NUMPY = re.compile(r"numpy-.*manylinux[^-]*_x86_64\.whl")
_WHEEL_SECONDS = 0.3
_TIMES_LARGEST = 4.0


@dataclass(frozen=True, slots=True)
class WheelCost:
    """What reading one wheel took: CPU by module, that of the process without them, its memory, and what it read.

    Seconds and bytes; None where this system does not tell. ``idle`` is the memory of a process that has read nothing.
    """

    wheel: str
    modules: tuple[ExtensionModule, ...]
    seconds: tuple[float, ...]
    start_seconds: float | None
    idle: int | None
    peak: int | None
    largest: int

    @property
    def total(self) -> float | None:
        """Return the CPU of the process, its start included."""
        return None if self.start_seconds is None else self.start_seconds + sum(self.seconds)


async def cost_of(path: Path) -> WheelCost:
    """Read a wheel in a process of its own, as ``ftbot inspect`` does."""
    modules: list[ExtensionModule] = []
    seconds: list[float] = []
    largest = 0
    async with open_local(path) as wheel, open_module_reader() as reader:
        start, idle = await _started(reader)
        before = start
        async for member, data in wheel.modules():
            try:
                modules += (await reader.read(member, data)).modules
            except UnreadableWheelError as error:
                print(f"{path.name}: {error}")
            largest = max(largest, member.size)
            after = _cpu(reader.pid)
            if before is not None and after is not None:
                seconds.append(after - before)
            before = after
        return WheelCost(path.name, tuple(modules), tuple(seconds), start, idle, _peak(reader.pid), largest)


async def _started(reader: ModuleReader) -> tuple[float | None, int | None]:
    """Start the process by an empty file, and return the CPU and the memory that it takes."""
    await reader.read(Member("empty.so", STORED, 0, 0, 0, 0), b"")
    return _cpu(reader.pid), _peak(reader.pid)


def figures_of(costs: Sequence[WheelCost]) -> list[Figure]:
    """Sum up what reading wheels took."""
    seconds = [each for cost in costs for each in cost.seconds]
    if not seconds:
        return [Figure("CPU for a module", None, note="this system does not tell")]
    largest = max(costs, key=lambda cost: cost.largest)
    slowest = max(costs, key=lambda cost: cost.total or 0)
    numpy = next((cost for cost in costs if _NUMPY.fullmatch(cost.wheel)), None)
    figures = [
        Figure("CPU for a module, median", median(seconds) * MILLISECONDS, note=f"of {len(seconds)}"),
        Figure("CPU for a module, p90", percentile(seconds, 90) * MILLISECONDS),
        Figure("CPU for a module, most", max(seconds) * MILLISECONDS),
        Figure("CPU of starting a process", median([cost.start_seconds or 0 for cost in costs]) * MILLISECONDS),
        Figure("CPU for a wheel, most", (slowest.total or 0) * MILLISECONDS, note=slowest.wheel.partition("-")[0]),
    ]
    if numpy is not None:
        limit = Limit(_WHEEL_SECONDS * MILLISECONDS)
        note = f"{len(numpy.seconds)} modules, with the start of the process"
        figures.append(Figure("CPU for numpy's wheel", (numpy.total or 0) * MILLISECONDS, "ms", limit, note))
    return [*figures, *_memory(largest)]


def _memory(cost: WheelCost) -> list[Figure]:
    if cost.peak is None or cost.idle is None:
        return [Figure("memory of the process", None, "MiB")]
    note = f"{cost.wheel.partition('-')[0]}, whose largest module has {cost.largest / _MEBIBYTE:.1f} MiB"
    return [
        Figure("memory of an idle process", cost.idle / _MEBIBYTE, "MiB"),
        Figure("memory of the process, peak", cost.peak / _MEBIBYTE, "MiB", note=note),
        Figure("peak by the largest module", cost.peak / cost.largest, "times", Limit(_TIMES_LARGEST)),
        Figure("the same without what it takes idle", (cost.peak - cost.idle) / cost.largest, "times"),
    ]


def _cpu(pid: int | None) -> float | None:
    """Return the seconds of CPU that a process has used, to the nanosecond; clock ticks are too coarse."""
    try:
        used = [int(task.read_text().split()[0]) for task in Path(f"/proc/{pid}/task").glob("*/schedstat")]
        return sum(used) / _NANOSECONDS if used else None
    except (OSError, ValueError, IndexError):
        return None


def _peak(pid: int | None) -> int | None:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * _KIBIBYTE for line in lines if line.startswith("VmHWM:")), None)
