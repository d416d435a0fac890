"""Channels in which the bot may not post, or that are gone: nothing is tried there until an admin did something."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from storage.discord.guilds import CHANGED
from storage.engine.engine import Engine
from storage.engine.positions import move_on


@dataclass(frozen=True, slots=True)
class ClosedChannels:
    """One row a channel: why nothing is tried there."""

    database: Engine

    async def close(self, guild: int, channel: int, reason: str, now: datetime) -> None:
        """Note that a channel of a server cannot be posted in."""
        async with self.database.transaction() as transaction:
            await transaction.run(
                "INSERT INTO closed_channels (channel, guild, reason, closed) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (channel) DO UPDATE SET reason = excluded.reason, closed = excluded.closed",
                (channel, guild, reason, now.timestamp()),
            )
            await move_on(transaction, CHANGED)

    async def reopen(self, channel: int) -> bool:
        """Note that a channel may be tried again; tells whether it was closed."""
        async with self.database.transaction() as transaction:
            rows = await transaction.run("DELETE FROM closed_channels WHERE channel = ? RETURNING channel", (channel,))
            await move_on(transaction, CHANGED)
        return bool(rows)

    async def reasons(self, guild: int) -> dict[int, str]:
        """Return which channels of a server are closed, and why."""
        rows = await self.database.read("SELECT channel, reason FROM closed_channels WHERE guild = ?", (guild,))
        return dict(msgspec.convert(rows, list[tuple[int, str]]))

    async def everywhere(self) -> frozenset[int]:
        """List all closed channels."""
        rows = await self.database.read("SELECT channel FROM closed_channels")
        return frozenset(channel for (channel,) in msgspec.convert(rows, list[tuple[int]]))
