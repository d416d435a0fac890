"""``ftbot scan``: judge the most downloaded packages with native code."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

from bot.cli.environment import command_settings
from bot.cli.output import CommandOutcome, print_json
from bot.config import Settings
from bot.core.schema.times import SCHEMA
from bot.services.packages.scan import Scanner, ScanReport
from bot.wiring.scan import open_scanner

if TYPE_CHECKING:  # what draws, and what reads wheels, is imported where it is wanted
    from bot.core.inspection.inspection import InspectionReport


def scan_packages(*, top: int | None, as_json: bool, inspect: bool) -> CommandOutcome:
    """Answer ``ftbot scan``; with ``inspect``, wheels are read, too.

    Raises ``UpstreamError`` where the index answers nothing and nothing is stored.
    """
    gc.enable()
    settings = command_settings()
    return asyncio.run(_scan(settings, settings.track if top is None else top, as_json=as_json, inspect=inspect))


async def _scan(settings: Settings, track: int, *, as_json: bool, inspect: bool) -> CommandOutcome:
    async with open_scanner(settings) as scanner:
        report = await (scanner.scan(track) if as_json else _scan_shown(scanner, track))
    inspected = await _inspect(settings, shown=not as_json) if inspect else None
    if as_json:
        _print_json(report, inspected)
    else:
        _draw(settings, report, inspected)
    return CommandOutcome.UPSTREAM if report.failed and not report.packages else CommandOutcome.ANSWERED


async def _scan_shown(scanner: Scanner, track: int) -> ScanReport:
    """Scan, and show how far it is."""
    from bot.terminal.scan import scan_progress

    with scan_progress() as progress:
        return await scanner.scan(track, progress=progress)


async def _inspect(settings: Settings, *, shown: bool) -> InspectionReport:
    """Read the wheels that were not read yet, all of them."""
    from bot.terminal.scan import inspection_progress
    from bot.wiring.tracked_wheels import open_tracked_wheels

    async with open_tracked_wheels(settings) as wheels:
        with inspection_progress(shown=shown) as progress:
            return await wheels.read(progress)


def _print_json(report: ScanReport, inspected: InspectionReport | None) -> None:
    told: dict[str, object] = {
        "schema": SCHEMA,
        "packages": report.packages,
        "requests": report.requests,
        "not_modified": report.not_modified,
        "bytes": report.bytes,
        "failed": list(report.failed),
        "verdicts": report.verdicts,
        "seconds": round(report.seconds, 3),
    }
    if inspected is not None:
        from bot.core.schema.inspection import inspected_json

        told["inspected"] = inspected_json(inspected)
    print_json(told)


def _draw(settings: Settings, report: ScanReport, inspected: InspectionReport | None) -> None:
    from bot.core.site.whole_lists import WholeLists
    from bot.terminal.console import output
    from bot.terminal.scan import inspection_report, scan_report

    whole = WholeLists(settings.site_address)
    output().print(scan_report(report, whole), soft_wrap=True)
    if inspected is not None:
        output().print(inspection_report(inspected, whole))
