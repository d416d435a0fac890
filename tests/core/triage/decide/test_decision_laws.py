"""What holds of every decision, whatever the thread says, the repository wants, and was done and said before."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.classify.thread import KindName
from bot.core.github.events import Trigger
from bot.core.github.threads import Issue, IssueRef, ThreadState
from bot.core.triage.actions import Action, ActionKind, Decision, Mode, Outcome
from bot.core.triage.changeset import MarkKind, OutboxEntry, Progress, ThreadMark
from bot.core.triage.commands.effects import Effects, obey
from bot.core.triage.commands.grammar import find_commands
from bot.core.triage.decide.decisions import decide
from bot.core.triage.decide.texts import LONGEST_BODY, MARKER, written_body
from bot.core.triage.overrides import merge_overrides
from bot.core.triage.settings import RepoSettings, RuleSettings
from bot.core.triage.snapshot import Related, Snapshot
from tests.core.triage.made_snapshots import (
    APP,
    AUTHOR,
    BOT,
    CRASH,
    LABELS,
    LXML,
    MAINTAINER,
    NODE,
    NOW,
    RACE_AND_CRASH,
    REF,
    WHEELS,
    done,
    made_issue,
    made_snapshot,
    override,
    said,
    to_do,
)
from tests.examples import examples

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
        related=draw(RELATED),
        suggestions=draw(st.booleans()),
        reviews=dict.fromkeys(("gate", *(kind.rule for kind in snapshot.classification.kinds)), doubtful),
        problems=draw(st.sampled_from([(), (), tuple(HOSTILE)])),
        settings_digest=draw(st.sampled_from(["d1", "d1", ""])),
        trigger=draw(st.sampled_from([Trigger.OPENED, Trigger.REOPENED, Trigger.WHEELS])),
        enabled=draw(ON_MOSTLY),
        installed=draw(ON_MOSTLY),
    )


def _key(entry: OutboxEntry) -> str:
    return entry.action.key


def _new(snapshot: Snapshot, decisions: tuple[Decision, ...]) -> list[str]:
    known = {entry.action.key for entry in snapshot.entries}
    return [action.key for action in to_do(decisions) if action.key not in known]


@given(snapshots())
def test_deciding_twice_adds_nothing(snapshot: Snapshot) -> None:
    for progress in (Progress.PLANNED, Progress.CONFIRMED):
        after = done(snapshot, decide(snapshot), progress)
        assert to_do(decide(after)) == []


@given(snapshots())
def test_deciding_is_deterministic(snapshot: Snapshot) -> None:
    assert decide(snapshot) == decide(snapshot)


@given(snapshots())
def test_what_is_to_be_done_is_new(snapshot: Snapshot) -> None:
    decisions = decide(snapshot)
    assert len(_new(snapshot, decisions)) == len(to_do(decisions))


@given(snapshots())
def test_every_effect_is_decided_once_with_a_reason(snapshot: Snapshot) -> None:
    decisions = decide(snapshot)
    effects = [(each.action.kind, each.action.value, each.action.kind_name) for each in decisions]
    assert len(set(effects)) == len(effects)
    assert all(each.reason.endswith((".", "?", "!")) for each in decisions)
    assert all(len(each.action.evidence) <= 200 for each in decisions)
    assert all(each.outcome in {Outcome.DO, Outcome.WOULD_DO, Outcome.BLOCKED} for each in decisions)


@given(snapshots(), LABEL_NAMES)
def test_a_label_that_a_human_took_off_never_comes_back(snapshot: Snapshot, label: str) -> None:
    snapshot = replace(snapshot, overrides=merge_overrides(snapshot.overrides, {label: override(label, wanted=False)}))
    touched = {action.value.casefold() for action in to_do(decide(snapshot)) if action.kind in LABELLING}
    assert label.casefold() not in touched


LABELLING = {ActionKind.ADD_LABEL, ActionKind.SUGGEST_LABEL, ActionKind.REMOVE_LABEL}


@given(snapshots())
def test_rules_never_use_more_than_three_labels(snapshot: Snapshot) -> None:
    snapshot = replace(snapshot, entries=())
    for _ in range(3):
        snapshot = done(snapshot, decide(snapshot))
        used = {entry.action.value for entry in snapshot.entries if entry.action.kind in LABELLING}
        assert len(used) <= 3


@given(snapshots())
def test_at_most_one_kind_is_put_on_without_a_person(snapshot: Snapshot) -> None:
    added = to_do(decide(replace(snapshot, entries=())), ActionKind.ADD_LABEL)
    assert len([action for action in added if action.kind_name in set(KindName)]) <= 1


@given(snapshots())
def test_a_label_is_one_that_the_repository_has_and_the_thread_has_not(snapshot: Snapshot) -> None:
    for action in to_do(decide(snapshot)):
        if action.kind in LABELLING:
            assert action.value in snapshot.repository_labels
            assert action.value not in snapshot.issue.labels


@given(snapshots())
def test_off_does_nothing_and_dry_run_only_what_people_asked_for(snapshot: Snapshot) -> None:
    quiet = replace(snapshot, marks={}, entries=(), problems=())
    for mode in (Mode.OFF, Mode.DRY_RUN):
        wanted = replace(snapshot.settings, mode=mode, rules={})
        assert to_do(decide(replace(quiet, settings=wanted))) == []
    off = replace(snapshot, settings=replace(snapshot.settings, mode=Mode.OFF))
    assert to_do(decide(off)) == []


@given(snapshots(), st.booleans())
def test_a_switch_that_is_off_stops_everything(snapshot: Snapshot, mine: bool) -> None:
    stopped = replace(snapshot, enabled=False) if mine else replace(snapshot, installed=False)
    assert to_do(decide(stopped)) == []
    for text in ("@ftbot label +question", "@ftbot help", "@ftbot dup #3"):
        assert to_do(_obeyed(text, stopped).decisions) == []
        assert _obeyed(text, stopped).overrides == ()


@settings(max_examples=examples(13))
@given(snapshots(), TEXTS)
def test_no_text_escapes_from_a_comment(snapshot: Snapshot, text: str) -> None:
    decisions = decide(snapshot)
    for command in (f"@ftbot {text}", f"@ftbot dup {text}", f"@ftbot label +{text}", "@ftbot why", "@ftbot status x"):
        decisions += _obeyed(command, snapshot, text).decisions
    for decision in decisions:
        if decision.action.body:
            _check_harmless(written_body(decision.action))


def _check_harmless(body: str) -> None:
    assert len(body.encode("utf-8")) <= LONGEST_BODY
    first, _, rest = body.partition("\n")
    assert first.startswith("<!-- ftbot:")
    assert MARKER not in rest
    assert "<!-- ftbot:reply" not in rest
    assert (
        re.findall(
            r"(?<!\\)<!--(?! ftbot:(?:section (?:duplicate|upstream|wheels|needs-info|labels|related)|end) -->\n)", rest
        )
        == []
    )
    assert {call.rstrip("`") for call in re.findall(r".?@\w\S*", rest)} <= {"`@ftbot"}
    assert re.findall(r"(?<![\w&])#\d|\w#\d|GH-\d", rest) == []
    links = re.findall(r"https?://[^\s)]*|www\.\S*", rest)
    assert all(link.startswith(("https://redirect.github.com/", DOCS, "https://pypi.org/")) for link in links)
    assert not any(0xD800 <= ord(c) < 0xE000 or c in "\u202e\u2066" for c in rest)


DOCS = "https://github.com/ftbot-dev/ftbot/blob/main/docs/"


def _obeyed(text: str, snapshot: Snapshot, status: str | None = None) -> Effects:
    everything = Effects()
    for command in find_commands(text, None, {"ftbot"}, REF.repository):
        obeyed = obey(command, said(text), "maintain", snapshot, (), status)
        everything = Effects(
            everything.decisions + obeyed.decisions,
            everything.overrides + obeyed.overrides,
            everything.marks + obeyed.marks,
        )
    return everything


@given(
    snapshots(),
    st.sampled_from(["label +question -crash", "dup #3", "upstream a/b#1", "needs-info", "retriage", "why", "x"]),
)
def test_obeying_twice_adds_nothing(snapshot: Snapshot, command: str) -> None:
    first = _obeyed(f"@ftbot {command}", snapshot)
    after = done(snapshot, first.decisions)
    after = replace(
        after,
        overrides=merge_overrides(after.overrides, {each.label: each for each in first.overrides}),
        marks={**after.marks, **{each.kind: each for each in first.marks}},
    )
    again = _obeyed(f"@ftbot {command}", after)
    assert [action for action in to_do(again.decisions) if action.value != "why"] == []


@given(snapshots(), st.sampled_from(["label +question", "retriage", "ignore", "frobnicate", "dup #3", "needs-info"]))
def test_who_may_not_is_not_answered(snapshot: Snapshot, command: str) -> None:
    for author in (AUTHOR, MAINTAINER, BOT, None):
        (parsed,) = find_commands(f"@ftbot {command}", None, {"ftbot"}, REF.repository)
        assert obey(parsed, said("", author), "read", snapshot, (), None) == Effects()


@given(snapshots())
def test_bots_are_never_obeyed(snapshot: Snapshot) -> None:
    (parsed,) = find_commands("@ftbot help", None, {"ftbot"}, REF.repository)
    for author in (BOT, replace(MAINTAINER, login=APP), None):
        assert obey(parsed, said("", author), "admin", snapshot, (), None) == Effects()
