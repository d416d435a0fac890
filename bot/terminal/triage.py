"""Triage as people see it in a terminal: what it would do to a thread, and what it did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text as AnyText

from bot.core.inspection.modules import MOST_NAMED, Gil
from bot.core.text.sentences import listed, shortened
from bot.core.triage.actions import Action, ActionKind, Decision, Outcome
from bot.core.triage.changeset import AuditEntry, OutboxEntry, Progress
from bot.core.triage.preview import Preview, Replayed
from bot.core.triage.snapshot import GilAnswer
from bot.core.upstream.wording import state_words
from bot.terminal.console import ago, foreign
from bot.terminal.text import Text
from bot.terminal.threads import plain_table, title_text

_OUTCOMES = {
    Outcome.DO: ("✅ will", "green"),
    Outcome.WOULD_DO: ("👀 would", "cyan"),
    Outcome.BLOCKED: ("⛔ will not", "yellow"),
    Outcome.DONE: ("✅ did", "green"),
    Outcome.DROPPED: ("⬜ did not", "dim"),
    Outcome.REFUSED: ("⛔ was not let to", "red"),
}


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
        table = plain_table()
        for kind in found.kinds:
            said = f"{kind.confidence.value}, rule {kind.rule} v{kind.version}"
            table.add_row(Text(kind.kind.value, style="bold"), Text(said, style="dim"), _quoted(kind.evidence))
        for reason in found.reasons:
            table.add_row(Text(reason.about), foreign(reason.value, style="dim"), _quoted(reason.evidence))
        lines += [Text(), table]
    if snapshot.gil is not None:
        lines.append(_wheel_line(snapshot.gil))
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


def entry_line(entry: OutboxEntry, now: datetime) -> str:
    """Return why an outbox entry is not done yet, and when it is tried again."""
    reason = shortened(entry.reason or "GitHub has not answered yet.", 300)
    if entry.progress is Progress.REFUSED:
        what = _what(entry.action).plain
        return f"GitHub did not let the App {what}: {reason} Mend that, then say `@ftbot retriage` there."
    due = entry.due or now
    wait = max(0, round((due - now).total_seconds()))
    return f"Not done yet: {_what(entry.action).plain}. {reason} The running bot tries again in {wait} s."


def replay_report(replayed: Sequence[Replayed]) -> RenderableType:
    """Draw what the rules of this version say differently of stored threads."""
    if not replayed:
        return Text("No thread is stored yet. Look for the first time with `ftbot upstream poll`.")
    changed = [each for each in replayed if each.changed]
    lines: list[RenderableType] = []
    for each in changed:
        thread = each.thread
        before, after = _verdict(thread.free_threading, thread.kinds), _verdict(each.free_threading, each.kinds)
        lines.append(Text.assemble((str(thread.issue.ref), "bold"), "  ", (before, "dim"), " → ", after))
        lines.append(Padding.indent(title_text(thread.issue.title), 4))
    lines.append(Text(f"{len(changed)} of {len(replayed)} stored threads would be read differently.", style="dim"))
    return Group(*lines)


def _wheel_line(answer: GilAnswer) -> RenderableType:
    """Draw what was read in a wheel about the GIL."""
    release = f"{answer.package} {answer.version} on {answer.target}"
    if answer.gil is Gil.ON:
        said = f"{release} turns the GIL back on: {listed(answer.modules, MOST_NAMED)}"
    else:
        said = f"{release} keeps the GIL off when imported"
    return Text.assemble(foreign(said), foreign(f" (read from {answer.wheel})", style="dim"))


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
