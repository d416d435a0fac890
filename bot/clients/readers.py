"""The threads in which answers of an index are read and judged."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

_T = TypeVar("_T")


def _open_threads() -> Executor:
    """Open the threads: with the GIL one, as more would only wait for each other."""
    gil_enabled = getattr(sys, "_is_gil_enabled", None)  # since Python 3.13
    one = gil_enabled is None or gil_enabled()
    return ThreadPoolExecutor(1 if one else os.cpu_count(), thread_name_prefix="reader")


@dataclass(frozen=True, slots=True)
class Readers:
    """Does work that takes time where it holds up nobody but other readers."""

    threads: Executor = field(default_factory=_open_threads)

    async def aside(self, work: Callable[[], _T]) -> _T:
        """Do work in a thread, and return what it gives.

        How much time is nothing that the size of an answer tells: a few bytes of gzip are many, and a few files may be
        hard to judge.
        """
        return await asyncio.get_running_loop().run_in_executor(self.threads, work)
