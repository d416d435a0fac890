"""Waiting until something has happened in a fake, without polling and with a failure that says what was missing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.patience import at_most


@dataclass(slots=True, eq=False)
class Changes:
    """Says that a fake's state has changed, to all who wait for some state of it."""

    _event: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self) -> None:
        """Say that something has changed."""
        self._event.set()

    async def until(self, reached: Callable[[], bool], state: Callable[[], str], seconds: float) -> None:
        """Wait until ``reached`` holds; after that many seconds fail with the ``state`` it stopped in."""
        try:
            async with asyncio.timeout(at_most(seconds)):
                while not reached():
                    self._event.clear()
                    await self._event.wait()
        except TimeoutError:
            raise AssertionError(f"not reached within {seconds} s: {state()}") from None
