"""What is asked, read from addresses: names of packages, Pythons, days, numbers. Nothing of it is repeated."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from functools import lru_cache
from http import HTTPStatus
from typing import TypeVar

from aiohttp import web

from bot.core.digest.weeks import Week, parse_week
from bot.core.errors import UserError
from bot.core.index.names import normalize
from bot.core.wheels.targets import Target, parse_target
from bot.web.faults import Fault

_E = TypeVar("_E", bound=StrEnum)

_NUMBER = re.compile(r"[0-9]{1,15}", re.ASCII)


def package_name(request: web.Request) -> str:
    """Return the normalized name in an address. Raises ``Fault`` for what can be no name."""
    try:
        return _normalized(request.match_info["name"])
    except UserError:
        raise Fault(
            HTTPStatus.NOT_FOUND,
            "This can be no name of a package: names are ASCII letters, digits, `.`, `_` and `-`, and begin and end"
            " with a letter or digit.",
        ) from None


@lru_cache(maxsize=1_024)
def _normalized(text: str) -> str:
    """Normalize a name; the same few are asked for again and again."""
    return normalize(text)


def week_name(request: web.Request) -> Week:
    """Return the week in an address. Raises ``Fault`` for what is none."""
    try:
        return parse_week(request.match_info["week"])
    except UserError:
        raise Fault(HTTPStatus.NOT_FOUND, "This is no ISO week. Weeks are written like 2026-W47.") from None


def asked_target(query: Mapping[str, str], name: str, targets: Sequence[Target]) -> Target | None:
    """Return the Python that a parameter names, None where it is left out. Raises ``Fault`` for one not judged here."""
    text = query.get(name, "")
    if not text:
        return None
    try:
        target = parse_target(text)
    except UserError:
        target = None
    if target is None or target not in targets:
        raise wrong(name, f"one of {', '.join(map(str, targets))}")
    return target


def asked_day(query: Mapping[str, str], name: str) -> date | None:
    """Return the day that a parameter names, None where it is left out. Raises ``Fault``."""
    text = query.get(name, "")
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise wrong(name, "a day like 2026-11-22") from None


def asked_number(query: Mapping[str, str], name: str, least: int, most: int) -> int | None:
    """Return the number that a parameter names, None where it is left out. Raises ``Fault``."""
    text = query.get(name, "")
    if not text:
        return None
    if _NUMBER.fullmatch(text) is None or not least <= int(text) <= most:
        raise wrong(name, f"a number from {least} to {most}")
    return int(text)


def asked_word(query: Mapping[str, str], name: str, words: type[_E]) -> _E | None:
    """Return the word that a parameter names, None where it is left out. Raises ``Fault`` for one that is none."""
    text = query.get(name, "")
    if not text:
        return None
    try:
        return words(text)
    except ValueError:
        raise wrong(name, f"one of {', '.join(words)}") from None


def asked_words(query: Sequence[str], name: str, words: type[_E]) -> frozenset[_E]:
    """Return the words that a parameter names, once or with commas. Raises ``Fault`` for one that is none of them."""
    texts = [text.strip() for line in query for text in line.split(",") if text.strip()]
    try:
        return frozenset(map(words, texts))
    except ValueError:
        raise wrong(name, f"one of {', '.join(words)}") from None


def wrong(name: str, what: str) -> Fault:
    """Return the fault of a parameter (one of ours) that is none of what it may be."""
    return Fault(HTTPStatus.BAD_REQUEST, f"The parameter `{name}` has to be {what}.")
