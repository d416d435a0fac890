"""What an index says of a package that a row of the tracking table is about: little enough to be kept for all rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from packaging.version import InvalidVersion, Version

from bot.core.index.simple_api import Project, Release
from bot.core.verdicts.support import first_trusted, newest_release, offer_of, support_of
from bot.core.wheels.targets import NEWEST_MINOR, OLDEST_MINOR, Target

FACTS = 2
"""The version of everything that facts follow from."""

_FREE_THREADED = re.compile(r"cp3\d+t|abi3t", re.ASCII)
_TARGETS = tuple(Target(minor) for minor in range(OLDEST_MINOR, NEWEST_MINOR + 1))


class Ships(StrEnum):
    """What the wheels of a release are."""

    NATIVE = "native"
    NO_PYTHON_ABI = "no-python-abi"
    PURE = "pure"
    NOTHING = "nothing"
    """It has no wheels: it is built from source."""


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """A release: what it ships, whether a pure wheel among that, and for which free-threaded Pythons.

    ``free_threaded`` names the Pythons for which it has wheels built for them, not those that install what has no
    Python ABI. ``day`` is that of the first of these wheels, or else of its first file (UTC).
    """

    version: str
    ships: Ships
    day: date | None
    free_threaded: tuple[str, ...] = ()
    pure: bool = False
    is_yanked: bool = False

    @property
    def is_current(self) -> bool:
        """Return whether it has wheels for a free-threaded Python that CPython supports."""
        return any(str(target) in self.free_threaded for target in _TARGETS if target.is_supported)


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """A package: its newest release, the one that a row names, and the first with free-threaded wheels, by day.

    ``prerelease`` is a pre-release after the newest that has such wheels.
    """

    newest: ReleaseFacts | None = None
    stated: ReleaseFacts | None = None
    first: ReleaseFacts | None = None
    prerelease: str | None = None


def package_facts(project: Project, stated: str | None) -> PackageFacts:
    """Sum up a project for a row that names a version as the first with support, or none."""
    newest = newest_release(project)
    if newest is None:
        return PackageFacts()
    stable = [each for each in project.releases if not each.version.is_prerelease and not each.is_yanked]
    named = None if stated is None else _named(project.releases, stated)
    return PackageFacts(
        newest=release_facts(newest),
        stated=None if named is None else release_facts(named),
        first=_first(stable),
        prerelease=_prerelease(project.releases, newest),
    )


def release_facts(release: Release) -> ReleaseFacts:
    """Sum up a release."""
    offer = offer_of(release)
    ships = (
        Ships.NATIVE
        if offer.native
        else Ships.NO_PYTHON_ABI
        if offer.no_python_abi
        else Ships.PURE
        if offer.pure
        else Ships.NOTHING
    )
    trusted = [(target, first_trusted(release, target)[1]) for target in _TARGETS if _built_for(release, target)]
    times = [time for _, time in trusted if time is not None]
    came = min(times, default=release.first_upload)
    return ReleaseFacts(
        version=str(release.version),
        ships=ships,
        day=None if came is None else came.date(),
        free_threaded=tuple(str(target) for target, _ in trusted),
        pure=offer.pure,
        is_yanked=release.is_yanked,
    )


def _built_for(release: Release, target: Target) -> bool:
    """Return whether a release has a trusted wheel with the Python ABI of a target."""
    return any(cover.how != "none" for cover in support_of(release, target).covered.values())


def _named(releases: Sequence[Release], stated: str) -> Release | None:
    """Return the release of a version; where there is none, the first that it begins, as 0.4.0 begins 0.4.0.9."""
    try:
        version = Version(stated)
    except InvalidVersion:
        return None
    exact = next((release for release in releases if release.version == version), None)
    if exact is not None:
        return exact
    wanted = version.release
    longer = (
        release
        for release in releases
        if release.version.release[: len(wanted)] == wanted
        and not release.version.is_prerelease
        and release.version.epoch == version.epoch
    )
    return next(longer, None)


def _first(stable: Sequence[Release]) -> ReleaseFacts | None:
    """Return the release whose free-threaded wheels came first, by day: older branches get them late."""
    return min(_with_wheels(stable), key=lambda each: (each.day is None, each.day or date.max), default=None)


def _with_wheels(stable: Sequence[Release]) -> Iterator[ReleaseFacts]:
    for release in stable:
        if any(_FREE_THREADED.search(tags) for tags in release.wheel_tags):  # few do, and to look closer takes time
            facts = release_facts(release)
            if facts.free_threaded:
                yield facts


def _prerelease(releases: Sequence[Release], newest: Release) -> str | None:
    for release in reversed(releases):
        if release.version <= newest.version:
            return None
        if not release.is_yanked and any(_built_for(release, target) for target in _TARGETS):
            return str(release.version)
    return None
