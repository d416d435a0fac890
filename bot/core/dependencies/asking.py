"""What is left of a marker once it is known which extras and groups are asked for: what it says of the environment."""

from __future__ import annotations

import re

from packaging.markers import Marker
from packaging.utils import canonicalize_name

_SIDE = r"(?:\"[^\"]*\"|'[^']*'|[\w.]+)"
_PIECE = re.compile(
    rf"\s*(?:(?P<parenthesis>[()])|(?P<left>{_SIDE})\s*(?P<how>===|[=!<>~]=|[<>]|not\s+in\b|in\b)\s*(?P<right>{_SIDE})"
    r"|(?P<word>and|or)\b)"
)
_OF_THOSE_ASKED = frozenset({"extra", "extras", "dependency_groups"})
_ASKS = re.compile(r"\b(?:extras?|dependency_groups)\b")
_QUOTED = re.compile(r"([\"'])(?P<name>.*?)\1")

Left = Marker | bool
"""What is left: True if it holds whatever the environment, False if it never does, else what it asks of it."""

_Part = tuple[bool | str, bool]
"""A part of a marker: its text or its truth, and whether it is a choice, which needs parentheses in a conjunction."""


def left_of(marker: Marker | None, extras: frozenset[str], groups: frozenset[str], both: frozenset[str]) -> Left:
    """Return what is left of a marker if these extras and groups are asked for.

    ``both`` are extras that are asked for though they exclude others that are: whether a marker wants them or wants
    them away, it is content.
    """
    if marker is None:
        return True
    text = str(marker)
    if not any(word in text for word in _OF_THOSE_ASKED):
        return marker

    part, _ = _Reader(text, extras, groups, both).choice()
    return part if isinstance(part, bool) else Marker(part)


def names_asked(text: str) -> tuple[str, ...]:
    """Return the names that the text of a marker quotes, if it is about extras or groups: theirs are among them."""
    if _ASKS.search(text) is None:
        return ()
    return tuple(dict.fromkeys(canonicalize_name(found["name"]) for found in _QUOTED.finditer(text)))


class _Reader:
    """Reads the text of a marker as packaging writes it, which it has checked, and drops what is known."""

    def __init__(self, text: str, extras: frozenset[str], groups: frozenset[str], both: frozenset[str]) -> None:
        self._pieces = list(_PIECE.finditer(text))
        self._at = 0
        self._extras = extras
        self._groups = groups
        self._both = both

    def choice(self) -> _Part:
        """Return what is left of what is joined by ``or``, until a parenthesis or the end."""
        parts = [self._all()]
        while self._word("or"):
            parts.append(self._all())
        return _joined(parts, "or")

    def _all(self) -> _Part:
        parts = [self._one()]
        while self._word("and"):
            parts.append(self._one())
        return _joined(parts, "and")

    def _one(self) -> _Part:
        piece = self._pieces[self._at]
        self._at += 1
        if piece["parenthesis"] is None:
            return self._comparison(piece), False
        inner = self.choice()
        self._at += 1
        return inner

    def _word(self, word: str) -> bool:
        if self._at < len(self._pieces) and self._pieces[self._at]["word"] == word:
            self._at += 1
            return True
        return False

    def _comparison(self, piece: re.Match[str]) -> bool | str:
        left, how, right = piece["left"], piece["how"], piece["right"]
        variable, value = (right, left) if left[0] in "\"'" else (left, right)
        if variable not in _OF_THOSE_ASKED or how not in {"==", "!=", "in", "not in"}:
            return f"{left} {how} {right}"
        name = canonicalize_name(value[1:-1])
        asked = self._groups if variable == "dependency_groups" else self._extras
        return name in self._both or (name in asked) is (how in {"==", "in"})


def _joined(parts: list[_Part], word: str) -> _Part:
    """Return a conjunction or a choice of parts, without those that do not matter."""
    decides = word == "or"
    if any(part is decides for part, _ in parts):
        return decides, False
    left = [(part, choice) for part, choice in parts if isinstance(part, str)]
    if not left:
        return not decides, False
    if len(left) == 1:
        return left[0]
    texts = [f"({part})" if choice and word == "and" else part for part, choice in left]
    return f" {word} ".join(dict.fromkeys(texts)), decides
