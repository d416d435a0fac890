"""What importing a package does to the GIL from release to release, as far as wheels of them were read.

A first reading tells what a release does, and never that anything changed: nobody knows what the one before did.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from bot.core.index.simple_api import File
from bot.core.inspection.choice import wheel_to_read
from bot.core.inspection.importing import as_imported
from bot.core.inspection.inspection import ReadWheel
from bot.core.inspection.modules import Gil
from bot.core.wheels.tags import fit
from bot.core.wheels.targets import Target

_TOLD = frozenset({Gil.OFF, Gil.ON})


@dataclass(frozen=True, slots=True)
class GilTurn:
    """Since the release ``first``, importing a package does what it did not in ``before``, the one read before it."""

    first: ReadWheel
    before: ReadWheel


def newest_reading(read: Iterable[ReadWheel], target: Target, wanted: str | None = None) -> ReadWheel | None:
    """Return what was read of a package last, by release, for a target; None where nothing was.

    ``wanted`` is the wheel that is to be read of the newest release, where that is known. Until it was read, the newest
    release that was counts: it is named wherever it is told of.
    """
    found = _for_target(read, target)
    for each in found:
        if each.inspection.wheel == wanted:
            return each
    newest = max((each.version for each in found if not each.version.is_prerelease), default=None)
    of_newest = {each.inspection.wheel: each for each in found if each.version == newest}
    wheel = wheel_to_read([File(name) for name in of_newest], target)
    return None if wheel is None else of_newest[wheel.filename]


def imported_by(target: Target, read: ReadWheel) -> ReadWheel:
    """Return a reading with those modules alone that a target imports."""
    return replace(read, inspection=as_imported(read.inspection, target))


def reading_before(now: ReadWheel, read: Iterable[ReadWheel], target: Target) -> ReadWheel | None:
    """Return the release that was read before this one, if both are told and they differ."""
    before = next(_back_from(now, read, target), None)
    if before is None or not {before.inspection.gil, now.inspection.gil} <= _TOLD:
        return None
    return None if before.inspection.gil is now.inspection.gil else before


def turn_of(now: ReadWheel, read: Iterable[ReadWheel], target: Target) -> GilTurn | None:
    """Return since which release a package has done what it does now, None where none that was read did otherwise.

    Pre-releases count only before another one.
    """
    gil, first = now.inspection.gil, now
    if gil not in _TOLD:
        return None
    for each in _back_from(now, read, target):
        if each.version.is_prerelease and not now.version.is_prerelease:
            continue
        if each.inspection.gil is not gil:
            return GilTurn(first, each) if each.inspection.gil in _TOLD else None
        first = each
    return None


def _back_from(now: ReadWheel, read: Iterable[ReadWheel], target: Target) -> Iterator[ReadWheel]:
    """Return what was read of earlier releases, the latest first."""
    earlier = [each for each in _for_target(read, target) if each.version < now.version]
    yield from sorted(earlier, key=lambda each: each.version, reverse=True)


def _for_target(read: Iterable[ReadWheel], target: Target) -> list[ReadWheel]:
    """Return what was read of wheels that a target can trust."""
    matches = [(each, fit(File(each.inspection.wheel).tags, target).match) for each in read]
    return [imported_by(target, each) for each, match in matches if match is not None and match.trusted]
