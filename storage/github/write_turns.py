"""Whose turn it is to write as an installation of the App: one process at a time, and some time after the last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.engine.engine import Engine
from storage.engine.rows import read_time

TURN = timedelta(seconds=75)
"""How long a turn is left to who took it: a write is answered or given up sooner."""

_SLACK = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class WriteTurns:
    """One row an installation that was written as."""

    database: Engine

    async def take(self, installation: int, name: str, now: datetime) -> datetime | None:
        """Take the turn for the process of this name; where it is not free yet, return when it is at the latest.

        A time further ahead than any turn lasts was written by a clock that has been set back since.
        """
        async with self.database.transaction() as transaction:
            taken = await transaction.run(
                "INSERT INTO write_turns (installation, free, taken_by) VALUES (?, ?, ?) ON CONFLICT (installation)"
                " DO UPDATE SET free = excluded.free, taken_by = excluded.taken_by"
                " WHERE write_turns.free <= ? OR write_turns.free > ? RETURNING installation",
                (
                    installation,
                    (now + TURN).timestamp(),
                    name,
                    now.timestamp(),
                    (now + TURN + _SLACK).timestamp(),
                ),
            )
            if taken:
                return None
            ((free,),) = await transaction.run("SELECT free FROM write_turns WHERE installation = ?", (installation,))
        return read_time(free) or now

    async def end(self, installation: int, name: str, free: datetime) -> None:
        """Give up the turn, for the next to be taken from a moment on; nothing, if another has it by now."""
        async with self.database.transaction() as transaction:
            await transaction.run(
                "UPDATE write_turns SET free = ?, taken_by = NULL WHERE installation = ? AND taken_by = ?",
                (free.timestamp(), installation, name),
            )
