"""Digests of weeks that are over, kept as they were first made: the same week gives the same digest ever after."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from bot.core.digest.digest import Digest
from bot.core.digest.weeks import Week, parse_week
from bot.core.errors import UserError
from bot.core.wheels.targets import Target
from storage.engine.engine import Engine
from storage.engine.rows import Row

_SELECT = "SELECT body FROM digests WHERE week = ? AND targets = ?"

_decode_digest = msgspec.json.Decoder(Digest).decode


@dataclass(frozen=True, slots=True)
class Digests:
    """One row a week."""

    database: Engine

    async def kept(self, week: Week, targets: Sequence[Target]) -> Digest | None:
        """Return the digest of a week for these targets, None if none was kept."""
        return _read(await self.database.read(_SELECT, (str(week), _names(targets))))

    async def weeks(self, targets: Sequence[Target]) -> tuple[Week, ...]:
        """Return the weeks of which a digest for these targets was kept."""
        rows = await self.database.read("SELECT week FROM digests WHERE targets = ?", (_names(targets),))
        weeks = []
        for (name,) in rows:
            with suppress(UserError):  # what no ftbot wrote
                weeks.append(parse_week(str(name)))
        return tuple(sorted(weeks))

    async def keep(self, digest: Digest, targets: Sequence[Target]) -> None:
        """Keep the digest of a week that is over; the first one for the same targets stays."""
        async with self.database.transaction() as transaction:
            if _read(await transaction.run(_SELECT, (str(digest.week), _names(targets)))) is None:
                await transaction.run(
                    "INSERT INTO digests (week, targets, body) VALUES (?, ?, ?) ON CONFLICT (week) DO UPDATE"
                    " SET targets = excluded.targets, body = excluded.body",
                    (str(digest.week), _names(targets), msgspec.json.encode(digest).decode()),
                )


def _read(rows: Sequence[Row]) -> Digest | None:
    body = rows[0][0] if rows else None
    try:
        return _decode_digest(body) if isinstance(body, str) else None
    except msgspec.MsgspecError:
        return None


def _names(targets: Sequence[Target]) -> str:
    return ",".join(str(target) for target in targets)
