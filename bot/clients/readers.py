"""Where answers of an index are read and judged: in threads beside the event loop, or, where nobody waits, in it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

_T = TypeVar("_T")


def _takes_turns() -> bool:
    """Return whether threads take turns, as they do with the GIL."""
    gil_enabled = getattr(sys, "_is_gil_enabled", None)  # since Python 3.13
    return gil_enabled is None or bool(gil_enabled())


def _open_threads() -> Executor:
    """Open the threads: one where they take turns, as more would only wait for each other."""
    return ThreadPoolExecutor(1 if _takes_turns() else os.cpu_count(), thread_name_prefix="reader")


@dataclass(frozen=True, slots=True)
class Readers:
    """Does work that takes time where it holds up nobody but other readers; without ``threads``, where it stands."""

    threads: Executor | None = field(default_factory=_open_threads)

    async def aside(self, work: Callable[[], _T]) -> _T:
        """Do work, and return what it gives.

        How much time is nothing that the size of an answer tells: a few bytes of gzip are many, and a few files may be
        hard to judge.
        """
        if self.threads is None:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self.threads, work)


def alone() -> Readers:
    """Return how a process reads that does nothing else: a thread that took turns with its event loop would only cost.

    Without the GIL it reads on all processors.
    """
    return Readers(None) if _takes_turns() else Readers()
