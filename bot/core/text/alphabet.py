"""Plain words for signs that an alphabet lacks: what a terminal cannot show is said, never printed as an escape.

Registers how text is encoded then, as the name `SPELLED` for the argument ``errors`` of any stream.
"""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

SPELLED: Final = "ftbot-spelled"
"""The name of the error handler."""

_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "✅": "yes:",
        "🟡": "mixed:",
        "⛔": "no:",
        "⚠": "beware:",
        "⬜": "-",
        "❔": "?",
        "👎": "thumbs-down",
        "•": "*",
        "·": "-",
        "│": "|",
        "█": "#",
        "━": "-",
        "╺": "-",
        "╸": "-",
        "→": "->",
        "↘": "->",
        "–": "-",
        "—": "-",
        "\N{MINUS SIGN}": "-",
        "×": "x",
        "…": "...",
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "’": "'",
        "“": '"',
        "”": '"',
        "„": '"',
    }
)
_MUTE: Final = frozenset("🟢🟣👀💬🏷📦🔀🔁\ufe0f")
"""Pictures in front of a word that says the same; they go with the space behind them."""

_INVISIBLE: Final = frozenset({"Mn", "Cf"})


def plain(text: str, encoding: str) -> str:
    """Return text with plain words in place of what an encoding has no signs for."""
    return text.encode(encoding, SPELLED).decode(encoding)


def _spell(error: UnicodeError) -> tuple[str, int]:
    """Return the words for what cannot be encoded, and where to go on (PEP 293)."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    end = error.end
    if error.object[end - 1] in _MUTE and error.object[end : end + 1] == " ":
        end += 1
    return "".join(map(_word, error.object[error.start : error.end])), end


def _word(sign: str) -> str:
    """Return a sign's word, else its letters without their accents, else a question mark; all in ASCII."""
    if sign in _MUTE:
        return ""
    if sign in _WORDS:
        return _WORDS[sign]
    letters = unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
    return letters or ("" if unicodedata.category(sign) in _INVISIBLE else "?")


codecs.register_error(SPELLED, _spell)
