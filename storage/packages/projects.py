"""What scans concluded of each project, and when it is due again."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from bot.core.history.scan import Conclusion, PrereleaseWheels, due
from bot.core.history.timelines import Timeline
from bot.core.verdicts.kept import Kept
from storage.engine.batches import read_among
from storage.engine.engine import Engine
from storage.engine.rows import Row, read_time

_decode_by_target = msgspec.json.Decoder(dict[str, str]).decode
_decode_prereleases = msgspec.json.Decoder(dict[str, PrereleaseWheels]).decode
_decode_timelines = msgspec.json.Decoder(dict[str, Timeline]).decode
_decode_kept = msgspec.json.Decoder(Kept).decode

_MARK = 12
"""Bytes that tell one state of a row from another."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a project before it is read again."""

    package: str
    native: bool
    due: datetime
    open_until: datetime | None
    scan: int
    etag: str | None
    serial: int | None
    native_until: datetime | None = None

    def is_native(self, now: datetime) -> bool:
        """Return whether it counts as native at a time."""
        return self.native and (self.native_until is None or now < self.native_until)


@dataclass(frozen=True, slots=True)
class Traced:
    """A package's timelines by target and when it was read; ``rejudged`` is when it last was by other rules."""

    package: str
    checked: datetime
    timelines: Mapping[str, Timeline]
    rejudged: datetime | None


@dataclass(frozen=True, slots=True)
class JudgedProject:
    """What was judged of a package, without what was read in its wheels, and when its page was read.

    ``wheels`` are the files that are read for what importing them does, by target as written.
    """

    package: str
    kept: Kept
    checked: datetime
    wheels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Projects:
    """One row a project that a scan read."""

    database: Engine

    async def known(self, rules: str) -> dict[str, Known]:
        """Return what is known of every project by these rules; timelines stay in the database."""
        rows = await self.database.read(
            "SELECT package, native, due, open_until, scan, etag, serial, native_until,"
            " wheels IS NOT NULL AND judgement IS NOT NULL FROM projects WHERE rules = ?",
            (rules,),
        )
        return {known.package: known for row in rows if (known := _known(row)) is not None}

    async def record(self, scan: int, now: datetime, readings: Iterable[tuple[Conclusion, str | None]]) -> None:
        """Keep conclusions with the ETags of their pages, all at once."""
        rows = [_row(scan, now, conclusion, etag) for conclusion, etag in readings]
        async with self.database.transaction() as transaction:
            await transaction.run_many(
                "INSERT INTO projects (package, scan, native, checked, due, open_until, rules, etag, serial,"
                " verdicts, timelines, native_until, wheels, judgement, prereleases)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (package) DO UPDATE SET scan = excluded.scan, native = excluded.native,"
                " checked = excluded.checked,"
                " due = excluded.due, open_until = excluded.open_until, rules = excluded.rules,"
                " etag = excluded.etag, serial = excluded.serial,"
                " verdicts = excluded.verdicts, timelines = excluded.timelines,"
                " native_until = excluded.native_until, wheels = excluded.wheels,"
                " judgement = excluded.judgement, prereleases = excluded.prereleases, rejudged = CASE WHEN"
                " projects.rules <> excluded.rules THEN projects.checked ELSE projects.rejudged END",
                rows,
            )

    async def confirm(self, scan: int, now: datetime, confirmed: Iterable[Known]) -> None:
        """Note that pages had not changed."""
        rows = [
            (
                scan,
                now.timestamp(),
                due(now, native=known.native, open_until=known.open_until).timestamp(),
                known.package,
            )
            for known in confirmed
        ]
        async with self.database.transaction() as transaction:
            await transaction.run_many("UPDATE projects SET scan = ?, checked = ?, due = ? WHERE package = ?", rows)

    async def timelines(self, packages: Sequence[str]) -> AsyncIterator[Traced]:
        """Return the packages' timelines, in any order; unknown ones are left out."""
        async for package, checked, timelines, rejudged in self._of(packages, "checked, timelines, rejudged"):
            time = read_time(checked)
            if not isinstance(timelines, str) or time is None:
                continue
            try:
                decoded = _decode_timelines(timelines)
            except msgspec.MsgspecError:
                continue
            yield Traced(str(package), time, decoded, read_time(rejudged))

    async def verdicts(self, packages: Sequence[str]) -> AsyncIterator[Mapping[str, str]]:
        """Return the packages' newest verdicts by target."""
        async for row in self._of(packages, "verdicts"):
            if isinstance(row[1], str):
                with suppress(msgspec.MsgspecError):
                    yield _decode_by_target(row[1])

    async def wheels(self, packages: Sequence[str]) -> dict[str, Mapping[str, str]]:
        """Return for each package the wheels to be read, by target; those that have none are left out."""
        found: dict[str, Mapping[str, str]] = {}
        async for package, wheels in self._of(packages, "wheels"):
            if isinstance(wheels, str):
                with suppress(msgspec.MsgspecError):
                    found[str(package)] = _decode_by_target(wheels)
        return found

    async def judged(self, packages: Sequence[str]) -> AsyncIterator[JudgedProject]:
        """Return the judgements on packages, in any order; those without one are left out."""
        async for package, checked, kept, wheels in self._of(packages, "checked, judgement, wheels"):
            time = read_time(checked)
            if not isinstance(kept, str) or not isinstance(wheels, str) or time is None:
                continue
            with suppress(msgspec.MsgspecError):  # what a later ftbot wrote
                yield JudgedProject(str(package), _decode_kept(kept), time, _decode_by_target(wheels))

    async def marks(self, packages: Sequence[str], now: datetime) -> dict[str, str]:
        """Return for each package what is another text where its judgement at a time, timelines or wheels are others.

        When it was read is no part of it.
        """
        found: dict[str, str] = {}
        async for package, kept, timelines, wheels in self._of(packages, "judgement, timelines, wheels"):
            if isinstance(kept, str):
                with suppress(msgspec.MsgspecError):
                    turned = sum(moment <= now.timestamp() for moment, _ in _decode_kept(kept).later)
                    text = "\n".join(map(str, (turned, kept, timelines, wheels)))
                    found[str(package)] = hashlib.blake2b(text.encode(), digest_size=_MARK).hexdigest()
        return found

    async def prereleases(self, packages: Sequence[str]) -> dict[str, Mapping[str, PrereleaseWheels]]:
        """Return for each package its pre-releases with wheels, by target; those that have none are left out."""
        found: dict[str, Mapping[str, PrereleaseWheels]] = {}
        async for package, prereleases in self._of(packages, "prereleases"):
            if isinstance(prereleases, str):
                with suppress(msgspec.MsgspecError):
                    found[str(package)] = _decode_prereleases(prereleases)
        return found

    async def _of(self, packages: Sequence[str], columns: str) -> AsyncIterator[Row]:
        """Yield rows by package, a few hundred at a time."""
        statement = f"SELECT package, {columns} FROM projects WHERE package IN ({{places}})"  # noqa: S608 — our words
        async for row in read_among(self.database, statement, packages):
            yield row


