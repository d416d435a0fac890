from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.github.events import Trigger
from bot.core.github.threads import Account, Comment, Issue, ThreadState
from bot.core.triage.actions import ActionKind, Decision, Mode, Outcome
from bot.core.triage.changeset import AuditEntry, Effects, MarkKind, Progress
from bot.core.triage.commands.effects import heard, obey
from bot.core.triage.commands.grammar import find_commands
from bot.core.triage.decide.decisions import decide
from bot.core.triage.overrides import merge_overrides
from bot.core.triage.settings import RepoSettings
from bot.core.triage.snapshot import Snapshot
from tests.core.triage.made_snapshots import (
    APPLY,
    AUTHOR,
    DRY,
    LABELS,
    MAINTAINER,
    NOW,
    REF,
    done,
    labels_to_add,
    made_issue,
    made_snapshot,
    override,
    said,
    the_comment,
    to_do,
)

STRANGER = Account("mallory")
PLAIN = made_snapshot(made_issue(comments=1))


def obeyed(  # noqa: PLR0913 — what a comment can differ in, by name
    text: str,
    snapshot: Snapshot = PLAIN,
    *,
    by: Account | None = MAINTAINER,
    role: str = "triage",
    status: str | None = None,
    history: tuple[AuditEntry, ...] = (),
) -> Effects:
    comment = said(f"@ftbot {text}", by)
    (command,) = find_commands(comment.body, None, {"ftbot"}, REF.repository)
    return obey(command, comment, role, snapshot, history, status)


def reactions(said: Effects) -> list[str]:
    return [action.value for action in to_do(said.decisions, ActionKind.REACT)]


def reply(said: Effects) -> str:
    (action,) = to_do(said.decisions, ActionKind.REPLY)
    assert action.comment == 501
    return action.body


def overrides(said: Effects) -> dict[str, bool]:
    return {each.label: each.wanted for each in said.overrides}


def after(snapshot: Snapshot, said: Effects) -> Snapshot:
    return replace(
        done(snapshot, said.decisions),
        overrides=merge_overrides(snapshot.overrides, {each.label: each for each in said.overrides}),
        marks={**snapshot.marks, **{each.kind: each for each in said.marks}},
    )


# -- labels


def test_labels_are_put_on_and_taken_off_and_stay_so() -> None:
    snapshot = made_snapshot(made_issue(labels=["Question"]))
    result = obeyed('label +crash -question +"Good First Issue"', snapshot)
    assert [(each.kind, each.value, each.comment) for each in to_do(result.decisions)] == [
        (ActionKind.REACT, "eyes", 501),
        (ActionKind.ADD_LABEL, "type-crash", 501),
        (ActionKind.ADD_LABEL, "good first issue", 501),
        (ActionKind.REMOVE_LABEL, "question", 501),
        (ActionKind.REACT, "rocket", 501),
    ]
    assert overrides(result) == {"type-crash": True, "good first issue": True, "question": False}
    assert {each.actor for each in result.overrides} == {"bob"}


def test_a_label_that_is_so_already_is_only_overrideed() -> None:
    result = obeyed("label +crash -question", made_snapshot(made_issue(labels=["type-crash"])))
    assert reactions(result) == ["eyes", "rocket"]
    assert len(to_do(result.decisions)) == 2
    assert overrides(result) == {"type-crash": True, "question": False}


def test_a_command_lifts_a_removal() -> None:
    snapshot = replace(
        PLAIN, overrides={"type-crash": override("type-crash", wanted=False, at=NOW - timedelta(hours=1))}
    )
    assert "type-crash" not in labels_to_add(decide(snapshot))
    assert labels_to_add(obeyed("label +crash", snapshot).decisions) == ["type-crash"]
    assert overrides(obeyed("label +crash", snapshot)) == {"type-crash": True}


def test_what_a_command_took_off_no_rule_puts_on() -> None:
    snapshot = after(PLAIN, obeyed("label -crash"))
    assert labels_to_add(decide(snapshot)) == [LABELS["topic"]]


def test_a_label_that_is_not_there_is_told_and_the_others_are_done() -> None:
    result = obeyed("label +crash +nope`@x`")
    assert labels_to_add(result.decisions) == ["type-crash"]
    assert reply(result) == "numpy/numpy has no label `nope @\u200bx`, and I make none. Check its spelling."
    assert reactions(result) == ["eyes", "confused"]


