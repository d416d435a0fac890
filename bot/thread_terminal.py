"""Threads upstream as people see them in a terminal: what is watched, what happened, what triage would do and did."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bot.core.issue_wording import event_words, state_words
from bot.core.triage.action import Action, ActionKind, Decision, Outcome
from bot.core.triage.settlement import AuditEntry
from bot.core.watching import KnownThread
from bot.core.wording import one_line
from bot.services.triage import Preview, Replayed
from bot.services.watchlist import Overview, Round
from bot.terminal import ago, foreign, progress_bar

_MOST_NEW = 200
_MOST_EVENTS = 50
_LONGEST_TITLE = 80
_TITLES = 2

_OUTCOMES = {
    Outcome.DO: ("✅ will do", "green"),
    Outcome.WOULD_DO: ("👀 would do", "cyan"),
    Outcome.BLOCKED: ("⛔ will not", "yellow"),
    Outcome.DONE: ("✅ done", "green"),
    Outcome.DROPPED: ("⬜ dropped", "dim"),
    Outcome.REFUSED: ("⛔ refused by GitHub", "red"),
}
_ACTIONS = {
    ActionKind.ADD_LABEL: "add the label",
    ActionKind.SUGGEST_LABEL: "suggest the label",
    ActionKind.REMOVE_LABEL: "remove the label",
    ActionKind.COMMENT: "comment",
    ActionKind.REPLY: "reply",
    ActionKind.NOTICE: "tell the maintainers",
    ActionKind.REACT: "react with",
}


@contextmanager
def poll_progress(*, shown: bool) -> Iterator[Callable[[int, int], None]]:
    """Show how far a round of watching is, on a terminal only."""
    bar = progress_bar("sources", shown=shown)
    with bar:
        task = bar.add_task("", total=None)

        def advance(done: int, of: int) -> None:
            bar.update(task, completed=done, total=of, description="looking")

        yield advance


def round_report(round_: Round, now: datetime) -> RenderableType:
    """Draw what a round of watching found: threads seen for the first time, what happened, what could not be read."""
    report, overview = round_.report, round_.overview
    lines: list[RenderableType] = []
    if report.new == len(overview.threads) and report.new:
        lines += _threads(overview.threads)
    elif news := [event for event in round_.events if event.at <= now]:
        table = _table(titles=True)
        for event in islice(reversed(news), _MOST_EVENTS):
            table.add_row(
                Text(event_words(event)),
                foreign(str(event.ref)),
                _title(event.title),
                Text(ago(event.at, now), style="dim"),
            )
        lines.append(table)
        if len(news) > _MOST_EVENTS:
            lines.append(Text(f"and {len(news) - _MOST_EVENTS} more", style="dim"))
    else:
        lines.append(Text("Nothing happened since the last look."))
    for source, reason in report.failed.items():
        lines.append(foreign(f"! {source} could not be read: {one_line(reason)}", style="yellow"))
    did = ", ".join((f"{report.new} new", _count(report.events, "event"), _count(report.requests, "request")))
    lines.append(Text(f"{_counts(overview)} · {did}", style="dim"))
    return Group(*lines)


def watch_overview(overview: Overview, now: datetime) -> RenderableType:
    """Draw what is watched: the sources, then their threads."""
    table = _table()
    for source in overview.sources:
        read = "never read" if source.checked is None else f"read {ago(source.checked, now)}"
        table.add_row(Text(source.origin.value, style="bold"), foreign(source.name), Text(read, style="dim"))
    lines: list[RenderableType] = [table]
    if overview.threads:
        lines += [Text(), *_threads(overview.threads), Text(_counts(overview), style="dim")]
    else:
        lines.append(Text("No thread is known yet. Look for the first time with `ftbot watch poll`."))
    return Group(*lines)


def preview_report(preview: Preview, now: datetime) -> RenderableType:
    """Draw one thread: what the rules say of it, what would be done and why, and what was."""
    snapshot, issue = preview.snapshot, preview.snapshot.issue
    found = snapshot.classification
    gate = "about free-threaded Python" if found.free_threading else "not about free-threaded Python"
    lines: list[RenderableType] = [
        Text.assemble((str(issue.ref), "bold"), "  ", state_words(issue.state, is_pr=issue.is_pr)),
        foreign(one_line(issue.title, 200)),
        Text(f"{gate} ({found.confidence.value}) · mode {snapshot.settings.mode.value}", style="dim"),
    ]
    if found.reasons or found.kinds:
        table = _table()
        for kind in found.kinds:
            said = f"{kind.confidence.value}, rule {kind.rule} v{kind.version}"
            table.add_row(Text(kind.kind.value, style="bold"), Text(said, style="dim"), _quoted(kind.evidence))
        for reason in found.reasons:
            table.add_row(Text(reason.about), foreign(reason.value, style="dim"), _quoted(reason.evidence))
        lines += [Text(), table]
    lines.append(Text())
    if preview.decisions:
        for decision in preview.decisions:
            lines += _decision(decision)
    else:
        lines.append(Text("Nothing would be done."))
    if preview.history:
        lines += [Text(), Text("What was decided and done before:", style="bold"), *_history(preview.history, now)]
    return Group(*lines)


def replay_report(replayed: Sequence[Replayed]) -> RenderableType:
    """Draw what the rules of this version say differently of stored threads."""
    changed = [each for each in replayed if each.changed]
    table = _table()
    for each in changed:
        table.add_row(
            foreign(str(each.thread.issue.ref)),
            Text(_verdict(each.thread.free_threading, each.thread.kinds), style="dim"),
            Text("→"),
            Text(_verdict(each.free_threading, each.kinds)),
            _title(each.thread.issue.title),
        )
    counted = f"{len(changed)} of {len(replayed)} stored threads would be read differently."
    return Group(table, Text(counted, style="dim")) if changed else Text(counted)


def _threads(threads: Sequence[KnownThread]) -> list[RenderableType]:
    table = _table(titles=True)
    for thread in threads[:_MOST_NEW]:
        issue = thread.issue
        table.add_row(
            Text(state_words(issue.state, is_pr=issue.is_pr)),
            foreign(str(issue.ref)),
            _title(issue.title),
            Text(thread.package or "", style="bold"),
        )
    rest = len(threads) - _MOST_NEW
    return [table, Text(f"and {rest} more", style="dim")] if rest > 0 else [table]


def _decision(decision: Decision) -> Iterator[RenderableType]:
    words, style = _OUTCOMES[decision.outcome]
    yield Text.assemble((words, style), " ", _what(decision.action), ": ", foreign(one_line(decision.reason, 300)))
    action = decision.action
    if action.evidence:
        yield Text.assemble(
            "   because of ", _quoted(action.evidence), (f" (rule {action.rule} v{action.version})", "dim")
        )
    for line in action.body.splitlines():
        yield Text.assemble("   │ ", foreign(line, style="dim"))


def _history(history: Iterable[AuditEntry], now: datetime) -> Iterator[RenderableType]:
    table = _table()
    for entry in history:
        words, style = _OUTCOMES[entry.decision.outcome]
        table.add_row(
            Text(ago(entry.at, now), style="dim"),
            Text(entry.trigger.value),
            Text(words, style=style),
            _what(entry.decision.action),
            foreign(one_line(entry.decision.reason, 200), style="dim"),
        )
    yield table


def _what(action: Action) -> Text:
    return Text.assemble(_ACTIONS[action.kind], " ", foreign(one_line(action.value, 60), style="bold"))


def _quoted(evidence: str) -> Text:
    return foreign(f"“{one_line(evidence, 120)}”", style="italic") if evidence else Text()


def _verdict(free_threading: bool, kinds: Iterable[str]) -> str:  # noqa: FBT001 — what is drawn
    return (", ".join(sorted(kinds)) or "free-threading") if free_threading else "not free-threading"


def _counts(overview: Overview) -> str:
    return f"{_count(len(overview.threads), 'thread')} watched, {overview.open} open"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _table(*, titles: bool = False) -> Table:
    """Make a table of up to five columns; with ``titles`` in the third, only they are cut where there is no room."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for column in range(5):
        table.add_column(overflow="fold", no_wrap=titles and column != _TITLES)
    return table


def _title(title: str) -> Text:
    text = foreign(one_line(title, _LONGEST_TITLE))
    text.no_wrap, text.overflow = True, "ellipsis"
    return text
