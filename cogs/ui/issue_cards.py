"""Upstream threads as cards: what happened to them, which there are, what triage decided; within Discord's limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from discord import ui

from bot.core.github.threads import IssueRef
from bot.core.triage.actions import ActionKind, Outcome
from bot.core.triage.changeset import AuditEntry
from bot.core.upstream.threads import KnownThread, ThreadEvent
from bot.core.upstream.wording import event_words, state_words, sure_package
from cogs.ui.buttons import finished
from cogs.ui.status_card import MOST_BYTES, MOST_TEXT, link, moment, plain

MOST_SHOWN = 10
_LONGEST_TITLE = 120
_LONGEST_NAME = 60
_LONGEST_REASON = 200
_BYTES_OF_A_TEXT = 12  # what Discord counts for each text besides its bytes

_OUTCOMES = {
    Outcome.DO: "⏳ to do",
    Outcome.WOULD_DO: "📝 would do",
    Outcome.BLOCKED: "⛔ blocked",
    Outcome.DONE: "✅ done",
    Outcome.DROPPED: "⬜ dropped",
    Outcome.REFUSED: "❌ refused",
}

_DEEDS = {
    ActionKind.ADD_LABEL: "put on",
    ActionKind.REMOVE_LABEL: "take off",
    ActionKind.SUGGEST_LABEL: "suggest",
    ActionKind.COMMENT: "keep a comment on the thread",
    ActionKind.REPLY: "answer a command",
    ActionKind.NOTICE: "tell the maintainers",
    ActionKind.REACT: "react",
}
_OF_LABELS = frozenset({ActionKind.ADD_LABEL, ActionKind.REMOVE_LABEL, ActionKind.SUGGEST_LABEL})


def feed_card(events: Sequence[ThreadEvent]) -> ui.LayoutView:
    """Lay out what happened upstream, by repository."""
    repositories = dict.fromkeys(event.ref.repository for event in events)
    ordered = [event for repository in repositories for event in events if event.ref.repository == repository]
    foot = "-# Issues and pull requests about free-threading"
    hint = ": `/ftissues` lists the threads"
    return _listing("### What just moved upstream", list(map(_happened, ordered)), len(ordered), foot, hint)


def threads_card(threads: Sequence[KnownThread], total: int, what: str, narrower: str = "") -> ui.LayoutView:
    """Lay out threads, of ``total`` that there are; ``what`` says which, and is text of ours.

    ``narrower`` is the option by which those that are left out may be seen.
    """
    foot = "-# From GitHub, the last active first."
    hint = f": narrow it with `{narrower}`" if narrower else ": `ftbot upstream list` has all"
    return _listing(f"### {what} ({total})", list(map(_thread, threads)), total, foot, hint)


def audit_card(ref: IssueRef, entries: Sequence[AuditEntry]) -> ui.LayoutView:
    """Lay out what ``standing`` gives of a thread; the oldest are left out where there is no room."""
    head, foot = f"### What triage decided on {link(ref)}", "-# Newest last."
    left_out = f"{foot} Earlier decisions are left out."
    lines = list(map(_decision, entries))
    shown = lines[-MOST_SHOWN:]
    while shown and not _fits([head, "\n".join(shown), left_out]):
        del shown[0]
    return _card(head, "\n".join(shown), foot if len(shown) == len(lines) else left_out)


def standing(entries: Sequence[AuditEntry]) -> tuple[AuditEntry, ...]:
    """Return the last entry of the audit log for each action, in order; who asked stays, reactions are left out."""
    last: dict[tuple[str, str], AuditEntry] = {}
    for entry in entries:
        action = entry.decision.action
        if action.kind is ActionKind.REACT:
            continue
        # The one comment is kept, whatever it says at the time.
        key = (action.kind, "" if action.kind is ActionKind.COMMENT else action.key)
        before = last.pop(key, None)
        actor = entry.actor if entry.actor is not None or before is None else before.actor
        last[key] = replace(entry, actor=actor)
    return tuple(last.values())


def _happened(event: ThreadEvent) -> str:
    known = sure_package(event.package)
    package = "" if known is None else f" · **{plain(known, _LONGEST_NAME)}**"
    words = plain(event_words(event), _LONGEST_NAME)
    return f"- {words} {link(event.ref)} {plain(event.title, _LONGEST_TITLE)}{package}"


def _thread(thread: KnownThread) -> str:
    issue = thread.issue
    kinds = f" · {', '.join(thread.kinds[:3])}" if thread.kinds else ""
    state = state_words(issue.state, is_pr=issue.is_pr)
    return f"- {state} {link(issue.ref)} {plain(issue.title, _LONGEST_TITLE)}{kinds} · active {moment(issue.updated)}"


def _decision(entry: AuditEntry) -> str:
    decision, action = entry.decision, entry.decision.action
    who = "" if entry.actor is None else f" by {plain(entry.actor, _LONGEST_NAME)}"
    value = f" **{plain(action.value, _LONGEST_NAME)}**" if action.value and action.kind in _OF_LABELS else ""
    rule = f" · rule {plain(action.rule, _LONGEST_NAME)}, version {action.version}" if action.rule else ""
    what = f"{_OUTCOMES[decision.outcome]}: {_DEEDS[action.kind]}{value}"
    lines = [f"- {moment(entry.at, 'f')} · {entry.trigger}{who} · {what} · {decision.mode}{rule}"]
    if decision.reason:
        lines.append(f"  {plain(decision.reason, _LONGEST_REASON)}")
    if action.evidence:
        lines.append(f"  Evidence: “{plain(action.evidence, _LONGEST_REASON)}”")
    return "\n".join(lines)


def _listing(head: str, lines: Sequence[str], total: int, foot: str, hint: str = "") -> ui.LayoutView:
    """Lay out as many lines as may be and fit, and say how many more there are."""
    shown = list(lines[:MOST_SHOWN])
    while shown and not _fits([head, _listed(shown, total, hint), foot]):
        shown.pop()
    return _card(head, _listed(shown, total, hint), foot)


def _listed(shown: Sequence[str], total: int, hint: str) -> str:
    rest = total - len(shown)
    return "\n".join([*shown, f"and {rest} more{hint}"] if rest > 0 else shown)


def _fits(texts: Sequence[str]) -> bool:
    size = sum(len(text.encode()) + _BYTES_OF_A_TEXT for text in texts)
    return sum(map(len, texts)) <= MOST_TEXT and size <= MOST_BYTES


def _card(*texts: str) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*(ui.TextDisplay[ui.LayoutView](text) for text in texts if text)))
    return finished(view)
