"""What follows from an event: one changeset, in which nothing is twice that is known already."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.github.events import GithubEvent, Received, Trigger
from bot.core.github.threads import Account
from bot.core.triage.actions import ActionKind, Mode, Outcome
from bot.core.triage.changeset import Changeset, MarkKind, OutboxEntry, Progress
from bot.core.triage.commands.grammar import LabelCommand, StatusCommand
from bot.core.triage.consequences import (
    Gathered,
    Later,
    LeaveAlone,
    app_removed,
    before_looking,
    commands_in,
    concerns_nobody,
    consequences,
    given_up,
    is_strange,
    thread_gone,
)
from bot.core.triage.decide.decisions import settings_notice
from bot.core.triage.settings import RepoSettings
from bot.core.triage.snapshot import Snapshot
from bot.core.upstream.threads import EventKind, KnownThread, ThreadOrigin
from tests.core.triage.any_snapshots import LABEL_NAMES, snapshots
from tests.core.triage.made_snapshots import (
    APP,
    APPLY,
    AUTHOR,
    BOT,
    DRY,
    MAINTAINER,
    NODE,
    NOW,
    REF,
    made_issue,
    made_snapshot,
    override,
    said,
)

STRANGER = Account("mallory")
A_SECOND = timedelta(seconds=1)
MAY = Gathered(role="triage")
PLAIN = made_snapshot(made_issue(comments=1))
ELSEWHERE = made_snapshot(made_issue("Fix a typo in the tutorial", "It says teh."))


def happened(trigger: Trigger = Trigger.OPENED, by: Account | None = AUTHOR) -> GithubEvent:
    return GithubEvent("k", trigger, REF.repository, REF, NODE, NOW, actor=by)


def moved(label: str, *, on: bool, by: Account | None = MAINTAINER) -> GithubEvent:
    return replace(happened(Trigger.LABELED if on else Trigger.UNLABELED, by), label=label)


def commented(text: str, by: Account | None = MAINTAINER, *, number: int = 501) -> GithubEvent:
    return replace(happened(Trigger.COMMENTED, by), comment=said(text, by, number))


def edited(before: str | None, text: str, by: Account = MAINTAINER, author: Account = MAINTAINER) -> GithubEvent:
    return replace(happened(Trigger.COMMENT_EDITED, by), comment=said(text, author), before=before)


def follows(event: GithubEvent, snapshot: Snapshot = PLAIN, gathered: Gathered = MAY) -> Changeset:
    return consequences(event, "d", replace(snapshot, trigger=event.trigger), gathered)


def done(changeset: Changeset) -> list[tuple[str, str]]:
    return [(action.kind.value, action.value) for action in changeset.actions]


def labels(changeset: Changeset) -> list[tuple[str, str]]:
    return [(kind, value) for kind, value in done(changeset) if kind.endswith("label")]


def wanted(changeset: Changeset) -> dict[str, bool]:
    return {each.label: each.wanted for each in changeset.overrides}


def known_as(changeset: Changeset) -> KnownThread:
    assert changeset.thread is not None
    return changeset.thread


# -- which events count


@pytest.mark.parametrize("trigger", [Trigger.COMMENTED, Trigger.COMMENT_EDITED, Trigger.LABELED, Trigger.UNLABELED])
@pytest.mark.parametrize("by", [None, BOT, Account("other[bot]", is_bot=True), Account(APP)])
def test_what_bots_do_concerns_nobody(trigger: Trigger, by: Account | None) -> None:
    event = replace(happened(trigger, by), comment=said("@ftbot why", by))
    assert concerns_nobody(event, APP, known=True)
    assert not concerns_nobody(replace(event, actor=MAINTAINER), APP, known=True)


def test_comments_on_threads_that_nobody_knows_count_only_with_a_command() -> None:
    assert concerns_nobody(commented("Me too."), APP, known=False)
    assert not concerns_nobody(commented("Me too."), APP, known=True)
    assert not concerns_nobody(commented("@ftbot why"), APP, known=False)
    assert not concerns_nobody(moved("race", on=True), APP, known=False)
    assert not concerns_nobody(happened(Trigger.EDITED, BOT), APP, known=False)


def test_a_thread_is_left_alone_without_the_app_or_where_the_bot_is_off() -> None:
    issue, off = made_issue(), replace(APPLY, mode=Mode.OFF)
    opened = happened()
    assert before_looking(opened, issue, APPLY, NOW, installed=True) is None
    without = LeaveAlone("The repository does not have the App.")
    assert before_looking(opened, issue, APPLY, NOW, installed=False) == without
    assert before_looking(opened, issue, off, NOW, installed=True) == LeaveAlone("The repository switched the bot off.")


def test_people_have_the_grace_period_to_themselves_and_no_longer_where_the_clock_is_wrong() -> None:
    issue = replace(made_issue(), created=NOW)
    ready = NOW + APPLY.grace
    for trigger, step in ((Trigger.OPENED, Later(ready)), (Trigger.ASKED, None), (Trigger.COMMENTED, None)):
        assert before_looking(happened(trigger), issue, APPLY, NOW, installed=True) == step
    assert before_looking(happened(), issue, APPLY, ready, installed=True) is None
    assert before_looking(happened(), issue, APPLY, NOW - A_SECOND, installed=True) is None


def test_a_label_that_moves_on_a_thread_about_something_else_is_nothing_to_remember() -> None:
    event = moved("question", on=True)
    assert is_strange(event, ELSEWHERE)
    assert not is_strange(event, PLAIN)
    assert not is_strange(happened(), ELSEWHERE)
    for known in (
        replace(ELSEWHERE, overrides={"race": override("race", wanted=True)}),
        replace(ELSEWHERE, entries=(OutboxEntry(follows(happened()).actions[0], Progress.DROPPED, NOW, None),)),
    ):
        assert not is_strange(event, known)


# -- what is done


@pytest.mark.parametrize("trigger", Trigger)
def test_only_what_changes_something_is_an_occasion_to_decide(trigger: Trigger) -> None:
    idle = {Trigger.CLOSED, Trigger.LOCKED, Trigger.DELETED, Trigger.INSTALLED, Trigger.REMOVED}
    speaking = {Trigger.COMMENTED, Trigger.COMMENT_EDITED, Trigger.LABELED, Trigger.UNLABELED}
    changeset = follows(happened(trigger))
    assert bool(changeset.actions) is (trigger not in idle | speaking)
    assert (changeset.delivery, known_as(changeset).issue) == ("d", PLAIN.issue)


def test_what_is_decided_goes_to_the_audit_log_with_what_led_to_it() -> None:
    changeset = follows(happened())
    assert [each.decision.action for each in changeset.entries if each.decision.outcome is Outcome.DO] == list(
        changeset.actions
    )
    (line, *_) = changeset.entries
    assert (line.at, line.trigger, line.delivery, line.actor) == (NOW, Trigger.OPENED, "d", AUTHOR.login)
    assert consequences(happened(by=None), None, PLAIN, MAY).entries[0].actor is None


@pytest.mark.parametrize("progress", Progress)
def test_what_was_planned_is_planned_anew_only_if_it_was_dropped(progress: Progress) -> None:
    first = follows(happened())
    planned = tuple(OutboxEntry(action, progress, NOW, None) for action in first.actions)
    again = follows(happened(), gathered=Gathered(planned=planned, history=first.entries))
    if progress is Progress.DROPPED:
        assert again.actions == first.actions
        assert [each.decision.outcome for each in again.entries] == [Outcome.DO] * len(first.actions)
    else:
        assert (again.actions, again.entries) == ((), ())


def test_what_is_said_once_in_a_repository_is_not_said_again_on_another_thread() -> None:
    broken = replace(PLAIN, settings=RepoSettings(), problems=("Line 1 is not valid TOML.",), settings_digest="d2")
    first = follows(happened(), broken)
    assert done(first) == [("notice", "d2")]
    notice = settings_notice(broken)
    assert notice is not None
    elsewhere = replace(notice, node_id="I_1", ref=replace(REF, number=1))
    assert elsewhere.key == notice.key
    said_there = Gathered(planned=(OutboxEntry(elsewhere, Progress.CONFIRMED, NOW, None),))
    assert follows(happened(), broken, said_there).actions == ()


def test_what_was_decided_the_same_way_last_time_is_not_written_down_again() -> None:
    dry = replace(PLAIN, settings=DRY)
    first = follows(happened(), dry)
    assert first.entries
    assert follows(happened(), dry, Gathered(history=first.entries)).entries == ()
    other = [replace(each, decision=replace(each.decision, reason="Else.")) for each in first.entries]
    assert follows(happened(), dry, Gathered(history=(*first.entries, *other))).entries == first.entries


# -- labels


@pytest.mark.parametrize("on", [True, False])
def test_what_a_person_does_with_a_label_is_kept_as_what_is_wanted(on: bool) -> None:
    changeset = follows(moved("race", on=on))
    (kept,) = changeset.overrides
    assert (kept.label, kept.wanted, kept.actor, kept.at) == ("race", on, MAINTAINER.login, NOW)
    assert changeset.actions == ()


def test_a_label_that_was_put_on_in_the_second_in_which_it_was_taken_off_is_off() -> None:
    snapshot = replace(PLAIN, overrides={"race": override("race", wanted=False)})
    assert wanted(follows(moved("race", on=True), snapshot)) == {"race": False}
    assert follows(moved("race", on=True), snapshot, Gathered(stored=snapshot.overrides)).overrides == ()


def test_people_review_rules_by_taking_labels_off() -> None:
    first = follows(happened())
    entries = tuple(OutboxEntry(action, Progress.CONFIRMED, NOW - A_SECOND, None) for action in first.actions)
    (review,) = follows(moved("type-crash", on=False), replace(PLAIN, entries=entries)).reviews
    assert (review.label, review.right) == ("type-crash", False)


# -- comments


@pytest.mark.parametrize(
    "text",
    [
        "> @ftbot label +question",
        "```\n@ftbot label +question\n```",
        "try `@ftbot label +question`",
        "Thanks, quoting you:\n\n> please try\n@ftbot label +question\n\nbye",
        "Log:\n```\n    ```\n@ftbot label +question\n```",
        "<details><summary>log</summary><pre>\n@ftbot label +question\n</pre></details>",
        "Nice issue!\n\n[//]: # (\n@ftbot label +question\n)",
        "Please run\n@ftbot label +question",
    ],
)
def test_what_is_only_quoted_or_passed_on_is_no_command(text: str) -> None:
    event = commented(text)
    assert commands_in(event, PLAIN) == ()
    assert follows(event).actions == ()


@pytest.mark.parametrize(
    ("who", "role"), [(AUTHOR, "none"), (STRANGER, "read"), (BOT, "admin"), (Account(APP), "admin")]
)
def test_labels_are_not_moved_by_those_who_may_not(who: Account, role: str) -> None:
    changeset = follows(commented("@ftbot label +question", who), gathered=Gathered(role=role))
    assert (changeset.actions, changeset.overrides) == ((), ())
    assert labels(follows(commented("@ftbot label +question"))) == [("add-label", "question")]


def test_several_commands_in_one_comment_are_done_in_order() -> None:
    on = made_snapshot(made_issue(labels=["type-crash"], comments=1))
    changeset = follows(commented("@ftbot label +question -crash\n@ftbot label -question"), on)
    assert labels(changeset) == [
        ("add-label", "question"),
        ("remove-label", "type-crash"),
        ("remove-label", "question"),
    ]
    assert wanted(changeset) == {"question": False, "type-crash": False}


def test_in_one_comment_the_second_word_about_a_label_counts() -> None:
    assert wanted(follows(commented("@ftbot label -question\n@ftbot label +question"))) == {"question": True}
    ignored = follows(commented("@ftbot unignore\n@ftbot ignore"))
    assert [each.value for each in ignored.marks if each.kind is MarkKind.IGNORE] == ["", "yes"]


def test_a_command_is_done_with_what_came_of_those_before_it() -> None:
    ignored = follows(commented("@ftbot ignore"))
    mark = ignored.marks[0]
    snapshot = replace(PLAIN, marks={mark.kind: mark})
    assert labels(follows(commented("@ftbot retriage"), snapshot)) == []
    taken_back = labels(follows(commented("@ftbot unignore\n@ftbot retriage"), snapshot))
    assert ("add-label", "type-crash") in taken_back


def test_of_an_edited_comment_only_new_lines_are_done_and_count_as_the_editors() -> None:
    event = edited("@ftbot label +wheels", "@ftbot label +wheels\n@ftbot label +question", author=STRANGER)
    assert commands_in(event, PLAIN) == (LabelCommand(("question",), ()),)
    changeset = follows(event)
    assert labels(changeset) == [("add-label", "question")]
    assert [each.actor for each in changeset.overrides] == [MAINTAINER.login]


def test_of_an_edited_comment_that_was_obeyed_before_nobody_knows_what_is_new() -> None:
    event = edited(None, "@ftbot label +wheels")
    assert commands_in(event, PLAIN) != ()
    obeyed = follows(commented("@ftbot label +question")).actions
    known = replace(PLAIN, entries=tuple(OutboxEntry(each, Progress.CONFIRMED, NOW, None) for each in obeyed))
    assert commands_in(event, known) == ()
    assert follows(event, known).actions == ()
    assert commands_in(replace(event, before=""), known) != ()


def test_status_is_answered_by_what_was_looked_up() -> None:
    event = commented("@ftbot status demo\n@ftbot status other")
    assert commands_in(event, PLAIN) == (StatusCommand("demo"), StatusCommand("other"))
    gathered = replace(MAY, statuses={"demo": "demo 1.0 installs on 3.14t", "other": None})
    demo, other = (each.body for each in follows(event, gathered=gathered).actions if each.kind is ActionKind.REPLY)
    assert "demo 1.0 installs on 3.14t" in demo
    assert "cannot be looked up" in other


@pytest.mark.parametrize(
    "snapshot",
    [
        replace(PLAIN, settings=DRY),
        replace(PLAIN, settings=RepoSettings()),
        replace(PLAIN, settings=RepoSettings(), problems=("`version` is missing.",)),
    ],
)
def test_who_only_tries_it_out_answers_no_author(snapshot: Snapshot) -> None:
    for question in ("why", "help", "status demo"):
        asked = follows(commented(f"@ftbot {question}", AUTHOR), snapshot, Gathered(role="read"))
        assert asked.actions == ()
    assert ("reply", "why") in done(follows(commented("@ftbot why"), snapshot))


def test_an_author_who_answers_is_no_longer_waited_for_and_may_give_commands_with_it() -> None:
    asked = follows(commented("@ftbot needs-info log", number=500)).actions
    entries = tuple(OutboxEntry(each, Progress.CONFIRMED, NOW, None) for each in asked)
    waiting = replace(made_snapshot(made_issue(labels=["needs info"], comments=2)), entries=entries)
    answer = follows(commented("It is on 3.14.0.", AUTHOR), waiting)
    assert labels(answer) == [("remove-label", "needs info")]
    both = follows(commented("It is on 3.14.0.\n\n@ftbot label +question", AUTHOR), waiting)
    assert labels(both) == [("remove-label", "needs info"), ("add-label", "question")]


# -- what is remembered


def test_a_thread_about_something_else_is_remembered_only_if_it_was() -> None:
    assert follows(happened(), ELSEWHERE).thread is None
    before = known_as(follows(happened()))
    remembered = known_as(follows(happened(), ELSEWHERE, Gathered(thread=before)))
    assert remembered.issue == ELSEWHERE.issue


def test_what_happened_to_a_thread_is_told_and_comments_with_their_author_only() -> None:
    first = follows(happened())
    assert [event.kind for event in first.events] == [EventKind.OPENED]
    assert known_as(first).origin is ThreadOrigin.TRIAGE
    more = replace(PLAIN, issue=replace(PLAIN.issue, comments=5, updated=NOW + A_SECOND))
    gathered = replace(MAY, thread=known_as(first))
    assert follows(happened(), more, gathered).events == ()
    (event,) = follows(commented("Me too.", STRANGER), more, gathered).events
    assert (event.kind, event.detail, event.at, event.comments) == (EventKind.COMMENTED, "1", NOW, 5)


def test_a_thread_that_is_gone_is_marked_so_if_it_was_known() -> None:
    known = known_as(follows(happened()))
    assert thread_gone("d", known, NOW) == Changeset("d", thread=replace(known, gone=NOW))
    assert thread_gone("d", None, NOW) == Changeset("d")


def test_where_the_app_was_removed_the_repository_is_cancelled() -> None:
    assert app_removed(happened(Trigger.REMOVED), "d") == Changeset("d", cancelled=REF.repository)


def test_the_audit_log_says_that_a_thread_was_given_up() -> None:
    (line,) = given_up(Received("d", happened(), NOW), "Given up.", NOW).entries
    assert (line.delivery, line.decision.outcome, line.decision.reason) == ("d", Outcome.BLOCKED, "Given up.")
    whole = replace(happened(Trigger.INSTALLED, None), ref=None, node_id="")
    assert given_up(Received("d", whole, NOW), "Given up.", NOW) == Changeset("d")


# -- laws


TEXTS = [
    "@ftbot label +question -crash",
    "@ftbot label +Type-Crash\n@ftbot label -type-crash",
    "@ftbot retriage",
    "@ftbot dup #3\n@ftbot upstream a/b#1",
    "@ftbot needs-info\n@ftbot ignore",
    "@ftbot help\n@ftbot frobnicate",
    "It is on 3.14.0.",
]
PEOPLE = st.sampled_from([AUTHOR, MAINTAINER, STRANGER])
EVENTS = st.one_of(
    st.builds(happened, st.sampled_from([Trigger.OPENED, Trigger.EDITED, Trigger.CLOSED, Trigger.ASKED]), PEOPLE),
    st.builds(lambda label, on, by: moved(label, on=on, by=by), LABEL_NAMES, st.booleans(), PEOPLE),
    st.builds(commented, st.sampled_from(TEXTS), PEOPLE),
)
ROLES = st.sampled_from(["none", "read", "triage", "admin"])


@given(snapshots(), EVENTS, ROLES)
def test_told_of_again_no_label_moves_and_nobody_is_answered_twice(
    snapshot: Snapshot, event: GithubEvent, role: str
) -> None:
    gathered = Gathered(role=role, planned=snapshot.entries)
    first = follows(event, snapshot, gathered)
    entries = (*snapshot.entries, *(OutboxEntry(each, Progress.PLANNED, NOW, NOW) for each in first.actions))
    overrides = {**snapshot.overrides, **{each.label: each for each in first.overrides}}
    marks = {**snapshot.marks, **{each.kind: each for each in first.marks}}
    later = replace(snapshot, entries=entries, overrides=overrides, marks=marks)
    known = Gathered(first.entries, overrides, entries, first.thread, role)
    again = follows(event, later, known)
    # The comment that is kept may say how it stands before the labels are on.
    assert [action for action in again.actions if action.kind is not ActionKind.COMMENT] == []
    assert again.overrides == ()


@given(snapshots(), EVENTS, ROLES)
def test_nothing_is_done_where_nothing_may_be(snapshot: Snapshot, event: GithubEvent, role: str) -> None:
    for forbidden in (
        replace(snapshot, enabled=False),
        replace(snapshot, installed=False),
        replace(snapshot, settings=replace(snapshot.settings, mode=Mode.OFF)),
    ):
        assert follows(event, forbidden, Gathered(role=role)).actions == ()


@given(snapshots(), LABEL_NAMES, PEOPLE)
def test_a_label_that_a_person_takes_off_is_wanted_off_and_not_put_on(
    snapshot: Snapshot, label: str, by: Account
) -> None:
    event = replace(moved(label, on=False, by=by), at=NOW + A_SECOND)
    changeset = follows(event, snapshot, Gathered())
    assert wanted(changeset)[label] is False
    assert ActionKind.ADD_LABEL not in {action.kind for action in changeset.actions}


@given(snapshots(), EVENTS, ROLES)
def test_every_action_is_in_the_audit_log_and_about_the_thread(
    snapshot: Snapshot, event: GithubEvent, role: str
) -> None:
    changeset = follows(event, snapshot, Gathered(role=role))
    lines = {each.decision.action.key for each in changeset.entries if each.decision.outcome is Outcome.DO}
    assert {action.key for action in changeset.actions} <= lines
    assert {action.node_id for action in changeset.actions} <= {snapshot.issue.node_id}
    assert changeset.delivery == "d"
