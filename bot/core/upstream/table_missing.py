"""Packages that the tracking table has no row for: which are worth one, and how they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from bot.core.upstream.table_check import came, still_none
from bot.core.upstream.table_facts import PackageFacts, Ships


class MissingBasis(StrEnum):
    """What names packages without a row: the questions of people, or else the number of downloads."""

    ASKED = "asked"
    RANK = "rank"


MISSING_HEADINGS: Mapping[MissingBasis, str] = MappingProxyType(
    {
        MissingBasis.ASKED: "Packages without a row that people ask about",
        MissingBasis.RANK: "Much downloaded packages with native code that have no row",
    }
)
"""What packages without a row have in common."""

BY_RANK = "They are named by their downloads, as nobody asked ftbot about a package that lacks a row."
"""What is said where nobody's question named them."""


@dataclass(frozen=True, slots=True)
class MissingRow:
    """A package with native code and without a row; ``standing`` has sentences on how it stands.

    ``rank`` is its place among the most downloaded, where that named it and no question did.
    """

    package: str
    standing: str
    rank: int | None = None

    @property
    def basis(self) -> MissingBasis:
        """Return what names it."""
        return MissingBasis.ASKED if self.rank is None else MissingBasis.RANK

    @property
    def told(self) -> str:
        """Return how it stands, below a heading that says what names it."""
        return self.standing if self.rank is None else f"Number {self.rank:,} of the most downloaded. {self.standing}"

    @property
    def reason(self) -> str:
        """Return why it is named, and how it stands."""
        return self.told if self.rank is not None else f"People ask about it here. {self.standing}"


def standing_of(package: str, facts: PackageFacts | str | None) -> str | None:
    """Return how a package stands, None where it has no native code of its own, or nobody could see."""
    if not isinstance(facts, PackageFacts) or facts.newest is None or facts.newest.ships is not Ships.NATIVE:
        return None
    return came(package, package, facts) if facts.newest.is_current else still_none(facts, facts.newest)
