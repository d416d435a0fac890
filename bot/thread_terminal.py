"""Threads upstream as people see them in a terminal: what is watched, what happened, what triage would do and did."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text as AnyText

from bot.core.github.threads import IssueRef
from bot.core.text.sentences import counted, shortened
from bot.core.triage.actions import Action, ActionKind, Decision, Outcome
from bot.core.triage.changeset import AuditEntry, Errand, Progress
from bot.core.upstream.threads import KnownThread, Origin
from bot.core.upstream.wording import event_words, state_words, sure_package
from bot.services.triage.inbox import Preview, Replayed
from bot.services.upstream.watchlist import Overview, Round
from bot.terminal import ago, foreign, progress_bar
from bot.terminal_text import Text

_MOST_NEW = 200
_MOST_EVENTS = 50
_LONGEST_TITLE = 80
_NARROW = 100
"""Columns below which titles have no room beside the rest."""

_OUTCOMES = {
    Outcome.DO: ("✅ will", "green"),
    Outcome.WOULD_DO: ("👀 would", "cyan"),
    Outcome.BLOCKED: ("⛔ will not", "yellow"),
    Outcome.DONE: ("✅ did", "green"),
    Outcome.DROPPED: ("⬜ did not", "dim"),
    Outcome.REFUSED: ("⛔ was not let to", "red"),
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
    """Draw what a round of watching found: threads that are seen for the first time, or what happened to known ones."""
    report, overview = round_.report, round_.overview
    lines: list[RenderableType] = []
    if report.new == len(overview.threads) and report.new:
        lines += _threads(overview.threads)
    elif round_.events:
        rows = [
            _Row(Text(event_words(event)), event.ref, event.title, Text(ago(event.at, now), style="dim"))
            for event in islice(reversed(round_.events), _MOST_EVENTS)
        ]
        lines.append(_Rows(tuple(rows)))
        lines += _rest(len(round_.events), _MOST_EVENTS)
    elif not report.failed:
        lines.append(Text("Nothing happened since the last look."))
    did = ", ".join((f"{report.new} new", counted(report.events, "event"), counted(report.requests, "request")))
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


def preview_report(preview: Preview, now: datetime, *, installed: bool | None) -> RenderableType:
    """Draw one thread: what the rules say of it, what would be done and why, and what was.

    ``installed`` is None where it is not known whether its repository has the App: then it is drawn as if it had.
    """
    snapshot, issue = preview.snapshot, preview.snapshot.issue
    found = snapshot.classification
    gate = "about free-threaded Python" if found.free_threading else "not about free-threaded Python"
    lines: list[RenderableType] = [
        Text.assemble((str(issue.ref), "bold"), "  ", state_words(issue.state, is_pr=issue.is_pr)),
        foreign(shortened(issue.title, 200)),
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
    if installed is None:
        what = "No GitHub App is set up here. This is what one would do if the repository had installed it:"
        lines.append(Text(what, style="yellow"))
    for decision in preview.decisions:
        lines += _decision(decision, hypothetical=installed is None)
    if not preview.decisions:
        labels = ", ".join(shortened(label, 50) for label in issue.labels)
        lines.append(foreign(f"Nothing more to do: it has {labels}." if labels else "There is nothing to do."))
    if preview.history:
        lines += [Text(), Text("What was decided and done before:", style="bold"), *_history(preview.history, now)]
    return Group(*lines)


def errand_line(errand: Errand, now: datetime) -> str:
    """Say of something that shall be done why it is not done yet, and when it is tried again."""
    reason = shortened(errand.reason or "GitHub has not answered yet.", 300)
    if errand.progress is Progress.REFUSED:
        what = _what(errand.action).plain
        return f"GitHub did not let the App {what}: {reason} Mend that, then say `@ftbot retriage` there."
    due = errand.due or now
    wait = max(0, round((due - now).total_seconds()))
    return f"Not done yet: {_what(errand.action).plain}. {reason} The running bot tries again in {wait} s."


def replay_report(replayed: Sequence[Replayed]) -> RenderableType:
    """Draw what the rules of this version say differently of stored threads."""
    if not replayed:
        return Text("No thread is stored yet. Look for the first time with `ftbot watch poll`.")
    changed = [each for each in replayed if each.changed]
    lines: list[RenderableType] = []
    for each in changed:
        thread = each.thread
        before, after = _verdict(thread.free_threading, thread.kinds), _verdict(each.free_threading, each.kinds)
        lines.append(Text.assemble((str(thread.issue.ref), "bold"), "  ", (before, "dim"), " → ", after))
        lines.append(Padding.indent(_title(thread.issue.title), 4))
    lines.append(Text(f"{len(changed)} of {len(replayed)} stored threads would be read differently.", style="dim"))
    return Group(*lines)


def _threads(threads: Sequence[KnownThread]) -> list[RenderableType]:
    rows = [
        _Row(
            Text(state_words(thread.issue.state, is_pr=thread.issue.is_pr)),
            thread.issue.ref,
            thread.issue.title,
            Text(_package(thread), style="bold"),
        )
        for thread in threads[:_MOST_NEW]
    ]
    return [_Rows(tuple(rows)), *_rest(len(threads), _MOST_NEW)]


def _package(thread: KnownThread) -> str:
    """Name the package, unless it is a guess: the table knows it, and so does who has seen its name."""
    return (thread.package if thread.origin is Origin.TABLE else sure_package(thread.package)) or ""


def _rest(total: int, shown: int) -> list[RenderableType]:
    return [Text(f"and {total - shown} more", style="dim")] if total > shown else []


def _decision(decision: Decision, *, hypothetical: bool) -> Iterator[RenderableType]:
    outcome = Outcome.WOULD_DO if hypothetical and decision.outcome is Outcome.DO else decision.outcome
    words, style = _OUTCOMES[outcome]
    what = _what(decision.action)
    yield Text.assemble((words, style), " ", what, ": ", foreign(shortened(decision.reason, 300)))
    action = decision.action
    if action.evidence:
        yield Text.assemble(
            "   because of ", _quoted(action.evidence), (f" (rule {action.rule} v{action.version})", "dim")
        )
    for line in action.body.splitlines():
        yield Text.assemble("   │ ", foreign(line, style="dim"))


def _history(history: Iterable[AuditEntry], now: datetime) -> Iterator[RenderableType]:
    """Draw what became of each action, the last thing that is known of it."""
    last = {entry.decision.action.key: entry for entry in history}
    for entry in last.values():
        words, style = _OUTCOMES[entry.decision.outcome]
        yield Text.assemble(
            (f"{ago(entry.at, now)}, {entry.trigger.value}: ", "dim"),
            (words, style),
            " ",
            _what(entry.decision.action),
            ": ",
            foreign(shortened(entry.decision.reason, 200), style="dim"),
        )


def _what(action: Action) -> AnyText:
    value = foreign(shortened(action.value, 60), style="bold")
    match action.kind:
        case ActionKind.ADD_LABEL:
            return Text.assemble("put on the label ", value)
        case ActionKind.SUGGEST_LABEL:
            return Text.assemble("suggest the label ", value)
        case ActionKind.REMOVE_LABEL:
            return Text.assemble("take off the label ", value)
        case ActionKind.COMMENT:
            return Text.assemble("comment (", value, ")")
        case ActionKind.REPLY:
            return Text.assemble("answer ", value)
        case ActionKind.NOTICE:
            return Text("tell the maintainers that the settings are broken")
        case ActionKind.REACT:
            return Text.assemble("react with ", value)


def _quoted(evidence: str) -> Text:
    return foreign(f"“{shortened(evidence, 120)}”", style="italic") if evidence else Text()


def _verdict(free_threading: bool, kinds: Iterable[str]) -> str:  # noqa: FBT001 — what is drawn
    return (", ".join(sorted(kinds)) or "free-threading") if free_threading else "not free-threading"


def _counts(overview: Overview) -> str:
    return f"{counted(len(overview.threads), 'thread')} watched, {overview.open} open"


def _table() -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for _ in range(3):
        table.add_column(overflow="fold")
    return table


@dataclass(frozen=True, slots=True)
class _Row:
    """A thread in a list: what is said of it first, where it is, what it is called, and what is said last."""

    lead: Text
    ref: IssueRef
    title: str
    tail: Text


@dataclass(frozen=True, slots=True)
class _Rows:
    """Threads in a list, drawn as there is room: titles are cut, or stand below; numbers are never cut."""

    rows: tuple[_Row, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        if options.max_width < _NARROW:
            for row in self.rows:
                yield Text.assemble(row.lead, "  ", foreign(str(row.ref)), "  ", row.tail, overflow="fold")
                yield Padding.indent(_title(row.title), 4)
            return
        table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
        for can_shrink in (False, False, True, False):
            table.add_column(overflow="fold", no_wrap=not can_shrink)
        for row in self.rows:
            table.add_row(row.lead, foreign(str(row.ref)), _title(row.title), row.tail)
        yield table


def _title(title: str) -> Text:
    text = foreign(shortened(title, _LONGEST_TITLE))
    text.no_wrap, text.overflow = True, "ellipsis"
    return text
