"""What a verdict alone does not tell: what was lost, what is still uploading, what is claimed, what replaced what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.curated import gil_reenabled, superseded
from bot.core.metadata import CLASSIFIER, Metadata, free_threading_level
from bot.core.rules import Verdict
from bot.core.simple_api import File, Project, ProjectStatus, Release
from bot.core.support import Offer, Support, first_trusted, stable_before
from bot.core.targets import NEWEST_MINOR, OLDEST_MINOR, OLDEST_SUPPORTED_MINOR, Target
from bot.core.wheels import Abi, read_tags

SETTLED = timedelta(hours=48)
"""How old a release must be before wheels it lacks count as lost: uploads have taken four days, nearly all take one."""

UPLOADS_CLOSED = timedelta(days=14)
"""PyPI takes no new files for older releases (since July 2026)."""

_CLEARLY_FEWER = 2 / 3
"""A release with fewer of the previous one's wheels than this is visibly incomplete."""

_BETA_LEVEL = 2
"""From this level on, the classifier claims that the GIL stays off."""

_FREE_THREADED = tuple(Target(minor) for minor in range(OLDEST_MINOR, NEWEST_MINOR + 1))
"""A claim is about free-threaded Python, whichever of them was asked about."""


class ModifierKind(StrEnum):
    """The kinds of modifier, by the words of the contract."""

    LAGGING = "lagging"
    REGRESSED = "regressed"
    UPLOADING = "uploading"
    PURE_FALLBACK = "pure-fallback"
    PRERELEASE_ONLY = "prerelease-only"
    SUSPECT_WHEELS = "suspect-wheels"
    YANKED = "yanked"
    ARCHIVED = "archived"
    SUPERSEDED = "superseded"
    GIL_REENABLED = "gil-reenabled"
    CLAIM = "claim"
    CLAIM_CONTRADICTED = "claim-contradicted"


@dataclass(frozen=True, slots=True)
class Modifier:
    """One thing that a verdict should be read with; ``detail`` is a sentence for people, or None."""

    kind: ModifierKind
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A project before the judge: its newest release, what that offers, the targets asked about, the time (UTC)."""

    project: Project
    newest: Release
    offer: Offer
    targets: tuple[Target, ...]
    now: datetime

    @property
    def age(self) -> timedelta | None:
        """Give the newest release's age, None where the index has no upload times."""
        first = self.newest.first_upload
        return None if first is None else self.now - first


def about_package(case: Case, metadata: Metadata | None) -> tuple[Modifier, ...]:
    """Find what holds for the newest release whatever the target."""
    return tuple(_about_package(case, metadata))


def about_target(case: Case, target: Target, support: Support, verdict: Verdict) -> tuple[Modifier, ...]:
    """Find what holds for the newest release on one target."""
    return tuple(_about_target(case, target, support, verdict))


def _about_package(case: Case, metadata: Metadata | None) -> Iterator[Modifier]:
    if case.newest.is_yanked:
        reasons = {file.yanked for file in case.newest.files if isinstance(file.yanked, str) and file.yanked}
        yield Modifier(ModifierKind.YANKED, min(reasons, default=None))
    if case.project.status is ProjectStatus.ARCHIVED:
        yield Modifier(
            ModifierKind.ARCHIVED, "Its maintainers archived the project; no new releases are to be expected."
        )
    if replaced := superseded(case.project.name):
        yield Modifier(ModifierKind.SUPERSEDED, f"Use {replaced.by} instead: {replaced.why}.")
    if reenabled := gil_reenabled(case.project.name, case.newest.version):
        yield Modifier(ModifierKind.GIL_REENABLED, f"Importing it turns the GIL back on: {reenabled.evidence}")
    if metadata is not None and metadata.free_threading is not None:
        level = metadata.free_threading.rpartition(" :: ")[2]
        yield Modifier(ModifierKind.CLAIM, None if metadata.free_threading == CLASSIFIER else level)
        yield from _contradiction(case, metadata.free_threading)


