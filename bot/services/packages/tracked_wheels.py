"""Reads the wheels of the tracked packages, the most downloaded first, within so many bytes an hour.

Each file is read once; what was read stays when the bot stops, and so does what was used of the hour's bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from bot.core.errors import StorageError
from bot.core.inspection.inspection import InspectionReport
from bot.core.inspection.modules import Gil
from bot.core.wheels.targets import Target
from bot.services.packages.inspection import Inspector, PackageInspection
from storage.packages.inspections import Inspections
from storage.packages.projects import Projects
from storage.packages.scans import Scans

_HOUR = timedelta(hours=1)
_TRIED_AGAIN_AFTER = timedelta(hours=6)
"""How long a package is left alone of which a wheel could not be fetched."""

Progress = Callable[[int, int, str], None]
"""Told how many of how many packages were read, and which one now."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(slots=True)
class TrackedWheels:
    """Reads what was not read yet; ``hourly`` is how many bytes may be fetched in an hour, None for any number."""

    inspector: Inspector
    projects: Projects
    scans: Scans
    inspections: Inspections
    targets: tuple[Target, ...]
    now: Callable[[], datetime]
    hourly: int | None
    noted: Callable[[str], None] = lambda _package: None
    connections: int = 4
    _failed: dict[str, datetime] = field(default_factory=dict, init=False)

    async def look(self) -> None:
        """Read what the hour allows, in the background."""
        try:
            report = await self.read()
        except StorageError as error:
            log.warning("storage_failed", reason=str(error))
            return
        if report.packages or report.failed:
            log.info(
                "wheels_read",
                packages=report.packages,
                bytes=report.bytes,
                failed=len(report.failed),
                left=report.left,
            )

    async def read(self, progress: Progress = lambda *_: None) -> InspectionReport:
        """Read wheels until all are read or the hour's bytes are used. Raises ``StorageError``."""
        waiting = await self.pending()
        names = iter(waiting)
        round_ = _Round(self, progress, len(waiting))
        async with asyncio.TaskGroup() as workers:
            for _ in range(self.connections):
                workers.create_task(round_.work(names))
        return InspectionReport(
            packages=round_.packages,
            bytes=round_.bytes,
            failed=dict(sorted(round_.failed.items())),
            left=len(waiting) - round_.packages - len(round_.failed),
            found=round_.found,
        )

    async def pending(self) -> tuple[str, ...]:
        """Return the tracked packages of which a wheel was not read yet, the most downloaded first."""
        scan = await self.scans.latest()
        if scan is None:
            return ()
        names = [name for name, _ in scan.tracked if not self._rests(name)]
        wheels = await self.projects.wheels(names)
        asked = {str(target) for target in self.targets}
        wanted = {
            name: {wheel for target, wheel in wheels[name].items() if target in asked}
            for name in names
            if name in wheels
        }
        known = await self.inspections.known([wheel for some in wanted.values() for wheel in some])
        return tuple(name for name, some in wanted.items() if not some <= known)

    async def has_bytes_left(self) -> bool:
        """Return whether more may be fetched now."""
        return self.hourly is None or await self.inspections.fetched_since(self.now() - _HOUR) < self.hourly

    def leave_alone(self, name: str) -> None:
        """Try a package again only after some hours."""
        self._failed[name] = self.now() + _TRIED_AGAIN_AFTER

    def _rests(self, name: str) -> bool:
        until = self._failed.get(name)
        return until is not None and self.now() < until <= self.now() + _TRIED_AGAIN_AFTER


@dataclass(slots=True)
class _Round:
    """One walk through what was not read."""

    wheels: TrackedWheels
    progress: Progress
    total: int
    packages: int = 0
    bytes: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    found: dict[Gil, int] = field(default_factory=dict)

    async def work(self, names: Iterator[str]) -> None:
        """Take packages from an iterator that others take from, too."""
        while await self.wheels.has_bytes_left() and (name := next(names, None)) is not None:
            self.progress(self.packages + len(self.failed), self.total, name)
            self._note(name, await self.wheels.inspector.inspect(name, self.wheels.targets))
            self.progress(self.packages + len(self.failed), self.total, name)

    def _note(self, name: str, found: PackageInspection) -> None:
        reasons = _trouble(found)
        if reasons:
            self.failed[name] = reasons[0]
            self.wheels.leave_alone(name)
        else:
            self.packages += 1
        for each in found.targets:
            if each.inspection is not None:
                self.bytes += each.inspection.bytes_read
                self.found[each.inspection.gil] = self.found.get(each.inspection.gil, 0) + 1
        self.wheels.noted(name)


def _trouble(found: PackageInspection) -> Sequence[str]:
    """Return why a package has to be tried again."""
    if found.error is not None:
        return [found.error]
    return [
        each.inspection.reason or "It could not be read."
        for each in found.targets
        if each.inspection is not None and each.inspection.temporary
    ]
