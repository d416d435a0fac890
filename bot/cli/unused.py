"""Imports without what other libraries import only where it is installed, and a command makes no use of."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

OF_THE_BOT = ("click", "rich", "pygments", "nacl")
"""With the first three structlog and httpx draw on terminals, with the last discord.py speaks; together 7 MiB."""


@contextmanager
def as_if_not_installed(*libraries: str) -> Iterator[None]:
    """Let what the block imports do without libraries; they can be imported afterwards.

    One that is imported already stays what it is.
    """
    absent = [name for name in libraries if name not in sys.modules]
    # None is Python's own way to say of a module that it cannot be found.
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # typeshed does not know it
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]
