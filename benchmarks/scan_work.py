"""One scan or one digest by the program's own services, measured: ``python -m benchmarks.scan_work scan …``.

The settings are the environment's, as for ``ftbot scan``; only the clock is set, because the made projects have a date.
"""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import replace
from datetime import timedelta

from benchmarks.made_projects import NOW
from benchmarks.outcomes import Measurement, Stopwatch, tell
from bot.config import Settings, read_settings
from bot.core.digest.weeks import week_of
from bot.wiring.digest import open_digester
from bot.wiring.scan import open_scanner


async def _scan(settings: Settings, later: timedelta, connections: int | None) -> Measurement:
    stopwatch = Stopwatch()
    async with open_scanner(settings) as opened:
        scanner = replace(opened, now=lambda: NOW + later)
        scanner = scanner if connections is None else replace(scanner, connections=connections)
        with stopwatch.running():
            report = await scanner.scan(settings.track)
    return stopwatch.outcome(report.packages, len(report.failed))


async def _digest(settings: Settings) -> Measurement:
    stopwatch = Stopwatch()
    async with open_digester(settings) as opened:
        digester = replace(opened, now=lambda: NOW)
        with stopwatch.running():
            digest = await digester.digest(week_of(NOW.date()).before)
    return stopwatch.outcome(digest.tracked, len(digest.unread))


def main() -> None:
    """Do one piece of work and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", choices=("scan", "digest"))
    parser.add_argument("--hours-later", type=float, default=0.0, help="than the first scan (default: 0)")
    parser.add_argument("--connections", type=int, help="at once (default: the program's)")
    options = parser.parse_args()
    hours_later: float = options.hours_later
    connections: int | None = options.connections
    settings = read_settings()
    if options.work == "digest":
        tell(asyncio.run(_digest(settings)))
    else:
        tell(asyncio.run(_scan(settings, timedelta(hours=hours_later), connections)))


if __name__ == "__main__":
    main()
