"""``ftbot history``: how support grew, day by day."""

from __future__ import annotations

import asyncio
from datetime import date

from bot.cli.environment import command_settings
from bot.cli.output import CommandOutcome, print_json
from bot.config import Settings
from bot.core.errors import UserError
from bot.core.history.shares import Question
from bot.core.history.timelines import SupportRule
from bot.core.index.names import normalize
from bot.core.schema.history import history_json
from bot.terminal.console import error_output, foreign, output
from bot.terminal.history import history_table, page_progress
from bot.wiring.digest import open_history


def show_history(question: Question, *, as_json: bool) -> CommandOutcome:
    """Answer ``ftbot history``."""
    settings = command_settings()
    return asyncio.run(_history(settings, question, as_json=as_json))


def ask_history(packages: str | None, most: int | None, first: str | None, last: str | None, rule: str) -> Question:
    """Read what was asked of the past; a ``UserError`` says what a name or a day looks like."""
    if packages is not None and most is not None:
        raise UserError("--packages and --top exclude each other. Give only one of them.")
    names = tuple(dict.fromkeys(normalize(name) for name in (packages or "").split(",") if name.strip()))
    return Question(names, most, _day(first), _day(last), SupportRule(rule))


async def _history(settings: Settings, question: Question, *, as_json: bool) -> CommandOutcome:
    async with open_history(settings) as reader:
        with page_progress(shown=not as_json) as progress:
            history = await reader.history(question, progress)
    if as_json:
        print_json(history_json(history))
    elif not history.is_void:
        output().print(history_table(history))
    err = error_output()
    for name, reason in sorted(history.failed.items()):
        err.print(foreign(f"ftbot: {name} is left out: {reason}"), soft_wrap=True)
    for name in history.missing:
        err.print(f"ftbot: There is no package called {name} on the index. Check the spelling.", soft_wrap=True)
    if history.failed:
        return CommandOutcome.UPSTREAM
    return CommandOutcome.NOT_FOUND if history.missing else CommandOutcome.ANSWERED


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise UserError(f"`{text}` is not a date. Write it like `2026-11-22`.") from None
