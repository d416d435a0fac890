"""Posts that Discord must get exactly once: what is known of one, what to do with it next, and how to recognise it.

A post is written down before it is sent, and sent under a nonce: Discord answers a nonce that it saw in the last
minutes with the message it already has. Whatever was begun and not confirmed is looked for in the channel first, by a
number that its last component carries: text can hold any words, and no text can number a component.

    planned → sending → sent → published
        ↘ missed   ↘ refused, lost
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from bot.core.digest.weeks import Week, parse_week, week_of
from bot.core.posting.schedule import MADE_UP_FOR

LONGEST_NONCE = 25
"""Characters that Discord takes."""

BETWEEN_ANNOUNCEMENTS = timedelta(hours=1)
ANNOUNCEMENTS_EXPIRE = timedelta(days=1)
ISSUES_EXPIRE = timedelta(days=1)
ALERTS_EXPIRE = timedelta(days=7)

DIRECT = 0
"""Stands where a post's server does, of one that goes to a person by direct message."""

LONGEST_THREAD_NAME = 100
"""Characters that Discord takes."""

CLOCKS_DIFFER = timedelta(days=1)
"""How far this clock may be from Discord's; one in the wrong time zone is some hours off."""

_FIRST_MARK = 1 << 30
"""Far above the numbers that Discord gives components by itself, which count from 1; it takes up to 2**31 - 1."""

_MARKS_OF_A_KIND = 1 << 27
_PATIENCE = timedelta(hours=6)


class PostKind(Enum):
    """What is posted."""

    DIGEST = "digest"
    ANNOUNCEMENT = "announcement"
    ISSUES = "issues"
    WATCH = "watch"


class State(Enum):
    """How far a post is."""

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    PUBLISHED = "published"
    REFUSED = "refused"
    LOST = "lost"
    MISSED = "missed"


OWNER_MARKS = range(_FIRST_MARK + 4 * _MARKS_OF_A_KIND, _FIRST_MARK + 5 * _MARKS_OF_A_KIND)
"""The numbers of last components of messages to the bot's owner, which are no posts of a server."""

_MARKED = {PostKind.DIGEST: 0, PostKind.ANNOUNCEMENT: 1, PostKind.ISSUES: 2, PostKind.WATCH: 3}
_LASTS = {
    PostKind.ANNOUNCEMENT: ANNOUNCEMENTS_EXPIRE,
    PostKind.ISSUES: ISSUES_EXPIRE,
    PostKind.WATCH: ALERTS_EXPIRE,
}


class PostStep(Enum):
    """What to do with a post next."""

    SEND = "send it"
    LOOK = "look whether it was posted"
    PUBLISH = "publish it to the channels that follow"
    DROP = "leave it: its time is over"


@dataclass(frozen=True, slots=True)
class SeenMessage:
    """What tells the bot's messages in a channel apart: when Discord took one, and how it ends.

    ``mark`` is the number of its last component, ``ending`` the last text in it.
    """

    created: datetime
    mark: int | None = None
    ending: str = ""


@dataclass(frozen=True, slots=True)
class Sought:
    """What a post is recognised by among the bot's messages; ``old_ending`` only if it may lack a mark."""

    mark: int
    since: datetime
    old_ending: str | None = None

    def is_met_by(self, seen: SeenMessage) -> bool:
        """Return whether a message of the bot's own, in the channel of the post, is it."""
        if seen.created < self.since:
            return False
        is_old = self.old_ending is not None and re.fullmatch(self.old_ending, seen.ending) is not None
        return seen.mark == self.mark or is_old


