"""What holds of every decision, whatever the thread says, the repository wants, and was done and said before."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.classify.thread import KindName
from bot.core.guide.sections import GuideTopic, section_url
from bot.core.triage.actions import ActionKind, Decision, Mode, Outcome
from bot.core.triage.changeset import Effects, OutboxEntry, Progress
from bot.core.triage.commands.effects import obey
from bot.core.triage.commands.grammar import find_commands
from bot.core.triage.decide.decisions import decide
from bot.core.triage.decide.texts import LONGEST_BODY, MARKER, written_body
from bot.core.triage.overrides import merge_overrides
from bot.core.triage.snapshot import Snapshot
from tests.core.triage.any_snapshots import LABEL_NAMES, TEXTS, snapshots
from tests.core.triage.made_snapshots import APP, AUTHOR, BOT, MAINTAINER, REF, done, override, said, to_do
from tests.examples import examples


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


@pytest.mark.no_cover  # many examples of what other tests run
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
            r"(?<!\\)<!--(?! ftbot:(?:section (?:duplicate|upstream|wheels|gil|needs-info|labels|related)|end) -->\n)",
            rest,
        )
        == []
    )
    assert {call.rstrip("`") for call in re.findall(r".?@\w\S*", rest)} <= {"`@ftbot"}
    assert re.findall(r"(?<![\w&])#\d|\w#\d|GH-\d", rest) == []
    links = re.findall(r"https?://[^\s)]*|www\.\S*", rest)
    ours = {section_url(topic) for topic in GuideTopic}
    assert all(
        link in ours or link.startswith(("https://redirect.github.com/", DOCS, "https://pypi.org/")) for link in links
    )
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
