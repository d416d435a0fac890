"""Shards of Discord's gateway: which servers each has, and which process should hold which.

Discord says which shard has a server: ``(server >> 22) % count``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MOST_SHARDS: Final = 10_000
"""As many are enough for 25 million servers."""

_RANGE = re.compile(r"(\d{1,9})-(\d{1,9})/(\d{1,9})", re.ASCII)
_TIMESTAMP_BITS: Final = 22


class Auto(StrEnum):
    """That nobody chose the shards: Discord says how many there are, and processes share them."""

    AUTO = "auto"


@dataclass(frozen=True, slots=True)
class ShardRange:
    """The shards from ``first`` to ``last``, both among them, of ``count`` in all."""

    first: int
    last: int
    count: int

    def __iter__(self) -> Iterator[int]:
        """Iterate over the numbers of the shards."""
        return iter(range(self.first, self.last + 1))

    def __str__(self) -> str:
        """Return it as it is set."""
        return f"{self.first}-{self.last}/{self.count}"


def parse_shards(text: str) -> ShardRange | Auto:
    """Return what FTBOT_SHARDS says; ``ValueError`` with a sentence that says what is wrong."""
    written = text.strip()
    if written.lower() == Auto.AUTO:
        return Auto.AUTO
    found = _RANGE.fullmatch(written)
    if found is None:
        raise ValueError("Write `auto`, or FIRST-LAST/COUNT, such as `0-3/16` for the first four of 16 shards")
    first, last, count = map(int, found.groups())
    if not 1 <= count <= MOST_SHARDS:
        raise ValueError(f"There are 1 to {MOST_SHARDS} shards in all, which stands after the slash")
    if first > last:
        raise ValueError(f"The first shard is after the last. Write `{last}-{first}/{count}`")
    if last >= count:
        raise ValueError(f"Of {count} shards the first is 0 and the last {count - 1}")
    return ShardRange(first, last, count)


def shard_of(server: int, count: int) -> int:
    """Return which of so many shards has a server."""
    return (server >> _TIMESTAMP_BITS) % count


@dataclass(frozen=True, slots=True)
class Presence:
    """Which servers the bot is in, as far as this process knows: those of the ``shards`` of ``count`` that it holds."""

    servers: frozenset[int]
    shards: frozenset[int] = frozenset({0})
    count: int = 1

    def covers(self, server: int) -> bool:
        """Return whether this process is told of a server; it knows nothing of others."""
        return shard_of(server, self.count) in self.shards

    def lacks(self, server: int) -> bool:
        """Return whether the bot is not in a server: this process would know."""
        return server not in self.servers and self.covers(server)


@dataclass(frozen=True, slots=True)
class Holdings:
    """Who holds which of ``count`` shards, by their numbers, and how many processes live, itself among them."""

    count: int
    live: int
    held: Mapping[int, str]

    def surplus(self, process: str) -> tuple[int, ...]:
        """Return the shards that a process should give up, so that others can have their share: the last that it took.

        In the end no two processes differ by more than one, and no more shards were moved than that needs.
        """
        own = sorted(shard for shard, holder in self.held.items() if holder == process)
        least, more = self._share()
        if len(own) > least + 1:
            return tuple(own[least + (more > 0) :])
        if len(own) == least + 1 and process not in self._with_one_more()[:more]:
            return (own[-1],)
        return ()

    def lacking(self, process: str) -> int:
        """Return how many shards that nobody holds a process should take now."""
        own = sum(holder == process for holder in self.held.values())
        free = self.count - len(self.held)
        least, more = self._share()
        wanted = least + (len(self._with_one_more()) < more)
        return max(0, min(free, wanted - own))

    def _share(self) -> tuple[int, int]:
        """Return how many shards each process has at least, and how many processes have one more."""
        return divmod(self.count, max(self.live, len(set(self.held.values())), 1))

    def _with_one_more(self) -> list[str]:
        """Return who has more than the least, in an order that all see alike."""
        least, _ = self._share()
        by_holder: dict[str, int] = {}
        for holder in self.held.values():
            by_holder[holder] = by_holder.get(holder, 0) + 1
        return sorted(holder for holder, number in by_holder.items() if number > least)


def written_shards(shards: frozenset[int]) -> str:
    """Return shards as people read them, such as ``0–3, 7``."""
    runs: list[tuple[int, int]] = []
    for shard in sorted(shards):
        if runs and runs[-1][1] == shard - 1:
            runs[-1] = (runs[-1][0], shard)
        else:
            runs.append((shard, shard))
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in runs)
