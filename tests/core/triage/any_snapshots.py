"""Makes any snapshot there can be, for laws: hostile texts, odd settings, and all that was done and said before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st

from bot.core.classify.thread import KindName
from bot.core.github.events import Trigger
from bot.core.github.threads import Issue, IssueRef, ThreadState
from bot.core.triage.actions import Action, ActionKind, Mode
from bot.core.triage.changeset import MarkKind, OutboxEntry, Progress, ThreadMark
from bot.core.triage.decide.texts import MARKER
from bot.core.triage.settings import RepoSettings, RuleSettings
from bot.core.triage.snapshot import Related, Snapshot
from tests.core.triage.made_snapshots import (
    BOT,
    CRASH,
    LABELS,
    LXML,
    LXML_OFF,
    LXML_ON,
    NODE,
    NOW,
    RACE_AND_CRASH,
    REF,
    WHEELS,
    made_issue,
    made_snapshot,
    override,
)

HOSTILE = [
    "@everyone",
    "@numpy/core-devs",
    "numpy/numpy#1",
    "#1",
    "GH-1",
    "https://github.com/numpy/numpy/issues/1",
    "www.github.com/numpy/numpy/pull/2",
    MARKER,
    "<!-- ftbot:reply 0 -->",
    "<!-- ftbot:section wheels -->",
    "<!-- ftbot:end -->",
    "](https://github.com/a/b/issues/3)",
    "`@octocat`",
    "``` @octocat",
    "\u202e\u200b@octocat",
    "\n@ftbot label +crash",
    "<a href='https://github.com/a/b/issues/4'>",
    "\ud800",
    "&commat;octocat",
]
ABOUT = [
    CRASH,
    WHEELS,
    *RACE_AND_CRASH,
    "Support free-threaded Python 3.14t",
    "Is this thread-safe on 3.14t?",
    "free-threading",
    "Deadlock with the GIL disabled",
    "The global interpreter lock (GIL) has been enabled to load module 'lxml.etree'",
    "Tracking issue for free-threaded support",
]
TEXTS = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20)), max_size=3).map(" ".join)
TITLES = st.builds("{} {}".format, st.sampled_from(ABOUT), st.sampled_from(["", *HOSTILE]))
BODIES = st.builds("{}. {} {}".format, st.sampled_from(ABOUT), st.sampled_from(["", *HOSTILE]), st.sampled_from(ABOUT))
REPOSITORY_LABELS = [*LABELS.values(), "@x #1", "Unrelated"]
LABEL_NAMES = st.sampled_from([*REPOSITORY_LABELS, "QUESTION"])
MAPPINGS = [
    LABELS,
    LABELS,
    {**LABELS, "abi3t": "@x #1", "support-tracking": "WHEELS", "deadlock": "type-crash", "build-failure": "Unrelated"},
    {"topic": "not there", "crash": "TYPE-CRASH"},
    {},
]
RULES = [
    {},
    {},
    {KindName.CRASH: RuleSettings(Mode.APPLY), KindName.QUESTION: RuleSettings(enabled=False)},
    {KindName.CRASH: RuleSettings(Mode.SUGGEST), KindName.MISSING_WHEEL: RuleSettings(Mode.APPLY)},
    {KindName.MISSING_WHEEL: RuleSettings(Mode.OFF), KindName.DATA_RACE: RuleSettings(Mode.DRY_RUN)},
]
SETTINGS = st.builds(
    RepoSettings,
    mode=st.sampled_from([Mode.APPLY, Mode.APPLY, Mode.SUGGEST, Mode.DRY_RUN, Mode.OFF]),
    labels=st.sampled_from(MAPPINGS),
    rules=st.sampled_from(RULES),
    comments=st.sampled_from([True, True, True, False]),
)
WHEEL_ANSWERS = st.sampled_from(
    [
        None,
        LXML,
        replace(LXML, everywhere=False, missing=("musllinux_x86_64", *HOSTILE), since_version=None, since=None),
        replace(LXML, since_version=" ".join(HOSTILE)),
        replace(LXML, package=" ".join(HOSTILE), version="1" * 500, url="https://github.com/a/b/issues/1"),
        replace(LXML, url="https://pypi.org/) @octocat"),
    ]
)
GIL_ANSWERS = st.sampled_from(
    [
        None,
        LXML_ON,
        LXML_OFF,
        replace(LXML_ON, modules=(*HOSTILE, "a" * 500), wheel=" ".join(HOSTILE), since=HOSTILE[0], before=HOSTILE[1]),
        replace(
            LXML_OFF, package=" ".join(HOSTILE), version="1" * 500, modules_before=tuple(HOSTILE), since=HOSTILE[2]
        ),
    ]
)
RELATED = st.sampled_from(
    [(), tuple(Related(IssueRef("a/b", n), f"{text} {CRASH}", ThreadState.CLOSED) for n, text in enumerate(HOSTILE, 1))]
)
ISSUES: list[Callable[[Issue], Issue]] = [
    lambda issue: issue,
    lambda issue: issue,
    lambda issue: issue,
    lambda issue: issue,
    lambda issue: replace(issue, state=ThreadState.CLOSED, closed=NOW),
    lambda issue: replace(issue, locked=True),
    lambda issue: replace(issue, author=BOT),
    lambda issue: replace(issue, author=None),
    lambda issue: replace(issue, is_pr=True),
    lambda issue: replace(issue, comments=2),
    lambda issue: replace(issue, labels=("type-crash",)),
    lambda issue: replace(issue, labels=("39 - free-threading", "needs info")),
]
MARKS: list[dict[MarkKind, str]] = [
    {},
    {},
    {MarkKind.IGNORE: "yes"},
    {MarkKind.IGNORE: "", MarkKind.DUPLICATE: "numpy/numpy#3"},
    {MarkKind.UPSTREAM: "@octocat", MarkKind.NEEDS_INFO: "log"},
]
OLD = "<!-- ftbot:section wheels -->\nold"


def _entry(kind: ActionKind, value: str, progress: Progress, rule: str, extra: str = "") -> OutboxEntry:
    body, neutral = (extra, "") if kind is ActionKind.COMMENT else ("", extra)
    action = Action(kind, REF, NODE, value, rule, 1, body=body, kind_name=neutral)
    return OutboxEntry(action, progress, NOW - timedelta(minutes=5), None)


ENTRIES = st.sampled_from(
    [
        (),
        (),
        (_entry(ActionKind.ADD_LABEL, "type-crash", Progress.CONFIRMED, "crash-title", "crash"),),
        (_entry(ActionKind.ADD_LABEL, "39 - free-threading", Progress.DROPPED, "gate", "topic"),),
        (_entry(ActionKind.SUGGEST_LABEL, "wheels", Progress.REFUSED, "wheel-title", "missing-wheel"),),
        (_entry(ActionKind.SUGGEST_LABEL, "race", Progress.SENT, "race-title", "data-race"),),
        (_entry(ActionKind.COMMENT, "wheels", Progress.CONFIRMED, "comment", f"{MARKER}\n\n{OLD}\n\n"),),
        (_entry(ActionKind.COMMENT, "wheels", Progress.DROPPED, "comment", f"{MARKER}\n\n{OLD}\n\n"),),
        tuple(
            _entry(ActionKind.ADD_LABEL, label, Progress.PLANNED, "gate", "topic")
            for label in ("Unrelated", "@x #1", "39 - free-threading")
        ),
    ]
)
ON_MOSTLY = st.sampled_from([True] * 9 + [False])


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    issue = draw(st.sampled_from(ISSUES))(made_issue(draw(TITLES), draw(BODIES)))
    overrides = draw(st.dictionaries(LABEL_NAMES, st.booleans(), max_size=2))
    said_of_it = draw(st.sampled_from(MARKS))
    snapshot = made_snapshot(issue, draw(SETTINGS))
    doubtful = draw(st.sampled_from([(), (True,) * 20, (True, False) * 10]))
    return replace(
        snapshot,
        repository_labels=frozenset(REPOSITORY_LABELS),
        overrides={label: override(label, wanted=wanted) for label, wanted in overrides.items()},
        marks={kind: ThreadMark(NODE, kind, value, "bob", NOW) for kind, value in said_of_it.items()},
        entries=draw(ENTRIES),
        wheels=draw(WHEEL_ANSWERS),
        gil=draw(GIL_ANSWERS),
        related=draw(RELATED),
        suggestions=draw(st.booleans()),
        reviews=dict.fromkeys(("gate", *(kind.rule for kind in snapshot.classification.kinds)), doubtful),
        problems=draw(st.sampled_from([(), (), tuple(HOSTILE)])),
        settings_digest=draw(st.sampled_from(["d1", "d1", ""])),
        trigger=draw(st.sampled_from([Trigger.OPENED, Trigger.REOPENED, Trigger.WHEELS])),
        enabled=draw(ON_MOSTLY),
        installed=draw(ON_MOSTLY),
    )
