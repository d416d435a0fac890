"""What comes of a comment: of a command in it, and of an author who answers.

Who may not give a command gets no answer at all. What has an effect is answered by its effect and a reaction; only
questions, and what cannot be done, are answered in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.core.github.threads import Comment, IssueRef
from bot.core.triage.actions import SEEN, Action, ActionKind, Decision, Mode, Outcome
from bot.core.triage.changeset import AuditEntry, Effects, LabelOverride, MarkKind, OutboxEntry, ThreadMark
from bot.core.triage.commands import replies
from bot.core.triage.commands.grammar import (
    ROLES,
    Command,
    Duplicate,
    Help,
    Ignore,
    LabelCommand,
    NeedsInfo,
    Retriage,
    StatusCommand,
    Unknown,
    UpstreamCommand,
    Why,
    is_question,
    may,
    names_of,
    says_more,
)
from bot.core.triage.decide import texts as comments
from bot.core.triage.decide.decisions import about_comment, decide, revise
from bot.core.triage.decide.guide import guide_beside
from bot.core.triage.decide.policy import against_asking, against_everything, against_thread
from bot.core.triage.overrides import COMMAND
from bot.core.triage.settings import DUPLICATE, NEEDS_INFO, NEUTRAL_IDS, UPSTREAM
from bot.core.triage.snapshot import Snapshot, counts

MOST_QUESTIONS = 3
"""Questions of a thread's author, who has no role, that are answered on it, ever."""

_VERSION = 1
_OF_AUTHOR = "author"
"""What the answer to a thread's author stands for."""

_CLOCK_SLACK = timedelta(hours=1)
"""How far the clock here may be ahead of GitHub's."""


@dataclass(frozen=True, slots=True)
class _Deed:
    """What a command asks for; with ``problems`` it, or a part of it, cannot be done; ``advice`` goes with them."""

    actions: tuple[Action, ...] = ()
    overrides: tuple[LabelOverride, ...] = ()
    marks: tuple[ThreadMark, ...] = ()
    problems: tuple[str, ...] = ()
    advice: str = ""


def obey(  # noqa: PLR0913, PLR0917 — a command, who gave it, and all that its answer may need
    command: Command,
    comment: Comment,
    role: str,
    snapshot: Snapshot,
    history: Sequence[AuditEntry],
    status_text: str | None,
) -> Effects:
    """Return what a command in a comment leads to: nothing if its author may not give it, or asked too often.

    ``role`` is the author's in the repository; ``history`` the thread's audit log, oldest first; ``status_text`` the
    plain text that answers `status`, None where there is no answer.
    """
    author = comment.author
    if author is None or author.is_bot or author.login == snapshot.app_login:
        return Effects()
    is_author = snapshot.issue.author is not None and snapshot.issue.author.login == author.login
    if not may(command, role, is_author=is_author, settings=snapshot.settings):
        return Effects()
    is_asking = is_question(command) and role not in ROLES
    if is_asking and _asked_by_author(snapshot) >= MOST_QUESTIONS:
        return Effects()
    order = _Order(comment, author.login, snapshot, _OF_AUTHOR if is_asking else "")
    deed = _deed(command, order, history, status_text)
    if against_everything(snapshot) is not None:
        return Effects(order.decided([order.action(ActionKind.REACT, SEEN), *deed.actions]))
    problem = [order.reply("problem", replies.problem_reply(deed.problems, deed.advice))] if deed.problems else []
    end = order.action(ActionKind.REACT, "confused" if deed.problems or isinstance(command, Unknown) else "rocket")
    known = {entry.action.key for entry in snapshot.entries}
    # Told of again, a command has no effect any more: labels are as people left them since.
    fresh = replace(deed, actions=tuple(action for action in deed.actions if action.key not in known))
    decisions = [
        *order.decided([order.action(ActionKind.REACT, SEEN), *deed.actions, *problem]),
        *_following(command, order, fresh),
        *order.decided([end]),
    ]
    return Effects(
        tuple(decision for decision in decisions if decision.action.key not in known), deed.overrides, deed.marks
    )


