"""Threads are kept as they were last seen, with what happened to them and how far was read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.classify.thread import KindName
from bot.core.errors import StorageError
from bot.core.github.threads import Account, IssueRef, ThreadState
from bot.core.triage.changeset import Changeset, MarkKind
from bot.core.upstream.threads import Cursor, EventKind, KnownThread, ThreadOrigin
from storage.engine.engine import Engine
from storage.github.changesets import Changesets
from storage.github.cursors import Cursors, answer_name
from storage.github.marks import ThreadMarks
from storage.github.outbox import Outbox
from storage.github.overrides import LabelOverrides
from storage.github.package_threads import PackageThreads
from storage.github.thread_events import ThreadEvents
from storage.github.threads import Threads
from tests.storage.engines import Refusing
from tests.storage.made_threads import (
    ADD,
    EVENT,
    ISSUE,
    LABELLED,
    MARK,
    NODE,
    NOW,
    OVERRIDE,
    REF,
    THREAD,
    changed,
    seconds,
    thread,
)

MERGED = replace(
    THREAD,
    issue=replace(
        ISSUE,
        node_id="PR_1",
        ref=IssueRef("numpy/numpy", 7),
        is_pr=True,
        state=ThreadState.MERGED,
        locked=True,
        author=Account("dependabot[bot]", is_bot=True),
        labels=(),
        closed=NOW,
    ),
    origin=ThreadOrigin.SEARCH,
    package=None,
    kinds=(),
)
GHOST = replace(thread(8, "I_8"), issue=replace(thread(8, "I_8").issue, author=None), gone=seconds(-1))


@pytest.fixture
def threads(database: Engine) -> Threads:
    return Threads(database)


@pytest.fixture
def events(database: Engine) -> ThreadEvents:
    return ThreadEvents(database)


@pytest.mark.parametrize("known", [THREAD, MERGED, GHOST], ids=["issue", "pull request", "gone"])
async def test_a_thread_is_read_back_as_it_was(threads: Threads, known: KnownThread) -> None:
    assert await threads.get(known.issue.node_id) is None
    await threads.record([known], [], [], NOW)
    assert await threads.get(known.issue.node_id) == known
    assert await threads.at(known.issue.ref) == known


async def test_who_commented_last_is_not_kept(threads: Threads) -> None:
    await threads.record([replace(THREAD, issue=replace(ISSUE, last_comment_by=Account("me")))], [], [], NOW)
    assert await threads.get(NODE) == THREAD


async def test_a_newer_state_replaces_an_older_one_and_never_the_other_way(threads: Threads) -> None:
    newer, older = changed(THREAD, updated=seconds(1), title="New"), changed(THREAD, updated=NOW, title="Old")
    await threads.record([older], [], [], NOW)
    await threads.record([newer], [], [], NOW)
    assert await threads.get(NODE) == newer
    await threads.record([older], [], [], seconds(60))
    assert await threads.get(NODE) == newer
    gone = replace(newer, gone=seconds(90))
    await threads.record([gone], [], [], seconds(90))
    assert await threads.get(NODE) == gone


async def test_triage_takes_no_thread_away_from_those_that_are_watched(threads: Threads) -> None:
    await threads.record([THREAD], [], [], NOW)
    triaged = replace(THREAD, origin=ThreadOrigin.TRIAGE, package=None, free_threading=False, kinds=())
    await threads.record([triaged], [], [], NOW)
    assert await threads.get(NODE) == replace(THREAD, kinds=())
    assert await threads.watched() == (replace(THREAD, kinds=()),)


async def test_watching_takes_over_what_triage_knew_even_with_an_older_state(threads: Threads) -> None:
    triaged = replace(changed(THREAD, updated=seconds(9), title="New"), origin=ThreadOrigin.TRIAGE, package=None)
    await threads.record([triaged], [], [], NOW)
    assert await threads.watched() == ()
    assert await threads.all() == (triaged,)
    await threads.record([THREAD], [], [], NOW)
    assert await threads.watched() == (replace(triaged, origin=ThreadOrigin.TABLE, package="numpy"),)


async def test_a_thread_is_found_where_it_was_seen_last_whatever_the_case_of_its_repository(threads: Threads) -> None:
    left = replace(thread(1, "I_left"), gone=NOW)
    here, before = thread(1, "I_here"), thread(1, "I_before")
    await threads.record([before], [], [], NOW)
    await threads.record([here], [], [], seconds(1))
    await threads.record([left], [], [], seconds(2))
    assert await threads.at(IssueRef("NumPy/NumPy", 1)) == here
    assert await threads.at(IssueRef("numpy/numpy", 2)) is None


async def test_threads_that_changed_at_the_same_time_are_listed_by_id_whatever_their_state(threads: Threads) -> None:
    states = (ThreadState.MERGED, ThreadState.OPEN, ThreadState.CLOSED, ThreadState.OPEN)
    alike = [thread(number, f"I_{number}") for number in range(4)]
    mixed = [replace(each, issue=replace(each.issue, state=state)) for each, state in zip(alike, states, strict=True)]
    await threads.record(mixed, [], [], NOW)
    assert await threads.listed("numpy", list(ThreadState), 3) == (tuple(mixed[:3]), 4)


async def test_the_repositories_of_triage_are_listed_once_each(threads: Threads) -> None:
    def triaged(repository: str, number: int) -> KnownThread:
        known = thread(number, f"I_{repository}_{number}")
        issue = replace(known.issue, ref=IssueRef(repository, number))
        return replace(known, issue=issue, origin=ThreadOrigin.TRIAGE)

    assert await threads.triaged() == ()
    gone = replace(triaged("d/gone", 1), gone=NOW)
    await threads.record(
        [THREAD, gone, *(triaged(name, n) for name in ("c/c", "a/a", "b/b") for n in (1, 2))], [], [], NOW
    )
    assert await threads.triaged() == ("a/a", "b/b", "c/c")


async def test_what_is_gone_is_listed_nowhere(threads: Threads) -> None:
    await threads.record([THREAD, GHOST, MERGED], [], [], NOW)
    assert await threads.of_package("numpy") == (THREAD,)
    assert await threads.watched() == (MERGED, THREAD)
    assert await PackageThreads(threads.database).open_counts() == {"numpy": 1}


async def test_the_list_has_what_changed_last_first_and_says_how_many_there_are(threads: Threads) -> None:
    every = [
        changed(thread(number, f"I_{number}"), updated=seconds(number), title=str(number)) for number in range(1, 6)
    ]
    closed = [replace(known, issue=replace(known.issue, state=ThreadState.CLOSED)) for known in every[3:]]
    other = replace(thread(9, "I_9"), package="scipy")
    chatter = replace(thread(10, "I_10"), free_threading=False)
    await threads.record([*every[:3], *closed, other, chatter, GHOST], [], [], NOW)
    assert await threads.listed("numpy", [ThreadState.OPEN], 2) == ((every[2], every[1]), 3)
    assert await threads.listed("numpy", [ThreadState.CLOSED, ThreadState.MERGED], 9) == ((closed[1], closed[0]), 2)
    assert await threads.listed(None, list(ThreadState), 1) == ((closed[1],), 6)
    assert await threads.listed(None, [], 9) == ((), 0)
    in_order = (closed[1], closed[0], every[2], every[1], every[0], other)
    for limit in range(1, 7):
        assert await threads.listed(None, list(ThreadState), limit) == (in_order[:limit], 6)
    assert await PackageThreads(threads.database).open_counts() == {"numpy": 3, "scipy": 1}


async def test_a_kind_of_another_version_of_the_rules_is_left_out(database: Engine, threads: Threads) -> None:
    await threads.record([THREAD], [], [], NOW)
    async with database.transaction() as transaction:
        await transaction.run('UPDATE threads SET kinds = \'["of-the-future", "crash"]\'')
    assert await threads.get(NODE) == replace(THREAD, kinds=(KindName.CRASH,))


# What happened


async def test_events_are_numbered_as_they_are_noticed_and_taken_once(threads: Threads, events: ThreadEvents) -> None:
    assert await events.newest() == 0
    assert await threads.record([], [LABELLED, EVENT, LABELLED], [], NOW) == 2
    assert await threads.record([], [replace(EVENT, title="Renamed", comments=9)], [], NOW) == 0
    again = replace(LABELLED, at=seconds(120))
    assert await threads.record([], [again], [], NOW) == 1
    assert await events.newest() == 3
    assert await events.between(1, 2) == (LABELLED, EVENT)
    assert await events.between(3, 3) == (again,)
    assert await events.numbered_after(1) == ((2, EVENT), (3, again))


async def test_a_week_has_what_happened_in_it_whenever_that_was_noticed(threads: Threads, events: ThreadEvents) -> None:
    week = [replace(EVENT, detail=str(day), at=NOW + timedelta(days=day)) for day in (7, 3, 0, -1)]
    await threads.record([], week, [], NOW)
    assert await events.within(NOW, NOW + timedelta(days=7)) == (week[2], week[1])


async def test_events_and_cursors_are_kept_with_the_threads_or_not_at_all(
    database: Engine, threads: Threads, events: ThreadEvents
) -> None:
    cursors = Cursors(database)
    with pytest.raises(StorageError):
        await Threads(Refusing(database, "INSERT INTO cursors")).record(
            [THREAD], [EVENT], [Cursor("numpy/numpy", NOW)], NOW
        )
    assert (await threads.get(NODE), await events.newest(), await cursors.all()) == (None, 0, ())
    await threads.record([THREAD], [EVENT], [Cursor("numpy/numpy", NOW)], NOW)
    assert (await threads.get(NODE), await events.newest()) == (THREAD, 1)
    assert await cursors.get("numpy/numpy") == Cursor("numpy/numpy", NOW)


async def test_a_cursor_is_where_it_was_put_last(database: Engine) -> None:
    cursors = Cursors(database)
    full, empty = Cursor("a", NOW, 'W/"1"', seconds(1)), Cursor("b")
    assert await cursors.get("a") is None
    await cursors.record(full, empty)
    assert await cursors.all() == (full, empty)
    back = replace(full, since=seconds(-1), etag=None)
    await cursors.record(back)
    assert await cursors.get("a") == back


# Moves


async def test_a_thread_that_was_moved_is_the_one_it_was(database: Engine, threads: Threads) -> None:
    moved = replace(THREAD, issue=replace(ISSUE, node_id="I_new", ref=IssueRef("scipy/scipy", 5)))
    events, overrides, marks, outbox = (
        ThreadEvents(database),
        LabelOverrides(database),
        ThreadMarks(database),
        Outbox(database),
    )
    await threads.record([THREAD], [EVENT, LABELLED], [], NOW)
    # Something was said of it under its new id before the move was noticed.
    early = replace(OVERRIDE, node_id="I_new", wanted=True, at=seconds(-5))
    later = replace(OVERRIDE, node_id="I_new", label="other", at=seconds(5))
    known = replace(EVENT, node_id="I_new")
    await Changesets(database).record(
        Changeset(
            events=(known,),
            overrides=(OVERRIDE, replace(OVERRIDE, label="other", wanted=True), early, later),
            marks=(MARK,),
            actions=(ADD,),
        ),
        NOW,
    )
    await threads.rebind(NODE, replace(moved, origin=ThreadOrigin.TRIAGE))
    assert await threads.get(NODE) is None
    assert await threads.at(REF) is None
    assert await threads.watched() == (moved,)
    assert await events.within(NOW, seconds(999)) == (known, replace(LABELLED, node_id="I_new"))
    assert await overrides.of(NODE) == {}
    assert await overrides.of("I_new") == {"00 - Bug": replace(OVERRIDE, node_id="I_new"), "other": later}
    assert await marks.of("I_new") == {MarkKind.DUPLICATE: replace(MARK, node_id="I_new")}
    assert await outbox.next_due() is None
    assert [entry.due for entry in await outbox.of_thread(NODE)] == [None]


async def test_a_move_that_is_noticed_twice_changes_nothing_more(threads: Threads, events: ThreadEvents) -> None:
    moved = replace(THREAD, issue=replace(ISSUE, node_id="I_new"))
    await threads.record([THREAD], [EVENT], [], NOW)
    for _ in range(2):
        await threads.rebind(NODE, moved)
        assert await threads.all() == (moved,)
        assert [(event.kind, event.node_id) for event in await events.between(1, 9)] == [(EventKind.OPENED, "I_new")]


async def test_a_move_that_kept_the_id_keeps_everything(database: Engine, threads: Threads) -> None:
    await Changesets(database).record(Changeset(overrides=(OVERRIDE,), actions=(ADD,), events=(EVENT,)), NOW)
    moved = replace(THREAD, issue=replace(ISSUE, ref=IssueRef("scipy/scipy", 5)))
    await threads.rebind(NODE, moved)
    assert await threads.all() == (moved,)
    assert await LabelOverrides(database).of(NODE) == {"00 - Bug": OVERRIDE}
    assert await Outbox(database).next_due() == NOW
    assert await ThreadEvents(database).newest() == 1


async def test_which_wheels_a_thread_was_told_of_moves_with_it(database: Engine, threads: Threads) -> None:
    told = [Cursor(f"{answer_name(NODE)}{detail}", checked=NOW) for detail in ("1.0 3.14t", "1.1 3.14t gil-off")]
    known = Cursor(f"{answer_name('I_new')}1.0 3.14t", checked=seconds(9))
    other = Cursor(f"{answer_name('I_other')}1.0 3.14t", checked=NOW)
    await threads.record([THREAD], [], [*told, known, other], NOW)
    await threads.rebind(NODE, replace(THREAD, issue=replace(ISSUE, node_id="I_new")))
    moved = [replace(each, name=each.name.replace(NODE, "I_new")) for each in told]
    assert set(await Cursors(database).all()) == {*moved, other}


async def test_open_threads_of_a_kind_are_those_whose_package_is_known(threads: Threads) -> None:
    def thread(number: int, state: ThreadState = ThreadState.OPEN) -> KnownThread:
        issue = replace(ISSUE, node_id=f"I_{number}", ref=IssueRef("a/b", number), state=state)
        return replace(THREAD, issue=issue, kinds=(KindName.CI, KindName.GIL_REENABLED))

    other = [replace(thread(2), package=None), replace(thread(3), kinds=(KindName.CI,)), replace(thread(5), gone=NOW)]
    triaged = replace(thread(6), origin=ThreadOrigin.TRIAGE)
    await threads.record([thread(1), *other, thread(4, ThreadState.CLOSED), triaged], [], [], NOW)
    found = await threads.open_of_kind(KindName.GIL_REENABLED)
    assert [each.issue.ref.number for each in found] == [1, 6]
