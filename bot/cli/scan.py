"""``ftbot scan``: judge the most downloaded packages with native code."""

from __future__ import annotations

import asyncio
import gc

from bot.cli.environment import command_settings
from bot.cli.output import CommandOutcome, print_json
from bot.config import Settings
from bot.core.schema.times import SCHEMA
from bot.terminal.console import output
from bot.terminal.scan import scan_progress, scan_report
from bot.wiring.packages import open_scanner


def scan_packages(*, top: int | None, as_json: bool) -> CommandOutcome:
    """Answer ``ftbot scan``. Raises ``UpstreamError`` where the index answers nothing and nothing is stored."""
    gc.enable()
    settings = command_settings()
    return asyncio.run(_scan(settings, settings.track if top is None else top, as_json=as_json))


async def _scan(settings: Settings, track: int, *, as_json: bool) -> CommandOutcome:
    async with open_scanner(settings) as scanner:
        with scan_progress(shown=not as_json) as progress:
            report = await scanner.scan(track, progress=progress)
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
            }
        )
    else:
        output().print(scan_report(report))
    return CommandOutcome.UPSTREAM if report.failed and not report.packages else CommandOutcome.ANSWERED
