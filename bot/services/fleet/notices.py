"""What processes on one database tell each other, so that none goes on with what another has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum

import structlog

from bot.core.errors import StorageError
from storage.engine.engine import Engine

_LONGEST = 1_000
_MOST_WAITING = 1_000

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class NoticeTopic(StrEnum):
    """What a notice is about."""

    STATUS = "status"  # of a package, by its normalized name
    TRACKING = "tracking"  # which threads track packages
    TRIAGE = "triage"  # there is something in the inbox or the outbox


Handler = Callable[[str], Awaitable[None]]
"""Called with what the notice names, empty for everything that it might."""


@dataclass(slots=True)
class Notices:
    """Tells, and hands on what it hears; handlers must take a notice that comes twice, late, or never.

    All that is told is found out without it, too.
    """

    database: Engine
    handlers: dict[NoticeTopic, Handler] = field(default_factory=dict)
    _waiting: set[str] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def tell(self, topic: NoticeTopic, about: str = "") -> None:
        """Tell all others soon; what is about to be told is not told twice."""
        notice = f"{topic.value} {about}"
        if not self.database.is_shared or len(notice) > _LONGEST or notice in self._waiting:
            return
        if len(self._waiting) < _MOST_WAITING:
            self._waiting.add(notice)
            self._begin(self._tell(notice))

    def listening(self) -> AbstractAsyncContextManager[None]:
        """Hand on what others tell while the block runs."""
        return self.database.listening(self._hear)

    async def _tell(self, notice: str) -> None:
        self._waiting.discard(notice)  # what changes from now on is another notice
        try:
            await self.database.tell(notice)
        except StorageError as error:
            log.warning("storage_failed", reason=str(error))

    def _hear(self, notice: str | None) -> None:
        if notice is None:  # something may have been missed
            for topic in self.handlers:
                self._begin(self._handle(topic, ""))
            return
        word, _, about = notice.partition(" ")
        for topic in self.handlers:
            if topic.value == word:
                self._begin(self._handle(topic, about))

    async def _handle(self, topic: NoticeTopic, about: str) -> None:
        try:
            await self.handlers[topic](about)
        except Exception:
            log.exception("notice_not_taken", topic=topic.value)

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class Wake(asyncio.Event):
    """An event of which the other processes are told when it is set here."""

    def __init__(self, tell: Callable[[], None]) -> None:
        super().__init__()
        self._tell = tell

    def set(self) -> None:
        """Wake who waits, here and elsewhere."""
        super().set()
        self._tell()

    async def heard(self, _about: str) -> None:
        """Wake who waits here."""
        super().set()
