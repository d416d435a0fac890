from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.core.classify.thread import Confidence, KindName
from bot.core.github.events import Trigger
from bot.core.github.threads import Account, Issue, IssueRef, LabelEvent, ThreadState
from bot.core.triage.actions import Action, ActionKind, Mode, Outcome
from bot.core.triage.changeset import DISLIKED, REMOVED, MarkKind, OutboxEntry, Progress, Review, ThreadMark
from bot.core.triage.decide.decisions import decide, revise
from bot.core.triage.decide.reviews import reviews_of
from bot.core.triage.decide.texts import MARKER
from bot.core.triage.overrides import merge_overrides, overrides_of
from bot.core.triage.settings import RepoSettings, RuleSettings, ready_at
from bot.core.triage.snapshot import Related, Snapshot
from tests.core.triage.made_snapshots import (
    APP,
    APPLY,
    BOT,
    DRY,
    GIL,
    LABELS,
    LXML,
    LXML_OFF,
    LXML_ON,
    NODE,
    NOW,
    RACE_AND_CRASH,
    REF,
    SUGGEST,
    WHEELS,
    done,
    labels_to_add,
    made_issue,
    made_snapshot,
    override,
    reasons,
    the_comment,
    to_do,
)

TOPIC = LABELS["topic"]
COMPLETE = "Python 3.14t\n```python\nimport spam\n```\nFatal Python error: Segmentation fault"
REPORT = made_issue(body=COMPLETE)


def added(snapshot: Snapshot) -> list[str]:
    return labels_to_add(decide(snapshot))


def why(snapshot: Snapshot, value: str) -> str:
    return reasons(decide(snapshot))[value]


# -- labels in each mode


def test_apply_puts_on_the_topic_and_one_sure_kind() -> None:
    decisions = decide(made_snapshot(REPORT))
    assert [(each.action.kind, each.action.value) for each in decisions] == [
        (ActionKind.ADD_LABEL, TOPIC),
        (ActionKind.ADD_LABEL, "type-crash"),
    ]
    topic, crash = (each.action for each in decisions)
    assert (topic.rule, topic.kind_name, crash.kind_name) == ("gate", "topic", "crash")
    assert crash.evidence


def test_the_second_kind_is_suggested() -> None:
    decisions = decide(replace(made_snapshot(made_issue(*RACE_AND_CRASH)), suggestions=True))
    assert labels_to_add(decisions) == [TOPIC, "type-crash"]
    assert [action.value for action in to_do(decisions, ActionKind.SUGGEST_LABEL)] == ["race"]


@pytest.mark.parametrize("settings", [APPLY, SUGGEST])
def test_no_comment_is_written_for_labels_alone(settings: RepoSettings) -> None:
    snapshot = made_snapshot(made_issue(*RACE_AND_CRASH), settings)
    assert to_do(decide(snapshot), ActionKind.COMMENT) == []
    assert why(snapshot, "race") == (
        "blocked: numpy/numpy takes no suggestions of labels, and no comment is written for a label alone."
    )


def test_a_kind_is_put_on_only_where_the_thread_is_about_free_threading_for_sure() -> None:
    snapshot = made_snapshot(made_issue("Segmentation fault", "This happens on the free-threaded build."))
    assert snapshot.classification.confidence is Confidence.MEDIUM
    assert snapshot.classification.kinds[0].confidence is Confidence.HIGH
    assert to_do(decide(snapshot)) == []
    suggested = to_do(decide(replace(snapshot, suggestions=True)))
    assert {(each.kind, each.value) for each in suggested} == {
        (ActionKind.SUGGEST_LABEL, TOPIC),
        (ActionKind.SUGGEST_LABEL, "type-crash"),
    }


def test_pull_requests_are_left_alone_unless_the_repository_asks_for_them() -> None:
    snapshot = made_snapshot(replace(REPORT, is_pr=True))
    assert to_do(decide(snapshot)) == []
    assert why(snapshot, TOPIC) == "blocked: It is a pull request, and `.github/ftbot.toml` does not ask for those."
    assert added(replace(snapshot, settings=replace(APPLY, pull_requests=True))) == [TOPIC, "type-crash"]


