from __future__ import annotations

import pytest

from bot.core.verdicts.rules import Verdict


@pytest.mark.parametrize("verdict", Verdict)
def test_ok_is_null_exactly_for_the_four_verdicts_that_say_nothing(verdict: Verdict) -> None:
    unsaid = verdict in {Verdict.UNKNOWN, Verdict.NOT_FOUND, Verdict.QUARANTINED, Verdict.NO_FILES}
    assert (verdict.ok is None) is unsaid


def test_ok_is_true_where_the_newest_release_installs_without_a_compiler() -> None:
    assert {verdict.value for verdict in Verdict if verdict.ok} == {
        "supported",
        "partial",
        "no-python-abi",
        "pure",
        "pure-fallback",
    }


def test_the_words_are_those_of_the_contract() -> None:
    assert [verdict.value for verdict in Verdict] == [
        "unknown",
        "not-found",
        "quarantined",
        "no-files",
        "excluded",
        "sdist-only",
        "pure",
        "no-python-abi",
        "supported",
        "partial",
        "pure-fallback",
        "mis-tagged",
        "abi3-only",
        "not-yet",
        "blocked",
    ]
