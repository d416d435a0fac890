"""What every command begins with: its settings, and what of them has no effect."""

from __future__ import annotations

import logging
import sys

from bot.config import LogFormat, LogLevel, Settings, read_settings, unused_settings
from bot.core.text.sentences import printable
from bot.loggers import set_up_later, set_up_now


def command_settings(*, logs_later: bool = False) -> Settings:
    """Return the settings, with logs set up by them, after a line on stderr for each that has no effect.

    Nothing short of an error is logged: a command that answers at once says in its answer what went wrong. One that
    logs by ``bot.loggers`` alone may have logs set up later, with the first line.
    """
    settings = read_settings()
    level = settings.log_level if settings.log_level is LogLevel.DEBUG else LogLevel.ERROR

    def set_up() -> None:
        from bot.logs import set_up_logs  # imports structlog

        set_up_logs(level=level, as_json=settings.log_format is LogFormat.JSON, secrets=settings.secrets())

    set_up_later(set_up)
    root = logging.getLogger()
    root.handlers = [_FirstLine()]
    root.setLevel(level.upper())
    if not logs_later:
        set_up_now()
    tell_of_unused_settings()
    return settings


def tell_of_unused_settings() -> None:
    """Write to stderr which settings have no effect, and why."""
    for what in unused_settings():
        sys.stderr.write(f"ftbot: {printable(what)}\n")


class _FirstLine(logging.Handler):
    """Stands in for the handlers until the standard library's loggers have a line, which the real ones then get."""

    def emit(self, record: logging.LogRecord) -> None:
        """Set logs up, and have the line written."""
        set_up_now()
        logging.getLogger().handle(record)
