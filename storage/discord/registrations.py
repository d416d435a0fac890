"""Which slash commands Discord was last told of."""

from __future__ import annotations

from dataclasses import dataclass

from storage.engine.engine import Engine


@dataclass(frozen=True, slots=True)
class Registrations:
    """One row a Discord application: a digest of its registered commands."""

    database: Engine

    async def digest(self, application: int) -> str | None:
        """Return the digest of the commands registered last."""
        rows = await self.database.read("SELECT digest FROM registrations WHERE application = ?", (application,))
        return str(rows[0][0]) if rows else None

    async def record(self, application: int, digest: str) -> None:
        """Note that the commands with this digest were registered."""
        async with self.database.transaction() as transaction:
            await transaction.run(
                "INSERT INTO registrations (application, digest) VALUES (?, ?)"
                " ON CONFLICT (application) DO UPDATE SET digest = excluded.digest",
                (application, digest),
            )
