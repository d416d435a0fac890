"""The sentences people read about dependencies."""

from __future__ import annotations

from dataclasses import replace

import pytest
from inline_snapshot import snapshot

from bot.core.dependencies.files import UnreadLine
from bot.core.dependencies.report import DependencyReport
from bot.core.dependencies.tables import dependencies_markdown
from bot.core.dependencies.wording import conditions, first_line, standing, unread_line
from bot.core.verdicts.rules import Verdict
from bot.core.wheels.platforms import PLATFORMS, Platform
from tests.core.dependencies.reports import (
    ATTRS,
    EVERYTHING,
    LINUX,
    LXML,
    PRIVATE,
    PYLSQPACK,
    TORNADO,
    dependency,
    report,
)


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


def test_what_may_not_be_needed_is_told_apart_from_what_is_not_known() -> None:
    unsure = replace(PYLSQPACK, needed=replace(PYLSQPACK.needed, certain=False), reason="It may not be needed here.")
    found = report(ATTRS, unsure, PRIVATE)
    assert first_line(found) == snapshot(
        "app on 3.14t, Linux x86-64: nothing stops you (3 packages); 1 would stop you, if it is needed; 1 could not be told."  # noqa: E501 - a line of the answer
    )
    assert standing(unsure, found) == "abi3 only"
    assert conditions(unsure, found) == "may not be needed"
    assert standing(PRIVATE, found) == PRIVATE.reason


def test_what_installs_on_some_platforms_is_not_said_to_install_nowhere() -> None:
    lacking = dependency("demo", "1.0", Verdict.SUPPORTED, "app", lacking=(Platform.WIN_ARM64,))
    assert first_line(report(lacking, platforms=PLATFORMS)).endswith(
        "1 does not install everywhere on Python 3.14 with the GIL either."
    )
    alone = report(replace(lacking, lacking=(LINUX,)))
    assert first_line(alone).endswith("1 does not install on Python 3.14 with the GIL either.")


def test_what_was_typed_is_in_no_file() -> None:
    assert unread_line(UnreadLine("", None, "demo", "unknown")) == ("demo", "unknown")
    assert unread_line(UnreadLine("a.txt", 3, "demo", "unknown")) == ("a.txt:3", "demo", "unknown")
    assert dependencies_markdown([report(not_read=(UnreadLine("", None, "demo", "unknown"),))]).count("- demo: unknown")


@pytest.mark.parametrize("found", [report(PRIVATE), report(error="The index did not answer.")])
def test_what_could_not_be_judged_is_no_no(found: DependencyReport) -> None:
    assert found.ok is None
    assert "stop" not in first_line(found)
