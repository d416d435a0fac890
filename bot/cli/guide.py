"""``ftbot guide``: which sections of the free-threading guide are about a topic."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.cli.environment import command_settings
from bot.cli.output import CommandOutcome, print_json
from bot.config import Settings
from bot.core.errors import UserError
from bot.core.guide.sections import titles
from bot.core.schema.times import SCHEMA
from bot.core.text.sentences import listed
from bot.terminal.console import error_output, foreign, output
from bot.wiring.guide import open_guide


def show_guide(topic: Sequence[str], *, as_json: bool) -> CommandOutcome:
    """Answer ``ftbot guide``. Raises ``UserError`` where no topic is named."""
    wanted = " ".join(topic).strip()
    if not wanted:
        raise UserError("A topic is missing. Try `ftbot guide pybind11`.")
    return asyncio.run(_show(command_settings(), wanted, as_json=as_json))


async def _show(settings: Settings, topic: str, *, as_json: bool) -> CommandOutcome:
    async with open_guide(settings) as guide:
        found = await guide.find(topic)
        known = guide.known
    if not found:
        what = "The guide has nothing that looks like that."
        names = listed(titles(known), 8)
        error_output().print(foreign(f"ftbot: {what} It has, among others: {names}."), soft_wrap=True)
        return CommandOutcome.NOT_FOUND
    for section in found:
        if as_json:
            print_json({"schema": SCHEMA, "title": section.title, "url": section.url})
        else:
            output().print(
                foreign(section.title, style="bold"), foreign(section.url, style="underline"), soft_wrap=True
            )
    return CommandOutcome.ANSWERED
