"""From when on a source is read, whether it is time, and what the rows of the tracking table say of threads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.github.threads import Glimpse, Issue, IssueRef, ThreadState
from bot.core.guide.tracking_table import TableRow
from bot.core.upstream.polling import (
    BETWEEN_SEARCHES,
    LOOKS_BACK,
    OTHERS,
    TrackedRows,
    differs,
    has_grown,
    is_about_it,
    is_known,
    may_have_moved,
    seen_since,
    since_when,
    was_checked,
    what_is_broken,
    with_packages,
)
from bot.core.upstream.report import source_cursors
from bot.core.upstream.threads import Cursor, KnownThread, Sources, ThreadOrigin

NOW = datetime(2026, 11, 25, 12, 0, 0, 500, tzinfo=UTC)
SECOND = NOW.replace(microsecond=0)
ISSUE = Issue(
    node_id="I_1",
    ref=IssueRef("numpy/numpy", 1),
    title="Crash",
    body="",
    is_pr=False,
    state=ThreadState.OPEN,
    locked=False,
    author=None,
    labels=(),
    comments=2,
    created=NOW,
    updated=NOW,
    closed=None,
)
KNOWN = KnownThread(ISSUE, ThreadOrigin.SEARCH, None, free_threading=True, kinds=())
TIMES = st.integers(-10_000_000, 10_000_000).map(lambda seconds: NOW + timedelta(seconds=seconds))


def row(project: str, number: int | None, repository: str = "", package: str | None = None) -> TableRow:
    issue = None if number is None else IssueRef(repository or f"{project}/{project}", number)
    return TableRow(project, package or project, issue)


@given(st.none() | TIMES)
def test_nothing_is_read_from_a_time_to_come(since: datetime | None) -> None:
    read = since_when(Cursor("c", since=since), NOW)
    assert read <= SECOND
    assert read == (SECOND - LOOKS_BACK if since is None else min(since, SECOND))
    assert since_when(None, NOW) == SECOND - LOOKS_BACK


@given(TIMES)
def test_a_source_is_left_alone_for_a_while_and_never_by_a_clock_that_was_ahead(checked: datetime) -> None:
    alone = was_checked(Cursor("c", checked=checked), BETWEEN_SEARCHES, NOW)
    assert alone is (NOW - BETWEEN_SEARCHES < checked <= NOW)
    assert not was_checked(None, BETWEEN_SEARCHES, NOW)
    assert not was_checked(Cursor("c"), BETWEEN_SEARCHES, NOW)


@given(TIMES, st.lists(TIMES, max_size=4))
def test_a_cursor_stays_a_little_behind_the_last_change_and_never_goes_back(
    since: datetime, at: list[datetime]
) -> None:
    seen = seen_since(since, [replace(ISSUE, updated=each) for each in at])
    assert seen >= since
    assert all(seen >= each - timedelta(minutes=2) for each in at)
    assert seen in {since, *(each - timedelta(minutes=2) for each in at)}


def test_of_rows_that_name_one_thread_the_first_counts() -> None:
    rows = TrackedRows.of([row("numpy", 1), row("scipy", 1, "numpy/numpy"), row("pandas", None)])
    assert rows.packages == {"row numpy/numpy#1": "numpy"}


def test_a_repository_with_several_rows_has_no_one_package() -> None:
    rows = TrackedRows.of([row("a", 1, "Many/One"), row("b", 2, "many/one"), row("numpy", 1)])
    assert rows.package_in("MANY/one") is None
    assert rows.package_in("NumPy/numpy") == "numpy"
    assert rows.package_in("elsewhere/x") is None


def test_threads_are_about_what_the_rows_that_led_to_them_say() -> None:
    rows = TrackedRows.of([row("numpy", 1)])
    cursors = {"row numpy/numpy#1": Cursor("row numpy/numpy#1", etag="I_1")}
    other = replace(KNOWN, issue=replace(ISSUE, node_id="I_2"), package="scipy")
    packages = rows.packages_of({"I_1": KNOWN, "I_2": other}, cursors)
    assert packages == {"I_1": "numpy", "I_2": "scipy"}
    assert with_packages([KNOWN, other], packages) == [replace(KNOWN, package="numpy")]
    assert with_packages([other], {"I_2": None}) == []
    assert rows.leading_to("I_1", cursors) == ["row numpy/numpy#1"]
    assert rows.leading_to("I_2", cursors) == []


@pytest.mark.parametrize(("read", "kept", "broken"), [(1, 0, False), (0, 0, True), (1, 4, True), (2, 4, False)])
def test_a_table_with_next_to_nothing_of_what_it_had_is_broken(read: int, kept: int, broken: bool) -> None:
    rows = [row("numpy", number) for number in range(4)]
    assert (what_is_broken(rows[:read], rows[:kept]) is not None) is broken


def test_why_a_table_is_not_taken_is_said() -> None:
    rows = [row("numpy", number) for number in range(4)]
    assert what_is_broken((), ()) == "The tracking table has no rows that can be read."
    assert what_is_broken(rows[:1], rows) == "The tracking table has 1 rows, and had 4: those stay."


def test_what_is_known_as_it_is_now_is_not_read_again() -> None:
    assert is_known(KNOWN, ISSUE)
    assert not is_known(KNOWN, replace(ISSUE, updated=NOW + timedelta(seconds=1)))
    assert not is_known(replace(KNOWN, free_threading=False), ISSUE)
    assert not is_known(None, ISSUE)
    assert [is_about_it(each) for each in (KNOWN, replace(KNOWN, free_threading=False), None)] == [True, False, False]
    more = replace(ISSUE, comments=3)
    assert [has_grown(known, more) for known in (KNOWN, None)] == [True, False]
    assert not has_grown(KNOWN, ISSUE)


@pytest.mark.parametrize("origin", ThreadOrigin)
def test_open_threads_that_are_in_no_list_are_looked_for(origin: ThreadOrigin) -> None:
    found = origin in {ThreadOrigin.REPOSITORY, ThreadOrigin.SEARCH}
    thread = replace(KNOWN, origin=origin)
    assert may_have_moved(thread) is found
    assert not may_have_moved(replace(thread, issue=replace(ISSUE, state=ThreadState.CLOSED)))


def test_a_glimpse_shows_whether_a_thread_changed() -> None:
    seen = Glimpse(ISSUE.node_id, ISSUE.ref, ISSUE.title, ISSUE.is_pr, ISSUE.state, ISSUE.updated)
    assert not differs(seen, ISSUE)
    assert differs(replace(seen, title="Crash!"), ISSUE)
    assert differs(replace(seen, ref=IssueRef("numpy/moved", 1)), ISSUE)


def test_sources_are_named_as_people_know_them() -> None:
    sources = Sources.of(["numpy/numpy:topic"], ["is:issue nogil"])
    named = [(name, cursor) for name, _, cursor in source_cursors(sources)]
    assert named[1:] == [
        ("numpy/numpy:topic", "repository numpy/numpy:topic"),
        ("is:issue nogil", "search is:issue nogil"),
    ]
    assert OTHERS not in {name for name, _ in named}
