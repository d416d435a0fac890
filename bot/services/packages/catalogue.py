"""Reads from storage what the site shows: once for each edition, and for all faces alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.core.history.timelines import Timeline
from bot.core.index.metadata import Metadata
from bot.core.inspection.inspection import Inspection
from bot.core.site.facts import Edition, SitePackage, imported_modules
from bot.core.verdicts.imported_gil import with_inspections
from bot.core.verdicts.kept import judgement_of
from bot.core.verdicts.status import Status, Upstream, with_upstream
from bot.core.wheels.targets import Target, parse_target
from storage.packages.inspections import Inspections
from storage.packages.metadata import ReleaseMetadata
from storage.packages.projects import JudgedProject, Projects
from storage.packages.scans import Scans

AT_ONCE = 200
"""Packages of which all facts are in memory at a time: pages about thousands are written one after another."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Gives facts of the tracked packages; everything may raise ``StorageError``."""

    scans: Scans
    projects: Projects
    inspections: Inspections
    metadata: ReleaseMetadata
    targets: tuple[Target, ...]
    now: Callable[[], datetime]
    upstream: Upstream | None = None
    _kept: list[Edition] = field(default_factory=list, init=False)

    async def edition(self) -> Edition | None:
        """Return what there is to show, None before the first scan has ended. Cheap: a look at two indexes."""
        token = await self._token()
        if token is None:
            return None
        if self._kept and self._kept[0].token == token:
            return self._kept[0]
        scan = await self.scans.latest()
        if scan is None:
            return None
        self._kept[:] = [Edition(token, scan.ended, dict(scan.tracked), scan.failed)]
        return self._kept[0]

    async def package(self, name: str, edition: Edition) -> SitePackage | None:
        """Return what is known of a tracked package (normalized name), None where it is not tracked."""
        if name not in edition.ranks:
            return None
        return next(iter([package async for package in self.packages([name], edition)]), None)

    async def packages(self, names: Sequence[str], edition: Edition) -> AsyncIterator[SitePackage]:
        """Yield packages in the order asked, with their timelines; those of which nothing was ever read are left out.

        A scan that is under way may have changed some since the edition came out: they are as they are now.
        """
        for start in range(0, len(names), AT_ONCE):
            some = names[start : start + AT_ONCE]
            timelines = await self._timelines(some)
            async for package in self._statuses(some, edition, timelines):
                yield package

    async def listed(self, edition: Edition) -> AsyncIterator[SitePackage]:
        """Yield all tracked packages, the most downloaded first, without their timelines and metadata."""
        names = tuple(edition.ranks)
        for start in range(0, len(names), AT_ONCE):
            async for package in self._statuses(names[start : start + AT_ONCE], edition, {}, whole=False):
                yield package

    async def _statuses(
        self,
        names: Sequence[str],
        edition: Edition,
        timelines: Mapping[str, Mapping[Target, Timeline]],
        *,
        whole: bool = True,
    ) -> AsyncIterator[SitePackage]:
        judged = {each.package: each async for each in self.projects.judged(names)}
        read = await self._read(names)
        said = await self.metadata.of(names) if whole else {}
        for name in names:
            if name in judged and self._is_whole(judged[name]):
                package = self._package(judged[name], read.get(name, {}), said.get(name))
                yield replace(
                    package,
                    rank=edition.ranks[name],
                    timelines=timelines.get(name, {}),
                    failed=edition.failed.get(name),
                )

    def _is_whole(self, judged: JudgedProject) -> bool:
        """Return whether a package was judged for these targets; one that was for others is read anew soon."""
        return tuple(target.minor for target in judged.kept.targets) == tuple(each.minor for each in self.targets)

    def _package(
        self, judged: JudgedProject, read: Mapping[str, Inspection], said: tuple[str, Metadata] | None
    ) -> SitePackage:
        """Put together what is kept of a package.

        Suspect tags that a file proves right stay suspect here, until somebody asks for the package itself.
        """
        metadata = None if said is None or said[0] != judged.kept.version else said[1]
        judgement = judgement_of(judged.package, judged.kept, self.now(), metadata)
        imported = imported_modules(judgement, judged.wheels, read)
        status = Status(with_inspections(judgement, imported), judged.checked, metadata)
        return SitePackage(with_upstream(status, self.upstream), tracked=True, imported=imported)

    async def _read(self, names: Sequence[str]) -> dict[str, dict[str, Inspection]]:
        """Return what was read in wheels, by package and file name."""
        found: dict[str, dict[str, Inspection]] = {}
        for each in await self.inspections.of_packages(names):
            found.setdefault(each.package, {})[each.inspection.wheel] = each.inspection
        return found

    async def _timelines(self, names: Sequence[str]) -> dict[str, dict[Target, Timeline]]:
        return {
            traced.package: {parse_target(target): steps for target, steps in traced.timelines.items()}
            async for traced in self.projects.timelines(names)
        }

    async def _token(self) -> str | None:
        ended, read = await self.scans.last_end(), await self.inspections.last_read()
        if ended is None:
            return None
        return f"{ended.timestamp():.6f}-{0 if read is None else read.timestamp():.6f}"