def heard(comment: Comment, snapshot: Snapshot) -> Effects:
    """Return what comes of a comment besides its commands: an author who replies is no longer waited for.

    The label that says so is taken off if the bot put it on, and nobody has since. Commands alone are no reply.
    """
    author, label = comment.author, snapshot.label_for(NEEDS_INFO)
    waited_for = snapshot.issue.author
    if author is None or waited_for is None or author.login != waited_for.login or author.is_bot or label is None:
        return Effects()
    asked = [entry for entry in snapshot.entries_for(ActionKind.ADD_LABEL, label) if counts(entry)]
    if not snapshot.is_on(label) or not asked or not _is_after(comment, asked[-1]):
        return Effects()
    if not says_more(comment.body, names_of(snapshot.app_login)):
        return Effects()
    last, override = asked[-1], snapshot.override(label)
    action = replace(last.action, kind=ActionKind.REMOVE_LABEL, rule=NEEDS_INFO, version=_VERSION, evidence="", body="")
    moved = override is not None and override.at > last.planned
    if moved or any(entry.action.key == action.key for entry in snapshot.entries):
        return Effects()
    mode = snapshot.settings.mode
    against = against_asking(action, snapshot)
    if against is not None:
        return Effects((Decision(action, mode, Outcome.BLOCKED, against),))
    if mode is Mode.DRY_RUN and last.action.comment is None:
        return Effects((Decision(action, mode, Outcome.WOULD_DO, "The author has replied. The mode is dry-run."),))
    done = Decision(action, mode, Outcome.DO, "The author has replied.")
    return Effects((done,), (_Order(comment, author.login, snapshot).override(label, wanted=False),))


def _asked_by_author(snapshot: Snapshot) -> int:
    """Count the questions of the thread's author that were answered, or will be."""
    return sum(entry.action.kind_name == _OF_AUTHOR for entry in snapshot.entries_for(ActionKind.REPLY))


def _is_after(comment: Comment, asked: OutboxEntry) -> bool:
    """Return whether a comment is newer than the command, or else the decision of a rule, that asked its author.

    Comments are numbered as they are written. Rules ask where nobody has spoken yet, so that being generous with the
    clock is harmless.
    """
    if asked.action.comment is not None:
        return comment.number > asked.action.comment
    return comment.created > asked.planned - _CLOCK_SLACK


@dataclass(frozen=True, slots=True)
class _Order:
    """A command's comment, its author's login, what there is, and what answers in words stand for."""

    comment: Comment
    login: str
    snapshot: Snapshot
    answering: str = ""

    def action(self, kind: ActionKind, value: str, body: str = "", neutral: str = "") -> Action:
        """Make an action that this comment asked for."""
        issue = self.snapshot.issue
        return Action(
            kind,
            issue.ref,
            issue.node_id,
            value,
            COMMAND,
            _VERSION,
            evidence=f"{self.login} asked for it.",
            body=body,
            comment=self.comment.number,
            kind_name=neutral,
        )

    def reply(self, about: str, body: str) -> Action:
        """Answer in words."""
        return self.action(ActionKind.REPLY, about, body, self.answering)

    def override(self, label: str, *, wanted: bool) -> LabelOverride:
        """Note what its author wants of a label."""
        issue = self.snapshot.issue
        return LabelOverride(issue.node_id, label, wanted, issue.ref.repository, self.login, self.comment.updated)

    def mark(self, kind: MarkKind, value: str) -> ThreadMark:
        """Note what its author says of the thread."""
        return ThreadMark(self.snapshot.issue.node_id, kind, value, self.login, self.comment.updated)

    def labelled(self, neutral: str) -> _Deed:
        """Put the label on that is mapped to a label key, if one is and it is not on."""
        label = self.snapshot.label_for(neutral) if neutral in self.snapshot.settings.labels else None
        if label is None:
            return _Deed()
        on = self.snapshot.is_on(label)
        actions = () if on else (self.action(ActionKind.ADD_LABEL, label, neutral=neutral),)
        return _Deed(actions, (self.override(label, wanted=True),))

    def decided(self, actions: Iterable[Action]) -> tuple[Decision, ...]:
        """Put what was asked for through the policy for people."""
        mode = self.snapshot.settings.mode
        against = [(action, against_asking(action, self.snapshot)) for action in actions]
        return tuple(
            Decision(action, mode, Outcome.DO, "A person asked for it.")
            if reason is None
            else Decision(action, mode, Outcome.BLOCKED, reason)
            for action, reason in against
        )