# -- who, and where


@pytest.mark.parametrize(
    "command", ["label +crash", "retriage", "frobnicate", "ignore", "dup #1", "needs-info", "help"]
)
def test_strangers_get_no_answer(command: str) -> None:
    assert obeyed(command, by=STRANGER, role="read") == Effects()


def test_the_author_may_ask() -> None:
    assert reply(obeyed("help", by=AUTHOR, role="none"))
    assert obeyed("retriage", by=AUTHOR, role="none") == Effects()
    assert obeyed("help", replace(PLAIN, issue=made_issue(author=None)), by=AUTHOR, role="none") == Effects()


def test_in_dry_run_the_author_gets_no_answer_and_people_with_a_role_do() -> None:
    for settings, problems in ((DRY, ()), (RepoSettings(), ()), (RepoSettings(), ("broken",))):
        snapshot = replace(PLAIN, settings=settings, problems=problems)
        for question in ("why", "help", "status numpy"):
            assert obeyed(question, snapshot, by=AUTHOR, role="read") == Effects()
            assert reply(obeyed(question, snapshot, by=AUTHOR, role="write"))


def test_an_author_is_answered_three_times_on_a_thread_and_then_gets_no_answer_at_all() -> None:
    snapshot = PLAIN
    for number, question in enumerate(("why", "status numpy", "help"), start=700):
        snapshot = after(snapshot, asked_by_author(question, snapshot, number))
    assert len(list(snapshot.entries_for(ActionKind.REPLY))) == 3
    assert asked_by_author("why", snapshot, 710) == Effects()
    snapshot = replace(snapshot, entries=tuple(replace(each, progress=Progress.DROPPED) for each in snapshot.entries))
    assert asked_by_author("why", snapshot, 711) == Effects()
    assert reply(obeyed("why", snapshot))


def test_what_others_asked_does_not_count_for_the_author() -> None:
    snapshot = PLAIN
    for number in range(700, 705):
        comment = said("@ftbot why", MAINTAINER, number)
        (command,) = find_commands(comment.body, None, {"ftbot"}, REF.repository)
        snapshot = after(snapshot, obey(command, comment, "triage", snapshot, (), None))
    assert to_do(asked_by_author("why", snapshot, 710).decisions, ActionKind.REPLY)


def asked_by_author(question: str, snapshot: Snapshot, number: int) -> Effects:
    comment = said(f"@ftbot {question}", AUTHOR, number)
    (command,) = find_commands(comment.body, None, {"ftbot"}, REF.repository)
    return obey(command, comment, "none", snapshot, (), "numpy 2 installs on 3.14t.")


def test_strangers_may_what_the_repository_allows() -> None:
    snapshot = replace(PLAIN, settings=replace(APPLY, allow_anyone=("question",)))
    assert labels_to_add(obeyed("label +question", snapshot, by=STRANGER, role="read").decisions) == ["question"]
    assert obeyed("label +crash", snapshot, by=STRANGER, role="read") == Effects()


def test_people_are_obeyed_in_dry_run_and_on_closed_threads() -> None:
    for snapshot in (
        replace(PLAIN, settings=DRY),
        replace(PLAIN, settings=RepoSettings(), problems=("broken",)),
        made_snapshot(made_issue(state=ThreadState.CLOSED)),
    ):
        assert labels_to_add(obeyed("label +question", snapshot).decisions) == ["question"]


def test_nothing_is_obeyed_where_the_mode_is_off() -> None:
    result = obeyed("label +question", replace(PLAIN, settings=replace(APPLY, mode=Mode.OFF)))
    assert {(each.outcome, each.reason) for each in result.decisions} == {
        (Outcome.BLOCKED, "The mode of numpy/numpy is off.")
    }
    assert (result.overrides, result.marks) == ((), ())


def test_a_locked_thread_is_labelled_without_a_word() -> None:
    result = obeyed("label +question", made_snapshot(made_issue(locked=True)))
    assert [each.kind for each in to_do(result.decisions)] == [ActionKind.ADD_LABEL]


