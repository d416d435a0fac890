"""The words of a line in a list; plain text, to be escaped by whoever shows it."""

from __future__ import annotations

from dataclasses import replace

from bot.core.inspection.modules import Gil
from bot.core.listing.listed import ListedTarget
from bot.core.verdicts.modifiers import ModifierKind
from bot.core.verdicts.wording import Phrase, phrase

_TOLD = frozenset({ModifierKind.GIL_REENABLED})
"""What the line says by other words already."""


def state_words(listed: ListedTarget) -> Phrase:
    """Return the glyph and the words of a verdict: no green tick where importing turns the GIL back on."""
    words = phrase(listed.verdict)
    if listed.gil is Gil.ON and words.glyph == "✅":
        return replace(words, glyph="🟡")
    return words


def gil_word(listed: ListedTarget) -> str | None:
    """Return in two words what importing it does to the GIL; None where nobody can tell, or nothing can do it."""
    return _GIL.get(listed.gil) if listed.gil is not None else None


_GIL = {Gil.OFF: "GIL off", Gil.ON: "GIL back on"}


def since_words(listed: ListedTarget, *, with_day: bool = True) -> str | None:
    """Return since when there are wheels without a gap."""
    if listed.since is None:
        return None
    day = listed.since.day if with_day else None
    return f"since {listed.since.version}" + ("" if day is None else f" ({day})")


def modifier_words(listed: ListedTarget) -> tuple[str, ...]:
    """Return what else to know, a word each, by the words of the contract."""
    return tuple(kind.value for kind in listed.modifiers if kind not in _TOLD)
