"""What every command begins with: its settings, and what of them has no effect."""

from __future__ import annotations

import sys

from bot.config import LogFormat, LogLevel, Settings, read_settings, unused_settings
from bot.core.text.sentences import printable
from bot.logs import set_up_logs


def command_settings() -> Settings:
    """Return the settings, with logs set up by them, after a line on stderr for each that has no effect.

    Nothing short of an error is logged: a command that answers at once says in its answer what went wrong.
    """
    settings = read_settings()
    level = settings.log_level if settings.log_level is LogLevel.DEBUG else LogLevel.ERROR
    set_up_logs(level=level, as_json=settings.log_format is LogFormat.JSON, secrets=settings.secrets())
    tell_of_unused_settings()
    return settings


def tell_of_unused_settings() -> None:
    """Write to stderr which settings have no effect, and why."""
    for what in unused_settings():
        sys.stderr.write(f"ftbot: {printable(what)}\n")
