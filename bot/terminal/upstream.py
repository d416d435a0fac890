"""Threads upstream as people see them in a terminal: what is watched, and what happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice

from rich.console import Group, RenderableType

from bot.core.text.sentences import counted
from bot.core.text.whole_list import more
from bot.core.upstream.report import FinishedRound, WatchOverview
from bot.core.upstream.threads import KnownThread, ThreadOrigin
from bot.core.upstream.wording import event_words, state_words, sure_package
from bot.terminal.console import ago, foreign
from bot.terminal.progress import progress_bar
from bot.terminal.text import Text
from bot.terminal.threads import Row, Rows, plain_table

_MOST_NEW = 200
_MOST_EVENTS = 50


@contextmanager
def poll_progress(*, shown: bool) -> Iterator[Callable[[int, int], None]]:
    """Show how far a round of watching is, on a terminal only."""
    bar = progress_bar("sources", shown=shown)
    with bar:
        task = bar.add_task("", total=None)

        def advance(done: int, of: int) -> None:
            bar.update(task, completed=done, total=of, description="looking")

        yield advance


def round_report(round_: FinishedRound, now: datetime) -> RenderableType:
    """Draw what a round of watching found: threads that are seen for the first time, or what happened to known ones."""
    report, overview = round_.report, round_.overview
    lines: list[RenderableType] = []
    if report.new == len(overview.threads) and report.new:
        lines += _threads(overview.threads)
    elif round_.events:
        rows = [
            Row(Text(event_words(event)), event.ref, event.title, Text(ago(event.at, now), style="dim"))
            for event in islice(reversed(round_.events), _MOST_EVENTS)
        ]
        lines.append(Rows(tuple(rows)))
        lines += _rest(len(round_.events), _MOST_EVENTS, "ftbot upstream list has the threads")
    elif not report.failed:
        lines.append(Text("Nothing happened since the last look."))
    did = ", ".join((f"{report.new} new", counted(report.events, "event"), counted(report.requests, "request")))
    lines.append(Text(f"{_counts(overview)} · {did}", style="dim"))
    return Group(*lines)


def watch_overview(overview: WatchOverview, now: datetime) -> RenderableType:
    """Draw what is watched: the sources, then their threads."""
    table = plain_table()
    for source in overview.sources:
        read = "never read" if source.checked is None else f"read {ago(source.checked, now)}"
        table.add_row(Text(source.origin.value, style="bold"), foreign(source.name), Text(read, style="dim"))
    lines: list[RenderableType] = [table]
    if overview.threads:
        lines += [Text(), *_threads(overview.threads), Text(_counts(overview), style="dim")]
    else:
        lines.append(Text("No thread is known yet. Look for the first time with `ftbot upstream poll`."))
    return Group(*lines)


def _threads(threads: Sequence[KnownThread]) -> list[RenderableType]:
    rows = [
        Row(
            Text(state_words(thread.issue.state, is_pr=thread.issue.is_pr)),
            thread.issue.ref,
            thread.issue.title,
            Text(_package(thread), style="bold"),
        )
        for thread in threads[:_MOST_NEW]
    ]
    return [Rows(tuple(rows)), *_rest(len(threads), _MOST_NEW, "ftbot upstream list --json")]


def _package(thread: KnownThread) -> str:
    """Name the package, unless it is a guess: the table knows it, and so does who has seen its name."""
    return (thread.package if thread.origin is ThreadOrigin.TABLE else sure_package(thread.package)) or ""


def _rest(total: int, shown: int, where: str) -> list[RenderableType]:
    return [Text(more(total - shown, where), style="dim")] if total > shown else []


def _counts(overview: WatchOverview) -> str:
    return f"{counted(len(overview.threads), 'thread')} watched, {overview.open} open"