def _deed(command: Command, order: _Order, history: Sequence[AuditEntry], status_text: str | None) -> _Deed:
    """Return what a command asks for, what follows for the comment on the thread left out."""
    match command:
        case LabelCommand():
            return _label(command, order)
        case NeedsInfo(topics):
            guide = guide_beside(order.snapshot, topics, is_answered=False)
            texts = (comments.needs_info_section(topics), *(() if guide is None else (guide,)))
            return _and(
                order.labelled(NEEDS_INFO),
                _Deed(
                    (order.reply(NEEDS_INFO, "\n\n".join(texts)),),
                    marks=(order.mark(MarkKind.NEEDS_INFO, " ".join(topics)),),
                ),
            )
        case Duplicate(ref):
            return _elsewhere(ref, MarkKind.DUPLICATE, DUPLICATE, order)
        case UpstreamCommand(ref):
            return _elsewhere(ref, MarkKind.UPSTREAM, UPSTREAM, order)
        case Ignore(on):
            return _Deed(marks=(order.mark(MarkKind.IGNORE, "yes" if on else ""),))
        case Retriage():
            return _retriage(order.snapshot)
        case _:
            return _Deed((_answer(command, order, history, status_text),))


def _answer(
    command: Why | StatusCommand | Help | Unknown,
    order: _Order,
    history: Sequence[AuditEntry],
    status_text: str | None,
) -> Action:
    """Answer a question in words."""
    snapshot = order.snapshot
    match command:
        case Why():
            text = replies.why_reply(snapshot.classification, decide(snapshot), history)
            return order.reply("why", text)
        case StatusCommand(package):
            return order.reply(f"status {package}", replies.status_reply(status_text, package))
        case Help():
            return order.reply("help", replies.help_reply(snapshot.name))
        case Unknown(_, problem):
            return order.reply("unknown", replies.unknown_reply(problem, snapshot.name))


def _label(command: LabelCommand, order: _Order) -> _Deed:
    """Put labels on and take them off; what the person wants of them holds from now on, also where it is so already."""
    snapshot, deed = order.snapshot, _Deed()
    for asked, wanted in (*((name, True) for name in command.add), *((name, False) for name in command.remove)):
        label = snapshot.label_for(asked)
        if label is None:
            repository = snapshot.issue.ref.repository
            problem = f"{repository} has no label `{asked.replace('`', ' ')}`, and I make none. Check its spelling."
            deed = _and(deed, _Deed(problems=(problem,)))
            continue
        kind = ActionKind.ADD_LABEL if wanted else ActionKind.REMOVE_LABEL
        neutral = asked.casefold() if asked.casefold() in NEUTRAL_IDS else ""
        actions = () if snapshot.is_on(label) is wanted else (order.action(kind, label, neutral=neutral),)
        deed = _and(deed, _Deed(actions, (order.override(label, wanted=wanted),)))
    return deed


def _retriage(snapshot: Snapshot) -> _Deed:
    """Look again, unless the thread is one that is left alone."""
    reason = against_thread(snapshot)
    if reason is None:
        return _Deed()
    if snapshot.mark(MarkKind.IGNORE):
        return _Deed(problems=(reason,), advice=f"Say `@{snapshot.name} unignore` first.")
    return _Deed(problems=(reason,), advice="Rules leave such a thread alone; labels can be put on by command.")


def _elsewhere(ref: IssueRef, kind: MarkKind, neutral: str, order: _Order) -> _Deed:
    if ref == order.snapshot.issue.ref:
        return _Deed(problems=("That is this thread itself. Name another one.",))
    noted = _Deed(marks=(order.mark(kind, str(ref)),))
    return _and(order.labelled(neutral), noted)


def _and(one: _Deed, other: _Deed) -> _Deed:
    return _Deed(
        one.actions + other.actions,
        one.overrides + other.overrides,
        one.marks + other.marks,
        one.problems + other.problems,
        one.advice or other.advice,
    )


def _following(command: Command, order: _Order, deed: _Deed) -> tuple[Decision, ...]:
    """Decide again where a command changes what there is to decide: all of it, or what the sticky comment says."""
    after = order.snapshot.after(Effects(order.decided(deed.actions), deed.overrides, deed.marks))
    # Whoever gave the command has spoken, whether or not GitHub counts it yet.
    after = replace(after, issue=replace(after.issue, comments=max(1, after.issue.comments)))
    number = order.comment.number
    match command:
        case Retriage() if not deed.problems:
            return decide(after, number)
        case Duplicate() | UpstreamCommand() if not deed.problems:
            return about_comment(after, number)
        case LabelCommand():
            return revise(after, number)
        case _:
            return ()
