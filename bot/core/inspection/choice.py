"""Which wheel of a release is read for a target: what its source declares is the same on every platform."""

from __future__ import annotations

from collections.abc import Iterable

from bot.core.index.simple_api import File
from bot.core.wheels.platforms import PLATFORMS
from bot.core.wheels.tags import fit, is_possible
from bot.core.wheels.targets import Target

_ORDER = {platform: place for place, platform in enumerate(PLATFORMS)}


def wheel_to_read(wheels: Iterable[File], target: Target) -> File | None:
    """Return the wheel to read for a target among those of a release that count, or None where none fits.

    Those that can be trusted come first, then those whose tags are suspect, if their files can decide about them. Linux
    x86-64 comes first among them, as readers of machine code know it best, then the other platforms in the order in
    which they are listed everywhere; of wheels for one platform the one that an installer prefers.
    """
    candidates = [(key, wheel) for wheel in wheels if (key := _preference(wheel, target)) is not None]
    return min(candidates, key=lambda candidate: candidate[0], default=(None, None))[1]


def _preference(wheel: File, target: Target) -> tuple[bool, int, int, str] | None:
    found = fit(wheel.tags, target)
    if found.match is not None and (found.match.trusted or is_possible(found.match, target)):
        place = min(_ORDER[platform] for platform, _ in found.floors)
        return not found.match.trusted, place, found.match.rank, wheel.filename
    return (True, len(PLATFORMS), 0, wheel.filename) if found.anywhere else None
