"""The words for upstream threads and what happens to them; plain text, to be escaped by whoever shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot.core.classify.facets.projects import MODULES, PUBLISHED, SPOKEN
from bot.core.github.threads import ThreadState
from bot.core.guide.tracking_issues import tracking_issue
from bot.core.upstream.threads import DEFAULT_EVENTS, EventKind, ThreadEvent, wheels_of

CHOICES: Mapping[str, tuple[EventKind, ...]] = MappingProxyType(
    {
        "opened, closed, new wheels": DEFAULT_EVENTS,
        "opened, closed": (EventKind.OPENED, EventKind.CLOSED, EventKind.MERGED, EventKind.REOPENED),
        "opened, closed, new wheels, labels": (*DEFAULT_EVENTS, EventKind.LABELLED),
        "everything, comments too": tuple(EventKind),
    }
)
"""What a server can choose to be told of; the first is what it is told if it does not choose."""

_KNOWN = frozenset({*PUBLISHED.values(), *SPOKEN.values(), *MODULES.values()})

_STATES: Mapping[ThreadState, str] = MappingProxyType(
    {ThreadState.OPEN: "🟢 open", ThreadState.CLOSED: "🟣 closed", ThreadState.MERGED: "🔀 merged"}
)

_EVENTS: Mapping[EventKind, str] = MappingProxyType(
    {
        EventKind.OPENED: "🟢 opened",
        EventKind.CLOSED: "🟣 closed",
        EventKind.REOPENED: "🔁 reopened",
        EventKind.MERGED: "🔀 merged",
        EventKind.LABELLED: "🏷️ labelled",
        EventKind.COMMENTED: "💬 commented",
        EventKind.WHEELS: "📦 wheels appeared",
    }
)


def state_words(state: ThreadState, *, is_pr: bool) -> str:
    """Return how a thread stands: a glyph, a word, and that it is a pull request if it is one."""
    return f"{_STATES[state]}{' pull request' if is_pr else ''}"


def event_words(event: ThreadEvent) -> str:
    """Return what happened to a thread: a glyph, a word or two, and what its detail tells."""
    words = f"{_EVENTS[event.kind]}{' pull request' if event.is_pr and event.kind is EventKind.OPENED else ''}"
    if event.kind is EventKind.LABELLED and event.detail:
        return f"{words} {event.detail}"
    if event.kind is EventKind.COMMENTED and event.detail not in {"", "1"}:
        return f"{words}, {event.detail} times"
    if event.kind is EventKind.WHEELS and event.detail:
        told = wheels_of(event)
        if told.gil_off:
            return f"📦 {told.version} keeps the GIL off on {told.target}"
        return f"{words} with {told.version}{f' for {told.target}' if told.target else ''}"
    return words


def sure_package(package: str | None) -> str | None:
    """Return the package that a thread is about if its name is known; others are guessed by the repository's.

    A repository called `ken` need not be of what PyPI calls so.
    """
    known = package is not None and (package in _KNOWN or tracking_issue(package) is not None)
    return package if known else None


def chosen_words(events: Sequence[EventKind]) -> str:
    """Return which events a server is told of."""
    known = next((words for words, choice in CHOICES.items() if set(choice) == set(events)), None)
    return known or ", ".join(_EVENTS[event].partition(" ")[2] for event in events)
