"""The end of the process: from a signal on it is a matter of seconds, whatever hangs.

Every step has until so many seconds after the beginning, so that no two that hang add up. What is not over by then is
left behind: nothing that the bot does needs to be finished, as everything is written down before it is done. What even
so keeps the process, such as a thread that waits for a name server or a disk, keeps it until the last resort: a thread
that waits for signals by itself, so that nothing the event loop's thread hangs in keeps it from ending the process.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType
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
    _signalled: bool = False
    _loop: asyncio.AbstractEventLoop | None = None

    def heed(self, *numbers: signal.Signals) -> None:
        """Take these signals as asking for the end from now on, until the process is over; more of them change nothing.

        To be called in the main thread, before the event loop is there: one that comes earlier counts, too.
        """
        heard, told = os.pipe()
        os.set_blocking(told, False)
        signal.set_wakeup_fd(told, warn_on_full_buffer=False)  # the interpreter's own handler writes, wherever it is
        for number in numbers:
            signal.signal(number, _do_nothing)
        # In the very last moments the interpreter gives handlers up, but not what it was told to ignore.
        atexit.register(_ignore, numbers)
        waiting = threading.Thread(target=self._wait, args=(heard, bytes(numbers)), name="last resort", daemon=True)
        waiting.start()

    def tell(self) -> None:
        """Set ``asked`` in the running event loop, as soon as a signal comes or because one came."""
        self._loop = asyncio.get_running_loop()
        if self._signalled:
            self.asked.set()

    def left(self, mark: float) -> float:
        """Return the seconds until so many after the beginning, which is now at the latest."""
        now = time.monotonic()
        self._began = now if self._began is None else self._began
        return max(0.0, self._began + mark - now)

    async def unless_asked(self, name: str, mark: float, work: Coroutine[None, None, _T]) -> _T | None:
        """Do something; None as soon as the process shall end. It is cancelled then, and has until a mark to close."""
        task = asyncio.create_task(work, name=name)
        asking = asyncio.create_task(self.asked.wait())
        await asyncio.wait({task, asking}, return_when=asyncio.FIRST_COMPLETED)
        asking.cancel()
        if task.done():
            return task.result()
        task.cancel()
        await asyncio.wait({task}, timeout=self.left(mark))
        if not task.done():
            _leave_behind(name)
        elif not task.cancelled() and (failure := task.exception()) is not None:
            log.info("given_up", what=name, reason=str(failure))
        return None

    async def step(self, name: str, mark: float, work: Coroutine[None, None, None]) -> None:
        """Do something before the process ends, until a mark; what is not done by then is cancelled and left behind."""
        task = asyncio.create_task(work, name=name)
        done, _ = await asyncio.wait({task}, timeout=self.left(mark))
        if done:
            task.result()
        else:
            task.cancel()
            _leave_behind(name)

    @asynccontextmanager
    async def holding(self, name: str, mark: float, context: AbstractAsyncContextManager[_T]) -> AsyncIterator[_T]:
        """Hold something while the block runs, then close it as a step."""
        held = await context.__aenter__()
        try:
            yield held
        finally:
            await self.step(name, mark, _close(context))

    def _wait(self, heard: int, numbers: bytes) -> None:
        """Wait for a signal, say so, and end the process if it is still there so many seconds later."""
        while os.read(heard, 1) not in {bytes([number]) for number in numbers}:
            pass
        self.left(0)
        self._signalled = True
        if self._loop is not None:
            with suppress(RuntimeError):  # it is closed
                self._loop.call_soon_threadsafe(self.asked.set)
        time.sleep(self.last_resort)
        saying = threading.Thread(target=_say_what_is_left, daemon=True)
        saying.start()
        saying.join(_LAST_WORDS)
        os._exit(0)


def flush_logs() -> None:
    """Wait until what was logged is written, as long as whatever writes it is willing to."""
    for handler in logging.getLogger().handlers:
        handler.flush()


async def _close(context: AbstractAsyncContextManager[object]) -> None:
    await context.__aexit__(None, None, None)


def _leave_behind(name: str) -> None:
    log.warning("left_behind", what=name)
    threading.excepthook = _note  # its thread may find that nobody waits for it any more


def _note(failure: threading.ExceptHookArgs) -> None:
    """Return in a line how a thread ended that was left behind."""
    name = None if failure.thread is None else failure.thread.name
    log.info("thread_ended", thread=name, reason=f"{failure.exc_type.__name__}: {failure.exc_value}")


def _do_nothing(_number: int, _frame: FrameType | None) -> None:
    """Stand in for a handler: a signal without one would end the process at once, and wake nobody."""


def _ignore(numbers: Iterable[signal.Signals]) -> None:
    for number in numbers:
        signal.signal(number, signal.SIG_IGN)


def _say_what_is_left() -> None:
    keeping = [thread.name for thread in threading.enumerate() if not thread.daemon]
    log.warning("left_at_once", threads=keeping)
    flush_logs()
