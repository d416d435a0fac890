"""An outbox entry is done, waits or is over by what is so when its turn comes, not by what was when it was decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.classify.thread import KindName
from bot.core.github.threads import Account, Comment, Issue, LabelEvent, ThreadState
from bot.core.triage.actions import SEEN, Action, ActionKind, Mode, Outcome
from bot.core.triage.changeset import AuditEntry, OutboxEntry, Progress
from bot.core.triage.decide.audit import how_it_ended
from bot.core.triage.decide.policy import ACTIONS_AN_HOUR, CONTENT_AN_HOUR
from bot.core.triage.decide.preflight import (
    ANSWERS_AN_HOUR,
    CONTENT,
    EXPIRES,
    FORBIDDEN,
    LABELS,
    SETTLING,
    EntryEnding,
    LiveThread,
    Send,
    SentLately,
    Surroundings,
    Wait,
    after_forbidden,
    foregone,
    hold,
    preflight,
)
from bot.core.triage.decide.texts import MARKER, written_body
from bot.core.triage.settings import Policy, RepoSettings, RuleSettings
from tests.core.triage.made_snapshots import APP, APPLY, DRY, NODE, NOW, REF, SUGGEST, made_issue, override

ADD, REMOVE, SUGGESTING = ActionKind.ADD_LABEL, ActionKind.REMOVE_LABEL, ActionKind.SUGGEST_LABEL
COMMENT, REPLY, NOTICE, REACT = ActionKind.COMMENT, ActionKind.REPLY, ActionKind.NOTICE, ActionKind.REACT
LABEL, KIND = "type-crash", "crash"
ISSUE = made_issue()
HERE = Surroundings(Policy(APPLY), labels=frozenset({LABEL}))
LATER = NOW + timedelta(minutes=1)
BROKEN = Policy(RepoSettings(), ("Line 1 is not valid TOML.",), "d2")


def action(kind: ActionKind = ADD, value: str = LABEL, **more: str | int | None) -> Action:
    """Make an action as the rules do; with ``comment``, as somebody asked for it."""
    body, comment, about = more.get("body", ""), more.get("comment"), more.get("kind_name", KIND)
    assert isinstance(body, str)
    assert isinstance(about, str)
    assert comment is None or isinstance(comment, int)
    return Action(kind, REF, NODE, value, "crash-title", 1, "it crashed", body, comment, about)


def planned(wanted: Action | None = None) -> OutboxEntry:
    return OutboxEntry(wanted or action(), Progress.PLANNED, NOW, NOW)


def live(issue: Issue = ISSUE, *events: LabelEvent, comment: Comment | None = None) -> LiveThread:
    return LiveThread(issue, APP, events, comment=comment)


def move(label: str, *, added: bool, by: str = "triager", at: datetime = LATER) -> LabelEvent:
    return LabelEvent(label, added, Account(by, is_bot=by.endswith("[bot]")), at)


def flown(
    wanted: Action | None = None, thread: LiveThread | None = None, around: Surroundings = HERE
) -> Send | EntryEnding | Wait:
    return preflight(planned(wanted or action()), thread or live(), around, LATER)


def dropped(reason: str) -> EntryEnding:
    return EntryEnding(Progress.DROPPED, reason)


def text(body: str, **more: str | int | None) -> Action:
    return action(COMMENT, body, body=f"{MARKER}\n{body}", kind_name="", **more)


# -- what came between


@pytest.mark.parametrize(
    ("issue", "around", "reason"),
    [
        (made_issue(state=ThreadState.CLOSED), HERE, "The thread was closed meanwhile."),
        (made_issue(locked=True), HERE, "The thread was locked meanwhile."),
        (made_issue(is_pr=True), HERE, "The repository wants nothing on pull requests any more."),
        (replace(ISSUE, node_id="I_8"), HERE, "The thread was moved."),
        (ISSUE, replace(HERE, policy=Policy(replace(APPLY, mode=Mode.OFF))), "The repository switched the bot off."),
        (ISSUE, replace(HERE, policy=Policy(SUGGEST)), "The mode is suggest by now."),
        (ISSUE, replace(HERE, policy=Policy(RepoSettings())), "The mode is dry-run by now."),
        (ISSUE, replace(HERE, policy=BROKEN), "The repository's settings cannot be read any more."),
        (
            ISSUE,
            replace(HERE, policy=Policy(replace(APPLY, rules={KindName.CRASH: RuleSettings(enabled=False)}))),
            "The repository switched `crash` off.",
        ),
        (
            ISSUE,
            replace(HERE, policy=Policy(replace(APPLY, rules={KindName.CRASH: RuleSettings(mode=Mode.DRY_RUN)}))),
            "The mode is dry-run by now.",
        ),
        (ISSUE, replace(HERE, labels=frozenset()), "The repository does not have the label any more."),
        (
            ISSUE,
            replace(HERE, overrides={"Type-Crash": override("Type-Crash", wanted=False)}),
            "carol wants the label off.",
        ),
    ],
)
def test_a_label_is_not_put_on_if_something_came_between(issue: Issue, around: Surroundings, reason: str) -> None:
    assert flown() == Send()
    assert flown(thread=live(issue), around=around) == dropped(reason)


@pytest.mark.parametrize("kind", [ADD, SUGGESTING])
def test_a_label_that_is_off_by_a_persons_hand_stays_off(kind: ActionKind) -> None:
    off, on = move(LABEL, added=False), move(LABEL, added=True, at=NOW)
    assert flown(action(kind), live(ISSUE, on, off)) == dropped("triager wants the label off.")
    dismissed = LiveThread(ISSUE, APP, dismissed=(replace(off, actor=None),))
    assert flown(action(kind), dismissed) == dropped("somebody wants the label off.")
    assert flown(action(kind), live(ISSUE, move(LABEL, added=False, by="other[bot]"))) == Send()


def test_a_label_that_a_person_wants_is_not_taken_off() -> None:
    issue = made_issue(labels=["needs-info"])
    wanted = action(REMOVE, "needs-info", kind_name="needs-info")
    assert flown(wanted, live(issue, move("Needs-Info", added=True))) == dropped("triager wants the label on.")
    assert flown(wanted, live(issue, move("needs-info", added=True, by=APP))) == Send()


def test_a_label_is_taken_off_a_closed_and_locked_thread_too() -> None:
    issue = made_issue(labels=["needs-info"], state=ThreadState.CLOSED, locked=True)
    assert flown(action(REMOVE, "needs-info", kind_name="needs-info"), live(issue)) == Send()


@pytest.mark.parametrize("policy", [Policy(DRY), Policy(SUGGEST), Policy(RepoSettings()), BROKEN])
def test_what_a_person_asked_for_is_done_whatever_the_mode_and_on_closed_threads_too(policy: Policy) -> None:
    closed = live(made_issue(state=ThreadState.CLOSED, locked=True))
    around = replace(HERE, policy=policy)
    assert flown(action(comment=7), closed, around) == Send()
    assert flown(action(REPLY, "why", body="Because.", comment=7), closed, around) == Send()


def test_with_the_repository_off_not_even_what_a_person_asked_for_is_done() -> None:
    off = replace(HERE, policy=Policy(replace(APPLY, mode=Mode.OFF)))
    for wanted in (action(comment=7), action(REPLY, "why", comment=7), action(REACT, SEEN, comment=7)):
        assert flown(wanted, around=off) == dropped("The repository switched the bot off.")


def test_the_comment_is_written_where_any_kind_may_be_and_comments_are_wanted() -> None:
    dry = replace(HERE, policy=Policy(DRY))
    assert flown(text("one"), around=dry) == dropped("The mode is dry-run by now.")
    one_kind = Policy(replace(DRY, rules={KindName.CRASH: RuleSettings(mode=Mode.SUGGEST)}))
    assert flown(text("one"), around=replace(dry, policy=one_kind)) == Send()
    silent = Policy(replace(APPLY, comments=False))
    assert flown(text("one"), around=replace(dry, policy=silent)) == dropped(
        "The repository wants no comments any more."
    )


def test_the_label_of_the_topic_follows_the_mode_of_the_repository_alone() -> None:
    one_kind = Policy(replace(DRY, rules={KindName.CRASH: RuleSettings(mode=Mode.APPLY)}))
    around = replace(HERE, policy=one_kind)
    assert flown(action(kind_name="topic"), around=around) == dropped("The mode is dry-run by now.")
    assert flown(around=around) == Send()


def test_mended_settings_are_not_complained_about() -> None:
    notice = action(NOTICE, "d2", body="The settings cannot be used.", kind_name="")
    assert flown(notice, around=replace(HERE, policy=BROKEN)) == Send()
    assert flown(notice) == dropped("The settings were mended.")


def test_what_could_not_be_done_for_days_is_given_up() -> None:
    entry = planned()
    assert preflight(entry, live(), HERE, NOW + EXPIRES) == Send()
    late = NOW + EXPIRES + timedelta(seconds=1)
    over = dropped("It could not be done for days, and nobody waits for it any more.")
    assert preflight(entry, live(), HERE, late) == foregone(entry, live(), late) == over


# -- what is there already


@pytest.mark.parametrize("kind", [ADD, SUGGESTING])
def test_a_label_that_is_on_is_left_as_it_is_whatever_else_changed(kind: ActionKind) -> None:
    on = live(made_issue(labels=["Type-Crash"], state=ThreadState.CLOSED))
    assert flown(action(kind), on) == EntryEnding(Progress.CONFIRMED, "The label is on.")


def test_a_label_that_is_off_needs_not_to_be_taken_off() -> None:
    assert flown(action(REMOVE)) == EntryEnding(Progress.CONFIRMED, "The label is off.")


@pytest.mark.parametrize("by", ["triager", "other[bot]"])
def test_a_label_that_was_put_on_unseen_and_taken_off_since_counts_as_done(by: str) -> None:
    sent = planned().begun(NOW, LATER)
    moved = live(ISSUE, move(LABEL, added=True, by=APP), move(LABEL, added=False, by=by))
    assert preflight(sent, moved, HERE, LATER) == EntryEnding(
        Progress.CONFIRMED, "The label was put on, and is off again."
    )
    step = dropped("triager wants the label off.") if by == "triager" else Send()
    assert preflight(planned(), moved, HERE, LATER) == step  # never sent, so it is not ours
    elsewhere = live(ISSUE, move("race", added=True, by=APP), move(LABEL, added=True, by=APP, at=NOW - EXPIRES))
    assert preflight(sent, elsewhere, HERE, LATER) == Send()


def test_a_clock_of_github_that_is_some_seconds_behind_hides_nothing() -> None:
    sent = planned().begun(NOW, LATER)
    for seconds, step in ((5, EntryEnding), (6, Send)):
        put_on = move(LABEL, added=True, by=APP, at=NOW - timedelta(seconds=seconds))
        assert isinstance(preflight(sent, live(ISSUE, put_on), HERE, LATER), step)


def test_a_suggestion_that_was_made_unseen_and_dismissed_counts_as_done() -> None:
    sent = replace(planned(action(SUGGESTING)), progress=Progress.SENT, sent=NOW)
    dismissed = LiveThread(ISSUE, APP, dismissed=(move(LABEL, added=False),))
    over = EntryEnding(Progress.CONFIRMED, "The label was suggested, and the suggestion dismissed.")
    assert preflight(sent, dismissed, HERE, LATER) == over
    assert preflight(planned(action(SUGGESTING)), dismissed, HERE, LATER) != over


def test_a_comment_that_says_it_is_not_written_again_however_its_lines_end() -> None:
    wanted = text("one\ntwo")
    there = Comment(9, f"{MARKER}\r\none\r\ntwo\r\n", Account(APP), NOW, NOW)
    assert flown(wanted, live(comment=there)) == EntryEnding(Progress.CONFIRMED, "The comment says it.", 9)
    assert flown(wanted, live(comment=replace(there, body=f"{MARKER}\none"))) == Send()


@pytest.mark.parametrize("kind", [REPLY, NOTICE])
def test_a_reply_that_is_there_is_found(kind: ActionKind) -> None:
    wanted = action(kind, "why", body="Because.", comment=7)
    there = Comment(9, written_body(wanted), Account(APP), NOW, NOW)
    assert flown(wanted, live(comment=there)) == EntryEnding(Progress.CONFIRMED, "The comment is there.", 9)


# -- the one comment


def test_of_texts_that_wait_only_the_newest_is_written() -> None:
    entries = tuple(planned(text(body)) for body in ("one", "two", "three"))
    around = replace(HERE, entries=entries)
    newer = dropped("A newer text replaces this one.")
    assert [preflight(each, live(), around, LATER) for each in entries] == [newer, newer, Send()]


@pytest.mark.parametrize("progress", [Progress.DROPPED, Progress.REFUSED])
def test_a_newer_text_that_is_not_written_either_replaces_nothing(progress: Progress) -> None:
    one, two = planned(text("one")), planned(text("two")).ended(progress, "No.")
    assert preflight(one, live(), replace(HERE, entries=(one, two)), LATER) == Send()


def test_a_newer_text_waits_until_it_is_known_what_became_of_the_older() -> None:
    due = NOW + SETTLING
    one, two = planned(text("one")).begun(NOW, due), planned(text("two"))
    around = replace(HERE, entries=(one, two))
    why = "It is not known yet whether an earlier text was written."
    assert preflight(two, live(), around, LATER) == Wait(due, why)
    assert preflight(two, live(), around, due) == Wait(due + timedelta(seconds=1), why)


def test_a_comment_that_somebody_deleted_is_not_written_again() -> None:
    known = replace(HERE, written=9)
    refused = EntryEnding(Progress.REFUSED, "Somebody deleted the comment, or wrote above its first line.")
    assert flown(text("two"), around=known) == refused
    there = live(comment=Comment(9, f"{MARKER}\none", Account(APP), NOW, NOW))
    assert flown(text("two"), there, known) == Send()


# -- when its turn comes


def test_what_was_sent_is_not_looked_for_before_a_slow_github_would_have_done_it() -> None:
    sent = planned().begun(NOW, NOW + SETTLING)
    busy = SentLately(alike=10**6, comments=10**6)
    assert hold(sent, busy, (), NOW) == Wait(NOW + SETTLING, "GitHub may still be doing it.")
    assert hold(sent, busy, (), NOW + SETTLING) is None


def test_what_was_sent_by_a_clock_that_was_set_back_since_does_not_wait() -> None:
    sent = planned().begun(NOW, NOW + SETTLING)
    assert hold(sent, SentLately(), (), NOW - timedelta(seconds=1)) is None


@pytest.mark.parametrize(
    ("wanted", "lately", "step"),
    [
        (action(), SentLately(alike=ACTIONS_AN_HOUR), Wait),
        (action(), SentLately(alike=ACTIONS_AN_HOUR - 1, comments=CONTENT_AN_HOUR), None),
        (action(comment=7), SentLately(alike=10**6), None),
        (action(REPLY, "why", comment=7), SentLately(alike=ANSWERS_AN_HOUR), EntryEnding),
        (action(REACT, SEEN, comment=7), SentLately(alike=ANSWERS_AN_HOUR), EntryEnding),
        (action(REACT, "rocket", comment=7), SentLately(alike=ANSWERS_AN_HOUR), EntryEnding),
        (action(REPLY, "why", comment=7), SentLately(alike=ANSWERS_AN_HOUR - 1), None),
        (action(REPLY, "why", comment=7), SentLately(comments=CONTENT_AN_HOUR), Wait),
        (text("one"), SentLately(comments=CONTENT_AN_HOUR), Wait),
        (text("one"), SentLately(comments=CONTENT_AN_HOUR - 1), None),
        (action(NOTICE, "d2"), SentLately(comments=CONTENT_AN_HOUR), Wait),
    ],
)
def test_there_is_so_much_an_hour(wanted: Action, lately: SentLately, step: type[Wait | EntryEnding] | None) -> None:
    held = hold(planned(wanted), lately, (), NOW)
    assert held is None if step is None else isinstance(held, step)
    if isinstance(held, Wait):
        assert held.until == NOW + timedelta(minutes=10)
        assert held.reason.endswith(" an hour are enough for one repository.") or "comments" in held.reason
    if isinstance(held, EntryEnding):
        assert held == dropped("60 answers an hour are enough for one repository.")


# -- receipts


def receipt(*entries: OutboxEntry) -> Send | EntryEnding | Wait:
    return flown(action(REACT, "rocket", comment=7), around=replace(HERE, entries=entries))


def asked(progress: Progress = Progress.CONFIRMED, wanted: Action | None = None) -> OutboxEntry:
    return planned(wanted or action(comment=7)).ended(progress, "So.")


def test_a_receipt_says_whether_everything_was_done() -> None:
    assert receipt(asked(), asked()) == Send("rocket")
    assert receipt(asked(), asked(Progress.REFUSED)) == Send("confused")
    assert receipt(asked(Progress.DROPPED)) == Send("confused")
    elsewhere = asked(Progress.REFUSED, action(comment=8))
    seen = asked(Progress.DROPPED, action(REACT, SEEN, comment=7))
    assert receipt(elsewhere, seen) == Send("rocket")


def test_that_a_comment_was_seen_is_said_whatever_becomes_of_it() -> None:
    around = replace(HERE, entries=(asked(Progress.REFUSED),))
    assert flown(action(REACT, SEEN, comment=7), around=around) == Send(SEEN)


def test_a_text_that_a_newer_one_replaced_makes_no_receipt_worse() -> None:
    one, two = (asked(progress, text(progress, comment=7)) for progress in (Progress.DROPPED, Progress.CONFIRMED))
    assert receipt(one, two) == Send("rocket")
    assert receipt(two, one) == Send("confused")


def test_a_receipt_waits_for_what_is_not_known_to_be_done() -> None:
    wanted = planned(action(REACT, "rocket", comment=7))
    rest = "The rest of what was asked for comes first."
    sent = planned(action(comment=7)).begun(NOW, NOW + SETTLING)
    assert hold(wanted, SentLately(), (sent, wanted), NOW) == Wait(NOW + SETTLING, rest)
    assert hold(wanted, SentLately(), (replace(sent, due=NOW), wanted), NOW) == Wait(NOW + timedelta(seconds=15), rest)
    assert hold(wanted, SentLately(), (asked(), wanted), NOW) is None
    seen = planned(action(REACT, SEEN, comment=7))
    assert hold(seen, SentLately(), (sent, seen), NOW) is None


# -- what GitHub forbids, and how it ended


def test_what_github_forbids_is_refused_after_some_hours() -> None:
    entry, steps = planned(), []
    for _ in range(FORBIDDEN):
        steps.append(after_forbidden(entry, "No.", NOW))
        entry = replace(entry, forbidden=entry.forbidden + 1)
    wait = Wait(NOW + timedelta(hours=1), "No.")
    assert steps == [wait, wait, EntryEnding(Progress.REFUSED, "No.")]


def test_how_it_ended_names_the_latest_decision_that_led_to_it() -> None:
    wanted, over = action(), EntryEnding(Progress.REFUSED, "No.")
    line = how_it_ended(wanted, over, (), ("a",), LATER)
    assert (line.decision.outcome, line.decision.reason, line.decision.mode) == (Outcome.REFUSED, "No.", Mode.APPLY)
    first = replace(line, delivery="d1", actor="bob", decision=replace(line.decision, mode=Mode.SUGGEST))
    history: list[AuditEntry] = [
        first,
        replace(first, delivery="d2"),
        replace(first, decision=replace(first.decision, action=action(value="race")), delivery="d3"),
    ]
    ended = how_it_ended(wanted, dropped("No."), history, (), LATER)
    assert (ended.delivery, ended.actor, ended.decision.mode) == ("d2", "bob", Mode.SUGGEST)
    assert ended.decision.outcome is Outcome.DROPPED


# -- laws


MOMENTS = st.integers(-200_000, 400_000).map(lambda seconds: NOW + timedelta(seconds=seconds))
NAMES = st.sampled_from([LABEL, "Type-Crash", "race"])
ACTIONS = st.builds(
    lambda kind, value, comment, about: action(kind, value, comment=comment, kind_name=about, body="text"),
    st.sampled_from(ActionKind),
    st.sampled_from([LABEL, "Type-Crash", "race", "rocket", SEEN]),
    st.sampled_from([None, 7]),
    st.sampled_from(["", "crash", "topic", "needs-info"]),
)
ENTRIES = st.builds(
    lambda wanted, progress, at, due: OutboxEntry(wanted, progress, at, due, at if progress is Progress.SENT else None),
    ACTIONS,
    st.sampled_from(Progress),
    MOMENTS,
    st.none() | MOMENTS,
)
OPEN_ENTRIES = ENTRIES.map(lambda entry: replace(entry, progress=Progress.SENT if entry.sent else Progress.PLANNED))
EVENTS = st.lists(
    st.builds(
        lambda label, added, by, at: move(label, added=added, by=by, at=at),
        NAMES,
        st.booleans(),
        st.sampled_from(["triager", "reporter", APP, "other[bot]"]),
        MOMENTS,
    ),
    max_size=4,
).map(tuple)
LIVE = st.builds(
    lambda issue, events, dismissed, comment: LiveThread(issue, APP, events, dismissed, comment),
    st.builds(
        lambda labels, locked, state, node: replace(
            made_issue(labels=labels, locked=locked, state=state), node_id=node
        ),
        st.lists(NAMES, max_size=2),
        st.booleans(),
        st.sampled_from(ThreadState),
        st.sampled_from([NODE, NODE, NODE, "I_8"]),
    ),
    EVENTS,
    EVENTS.map(lambda events: tuple(replace(event, added=False) for event in events)),
    st.none() | st.just(Comment(9, f"{MARKER}\nit", Account(APP), NOW, NOW)),
)
POLICIES = st.builds(
    lambda mode, rules, comments, problems: Policy(RepoSettings(mode=mode, rules=rules, comments=comments), problems),
    st.sampled_from(Mode),
    st.dictionaries(st.just(KindName.CRASH), st.builds(RuleSettings, st.none() | st.sampled_from(Mode), st.booleans())),
    st.booleans(),
    st.sampled_from([(), (), ("Broken.",)]),
)
STORED = st.lists(
    st.builds(lambda label, on, at: override(label, wanted=on, at=at), NAMES, st.booleans(), MOMENTS), max_size=3
)
AROUND = st.builds(
    lambda policy, labels, stored, entries, written: Surroundings(
        policy, labels, {each.label: each for each in stored}, entries, written
    ),
    POLICIES,
    st.frozensets(NAMES),
    STORED,
    st.lists(ENTRIES, max_size=4).map(tuple),
    st.none() | st.just(9),
)


@given(OPEN_ENTRIES, LIVE, AROUND, MOMENTS)
def test_what_is_not_sent_has_a_reason_and_ends_or_comes_later(
    entry: OutboxEntry, thread: LiveThread, around: Surroundings, now: datetime
) -> None:
    match preflight(entry, thread, around, now):
        case EntryEnding(progress, reason):
            assert progress in {Progress.CONFIRMED, Progress.DROPPED, Progress.REFUSED}
            assert reason.endswith(".")
        case Wait(until, reason):
            assert until > now
            assert reason.endswith(".")
        case Send(reaction):
            assert bool(reaction) == (entry.action.kind is REACT)


@given(OPEN_ENTRIES, LIVE, AROUND, MOMENTS)
def test_nothing_is_sent_where_the_thread_is_gone_or_the_repository_is_off(
    entry: OutboxEntry, thread: LiveThread, around: Surroundings, now: datetime
) -> None:
    moved = replace(thread, issue=replace(thread.issue, node_id="I_elsewhere"))
    assert preflight(entry, moved, around, now) == dropped("The thread was moved.")
    off = replace(around, policy=Policy(replace(around.policy.settings, mode=Mode.OFF)))
    assert isinstance(preflight(entry, thread, off, now), EntryEnding)


@given(OPEN_ENTRIES, LIVE, AROUND, MOMENTS, st.sampled_from(["events", "dismissed", "overrides"]))
def test_what_a_human_took_off_last_is_never_put_on(
    entry: OutboxEntry, thread: LiveThread, around: Surroundings, now: datetime, told: str
) -> None:
    """Whoever tells of it: GitHub's list of label events, a suggestion that was dismissed, or an earlier webhook."""
    wanted = entry.action
    last = NOW + timedelta(days=10)
    off = move(wanted.value.swapcase(), added=False, at=last)
    if told == "events":
        thread = replace(thread, events=(*thread.events, off))
    elif told == "dismissed":
        thread = replace(thread, dismissed=(*thread.dismissed, off))
    else:
        said = override(off.label, wanted=False, at=last)
        around = replace(around, overrides={**around.overrides, off.label: said})
    if wanted.kind in {ADD, SUGGESTING}:
        assert not isinstance(preflight(entry, thread, around, now), Send)


