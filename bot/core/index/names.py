"""What a project may be called, after the name format of the core metadata specification."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher, get_close_matches

from packaging.utils import InvalidName, canonicalize_name

from bot.core.errors import UserError

LONGEST_NAME = 200
"""Characters; the longest name on PyPI in late 2026 has 188."""

_SHOWN = 40
_ALIKE = 25
_LIKENESS = 0.75


def normalize(text: str) -> str:
    """Return the normalized name (PEP 503) of what a person typed; a ``UserError`` says what is wrong with it."""
    name = text.strip()
    if not name:
        msg = "A package name is missing. Try `numpy`."
        raise UserError(msg)
    if len(name) > LONGEST_NAME:
        msg = f"That name has {len(name)} characters, more than any package. Names have at most {LONGEST_NAME}."
        raise UserError(msg)
    try:
        return canonicalize_name(name, validate=True)
    except InvalidName:
        raise UserError(_explain(name)) from None


def suggest(name: str, ranked: Sequence[str], *, most: int = 3) -> tuple[str, ...]:
    """Find the names that look most like an unknown one; among equals those that come first, being better known."""
    alike = get_close_matches(name, ranked, n=_ALIKE, cutoff=_LIKENESS)
    matcher = SequenceMatcher(b=name)

    def strangeness(found: str) -> tuple[float, int]:
        matcher.set_seq1(found)
        return -round(matcher.ratio(), 2), ranked.index(found)

    return tuple(sorted(alike, key=strangeness)[:most])


def _explain(name: str) -> str:
    shown = "".join(c if c.isprintable() and c != "`" else "\N{REPLACEMENT CHARACTER}" for c in name[:_SHOWN])
    if len(name) > _SHOWN:
        shown += "…"
    rule = "Use ASCII letters, digits, `.`, `_` or `-`, beginning and ending with a letter or digit."
    foreign = next((c for c in name if not c.isascii()), None)
    if foreign is not None:
        kind = unicodedata.name(foreign, "an unnamed character").lower()
        return f"`{shown}` isn't a valid package name: it contains U+{ord(foreign):04X}, {kind}. {rule}"
    return f"`{shown}` isn't a valid package name. {rule}"
