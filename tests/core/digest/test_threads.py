"""What happened upstream in a week, summed up for its digest: each thread once a list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.core.digest.digest import DigestThread, Issues, Totals
from bot.core.digest.threads import MOST_THREADS, TALK, issues_of
from bot.core.github.threads import IssueRef
from bot.core.upstream.threads import EventKind, ThreadEvent

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)


def event(kind: EventKind, number: int = 1, detail: str = "", *, comments: int = 0, hours: int = 0) -> ThreadEvent:
    """Make something that happened to a thread in the week."""
    ref = IssueRef("lxml/lxml", number)
    at = MONDAY + timedelta(hours=hours)
    return ThreadEvent(kind, f"node-{number}", ref, f"Thread {number}", False, "lxml", at, comments, detail)


def numbers(threads: tuple[DigestThread, ...]) -> list[int]:
    return [thread.number for thread in threads]


def test_a_week_without_events_has_no_issues() -> None:
    assert issues_of([]) == Issues()


def test_a_thread_is_told_of_as_it_was_last_seen() -> None:
    issues = issues_of([event(EventKind.OPENED, comments=0), event(EventKind.LABELLED, detail="crash", comments=7)])
    assert issues.opened == (
        DigestThread("lxml/lxml", 1, "Thread 1", "https://github.com/lxml/lxml/issues/1", comments=7),
    )
    assert issues == Issues(opened=issues.opened, counted=Totals(opened=1))


def test_merged_is_closed_and_what_was_opened_again_is_not() -> None:
    issues = issues_of(
        [
            event(EventKind.CLOSED, 1),
            event(EventKind.MERGED, 2),
            event(EventKind.CLOSED, 3),
            event(EventKind.REOPENED, 3),
            event(EventKind.CLOSED, 4),
            event(EventKind.REOPENED, 4),
            event(EventKind.CLOSED, 4),
        ]
    )
    assert numbers(issues.closed) == [1, 2, 4]


def test_a_thread_with_many_new_comments_was_discussed() -> None:
    issues = issues_of(
        [
            event(EventKind.COMMENTED, 1, "2", comments=40),
            event(EventKind.COMMENTED, 2, "2", comments=10),
            event(EventKind.COMMENTED, 2, "1", comments=11),
            event(EventKind.COMMENTED, 3, str(TALK + 1), comments=12),
        ]
    )
    assert [(thread.number, thread.comments) for thread in issues.discussed] == [(3, TALK + 1), (2, TALK)]


def test_a_thread_is_answered_by_the_release_that_came_last_with_all_its_pythons() -> None:
    issues = issues_of(
        [
            event(EventKind.WHEELS, 1, "6.1.0 3.14t"),
            event(EventKind.WHEELS, 1, "6.2.0 3.15t"),
            event(EventKind.WHEELS, 1, "6.2.0 3.14t"),
            event(EventKind.OPENED, 2),
        ]
    )
    assert [(thread.number, thread.answer) for thread in issues.answered] == [(1, "lxml 6.2.0 for 3.14t and 3.15t")]
    assert [thread.answer for thread in issues.opened] == [""]


def test_wheels_that_keep_the_gil_off_are_an_answer_of_their_own() -> None:
    off = event(EventKind.WHEELS, 1, "6.3.0 3.14t gil-off")
    assert [each.answer for each in issues_of([event(EventKind.WHEELS, 1, "6.2.0 3.14t"), off]).answered] == [
        "lxml 6.3.0, which keeps the GIL off on 3.14t"
    ]
    both = issues_of([event(EventKind.WHEELS, 1, "6.3.0 3.15t"), off])
    assert [each.answer for each in both.answered] == ["lxml 6.3.0 for 3.15t, which keeps the GIL off on 3.14t"]


def test_the_most_talked_about_come_first_and_there_is_an_end() -> None:
    issues = issues_of([event(EventKind.OPENED, number, comments=number) for number in range(1, MOST_THREADS + 50)])
    assert numbers(issues.opened) == list(range(MOST_THREADS + 49, 49, -1))


_events = st.builds(
    event,
    st.sampled_from(EventKind),
    st.integers(1, 4),
    st.sampled_from(("", "1", "5", "crash", "6.1.0 3.14t", "6.1.0 3.14t gil-off", "-3", "1e9", "²")),
    comments=st.integers(0, 9),
    hours=st.integers(0, 167),
)


@given(st.lists(_events, max_size=20))
def test_each_thread_is_in_a_list_once_and_had_the_event(events: list[ThreadEvent]) -> None:
    issues = issues_of(events)
    lists = {
        EventKind.OPENED: issues.opened,
        EventKind.COMMENTED: issues.discussed,
        EventKind.WHEELS: issues.answered,
    }
    for kind, threads in lists.items():
        assert len(set(numbers(threads))) == len(threads)
        assert set(numbers(threads)) <= {event.ref.number for event in events if event.kind is kind}
    assert all(thread.answer for thread in issues.answered)


def test_those_that_are_not_listed_are_counted() -> None:
    issues = issues_of(
        [event(kind, number) for kind in (EventKind.OPENED, EventKind.CLOSED) for number in range(MOST_THREADS + 37)]
    )
    assert (len(issues.opened), issues.totals) == (MOST_THREADS, Totals(MOST_THREADS + 37, MOST_THREADS + 37))
    assert Issues(opened=issues.opened).totals == Totals(opened=MOST_THREADS)