@given(OPEN_ENTRIES, LIVE, AROUND, MOMENTS)
def test_rules_leave_alone_what_is_closed_or_locked_and_write_only_where_they_may(
    entry: OutboxEntry, thread: LiveThread, around: Surroundings, now: datetime
) -> None:
    if entry.action.comment is None and isinstance(preflight(entry, thread, around, now), Send):
        settings = around.policy.settings
        assert entry.action.kind is REMOVE or (thread.issue.state is ThreadState.OPEN and not thread.issue.locked)
        modes = {settings.mode, *(settings.mode_of(kind) for kind in settings.rules)}
        assert entry.action.kind is NOTICE or modes & {Mode.SUGGEST, Mode.APPLY}
        assert entry.action.kind is not ADD or Mode.APPLY in modes


@pytest.mark.no_cover  # many examples of what other tests run
@given(OPEN_ENTRIES, LIVE, AROUND, MOMENTS)
def test_what_the_thread_alone_tells_is_what_is_decided(
    entry: OutboxEntry, thread: LiveThread, around: Surroundings, now: datetime
) -> None:
    told = foregone(entry, thread, now)
    assert told is None or preflight(entry, thread, around, now) == told


@given(OPEN_ENTRIES, st.integers(0, 1000), st.integers(0, 1000), st.lists(ENTRIES, max_size=4), MOMENTS)
def test_what_is_held_comes_later_or_is_dropped(
    entry: OutboxEntry, alike: int, comments: int, entries: list[OutboxEntry], now: datetime
) -> None:
    held = hold(entry, SentLately(alike, comments), entries, now)
    assert held is None or isinstance(held, EntryEnding) or held.until > now
    if isinstance(held, EntryEnding):
        assert held.progress is Progress.DROPPED
        assert entry.progress is Progress.PLANNED


def test_every_kind_of_action_is_about_labels_content_or_a_reaction() -> None:
    assert {*LABELS, *CONTENT, REACT} == set(ActionKind)
