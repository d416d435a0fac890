"""Reads wheels for what their extension modules declare about the GIL: a package's, or files that lie here.

What was read of a file is stored for good, by its sha256 and the version of the rules: files on an index never change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from pathlib import Path

import structlog
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from bot.clients.inspector import ModuleReader
from bot.clients.pages import LinkedProject, NoPage
from bot.clients.wheel_files import WheelFiles, WheelReading, open_local
from bot.core.errors import ReaderFailedError, StorageError, UnreadableWheelError, UpstreamError
from bot.core.index.file_links import FileLink
from bot.core.index.simple_api import File
from bot.core.inspection.choice import wheel_to_read
from bot.core.inspection.extension import Extension, module_name
from bot.core.inspection.importing import as_imported
from bot.core.inspection.inspection import Inspection
from bot.core.inspection.modules import Declaration, ExtensionModule, Gil
from bot.core.inspection.notes import inside_of, notes_of
from bot.core.verdicts.support import admitted_wheels
from bot.core.wheels.tags import fit
from bot.core.wheels.targets import NEWEST_MINOR, OLDEST_MINOR, Target
from bot.services.index import LinkedPages
from storage.packages.inspections import Inspections

_EVERY_TARGET = tuple(Target(minor) for minor in range(OLDEST_MINOR, NEWEST_MINOR + 1))

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TargetInspection:
    """What was read for one target; without an ``inspection``, ``reason`` is a sentence why nothing was."""

    target: Target
    inspection: Inspection | None
    reason: str | None = None

    @property
    def gil(self) -> Gil | None:
        """Return what importing it does, None where nothing was read."""
        return None if self.inspection is None else self.inspection.gil


class Problem(Enum):
    """Why nothing was read of a package, or of a file."""

    UNREACHABLE = "the index could not be read"
    MISSING = "there is no such package, or no such release"
    MISNAMED = "the file is not named like a wheel"
    BROKEN = "the file is no wheel that can be read"


@dataclass(frozen=True, slots=True)
class PackageInspection:
    """What was read of a package (normalized name) or of a file; ``error`` is a sentence why nothing could be."""

    package: str
    version: Version | None
    targets: tuple[TargetInspection, ...] = ()
    error: str | None = None
    problem: Problem | None = None
    file: str | None = None
    """The file's name, where a file on the disk was read."""


