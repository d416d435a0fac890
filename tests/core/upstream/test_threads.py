"""What happened to a thread between two looks, and what is kept of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.classify.thread import KindName
from bot.core.github.threads import Account, Issue, IssueRef, ThreadState
from bot.core.upstream.threads import (
    AnsweringWheels,
    EventKind,
    KnownThread,
    Sources,
    ThreadEvent,
    ThreadOrigin,
    WatchedRepository,
    awaits_wheels,
    compare,
    remembered,
    wheels_event,
    wheels_of,
)

CREATED = datetime(2026, 1, 1, tzinfo=UTC)
LATER = datetime(2026, 11, 20, tzinfo=UTC)
ISSUE = Issue(
    node_id="I_1",
    ref=IssueRef("numpy/numpy", 1),
    title="Crash",
    body="",
    is_pr=False,
    state=ThreadState.OPEN,
    locked=False,
    author=Account("ann"),
    labels=("bug",),
    comments=1,
    created=CREATED,
    updated=CREATED,
)
BEFORE = KnownThread(ISSUE, ThreadOrigin.REPOSITORY, "numpy", free_threading=True, kinds=(KindName.CRASH,))
ANN, BOT = Account("ann"), Account("stale[bot]", is_bot=True)
OPEN, CLOSED, MERGED = ThreadState.OPEN, ThreadState.CLOSED, ThreadState.MERGED


def told(events: tuple[ThreadEvent, ...]) -> list[tuple[str, str, datetime]]:
    """Return what happened, its detail, and when."""
    return [(event.kind.value, event.detail, event.at) for event in events]


def look(  # noqa: PLR0913 - what can change, all by keyword
    *,
    updated: datetime = LATER,
    state: ThreadState = OPEN,
    closed: datetime | None = None,
    labels: tuple[str, ...] = ("bug",),
    comments: int = 1,
    last: Account | None = None,
) -> KnownThread:
    """Look at the thread when it has come to this."""
    issue = replace(ISSUE, updated=updated, state=state, closed=closed, labels=labels, comments=comments)
    return replace(BEFORE, issue=replace(issue, last_comment_by=last))


def test_a_thread_that_is_new_was_opened_when_it_says_so() -> None:
    (event,) = compare(None, BEFORE)
    assert event == ThreadEvent(
        EventKind.OPENED,
        "I_1",
        IssueRef("numpy/numpy", 1),
        "Crash",
        False,
        "numpy",
        CREATED,
        1,
    )


@pytest.mark.parametrize(("state", "kind"), [(CLOSED, "closed"), (MERGED, "merged")])
def test_a_new_thread_that_is_closed_was_closed_when_it_says_so(state: ThreadState, kind: str) -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    assert told(compare(None, look(state=state, closed=at))) == [("opened", "", CREATED), (kind, "", at)]
    assert told(compare(None, look(state=state)))[1] == (kind, "", LATER)


@pytest.mark.parametrize(("state", "kind"), [(CLOSED, "closed"), (MERGED, "merged")])
def test_an_end_is_told_of_with_its_time(state: ThreadState, kind: str) -> None:
    at = LATER - timedelta(hours=1)
    now = look(state=state, closed=at)
    assert told(compare(BEFORE, now)) == [(kind, "", at)]
    assert told(compare(now, replace(now, issue=replace(now.issue, updated=LATER + timedelta(hours=1))))) == []


def test_a_thread_may_be_opened_again_and_closed_again() -> None:
    ended = look(state=CLOSED, closed=LATER, updated=LATER)
    hour = timedelta(hours=1)
    assert told(compare(ended, look(updated=LATER + hour))) == [("reopened", "", LATER + hour)]
    again = look(state=CLOSED, closed=LATER + hour, updated=LATER + hour)
    assert told(compare(ended, again)) == [("closed", "", LATER + hour)]
    merged = look(state=MERGED, closed=LATER + hour, updated=LATER + hour)
    assert told(compare(ended, merged)) == [("merged", "", LATER + hour)]


def test_each_new_label_is_told_of_and_one_that_was_taken_off_is_not() -> None:
    now = look(labels=("free-threading", "crash", "crash"))
    assert told(compare(BEFORE, now)) == [("labelled", "free-threading", LATER), ("labelled", "crash", LATER)]


@pytest.mark.parametrize(
    ("last", "said"), [(ANN, [("commented", "3", LATER)]), (None, [("commented", "3", LATER)]), (BOT, [])]
)
def test_new_comments_are_counted_unless_a_bot_has_the_last_word(
    last: Account | None, said: list[tuple[str, str, datetime]]
) -> None:
    assert told(compare(BEFORE, look(comments=4, last=last))) == said


def test_deleted_comments_and_other_titles_are_no_events() -> None:
    assert compare(look(comments=4), look(comments=1)) == ()
    assert compare(BEFORE, replace(BEFORE, issue=replace(ISSUE, title="Crash!", locked=True, updated=LATER))) == ()


def test_an_older_look_tells_nothing_and_replaces_nothing() -> None:
    now = look(state=CLOSED, closed=LATER, labels=("crash",), comments=5)
    assert compare(now, BEFORE) == ()
    assert remembered(now, BEFORE) == now


def test_the_best_reason_to_know_a_thread_is_kept() -> None:
    of = {origin: replace(BEFORE, origin=origin) for origin in ThreadOrigin}
    assert remembered(of[ThreadOrigin.SEARCH], of[ThreadOrigin.TABLE]).origin is ThreadOrigin.TABLE
    assert remembered(of[ThreadOrigin.TABLE], of[ThreadOrigin.SEARCH]).origin is ThreadOrigin.TABLE
    assert remembered(of[ThreadOrigin.TRIAGE], of[ThreadOrigin.REPOSITORY]).origin is ThreadOrigin.REPOSITORY
    assert remembered(None, of[ThreadOrigin.TRIAGE]).origin is ThreadOrigin.TRIAGE


def test_what_the_table_says_of_a_thread_goes_before_what_its_text_says() -> None:
    tabled = replace(BEFORE, origin=ThreadOrigin.TABLE, package="scipy")
    guessed = replace(look(), package="numpy", free_threading=False)
    assert remembered(tabled, guessed) == replace(look(), origin=ThreadOrigin.TABLE, package="scipy")


@pytest.mark.parametrize(
    ("thread", "waits"),
    [
        (replace(BEFORE, origin=ThreadOrigin.TABLE), True),
        (replace(BEFORE, kinds=(KindName.CRASH, KindName.MISSING_WHEEL)), True),
        (replace(BEFORE, kinds=(KindName.SUPPORT_TRACKING,)), True),
        (BEFORE, False),
        (replace(BEFORE, kinds=(KindName.QUESTION,)), False),  # its comment answers it, and no feed tells of that
        (replace(BEFORE, origin=ThreadOrigin.TABLE, gone=LATER), False),
        (replace(look(state=CLOSED), origin=ThreadOrigin.TABLE), False),
    ],
)
def test_open_threads_that_track_support_or_ask_for_wheels_wait_for_them(thread: KnownThread, waits: bool) -> None:
    assert awaits_wheels(thread) is waits


def test_wheels_are_an_event_with_release_and_python() -> None:
    event = wheels_event(BEFORE, "2.5.0", "3.14t", LATER)
    assert (event.kind, event.detail, event.at, event.package) == (EventKind.WHEELS, "2.5.0 3.14t", LATER, "numpy")
    assert wheels_of(event) == AnsweringWheels("2.5.0", "3.14t", gil_off=False)


def test_wheels_that_keep_the_gil_off_are_told_from_wheels_that_appeared() -> None:
    event = wheels_event(BEFORE, "2.5.0", "3.14t", LATER, gil_off=True)
    assert event.kind is EventKind.WHEELS
    assert wheels_of(event) == AnsweringWheels("2.5.0", "3.14t", gil_off=True)
    assert event.detail != wheels_event(BEFORE, "2.5.0", "3.14t", LATER).detail


def test_sources_are_read_from_settings() -> None:
    sources = Sources.of(["numpy/numpy", "python/cpython:topic-free-threading", "a/b: two: words "], ["is:issue"])
    assert sources.repositories == (
        WatchedRepository("numpy/numpy"),
        WatchedRepository("python/cpython", "topic-free-threading"),
        WatchedRepository("a/b", "two: words"),
    )
    assert [str(each) for each in sources.repositories][:2] == ["numpy/numpy", "python/cpython:topic-free-threading"]
    assert sources.searches == ("is:issue",)


# Laws


@st.composite
def lives(draw: st.DrawFn) -> list[KnownThread]:
    """Make the course of a thread, look by look, as GitHub lets it go: time goes on, comments and merging are final."""
    looks, now, comments = list[KnownThread](), CREATED, 1
    state, ended, last = OPEN, None, draw(st.sampled_from((ANN, BOT, None)))
    for _ in range(draw(st.integers(1, 6))):
        now += timedelta(hours=draw(st.integers(0, 3)))
        if state is not MERGED:
            new = draw(st.sampled_from((OPEN, OPEN, CLOSED, MERGED)))
            ended = None if new is OPEN else (ended if new is state else now)
            state = new
        if (said := draw(st.integers(0, 2))) > 0:
            comments, last = comments + said, draw(st.sampled_from((ANN, BOT)))
        labels = draw(st.lists(st.sampled_from(("bug", "crash", "free-threading")), unique=True).map(tuple))
        looks.append(look(updated=now, state=state, closed=ended, labels=labels, comments=comments, last=last))
    return looks


def watched(looks: list[KnownThread]) -> tuple[KnownThread | None, list[ThreadEvent]]:
    """Look at a thread several times; give what is kept in the end, and all that happened."""
    known, events = None, list[ThreadEvent]()
    for now in looks:
        events += compare(known, now)
        known = remembered(known, now)
    return known, events


@given(lives())
def test_looking_twice_tells_nothing_new(looks: list[KnownThread]) -> None:
    known, events = watched(looks)
    assert watched([each for each in looks for _ in range(2)]) == (known, events)
    assert all(compare(each, each) == () for each in looks)


@given(lives(), st.data())
def test_who_looks_more_often_knows_the_same_and_hears_at_least_as_much(
    looks: list[KnownThread], data: st.DataObject
) -> None:
    fewer = [each for each in looks[:-1] if data.draw(st.booleans())] + looks[-1:]
    (known, events), (known_of_fewer, events_of_fewer) = watched(looks), watched(fewer)
    assert known == known_of_fewer
    assert {event.kind for event in events_of_fewer} <= {event.kind for event in events}
    ends = (EventKind.OPENED, EventKind.CLOSED, EventKind.MERGED)
    said = {(event.kind, event.at) for event in events if event.kind in ends}
    assert {(event.kind, event.at) for event in events_of_fewer if event.kind in ends} <= said


@given(lives())
def test_looks_that_come_late_change_nothing(looks: list[KnownThread]) -> None:
    known, _ = watched(looks)
    late = [each for each in looks if each.issue.updated < looks[-1].issue.updated]
    assert watched([*looks, *late])[0] == known
