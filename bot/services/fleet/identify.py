"""Lets sessions at Discord's gateway begin as it allows: not too many at once, nor in a day."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

import structlog

from bot.core.errors import StorageError, UpstreamError
from bot.core.fleet.sessions import APART, GatewayAdvice, used_up

_SLACK: Final = 0.25
"""Seconds by which sessions are further apart than they must be: one request may take longer than the next."""

_BELIEVED: Final = 60.0
"""Seconds for which Discord is not asked again what it allows."""

_BETWEEN_TRIES: Final = 1.0

Ask = Callable[[], Awaitable[GatewayAdvice]]
"""Asks Discord what it allows; ``UpstreamError`` where it does not answer."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Buckets(Protocol):
    """Whose turn it is in each bucket."""

    async def take(self, bucket: int, apart: float) -> float:
        """Take a turn, if the last was so many seconds ago, and return 0; else return in how many seconds that is."""
        ...


@dataclass(slots=True)
class OwnBuckets:
    """Those of a process that is the whole bot; ``clock`` gives seconds and only goes on."""

    clock: Callable[[], float] = time.monotonic
    _free: dict[int, float] = field(default_factory=dict)

    async def take(self, bucket: int, apart: float) -> float:
        """Take a turn."""
        now = self.clock()
        wait = self._free.get(bucket, now) - now
        if wait <= 0:
            self._free[bucket] = now + apart
        return max(0.0, wait)


@dataclass(slots=True)
class IdentifyGate:
    """Says when a shard may begin a session; ``apart`` is how many seconds lie between two of a bucket."""

    buckets: Buckets = field(default_factory=OwnBuckets)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    clock: Callable[[], float] = time.monotonic
    apart: float = APART + _SLACK
    _advice: GatewayAdvice | None = None
    _asked: float = 0.0
    _begun: int = 0
    _lines: dict[int, asyncio.Lock] = field(default_factory=dict)

    def learn(self, advice: GatewayAdvice) -> None:
        """Go by what Discord just said."""
        self._advice, self._asked, self._begun = advice, self.clock(), 0

    def line(self, shard: int) -> asyncio.Lock:
        """Return what whoever opens a connection for a session holds: one of a bucket is open and waits, not all."""
        return self._lines.setdefault(self._bucket(shard), asyncio.Lock())

    async def begin(self, shard: int, ask: Ask) -> None:
        """Wait until a shard may begin a session, and count it."""
        while await self._left(ask) <= 0:
            pass
        while (wait := await self._take(shard)) > 0:
            await self.sleep(wait)
        self._begun += 1

    async def _take(self, shard: int) -> float:
        try:
            return await self.buckets.take(self._bucket(shard), self.apart)
        except StorageError as error:
            log.warning("storage_failed", reason=str(error))
            return _BETWEEN_TRIES

    async def _left(self, ask: Ask) -> int:
        """Return how many sessions may begin still; where there are none, wait until there are again, and return 0."""
        advice = await self._current(ask)
        if advice is None:
            return 1
        left = advice.remaining - self._begun
        if left <= 0:
            log.warning("sessions_used_up", reason=used_up(advice))
            await self.sleep(max(_BETWEEN_TRIES, advice.reset_after))
            self._advice = None
        return left

    async def _current(self, ask: Ask) -> GatewayAdvice | None:
        """Return what Discord allows, asked lately; what it said last where it does not answer."""
        known = self._advice
        if known is None or self.clock() - self._asked > _BELIEVED or known.remaining <= self._begun:
            try:
                self.learn(await ask())
            except UpstreamError as error:
                log.warning("discord_did_not_say_what_it_allows", reason=str(error))
                if known is not None and known.remaining <= self._begun:
                    return known
        return self._advice

    def _bucket(self, shard: int) -> int:
        return 0 if self._advice is None else self._advice.bucket(shard)