@dataclass(frozen=True, slots=True)
class Post:
    """One post of a server, or to a person; ``due`` is when to try next, None if there is nothing left to do.

    ``guild`` is ``DIRECT`` for what goes to a person. ``message`` is its number in the channel; of what went into a
    thread of a forum, the thread's. ``begun`` is when it was first sent, None if it was not, or by a version that did
    not write that down.
    """

    guild: int
    kind: PostKind
    key: str
    channel: int
    state: State
    expires: datetime
    due: datetime | None
    role: int | None = None
    publish: bool = False
    message: int | None = None
    attempts: int = 0
    reason: str | None = None
    begun: datetime | None = None

    def put_off(self, until: datetime, reason: str) -> Post:
        """Return it to be tried later. What was begun stays begun: it is looked for before it is sent again."""
        return replace(self, due=until, attempts=self.attempts + 1, reason=reason)

    def posted(self, message: int | None, now: datetime) -> Post:
        """Return it as it is once its message is there; None is one that was deleted before this process knew of it."""
        publish = self.publish and message is not None
        due = now if publish else None
        return replace(self, state=State.SENT, message=message, publish=publish, due=due, attempts=0, reason=None)

    def published(self) -> Post:
        """Return it as it is once the channels that follow have it."""
        return replace(self, state=State.PUBLISHED, due=None, reason=None)

    def dropped(self) -> Post:
        """Leave it, as its time is over; what was sent stays so, and is not published."""
        return replace(self, state=self.state if self.state is State.SENT else State.MISSED, due=None)

    def given_up(self, reason: str, state: State) -> Post:
        """Try nothing more with it; what was sent stays so, and is not published."""
        return replace(self, state=self.state if self.state is State.SENT else state, due=None, reason=reason)

    def finished(self) -> Post:
        """Return it with nothing left to do."""
        return replace(self, due=None)

    @property
    def nonce(self) -> str:
        """Return what Discord recognises a repeated attempt by; it compares all that the bot sends, in any channel."""
        if self.kind is PostKind.ANNOUNCEMENT:
            return f"{self.changes[1]:x}-{self.channel:x}"
        if self.kind is PostKind.ISSUES:
            return self.nonce_in(self.channel)
        if self.kind is PostKind.WATCH:
            return f"w{self._watch_digest[: LONGEST_NONCE - 1]}"
        week = self.week
        nonce = f"{week.year % 100:02}W{week.number:02}-{self.channel}"
        return nonce if len(nonce) <= LONGEST_NONCE else nonce.replace("-", "")

    @property
    def mark(self) -> int:
        """Return the number of the message's last component; no other post in its channel has it."""
        week = self.week
        # Of what is numbered, nothing is told twice: the last number says which post it is.
        number = week.year * 100 + week.number if self.kind is PostKind.DIGEST else self.changes[1]
        if self.kind is PostKind.WATCH:  # whoever is forgotten and comes back counts from 1 again in the same channel
            number = int(self._watch_digest, 16)
        return _FIRST_MARK + _MARKED[self.kind] * _MARKS_OF_A_KIND + number % _MARKS_OF_A_KIND

    def sought(self, now: datetime) -> Sought:
        """Return what a message is recognised by that may have been posted, by a clock that may have been set since.

        One that was begun without that being written down is from a version whose messages had no marks. Those ended
        with a line of which no piece from elsewhere was the beginning or the end.
        """
        begun, old_ending = self.begun, None
        if begun is None:
            begun = self.week.end if self.kind is PostKind.DIGEST else self.expires - _LASTS[self.kind]
            old_ending = self._old_ending
        return Sought(self.mark, min(begun, now) - CLOCKS_DIFFER, old_ending)

    @property
    def _watch_digest(self) -> str:
        """Return what nobody else's watch has, nor another batch of the same: watcher and batch, and where they go."""
        return hashlib.sha256(f"{self.channel} {self.key}".encode()).hexdigest()

    @property
    def _old_ending(self) -> str:
        if self.kind is PostKind.DIGEST:
            return rf"-# {self.week}( · .*)?"
        if self.kind is PostKind.ANNOUNCEMENT:
            return rf"-# (.* · )?changes {self.changes[0]}-{self.changes[1]}"
        first, last = self.changes
        return rf"-# (.* · )?_events {first} to {last}_" if first != last else rf"-# (.* · )?_event {last}_"

    def nonce_in(self, thread: int) -> str:
        """Return what Discord recognises issue events by that are sent to a channel, or to a thread of a forum."""
        return f"{self.changes[1]:x}i{thread:x}"

    @property
    def week(self) -> Week:
        """Return the week of a digest, or in which issue events were planned."""
        return parse_week(self.key) if self.kind is PostKind.DIGEST else week_of((self.expires - ISSUES_EXPIRE).date())

    @property
    def changes(self) -> tuple[int, int]:
        """Return the numbers of the first and last change of an announcement, or of issue events.

        Of a message about watches they are the numbers of the watcher and of the batch.
        """
        first, _, last = self.key.partition(" ")[0].partition("-")
        return int(first), int(last)

    @property
    def repository(self) -> str | None:
        """Return whose thread in a forum issue events go to, None where they go to a channel."""
        return self.key.partition(" ")[2] or None

    @property
    def thread_name(self) -> str:
        """Return the name of that thread: one for each repository and week, whatever the repository is called."""
        repository, week = self.repository or "", f" · {self.week}"
        if len(repository) + len(week) > LONGEST_THREAD_NAME:
            digest = hashlib.sha256(repository.encode()).hexdigest()[:8]
            repository = f"{repository[: LONGEST_THREAD_NAME - len(week) - len(digest) - 1]}…{digest}"
        return f"{repository}{week}"


def next_step(post: Post, now: datetime) -> PostStep | None:
    """Decide what to do with a post whose time has come; None if all is done."""
    expired = now >= post.expires
    if post.state is State.PLANNED:
        return PostStep.DROP if expired else PostStep.SEND
    if post.state is State.SENDING:
        return PostStep.LOOK
    if post.state is State.SENT and post.publish:
        return PostStep.DROP if expired else PostStep.PUBLISH
    return None


def step_if_not_found(post: Post, now: datetime) -> PostStep:
    """Decide what to do with a post that was begun, and is not in its channel."""
    return PostStep.DROP if now >= post.expires else PostStep.SEND


def waits_for_data(post: Post, now: datetime, *, complete: bool) -> bool:
    """Return whether a digest is better posted later: its data is older than the end of its week, by little."""
    return not complete and now < post.expires - MADE_UP_FOR + _PATIENCE