def test_an_unknown_command_gets_one_line() -> None:
    result = obeyed("frobnicate")
    assert reply(result) == "That is no command I know. `@ftbot help` lists them."
    assert reactions(result) == ["eyes", "confused"]
    assert reply(obeyed("dup me")).startswith("`me` names no issue. Write it like `numpy/numpy#\u200b26157`")


def test_commands_are_named_after_the_app() -> None:
    assert "`@ft-staging help`" in reply(obeyed("frobnicate", replace(PLAIN, app_login="ft-staging[bot]")))


# -- questions


def test_help_lists_the_commands() -> None:
    text = reply(obeyed("help"))
    for command in ("label", "why", "status", "retriage", "needs-info", "dup", "upstream", "ignore"):
        assert f"`@ftbot {command}" in text


def test_why_says_what_was_read_what_follows_and_what_was_done() -> None:
    snapshot = made_snapshot(made_issue("Segfault on 3.14t @octocat", "It crashes."))
    (first, *_) = decide(snapshot)
    entry = AuditEntry(NOW, REF, "I_7", Trigger.OPENED, "d", "alice", replace(first, outcome=Outcome.DONE))
    text = reply(obeyed("why", snapshot, history=(entry,)))
    assert text.startswith("This is about free-threaded Python (high confidence, because of “3.14t”).\n")
    assert "- crash (high), rule crash-title version 1: “Segfault”" in text
    assert "- put on 39 - free-threading: to be done. The rule gate is sure." in text
    assert "- 2026-11-25 12:00 UTC: put on 39 - free-threading: done. The rule gate is sure." in text


def test_why_names_each_action_once_by_what_last_became_of_it() -> None:
    decisions = decide(made_snapshot())
    answers = obeyed("help").decisions
    history = tuple(
        AuditEntry(NOW + timedelta(minutes=minute), REF, "I_7", Trigger.OPENED, "d", "alice", decision)
        for minute, decision in enumerate(
            [
                *decisions,
                *answers,
                *(replace(each, outcome=Outcome.DONE, reason="GitHub took it.") for each in decisions),
            ]
        )
    )
    text = reply(obeyed("why", made_snapshot(), history=history))
    past = text.partition("newest last:\n\n")[2].partition("\n\n")[0].splitlines()
    assert len(past) == len(decisions)
    assert all("done. GitHub took it." in line for line in past)
    assert not any("react" in line or "reply" in line for line in past)
    many = tuple(
        replace(each, decision=replace(each.decision, action=replace(each.decision.action, value=f"{number}")))
        for number in range(30)
        for each in history[:1]
    )
    text = reply(obeyed("why", made_snapshot(), history=many))
    assert len([line for line in text.splitlines() if line.startswith("- 2026")]) == 10


def test_why_shows_names_in_code_and_ends_with_where_to_read_more() -> None:
    text = reply(obeyed("why", replace(PLAIN, settings=replace(APPLY, labels={}))))
    assert "not done. `.github/ftbot.toml` maps topic to no label." in text
    assert text.splitlines()[-1].startswith("<sub>[How this works](")
    assert "Wrong?" not in text


def test_a_sure_label_that_a_person_took_off_would_be_put_on() -> None:
    snapshot = done(PLAIN, decide(PLAIN))
    off = replace(
        snapshot, issue=made_issue(comments=1), overrides={"type-crash": override("type-crash", wanted=False)}
    )
    assert "- put on type-crash: not done. carol took type-crash off" in reply(obeyed("why", off))


def test_why_on_another_subject_says_so() -> None:
    assert reply(obeyed("why", made_snapshot(made_issue("A typo", "In the docs")))).startswith(
        "This is not about free-threaded Python"
    )


def test_a_status_is_passed_on_as_plain_text() -> None:
    text = reply(obeyed("status lxml", status="lxml 6 installs on 3.14t\n@octocat *x*"))
    assert text.splitlines()[:2] == ["lxml 6 installs on 3.14t  ", "@\u200boctocat \\*x\\*  "]
    assert "thread-safe" not in text
    assert "cannot be looked up right now" in reply(obeyed("status lxml"))


# -- what is said of the thread


