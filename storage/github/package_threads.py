"""What a card says of a package's upstream threads: which one tracks its support, and how many are open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from bot.core.github.threads import IssueRef
from storage.engine.engine import Engine


@dataclass(frozen=True, slots=True)
class PackageThreads:
    """Reads the table of threads by package."""

    database: Engine

    async def tracking(self) -> Mapping[str, IssueRef]:
        """Return each package's thread in the tracking table, for those that have one there.

        After the table named another one there are several: then an open one, and of those the newest.
        """
        rows = await self.database.read(
            "SELECT package, repository, number FROM threads"
            " WHERE origin <> 'triage' AND origin = 'table' AND gone IS NULL"
            " ORDER BY CASE WHEN state = 'open' THEN 1 ELSE 0 END, created, node_id"
        )
        found = msgspec.convert(rows, list[tuple[str | None, str, int]])
        return {package: IssueRef(repository, number) for package, repository, number in found if package is not None}

    async def open_counts(self) -> Mapping[str, int]:
        """Count the open free-threading threads of each package that has any."""
        rows = await self.database.read(
            "SELECT package, COUNT(*) FROM threads WHERE package IS NOT NULL AND free_threading AND state = 'open'"
            " AND gone IS NULL GROUP BY package"
        )
        return dict(msgspec.convert(rows, list[tuple[str, int]]))

    async def marks(self) -> Mapping[str, str]:
        """Return for each package what is another text where any of its free-threading threads is another."""
        rows = await self.database.read(
            "SELECT package, COUNT(*), MAX(updated), SUM(comments) FROM threads WHERE package IS NOT NULL"
            " AND free_threading AND gone IS NULL GROUP BY package"
        )
        return {str(package): f"{count!r} {updated!r} {comments!r}" for package, count, updated, comments in rows}
