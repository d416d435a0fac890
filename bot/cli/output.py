"""How commands end, what they log, and JSON on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from enum import Enum

from bot.config import LogFormat, LogLevel, Settings, unused_settings
from bot.core.text.sentences import printable
from bot.logs import set_up_logs


class CommandOutcome(Enum):
    """How a command ended, where nothing was wrong with the question."""

    ANSWERED = "everything was answered"
    NOT_FOUND = "a package does not exist"
    UPSTREAM = "an upstream could not be reached and nothing stored serves"
    MISCONFIGURED = "a setting does not work"
    MISASKED = "some of what was asked made no sense"


def tell_of_unused_settings() -> None:
    """Say on stderr which settings have no effect, and why."""
    for what in unused_settings():
        sys.stderr.write(f"ftbot: {printable(what)}\n")


def log_quietly(settings: Settings) -> None:
    """Log nothing short of an error: a command that answers at once says in its answer what went wrong."""
    level = settings.log_level if settings.log_level is LogLevel.DEBUG else LogLevel.ERROR
    set_up_logs(level=level, as_json=settings.log_format is LogFormat.JSON, secrets=settings.secrets())


def print_json(content: Mapping[str, object]) -> None:
    """Print one object on a line of its own, at once."""
    sys.stdout.write(json.dumps(content) + "\n")
    sys.stdout.flush()
