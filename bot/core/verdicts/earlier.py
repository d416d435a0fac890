"""What the stable releases before the newest one had for a target: since when there are wheels, and what was lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from packaging.version import Version

from bot.core.index.simple_api import Project, Release
from bot.core.verdicts.support import first_trusted, stable_before, support_of
from bot.core.wheels.platforms import PLATFORMS, Platform, in_order
from bot.core.wheels.targets import FIRST_WHEELS, Target


@dataclass(frozen=True, slots=True)
class Since:
    """The oldest release of an unbroken run of supporting ones, and the day of its first trusted wheel (UTC).

    ``by_platform`` has for each platform of the newest release the oldest one of an unbroken run there.
    """

    version: Version
    date: date | None
    by_platform: Mapping[Platform, Version]


@dataclass(frozen=True, slots=True)
class Loss:
    """Trusted wheels for some platforms that an earlier stable release had and the newest one lacks.

    ``had`` is the last release that had them, ``lacks`` the first that did not. ``takes`` is what installers take on
    these platforms now: the newest release with something that installs or builds there, ``had`` itself at the latest.
    """

    platforms: tuple[Platform, ...]
    had: Release
    lacks: Release
    takes: Release


@dataclass(frozen=True, slots=True)
class Losses:
    """What was lost: all wheels, or those for some platforms, each loss by the releases in which it happened."""

    regressed: Loss | None = None
    narrowed: tuple[Loss, ...] = ()


def since(project: Project, newest: Release, target: Target) -> Since | None:
    """Find the oldest stable release from which on every stable one has a trusted wheel for the target."""
    oldest: Release | None = None
    by_platform: dict[Platform, Version] = {}
    unbroken: set[Platform] = set()
    for release in _stable_up_to(project, newest):
        covered = support_of(release, target).covered.keys()
        if not covered:
            break
        unbroken = set(covered) if oldest is None else unbroken & covered
        by_platform |= dict.fromkeys(unbroken, release.version)
        oldest = release
    if oldest is None:
        return None
    _, first = first_trusted(oldest, target)
    runs = {platform: by_platform[platform] for platform in in_order(set(by_platform))}
    return Since(oldest.version, None if first is None else first.date(), runs)


def losses(project: Project, newest: Release, target: Target) -> Losses:
    """Find what earlier stable releases had and the newest lacks, back to when there were free-threaded wheels at all.

    It is ``regressed`` only where the newest has no trusted wheel and an earlier one had them on at least half of its
    scope: wheels on less than that were an accident, and losing them narrows what there was.
    """
    now = support_of(newest, target)
    wanted = set(PLATFORMS) - now.covered.keys()
    takes = newest if now.sdist or now.fallback else None
    lacks, found = newest, list[Loss]()
    for release in stable_before(project, newest):
        if not wanted or _is_too_old(release):
            break
        then = support_of(release, target)
        if then.covers_most and not now.trusted:
            return Losses(regressed=Loss(tuple(then.covered), release, lacks, takes or release))
        if had := wanted & then.covered.keys():
            found.append(Loss(in_order(had), release, lacks, takes or release))
            wanted -= had
        if takes is None and (then.sdist or then.fallback):
            takes = release
        lacks = release
    return Losses(narrowed=tuple(found))


def _stable_up_to(project: Project, newest: Release) -> Iterator[Release]:
    if not newest.version.is_prerelease and not newest.is_yanked:
        yield newest
    yield from stable_before(project, newest)


def _is_too_old(release: Release) -> bool:
    """Return whether a release came before there were free-threaded wheels; one without upload times may be new."""
    return release.first_upload is not None and release.first_upload < FIRST_WHEELS
