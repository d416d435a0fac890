"""Shells complete commands, options and values: asked as they ask, by variables of the environment."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
"""Without what makes a process measure its coverage, which takes longer than to complete."""


def complete(line: str, **variables: str) -> list[str]:
    """Return what is offered for the last word of a line, as bash is told."""
    words = line.split(" ")
    asked = {"_FTBOT_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    told = subprocess.run(
        [sys.executable, "-m", "ftbot"], env=ENVIRONMENT | asked | variables, capture_output=True, text=True, check=True
    )
    assert told.stderr == ""
    return told.stdout.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("ftbot st", ["status"]),
        ("ftbot triage ", ["classify", "issue", "replay", "evaluate"]),
        ("ftbot upstream l", ["list"]),
        ("ftbot status --o", ["--offline"]),
        ("ftbot status numpy --target ", ["3.14t", "3.15t"]),
        ("ftbot status numpy --target 3.15", ["3.15t"]),
        ("ftbot digest --format ", ["markdown", "json", "html"]),
        ("ftbot history --rule w", ["wheel-names"]),
    ],
)
def test_a_shell_completes_commands_options_and_values(line: str, offered: list[str]) -> None:
    assert complete(line) == offered


def test_a_broken_setting_stops_no_completion() -> None:
    assert complete("ftbot sta", FTBOT_TRACK="many") == ["status"]


def test_the_line_that_a_shell_needs_is_shown() -> None:
    # Typer looks which shell it was started from, which is whichever started the tests; this lets the test say it.
    told = subprocess.run(
        [sys.executable, "-m", "ftbot", "--show-completion", "bash"],
        env=ENVIRONMENT | {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "_FTBOT_COMPLETE=complete_bash" in told.stdout