def test_suggest_uses_githubs_own_where_the_repository_has_them() -> None:
    snapshot = replace(made_snapshot(REPORT, SUGGEST), suggestions=True)
    assert [(each.kind, each.value) for each in to_do(decide(snapshot))] == [
        (ActionKind.SUGGEST_LABEL, TOPIC),
        (ActionKind.SUGGEST_LABEL, "type-crash"),
    ]
    on_pr = replace(snapshot, issue=replace(REPORT, is_pr=True), settings=replace(SUGGEST, pull_requests=True))
    assert to_do(decide(on_pr)) == []
    assert why(on_pr, TOPIC) == (
        "blocked: Pull requests have no suggestions of labels, and no comment is written for a label alone."
    )


def test_dry_run_says_what_would_be_done() -> None:
    decisions = decide(made_snapshot(made_issue(*RACE_AND_CRASH), DRY))
    assert to_do(decisions) == []
    assert {(each.outcome, each.action.kind) for each in decisions} == {
        (Outcome.WOULD_DO, ActionKind.ADD_LABEL),
        (Outcome.WOULD_DO, ActionKind.SUGGEST_LABEL),
    }


def test_without_a_file_it_is_said_what_would_be_done_with_one() -> None:
    snapshot = replace(made_snapshot(made_issue(*RACE_AND_CRASH), RepoSettings()), settings_digest="")
    decisions = decide(snapshot)
    assert to_do(decisions) == []
    assert [(each.outcome, each.action.kind, each.action.value) for each in decisions[:3]] == [
        (Outcome.WOULD_DO, ActionKind.ADD_LABEL, "topic"),
        (Outcome.WOULD_DO, ActionKind.ADD_LABEL, "crash"),
        (Outcome.WOULD_DO, ActionKind.SUGGEST_LABEL, "data-race"),
    ]
    assert why(snapshot, "topic") == (
        "would-do: Once `.github/ftbot.toml` names a label for it. The rule gate is sure."
    )
    assert why(replace(snapshot, installed=False), "topic") == "blocked: numpy/numpy has not installed the App."
    assert why(replace(snapshot, issue=replace(snapshot.issue, locked=True)), "crash") == "blocked: It is locked."
    broken = replace(snapshot, problems=("`mdoe` means nothing here.",), settings_digest="d")
    assert (
        why(broken, "topic") == "blocked: `.github/ftbot.toml` cannot be used, so nothing is done until it is mended."
    )


def test_a_rules_own_mode_wins() -> None:
    rules = {KindName.CRASH: RuleSettings(Mode.APPLY)}
    assert added(made_snapshot(REPORT, replace(DRY, rules=rules))) == ["type-crash"]
    rules = {KindName.CRASH: RuleSettings(Mode.SUGGEST)}
    assert added(made_snapshot(REPORT, replace(APPLY, rules=rules))) == [TOPIC]
    rules = {KindName.CRASH: RuleSettings(Mode.APPLY)}
    assert added(made_snapshot(REPORT, replace(APPLY, mode=Mode.OFF, rules=rules))) == []


@pytest.mark.parametrize("rule", [RuleSettings(enabled=False), RuleSettings(Mode.OFF)])
def test_a_rule_that_is_switched_off_says_nothing(rule: RuleSettings) -> None:
    snapshot = made_snapshot(REPORT, replace(APPLY, rules={KindName.CRASH: rule}))
    assert added(snapshot) == [TOPIC]
    assert why(snapshot, "type-crash") == "blocked: `.github/ftbot.toml` switches crash off."


def test_a_thread_about_something_else_is_left_alone() -> None:
    assert decide(made_snapshot(made_issue("Segmentation fault", "with nogil: it crashes"))) == ()


# -- what forbids it


FORBIDDING: list[tuple[Callable[[Snapshot], Snapshot], str]] = [
    (lambda s: replace(s, enabled=False), "Whoever runs the bot has switched triage off."),
    (lambda s: replace(s, settings=replace(APPLY, mode=Mode.OFF)), "The mode of numpy/numpy is off."),
    (lambda s: replace(s, installed=False), "numpy/numpy has not installed the App."),
    (lambda s: replace(s, issue=replace(s.issue, author=BOT)), "A bot opened it: dependabot[bot]."),
    (lambda s: replace(s, issue=replace(s.issue, state=ThreadState.CLOSED)), "It is closed."),
    (lambda s: replace(s, issue=replace(s.issue, locked=True)), "It is locked."),
    (
        lambda s: replace(s, settings=replace(APPLY, not_before=date(2026, 11, 26))),
        "It was opened before 2026-11-26, which is where `not-before` begins.",
    ),
    (
        lambda s: replace(s, marks={MarkKind.IGNORE: ThreadMark(NODE, MarkKind.IGNORE, "yes", "bob", NOW)}),
        "bob asked to ignore it.",
    ),
]


