"""How every benchmark runs: in a scratch folder, within a bound, with the machine and the time above its table."""

from __future__ import annotations

import asyncio
import os
import platform
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure, table


async def report(
    measuring: Callable[[Path], Awaitable[Iterable[tuple[str, Sequence[Figure]]]]], bound_seconds: float
) -> None:
    """Measure in a scratch folder and print what was found."""
    began = time.perf_counter()
    with TemporaryDirectory(prefix="ftbot-benchmark-") as folder:
        async with asyncio.timeout(bound_seconds):
            sections = await measuring(Path(folder))
    print(f"{platform.python_implementation()} {platform.python_version()}, {platform.system()}", end=", ")
    print(f"{platform.machine()}, {os.cpu_count()} CPUs, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC\n")
    print(table(sections))
    print(f"\nMeasured in {time.perf_counter() - began:.0f} s.")