def _row(scan: int, now: datetime, conclusion: Conclusion, etag: str | None) -> Row:
    next_read = due(now, native=conclusion.native, open_until=conclusion.open_until)
    return (
        conclusion.package,
        scan,
        conclusion.native,
        now.timestamp(),
        next_read.timestamp(),
        None if conclusion.open_until is None else conclusion.open_until.timestamp(),
        conclusion.rules,
        etag,
        conclusion.serial,
        msgspec.json.encode(conclusion.verdicts).decode() if conclusion.native else None,
        msgspec.json.encode(conclusion.timelines).decode() if conclusion.native else None,
        None if conclusion.native_until is None else conclusion.native_until.timestamp(),
        msgspec.json.encode(conclusion.wheels).decode() if conclusion.native else None,
        None if conclusion.kept is None else msgspec.json.encode(conclusion.kept).decode(),
        msgspec.json.encode(conclusion.prereleases).decode() if conclusion.prereleases else None,
    )


def _known(row: Row) -> Known | None:
    package, native, next_read, open_until, scan, etag, serial, native_until, has_all = row
    time = read_time(next_read)
    if time is None or not isinstance(scan, int):
        return None
    # What was concluded before all this was kept is due again, and nothing tells that it is the same.
    is_whole = bool(has_all) or not native
    return Known(
        package=str(package),
        native=bool(native),
        due=time if is_whole else datetime.fromtimestamp(0, UTC),
        open_until=read_time(open_until),
        scan=scan,
        etag=etag if isinstance(etag, str) and is_whole else None,
        serial=serial if isinstance(serial, int) and is_whole else None,
        native_until=read_time(native_until),
    )
