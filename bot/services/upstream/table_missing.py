"""Finds packages that the tracking table may lack: those that people ask about, else the most downloaded ones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.core.errors import UserError
from bot.core.guide.without_a_row import NATIVE, told_with
from bot.core.listing.listed import Listed
from bot.core.listing.wording import since_words, state_words
from bot.core.upstream.table_facts import PackageFacts
from bot.core.upstream.table_missing import MissingRow, standing_of
from bot.core.verdicts.curated import UNTRACKED
from bot.services.packages.listing import PackageLister
from storage.packages.names import Packages

MOST_MISSING = 25
"""Packages without a row that are named, and at most so many are read for it."""

_LOOKED_AT = 4 * MOST_MISSING
"""Packages that people asked about, of which most have a row or no native code."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Packages that may lack a row, the best first, with their ranks where those name them.

    ``tracked`` has what the last scan found of some; others have to be looked at.
    """

    ranks: Mapping[str, int | None]
    tracked: Mapping[str, Listed]

    @property
    def to_read(self) -> tuple[str, ...]:
        """Return which packages are to be looked at, as few as are named."""
        return tuple(name for name in self.ranks if name not in self.tracked)[:MOST_MISSING]

    def rows(self, facts: Mapping[str, PackageFacts | str | None]) -> list[MissingRow]:
        """Return what lacks a row, by what was looked at; what could not be seen is not named."""
        standing = {name: _standing(found) for name, found in self.tracked.items() if found.version is not None}
        found = ((name, standing.get(name) or standing_of(name, facts.get(name)), rank) for name, rank in self._all())
        return [MissingRow(name, told, rank) for name, told, rank in found if told is not None][:MOST_MISSING]

    def _all(self) -> Sequence[tuple[str, int | None]]:
        return tuple(self.ranks.items())


@dataclass(frozen=True, slots=True)
class MissingRows:
    """Finds them in what is stored; ``ranked`` gives the most downloaded packages that are known here."""

    asked: Packages
    lister: PackageLister
    ranked: Callable[[], Awaitable[Sequence[str]]]

    async def candidates(self, there: Collection[str]) -> AsyncIterator[Candidates]:
        """Yield what may lack a row beside those packages: first what people ask about, then what is downloaded."""
        known = {*there, *UNTRACKED, *(name for package in there for name in told_with(package))}
        try:
            packages = (await self.lister.tracked()).packages
        except UserError:  # nothing was scanned
            packages = ()
        tracked = {each.name: each for each in packages}
        asked = [name for name in await self.asked.most_asked(_LOOKED_AT) if name not in known]
        yield Candidates(dict.fromkeys(asked), {name: tracked[name] for name in asked if name in tracked})
        ranks = {each.name: each.rank for each in packages if each.rank is not None}
        if not ranks:
            ranks = {name: rank for rank, name in enumerate(await self.ranked(), start=1) if name in NATIVE}
        left = [name for name in ranks if name not in known][:MOST_MISSING]
        yield Candidates(
            {name: ranks[name] for name in left}, {name: tracked[name] for name in left if name in tracked}
        )


def _standing(package: Listed) -> str:
    told = []
    for each in package.targets:
        since = since_words(each)
        told.append(f"{each.target}: {state_words(each).word}" + ("" if since is None else f" {since}"))
    return f"{'; '.join(told)}."
