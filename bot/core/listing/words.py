"""How filters of a list are written: on the command line, in Discord and in addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import TypeVar

from bot.core.errors import UserError
from bot.core.listing.query import GilFilter, ListOrder
from bot.core.text.sentences import printable
from bot.core.verdicts.rules import Verdict
from bot.core.wheels.platforms import Platform

_SHOWN = 30
_RANKS = re.compile(r"(?:(\d{1,7})\s*-\s*)?(\d{1,7})", re.ASCII)

_E = TypeVar("_E", bound=StrEnum)


def parse_verdict(text: str) -> Verdict:
    """Read a verdict; a ``UserError`` says which there are."""
    return _among(text, Verdict, "a verdict")


def parse_gil(text: str) -> GilFilter:
    """Read what importing shall do to the GIL; a ``UserError`` says what can be asked for."""
    return _among(text, GilFilter, "what importing does to the GIL")


def parse_order(text: str) -> ListOrder:
    """Read what to order by; a ``UserError`` says what there is."""
    return _among(text, ListOrder, "an order")


def parse_platform(text: str) -> Platform:
    """Read a platform; a ``UserError`` says which there are."""
    return _among(text, Platform, "a platform")


def parse_ranks(text: str) -> tuple[int, int]:
    """Read places among the most downloaded, ``1-100``, or ``100`` for the first hundred."""
    match = _RANKS.fullmatch(text.strip())
    first, last = (int(match[1] or 1), int(match[2])) if match else (0, 0)
    if not 1 <= first <= last:
        raise UserError(f"`{_shown(text)}` is no range of ranks. Write `1-100`, or `100` for the first hundred.")
    return first, last


def parse_day(text: str) -> date:
    """Read a day; a ``UserError`` says what one looks like."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise UserError(f"`{_shown(text)}` is not a date. Write it like `2026-11-22`.") from None


def _among(text: str, words: Iterable[_E], what: str) -> _E:
    by_name = {word.value.replace("_", "-"): word for word in words}
    word = by_name.get(text.strip().lower().replace("_", "-"))
    if word is None:
        *others, last = (each.value for each in by_name.values())
        raise UserError(f"`{_shown(text)}` is not {what}. Write {', '.join(others)} or {last}.")
    return word


def _shown(text: str) -> str:
    return printable(text.replace("`", "'"))[:_SHOWN]