@pytest.mark.parametrize(("change", "reason"), FORBIDDING)
def test_what_forbids_everything_is_said(change: Callable[[Snapshot], Snapshot], reason: str) -> None:
    decisions = decide(change(made_snapshot(made_issue())))
    assert {(each.outcome, each.reason) for each in decisions} == {(Outcome.BLOCKED, reason)}


def test_reasons_are_looked_for_in_their_order() -> None:
    everything = replace(
        made_snapshot(made_issue(locked=True, author=BOT, labels=["race"]), replace(APPLY, labels={})),
        enabled=False,
        installed=False,
        overrides={TOPIC: override(TOPIC, wanted=False)},
    )
    assert why(everything, "topic").endswith("switched triage off.")
    everything = replace(everything, enabled=True)
    assert why(everything, "topic").endswith("has not installed the App.")
    everything = replace(everything, installed=True)
    assert why(everything, "topic").endswith("maps topic to no label.")
    everything = replace(everything, settings=APPLY)
    assert why(everything, "type-crash").endswith("A bot opened it: dependabot[bot].")
    everything = replace(everything, issue=made_issue(labels=["race"]))
    assert why(everything, "type-crash").endswith("Somebody has said what kind it is: race.")
    assert why(everything, TOPIC).endswith("carol took 39 - free-threading off on 2026-11-25, and it stays off.")


def test_a_label_that_the_repository_has_not_is_not_made() -> None:
    snapshot = replace(made_snapshot(REPORT), repository_labels=frozenset({"TYPE-Crash"}))
    assert added(snapshot) == ["TYPE-Crash"]
    assert why(snapshot, "topic") == (
        "blocked: numpy/numpy has no label called 39 - free-threading, and none is ever made."
    )


def test_a_kind_that_a_person_put_on_is_the_kind() -> None:
    snapshot = made_snapshot(replace(REPORT, labels=("Question",)))
    assert added(snapshot) == [TOPIC]
    assert why(snapshot, "type-crash") == "blocked: Somebody has said what kind it is: Question."


def test_a_kind_of_our_own_is_no_persons() -> None:
    snapshot = replace(made_snapshot(made_issue(*RACE_AND_CRASH)), suggestions=True)
    snapshot = done(snapshot, decide(snapshot))
    assert decide(snapshot) == ()
    by_hand = replace(snapshot, overrides={"race": override("race", wanted=True)}, entries=())
    assert why(by_hand, "race").startswith("blocked: Somebody has said what kind it is")


def test_labels_are_the_same_in_small_and_capital_letters() -> None:
    snapshot = made_snapshot(replace(REPORT, labels=("TYPE-CRASH",)))
    assert added(snapshot) == [TOPIC]
    took_off = replace(made_snapshot(REPORT), overrides={"x": override("Type-Crash", wanted=False)})
    assert added(took_off) == [TOPIC]


def test_only_a_human_who_adds_it_lifts_a_removal() -> None:
    off = override("type-crash", wanted=False)
    on = override("type-crash", wanted=True, at=NOW + timedelta(seconds=1))
    snapshot = replace(made_snapshot(REPORT), overrides={"type-crash": off})
    assert added(snapshot) == [TOPIC]
    for overrides in (
        merge_overrides({"type-crash": off}, {"type-crash": on}),
        merge_overrides({"type-crash": on}, {"type-crash": off}),
    ):
        assert added(replace(snapshot, overrides=overrides)) == [TOPIC, "type-crash"]


def test_three_labels_are_enough() -> None:
    earlier = tuple(
        OutboxEntry(Action(ActionKind.ADD_LABEL, REF, NODE, label, "x", 1), Progress.CONFIRMED, NOW, None)
        for label in ("Unrelated", "good first issue")
    )
    snapshot = replace(made_snapshot(REPORT), entries=earlier)
    assert added(snapshot) == [TOPIC]
    assert why(snapshot, "type-crash") == "blocked: 3 labels on one thread are enough."


def test_labels_that_people_asked_for_do_not_count() -> None:
    asked = tuple(
        OutboxEntry(
            Action(ActionKind.ADD_LABEL, REF, NODE, label, "command", 1, comment=1), Progress.CONFIRMED, NOW, None
        )
        for label in ("Unrelated", "good first issue", "dup")
    )
    assert added(replace(made_snapshot(REPORT), entries=asked)) == [TOPIC, "type-crash"]


