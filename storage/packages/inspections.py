"""What was read in wheels, one row a file: for good, as a file never changes, and by the version of the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from packaging.version import Version

from bot.core.inspection.inspection import Inspection, ReadWheel
from bot.core.inspection.modules import RULES
from storage.engine.batches import read_among
from storage.engine.engine import Engine
from storage.engine.rows import read_time

_decode = msgspec.json.Decoder(Inspection).decode


@dataclass(frozen=True, slots=True)
class Inspections:
    """Rows written by other rules than today's count as if they were not there."""

    database: Engine

    async def get(self, sha256: str) -> Inspection | None:
        """Return what was read in a file, None where it was not."""
        rows = await self.database.read("SELECT body FROM inspections WHERE sha256 = ? AND rules = ?", (sha256, RULES))
        return None if not rows else _inspection(rows[0][0])

    async def of_package(self, package: str, version: Version) -> dict[str, Inspection]:
        """Return what was read in the wheels of a release (normalized name), by file name."""
        rows = await self.database.read(
            "SELECT body FROM inspections WHERE package = ? AND version = ? AND rules = ? ORDER BY read",
            (package, str(version), RULES),
        )
        found = [inspection for (body,) in rows if (inspection := _inspection(body)) is not None]
        return {inspection.wheel: inspection for inspection in found}

    async def of_packages(self, packages: Sequence[str]) -> list[ReadWheel]:
        """Return what was read in any release of these packages, in any order."""
        found: list[ReadWheel] = []
        statement = "SELECT package, version, body, read FROM inspections WHERE rules = ? AND package IN ({places})"
        async for package, version, body, read in read_among(self.database, statement, packages, (RULES,)):
            inspection, time = _inspection(body), read_time(read)
            if inspection is not None and time is not None:
                found.append(ReadWheel(str(package), Version(str(version)), inspection, time))
        return found

    async def packages_read_since(self, time: datetime) -> tuple[str, ...]:
        """List the packages in whose wheels something was read since a time."""
        rows = await self.database.read(
            "SELECT DISTINCT package FROM inspections WHERE read >= ? AND rules = ?", (time.timestamp(), RULES)
        )
        return tuple(str(package) for (package,) in rows)

    async def known(self, wheels: Sequence[str]) -> set[str]:
        """Return which of these wheels were read, by file name."""
        statement = "SELECT wheel FROM inspections WHERE rules = ? AND wheel IN ({places})"
        return {str(wheel) async for (wheel,) in read_among(self.database, statement, wheels, (RULES,))}

    async def last_read(self) -> datetime | None:
        """Return when a wheel was read last, None where none was."""
        rows = await self.database.read("SELECT MAX(read) FROM inspections")
        return read_time(rows[0][0])

    async def marks(self) -> dict[str, str]:
        """Return for each package of which a wheel was read what is another text where more was read of it."""
        rows = await self.database.read(
            "SELECT package, COUNT(*), MAX(read) FROM inspections WHERE rules = ? GROUP BY package", (RULES,)
        )
        return {str(package): f"{count!r} {read!r}" for package, count, read in rows}

    async def fetched_since(self, time: datetime) -> int:
        """Return how many bytes of wheels were read since a time."""
        rows = await self.database.read(
            "SELECT COALESCE(SUM(fetched), 0) FROM inspections WHERE read >= ?", (time.timestamp(),)
        )
        return rows[0][0] if isinstance(rows[0][0], int) else 0

    async def record(self, package: str, version: Version, inspection: Inspection, read: datetime) -> None:
        """Keep what was read in a file, in place of what other rules read in it; one without a hash is not kept."""
        if inspection.sha256 is None:
            return
        body = msgspec.json.encode(inspection).decode()
        values = (
            inspection.sha256,
            package,
            str(version),
            inspection.wheel,
            RULES,
            read.timestamp(),
            inspection.bytes_read,
            body,
        )
        async with self.database.transaction() as transaction:
            await transaction.run(
                "INSERT INTO inspections (sha256, package, version, wheel, rules, read, fetched, body)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sha256) DO UPDATE SET rules = excluded.rules,"
                " read = excluded.read, fetched = excluded.fetched, body = excluded.body",
                values,
            )


def _inspection(body: object) -> Inspection | None:
    """Read a row's body; one that a later version wrote in another form is as good as none."""
    try:
        return _decode(body) if isinstance(body, str | bytes) else None
    except msgspec.MsgspecError:
        return None