def _contradiction(case: Case, classifier: str) -> Iterator[Modifier]:
    level = free_threading_level(classifier)
    if level is None:
        return
    trusted = any(first_trusted(case.newest, target)[0] for target in _FREE_THREADED)
    if level >= _BETA_LEVEL and not trusted and case.offer.gil:
        detail = "The classifier claims support, but there are wheels only for Pythons with the GIL."
        yield Modifier(ModifierKind.CLAIM_CONTRADICTED, detail)
    elif level < _BETA_LEVEL and trusted:
        detail = "There are free-threaded wheels, but the classifier calls support unstable: the GIL may come back on."
        yield Modifier(ModifierKind.CLAIM_CONTRADICTED, detail)


def _about_target(case: Case, target: Target, support: Support, verdict: Verdict) -> Iterator[Modifier]:
    if support.suspects:
        yield Modifier(ModifierKind.SUSPECT_WHEELS, _suspicion(support.suspects))
    if verdict is Verdict.PARTIAL and support.fallback:
        detail = "Platforms without a wheel fall back to the pure-Python one."
        yield Modifier(ModifierKind.PURE_FALLBACK, detail)
    if support.trusted or verdict is Verdict.NO_PYTHON_ABI:
        return
    if verdict is not Verdict.EXCLUDED:
        yield from _lagging(case, target)
        yield from _lost(case, target, verdict)
    yield from _prerelease(case, target)


def _suspicion(filenames: tuple[str, ...]) -> str:
    others = f" and {len(filenames) - 1} more" if len(filenames) > 1 else ""
    return (
        f"{filenames[0]}{others} would install, but such tags mark a mistake: usually a build for Pythons with the GIL."
    )


def _lagging(case: Case, target: Target) -> Iterator[Modifier]:
    for earlier in sorted(case.targets, reverse=True):
        if OLDEST_SUPPORTED_MINOR <= earlier.minor < target.minor and first_trusted(case.newest, earlier)[0]:
            yield Modifier(ModifierKind.LAGGING, f"It has wheels for {earlier}, not yet for {target}.")
            return


def _lost(case: Case, target: Target, verdict: Verdict) -> Iterator[Modifier]:
    """Tell wheels that were lost from wheels that are still being uploaded.

    The release that lost them is the first after the last one that had them. Nobody can say it is not just slow until
    it is 48 hours old or a newer release lacks them too.
    """
    if target.minor < OLDEST_SUPPORTED_MINOR or case.newest.version.is_prerelease:
        return
    lacking = [case.newest]
    for release in stable_before(case.project, case.newest):
        if first_trusted(release, target)[0]:
            break
        lacking.append(release)
    else:
        return
    had = f"{case.project.name} {release.version} had wheels for {target}"
    confirmed = len(lacking) > 1
    if not confirmed and _may_be_uploading(case, release):
        yield Modifier(ModifierKind.UPLOADING, f"{had}; {case.newest.version} is new and may still be uploading.")
    elif verdict is not Verdict.PURE:
        after = f"none since {lacking[-1].version}" if confirmed else f"{case.newest.version} has none"
        yield Modifier(ModifierKind.REGRESSED, f"{had}; {after}.")


def _may_be_uploading(case: Case, previous: Release) -> bool:
    if case.age is None:  # nobody can say that it is old enough
        return True
    if case.age >= UPLOADS_CLOSED:
        return False
    return case.age < SETTLED or _is_incomplete(case.newest, previous)


def _is_incomplete(release: Release, previous: Release) -> bool:
    """Tell whether files are visibly missing beside the previous release: the sdist, or many wheels for GIL Pythons."""
    wheels, before = (sum(_serves_gil(file) for file in each.files) for each in (release, previous))
    return (previous.has_sdist and not release.has_sdist) or wheels < before * _CLEARLY_FEWER


def _serves_gil(file: File) -> bool:
    wheel = read_tags(file.tags) if file.is_wheel else None
    return wheel is not None and wheel.abi is Abi.NATIVE and bool(wheel.gil_abis)


def _prerelease(case: Case, target: Target) -> Iterator[Modifier]:
    for release in reversed(case.project.releases):
        if release.version <= case.newest.version:
            return
        if release.version.is_prerelease and not release.is_yanked and first_trusted(release, target)[0]:
            yield Modifier(ModifierKind.PRERELEASE_ONLY, f"The pre-release {release.version} has wheels for {target}.")
            return