@pytest.mark.parametrize(
    ("reviews", "applied"),
    [
        ((), True),
        ((False,) * 4, True),  # too few to tell
        ((False,) * 2 + (True,) * 3, False),
        ((True,) * 16 + (False,) * 4, True),
        ((True,) * 15 + (False,) * 5, False),
        ((False,) * 30 + (True,) * 20, True),  # only the last twenty count
    ],
)
def test_a_rule_that_people_correct_too_often_only_suggests(reviews: tuple[bool, ...], applied: bool) -> None:
    snapshot = made_snapshot(REPORT)
    rule = snapshot.classification.kinds[0].rule
    decisions = decide(replace(snapshot, reviews={rule: reviews}, suggestions=True))
    assert labels_to_add(decisions) == ([TOPIC, "type-crash"] if applied else [TOPIC])
    assert bool(to_do(decisions, ActionKind.SUGGEST_LABEL)) is not applied


@pytest.mark.parametrize("progress", [Progress.PLANNED, Progress.SENT])
def test_what_is_under_way_is_not_decided_again(progress: Progress) -> None:
    snapshot = made_snapshot(REPORT)
    planned = replace(done(snapshot, decide(snapshot), progress), issue=REPORT)
    assert decide(planned) == ()


def test_what_something_took_off_again_is_not_put_on_again() -> None:
    snapshot = made_snapshot(REPORT)
    gone = replace(done(snapshot, decide(snapshot)), issue=REPORT)
    assert to_do(decide(gone)) == []
    assert why(gone, TOPIC) == f"blocked: {TOPIC} was put on before, and something else took it off."


def test_what_was_given_up_is_said_and_tried_again_when_asked() -> None:
    snapshot = made_snapshot(REPORT)
    entries = tuple(
        replace(entry, progress=Progress.REFUSED, reason="GitHub forbids it.")
        for entry in done(snapshot, decide(snapshot)).entries
    )
    given_up = replace(snapshot, entries=entries)
    assert why(given_up, TOPIC) == "blocked: It was given up before. GitHub forbids it."
    assert labels_to_add(decide(given_up, 501)) == [TOPIC, "type-crash"]


def test_a_suggestion_that_was_given_up_is_not_made_again() -> None:
    suggesting = replace(made_snapshot(REPORT, replace(APPLY, mode=Mode.SUGGEST)), suggestions=True)
    decisions = decide(suggesting)
    assert to_do(decisions, ActionKind.SUGGEST_LABEL)
    entries = tuple(replace(each, progress=Progress.REFUSED) for each in done(suggesting, decisions).entries)
    assert to_do(decide(replace(suggesting, entries=entries)), ActionKind.SUGGEST_LABEL) == []


def test_several_ids_may_stand_for_one_label() -> None:
    labels = {"topic": "race", "crash": "race", "data-race": "race"}
    snapshot = made_snapshot(made_issue(*RACE_AND_CRASH), replace(APPLY, labels=labels))
    assert [(each.kind, each.value) for each in to_do(decide(snapshot))] == [(ActionKind.ADD_LABEL, "race")]


# -- asking for more


def test_the_author_of_a_bare_report_is_asked_once() -> None:
    snapshot = made_snapshot(made_issue())
    decisions = decide(snapshot)
    assert labels_to_add(decisions) == [TOPIC, "type-crash", "needs info"]
    assert "python -VV" in the_comment(decisions)
    after = done(snapshot, decisions)
    assert decide(after) == ()
    answered = replace(after, issue=replace(after.issue, labels=(TOPIC, "type-crash"), body="edited, still bare"))
    assert to_do(decide(answered)) == []


@pytest.mark.parametrize(
    "issue",
    [
        REPORT,
        made_issue(body="Python 3.14.0 free-threading build\nTraceback (most recent call last):\n"),
        made_issue(is_pr=True),
        made_issue(comments=1),
        made_issue(WHEELS, "There are none."),
    ],
)
def test_nobody_else_is_asked(issue: Issue) -> None:
    assert "needs info" not in added(made_snapshot(issue))
    assert "python -VV" not in "".join(action.body for action in to_do(decide(made_snapshot(issue))))


RACE = "Data race in the cache on 3.14t"


