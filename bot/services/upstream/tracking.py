"""What a status card says of upstream threads, from memory: which one tracks a package, and how many are open."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.guide.tracking_issues import first_version, tracking_issue
from bot.core.guide.tracking_table import TABLE, TableRow, parse_table
from storage.github.package_threads import PackageThreads
from storage.packages.documents import Documents


@dataclass(slots=True)
class Tracking:
    """Answers as things were when ``load`` was called last."""

    threads: PackageThreads
    documents: Documents
    _table: Mapping[str, TableRow] = field(default_factory=dict)
    _tracking: Mapping[str, str] = field(default_factory=dict)
    _open: Mapping[str, int] = field(default_factory=dict)

    async def load(self) -> None:
        """Read what the others give: at the start, and after each round of watching."""
        tracking = {package: ref.url for package, ref in (await self.threads.tracking()).items()}
        counts = await self.threads.open_counts()
        kept = await self.documents.latest(TABLE)
        rows = () if kept is None else await asyncio.to_thread(parse_table, kept[0].decode(errors="replace"))
        self._table = {row.package: row for row in reversed(rows) if row.package is not None}
        self._tracking, self._open = tracking, {**dict.fromkeys(tracking, 0), **counts}

    def tracking(self, package: str) -> str | None:
        """Return the address of what tracks a package's support, by normalized name; None if there is nothing.

        Before the table was read for the first time it is the one that is known to the program.
        """
        row = self._table.get(package)
        link = None if row is None else row.link
        return self._tracking.get(package) or link or tracking_issue(package)

    def first_version(self, package: str) -> str | None:
        """Return the first version with support, as the table has it; None where it has none, or is not known."""
        row = self._table.get(package)
        return first_version(package) if row is None else row.first_version

    def open_count(self, package: str) -> int | None:
        """Count the open free-threading threads that are about a package, None where none of its threads is known."""
        return self._open.get(package)
