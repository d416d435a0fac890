"""A line of a list as JSON and in words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from inline_snapshot import snapshot

from bot.core.inspection.modules import Gil
from bot.core.listing.listed import ListedTarget
from bot.core.listing.wording import gil_word, modifier_words, since_words, state_words
from bot.core.schema.listing import listed_json
from bot.core.verdicts.rules import Verdict
from tests.core.listing.test_query import ASKED, NUMPY, PSUTIL
from tests.core.pages import T314


def test_a_package_as_json() -> None:
    assert [listed_json(each) for each in (PSUTIL, ASKED)] == snapshot(
        [
            {
                "schema": 1,
                "package": "psutil",
                "rank": 7,
                "version": "7.2.2",
                "targets": [
                    {
                        "python": "3.14t",
                        "verdict": "partial",
                        "gil": "on",
                        "since": {"version": "1.0", "date": "2026-01-28"},
                        "modifiers": ["narrowed", "gil-reenabled"],
                    },
                    {"python": "3.15t", "verdict": "abi3-only", "gil": None, "since": None, "modifiers": ["lagging"]},
                ],
            },
            {
                "schema": 1,
                "package": "asked",
                "rank": None,
                "version": "1.0",
                "targets": [
                    {
                        "python": "3.14t",
                        "verdict": "supported",
                        "gil": None,
                        "since": {"version": "1.0", "date": None},
                        "modifiers": [],
                    },
                    {"python": "3.15t", "verdict": "not-yet", "gil": None, "since": None, "modifiers": []},
                ],
            },
        ]
    )


def words(listed: ListedTarget) -> str:
    state = state_words(listed)
    told = (f"{state.glyph} {state.word}", gil_word(listed), since_words(listed), *modifier_words(listed))
    return " · ".join(filter(None, told))


def test_a_package_in_words() -> None:
    assert [words(each) for package in (NUMPY, PSUTIL, ASKED) for each in package.targets] == snapshot(
        [
            "✅ wheels · GIL off · since 1.0 (2025-07-24)",
            "✅ wheels · since 1.0 (2026-08-01)",
            "🟡 partly · GIL back on · since 1.0 (2026-01-28) · narrowed",
            "⛔ abi3 only · lagging",
            "✅ wheels · since 1.0",
            "⛔ no wheel",
        ]
    )


@pytest.mark.parametrize("verdict", list(Verdict))
def test_no_line_is_an_all_clear_where_importing_turns_the_gil_back_on(verdict: Verdict) -> None:
    listed = ListedTarget(T314, verdict)
    assert state_words(replace(listed, gil=Gil.ON)).glyph != "✅"
    assert state_words(listed).word == state_words(replace(listed, gil=Gil.ON)).word