def test_the_author_of_a_race_that_shows_nothing_is_asked_in_its_own_mode() -> None:
    bare = made_issue(RACE, "### Description\nSeen once.")
    assert "the shortest code" in the_comment(decide(made_snapshot(bare)))
    off = replace(APPLY, rules={KindName.DATA_RACE: RuleSettings(Mode.DRY_RUN)})
    assert "needs info" not in added(made_snapshot(bare, off))


@pytest.mark.parametrize(
    "issue",
    [
        made_issue(RACE, "A reproducer is below."),
        made_issue(RACE, "```\nWARNING: ThreadSanitizer: data race (pid=3)\n```"),
        made_issue("Use a lock for the cache on 3.14t", ""),
    ],
)
def test_a_race_that_is_shown_or_planned_for_is_not_asked_about(issue: Issue) -> None:
    assert "needs info" not in added(made_snapshot(issue))


@pytest.mark.parametrize(
    ("title", "answered"),
    [("When will free-threaded Python be supported?", True), ("Is free-threaded Python any faster?", False)],
)
def test_wheels_answer_a_question_about_support_unasked_and_any_when_asked(title: str, answered: bool) -> None:
    snapshot = replace(made_snapshot(made_issue(title, "")), wheels=LXML)
    assert ("has wheels" in "".join(action.body for action in to_do(decide(snapshot)))) is answered
    assert "has wheels" in "".join(action.body for action in to_do(decide(snapshot, 501)))


def test_nobody_is_asked_where_a_person_asked_or_said_not_to() -> None:
    asked = ThreadMark(NODE, MarkKind.NEEDS_INFO, "log", "bob", NOW)
    snapshot = replace(made_snapshot(), marks={MarkKind.NEEDS_INFO: asked})
    assert added(snapshot) == [TOPIC, "type-crash"]
    snapshot = replace(made_snapshot(), overrides={"needs info": override("needs info", wanted=False)})
    assert added(snapshot) == [TOPIC, "type-crash"]


def test_the_checklist_stays_as_it_was_asked() -> None:
    snapshot = made_snapshot(made_issue(), replace(SUGGEST, labels={}))
    asked = the_comment(decide(snapshot))
    snapshot = done(snapshot, decide(snapshot))
    edited = made_snapshot(made_issue(body=COMPLETE)).classification
    snapshot = replace(snapshot, issue=made_issue(body=COMPLETE), classification=edited)
    assert to_do(decide(snapshot)) == []
    assert "- [ ] the whole traceback" in asked


# -- the comment that is kept


def spoken(snapshot: Snapshot) -> bool:
    return any("has wheels for" in action.body for action in to_do(decide(snapshot), ActionKind.COMMENT))


ANSWERED = replace(made_snapshot(made_issue(WHEELS, "There are none.")), wheels=LXML)


def test_wheels_answer_a_question_but_not_a_report_of_a_crash() -> None:
    for title, answered in (("Does lxml support free-threading?", True), ("Segmentation fault on 3.14t", False)):
        snapshot = replace(made_snapshot(made_issue(title, comments=1), SUGGEST), wheels=LXML)
        assert spoken(snapshot) is answered


def test_who_asks_for_support_is_told_of_wheels_when_they_appear_or_somebody_asks() -> None:
    snapshot = replace(made_snapshot(made_issue("Support free-threaded Python", comments=1)), wheels=LXML)
    assert not spoken(snapshot)
    assert "has wheels for 3.14t" in the_comment(decide(snapshot, 501))
    news = replace(snapshot, trigger=Trigger.WHEELS)
    assert spoken(news)
    after = replace(done(news, decide(news)), trigger=Trigger.EDITED)
    assert to_do(decide(after)) == []


def test_what_is_only_likely_about_free_threading_is_not_spoken_to_unless_somebody_asks() -> None:
    snapshot = replace(made_snapshot(made_issue("A question", "Does it run on the free-threaded build?")), wheels=LXML)
    assert snapshot.classification.confidence is Confidence.MEDIUM
    assert not spoken(snapshot)
    assert "has wheels for 3.14t" in the_comment(decide(snapshot, 501))


