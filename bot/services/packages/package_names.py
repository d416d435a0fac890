"""The names that people are offered: completed while they type, suggested when they mistyped. In memory, no waiting."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import structlog

from bot.core.errors import StorageError
from bot.core.index.names import suggest
from storage.packages.names import Packages

LONGEST_OFFERED = 80
"""Characters; longer names do not fit into a choice with their verdict, and can still be typed."""

_SEPARATORS = re.compile(r"[-_.]+")

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Names:
    """Normalized names, the most downloaded first, as ``lines`` of one text: strings would take six times the memory.

    The text begins and ends with a line break, so that one before or after what is looked for tells where a name ends.
    """

    lines: str

    @classmethod
    def of(cls, ranked: Iterable[str]) -> Names:
        """Take names that come with the most downloaded first."""
        names = [name for name in ranked if len(name) <= LONGEST_OFFERED]
        return cls("\n".join(("", *names, "")) if names else "\n")

    @property
    def ranked(self) -> list[str]:
        """Return the names, the most downloaded first."""
        return self.lines.split("\n")[1:-1]

    def having(self, text: str) -> Iterator[str]:
        """Iterate over the names that have a text, line breaks included, the most downloaded first."""
        lines, at = self.lines, self.lines.find(text)
        while at >= 0:
            begin = lines.rfind("\n", 0, at + 1) + 1
            end = lines.find("\n", begin)
            if end < 0:  # after the last line
                return
            yield lines[begin:end]
            at = lines.find(text, end)


@dataclass(slots=True)
class PackageNames:
    """Completes, suggests, and counts what is asked for; counts are stored now and then by ``flush``."""

    packages: Packages
    names: Names
    _asked: Counter[str] = field(default_factory=Counter)
    _most_asked: tuple[str, ...] = ()
    _ids: dict[str, int] = field(default_factory=dict)
    _asking: dict[str, asyncio.Task[int]] = field(default_factory=dict)

    def complete(self, text: str, most: int = 25) -> list[str]:
        """Offer names for what was typed so far: the exact one, then by prefix, then by any part, by downloads."""
        typed = _SEPARATORS.sub("-", text.strip().lower()).removesuffix("-")
        offered: dict[str, None] = {}
        for name in self._candidates(typed):
            offered[name] = None
            if len(offered) == most:
                break
        return list(offered)

    async def suggest(self, name: str) -> tuple[str, ...]:
        """Find known names that look like an unknown one; takes tens of milliseconds, in a thread."""
        return await asyncio.to_thread(suggest, name, self.names.ranked)

    async def id_of(self, name: str) -> int:
        """Return a package's short id, for buttons."""
        if name not in self._ids:
            asking = self._asking.get(name)
            if asking is None:  # a crowd that asks about a new package is one query, too
                asking = asyncio.create_task(self.packages.id_of(name), name=f"id of {name}")
                self._asking[name] = asking
                asking.add_done_callback(lambda _: self._asking.pop(name, None))
            self._ids[name] = await asyncio.shield(asking)
        return self._ids[name]

    def known_id(self, name: str) -> int | None:
        """Return a package's short id without waiting, None where it was not asked for before."""
        return self._ids.get(name)

    async def name_of(self, package_id: int) -> str | None:
        """Return the package that a short id stands for."""
        return await self.packages.name_of(package_id)

    def count(self, name: str) -> None:
        """Count a question about a package that exists."""
        self._asked[name] += 1

    async def load(self) -> None:
        """Read which packages people ask about most."""
        self._most_asked = await self.packages.most_asked(25)

    async def flush(self) -> None:
        """Store the questions counted since the last time; what cannot be stored now is kept for later."""
        counted = Counter(self._asked)
        if not counted:
            return
        try:
            await self.packages.count(counted)
            self._asked.subtract(counted)
            self._asked += Counter()
            await self.load()
        except StorageError as error:
            log.warning("storage_failed", reason=str(error))

    def _candidates(self, typed: str) -> Iterator[str]:
        if not typed:
            yield from self._most_asked
        if "\n" in typed:  # there is no such name
            return
        for text in (f"\n{typed}\n", f"\n{typed}", typed) if typed else ("\n",):
            yield from self.names.having(text)
