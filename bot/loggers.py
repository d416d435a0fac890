"""Loggers of structlog that import it with their first line: a command that answers at once has seldom one to write.

Importing it takes longer than such a command's own work. Whoever imports a library that logs by it says so first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import structlog

_set_ups: list[Callable[[], None]] = []


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return a logger, for modules that such commands import; all others ask structlog for theirs."""
    return cast("structlog.stdlib.BoundLogger", _Logger(name))


def set_up_later(set_up: Callable[[], None] | None) -> None:
    """Have logs set up when they are needed; with None they are, or never will be."""
    _set_ups[:] = () if set_up is None else (set_up,)


def set_up_now() -> None:
    """Set logs up if that was put off: structlog is about to be imported."""
    while _set_ups:
        _set_ups.pop()()


class _Logger:
    """What a logger does is looked up each time: by then it may be set up in another way."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, method: str) -> object:
        import structlog  # noqa: PLC0415 — the point of this module

        set_up_now()
        return getattr(structlog.get_logger(self._name), method)
