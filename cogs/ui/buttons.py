"""Buttons by what is written on them: the identifier says what to do, so they work on messages of any age.

discord.py's own dispatch is not used: it forgets buttons at a restart, keeps every sent view in memory, and drops the
click on an unknown button and the exception of a failed one without a word to whoever clicked. Here an identifier is
``ft1:VERB:ARGUMENT:…``; the number is raised when identifiers change their meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass

import discord
from discord import ui

from bot.core.errors import UserError

PREFIX = "ft1"
LONGEST_IDENTIFIER = 100

Click = Callable[[discord.Interaction, tuple[str, ...]], Coroutine[None, None, None]]
Button = ui.Button[ui.LayoutView]

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Route:
    """What a click or a submitted form asks for: a verb, its name in logs and metrics too, and who answers it."""

    verb: str
    arguments: tuple[str, ...]
    answer: Click


def action(
    label: str, verb: str, *arguments: str, style: discord.ButtonStyle = discord.ButtonStyle.secondary
) -> Button:
    """Make a button that does something."""
    return ui.Button(label=label[:80], style=style, custom_id=identifier_of(verb, *arguments))


def identifier_of(verb: str, *arguments: str) -> str:
    """Write what a button or a form does."""
    identifier = ":".join((PREFIX, verb, *arguments))
    if len(identifier) > LONGEST_IDENTIFIER:
        raise ValueError(f"{identifier} does not fit into a button")
    return identifier


def route(identifier: str, clicks: Mapping[str, Click]) -> Route:
    """Find who answers a click; a ``UserError`` tells that the button is of another version."""
    prefix, _, rest = identifier.partition(":")
    verb, *arguments = rest.split(":")
    if prefix != PREFIX or verb not in clicks:
        raise UserError("This button is from an older version. Run `/ftstatus` again.")
    return Route(verb, tuple(arguments), clicks[verb])


def finished(view: ui.LayoutView) -> ui.LayoutView:
    """Keep discord.py from holding on to a view after it is sent: clicks come through ``route``."""
    view.stop()
    return view


def base36(number: int) -> str:
    """Write an id shortly; ``int(text, 36)`` reads it."""
    digits = ""
    while True:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
        if number == 0:
            return digits
