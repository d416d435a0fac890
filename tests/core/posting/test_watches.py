"""Which watch is told of what, and how its messages are recognised."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.posting.posts import LONGEST_NONCE, Post, PostKind
from bot.core.posting.watches import (
    MOST_FOR_A_CHANNEL,
    MOST_FOR_A_PERSON,
    NewsItem,
    NewsKind,
    Recipient,
    Topic,
    Watch,
    WatchPlace,
    alert_post,
    completed_news,
    news_of_event,
    too_many,
)
from bot.core.upstream.threads import EventKind
from bot.core.wheels.targets import Target
from tests.services.threads import event, thread

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
T314, T315 = Target(14), Target(15)
ADA, CHANNEL = WatchPlace(5), WatchPlace(None, 1, 9)
LARGEST = 2**63 - 1


def alert(number: int = 1, batch: int = 1, channel: int = 9, person: int | None = 5) -> Post:
    post = alert_post(Recipient(number, WatchPlace(person, 0, channel), batch), NOW)
    assert post is not None
    return post


def test_every_kind_of_news_has_a_topic_and_every_topic_some_news() -> None:
    assert {kind.topic for kind in NewsKind} == set(Topic)


@pytest.mark.parametrize("kind", NewsKind)
def test_a_watch_of_everything_is_told_of_everything(kind: NewsKind) -> None:
    assert Watch("numpy").is_told_of(NewsItem("numpy", kind, T315), NOW)


@pytest.mark.parametrize(
    ("watch", "told"),
    [
        (Watch("numpy"), [False, True]),
        (Watch("numpy", topics=(Topic.COMPLETE,)), [True, True]),
        (Watch("numpy", topics=(Topic.APPEAR,)), [False, False]),
    ],
)
def test_wheels_that_come_for_every_platform_at_once_are_told_of_once(watch: Watch, told: list[bool]) -> None:
    news = [completed_news("numpy", T314, "2.4", at_once=at_once) for at_once in (True, False)]
    assert [watch.is_told_of(each, NOW) for each in news] == told


def test_what_has_no_target_is_told_to_whoever_watches_one() -> None:
    assert Watch("numpy", (T315,)).is_told_of(NewsItem("numpy", NewsKind.CLOSED), NOW)
    assert not Watch("numpy", (T315,)).is_told_of(NewsItem("numpy", NewsKind.GAINED, T314), NOW)


def test_a_pause_ends_by_itself() -> None:
    watch = Watch("numpy", paused=NOW)
    news = NewsItem("numpy", NewsKind.GAINED, T314)
    assert not watch.is_told_of(news, NOW - timedelta(seconds=1))
    assert watch.is_told_of(news, NOW)


@pytest.mark.parametrize("kind", EventKind)
def test_only_the_end_of_the_tracking_issue_is_news(kind: EventKind) -> None:
    ended = event(kind, thread("NumPy/numpy", 7), NOW)
    tracking = "https://github.com/numpy/numpy/issues/7"
    found = news_of_event(ended, tracking, NOW)
    assert (found is not None) == (kind in {EventKind.CLOSED, EventKind.MERGED})
    for other in (None, "https://github.com/numpy/numpy/issues/8", "https://gitlab.com/numpy/numpy/-/issues/7"):
        assert news_of_event(ended, other, NOW) is None
    assert news_of_event(ended, tracking, NOW + timedelta(days=3)) is None
    assert news_of_event(replace(ended, package=None), tracking, NOW) is None


def test_there_is_a_limit_for_a_person_and_for_a_channel() -> None:
    for place, most in ((ADA, MOST_FOR_A_PERSON), (CHANNEL, MOST_FOR_A_CHANNEL)):
        assert too_many(place, most - 2, 2) is None
        assert f"of {most}, so 2 more fit" in (too_many(place, most - 2, 3) or "")
        assert "no more fit" in (too_many(place, most, 1) or "")


def test_nobody_is_written_to_in_a_channel_that_is_not_known() -> None:
    assert alert_post(Recipient(1, ADA, 1), NOW) is None


@given(st.integers(0, LARGEST), st.integers(0, LARGEST), st.integers(0, LARGEST))
def test_a_nonce_fits_and_is_no_other_posts(number: int, batch: int, channel: int) -> None:
    post = alert(number, batch, channel)
    assert len(post.nonce) <= LONGEST_NONCE
    assert post.nonce.startswith("w")
    for kind in (PostKind.ANNOUNCEMENT, PostKind.ISSUES):
        assert replace(post, kind=kind).nonce != post.nonce
        assert replace(post, kind=kind).mark != post.mark
    assert post.nonce == alert(number, batch, channel).nonce


@given(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99), st.integers(0, 99))
def test_no_two_batches_have_the_same_nonce_or_mark(one: int, other: int, a: int, b: int) -> None:
    first, second = alert(one, a), alert(other, b)
    same = (one, a) == (other, b)
    assert (first.nonce == second.nonce, first.mark == second.mark) == (same, same)


def test_what_may_be_there_is_looked_for_from_a_day_before_it_was_begun() -> None:
    begun = replace(alert(), begun=NOW)
    assert begun.sought(NOW).since == NOW - timedelta(days=1)
    assert begun.sought(NOW).old_ending is None
