"""What tells whether anything that is shown of a package changed, without making its page: for a site of files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.dependencies.required import required_packages
from bot.core.digest.weeks import week_of
from bot.core.index.metadata import Metadata
from bot.core.site.facts import Edition
from bot.core.verdicts.status import Upstream
from bot.core.wheels.targets import Target
from storage.github.package_threads import PackageThreads
from storage.packages.inspections import Inspections
from storage.packages.metadata import ReleaseMetadata
from storage.packages.projects import Projects

_LENGTH = 12

_AT_ONCE = 500
"""Packages whose metadata is in memory at a time."""


@dataclass(frozen=True, slots=True)
class Stamps:
    """Gives stamps: another one wherever a page would be another one. Everything may raise ``StorageError``.

    That a package was read again is no change: a page does not tell when that was. A week is one, as timelines are
    drawn to its Monday.
    """

    projects: Projects
    inspections: Inspections
    metadata: ReleaseMetadata
    threads: PackageThreads
    upstream: Upstream
    targets: Sequence[Target]
    now: Callable[[], datetime]

    async def of(self, edition: Edition) -> dict[str, str]:
        """Return the stamp of each tracked package."""
        names, now = tuple(edition.ranks), self.now()
        kept = await self.projects.marks(names, now)
        read, threads = await self.inspections.marks(), await self.threads.marks()
        alike = (str(week_of(now.date())), *map(str, self.targets))
        stamps = {}
        for start in range(0, len(names), _AT_ONCE):
            some = names[start : start + _AT_ONCE]
            said = await self.metadata.of(some)
            for name in some:
                required = [] if name not in said else self._required(said[name][1], edition)
                parts = (
                    alike,
                    kept.get(name, ""),
                    read.get(name, ""),
                    threads.get(name, ""),
                    said.get(name),
                    edition.ranks[name],
                    edition.failed.get(name),
                    *self._upstream(name),
                    *(kept.get(each, "") + read.get(each, "") for each in required),
                )
                stamps[name] = hashlib.blake2b(repr(parts).encode(), digest_size=_LENGTH).hexdigest()
        return stamps

    def _required(self, metadata: Metadata, edition: Edition) -> Sequence[str]:
        found = required_packages(metadata.requires, self.targets[0])
        return [each.name for each in found if each.name in edition.ranks]

    def _upstream(self, name: str) -> tuple[object, ...]:
        upstream = self.upstream
        return upstream.tracking(name), upstream.first_version(name), upstream.open_count(name)
