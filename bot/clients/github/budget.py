"""How many requests GitHub still answers, by what it says with every answer."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

_RESOURCE, _LEFT, _LIMIT, _RESET = (
    "x-ratelimit-resource",
    "x-ratelimit-remaining",
    "x-ratelimit-limit",
    "x-ratelimit-reset",
)
_LONGEST_RESOURCE = 40
_MOST_WINDOWS = 1_000


@dataclass(frozen=True, slots=True)
class Budget:
    """What is left of so many requests until a window ends."""

    left: int
    limit: int


@dataclass(frozen=True, slots=True)
class Budgets:
    """The budgets of one credential, by resource: `core`, `graphql`, `search`.

    Each installation of an App has one of its own; GitHub does not say whose an answer speaks of, but their windows end
    at different times. Requests are sent by one thread, and asked about in another.
    """

    _windows: dict[tuple[str, int], Budget] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, headers: Mapping[str, str]) -> None:
        """Take in what an answer says, by the lower-case names of its headers; most say something, and some nothing."""
        numbers = [headers.get(name, "").strip() for name in (_LEFT, _LIMIT, _RESET)]
        resource = headers.get(_RESOURCE, "core")
        if not all(number.isascii() and number.isdigit() and len(number) < 12 for number in numbers):  # noqa: PLR2004 — digits of a time
            return
        left, limit, reset = map(int, numbers)
        with self._lock:
            self._windows.pop((resource[:_LONGEST_RESOURCE], reset), None)
            self._windows[resource[:_LONGEST_RESOURCE], reset] = Budget(left, limit)
            if len(self._windows) > _MOST_WINDOWS:
                del self._windows[next(iter(self._windows))]

    def now(self, moment: float) -> dict[str, Budget]:
        """Return what is left by resource at a moment (seconds since 1970), the least where there are several budgets.

        Once a window is over the whole of it is left.
        """
        found: dict[str, Budget] = {}
        with self._lock:
            windows = tuple(self._windows.items())
        for (resource, reset), known in sorted(windows, key=lambda window: window[0]):
            budget = known if moment < reset else Budget(known.limit, known.limit)
            least = found.get(resource, budget)
            found[resource] = min(least, budget, key=lambda each: each.left)
        return found
