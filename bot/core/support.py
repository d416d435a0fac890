"""What one release offers a free-threaded Python, and how that stood over the releases of a project."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from types import MappingProxyType

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from bot.core.platforms import Floor, Platform, in_order
from bot.core.simple_api import Project, Release, earliest
from bot.core.targets import Target
from bot.core.wheels import Abi, Match, fits_anywhere, lower, match, read_tags

_PATCHES = range(100)
"""Patch releases of one minor version that ``requires-python`` is asked about; CPython has not reached 30."""


@dataclass(frozen=True, slots=True)
class Cover:
    """How a platform is covered: by ``cp314t``, ``abi3t``, ``none`` or ``any``, and from which system on."""

    how: str
    floor: Floor | None


@dataclass(frozen=True, slots=True)
class Offer:
    """What a release offers, whatever the target.

    ``scope`` has the platforms with a native CPython wheel; ``abi3_only`` tells that wheels for GIL Pythons exist and
    are ``abi3`` without exception.
    """

    scope: tuple[Platform, ...]
    other_platforms: tuple[str, ...]
    wheels: int
    native: bool
    gil: bool
    abi3_only: bool
    no_python_abi: bool
    pure: bool
    sdist: bool


@dataclass(frozen=True, slots=True)
class Support:
    """What a release offers one target: trusted wheels by platform, file names of suspect ones, a pure fallback."""

    covered: Mapping[Platform, Cover]
    suspects: tuple[str, ...]
    fallback: bool
    excluded: bool

    @property
    def trusted(self) -> bool:
        """Tell whether the release has any trusted wheel for the target."""
        return bool(self.covered)


@dataclass(frozen=True, slots=True)
class Since:
    """The oldest release of an unbroken run of supporting ones, and the day of its first trusted wheel (UTC)."""

    version: Version
    date: date | None


def newest_release(project: Project) -> Release | None:
    """Pick the release that people get: not yanked, not a pre-release, unless there are only those; then by PEP 440."""
    newest_first = reversed(project.releases)
    stable = (release for release in newest_first if not release.version.is_prerelease and not release.is_yanked)
    found = next(stable, None)
    if found is not None:
        return found
    return max(
        project.releases,
        key=lambda release: (not release.is_yanked, not release.version.is_prerelease, release.version),
        default=None,
    )


def stable_before(project: Project, release: Release) -> Iterable[Release]:
    """Walk the stable, standing releases older than a release, the newest first."""
    return (
        earlier
        for earlier in reversed(project.releases)
        if earlier.version < release.version and not earlier.version.is_prerelease and not earlier.is_yanked
    )


@lru_cache(maxsize=8192)
def admits(requires_python: str, target: Target) -> bool:
    """Tell whether ``requires-python`` lets any patch release of the target in; unreadable ones do, as in pip."""
    try:
        wanted = SpecifierSet(requires_python)
        return any(wanted.contains(f"3.{target.minor}.{patch}") for patch in _PATCHES)
    except ValueError:  # InvalidSpecifier is one, and so is the complaint about a number with thousands of digits
        return True


def offer_of(release: Release) -> Offer:
    """Sum up the wheels and sdists of a release; wheels for other implementations are left out."""
    return _offer(release.wheel_tags, release.has_sdist)


def support_of(release: Release, target: Target) -> Support:
    """Find the wheels of a release that fit a target, and how far to trust them."""
    admitted = _admitted(release, target)
    fits = _fits(admitted.wheel_tags, target)
    return Support(
        covered=fits.covered,
        suspects=tuple(sorted(admitted.wheels[place].filename for place in fits.suspects)),
        fallback=fits.fallback,
        excluded=bool(release.files) and not admitted.files,
    )


def first_trusted(release: Release, target: Target) -> tuple[bool, datetime | None]:
    """Tell whether a release has a trusted wheel for a target on a platform that counts, and when the first came."""
    admitted = _admitted(release, target)
    trusted = _fits(admitted.wheel_tags, target).trusted
    return bool(trusted), earliest([admitted.wheels[place] for place in trusted])


def since(project: Project, newest: Release, target: Target) -> Since | None:
    """Find the oldest stable release from which on every stable one has a trusted wheel for the target."""
    found = None
    stable = () if newest.version.is_prerelease or newest.is_yanked else (newest,)
    for release in (*stable, *stable_before(project, newest)):
        has, first = first_trusted(release, target)
        if not has:
            break
        found = Since(release.version, None if first is None else first.date())
    return found


@dataclass(frozen=True, slots=True)
class _Fits:
    """How wheels with certain tags fit a target; wheels are told by their place."""

    covered: Mapping[Platform, Cover]
    trusted: tuple[int, ...]
    suspects: tuple[int, ...]
    fallback: bool


# The releases of a project mostly differ in their version alone, and so do those of many projects: what follows from
# the tags of all wheels together is worth remembering.


@lru_cache(maxsize=4096)
def _offer(wheels: tuple[str, ...], sdist: bool) -> Offer:  # noqa: FBT001 — lru_cache is fastest by position
    scope: set[Platform] = set()
    others: set[str] = set()
    gil_abis: set[str] = set()
    abis: list[Abi] = []
    for tags in wheels:
        wheel = read_tags(tags)
        if wheel is None or wheel.abi is Abi.FOREIGN:
            continue
        abis.append(wheel.abi)
        others |= wheel.other_platforms
        if wheel.abi is Abi.NATIVE:
            scope.update(platform for platform, _ in wheel.floors)
            gil_abis |= wheel.gil_abis
    return Offer(
        scope=in_order(scope),
        other_platforms=tuple(sorted(others)),
        wheels=len(abis),
        native=Abi.NATIVE in abis,
        gil=bool(gil_abis),
        abi3_only=gil_abis == {"abi3"},
        no_python_abi=Abi.NO_PYTHON in abis,
        pure=Abi.ANYWHERE in abis,
        sdist=sdist,
    )


@lru_cache(maxsize=8192)
def _fits(wheels: tuple[str, ...], target: Target) -> _Fits:
    best: dict[Platform, tuple[Match, Floor | None]] = {}
    trusted: list[int] = []
    suspects: list[int] = []
    fallback = False
    for place, tags in enumerate(wheels):
        fit = match(tags, target)
        if fit is None:
            fallback = fallback or fits_anywhere(tags, target)
        elif not fit.trusted:
            suspects.append(place)
        elif (wheel := read_tags(tags)) is not None:
            trusted.append(place)
            for platform, floor in wheel.floors:
                best[platform] = _better(best.get(platform), (fit, floor))
    covered = {platform: Cover(best[platform][0].how, best[platform][1]) for platform in in_order(set(best))}
    return _Fits(MappingProxyType(covered), tuple(trusted), tuple(suspects), fallback)


def _admitted(release: Release, target: Target) -> Release:
    """Leave out the files whose ``requires-python`` shuts the target out: none, or all, on PyPI."""
    refused = {text for text in release.python_requirements if not admits(text, target)}
    if not refused:
        return release
    return Release(release.version, tuple(file for file in release.standing if file.requires_python not in refused))


def _better(
    known: tuple[Match, Floor | None] | None, offered: tuple[Match, Floor | None]
) -> tuple[Match, Floor | None]:
    if known is None or offered[0].rank < known[0].rank:
        return offered
    if offered[0].rank > known[0].rank:
        return known
    return known[0], lower(known[1], offered[1])
