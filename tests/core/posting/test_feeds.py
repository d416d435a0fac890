"""Which upstream events are posted, in which posts, and under which tags."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.core.github.threads import IssueRef
from bot.core.posting.feeds import MOST_TAGS, NEWS_FOR, fitting_tags, is_news, issue_posts, told_of
from bot.core.posting.settings import IssueFeed
from bot.core.upstream.threads import EventKind, ThreadEvent

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)

_kinds = st.sampled_from(EventKind)
_events = st.builds(
    ThreadEvent,
    kind=_kinds,
    node_id=st.just("I_1"),
    ref=st.builds(IssueRef, st.sampled_from(["a/a", "b/b", "c/c"]), st.integers(1, 9)),
    title=st.text(max_size=5),
    is_pr=st.booleans(),
    package=st.none(),
    at=st.sampled_from([timedelta(), timedelta(days=1), NEWS_FOR, timedelta(days=3), timedelta(hours=-1)]).map(
        lambda ago: NOW - ago
    ),
    comments=st.just(0),
)
_numbered = st.lists(_events, max_size=12).map(lambda events: list(enumerate(events, 100)))
_feeds = st.builds(IssueFeed, st.just(7), st.booleans(), st.lists(_kinds, unique=True).map(tuple))


@given(events=_numbered, feed=_feeds)
def test_every_wanted_event_is_told_in_exactly_one_post_and_no_other_is(
    events: list[tuple[int, ThreadEvent]], feed: IssueFeed
) -> None:
    posts = issue_posts(1, feed, events, NOW)
    told = [
        event
        for post in posts
        for event in told_of(post, [e for n, e in events if post.changes[0] <= n <= post.changes[1]], feed)
    ]
    wanted = [event for _, event in events if event.kind in feed.events and NOW - event.at <= NEWS_FOR]
    assert sorted(map(id, told)) == sorted(map(id, wanted))
    assert all(told_of(post, [event for _, event in events], feed) for post in posts)


@given(events=_numbered, feed=_feeds)
def test_a_channel_has_one_post_and_a_forum_one_for_each_repository(
    events: list[tuple[int, ThreadEvent]], feed: IssueFeed
) -> None:
    posts = issue_posts(1, feed, events, NOW)
    news = {event.ref.repository for _, event in events if is_news(event, feed, NOW)}
    if feed.forum:
        assert sorted(post.repository or "" for post in posts) == sorted(news)
    else:
        assert [post.repository for post in posts] == [None] * bool(news)
    assert len({post.mark for post in posts}) == len(posts)
    assert len({post.nonce_in(1) for post in posts}) == len(posts)


@given(tags=st.lists(st.text(max_size=3)), words=st.sets(st.text(max_size=3)))
def test_a_thread_gets_no_more_tags_than_discord_takes_and_none_that_does_not_fit(
    tags: list[str], words: set[str]
) -> None:
    chosen = fitting_tags(tags, words)
    assert len(chosen) <= MOST_TAGS
    assert {tag.casefold() for tag in chosen} <= {word.casefold() for word in words}


def test_tags_are_chosen_in_the_forums_order_whatever_their_case() -> None:
    assert fitting_tags(["Question", "crash", "Data-Race", "bug"], {"data-race", "Crash"}) == ("crash", "Data-Race")
