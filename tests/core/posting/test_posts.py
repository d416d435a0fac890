"""What to do with a post next, and how it is recognised."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.digest.weeks import week_of
from bot.core.posting.posts import (
    ISSUES_EXPIRE,
    LONGEST_NONCE,
    LONGEST_THREAD_NAME,
    Post,
    PostKind,
    PostStep,
    SeenMessage,
    State,
    next_step,
    step_if_not_found,
    waits_for_data,
)

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
CHANNEL = 1_183_746_382_910_273_645
DIGEST = Post(
    guild=7,
    kind=PostKind.DIGEST,
    key="2026-W47",
    channel=CHANNEL,
    state=State.PLANNED,
    expires=NOW + timedelta(days=7),
    due=NOW,
)
ANNOUNCEMENT = replace(DIGEST, kind=PostKind.ANNOUNCEMENT, key="12-17")
ISSUES = replace(DIGEST, kind=PostKind.ISSUES, key="12-31", expires=NOW + ISSUES_EXPIRE)
LATE = DIGEST.expires

channels = st.integers(1, 2**64 - 1)


@pytest.mark.parametrize(
    ("state", "publish", "now", "expected"),
    [
        (State.PLANNED, False, NOW, PostStep.SEND),
        (State.PLANNED, False, LATE, PostStep.DROP),
        (State.SENDING, False, NOW, PostStep.LOOK),
        (State.SENDING, False, LATE, PostStep.LOOK),
        (State.SENT, True, NOW, PostStep.PUBLISH),
        (State.SENT, True, LATE, PostStep.DROP),
        (State.SENT, False, NOW, None),
        (State.PUBLISHED, True, NOW, None),
        (State.REFUSED, True, NOW, None),
        (State.LOST, True, NOW, None),
        (State.MISSED, True, NOW, None),
    ],
)
def test_the_next_step(state: State, publish: bool, now: datetime, expected: PostStep | None) -> None:
    assert next_step(replace(DIGEST, state=state, publish=publish), now) is expected


def test_what_was_begun_and_is_not_there_is_sent_while_it_is_not_too_late() -> None:
    begun = replace(DIGEST, state=State.SENDING)
    assert step_if_not_found(begun, NOW) is PostStep.SEND
    assert step_if_not_found(begun, LATE) is PostStep.DROP


def test_a_repeated_attempt_is_known_to_discord_by_week_or_changes_and_channel() -> None:
    assert (DIGEST.nonce, ANNOUNCEMENT.nonce) == (f"26W47-{CHANNEL}", f"11-{CHANNEL:x}")


def test_issue_events_are_known_by_their_numbers_also_in_a_thread_of_a_forum() -> None:
    assert (ISSUES.nonce, ISSUES.repository) == (f"1fi{CHANNEL:x}", None)
    in_forum = replace(ISSUES, key="12-31 numpy/numpy")
    assert (in_forum.mark, in_forum.changes) == (ISSUES.mark, (12, 31))
    assert (in_forum.repository, in_forum.thread_name) == ("numpy/numpy", "numpy/numpy · 2026-W48")
    assert in_forum.nonce_in(255) == "1fiff"
    # An announcement with the same numbers in the same channel is another message.
    assert ISSUES.nonce != replace(ANNOUNCEMENT, key=ISSUES.key).nonce


# How a message is recognised


@st.composite
def _posts(draw: st.DrawFn) -> Post:
    """Make a post that was begun at some time, by this version."""
    post = draw(st.sampled_from([DIGEST, ANNOUNCEMENT, ISSUES]))
    if post.kind is PostKind.DIGEST:
        key = str(week_of(draw(st.dates(date(2020, 1, 6), date(9000, 1, 1)))))
    else:
        first = draw(st.integers(1, 2**26))
        key = f"{first}-{first + draw(st.integers(0, 2**26))}"
    return replace(post, key=key, begun=NOW + timedelta(seconds=draw(st.integers(-(10**8), 10**8))))


_hours = st.floats(-24, 24).map(lambda hours: timedelta(hours=hours))
_look_alikes = ["2026-W47", "changes 12-17", "_events 12 to 31_", "_event 31_"]
_foreign = st.text() | st.sampled_from(_look_alikes) | st.tuples(st.sampled_from(_look_alikes), st.text()).map("".join)


@given(_posts(), _hours, st.timedeltas(timedelta(0), timedelta(days=400)), _foreign)
def test_what_was_sent_is_found_whatever_it_says_by_a_clock_that_may_be_a_day_wrong(
    post: Post, wrong: timedelta, later: timedelta, words: str
) -> None:
    assert post.begun is not None
    created = post.begun - wrong
    assert post.sought(created + later).is_met_by(SeenMessage(created, post.mark, words))


@given(_posts(), _posts(), _foreign)
def test_no_foreign_text_makes_a_message_be_taken_for_a_post(post: Post, other: Post, words: str) -> None:
    assert post.begun is not None
    is_it = (post.kind, post.key.rpartition("-")[2]) == (other.kind, other.key.rpartition("-")[2])
    if post.kind is PostKind.DIGEST:
        is_it = (post.kind, post.key) == (other.kind, other.key)
    for mark in (None, 1, 40, other.mark):
        assert post.sought(NOW).is_met_by(SeenMessage(post.begun, mark, words)) == (mark == other.mark and is_it)


@given(_posts())
def test_a_mark_is_a_number_that_discord_takes_and_gives_nothing_by_itself(post: Post) -> None:
    assert 10**6 < post.mark < 2**31


@given(_posts(), st.timedeltas(timedelta(days=1, microseconds=1), timedelta(days=400)))
def test_a_message_of_long_before_is_another_one(post: Post, before: timedelta) -> None:
    assert post.begun is not None
    assert not post.sought(post.begun).is_met_by(SeenMessage(post.begun - before, post.mark))


def test_a_clock_that_was_ahead_and_was_set_right_loses_nothing() -> None:
    post = replace(DIGEST, begun=NOW + timedelta(days=300))
    assert post.sought(NOW + timedelta(minutes=5)).is_met_by(SeenMessage(NOW, post.mark))


_OLD = [
    (DIGEST, "-# 2026-W47"),
    (DIGEST, "-# 2026-W47 · data read 23 Nov 01:00 UTC · A wheel shows that a build exists."),
    (ANNOUNCEMENT, "-# A wheel shows that a build exists, not that it is thread-safe. · changes 12-17"),
    (ISSUES, "-# Issues and pull requests about free-threading · _events 12 to 31_"),
    (replace(ISSUES, key="31-31"), "-# Issues and pull requests about free-threading · _event 31_"),
]


@pytest.mark.parametrize(("post", "ending"), _OLD)
def test_what_an_earlier_version_began_is_found_by_how_it_ended(post: Post, ending: str) -> None:
    old = replace(post, expires=NOW + timedelta(days=1), state=State.SENDING)
    assert old.sought(NOW).is_met_by(SeenMessage(NOW, 5, ending))
    assert not old.sought(NOW).is_met_by(SeenMessage(NOW - timedelta(days=8), 5, ending))
    assert not replace(old, begun=NOW).sought(NOW).is_met_by(SeenMessage(NOW, 5, ending))


@pytest.mark.parametrize(("post", "ending"), _OLD)
@given(words=_foreign, title=st.sampled_from(["2026-W47", "changes 12-17", "_events 12 to 31_", "_event 31_"]))
def test_nothing_in_between_is_taken_for_what_an_earlier_version_began(
    post: Post, ending: str, words: str, title: str
) -> None:
    old = replace(post, expires=NOW + timedelta(days=1), state=State.SENDING)
    line = " ".join(f"{words} {title} {words}".split())
    for hostile in (
        f"### What moved\n- 🟢 opened a/b {line}",
        f"-# 2026-W46 · data read · 1 of 3 could not be read: {line} · A wheel shows that a build exists.",
        f"- **x** {line}: gained\n{ending} x",
    ):
        assert not old.sought(NOW).is_met_by(SeenMessage(NOW, 5, hostile))


@given(st.text("abc-._/", min_size=1, max_size=140), st.text("abc-._/", min_size=1, max_size=140))
def test_repositories_have_threads_of_their_own_with_names_that_discord_takes(one: str, other: str) -> None:
    names = [replace(ISSUES, key=f"1-2 {name}").thread_name for name in (one, other)]
    assert all(1 <= len(name) <= LONGEST_THREAD_NAME and name.endswith(" · 2026-W48") for name in names)
    assert (names[0] == names[1]) == (one == other)


@given(channels, st.integers(1, 2**31), st.integers(0, 2**31))
def test_a_nonce_is_never_too_long(channel: int, first: int, more: int) -> None:
    key = f"{first}-{first + more}"
    for post in (DIGEST, replace(ANNOUNCEMENT, key=key), replace(ISSUES, key=key)):
        assert 0 < len(replace(post, channel=channel).nonce) <= LONGEST_NONCE


def test_the_longest_channel_ids_fit_exactly() -> None:
    assert replace(DIGEST, channel=12345678901234567890).nonce == "26W4712345678901234567890"


@given(channels, channels, st.sampled_from(["2026-W47", "2026-W48"]), st.sampled_from(["2026-W47", "2026-W48"]))
def test_posts_have_the_same_nonce_only_for_the_same_channel_and_week(one: int, other: int, a: str, b: str) -> None:
    first, second = replace(DIGEST, channel=one, key=a), replace(DIGEST, channel=other, key=b)
    assert (first.nonce == second.nonce) == ((one, a) == (other, b))


def test_a_digest_waits_some_hours_for_its_week_to_be_read() -> None:
    assert waits_for_data(DIGEST, NOW, complete=False)
    assert not waits_for_data(DIGEST, NOW, complete=True)
    assert not waits_for_data(DIGEST, NOW + timedelta(hours=6), complete=False)
