"""What the newest releases of tracked packages say of themselves: classifier, links, what they require."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from bot.core.index.metadata import Metadata
from storage.engine.batches import read_among
from storage.engine.engine import Engine

_decode = msgspec.json.Decoder(Metadata).decode


@dataclass(frozen=True, slots=True)
class ReleaseMetadata:
    """One row a package: the version that was read last."""

    database: Engine

    async def of(self, packages: Sequence[str]) -> dict[str, tuple[str, Metadata]]:
        """Return for each package (normalized name) a version and what it says; those never read are left out."""
        found: dict[str, tuple[str, Metadata]] = {}
        statement = "SELECT package, version, body FROM release_metadata WHERE package IN ({places})"
        async for package, version, body in read_among(self.database, statement, packages):
            try:
                if isinstance(body, str):
                    found[str(package)] = (str(version), _decode(body))
            except msgspec.MsgspecError:
                continue  # a later version wrote it
        return found

    async def versions(self, packages: Sequence[str]) -> dict[str, str]:
        """Return which version of each package was read last."""
        statement = "SELECT package, version FROM release_metadata WHERE package IN ({places})"
        return {str(name): str(version) async for name, version in read_among(self.database, statement, packages)}

    async def record(self, package: str, version: str, metadata: Metadata, read: datetime) -> None:
        """Keep what a version says in place of what an earlier one said."""
        body = msgspec.json.encode(metadata).decode()
        async with self.database.transaction() as transaction:
            await transaction.run(
                "INSERT INTO release_metadata (package, version, read, body) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (package) DO UPDATE SET version = excluded.version, read = excluded.read,"
                " body = excluded.body",
                (package, version, read.timestamp(), body),
            )
