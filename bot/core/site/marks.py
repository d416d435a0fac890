"""The shapes that stand beside words: how something is, for the eye, and never by its colour alone."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from bot.core.inspection.modules import Gil
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.wording import phrase


class Mark(StrEnum):
    """A shape; the value is its name in the pages' drawing."""

    FULL = "full"
    """A disc: wheels everywhere."""

    PART = "part"
    """A half disc: some."""

    NONE = "none"
    """A ring: none yet."""

    PURE = "pure"
    """A diamond: there is nothing to build."""

    BAD = "bad"
    """A cross: it is shut out, or cannot be trusted."""

    UNKNOWN = "unknown"
    """A dotted ring: nobody can say."""


_MARKS: Mapping[Verdict, Mark] = MappingProxyType(
    {
        Verdict.SUPPORTED: Mark.FULL,
        Verdict.NO_PYTHON_ABI: Mark.FULL,
        Verdict.PARTIAL: Mark.PART,
        Verdict.PURE_FALLBACK: Mark.PART,
        Verdict.PURE: Mark.PURE,
        Verdict.NOT_YET: Mark.NONE,
        Verdict.ABI3_ONLY: Mark.NONE,
        Verdict.SDIST_ONLY: Mark.NONE,
        Verdict.MIS_TAGGED: Mark.BAD,
        Verdict.BLOCKED: Mark.BAD,
        Verdict.EXCLUDED: Mark.BAD,
    }
)


def mark_of(verdict: Verdict, gil: Gil | None = None) -> Mark:
    """Return the shape of a verdict; no full one where importing it turns the GIL back on."""
    mark = _MARKS.get(verdict, Mark.UNKNOWN)
    return Mark.PART if gil is Gil.ON and mark is Mark.FULL else mark


def word_of(verdict: Verdict) -> str:
    """Return the word of a verdict, without the picture that other faces put before it."""
    return phrase(verdict).word


GIL_WORDS: Mapping[Gil | None, str] = MappingProxyType(
    {Gil.OFF: "stays off", Gil.ON: "comes back on", Gil.UNKNOWN: "could not be told", Gil.NONE: "no extension module"}
    | {None: "not read yet"}
)
"""What importing a package does to the GIL, in a word or two."""
