"""The scans of the tracked packages: what each found to be tracked, and what it could not read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import msgspec

from bot.core.errors import ScannedElsewhereError
from storage.engine.engine import Engine
from storage.engine.positions import move_on
from storage.engine.rows import read_time

_decode_tracked = msgspec.json.Decoder(list[tuple[str, int | None]]).decode
_decode_failed = msgspec.json.Decoder(dict[str, str]).decode


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan that ended: the tracked packages, each with its place among the most downloaded, and why others failed.

    ``wanted`` is how many packages it was asked to find.
    """

    started: datetime
    ended: datetime
    tracked: tuple[tuple[str, int | None], ...]
    failed: Mapping[str, str]
    wanted: int | None = None


@dataclass(frozen=True, slots=True)
class Scans:
    """One row a scan."""

    database: Engine

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Be the only one that scans while the block runs; ``ScannedElsewhereError`` where somebody else is."""
        async with self.database.turn("scan") as taken:
            if not taken:
                raise ScannedElsewhereError(
                    f"Another process scans into the database {self.database.name}. Wait until it has ended."
                )
            yield

    async def begin(self, now: datetime, resumable_since: datetime) -> int:
        """Begin a scan, or take up the last one if it was interrupted since a time; gives its id."""
        async with self.database.transaction() as transaction:
            await move_on(transaction, "scans")
            rows = await transaction.run(
                "SELECT id FROM scans WHERE ended IS NULL AND started >= ? AND started <= ? ORDER BY id DESC LIMIT 1",
                (resumable_since.timestamp(), now.timestamp()),
            )
            if not rows:
                rows = await transaction.run("INSERT INTO scans (started) VALUES (?) RETURNING id", (now.timestamp(),))
        number = rows[0][0]
        return number if isinstance(number, int) else 0

    async def end(
        self,
        scan: int,
        now: datetime,
        tracked: Sequence[tuple[str, int | None]],
        failed: Mapping[str, str],
        wanted: int | None = None,
    ) -> None:
        """Note the end of a scan, what it found, and how many packages it was asked to find."""
        async with self.database.transaction() as transaction:
            await transaction.run(
                "UPDATE scans SET ended = ?, tracked = ?, failed = ?, wanted = ? WHERE id = ?",
                (
                    now.timestamp(),
                    msgspec.json.encode(tracked).decode(),
                    msgspec.json.encode(failed).decode(),
                    wanted,
                    scan,
                ),
            )

    async def last_end(self) -> datetime | None:
        """Return when the last scan ended, None if none did."""
        rows = await self.database.read("SELECT MAX(ended) FROM scans")
        return read_time(rows[0][0])

    async def latest(self) -> Scan | None:
        """Return the last scan that ended, None if there was none."""
        rows = await self.database.read(
            "SELECT started, ended, tracked, failed, wanted FROM scans"
            " WHERE id = (SELECT MAX(id) FROM scans WHERE ended IS NOT NULL)"
        )
        if not rows:
            return None
        started, ended, tracked, failed, wanted = rows[0]
        begun, over = read_time(started), read_time(ended)
        if begun is None or over is None or not isinstance(tracked, str) or not isinstance(failed, str):
            return None
        try:
            found, missed = tuple(_decode_tracked(tracked)), _decode_failed(failed)
            return Scan(begun, over, found, missed, wanted if isinstance(wanted, int) else None)
        except msgspec.MsgspecError:
            return None