def test_a_duplicate_is_noted_in_the_comment_and_labelled() -> None:
    result = obeyed("dup #12", replace(PLAIN, settings=DRY))
    assert labels_to_add(result.decisions) == ["dup"]
    assert "duplicate of [numpy/numpy#\u200b12](https://redirect.github.com/numpy/numpy/issues/12)" in the_comment(
        result.decisions
    )
    assert [(each.kind, each.value) for each in result.marks] == [(MarkKind.DUPLICATE, "numpy/numpy#12")]
    later = after(replace(PLAIN, settings=DRY), result)
    assert to_do(decide(later)) == []
    moved = the_comment(obeyed("upstream python/cpython#3", later).decisions)
    assert "issues/12" in moved
    assert "upstream, in [python/cpython#" in moved


def test_a_thread_is_no_duplicate_of_itself() -> None:
    result = obeyed(f"dup #{REF.number}")
    assert reply(result) == "That is this thread itself. Name another one."
    assert (result.marks, labels_to_add(result.decisions)) == ((), [])


def test_ignoring_holds_until_it_is_taken_back() -> None:
    snapshot = after(PLAIN, obeyed("ignore"))
    assert to_do(decide(snapshot)) == []
    later = replace(said("@ftbot unignore"), updated=NOW + timedelta(minutes=1))
    (command,) = find_commands(later.body, None, {"ftbot"}, REF.repository)
    snapshot = after(snapshot, obey(command, later, "triage", snapshot, (), None))
    assert labels_to_add(decide(snapshot)) == [LABELS["topic"], "type-crash"]


def test_looking_again_does_what_the_mode_allows() -> None:
    result = obeyed("retriage")
    assert labels_to_add(result.decisions) == [LABELS["topic"], "type-crash"]
    assert reactions(result) == ["eyes", "rocket"]
    assert labels_to_add(obeyed("retriage", replace(PLAIN, settings=DRY)).decisions) == []


@pytest.mark.parametrize(
    ("issue", "expected"),
    [
        (
            made_issue(state=ThreadState.CLOSED),
            "It is closed. Rules leave such a thread alone; labels can be put on by command.",
        ),
        (
            made_issue(author=Account("dependabot[bot]", is_bot=True)),
            "A bot opened it: dependabot\\[bot\\]. Rules leave such a thread alone; labels can be put on by command.",
        ),
    ],
)
def test_where_nothing_can_follow_looking_again_is_no_success(issue: Issue, expected: str) -> None:
    result = obeyed("retriage", made_snapshot(issue))
    assert reactions(result) == ["eyes", "confused"]
    assert reply(result) == expected
    assert {each.kind for each in to_do(result.decisions)} == {ActionKind.REACT, ActionKind.REPLY}


def test_who_looks_again_at_an_ignored_thread_is_told_how() -> None:
    result = obeyed("retriage", after(PLAIN, obeyed("ignore")))
    assert reactions(result)[-1:] == ["confused"]
    assert reply(result) == "bob asked to ignore it. Say `@ftbot unignore` first."


def test_a_locked_thread_is_looked_at_again_without_a_word() -> None:
    assert to_do(obeyed("retriage", made_snapshot(made_issue(locked=True))).decisions) == []


@pytest.mark.parametrize(
    ("title", "body", "place"),
    [
        ("Data race on the free-threaded build", "WARNING: ThreadSanitizer: data race", "thread_sanitizer/"),
        ("The GIL has been enabled to load module 'a._pybind11' on 3.14t", "?", "porting-extensions/#declaring-"),
        ("f2py: build fails on free-threaded Python 3.14t", "error: command 'gcc' failed", "porting-extensions/#decl"),
        ("cibuildwheel: build fails for cp314t", "error: command 'gcc' failed", "ci/#building-free-threaded-wheels-"),
    ],
)
def test_who_is_asked_for_more_gets_the_section_of_the_guide_that_fits(title: str, body: str, place: str) -> None:
    snapshot = made_snapshot(made_issue(title, body))
    (reply,) = [each.action for each in obeyed("needs-info versions", snapshot).decisions if each.action.body]
    assert "python -VV" in reply.body
    assert reply.body.count(f"(https://py-free-threading.github.io/{place}") == 1


