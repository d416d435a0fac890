"""What is watched and what was noticed, for ``ftbot upstream``: read from storage, asking nobody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.core.upstream.report import FinishedRound, PollReport, WatchedSource, WatchOverview, source_cursors
from bot.core.upstream.threads import Sources
from storage.github.cursors import Cursors
from storage.github.thread_events import ThreadEvents
from storage.github.threads import Threads


@dataclass(frozen=True, slots=True)
class Watchlist:
    """Tells what is watched."""

    threads: Threads
    events: ThreadEvents
    cursors: Cursors
    sources: Sources

    async def overview(self) -> WatchOverview:
        """List the sources and the threads."""
        checked = {cursor.name: cursor.checked for cursor in await self.cursors.all()}
        return WatchOverview(
            sources=tuple(
                WatchedSource(name, origin, checked.get(cursor))
                for name, origin, cursor in source_cursors(self.sources)
            ),
            threads=await self.threads.watched(),
        )

    async def poll(self, look: Callable[[], Awaitable[PollReport]]) -> FinishedRound:
        """Look once at everything, and tell what is new since."""
        newest = await self.events.newest()
        report = await look()
        events = tuple(event for _, event in await self.events.numbered_after(newest))
        return FinishedRound(report, events, await self.overview())
