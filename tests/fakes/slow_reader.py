"""Stands in for the threads that read pages, on a machine so busy that pages wait for long."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, Future
from contextlib import asynccontextmanager
from functools import partial
from typing import ParamSpec, TypeVar

from bot.core.errors import UpstreamError
from tests.fakes.fake_index import FakeIndex

_P = ParamSpec("_P")
_T = TypeVar("_T")

_STILL = 1_000
"""Turns of the event loop without an answer of the index: nothing goes on but what waits to be read."""


class SlowReader(Executor):
    """Reads the page that waits longest once the index has answered ``every`` more requests, or when all is still."""

    def __init__(self, index: FakeIndex, every: int | None = None) -> None:
        self._index = index
        self._every = every
        self._waiting: deque[Callable[[], None]] = deque()

    def submit(self, work: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """Let a page wait."""
        future: Future[_T] = Future()
        self._waiting.append(partial(_read, future, partial(work, *args, **kwargs)))
        return future

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """Read while the block runs."""
        task = asyncio.create_task(self._read())
        try:
            yield
        finally:
            task.cancel()

    async def _read(self) -> None:
        while True:
            await self._until_time()
            if self._waiting:
                self._waiting.popleft()()

    async def _until_time(self) -> None:
        first = last = len(self._index.requests)
        turns = 0
        while turns < _STILL and (self._every is None or last < first + self._every):
            await asyncio.sleep(0)
            turns = turns + 1 if len(self._index.requests) == last else 0
            last = len(self._index.requests)


def _read(future: Future[_T], work: Callable[[], _T]) -> None:
    try:
        future.set_result(work())
    except UpstreamError as error:
        future.set_exception(error)
