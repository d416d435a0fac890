"""What a snapshot says after something had its effect, and which of several words about a label counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.triage.actions import Action, ActionKind, Decision, Mode, Outcome
from bot.core.triage.changeset import Effects, LabelOverride, MarkKind, Progress, ThreadMark
from bot.core.triage.snapshot import Snapshot
from tests.core.triage.made_snapshots import NODE, NOW, REF, made_issue, made_snapshot, override

ADD, REMOVE = ActionKind.ADD_LABEL, ActionKind.REMOVE_LABEL
A_SECOND = timedelta(seconds=1)
OVERRIDES = st.builds(
    lambda label, wanted, seconds: override(label, wanted=wanted, at=NOW + seconds * A_SECOND),
    st.sampled_from(["race", "Race", "type-crash"]),
    st.booleans(),
    st.integers(0, 2),
)


def decided(kind: ActionKind, label: str, outcome: Outcome = Outcome.DO) -> Decision:
    return Decision(Action(kind, REF, NODE, label, "command", 1), Mode.APPLY, outcome, "Because.")


def moved(kind: ActionKind, label: str, *labels: str) -> tuple[str, ...]:
    snapshot = made_snapshot(made_issue(labels=labels))
    return snapshot.after(Effects((decided(kind, label),))).issue.labels


@pytest.mark.parametrize("label", ["race", "Race", "RACE"])
def test_labels_are_the_same_however_they_are_spelled(label: str) -> None:
    assert moved(REMOVE, label, "Race", "question") == ("question",)
    assert moved(ADD, label, "Race") == ("Race",)
    assert moved(ADD, label, "question") == ("question", label)


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.DO])
def test_what_is_not_to_be_done_changes_nothing(outcome: Outcome) -> None:
    snapshot = made_snapshot()
    assert snapshot.after(Effects((decided(ADD, "race", outcome),))) == snapshot


def test_what_is_to_be_done_is_planned() -> None:
    (entry,) = made_snapshot().after(Effects((decided(ADD, "race"),))).entries
    assert (entry.action.value, entry.progress, entry.planned, entry.due) == ("race", Progress.PLANNED, NOW, NOW)


def test_the_latest_mark_of_a_kind_counts() -> None:
    on, off = (ThreadMark(NODE, MarkKind.IGNORE, value, "bob", NOW) for value in ("yes", ""))
    snapshot = made_snapshot().after(Effects(marks=(on,)))
    assert snapshot.mark(MarkKind.IGNORE) == "yes"
    assert snapshot.after(Effects(marks=(off,))).mark(MarkKind.IGNORE) == ""


def test_of_two_words_at_the_same_moment_the_label_is_off() -> None:
    on, off = override("race", wanted=True), override("Race", wanted=False)
    for first, second in ((on, off), (off, on), (on, replace(off, label="race")), (replace(off, label="race"), on)):
        assert wanted(made_snapshot().after(Effects(overrides=(first,))).after(Effects(overrides=(second,)))) is False


def test_an_older_word_has_no_effect() -> None:
    snapshot = replace(made_snapshot(), overrides={"race": override("race", wanted=True)})
    late = override("race", wanted=False, at=NOW - A_SECOND)
    assert wanted(snapshot.after(Effects(overrides=(late,)))) is True


def test_in_one_breath_the_second_word_counts() -> None:
    off, on = (Effects(overrides=(override(label, wanted=on),)) for label, on in (("race", False), ("Race", True)))
    assert wanted(made_snapshot().after(off.and_then(on))) is True
    assert wanted(made_snapshot().after(on.and_then(off))) is False


@given(st.lists(OVERRIDES, max_size=6).flatmap(lambda some: st.tuples(st.just(some), st.permutations(some))))
def test_words_come_to_the_same_in_any_order(orders: tuple[list[LabelOverride], list[LabelOverride]]) -> None:
    one, other = orders
    assert said(one) == said(other)


def said(overrides: list[LabelOverride]) -> dict[str, tuple[bool, object] | None]:
    snapshot = made_snapshot()
    for each in overrides:
        snapshot = snapshot.after(Effects(overrides=(each,)))
    found = {label: snapshot.override(label) for label in ("race", "type-crash")}
    return {label: None if each is None else (each.wanted, each.at) for label, each in found.items()}


def wanted(snapshot: Snapshot) -> bool | None:
    found = snapshot.override("race")
    return None if found is None else found.wanted
