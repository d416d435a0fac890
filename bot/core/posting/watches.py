"""People's watches: who is told of what happens to a package, by direct message or in a channel, and in which batches.

An event is handed to every watcher once, by its position in the table that it is read from. What waits for a watcher
becomes one message: the first at once, what follows within the hour together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.digest.changes import Change, ChangeKind
from bot.core.github.threads import linked_ref
from bot.core.posting.feeds import NEWS_FOR
from bot.core.posting.posts import ALERTS_EXPIRE, DIRECT, Post, PostKind, State
from bot.core.text.sentences import counted
from bot.core.upstream.threads import EventKind, ThreadEvent
from bot.core.wheels.platforms import platform_list
from bot.core.wheels.targets import Target

MOST_FOR_A_PERSON = 50
MOST_FOR_A_CHANNEL = 100

BETWEEN_ALERTS = timedelta(hours=1)

_AT_ONCE = "at once"
_ENDS = frozenset({EventKind.CLOSED, EventKind.MERGED})


class Topic(StrEnum):
    """What a watch can be about."""

    APPEAR = "appear"
    COMPLETE = "complete"
    LOST = "lost"
    GIL = "gil"
    TRACKING = "tracking"
    PRERELEASE = "prerelease"


class NewsKind(StrEnum):
    """What can happen to a package."""

    GAINED = "gained"
    COMPLETED = "completed"
    LOST = "lost"
    NARROWED = "narrowed"
    GIL_OFF = "gil-off"
    GIL_ON = "gil-on"
    CLOSED = "closed"
    PRERELEASE = "prerelease"

    @property
    def topic(self) -> Topic:
        """Return what a watch must be about to be told."""
        return _TOPICS[self]


_TOPICS = {
    NewsKind.GAINED: Topic.APPEAR,
    NewsKind.COMPLETED: Topic.COMPLETE,
    NewsKind.LOST: Topic.LOST,
    NewsKind.NARROWED: Topic.LOST,
    NewsKind.GIL_OFF: Topic.GIL,
    NewsKind.GIL_ON: Topic.GIL,
    NewsKind.CLOSED: Topic.TRACKING,
    NewsKind.PRERELEASE: Topic.PRERELEASE,
}
_OF_CHANGES = {
    ChangeKind.GAINED: NewsKind.GAINED,
    ChangeKind.LOST: NewsKind.LOST,
    ChangeKind.NARROWED: NewsKind.NARROWED,
}


class NewsSource(StrEnum):
    """The tables that news is read from, by position."""

    CHANGES = "changes"
    THREAD_EVENTS = "thread_events"
    PACKAGE_NEWS = "package_news"


@dataclass(frozen=True, slots=True)
class NewsItem:
    """Something happened to a package (normalized name): with which version, for which target, where it has any.

    ``detail`` are platforms or the earlier version for people, of a tracking issue its ``owner/name#number``.
    """

    package: str
    kind: NewsKind
    target: Target | None = None
    version: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Watch:
    """A package (normalized name) that somebody watches: for which targets, all where there are none, and topics."""

    package: str
    targets: tuple[Target, ...] = ()
    topics: tuple[Topic, ...] = tuple(Topic)
    paused: datetime | None = None

    def rests(self, now: datetime) -> bool:
        """Return whether nothing is told for now, and what happens meanwhile never is."""
        return self.paused is not None and now < self.paused

    def is_told_of(self, news: NewsItem, now: datetime) -> bool:
        """Return whether its watcher is told of something that happened to the package."""
        if self.rests(now) or news.kind.topic not in self.topics:
            return False
        if news.kind is NewsKind.COMPLETED and news.detail == _AT_ONCE and Topic.APPEAR in self.topics:
            return False  # that its wheels appeared says so
        return news.target is None or not self.targets or news.target in self.targets


@dataclass(frozen=True, slots=True)
class WatchPlace:
    """Where alerts go: to a ``person`` by direct message, or to a channel of a server."""

    person: int | None = None
    guild: int = DIRECT
    channel: int | None = None

    @property
    def most(self) -> int:
        """Return how many packages can be watched there."""
        return MOST_FOR_A_CHANNEL if self.person is None else MOST_FOR_A_PERSON


@dataclass(frozen=True, slots=True)
class ChannelWatches:
    """How many packages a channel watches, how many of these rest, and the ``first`` few by name."""

    channel: int
    packages: int
    resting: int
    first: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who watches: a number of ours, the place, and why nothing is sent there, if so.

    ``place.channel`` of a person is the direct message channel, None until it was opened. ``batches`` counts messages.
    """

    number: int
    place: WatchPlace
    batches: int = 0
    closed: str | None = None


def news_of_change(change: Change) -> NewsItem:
    """Return what a change of a package's wheels is to whoever watches it."""
    detail = platform_list(change.lost) if change.lost else ", ".join(change.how)
    return NewsItem(change.package, _OF_CHANGES[change.kind], change.target, change.version, detail)


def completed_news(package: str, target: Target, version: str, *, at_once: bool) -> NewsItem:
    """Return that a version has wheels on every platform; ``at_once`` is that the one before had none at all."""
    return NewsItem(package, NewsKind.COMPLETED, target, version, _AT_ONCE if at_once else "")


def news_of_event(event: ThreadEvent, tracking: str | None, now: datetime) -> NewsItem | None:
    """Return what an upstream event is to whoever watches its package: that the issue which tracks it was closed.

    ``tracking`` is the address of that issue. What the first look at a thread finds is no news.
    """
    if event.kind not in _ENDS or event.package is None or now - event.at > NEWS_FOR:
        return None
    ref = None if tracking is None else linked_ref(tracking)
    if ref is None or str(ref).casefold() != str(event.ref).casefold():
        return None
    return NewsItem(event.package, NewsKind.CLOSED, detail=str(event.ref))


def alert_post(recipient: Recipient, now: datetime) -> Post | None:
    """Return the post of a recipient's newest batch; None while nobody knows the channel."""
    if recipient.place.channel is None:
        return None
    return Post(
        guild=recipient.place.guild,
        kind=PostKind.WATCH,
        key=f"{recipient.number}-{recipient.batches}",
        channel=recipient.place.channel,
        state=State.PLANNED,
        expires=now + ALERTS_EXPIRE,
        due=now,
    )


def too_many(place: WatchPlace, watched: int, more: int) -> str | None:
    """Return why so many packages more cannot be watched, None if they can."""
    left = max(0, place.most - watched)
    if more <= left:
        return None
    whose = "You watch" if place.person is not None else "This channel watches"
    room = f"{left} more fit" if left else "no more fit"
    return f"{whose} {counted(watched, 'package')} of {place.most}, so {room}. Remove some with `/ftwatch remove`."
