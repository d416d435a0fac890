"""Notes that threads were answered by wheels, a release and a Python once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.core.upstream.threads import Cursor, ThreadEvent
from storage.github.cursors import Cursors, answer_name
from storage.github.threads import Threads


@dataclass(frozen=True, slots=True)
class Answers:
    """Keeps which threads were told of which wheels, with the event that tells people of it."""

    threads: Threads
    cursors: Cursors

    async def is_noted(self, event: ThreadEvent) -> bool:
        """Return whether it was."""
        return await self.cursors.get(_name(event)) is not None

    async def note(self, event: ThreadEvent, now: datetime) -> None:
        """Note an event, unless it was."""
        if not await self.is_noted(event):
            await self.threads.record((), (event,), (Cursor(_name(event), checked=now),), now)


def _name(event: ThreadEvent) -> str:
    return f"{answer_name(event.node_id)}{event.detail}"