@pytest.mark.parametrize("how", [REMOVED, DISLIKED])
def test_where_people_did_not_want_the_comment_none_is_written_until_somebody_asks(how: str) -> None:
    mark = ThreadMark(NODE, MarkKind.UNWANTED, how, "bob", NOW)
    snapshot = replace(ANSWERED, marks={MarkKind.UNWANTED: mark})
    assert not spoken(snapshot)
    assert [each.reason for each in decide(snapshot) if each.action.kind is ActionKind.COMMENT] == [
        {
            REMOVED: "bob removed the comment that was written here on 2026-11-25.",
            DISLIKED: "bob gave a thumbs-down to the comment here on 2026-11-25.",
        }[how]
    ]
    assert to_do(decide(snapshot, 501), ActionKind.COMMENT)
    assert spoken(replace(snapshot, marks={MarkKind.UNWANTED: replace(mark, value="")}))


def test_wheels_answer_a_thread_and_are_brought_up_to_date() -> None:
    text = the_comment(decide(ANSWERED))
    assert text.startswith(f"{MARKER}\n")
    assert "**[lxml 6.2.0](https://pypi.org/project/lxml/6.2.0/)** has wheels for 3.14t since 2026-11-24: " in text
    assert "installs on 3.14t" in text
    assert "thread-safe" not in text
    after = done(ANSWERED, decide(ANSWERED))
    assert decide(after) == ()
    newer = replace(after, wheels=replace(LXML, version="6.2.1"))
    (update,) = to_do(decide(newer))
    assert "since 6.2.0 (2026-11-24); the newest release is 6.2.1, and installs on 3.14t on every" in update.body
    back = done(newer, decide(newer))
    back = replace(back, wheels=LXML)
    (again,) = to_do(decide(back))
    assert again.body == text
    assert again.key not in {entry.action.key for entry in back.entries}


TURNS_ON = replace(made_snapshot(made_issue(f"{GIL} on 3.14t", comments=1)), gil=LXML_ON)


def said_of_wheel(snapshot: Snapshot) -> bool:
    return any("ftbot:section gil" in action.body for action in to_do(decide(snapshot), ActionKind.COMMENT))


def test_a_report_that_a_package_turns_the_gil_on_gets_what_its_wheel_declares() -> None:
    decisions = decide(TURNS_ON)
    text = the_comment(decisions)
    assert "lxml.etree, lxml.sax, lxml.builder, lxml.html.diff, lxml.objectify and 2 more" in text
    assert "lxml-6.1.3-cp314-cp314t-" in text
    assert "GIL" in labels_to_add(decisions)
    after = done(TURNS_ON, decisions)
    assert to_do(decide(after)) == []
    answered = replace(after, trigger=Trigger.WHEELS, gil=LXML_OFF)
    (update,) = to_do(decide(answered), ActionKind.COMMENT)
    assert "lxml 6.2.0" in update.body
    assert "Before, in lxml 6.1.3, lxml.etree, " in update.body
    assert to_do(decide(done(answered, decide(answered)))) == []


def test_what_a_wheel_declares_is_said_in_reports_about_that_and_nowhere_else() -> None:
    assert not said_of_wheel(replace(TURNS_ON, gil=None))
    for issue in (made_issue(comments=1), made_issue(WHEELS, "There are none.", comments=1)):
        assert not said_of_wheel(replace(made_snapshot(issue), gil=LXML_ON))
    assert not said_of_wheel(replace(made_snapshot(made_issue(f"{GIL} on 3.14t", is_pr=True)), gil=LXML_ON))


@pytest.mark.parametrize(
    "unwilling",
    [
        replace(TURNS_ON, settings=replace(APPLY, rules={KindName.GIL_REENABLED: RuleSettings(enabled=False)})),
        replace(TURNS_ON, settings=replace(APPLY, rules={KindName.GIL_REENABLED: RuleSettings(Mode.DRY_RUN)})),
        replace(TURNS_ON, settings=replace(APPLY, comments=False)),
        replace(TURNS_ON, settings=DRY),
        replace(TURNS_ON, marks={MarkKind.IGNORE: ThreadMark(NODE, MarkKind.IGNORE, "yes", "bob", NOW)}),
        replace(TURNS_ON, installed=False),
        replace(TURNS_ON, enabled=False),
        replace(TURNS_ON, issue=made_issue(f"{GIL} on 3.14t", state=ThreadState.CLOSED)),
        replace(TURNS_ON, issue=made_issue(f"{GIL} on 3.14t", locked=True)),
    ],
)
def test_what_a_wheel_declares_is_said_under_the_same_policy_as_all_else(unwilling: Snapshot) -> None:
    assert said_of_wheel(TURNS_ON)
    for gil in (LXML_ON, LXML_OFF):
        assert not said_of_wheel(replace(unwilling, gil=gil, trigger=Trigger.WHEELS))


