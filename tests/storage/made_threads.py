"""Threads, events, actions and what else triage stores, made for tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.core.classify.thread import KindName
from bot.core.github.events import GithubEvent, Trigger
from bot.core.github.threads import Account, Comment, Issue, IssueRef, ThreadState
from bot.core.triage.actions import Action, ActionKind, Decision, Mode, Outcome
from bot.core.triage.changeset import AuditEntry, LabelOverride, MarkKind, Review, ThreadMark
from bot.core.upstream.threads import EventKind, KnownThread, ThreadEvent, ThreadOrigin

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
NUMPY = "numpy/numpy"
REF = IssueRef(NUMPY, 26157)
NODE = "I_kwDOAA3dP86DmqOB"


def seconds(number: float) -> datetime:
    """Return the moment so many seconds after NOW."""
    return NOW + timedelta(seconds=number)


ISSUE = Issue(
    node_id=NODE,
    ref=REF,
    title="Free-threaded 🐍 wheels",
    body="Fatal Python error: “Segmentation fault”",
    is_pr=False,
    state=ThreadState.OPEN,
    locked=False,
    author=Account("mdboom"),
    labels=("39 - free-threading", "00 - Bug"),
    comments=3,
    created=NOW - timedelta(days=9, microseconds=1),
    updated=NOW,
)
THREAD = KnownThread(ISSUE, ThreadOrigin.TABLE, "numpy", free_threading=True, kinds=(KindName.CRASH, KindName.CI))
EVENT = ThreadEvent(EventKind.OPENED, NODE, REF, ISSUE.title, is_pr=False, package="numpy", at=NOW, comments=0)
LABELLED = replace(EVENT, kind=EventKind.LABELLED, detail="00 - Bug", at=seconds(60), comments=2)
ADD = Action(
    ActionKind.ADD_LABEL,
    REF,
    NODE,
    "39 - free-threading",
    "gate",
    1,
    evidence="cp314t",
    comment=77,
    kind_name="topic",
)
COMMENT = Action(ActionKind.COMMENT, REF, NODE, "thread", "plan", 1, body="<!-- ftbot:thread -->\nHello")
ENTRY = AuditEntry(
    at=NOW,
    ref=REF,
    node_id=NODE,
    trigger=Trigger.OPENED,
    delivery="d1",
    actor="mdboom",
    decision=Decision(ADD, Mode.APPLY, Outcome.DO, "The gate is high."),
    labels=("00 - Bug",),
)
OVERRIDE = LabelOverride(NODE, "00 - Bug", wanted=False, repository=NUMPY, actor="ngoldbaum", at=NOW)
MARK = ThreadMark(NODE, MarkKind.DUPLICATE, "numpy/numpy#1", "ngoldbaum", NOW)
REVIEW = Review("crash", 2, NODE, "00 - Bug", right=True, at=NOW)
HAPPENING = GithubEvent(
    key="comment:77:2026-11-23T09:00:00Z",
    trigger=Trigger.COMMENT_EDITED,
    repository=NUMPY,
    ref=REF,
    node_id=NODE,
    at=NOW,
    actor=Account("ngoldbaum"),
    comment=Comment(77, "@ftbot why", Account("ftbot[bot]", is_bot=True), NOW, seconds(1.5)),
    before="@ftbot",
)


def thread(number: int, node_id: str, known: KnownThread = THREAD) -> KnownThread:
    """Return another thread of the same repository."""
    return replace(known, issue=replace(known.issue, node_id=node_id, ref=IssueRef(NUMPY, number)))


def changed(known: KnownThread, *, updated: datetime, title: str) -> KnownThread:
    """Return a thread as it is at another time."""
    return replace(known, issue=replace(known.issue, updated=updated, title=title))


def event(key: str, repository: str = NUMPY) -> GithubEvent:
    """Return something that happened to a repository."""
    return GithubEvent(key, Trigger.INSTALLED, repository, None, "", NOW)


def event_about(number: int, detail: str = "") -> ThreadEvent:
    """Return something that happened to another thread."""
    return replace(EVENT, node_id=f"I_{number}", ref=IssueRef(NUMPY, number), detail=detail)


def action(value: str, node_id: str = NODE, repository: str = NUMPY, kind: ActionKind = ActionKind.ADD_LABEL) -> Action:
    """Return an action on a thread."""
    return Action(kind, IssueRef(repository, 1), node_id, value, "gate", 1)
