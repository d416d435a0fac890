"""Answers that were made, kept in memory for as long as they are right, as far as there is room."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.web.answers import PreparedAnswer

MOST_BYTES = 32 << 20
"""Bytes of all answers that are kept."""

LONGEST_KEY = 512
"""Characters of an address whose answer is kept; longer ones are somebody's own."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer, what it was made from, and when, by the clock that only goes on."""

    stamp: str
    answer: PreparedAnswer
    made: float


@dataclass(slots=True)
class KeptAnswers:
    """Answers by address; what was not asked for longest goes first.

    ``stamp`` says what an answer was made from: another stamp, another answer. Many who ask for the same at once share
    the work, and the work goes on if the one who began it leaves.
    """

    most: int = MOST_BYTES
    clock: Callable[[], float] = time.monotonic
    _kept: OrderedDict[str, KeptAnswer] = field(default_factory=OrderedDict)
    _size: int = 0
    _making: dict[tuple[str, str], asyncio.Task[PreparedAnswer]] = field(default_factory=dict)

    def find(self, key: str, stamp: str) -> PreparedAnswer | None:
        """Return the answer for an address, if it was made from this."""
        kept = self._kept.get(key)
        if kept is None or kept.stamp != stamp:
            return None
        self._kept.move_to_end(key)
        return kept.answer

    def last(self, key: str) -> KeptAnswer | None:
        """Return the answer for an address, whatever it was made from: for when no other can be made."""
        return self._kept.get(key)

    async def made(self, key: str, stamp: str, make: Callable[[], Awaitable[PreparedAnswer]]) -> PreparedAnswer:
        """Make an answer and keep it, or wait for whoever makes the same one. Raises what making it raises."""
        task = self._making.get((key, stamp))
        if task is None:
            task = asyncio.create_task(self._make(key, stamp, make), name=f"page {key[:40]}")
            self._making[key, stamp] = task
            task.add_done_callback(lambda _: self._making.pop((key, stamp), None))
        return await asyncio.shield(task)

    async def _make(self, key: str, stamp: str, make: Callable[[], Awaitable[PreparedAnswer]]) -> PreparedAnswer:
        answer = await make()
        self._keep(key, stamp, answer)
        return answer

    def _keep(self, key: str, stamp: str, answer: PreparedAnswer) -> None:
        if not answer.lasting or len(key) > LONGEST_KEY or answer.size > self.most // 4:
            return
        self._forget(key)
        self._kept[key] = KeptAnswer(stamp, answer, self.clock())
        self._size += answer.size
        while self._size > self.most:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: str) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._size -= kept.answer.size