@pytest.mark.parametrize("change", [{"comments": False}, {"mode": Mode.DRY_RUN}])
def test_where_no_comments_are_wanted_none_is_written(change: dict[str, object]) -> None:
    settings = RepoSettings(
        mode=Mode(str(change.get("mode", "apply"))), labels=LABELS, comments="comments" not in change
    )
    decisions = decide(replace(ANSWERED, settings=settings))
    assert to_do(decisions, ActionKind.COMMENT) == []
    assert [each.action.body for each in decisions if "lxml" in each.action.body]


def test_labels_are_suggested_where_no_comments_are_wanted() -> None:
    snapshot = replace(made_snapshot(REPORT, replace(SUGGEST, comments=False)), suggestions=True)
    assert [each.kind for each in to_do(decide(snapshot))] == [ActionKind.SUGGEST_LABEL, ActionKind.SUGGEST_LABEL]


@pytest.mark.parametrize(("settings", "labelled"), [(APPLY, True), (SUGGEST, False)])
def test_taking_labels_off_is_spoken_of_where_there_are_any(settings: RepoSettings, labelled: bool) -> None:
    snapshot = replace(ANSWERED, settings=settings)
    assert ("Take its label off" in the_comment(decide(snapshot))) is labelled
    after = done(snapshot, decide(snapshot))
    newer = replace(after, wheels=replace(LXML, version="6.2.1"))
    assert ("Take its label off" in the_comment(decide(newer))) is labelled


@pytest.mark.parametrize(
    ("title", "place"),
    [
        ("How do I port a pybind11 extension to free-threaded Python?", "porting-extensions/#declaring-"),
        ("Can Cython modules be used with free-threaded Python?", "porting-extensions/#declaring-"),
        ("How do I find a data race in free-threaded Python?", "thread_sanitizer/"),
    ],
)
def test_a_question_that_is_answered_links_the_section_of_the_guide_that_fits(title: str, place: str) -> None:
    snapshot = replace(made_snapshot(made_issue(title, "?", comments=1)), wheels=LXML)
    text = the_comment(decide(snapshot, 501))
    assert text.count(f"(https://py-free-threading.github.io/{place}") == 1
    after = done(snapshot, decide(snapshot, 501))
    assert to_do(decide(after), ActionKind.COMMENT) == []


def test_a_guide_is_not_linked_where_the_rest_says_it_or_alone() -> None:
    assert "py-free-threading" not in the_comment(decide(ANSWERED))
    question = made_issue("How do I port a pybind11 extension to free-threaded Python?", "?", comments=1)
    assert to_do(decide(made_snapshot(question)), ActionKind.COMMENT) == []


def test_a_comment_that_stands_gets_no_link_to_the_guide_later() -> None:
    snapshot = made_snapshot(made_issue("Segmentation fault on the free-threaded build", "It fails."))
    after = done(snapshot, decide(snapshot))
    retitled = replace(after, issue=replace(after.issue, title="Importing it turns the GIL back on with 3.14t"))
    assert to_do(decide(retitled), ActionKind.COMMENT) == []


def test_related_threads_are_linked_beside_something_else_only() -> None:
    threads = tuple(Related(IssueRef("lxml/lxml", n), f"Wheels @x #{n}", ThreadState.OPEN) for n in range(1, 6))
    text = the_comment(decide(replace(ANSWERED, related=threads)))
    assert text.count("https://redirect.github.com/lxml/lxml/issues/") == 3
    alone = replace(made_snapshot(REPORT), related=threads)
    assert to_do(decide(alone), ActionKind.COMMENT) == []


def test_what_is_no_longer_so_is_settled() -> None:
    after = done(ANSWERED, decide(ANSWERED))
    gone = replace(after, wheels=None)
    (settled,) = to_do(revise(gone), ActionKind.COMMENT)
    assert "What stood here is settled." in settled.body
    assert revise(done(gone, revise(gone))) == ()
    assert revise(ANSWERED) == ()


def test_a_comment_that_was_given_up_is_written_when_the_thread_is_open_again() -> None:
    written = done(ANSWERED, decide(ANSWERED))
    refused = tuple(replace(each, progress=Progress.REFUSED, reason="Deleted.") for each in written.entries)
    given_up = replace(written, entries=refused)
    assert to_do(decide(given_up), ActionKind.COMMENT) == []
    assert to_do(decide(replace(given_up, trigger=Trigger.REOPENED)), ActionKind.COMMENT) != []


