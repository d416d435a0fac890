"""The last reading of every package's page, so that a restart is warm and an unreachable index is no blank."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Protocol, TypeVar

import msgspec

from bot.core.index.metadata import Metadata
from bot.core.index.simple_api import Project, pack, unpack
from bot.core.verdicts.freshness import Newest, Reading, newest_of
from storage.engine.engine import Engine

_decode_metadata = msgspec.json.Decoder(Metadata).decode


_T = TypeVar("_T")


class Packing(Protocol):
    """Where pages are packed and unpacked, which takes time."""

    async def aside(self, work: Callable[[], _T]) -> _T:
        """Do work in a thread, and return what it gives."""


class _AnyThread:
    """Any thread: each that works keeps memory of the size of what it worked on."""

    async def aside(self, work: Callable[[], _T]) -> _T:
        return await asyncio.to_thread(work)


_ANY_THREAD = _AnyThread()


@dataclass(frozen=True, slots=True)
class Statuses:
    """One row a package: its last reading, from the index at the URL ``index``; those of other indexes do not count."""

    database: Engine
    index: str = ""
    packing: Packing = _ANY_THREAD

    async def latest(self, package: str) -> Reading | None:
        """Return the last reading of a package, None if there is none or it cannot be read any more."""
        rows = await self.database.read(
            "SELECT checked, etag, page, metadata FROM statuses WHERE package = ? AND index_url = ?",
            (package, self.index),
        )
        if not rows:
            return None
        checked, etag, page, metadata = rows[0]
        if not isinstance(checked, float) or not isinstance(page, bytes):
            return None
        try:
            time = datetime.fromtimestamp(checked, UTC)
            project, newest = await self.packing.aside(partial(_unpack, package, page))
            claims = _decode_metadata(metadata) if isinstance(metadata, str) else None
        except (ValueError, OverflowError, OSError, msgspec.MsgspecError):  # three of them about the time
            return None
        if isinstance(metadata, str) and '"requires"' not in metadata:
            claims = None  # it is from before that was kept, and is read anew
        return Reading(project, newest, time, etag if isinstance(etag, str) else None, claims)

    async def record(self, reading: Reading) -> None:
        """Keep a reading in place of the package's last one; an older reading never replaces a newer one of this index.

        One that is newer by more than an hour was dated by a clock that was wrong.
        """
        page = await self.packing.aside(partial(pack, reading.project))
        metadata = None if reading.metadata is None else msgspec.json.encode(reading.metadata).decode()
        async with self.database.transaction() as transaction:
            await transaction.run(
                "INSERT INTO statuses (package, index_url, checked, etag, page, metadata) VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (package) DO UPDATE SET index_url = excluded.index_url, checked = excluded.checked,"
                " etag = excluded.etag, page = excluded.page, metadata = excluded.metadata"
                " WHERE statuses.index_url <> excluded.index_url OR statuses.checked <= excluded.checked"
                " OR statuses.checked > excluded.checked + 3600",
                (reading.project.name, self.index, reading.checked.timestamp(), reading.etag, page, metadata),
            )

    async def confirm(self, package: str, checked: datetime) -> None:
        """Note that the index was asked again and nothing had changed."""
        async with self.database.transaction() as transaction:
            await transaction.run(
                "UPDATE statuses SET checked = ? WHERE package = ? AND index_url = ? AND checked < ?",
                (checked.timestamp(), package, self.index, checked.timestamp()),
            )


def _unpack(package: str, page: bytes) -> tuple[Project, Newest | None]:
    project = unpack(package, page)
    return project, newest_of(project)
