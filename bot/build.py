"""Which program this is, and on which Python it runs."""

from __future__ import annotations

import sys
from functools import cache
from importlib import metadata


@cache
def version() -> str:
    """Return the version of the program as installed; reads files, once."""
    return metadata.version("ftbot")


def python_build() -> str:
    """Return which Python the program runs on, and whether that has the GIL on now."""
    gil_enabled = getattr(sys, "_is_gil_enabled", None)  # since Python 3.13
    build = "with the GIL" if gil_enabled is None or gil_enabled() else "free-threaded"
    return f"Python {sys.version.split()[0]}, {build}"