def test_a_person_can_ask_the_author_which_notifies_them() -> None:
    result = obeyed("needs-info log", replace(PLAIN, settings=DRY))
    assert labels_to_add(result.decisions) == ["needs info"]
    assert "faulthandler" in reply(result)
    assert "pip list" not in reply(result)
    assert to_do(result.decisions, ActionKind.COMMENT) == []
    assert [(each.kind, each.value) for each in result.marks] == [(MarkKind.NEEDS_INFO, "log")]


# -- the author replies

BARE = made_snapshot(made_issue())
ASKED = done(BARE, decide(BARE))
LATER = NOW + timedelta(hours=1)


def test_an_author_who_only_gives_commands_has_not_replied() -> None:
    for text in ("@ftbot why", "@ftbot why\n\n> old\n\n@ftbot status numpy"):
        assert heard(said(text, AUTHOR, 600, LATER), ASKED) == Effects()
    more = said("@ftbot why\n\nIt is 3.14.0t", AUTHOR, 600, LATER)
    assert removed(heard(more, ASKED).decisions) == ["needs info"]


def test_a_reply_is_noticed_though_the_clock_here_is_ahead() -> None:
    early = replace(answer(), created=NOW - timedelta(minutes=55))
    assert removed(heard(early, ASKED).decisions) == ["needs info"]
    request = said("@ftbot needs-info", MAINTAINER, 650, NOW - timedelta(hours=3))  # long ago by the clock here
    (command,) = find_commands(request.body, None, {"ftbot"}, REF.repository)
    asked = after(PLAIN, obey(command, request, "triage", PLAIN, (), None))
    reply_at = NOW - timedelta(hours=2)
    assert heard(said("here", AUTHOR, 649, reply_at), asked) == Effects()
    assert removed(heard(said("here", AUTHOR, 651, reply_at), asked).decisions) == ["needs info"]


def answer(by: Account = AUTHOR, number: int = 600) -> Comment:
    return said("3.14.0t, and it says False", by, number, LATER)


def removed(decisions: tuple[Decision, ...]) -> list[str]:
    return [action.value for action in to_do(decisions, ActionKind.REMOVE_LABEL)]


def test_an_author_who_replies_is_no_longer_waited_for() -> None:
    result = heard(answer(), ASKED)
    assert removed(result.decisions) == ["needs info"]
    answered = after(ASKED, result)
    assert heard(answer(number=601), answered) == Effects()
    assert to_do(decide(answered)) == []


@pytest.mark.parametrize(
    ("comment", "snapshot"),
    [
        (answer(MAINTAINER), ASKED),
        (replace(answer(), created=NOW - timedelta(hours=2)), ASKED),
        (answer(), replace(ASKED, issue=replace(ASKED.issue, labels=()))),
        (answer(), replace(ASKED, entries=())),  # somebody else put it on
        (answer(), replace(ASKED, overrides={"needs info": override("needs info", wanted=True, at=LATER)})),
        (answer(), replace(ASKED, settings=replace(APPLY, labels={}), repository_labels=frozenset())),
    ],
)
def test_what_others_say_or_put_on_is_left(comment: Comment, snapshot: Snapshot) -> None:
    assert heard(comment, snapshot) == Effects()


def test_a_reply_to_a_person_is_heard_in_dry_run_too_and_each_time() -> None:
    snapshot = replace(PLAIN, settings=DRY)
    for hour in (1, 3):
        at = NOW + timedelta(hours=hour)
        request = said("@ftbot needs-info", MAINTAINER, 500 + hour, at)
        (command,) = find_commands(request.body, None, {"ftbot"}, REF.repository)
        snapshot = replace(snapshot, now=at)
        snapshot = after(snapshot, obey(command, request, "triage", snapshot, (), None))
        assert "needs info" in snapshot.issue.labels
        result = heard(said("here", AUTHOR, 600 + hour, at + timedelta(hours=1)), snapshot)
        assert removed(result.decisions) == ["needs info"]
        snapshot = after(snapshot, result)
        assert "needs info" not in snapshot.issue.labels


def test_in_dry_run_what_a_rule_asked_is_only_noted() -> None:
    result = heard(answer(), replace(ASKED, settings=DRY))
    assert [each.outcome for each in result.decisions] == [Outcome.WOULD_DO]
    assert result.overrides == ()
    off = heard(answer(), replace(ASKED, enabled=False))
    assert [each.outcome for each in off.decisions] == [Outcome.BLOCKED]
