"""Upstream threads, for whoever asks: of a package, or of all of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from bot.core.github.threads import ThreadState
from bot.core.upstream.threads import KnownThread
from storage.github.threads import Threads

MOST_LISTED = 10


class Shown(Enum):
    """Which threads are asked for, in the words of ``/ftissues``."""

    OPEN = "open"
    CLOSED = "closed"
    ALL = "all"

    @property
    def states(self) -> frozenset[ThreadState]:
        """Return the states that are meant; what is merged is closed."""
        if self is Shown.ALL:
            return frozenset(ThreadState)
        is_open = frozenset({ThreadState.OPEN})
        return is_open if self is Shown.OPEN else frozenset(ThreadState) - is_open


@dataclass(frozen=True, slots=True)
class IssuePage:
    """The threads that changed last, and how many there are besides."""

    threads: tuple[KnownThread, ...]
    total: int


@dataclass(frozen=True, slots=True)
class UpstreamThreads:
    """Answers about threads, from storage."""

    threads: Threads

    async def listed(self, package: str | None, shown: Shown = Shown.OPEN, most: int = MOST_LISTED) -> IssuePage:
        """List the threads about free-threading that changed last, of one package or of all."""
        threads, total = await self.threads.listed(package, shown.states, most)
        return IssuePage(threads, total)
