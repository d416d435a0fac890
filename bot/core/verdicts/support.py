"""What one release offers, in general and to one free-threaded Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache, reduce
from itertools import dropwhile
from types import MappingProxyType

from packaging.specifiers import SpecifierSet

from bot.core.index.simple_api import File, Project, Release, earliest
from bot.core.wheels.platforms import Floor, Platform, in_order
from bot.core.wheels.tags import Abi, Match, fit, is_possible, lower, read_tags
from bot.core.wheels.targets import Target

_BUGFIXES = range(1, 100)
"""Bug-fix releases of one minor version that ``requires-python`` is asked about; CPython has not reached 30."""


@dataclass(frozen=True, slots=True)
class Cover:
    """How a platform is covered: by ``cp314t``, ``abi3t``, ``none`` or ``any``, and from which system on.

    ``how`` is what an installer prefers. Where wheels with another tag admit an older system, ``floor`` is theirs and
    ``floor_how`` that tag.
    """

    how: str
    floor: Floor | None
    floor_how: str | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """What a release offers, whatever the target.

    ``platforms`` are those with a native CPython wheel; ``abi3_only`` tells that wheels for GIL Pythons exist and
    are ``abi3`` without exception.
    """

    platforms: tuple[Platform, ...]
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
    """What a release offers one target: trusted wheels by platform, file names of suspect ones, a pure wheel, an sdist.

    ``scope`` are the platforms on which a wheel can be asked for: those for which the GIL build of the same Python has
    one here, or this target has; where there is none of either, those of all native wheels. ``gil_floors`` has the
    oldest systems that the wheels of that GIL build admit.
    """

    covered: Mapping[Platform, Cover]
    scope: tuple[Platform, ...]
    gil_floors: Mapping[Platform, Floor | None]
    suspects: tuple[str, ...]
    fallback: bool
    sdist: bool
    excluded: bool

    @property
    def trusted(self) -> bool:
        """Return whether the release has wheels for the target: a trusted one, on a platform that counts."""
        return bool(self.covered)

    @property
    def covers_most(self) -> bool:
        """Return whether it has wheels on at least half of its scope; fewer look like an accident."""
        return self.trusted and 2 * len(self.covered) >= len(self.scope)

    @property
    def missing(self) -> tuple[Platform, ...]:
        """Return the platforms in scope without a trusted wheel."""
        return tuple(platform for platform in self.scope if platform not in self.covered)


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
    version = release.version
    earlier = dropwhile(lambda each: each.version >= version, reversed(project.releases))
    return (each for each in earlier if not each.version.is_prerelease and not each.is_yanked)


@lru_cache(maxsize=8192)
def admits(requires_python: str, target: Target) -> bool:
    """Return whether ``requires-python`` lets any bug-fix release of the target in; unreadable ones do, as in pip.

    ``<=3.14`` and ``==3.14`` let 3.14.0 in and nothing after it, which is soon nobody's Python.
    """
    try:
        wanted = SpecifierSet(requires_python)
        return any(wanted.contains(f"3.{target.minor}.{bugfix}") for bugfix in _BUGFIXES)
    except ValueError:  # InvalidSpecifier is one, and so is the complaint about a number with thousands of digits
        return True


def admits_first_only(requires_python: str, target: Target) -> bool:
    """Return whether ``requires-python`` lets the first release of a target in and no later one, as ``<=3.14`` does."""
    if admits(requires_python, target):
        return False
    try:
        return SpecifierSet(requires_python).contains(f"3.{target.minor}.0")
    except ValueError:
        return False


def admits_older(requires_python: str, target: Target) -> bool:
    """Return whether a requirement that shuts a target out lets an older Python in.

    Then it has no lower bound above the target, and uv, which reads no other (findings/), takes it all the same.
    """
    try:
        wanted = SpecifierSet(requires_python)
    except ValueError:
        return False
    older = (f"3.{minor}.{bugfix}" for minor in range(target.minor + 1) for bugfix in (0, *_BUGFIXES))
    return any(map(wanted.contains, older))


def offer_of(release: Release) -> Offer:
    """Sum up the wheels and sdists of a release; wheels for other implementations are left out."""
    return _offer(release.wheel_tags, release.has_sdist)


def support_of(release: Release, target: Target) -> Support:
    """Find the wheels of a release that fit a target, and how far to trust them."""
    if len(requirements := release.requirements) > 1 or release.believed or not release.files:
        return _support_of(release, target)
    # Most releases of a project, and those of many projects, differ in their version alone.
    alike = (release.wheel_tags, release.has_sdist, requirements, target)
    try:
        return _supports[alike]
    except KeyError:
        support = _support_of(release, target)
    if not support.suspects:  # which are told by their file names
        if len(_supports) >= _MOST_SUPPORTS:
            _supports.clear()
        _supports[alike] = support
    return support


_MOST_SUPPORTS = 8192
_supports: dict[tuple[tuple[str, ...], bool, frozenset[str | None], Target], Support] = {}
"""By what they follow from. No ``lru_cache``, which threads without the GIL would wait for."""


def _support_of(release: Release, target: Target) -> Support:
    admitted = _admitted(release, target)
    fits = _fits_of(admitted, target)
    return Support(
        covered=fits.covered,
        scope=fits.scope or offer_of(release).platforms,
        gil_floors=fits.gil_floors,
        suspects=tuple(sorted(admitted.wheels[place].filename for place in fits.suspects)),
        fallback=fits.fallback,
        sdist=admitted.has_sdist,
        excluded=bool(release.files) and not admitted.files,
    )


def admitted_wheels(release: Release, target: Target) -> tuple[File, ...]:
    """Return the wheels of a release that count, without those whose ``requires-python`` shuts the target out."""
    return _admitted(release, target).wheels


def first_trusted(release: Release, target: Target) -> tuple[bool, datetime | None]:
    """Return whether a release has a trusted wheel for a target on a platform that counts, and when the first came."""
    admitted = _admitted(release, target)
    trusted = _fits_of(admitted, target).trusted
    return bool(trusted), earliest([admitted.wheels[place] for place in trusted])


@dataclass(frozen=True, slots=True)
class _Fits:
    """How wheels with certain tags fit a target; wheels are told by their place."""

    covered: Mapping[Platform, Cover]
    scope: tuple[Platform, ...]
    gil_floors: Mapping[Platform, Floor | None]
    trusted: tuple[int, ...]
    suspects: tuple[int, ...]
    fallback: bool


# The releases of a project mostly differ in their version alone, and so do those of many projects: what follows from
# the tags of all wheels together is worth remembering.


@lru_cache(maxsize=4096)
def _offer(wheels: tuple[str, ...], sdist: bool) -> Offer:  # noqa: FBT001 — lru_cache is fastest by position
    platforms: set[Platform] = set()
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
            platforms.update(platform for platform, _ in wheel.floors)
            gil_abis |= wheel.gil_abis
    return Offer(
        platforms=in_order(platforms),
        other_platforms=tuple(sorted(others)),
        wheels=len(abis),
        native=Abi.NATIVE in abis,
        gil=bool(gil_abis),
        abi3_only=gil_abis == {"abi3"},
        no_python_abi=Abi.NO_PYTHON in abis,
        pure=Abi.ANYWHERE in abis,
        sdist=sdist,
    )


def _fits_of(release: Release, target: Target) -> _Fits:
    if not release.believed:
        return _fits(release.wheel_tags, target)
    return _fits(
        release.wheel_tags, target, frozenset(file.tags for file in release.wheels if file.filename in release.believed)
    )


@lru_cache(maxsize=8192)
def _fits(wheels: tuple[str, ...], target: Target, believed: frozenset[str] = frozenset()) -> _Fits:
    found: dict[Platform, list[tuple[Match, Floor | None]]] = {}
    gil: dict[Platform, Floor | None] = {}
    trusted: list[int] = []
    suspects: list[int] = []
    fallback = False
    for place, tags in enumerate(wheels):
        wheel = fit(tags, target)
        if wheel.gil_build:
            for platform, floor in wheel.floors:
                gil[platform] = lower(gil[platform], floor) if platform in gil else floor
        if wheel.match is None:
            fallback = fallback or wheel.anywhere
            continue
        match = (
            replace(wheel.match, trusted=True) if tags in believed and is_possible(wheel.match, target) else wheel.match
        )
        if not match.trusted:
            suspects.append(place)
        else:
            trusted.append(place)
            for platform, floor in wheel.floors:
                found.setdefault(platform, []).append((match, floor))
    return _Fits(
        covered=MappingProxyType({platform: _cover(found[platform]) for platform in in_order(set(found))}),
        scope=in_order({*gil, *found}),
        gil_floors=MappingProxyType(gil),
        trusted=tuple(trusted),
        suspects=tuple(suspects),
        fallback=fallback,
    )


def _admitted(release: Release, target: Target) -> Release:
    """Leave out the files whose ``requires-python`` shuts the target out: none, or all, on PyPI."""
    refused = {text for text in release.python_requirements if not admits(text, target)}
    if not refused:
        return release
    files = tuple(file for file in release.standing if file.requires_python not in refused)
    return Release(release.version, files, release.believed)


def _cover(fits: Sequence[tuple[Match, Floor | None]]) -> Cover:
    """Sum up the trusted wheels for a platform: what installers prefer, and the lowest floor of all."""
    best = min((match for match, _ in fits), key=lambda match: match.rank)
    lowest = reduce(lower, (floor for _, floor in fits))
    there = min((match for match, floor in fits if floor == lowest), key=lambda match: match.rank)
    return Cover(best.how, lowest, None if there.how == best.how else there.how)
