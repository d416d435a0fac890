"""Which shards this process holds: all, those that it was told, or its share of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from bot.core.errors import StorageError
from bot.core.fleet.shards import Auto, Holdings, ShardRange, written_shards
from storage.fleet.shards import ShardLeases

LEASE_SECONDS: Final = 45.0
"""How long the shards of a process that died stay its own."""

_SAFE_SECONDS: Final = 30.0
"""How long after a renewal began a process acts by it. The rest of a lease is for closing, however slow that is."""

_EVERY_SECONDS: Final = 5.0
_LONGEST_LEAVING: Final = 2.0

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

Hold = Callable[[frozenset[int], int], Awaitable[None]]
"""Begins to hold shards, of so many in all, and gives up all others; returns when those are closed."""


class Sharding(Protocol):
    """Says which shards this process holds."""

    async def follow(self, advised: int, hold: Hold) -> None:
        """Have shards held until cancelled; Discord advised so many."""
        ...


@dataclass(frozen=True, slots=True)
class ToldShards:
    """Holds the shards of a setting; ``auto`` is all that Discord advises, for a process that is the whole bot."""

    shards: ShardRange | Auto = Auto.AUTO

    async def follow(self, advised: int, hold: Hold) -> None:
        """Hold them from now on."""
        told = ShardRange(0, advised - 1, advised) if isinstance(self.shards, Auto) else self.shards
        await hold(frozenset(told), told.count)
        await asyncio.Event().wait()


@dataclass(slots=True)
class LeasedShards:
    """Holds shards by leases in the database, so that each is held by one process at a time.

    ``name`` is this process's, ``live`` tells how many there are; with ``auto`` it holds its share of all shards, else
    those that it was told, as soon as nobody else does. ``clock`` gives seconds and only goes on: when a lease was not
    renewed for ``safe`` of them, its shards are closed, well before the database lets another process have them.
    """

    leases: ShardLeases
    name: str
    live: Callable[[], int]
    shards: ShardRange | Auto = Auto.AUTO
    clock: Callable[[], float] = time.monotonic
    every: float = _EVERY_SECONDS
    safe: float = _SAFE_SECONDS
    _held: frozenset[int] = frozenset()
    _count: int = 0
    _until: float = 0.0
    _told: bool = False
    _said: str = ""
    _failure: str | None = None

    async def follow(self, advised: int, hold: Hold) -> None:
        """Take, keep and give up shards; at the end all, at once."""
        try:
            while True:
                await self._round(advised, hold)
                await asyncio.sleep(min(self.every, self._left()))
        finally:
            held, self._held = self._held, frozenset()
            await hold(frozenset(), self._count)
            await self._leave(held)

    async def _leave(self, held: frozenset[int]) -> None:
        """Let others have the shards at once; where the database does not answer soon, when the leases are over."""
        giving_up = asyncio.create_task(self.leases.give_up(self.name, held))
        await asyncio.wait({giving_up}, timeout=_LONGEST_LEAVING)
        giving_up.cancel()
        with suppress(StorageError, asyncio.CancelledError):
            if giving_up.done():
                giving_up.result()

    def _left(self) -> float:
        """Return for how many seconds this process may act without another renewal."""
        return max(0.0, self._until - self.clock()) if self._held else self.every

    async def _round(self, advised: int, hold: Hold) -> None:
        """Renew and share once, or lose all when the time for that is over, whatever the database does meanwhile."""
        task = asyncio.create_task(self._share(advised, hold))
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=self._left() if self._held else None)
                if self._held and self.clock() >= self._until:
                    task.cancel()  # which may take long, where the database says nothing
                    await self._lose(hold)
        finally:
            task.cancel()
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, StorageError):
            raise error
        self._note(None if error is None else str(error))

    async def _lose(self, hold: Hold) -> None:
        log.warning("shards_given_up", shards=written_shards(self._held), reason="Their lease was not renewed.")
        self._held = frozenset()
        await hold(frozenset(), self._count)

    async def _share(self, advised: int, hold: Hold) -> None:
        await self._renew(hold)
        if not self._held and not await self._agree(advised):
            return
        holdings = Holdings(self._count, self.live(), await self.leases.held())
        if isinstance(self.shards, ShardRange):
            self._say(self._held_by_others(self.shards, holdings.held))
        surplus = self._surplus(holdings)
        if surplus:
            await self._hold(self._held - surplus, hold)
            await self.leases.give_up(self.name, surplus)
        elif self._lacking(dict(holdings.held)):
            taken = await self.leases.claim(self.name, self._lacking, self._among())
            if taken:
                await self._hold(self._held | taken, hold)
        if not self._told and isinstance(self.shards, Auto):
            await self._hold(self._held, hold)  # none, as others have all: there is nothing to wait for

    async def _renew(self, hold: Hold) -> None:
        """Renew what is held; what is another's by now is closed."""
        began = self.clock()
        kept = await self.leases.renew(self.name)
        self._until = began + self.safe
        if kept != self._held:
            await self._hold(kept if self._count else frozenset(), hold)

    async def _hold(self, shards: frozenset[int], hold: Hold) -> None:
        gained, lost = shards - self._held, self._held - shards
        self._held, self._told = shards, True
        log.info("shards", held=written_shards(shards), of=self._count, taken=len(gained), given_up=len(lost))
        await hold(shards, self._count)

    async def _agree(self, advised: int) -> bool:
        """Find out how many shards there are in all, and whether this process can hold any of them."""
        wanted = advised if isinstance(self.shards, Auto) else self.shards.count
        self._count = await self.leases.agree(wanted)
        if self._count == wanted:
            if isinstance(self.shards, Auto):
                self._say("")
            return True
        if isinstance(self.shards, Auto):
            self._say(
                f"Discord advises {wanted} shards, and other processes hold some of {self._count}. "
                "Stop all and start them again to have as many as it advises."
            )
            return True
        self._say(f"FTBOT_SHARDS says {wanted} shards, and other processes hold some of {self._count}. Stop those.")
        return False

    def _surplus(self, holdings: Holdings) -> frozenset[int]:
        if isinstance(self.shards, Auto):
            return frozenset(holdings.surplus(self.name))
        return frozenset()

    def _lacking(self, held: dict[int, str]) -> int:
        """Return how many of the shards that nobody holds this process wants."""
        if isinstance(self.shards, Auto):
            return Holdings(self._count, self.live(), held).lacking(self.name)
        return len(set(self.shards) - held.keys())

    def _among(self) -> range | None:
        return None if isinstance(self.shards, Auto) else range(self.shards.first, self.shards.last + 1)

    def _held_by_others(self, told: ShardRange, held: Mapping[int, str]) -> str:
        """Return what to say of those among the shards that this process was told that it has to wait for."""
        others = frozenset(shard for shard in told if held.get(shard, self.name) != self.name)
        if not others:
            return ""
        which = written_shards(others)
        return f"FTBOT_SHARDS names shards that other processes hold: {which}. Stop those processes, or change it."

    def _say(self, problem: str) -> None:
        """Log why shards are not as they should be, once as long as it is so; an empty text says that they are."""
        if problem and problem != self._said:
            log.warning("shards_not_as_wanted", reason=problem)
        self._said = problem

    def _note(self, failure: str | None) -> None:
        """Log what is wrong with the database, once as long as it is the same."""
        if failure is not None and failure != self._failure:
            log.warning("storage_failed", reason=failure)
        self._failure = failure