# -- settings that cannot be used


def test_settings_that_cannot_be_used_are_told_once() -> None:
    broken = replace(made_snapshot(REPORT, RepoSettings()), problems=("`mdoe` means nothing here.",))
    (notice,) = to_do(decide(broken))
    assert notice.kind is ActionKind.NOTICE
    assert "`mdoe` means nothing here." in notice.body
    assert to_do(decide(done(broken, decide(broken)))) == []
    elsewhere = replace(broken, issue=replace(REPORT, node_id="I_8"))
    assert [each.key for each in to_do(decide(elsewhere))] == [notice.key]
    changed = replace(broken, settings_digest="d2")
    assert [each.key for each in to_do(decide(changed))] != [notice.key]
    unconcerned = replace(broken, classification=replace(broken.classification, free_threading=False))
    assert to_do(decide(unconcerned)) == []


# -- waiting, overrides and reviews


@pytest.mark.parametrize(
    ("trigger", "seconds"), [(Trigger.OPENED, 120), (Trigger.EDITED, 120), (Trigger.COMMENTED, 0), (Trigger.ASKED, 0)]
)
def test_what_is_just_opened_is_left_to_people_for_a_while(trigger: Trigger, seconds: int) -> None:
    assert ready_at(NOW, trigger, RepoSettings()) == NOW + timedelta(seconds=seconds)


def test_only_people_want_something_of_labels() -> None:
    events = [
        LabelEvent("a", added=True, actor=Account("carol"), at=NOW),
        LabelEvent("a", added=False, actor=Account("dave"), at=NOW + timedelta(seconds=1)),
        LabelEvent("b", added=False, actor=BOT, at=NOW),
        LabelEvent("c", added=False, actor=Account(APP), at=NOW),
        LabelEvent("d", added=False, actor=None, at=NOW),
    ]
    for order in (events, events[::-1]):
        overrides = overrides_of(NODE, "numpy/numpy", order, APP)
        assert {label: (each.wanted, each.actor) for label, each in overrides.items()} == {
            "a": (False, "dave"),
            "d": (False, "ghost"),
        }


def test_overrides_come_to_the_same_in_any_order() -> None:
    one, other = {"a": override("a", wanted=True)}, {"a": override("a", wanted=False), "b": override("b", wanted=True)}
    assert merge_overrides(one, other) == merge_overrides(other, one)
    assert merge_overrides(one, other)["a"].wanted is False


def test_people_review_what_rules_put_on() -> None:
    snapshot = made_snapshot(REPORT)
    after = done(snapshot, decide(snapshot))
    crash = snapshot.classification.kinds[0]
    assert reviews_of(after) == ()
    later = NOW + timedelta(minutes=1)
    corrected = replace(after, overrides={"type-crash": override("type-crash", wanted=False, at=later)})
    assert reviews_of(corrected) == (Review(crash.rule, crash.version, NODE, "type-crash", right=False, at=later),)
    closed = replace(corrected, issue=replace(after.issue, state=ThreadState.CLOSED, closed=later, labels=(TOPIC,)))
    assert {(each.label, each.right) for each in reviews_of(closed)} == {(TOPIC, True), ("type-crash", False)}


def test_a_suggestion_that_a_person_followed_was_right() -> None:
    snapshot = replace(made_snapshot(REPORT, SUGGEST), suggestions=True)
    after = done(snapshot, decide(snapshot))
    assert reviews_of(after) == ()
    followed = replace(after, overrides={TOPIC: override(TOPIC, wanted=True)})
    assert [(each.rule, each.right) for each in reviews_of(followed)] == [("gate", True)]


def test_what_was_asked_for_reviews_no_rule() -> None:
    snapshot = made_snapshot()
    after = done(snapshot, decide(snapshot))
    took_off = replace(after, overrides={"needs info": override("needs info", wanted=False)})
    assert reviews_of(took_off) == ()


def test_what_a_person_wanted_before_a_rule_put_it_on_is_still_the_rules() -> None:
    wanted = {"type-crash": override("type-crash", wanted=True, at=NOW - timedelta(hours=1))}
    snapshot = replace(made_snapshot(made_issue(*RACE_AND_CRASH)), overrides=wanted, suggestions=True)
    assert [action.value for action in to_do(decide(snapshot), ActionKind.SUGGEST_LABEL)] == ["race"]
    assert to_do(decide(done(snapshot, decide(snapshot)))) == []
