"""The end of the process: from a signal on it is a matter of seconds, whatever hangs.

Every step has until so many seconds after the beginning, so that no two that hang add up. What is not over by then is
left behind: nothing that the bot does needs to be finished, as everything is written down before it is done. What even
so keeps the process, such as a thread that waits for a name server or a disk, keeps it until the last resort.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import structlog

LAST_RESORT = 8.5
"""Seconds after a signal at which the process ends in any case."""

_LAST_WORDS = 0.5
"""Seconds in which the log may take a line: what it is written to may hang, too."""

_T = TypeVar("_T")

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(slots=True)
class Ending:
    """When the process shall end; ``asked`` is set by then. Times are seconds after it was asked to."""

    last_resort: float = LAST_RESORT
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    _began: float | None = None

    def ask(self) -> None:
        """Ask for the end, as a signal does; asking again changes nothing."""
        if not self.asked.is_set():
            self.asked.set()
            self.left(0)
            threading.Thread(target=_leave, args=(self.last_resort,), name="last resort", daemon=True).start()

    def left(self, mark: float) -> float:
        """Give the seconds until so many after the beginning, which is now at the latest."""
        now = asyncio.get_running_loop().time()
        self._began = now if self._began is None else self._began
        return max(0.0, self._began + mark - now)

    async def step(self, name: str, mark: float, work: Coroutine[None, None, None]) -> None:
        """Do something before the process ends, until a mark; what is not done by then is cancelled and left behind."""
        task = asyncio.create_task(work, name=name)
        done, _ = await asyncio.wait({task}, timeout=self.left(mark))
        if done:
            task.result()
        else:
            task.cancel()
            log.warning("left_behind", what=name)
            threading.excepthook = _note  # its thread may find that nobody waits for it any more

    @asynccontextmanager
    async def holding(self, name: str, mark: float, context: AbstractAsyncContextManager[_T]) -> AsyncIterator[_T]:
        """Hold something while the block runs, then close it as a step."""
        held = await context.__aenter__()
        try:
            yield held
        finally:
            await self.step(name, mark, _close(context))


async def _close(context: AbstractAsyncContextManager[object]) -> None:
    await context.__aexit__(None, None, None)


def _note(failure: threading.ExceptHookArgs) -> None:
    """Say in a line how a thread ended that was left behind."""
    name = None if failure.thread is None else failure.thread.name
    log.info("thread_ended", thread=name, reason=f"{failure.exc_type.__name__}: {failure.exc_value}")


def _leave(seconds: float) -> None:
    """End the process at once, if it is still there after so many seconds; runs in a thread of its own."""
    time.sleep(seconds)
    keeping = [thread.name for thread in threading.enumerate() if not thread.daemon]
    saying = threading.Thread(target=log.warning, args=("left_at_once",), kwargs={"threads": keeping}, daemon=True)
    saying.start()
    saying.join(_LAST_WORDS)
    os._exit(0)
