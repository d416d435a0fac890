"""What a server is told of upstream threads: which events are news to it, in which posts, under which tags."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from bot.core.posting.posts import ISSUES_EXPIRE, Post, PostKind, State
from bot.core.posting.settings import IssueFeed
from bot.core.upstream.threads import ThreadEvent

BETWEEN_BATCHES = timedelta(minutes=15)

NEWS_FOR = timedelta(days=2)
"""How long ago an event may have happened when it is posted: what the first look finds is no news."""

MOST_TAGS = 5
"""Tags that a thread in a forum may have."""


def is_news(event: ThreadEvent, feed: IssueFeed, now: datetime) -> bool:
    """Return whether a server wants to be told of an event, at the time at which that is planned."""
    return event.kind in feed.events and now - event.at <= NEWS_FOR


def issue_posts(guild: int, feed: IssueFeed, events: Sequence[tuple[int, ThreadEvent]], now: datetime) -> list[Post]:
    """Make of numbered events what a server is to be told: one post, in a forum one for each repository.

    Each is named after the numbers of its first and last event that is news, so no two are ever named alike.
    """
    news = [(number, event.ref.repository) for number, event in events if is_news(event, feed, now)]
    places = dict.fromkeys(repository if feed.forum else "" for _, repository in news)
    posts = []
    for place in places:
        numbers = [number for number, repository in news if place in {"", repository}]
        posts.append(
            Post(
                guild=guild,
                kind=PostKind.ISSUES,
                key=f"{numbers[0]}-{numbers[-1]} {place}".strip(),
                channel=feed.channel,
                state=State.PLANNED,
                expires=now + ISSUES_EXPIRE,
                due=now,
            )
        )
    return posts


def told_of(post: Post, events: Iterable[ThreadEvent], feed: IssueFeed) -> tuple[ThreadEvent, ...]:
    """Return those of the events between its first and last that a post tells of."""
    planned = post.expires - ISSUES_EXPIRE
    return tuple(
        event for event in events if is_news(event, feed, planned) and post.repository in {None, event.ref.repository}
    )


def fitting_tags(tags: Sequence[str], words: Collection[str]) -> tuple[str, ...]:
    """Choose of a forum's tags those that a thread's labels or kinds are called like, in the forum's order."""
    wanted = {word.casefold() for word in words}
    return tuple(tag for tag in tags if tag.casefold() in wanted)[:MOST_TAGS]
