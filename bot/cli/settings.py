"""``ftbot settings``: what is set, and by what."""

from __future__ import annotations

from bot.cli.environment import tell_of_unused_settings
from bot.cli.output import print_json
from bot.config import describe, read_settings
from bot.core.schema.times import SCHEMA
from bot.terminal.console import output
from bot.terminal.settings import settings_table


def show_settings(*, as_json: bool) -> None:
    """Answer ``ftbot settings``."""
    listed = tuple(describe(read_settings()))
    tell_of_unused_settings()
    if as_json:
        print_json({"schema": SCHEMA, "settings": {setting.variable: setting.value or None for setting in listed}})
    else:
        output().print(settings_table(listed))
