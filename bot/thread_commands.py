"""What the commands about threads on GitHub do: `ftbot watch` and `ftbot triage`, apart from what asks nobody."""

from __future__ import annotations

import asyncio

from bot.commands import Outcome, log_quietly, print_json
from bot.config import Settings, read_settings
from bot.core.github import GoneError, IssueRef, parse_ref
from bot.core.status import timestamp
from bot.core.thread_json import SCHEMA, audit_json, decision_json, event_json, issue_json, thread_json
from bot.core.triage.jsonl import to_json as classification_json
from bot.desks import utc_now
from bot.services.triage import Preview, Replayed
from bot.services.watchlist import Overview, Round
from bot.terminal import error_output, output
from bot.thread_desks import open_triage, open_watcher, open_watchlist
from bot.thread_terminal import poll_progress, preview_report, replay_report, round_report, watch_overview


def poll_threads(*, as_json: bool) -> Outcome:
    """Answer ``ftbot watch poll``. Raises ``UserError`` without a token, ``UpstreamError`` where GitHub refuses it."""
    settings = read_settings()
    log_quietly(settings)
    return asyncio.run(_poll(settings, as_json=as_json))


def list_sources(*, as_json: bool) -> Outcome:
    """Answer ``ftbot watch list``."""
    settings = read_settings()
    log_quietly(settings)
    return asyncio.run(_list(settings, as_json=as_json))


def triage_thread(thread: str, *, apply: bool, as_json: bool) -> Outcome:
    """Answer ``ftbot triage issue``. Raises ``UserError`` for what names no thread, or where nothing can be applied."""
    ref = parse_ref(thread)
    settings = read_settings()
    log_quietly(settings)
    return asyncio.run(_triage(settings, ref, apply=apply, as_json=as_json))


def replay_rules(*, as_json: bool) -> Outcome:
    """Answer ``ftbot triage replay``."""
    settings = read_settings()
    log_quietly(settings)
    return asyncio.run(_replay(settings, as_json=as_json))


async def _poll(settings: Settings, *, as_json: bool) -> Outcome:
    async with open_watcher(settings) as desk:
        with poll_progress(shown=not as_json) as progress:
            round_ = await desk.watchlist.poll(desk.watcher, progress)
    if as_json:
        print_json(_round_json(round_))
    else:
        output().print(round_report(round_, utc_now()))
    nothing_serves = round_.report.failed and not round_.overview.threads
    return Outcome.UPSTREAM if nothing_serves else Outcome.ANSWERED


async def _list(settings: Settings, *, as_json: bool) -> Outcome:
    async with open_watchlist(settings) as watchlist:
        overview = await watchlist.overview()
    if as_json:
        print_json({"schema": SCHEMA, **_overview_json(overview)})
    else:
        output().print(watch_overview(overview, utc_now()))
    return Outcome.ANSWERED


async def _triage(settings: Settings, ref: IssueRef, *, apply: bool, as_json: bool) -> Outcome:
    async with open_triage(settings, ref.repository, apply=apply) as triage:
        try:
            preview = await (triage.apply(ref) if apply else triage.preview(ref))
        except GoneError as error:
            error_output().print(f"ftbot: {error} Check the repository and the number.", soft_wrap=True)
            return Outcome.NOT_FOUND
    if as_json:
        print_json(_preview_json(preview))
    else:
        output().print(preview_report(preview, utc_now()))
    return Outcome.ANSWERED


async def _replay(settings: Settings, *, as_json: bool) -> Outcome:
    async with open_triage(settings) as triage:
        replayed = await triage.replay()
    if as_json:
        changed = [_replayed_json(each) for each in replayed if each.changed]
        print_json({"schema": SCHEMA, "threads": len(replayed), "changed": changed})
    else:
        output().print(replay_report(replayed))
    return Outcome.ANSWERED


def _round_json(round_: Round) -> dict[str, object]:
    report = round_.report
    return {
        "schema": SCHEMA,
        "requests": report.requests,
        "new": report.new,
        "events": [event_json(event) for event in round_.events],
        "failed": dict(report.failed),
        **_overview_json(round_.overview),
    }


def _overview_json(overview: Overview) -> dict[str, object]:
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


def _preview_json(preview: Preview) -> dict[str, object]:
    snapshot = preview.snapshot
    return {
        "schema": SCHEMA,
        "thread": issue_json(snapshot.issue),
        "classification": classification_json(snapshot.classification),
        "installed": snapshot.installed,
        "mode": snapshot.settings.mode.value,
        "problems": list(snapshot.problems),
        "decisions": [decision_json(decision) for decision in preview.decisions],
        "history": [audit_json(entry) for entry in preview.history],
    }


def _replayed_json(replayed: Replayed) -> dict[str, object]:
    thread = replayed.thread
    return {
        "repository": thread.issue.ref.repository,
        "number": thread.issue.ref.number,
        "title": thread.issue.title,
        "before": {"free_threading": thread.free_threading, "kinds": [kind.value for kind in thread.kinds]},
        "after": {"free_threading": replayed.free_threading, "kinds": [kind.value for kind in replayed.kinds]},
    }
