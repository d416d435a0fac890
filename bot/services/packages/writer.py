"""Stores readings behind the answers: no answer waits for the database, and none depends on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.core.errors import StorageError
from bot.core.verdicts.freshness import Reading
from bot.loggers import get_logger
from storage.packages.statuses import Statuses

CLOSING_SECONDS = 1.0
"""How long the end waits for what is under way, as long as nothing of it gets on."""

_MOST_UNWRITTEN = 1_000
"""Readings that wait for the database; each takes up to some megabytes, and a locked database takes none."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Unwritten:
    """A reading that is to be stored; ``whole`` unless only its time is new."""

    reading: Reading
    whole: bool


@dataclass(frozen=True, slots=True)
class ReadingWriter:
    """The last reading of each package: stored in the background, by one writer a package, so in order.

    ``stored`` is told of each package of which something new is stored.
    """

    statuses: Statuses
    stored: Callable[[str], None] = lambda _package: None
    _unwritten: dict[str, _Unwritten] = field(default_factory=dict)
    _writers: set[asyncio.Task[object]] = field(default_factory=set)

    async def latest(self, name: str) -> Reading | None:
        """Return what is stored of a package, or is about to be. Raises ``StorageError``."""
        unwritten = self._unwritten.get(name)
        return await self.statuses.latest(name) if unwritten is None else unwritten.reading

    def keep(self, reading: Reading, *, whole: bool = True) -> None:
        """Store a reading soon; where not ``whole``, only its time is new."""
        name = reading.project.name
        earlier = self._unwritten.get(name)
        if earlier is None and len(self._unwritten) >= _MOST_UNWRITTEN:
            log.warning("storage_failed", package=name, reason="The database does not keep up; this is not stored.")
            return
        self._unwritten[name] = _Unwritten(reading, whole or (earlier is not None and earlier.whole))
        if earlier is None:
            writer: asyncio.Task[object] = asyncio.create_task(self._write(name), name=f"write {name}")
            self._writers.add(writer)
            writer.add_done_callback(self._writers.discard)

    async def aclose(self) -> None:
        """Store what is to be stored while that gets on, then give the rest up."""
        written: set[asyncio.Task[object]] = set(self._writers)
        while self._writers and written:
            written, _ = await asyncio.wait(self._writers, timeout=CLOSING_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        await end(self._writers)

    async def _write(self, name: str) -> None:
        """Store what is unwritten of a package until nothing newer came meanwhile."""
        written = None
        try:
            while (unwritten := self._unwritten[name]) is not written:
                try:
                    if unwritten.whole:
                        await self.statuses.record(unwritten.reading)
                        self.stored(name)
                    else:
                        await self.statuses.confirm(name, unwritten.reading.checked)
                except StorageError as error:
                    log.warning("storage_failed", package=name, reason=str(error))
                written = unwritten
        finally:
            del self._unwritten[name]


async def end(tasks: set[asyncio.Task[object]]) -> None:
    """Cancel tasks and see them end."""
    late = tuple(tasks)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
