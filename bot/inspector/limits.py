"""What the process that reads machine code may use, where the system can limit it (not on Windows)."""

from __future__ import annotations

import sys
from contextlib import suppress

if sys.platform != "win32":
    import resource

_FILES = 64
"""Open files: libraries are loaded by now or soon, and nothing else is opened."""

_SPARE = 256 << 20
"""Bytes of address space beside what a module takes: the libraries, and what they reserve and never touch."""

_TIMES_MODULE = 6
"""How often a module may stand in memory at once: as it was sent, inflated, and as the libraries see it."""

_SECONDS = 20
"""Seconds of CPU for one module; the largest seen takes one."""


def lower_limits() -> None:
    """Write no file, open few, leave no core dump."""
    if sys.platform == "win32":
        return
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, 0)
    _lower(resource.RLIMIT_NOFILE, _FILES)


def limit_for(size: int) -> None:
    """Limit memory and time for a module of so many bytes, inflated; beyond, the system ends what goes on."""
    if sys.platform == "win32":
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + _SECONDS
    _soften(resource.RLIMIT_CPU, seconds)
    _soften(resource.RLIMIT_AS, _address_space() + _SPARE + _TIMES_MODULE * size)


def _address_space() -> int:
    """Return the bytes of address space in use, as far as the system tells."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 — no library for one line
            return int(statm.read().split()[0]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return 1 << 30


def _lower(which: int, limit: int) -> None:
    with suppress(OSError, ValueError):
        resource.setrlimit(which, (limit, limit))


def _soften(which: int, limit: int) -> None:
    with suppress(OSError, ValueError):
        hard = resource.getrlimit(which)[1]
        resource.setrlimit(which, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
