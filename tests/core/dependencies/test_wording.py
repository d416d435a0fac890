"""The sentences people read about dependencies."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot

from bot.core.dependencies.report import DependencyReport
from bot.core.dependencies.wording import first_line
from bot.core.wheels.platforms import PLATFORMS
from tests.core.dependencies.reports import ATTRS, EVERYTHING, LXML, PRIVATE, PYLSQPACK, TORNADO, report


def test_the_first_line_says_how_many_stop_the_move_and_what_helps() -> None:
    assert first_line(EVERYTHING) == snapshot(
        "app on 3.14t, Linux x86-64: 2 of 6 stop you; 1 of them works in a newer version; 1 turns the GIL back on; 1 could not be told."  # noqa: E501 - a line of the answer
    )
    assert first_line(report(TORNADO, ATTRS)) == snapshot(
        "app on 3.14t, Linux x86-64: 1 of 2 stops you; it works in a newer version."
    )
    assert first_line(report(PYLSQPACK, ATTRS)) == snapshot("app on 3.14t, Linux x86-64: 1 of 2 stops you.")
    assert first_line(report(ATTRS)) == snapshot("app on 3.14t, Linux x86-64: nothing stops you (1 package).")
    assert first_line(report(LXML, ATTRS, platforms=PLATFORMS)) == snapshot(
        "app on 3.14t, every platform: nothing stops you (2 packages); 1 turns the GIL back on."
    )


@pytest.mark.parametrize("found", [report(PRIVATE), report(error="The index did not answer.")])
def test_what_could_not_be_judged_is_no_no(found: DependencyReport) -> None:
    assert found.ok is None
    assert "stop" not in first_line(found)
