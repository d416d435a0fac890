"""``ftbot upstream``: threads upstream, read-only."""

from __future__ import annotations

import asyncio
from functools import partial

from bot.cli.environment import command_settings
from bot.cli.output import CommandOutcome, print_json
from bot.config import Settings
from bot.core.schema.threads import (
    event_json,
    thread_json,
)
from bot.core.schema.times import SCHEMA, timestamp
from bot.core.text.sentences import shortened
from bot.core.upstream.report import FinishedRound, WatchOverview
from bot.terminal.console import error_output, foreign, output
from bot.terminal.upstream import poll_progress, round_report, watch_overview
from bot.wiring.clock import utc_now
from bot.wiring.watchlist import open_watchlist


def poll_threads(*, as_json: bool) -> CommandOutcome:
    """Answer ``ftbot upstream poll``. Raises ``UserError`` without a token, ``UpstreamError`` if GitHub refuses it."""
    settings = command_settings()
    return asyncio.run(_poll(settings, as_json=as_json))


def list_sources(*, as_json: bool) -> CommandOutcome:
    """Answer ``ftbot upstream list``."""
    settings = command_settings()
    return asyncio.run(_list(settings, as_json=as_json))


async def _poll(settings: Settings, *, as_json: bool) -> CommandOutcome:
    from bot.wiring.upstream import open_watcher  # GitHub's library takes its time to import

    async with open_watcher(settings) as tools:
        with poll_progress(shown=not as_json) as progress:
            round_ = await tools.watchlist.poll(partial(tools.watcher.poll, progress))
    if as_json:
        print_json(_round_json(round_))
    else:
        output().print(round_report(round_, utc_now()))
    for source, reason in round_.report.failed.items():
        error_output().print(foreign(f"ftbot: {source} could not be read: {shortened(reason, 300)}"), soft_wrap=True)
    all_failed = round_.report.failed.keys() >= {source.name for source in round_.overview.sources}
    return CommandOutcome.UPSTREAM if all_failed else CommandOutcome.ANSWERED


async def _list(settings: Settings, *, as_json: bool) -> CommandOutcome:
    async with open_watchlist(settings) as watchlist:
        overview = await watchlist.overview()
    if as_json:
        print_json({"schema": SCHEMA, **_overview_json(overview)})
    else:
        output().print(watch_overview(overview, utc_now()))
    return CommandOutcome.ANSWERED


def _round_json(round_: FinishedRound) -> dict[str, object]:
    report = round_.report
    return {
        "schema": SCHEMA,
        "requests": report.requests,
        "new": report.new,
        "events": [event_json(event) for event in round_.events],
        "failed": dict(report.failed),
        **_overview_json(round_.overview),
    }


def _overview_json(overview: WatchOverview) -> dict[str, object]:
    return {
        "watched": len(overview.threads),
        "open": overview.open,
        "sources": [
            {
                "source": source.name,
                "origin": source.origin.value,
                "checked": None if source.checked is None else timestamp(source.checked),
            }
            for source in overview.sources
        ],
        "threads": [thread_json(thread) for thread in overview.threads],
    }
