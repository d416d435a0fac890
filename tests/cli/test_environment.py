"""What a command begins with: logs that are set up later lose no line, and write what those set up at once do."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import structlog

from bot.cli.environment import command_settings
from bot.loggers import get_logger

pytestmark = pytest.mark.usefixtures("logs_as_before")

SECRET = "correct horse battery staple"
AT_ONCE_OR_LATER = pytest.mark.parametrize("later", [False, True])


@pytest.fixture(autouse=True)
def _somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FTBOT_GITHUB_TOKEN", SECRET)


@AT_ONCE_OR_LATER
def test_a_line_of_ours_is_written_without_secrets(later: bool, capsys: pytest.CaptureFixture[str]) -> None:
    command_settings(logs_later=later)

    get_logger("bot.somewhere").error("broke", reason=SECRET)
    get_logger("bot.somewhere").warning("nobody reads this")

    out, err = capsys.readouterr()
    assert out == ""
    assert [line.partition("[error")[2].split() for line in err.splitlines()] == [
        ["]", "broke", "[bot.somewhere]", "reason='[redacted]'"]
    ]


@AT_ONCE_OR_LATER
def test_so_is_a_line_of_a_library(later: bool, capsys: pytest.CaptureFixture[str]) -> None:
    command_settings(logs_later=later)

    logging.getLogger("some.library").error("%s of %s with %s", 1, 2, SECRET)
    logging.getLogger("some.library").warning("nobody reads this")

    out, err = capsys.readouterr()
    assert out == ""
    assert [line.partition("[error")[2].split(maxsplit=1)[1] for line in err.splitlines()] == [
        "1 of 2 with [redacted] [some.library]"
    ]


def test_later_is_with_the_first_line() -> None:
    structlog.reset_defaults()
    command_settings(logs_later=True)
    assert not structlog.is_configured()

    get_logger("bot.somewhere").debug("nobody reads this")

    assert structlog.is_configured()
