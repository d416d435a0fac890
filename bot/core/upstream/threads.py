"""Watching: where is looked, a thread as it is remembered, and what happened to it between two looks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.core.classify.thread import KindName
from bot.core.github.threads import Issue, IssueRef, ThreadState

WAITING_FOR_WHEELS = frozenset({KindName.MISSING_WHEEL, KindName.SUPPORT_TRACKING})
"""The kinds of threads that are open until there are wheels: that these appeared is news, and told in feeds."""


_GIL_OFF = " gil-off"


class ThreadOrigin(StrEnum):
    """Why a thread is known, the best reason first: the tracking table, a watched repository, a search, triage."""

    TABLE = "table"
    REPOSITORY = "repository"
    SEARCH = "search"
    TRIAGE = "triage"


class EventKind(StrEnum):
    """What can happen to a thread. ``wheels``: while it was open, the package got the wheels that it asks for."""

    OPENED = "opened"
    CLOSED = "closed"
    REOPENED = "reopened"
    MERGED = "merged"
    LABELLED = "labelled"
    COMMENTED = "commented"
    WHEELS = "wheels"


DEFAULT_EVENTS = (EventKind.OPENED, EventKind.CLOSED, EventKind.MERGED, EventKind.REOPENED, EventKind.WHEELS)
"""What a channel is told of unless its server chose otherwise."""


@dataclass(frozen=True, slots=True)
class KnownThread:
    """A thread as it was last seen; ``package`` is the normalized name it is about, where that is known."""

    issue: Issue
    origin: ThreadOrigin
    package: str | None
    free_threading: bool
    kinds: tuple[KindName, ...]
    gone: datetime | None = None


@dataclass(frozen=True, slots=True)
class ThreadEvent:
    """Something happened to a thread; ``detail`` is the label, the number of new comments, or says which wheels."""

    kind: EventKind
    node_id: str
    ref: IssueRef
    title: str
    is_pr: bool
    package: str | None
    at: datetime
    comments: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AnsweringWheels:
    """Wheels that answer a thread: they appeared, or with ``gil_off`` declare that importing them keeps the GIL off."""

    version: str
    target: str
    gil_off: bool


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a source was read: up to when, what GitHub gave to ask again with, and when it was asked last."""

    name: str
    since: datetime | None = None
    etag: str | None = None
    checked: datetime | None = None


@dataclass(frozen=True, slots=True)
class WatchedRepository:
    """A repository to watch, `owner/name`; with ``label`` only its threads that have it, and those all."""

    name: str
    label: str | None = None

    def __str__(self) -> str:
        return self.name if self.label is None else f"{self.name}:{self.label}"


@dataclass(frozen=True, slots=True)
class Sources:
    """What is watched besides the tracking table; searches are in GitHub's syntax."""

    repositories: tuple[WatchedRepository, ...] = ()
    searches: tuple[str, ...] = ()

    @classmethod
    def of(cls, repositories: Iterable[str], searches: Iterable[str] = ()) -> Sources:
        """Read what the settings say: `owner/repo` or `owner/repo:label` each, and searches."""
        split = (text.partition(":") for text in repositories)
        return cls(
            tuple(WatchedRepository(name.strip(), label.strip() or None) for name, _, label in split),
            tuple(searches),
        )


def compare(before: KnownThread | None, now: KnownThread) -> tuple[ThreadEvent, ...]:
    """Return what happened to a thread between two looks, each thing with the time when it did, as far as that shows.

    A thread that is seen for the first time was opened, and perhaps closed, when it says so, be it years ago. What a
    bot said last is no comment. A look that is older than what is known tells nothing.
    """
    issue = now.issue
    if before is None:
        events = [_event(now, EventKind.OPENED, issue.created)]
        if issue.state is not ThreadState.OPEN:
            events.append(_event(now, _end(issue), issue.closed or issue.updated))
        return tuple(events)
    if issue.updated < before.issue.updated:
        return ()
    return tuple(_changes(before.issue, now))


def remembered(before: KnownThread | None, now: KnownThread) -> KnownThread:
    """Return what to keep of two looks at a thread: the later one, and the first in order of both origins."""
    if before is None:
        return now
    origin = min(before.origin, now.origin, key=tuple(ThreadOrigin).index)
    if (
        before.origin is ThreadOrigin.TABLE and now.origin is not ThreadOrigin.TABLE
    ):  # what the table says goes before a guess
        now = replace(now, package=before.package, free_threading=before.free_threading)
    if now.issue.updated < before.issue.updated:
        now = replace(now, issue=before.issue, kinds=before.kinds)
    return replace(now, origin=origin)


def with_label(thread: KnownThread, label: str, updated: datetime) -> KnownThread:
    """Return a thread on which a label was put; ``updated`` is when it was last changed, as it was seen before that."""
    issue = thread.issue
    labelled = replace(issue, labels=(*issue.labels, label), updated=max(updated, issue.updated))
    return replace(thread, issue=labelled)


def awaits_wheels(thread: KnownThread) -> bool:
    """Return whether wheels of its package answer a thread: an open one that tracks support, or asks for them."""
    if thread.gone is not None or thread.issue.state is not ThreadState.OPEN:
        return False
    return thread.origin is ThreadOrigin.TABLE or not WAITING_FOR_WHEELS.isdisjoint(thread.kinds)


def wheels_event(thread: KnownThread, version: str, target: str, at: datetime, *, gil_off: bool = False) -> ThreadEvent:
    """Return the event of a release of its package that has wheels for a Python, such as `3.14t`.

    ``gil_off`` is that these declare what the ones before did not: that importing them keeps the GIL off.
    """
    return _event(thread, EventKind.WHEELS, at, f"{version} {target}{_GIL_OFF if gil_off else ''}")


def wheels_of(event: ThreadEvent) -> AnsweringWheels:
    """Return which wheels an event of them tells of."""
    detail = event.detail.removesuffix(_GIL_OFF)
    version, _, target = detail.partition(" ")
    return AnsweringWheels(version, target, gil_off=detail != event.detail)


def _changes(before: Issue, now: KnownThread) -> Iterator[ThreadEvent]:
    issue = now.issue
    if issue.state is ThreadState.OPEN:
        if before.state is not ThreadState.OPEN:
            yield _event(now, EventKind.REOPENED, issue.updated)
    elif issue.state is not before.state or _ended_again(before, issue):
        yield _event(now, _end(issue), issue.closed or issue.updated)
    for label in dict.fromkeys(issue.labels):
        if label not in before.labels:
            yield _event(now, EventKind.LABELLED, issue.updated, label)
    said = issue.comments - before.comments
    if said > 0 and not (issue.last_comment_by is not None and issue.last_comment_by.is_bot):
        yield _event(now, EventKind.COMMENTED, issue.updated, str(said))


def _ended_again(before: Issue, now: Issue) -> bool:
    return before.closed is not None and now.closed is not None and now.closed > before.closed


def _end(issue: Issue) -> EventKind:
    return EventKind.MERGED if issue.state is ThreadState.MERGED else EventKind.CLOSED


def _event(thread: KnownThread, kind: EventKind, at: datetime, detail: str = "") -> ThreadEvent:
    issue = thread.issue
    return ThreadEvent(
        kind, issue.node_id, issue.ref, issue.title, issue.is_pr, thread.package, at, issue.comments, detail
    )
