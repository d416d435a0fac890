"""``ftbot scan``: judge the most downloaded packages with native code."""

from __future__ import annotations

import asyncio
import gc

from bot.cli.environment import command_settings
from bot.cli.output import CommandOutcome, print_json
from bot.config import Settings
from bot.core.inspection.inspection import InspectionReport
from bot.core.schema.inspection import inspected_json
from bot.core.schema.times import SCHEMA
from bot.terminal.console import output
from bot.terminal.scan import inspection_progress, inspection_report, scan_progress, scan_report
from bot.wiring.packages import open_scanner


def scan_packages(*, top: int | None, as_json: bool, inspect: bool) -> CommandOutcome:
    """Answer ``ftbot scan``; with ``inspect``, wheels are read, too.

    Raises ``UpstreamError`` where the index answers nothing and nothing is stored.
    """
    gc.enable()
    settings = command_settings()
    return asyncio.run(_scan(settings, settings.track if top is None else top, as_json=as_json, inspect=inspect))


async def _scan(settings: Settings, track: int, *, as_json: bool, inspect: bool) -> CommandOutcome:
    async with open_scanner(settings) as scanner:
        with scan_progress(shown=not as_json) as progress:
            report = await scanner.scan(track, progress=progress)
    inspected = await _inspect(settings, shown=not as_json) if inspect else None
    if as_json:
        print_json(
            {
                "schema": SCHEMA,
                "packages": report.packages,
                "requests": report.requests,
                "not_modified": report.not_modified,
                "bytes": report.bytes,
                "failed": list(report.failed),
                "verdicts": report.verdicts,
                "seconds": round(report.seconds, 3),
                **({} if inspected is None else {"inspected": inspected_json(inspected)}),
            }
        )
    else:
        output().print(scan_report(report))
        if inspected is not None:
            output().print(inspection_report(inspected))
    return CommandOutcome.UPSTREAM if report.failed and not report.packages else CommandOutcome.ANSWERED


async def _inspect(settings: Settings, *, shown: bool) -> InspectionReport:
    """Read the wheels that were not read yet, all of them."""
    from bot.wiring.tracked_wheels import open_tracked_wheels

    async with open_tracked_wheels(settings) as wheels:
        with inspection_progress(shown=shown) as progress:
            return await wheels.read(progress)
