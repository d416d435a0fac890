"""``ftbot triage issue`` and ``replay``: what would be done to threads, and what other rules would do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.cli.environment import command_settings
from bot.cli.output import CommandOutcome, print_json
from bot.config import Settings
from bot.core.classify.jsonl import to_json as classification_json
from bot.core.github.threads import GoneError, IssueRef, parse_ref
from bot.core.schema.threads import audit_json, decision_json, entry_json, gil_json, issue_json
from bot.core.schema.times import SCHEMA
from bot.core.triage.changeset import OutboxEntry, Progress
from bot.core.triage.preview import Preview, Replayed
from bot.terminal.console import error_output, foreign, output
from bot.terminal.triage import entry_line, preview_report, replay_report
from bot.wiring.clock import utc_now
from bot.wiring.triage import open_triage


def triage_thread(thread: str, *, apply: bool, as_json: bool) -> CommandOutcome:
    """Answer ``ftbot triage issue``. Raises ``UserError`` for what names no thread, or where nothing can be applied."""
    ref = parse_ref(thread)
    settings = command_settings()
    return asyncio.run(_triage(settings, ref, apply=apply, as_json=as_json))


def replay_rules(*, as_json: bool) -> CommandOutcome:
    """Answer ``ftbot triage replay``."""
    settings = command_settings()
    return asyncio.run(_replay(settings, as_json=as_json))


async def _triage(settings: Settings, ref: IssueRef, *, apply: bool, as_json: bool) -> CommandOutcome:
    async with open_triage(settings, ref.repository, apply=apply) as tools:
        try:
            preview = await (tools.triage.apply(ref) if apply else tools.preview(ref))
        except GoneError as error:
            error_output().print(foreign(f"ftbot: {error} Check the repository and the number."), soft_wrap=True)
            return CommandOutcome.NOT_FOUND
        entries = await tools.entries(preview) if apply else ()
    if as_json:
        print_json(_preview_json(preview, installed=tools.installed, entries=entries))
    else:
        output().print(preview_report(preview, utc_now(), installed=tools.installed))
    unfinished = [entry for entry in entries if entry.progress in {Progress.PLANNED, Progress.SENT}]
    for entry in entries:
        if entry.progress is Progress.REFUSED or entry in unfinished:
            error_output().print(foreign(f"ftbot: {entry_line(entry, utc_now())}"), soft_wrap=True)
    return CommandOutcome.UPSTREAM if unfinished else CommandOutcome.ANSWERED


async def _replay(settings: Settings, *, as_json: bool) -> CommandOutcome:
    async with open_triage(settings) as tools:
        replayed = await tools.triage.replay()
    if as_json:
        changed = [_replayed_json(each) for each in replayed if each.changed]
        print_json({"schema": SCHEMA, "threads": len(replayed), "changed": changed})
    else:
        output().print(replay_report(replayed))
    return CommandOutcome.ANSWERED


def _preview_json(preview: Preview, *, installed: bool | None, entries: Sequence[OutboxEntry]) -> dict[str, object]:
    snapshot = preview.snapshot
    return {
        "schema": SCHEMA,
        "thread": issue_json(snapshot.issue),
        "classification": classification_json(snapshot.classification),
        "gil": gil_json(snapshot.gil),
        "installed": installed,
        "mode": snapshot.settings.mode.value,
        "problems": list(snapshot.problems),
        "decisions": [decision_json(decision) for decision in preview.decisions],
        "errands": [entry_json(entry) for entry in entries],
        "history": [audit_json(audited) for audited in preview.history],
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
