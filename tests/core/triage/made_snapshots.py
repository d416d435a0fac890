"""Makes snapshots for the tests of what is decided, and does what was decided to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from bot.core.classify.classify import classify
from bot.core.classify.thread import Thread
from bot.core.github.events import Trigger
from bot.core.github.threads import Account, Comment, Issue, IssueRef, ThreadState
from bot.core.inspection.modules import Gil
from bot.core.triage.actions import Action, ActionKind, Decision, Mode, Outcome
from bot.core.triage.changeset import LabelOverride, OutboxEntry, Progress
from bot.core.triage.settings import RepoSettings
from bot.core.triage.snapshot import GilAnswer, Snapshot, WheelAnswer

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
REF = IssueRef("numpy/numpy", 7)
NODE = "I_7"
APP = "ftbot[bot]"
AUTHOR, MAINTAINER, BOT = Account("alice"), Account("bob"), Account("dependabot[bot]", is_bot=True)

CRASH = "Segmentation fault on the free-threaded build"
CRASH_BODY = "It crashes."
GIL = "The global interpreter lock (GIL) has been enabled to load module 'lxml.etree'"
WHEELS = "Publish wheels for the free-threaded build"
RACE_AND_CRASH = (
    "Data race and segfault on 3.14t",
    "WARNING: ThreadSanitizer: data race\n\nFatal Python error: Segmentation fault, on the free-threading build",
)

LABELS = {
    "topic": "39 - free-threading",
    "crash": "type-crash",
    "data-race": "race",
    "missing-wheel": "wheels",
    "gil-reenabled": "GIL",
    "question": "question",
    "needs-info": "needs info",
    "duplicate": "dup",
}
APPLY = RepoSettings(mode=Mode.APPLY, labels=LABELS)
SUGGEST = RepoSettings(mode=Mode.SUGGEST, labels=LABELS)
DRY = RepoSettings(labels=LABELS)
LXML = WheelAnswer(
    "lxml",
    "6.2.0",
    "3.14t",
    "6.2.0",
    date(2026, 11, 24),
    everywhere=True,
    missing=(),
    url="https://pypi.org/project/lxml/6.2.0/",
)

LXML_ON = GilAnswer(
    "lxml",
    "6.1.3",
    "3.14t",
    "lxml-6.1.3-cp314-cp314t-manylinux_2_28_x86_64.whl",
    Gil.ON,
    (
        "lxml.etree",
        "lxml.sax",
        "lxml.builder",
        "lxml.html.diff",
        "lxml.objectify",
        "lxml.html._difflib",
        "lxml._elementpath",
    ),
    "https://pypi.org/project/lxml/6.1.3/",
)
LXML_OFF = GilAnswer(
    "lxml",
    "6.2.0",
    "3.14t",
    "lxml-6.2.0-cp314-cp314t-manylinux_2_28_x86_64.whl",
    Gil.OFF,
    (),
    "https://pypi.org/project/lxml/6.2.0/",
    since="6.2.0",
    before="6.1.3",
    modules_before=LXML_ON.modules,
)


def made_issue(  # noqa: PLR0913 — what a thread has, by name
    title: str = CRASH,
    body: str = CRASH_BODY,
    *,
    labels: Iterable[str] = (),
    is_pr: bool = False,
    state: ThreadState = ThreadState.OPEN,
    locked: bool = False,
    author: Account | None = AUTHOR,
    comments: int = 0,
) -> Issue:
    return Issue(
        node_id=NODE,
        ref=REF,
        title=title,
        body=body,
        is_pr=is_pr,
        state=state,
        locked=locked,
        author=author,
        labels=tuple(labels),
        comments=comments,
        created=NOW - timedelta(hours=1),
        updated=NOW,
        closed=None if state is ThreadState.OPEN else NOW,
    )


def made_snapshot(issue: Issue | None = None, settings: RepoSettings = APPLY) -> Snapshot:
    issue = issue or made_issue()
    return Snapshot(
        issue=issue,
        classification=classify(Thread(issue.ref.repository, issue.ref.number, issue.title, issue.body, issue.is_pr)),
        settings=settings,
        installed=True,
        repository_labels=frozenset({*LABELS.values(), "good first issue", "Unrelated"}),
        overrides={},
        marks={},
        entries=(),
        wheels=None,
        gil=None,
        related=(),
        app_login=APP,
        suggestions=False,
        reviews={},
        problems=(),
        settings_digest="d1",
        trigger=Trigger.OPENED,
        now=NOW,
        enabled=True,
    )


def override(label: str, *, wanted: bool, at: datetime = NOW, actor: str = "carol") -> LabelOverride:
    return LabelOverride(NODE, label, wanted, REF.repository, actor, at)


def said(body: str, by: Account | None = MAINTAINER, number: int = 501, at: datetime = NOW) -> Comment:
    return Comment(number, body, by, at, at)


def done(snapshot: Snapshot, decisions: Sequence[Decision], progress: Progress = Progress.CONFIRMED) -> Snapshot:
    """Return what is there when all that was decided is done: in the outbox and on GitHub."""
    actions = [decision.action for decision in decisions if decision.outcome is Outcome.DO]
    known = {entry.action.key for entry in snapshot.entries}
    entries = tuple(OutboxEntry(action, progress, snapshot.now, None) for action in actions if action.key not in known)
    labels = dict.fromkeys(snapshot.issue.labels)
    for action in actions:
        if action.kind is ActionKind.ADD_LABEL:
            labels[action.value] = None
        elif action.kind is ActionKind.REMOVE_LABEL:
            labels.pop(action.value, None)
    return replace(snapshot, issue=replace(snapshot.issue, labels=tuple(labels)), entries=(*snapshot.entries, *entries))


def to_do(decisions: Sequence[Decision], kind: ActionKind | None = None) -> list[Action]:
    return [
        each.action for each in decisions if each.outcome is Outcome.DO and (kind is None or each.action.kind is kind)
    ]


def labels_to_add(decisions: Sequence[Decision]) -> list[str]:
    return [action.value for action in to_do(decisions, ActionKind.ADD_LABEL)]


def the_comment(decisions: Sequence[Decision]) -> str:
    (action,) = to_do(decisions, ActionKind.COMMENT)
    return action.body


def reasons(decisions: Sequence[Decision]) -> Mapping[str, str]:
    return {each.action.value: f"{each.outcome}: {each.reason}" for each in decisions}
