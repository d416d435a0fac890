"""The answers to commands: comments of their own, so that whoever asked is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot.core.classify.thread import Classification, Kind
from bot.core.text.sentences import shortened
from bot.core.triage.actions import ActionKind, Decision, Outcome
from bot.core.triage.changeset import AuditEntry
from bot.core.triage.decide.texts import DOCS, LONGEST_PIECE, MOST_LINES, REPLY_FOOT, bounded, coded, quoted
from bot.core.verdicts.status import Status
from bot.core.verdicts.wording import headline, target_phrase

_LONGEST_REASON = 160


def help_reply(name: str) -> str:
    """List the commands."""
    return "\n".join(
        [
            "A command stands at the start of a paragraph of its own:",
            "",
            *(f"- `@{name} {command}`: {what}" for command, what in _COMMANDS),
            "",
            "The author of the thread may ask `why`, `status` and `help`; the rest is for those who may triage.",
            f"[More]({DOCS}#commands)",
        ]
    )


_COMMANDS = (
    ("label +crash -question", 'puts labels on and takes them off, by label key or by name, `+"39 - free-threading"`'),
    ("why", "says what was decided here, and by which rule"),
    ("status PACKAGE", "says whether a package has wheels for free-threaded Python"),
    ("retriage", "looks at the thread again"),
    ("needs-info [versions|repro|log]", "asks the author for what is missing"),
    ("dup #12", "notes that this is a duplicate"),
    ("upstream owner/repo#12", "notes where it is dealt with"),
    ("ignore", "leaves this thread alone from now on; `unignore` takes it back"),
)


def unknown_reply(problem: str, name: str) -> str:
    """Return what is wrong with a command, in one line."""
    if problem:
        return bounded([f"{coded(problem)} `@{name} help` lists the commands."], [])
    return f"That is no command I know. `@{name} help` lists them."


def problem_reply(problems: Sequence[str], advice: str = "") -> str:
    """Return what could not be done, and what to do; ``advice`` is the bot's own, as it is written."""
    lines = [coded(problem) for problem in problems]
    return bounded([*lines[:-1], f"{lines[-1]} {advice}"] if advice else lines, [])


def status_reply(text: str | None, package: str) -> str:
    """Answer with a package's status: plain text, line by line."""
    if text is None:
        return f"The status of {quoted(package)} cannot be looked up right now. Ask again in some minutes."
    lines = [quoted(line) for line in text.splitlines() if line.strip()]
    tail = ["", "A wheel shows that a build exists, and nothing more."] if len(lines) > 1 else []
    return bounded([line + "  " for line in lines], tail)


def status_text(status: Status) -> str:
    """Return whether a package has wheels in plain lines, for the answer to `status`; in one without a release."""
    version = status.judgement.version
    name = status.package if version is None else f"{status.package} {version}"
    lines = [f"{name} {headline(status).sentence.format(target=status.headline.target)}."]
    if version is None:
        return lines[0]
    lines += [f"{each.target}: {target_phrase(each).word}" for each in status.judgement.targets[1:]]
    return "\n".join(
        [*lines, f"checked {status.checked:%Y-%m-%d %H:%M} UTC" + (" (not readable since)" * status.stale)]
    )


def why_reply(classification: Classification, decisions: Sequence[Decision], history: Sequence[AuditEntry]) -> str:
    """Return what the rules read in a thread, what follows from it now, and what was done before."""
    lines = [_gate_line(classification), *(_kind_line(kind) for kind in classification.kinds)]
    if decisions:
        lines += ["", "What follows from that now:", "", *(_decision_line(each) for each in decisions[:MOST_LINES])]
    if newest := _outcomes(history)[-MOST_LINES:]:
        lines += ["", "Written down before, newest last:", ""]
        lines += [f"- {entry.at:%Y-%m-%d %H:%M} UTC: {_decision_line(entry.decision)[2:]}" for entry in newest]
    return bounded(lines, ["", REPLY_FOOT])


def _outcomes(history: Sequence[AuditEntry]) -> list[AuditEntry]:
    """Keep what last became of each action, answers and reactions left out."""
    last: dict[str, AuditEntry] = {}
    for entry in history:
        action = entry.decision.action
        if action.kind not in {ActionKind.REACT, ActionKind.REPLY}:
            last.pop(action.key, None)
            last[action.key] = entry
    return list(last.values())


def _gate_line(said: Classification) -> str:
    words = next((reason.evidence for reason in said.reasons if reason.about == "free-threading"), "")
    because = f", because of “{quoted(words, LONGEST_PIECE)}”" if words else ""
    verdict = "is" if said.free_threading else "is not"
    return f"This {verdict} about free-threaded Python ({said.confidence} confidence{because})."


def _kind_line(kind: Kind) -> str:
    words = quoted(kind.evidence, LONGEST_PIECE)
    return f"- {kind.kind} ({kind.confidence}), rule {kind.rule} version {kind.version}: “{words}”"


_DOING: Mapping[ActionKind, str] = MappingProxyType(
    {
        ActionKind.ADD_LABEL: "put on",
        ActionKind.REMOVE_LABEL: "take off",
        ActionKind.SUGGEST_LABEL: "suggest",
        ActionKind.COMMENT: "comment on",
        ActionKind.REPLY: "reply to",
        ActionKind.NOTICE: "say what is wrong with the settings",
        ActionKind.REACT: "react with",
    }
)
_OUTCOMES: Mapping[Outcome, str] = MappingProxyType(
    {
        Outcome.DO: "to be done",
        Outcome.WOULD_DO: "only written down",
        Outcome.BLOCKED: "not done",
        Outcome.DONE: "done",
        Outcome.DROPPED: "given up",
        Outcome.REFUSED: "refused by GitHub",
    }
)


def _decision_line(decision: Decision) -> str:
    action = decision.action
    what = "" if action.kind is ActionKind.NOTICE else f" {quoted(action.value, 60)}"
    reason = coded(shortened(decision.reason, _LONGEST_REASON))
    return f"- {_DOING[action.kind]}{what}: {_OUTCOMES[decision.outcome]}. {reason}"
