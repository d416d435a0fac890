"""The words for upstream threads and their events."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot

from bot.core.github.threads import ThreadState
from bot.core.upstream.threads import DEFAULT_EVENTS, EventKind
from bot.core.upstream.wording import CHOICES, chosen_words, event_words, state_words
from tests.services.threads import event, thread


def test_every_event_has_a_glyph_and_a_word() -> None:
    details = {EventKind.LABELLED: "bug", EventKind.COMMENTED: "3", EventKind.WHEELS: "2.4.1 3.14t"}
    assert [event_words(event(kind, thread(), detail=details.get(kind, ""))) for kind in EventKind] == snapshot(
        [
            "🟢 opened",
            "🟣 closed",
            "🔁 reopened",
            "🔀 merged",
            "🏷️ labelled bug",
            "💬 commented, 3 times",
            "📦 wheels appeared with 2.4.1 for 3.14t",
        ]
    )


@pytest.mark.parametrize(
    ("kind", "detail", "expected"),
    [
        (EventKind.COMMENTED, "1", "💬 commented"),
        (EventKind.COMMENTED, "", "💬 commented"),
        (EventKind.WHEELS, "2.4.1", "📦 wheels appeared with 2.4.1"),
        (EventKind.WHEELS, "2.4.1 3.14t gil-off", "📦 2.4.1 keeps the GIL off on 3.14t"),
        (EventKind.WHEELS, "", "📦 wheels appeared"),
        (EventKind.LABELLED, "", "🏷️ labelled"),
    ],
)
def test_what_a_detail_does_not_tell_is_not_said(kind: EventKind, detail: str, expected: str) -> None:
    assert event_words(event(kind, thread(), detail=detail)) == expected


def test_a_pull_request_is_called_one_where_it_begins_and_where_it_stands() -> None:
    assert event_words(event(EventKind.OPENED, thread(is_pr=True))) == "🟢 opened pull request"
    assert [state_words(state, is_pr=True) for state in ThreadState] == [
        "🟢 open pull request",
        "🟣 closed pull request",
        "🔀 merged pull request",
    ]
    assert state_words(ThreadState.OPEN, is_pr=False) == "🟢 open"


def test_what_was_chosen_is_said_as_it_was_offered() -> None:
    assert next(iter(CHOICES.values())) == DEFAULT_EVENTS
    assert [chosen_words(events) for events in CHOICES.values()] == list(CHOICES)
    assert chosen_words((EventKind.WHEELS, EventKind.LABELLED)) == "wheels appeared, labelled"
    assert all(len(words) <= 100 for words in CHOICES)