@dataclass(frozen=True, slots=True)
class Inspector:
    """Reads wheels; ``open_reader`` starts a process for the modules of one wheel."""

    index: LinkedPages
    files: WheelFiles
    open_reader: Callable[[], AbstractAsyncContextManager[ModuleReader]]
    inspections: Inspections
    now: Callable[[], datetime]

    async def inspect(self, name: str, targets: Sequence[Target], version: Version | None = None) -> PackageInspection:
        """Read the wheels of a release, one for each target; by default of the newest. ``name`` is normalized."""
        try:
            found = await self.index.linked(name, version)
        except UpstreamError as error:
            return PackageInspection(name, version, error=str(error), problem=Problem.UNREACHABLE)
        if not isinstance(found, LinkedProject):
            return PackageInspection(name, version, error=_absence(name, found), problem=Problem.MISSING)
        release = found.release
        if release is None:
            what = f"{name} has no release" if version is None else f"{name} has no release {version}"
            return PackageInspection(name, version, error=f"{what} on the index.", problem=Problem.MISSING)
        read: dict[str, Inspection] = {}
        answers = []
        for target in targets:
            wheels = admitted_wheels(release, target)
            wheel = wheel_to_read(wheels, target)
            if wheel is None:
                answers.append(TargetInspection(target, None, _lack(f"{name} {release.version}", wheels, target)))
                continue
            if wheel.filename not in read:
                read[wheel.filename] = await self._of_file(name, release.version, wheel, found)
            answers.append(TargetInspection(target, as_imported(read[wheel.filename], target)))
        return PackageInspection(name, release.version, tuple(answers))

    async def inspect_file(self, path: Path, targets: Sequence[Target] = ()) -> PackageInspection:
        """Read a wheel on the disk, for those targets that its tags fit, by default all that are out.

        Nothing of it is stored.
        """
        try:
            project, version, _, _ = parse_wheel_filename(path.name)
        except InvalidWheelFilename:
            error = f"{path.name} is not named like a wheel: NAME-VERSION-PYTHON-ABI-PLATFORM.whl."
            return PackageInspection(path.name, None, error=error, problem=Problem.MISNAMED, file=path.name)
        name, file = str(canonicalize_name(project)), File(path.name)
        try:
            async with open_local(path) as wheel:
                inspection = await self._read(wheel, file)
        except UnreadableWheelError as broken:
            return PackageInspection(
                name, version, error=f"{path.name} cannot be read: {broken}", problem=Problem.BROKEN, file=path.name
            )
        if inspection.reason is not None:
            error = f"{path.name} cannot be read: {inspection.reason}"
            return PackageInspection(name, version, error=error, problem=Problem.BROKEN, file=path.name)
        day = self.now().date()
        asked = targets or tuple(target for target in _EVERY_TARGET if target.is_out(day))
        fitting = [target for target in asked if wheel_to_read((file,), target)]
        read = tuple(TargetInspection(target, as_imported(inspection, target)) for target in fitting)
        return PackageInspection(name, version, read, file=path.name)

    async def _of_file(self, name: str, version: Version, wheel: File, found: LinkedProject) -> Inspection:
        link = found.links.get(wheel.filename)
        if link is None:
            return _unread(wheel, None, "The index does not say where the file is.")
        known = await self._stored(link)
        if known is not None:
            return replace(known, wheel=wheel.filename, bytes_read=0, requests=0)
        inspection = await self._fetch(wheel, link)
        if not inspection.temporary:
            await self._keep(name, version, inspection)
        return inspection

    async def _fetch(self, wheel: File, link: FileLink) -> Inspection:
        try:
            async with self.files.open(link) as reading:
                return await self._read(reading, wheel)
        except (UpstreamError, UnreadableWheelError) as error:
            # Whether it is the file or the host that is broken, only its hash could tell.
            return replace(_unread(wheel, link, str(error)), temporary=True)

    async def _read(self, wheel: WheelReading, file: File) -> Inspection:
        extensions: list[Extension] = []
        modules: list[ExtensionModule] = []
        reason, failed, damaged = None, False, False
        async with self.open_reader() as reader:
            try:
                async for member, data in wheel.modules():
                    try:
                        extension = await reader.read(member, data)
                    except UnreadableWheelError as error:
                        failed = failed or isinstance(error, ReaderFailedError)
                        damaged = True
                        modules.append(_untold(member.name, str(error)))
                        continue
                    extensions.append(extension)
                    modules += extension.modules
            except UpstreamError as error:
                reason = str(error)
            except UnreadableWheelError as error:  # it changed meanwhile, so that nothing read before is of this file
                reason = str(error)
                modules.clear()
                extensions.clear()
        modules += [_untold(each.name, each.reason) for each in wheel.unread]
        inside = inside_of(extensions, complete=reason is None and not damaged and not wheel.unread)
        return Inspection(
            wheel=file.filename,
            sha256=wheel.sha256,
            verified=wheel.verified,
            bytes_read=wheel.bytes_read,
            bytes=wheel.size,
            requests=wheel.requests,
            modules=tuple(sorted(modules, key=lambda module: module.file)),
            notes=notes_of(file.tags, extensions, inside),
            reason=reason,
            temporary=failed or (not wheel.verified and (damaged or reason is not None or bool(wheel.unread))),
            inside=inside,
        )

    async def _stored(self, link: FileLink) -> Inspection | None:
        if link.sha256 is None:
            return None
        try:
            return await self.inspections.get(link.sha256)
        except StorageError as error:
            log.warning("storage_failed", wheel=link.filename, reason=str(error))
            return None

    async def _keep(self, name: str, version: Version, inspection: Inspection) -> None:
        try:
            await self.inspections.record(name, version, inspection, self.now())
        except StorageError as error:
            log.warning("storage_failed", package=name, wheel=inspection.wheel, reason=str(error))


def _lack(release: str, wheels: Sequence[File], target: Target) -> str:
    if any(fit(wheel.tags, target).match is not None for wheel in wheels):
        return f"{release} has a wheel that would install on {target}, but its tags cannot be believed; it is not read."
    return f"{release} has no wheel for {target}."


def _absence(name: str, page: NoPage) -> str:
    if page is NoPage.NOT_FOUND:
        return f"There is no package called {name} on the index."
    return f"The index answered “304 Not Modified” to an unconditional request about {name}."


def _unread(wheel: File, link: FileLink | None, reason: str) -> Inspection:
    sha256, size = (None, None) if link is None else (link.sha256, link.size)
    return Inspection(wheel.filename, sha256, verified=False, bytes_read=0, bytes=size, requests=0, reason=reason)


def _untold(file: str, reason: str) -> ExtensionModule:
    return ExtensionModule(module_name(file), file, Declaration.UNKNOWN, reason=reason)
