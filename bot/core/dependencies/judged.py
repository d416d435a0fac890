"""Whether a dependency stops a move to a free-threaded Python: the verdict on its pinned version, by platform.

What is judged is the version that would be installed, never the newest instead; beside it stand the newest, and the
first version from the pin on that works.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from bot.core.index.simple_api import File, Project, ProjectStatus, Release, group
from bot.core.inspection.inspection import Inspection
from bot.core.inspection.modules import Gil
from bot.core.verdicts.imported_gil import believing, judge_release_with_inspections
from bot.core.verdicts.judge import Judgement, judge_release, release_verdict, without_release
from bot.core.verdicts.modifiers import Modifier, ModifierKind
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.support import newest_release, offer_of, support_of
from bot.core.wheels.platforms import Platform
from bot.core.wheels.targets import Target


@dataclass(frozen=True, slots=True)
class NeededPackage:
    """A package that would be installed, as dependency files or a resolver have it.

    ``version`` is None where nothing fixes one, and then the newest is looked at, of those that are ``allowed`` if not
    all are; ``pinned`` says that a file fixes it.
    ``platforms`` are those, of the ones asked about, on which it is needed. ``paths`` has the shortest way from a
    project to it, and ``ways`` is how many others require it directly. ``optional`` is what is needed only by extras
    and groups. ``wheels`` and ``registry`` are for what comes from another index: its files, as the lock names them.
    ``certain`` is False where it may not be needed at all. ``direct`` says that a project requires it itself, and
    ``requires`` names what it requires, as far as the files say.
    """

    name: str
    version: Version | None
    platforms: tuple[Platform, ...]
    pinned: bool = True
    paths: tuple[tuple[str, ...], ...] = ()
    ways: int = 0
    optional: bool = False
    groups: tuple[str, ...] = ()
    marker: str | None = None
    registry: str | None = None
    wheels: tuple[str, ...] = ()
    sdist: bool = False
    certain: bool = True
    direct: bool = False
    requires: tuple[str, ...] = ()
    allowed: SpecifierSet | None = None


class JudgedBy(StrEnum):
    """Whose file names a verdict goes by."""

    INDEX = "index"
    LOCK = "lock"


@dataclass(frozen=True, slots=True)
class NewestRelease:
    """The newest release of a dependency, and its verdict."""

    version: Version
    verdict: Verdict


class DependencyState(StrEnum):
    """How a dependency stands, in the order in which people read about it; the value is a heading."""

    BLOCKS = "stops you"
    GIL_ON = "works, but turns the GIL back on"
    WITHOUT_WHEELS = "has no wheel for this Python, with or without the GIL"
    PARTIAL = "works, but not on every platform"
    FALLBACK = "works as pure Python, without its compiled parts"
    READY = "ready"
    UNKNOWN = "could not be told"


@dataclass(frozen=True, slots=True)
class JudgedDependency:
    """A dependency and its verdict for one target.

    ``missing`` are the platforms on which it stops a move: nothing installs there without a compiler, though the build
    of the same Python with the GIL has a wheel, or it has only an sdist anyway. On ``lacking`` nothing installs either,
    but not for want of free-threading. ``first_working`` is the first stable version from the pin on that installs on
    all platforms where it is needed. ``tracking_issue`` is where upstream is asked for support, ``reason`` a sentence
    about what could not be told.
    """

    needed: NeededPackage
    version: Version | None
    verdict: Verdict
    missing: tuple[Platform, ...] = ()
    lacking: tuple[Platform, ...] = ()
    gil: Gil | None = None
    newest: NewestRelease | None = None
    first_working: Version | None = None
    judged_by: JudgedBy = JudgedBy.INDEX
    modifiers: tuple[Modifier, ...] = ()
    tracking_issue: str | None = None
    reason: str | None = None

    @property
    def package(self) -> str:
        """Return the normalized name."""
        return self.needed.name

    @property
    def blocks(self) -> bool:
        """Return whether it stops a move, where it is certain that it is needed."""
        return bool(self.missing) and self.needed.certain

    @property
    def turns_gil_on(self) -> bool:
        """Return whether importing it turns the GIL back on, by its wheel or by the curated list.

        The list is about extension modules: what installs as pure Python has none.
        """
        if self.gil is not None:
            return self.gil is Gil.ON
        if self.verdict in {Verdict.PURE, Verdict.PURE_FALLBACK}:
            return False
        return any(modifier.kind is ModifierKind.GIL_REENABLED for modifier in self.modifiers)

    @property
    def state(self) -> DependencyState:
        """Return how it stands, in a word."""
        if self.blocks:
            return DependencyState.BLOCKS
        if self.verdict.ok is None or self.missing:
            return DependencyState.UNKNOWN
        if not self.verdict.ok or self.lacking:
            return DependencyState.WITHOUT_WHEELS
        if self.turns_gil_on:
            return DependencyState.GIL_ON
        return _STATES.get(self.verdict, DependencyState.READY)


_STATES: Mapping[Verdict, DependencyState] = {
    Verdict.PARTIAL: DependencyState.PARTIAL,
    Verdict.PURE_FALLBACK: DependencyState.FALLBACK,
}


@dataclass(frozen=True, slots=True)
class KnownProject:
    """What is known of a needed package: its project page, or why there is none, and what was read in its wheels."""

    project: Project | None
    missing: bool = False
    problem: str | None = None
    by_wheel: Mapping[str, Inspection] = field(default_factory=dict)


def judge_dependency(needed: NeededPackage, known: KnownProject, target: Target, now: datetime) -> JudgedDependency:
    """Judge a needed package for a target; total."""
    if needed.registry is not None:
        return _by_lock(needed, target, now)
    project = known.project
    if project is None:
        verdict = Verdict.NOT_FOUND if known.missing else Verdict.UNKNOWN
        reason = known.problem or "The index has no such project; it may be a private one."
        return JudgedDependency(needed, needed.version, verdict, reason=reason)
    if project.status is ProjectStatus.QUARANTINED:
        return JudgedDependency(
            needed, needed.version, Verdict.QUARANTINED, reason="It is quarantined: nothing of it can be installed."
        )
    newest = newest_release(project)
    release = _meant(needed, project)
    if release is None or newest is None:
        verdict = Verdict.NO_FILES if newest is None else Verdict.NOT_FOUND
        return JudgedDependency(
            needed, needed.version, verdict, newest=_newest(project, target), reason=_absent(needed, project)
        )
    judgement = judge_release_with_inspections(project, release, (target,), now, known.by_wheel)
    return _judged(needed, judgement, *believing(project, release, known.by_wheel))


def missing_platforms(release: Release, target: Target, platforms: Sequence[Platform]) -> tuple[Platform, ...]:
    """Return the platforms on which a release stops a move to a target.

    There, nothing installs without a compiler, though the build of the same Python with the GIL has a wheel, or the
    release has an sdist only. What no build of this Python installs is not for want of free-threading.
    """
    support, offer = support_of(release, target), offer_of(release)
    if support.excluded or support.fallback:
        return ()
    if offer.wheels == 0:
        return tuple(platforms) if support.sdist else ()
    return tuple(each for each in platforms if each not in support.covered and each in support.gil_floors)


def first_working(project: Project, target: Target, platforms: Sequence[Platform], pin: Version) -> Version | None:
    """Return the first stable version from a pin on that installs on platforms, None where there is none."""
    return next((each.version for each in _from(project, pin) if _works(each, target, platforms)), None)


def _judged(needed: NeededPackage, judgement: Judgement, project: Project, release: Release) -> JudgedDependency:
    verdict = judgement.targets[0]
    target = verdict.target
    missing = missing_platforms(release, target, needed.platforms)
    return JudgedDependency(
        needed=needed,
        version=release.version,
        verdict=verdict.verdict,
        missing=missing,
        lacking=_lacking(release, target, needed.platforms, missing),
        gil=verdict.gil,
        newest=_newest(project, target),
        first_working=first_working(project, target, needed.platforms, release.version),
        modifiers=(*judgement.modifiers, *verdict.modifiers),
        reason=_uncertain(needed, missing),
    )


def _by_lock(needed: NeededPackage, target: Target, now: datetime) -> JudgedDependency:
    """Judge what comes from another index by the file names that the lock has of it."""
    if needed.version is None or not (needed.wheels or needed.sdist):
        reason = f"It comes from {needed.registry}, which is not asked, and the lock names no file of it."
        return JudgedDependency(needed, needed.version, Verdict.UNKNOWN, judged_by=JudgedBy.LOCK, reason=reason)
    files = [File(name) for name in needed.wheels]
    if needed.sdist:
        files.append(File(f"{needed.name}-{needed.version}.tar.gz"))
    project = group(needed.name, files, ProjectStatus.ACTIVE)
    release = newest_release(project)
    if release is None:
        judgement = without_release(needed.name, (target,), Verdict.UNKNOWN)
    else:
        judgement = judge_release(project, release, (target,), now)
    verdict = judgement.targets[0]
    missing = () if release is None else missing_platforms(release, target, needed.platforms)
    lacking = () if release is None else _lacking(release, target, needed.platforms, missing)
    works = release is not None and not missing and not lacking
    return JudgedDependency(
        needed=needed,
        version=needed.version,
        verdict=verdict.verdict,
        missing=missing,
        lacking=lacking,
        first_working=needed.version if works else None,
        judged_by=JudgedBy.LOCK,
        modifiers=(*judgement.modifiers, *verdict.modifiers),
        reason=f"It comes from {needed.registry}, so the wheels are those that the lock names.",
    )


def _lacking(
    release: Release, target: Target, platforms: Sequence[Platform], missing: Sequence[Platform]
) -> tuple[Platform, ...]:
    return tuple(each for each in platforms if each not in missing and not _works(release, target, (each,)))


def _works(release: Release, target: Target, platforms: Sequence[Platform]) -> bool:
    """Return whether a release installs on a target without a compiler, on all platforms."""
    support = support_of(release, target)
    return not support.excluded and (support.fallback or all(each in support.covered for each in platforms))


def _from(project: Project, pin: Version) -> Iterator[Release]:
    for release in project.releases:
        stable = not release.version.is_prerelease and not release.is_yanked
        if release.version == pin or (stable and release.version > pin):
            yield release


def _find(project: Project, version: Version) -> Release | None:
    return next((release for release in project.releases if release.version == version), None)


def _meant(needed: NeededPackage, project: Project) -> Release | None:
    """Return the release that would be installed: the pin, else the newest, or the newest that may be taken."""
    if needed.version is not None:
        return _find(project, needed.version)
    if needed.allowed is None:
        return newest_release(project)
    fitting = [each for each in project.releases if needed.allowed.contains(each.version, prereleases=True)]
    offered = [each for each in fitting if not each.is_yanked] or fitting
    stable = [each for each in offered if not each.version.is_prerelease]
    return max(stable or offered, key=lambda each: each.version, default=None)


def _newest(project: Project, target: Target) -> NewestRelease | None:
    newest = newest_release(project)
    if newest is None:
        return None
    return NewestRelease(newest.version, release_verdict(newest, target))


def _absent(needed: NeededPackage, project: Project) -> str:
    if not project.releases:
        return "The index has no file of it."
    if needed.version is None:
        return f"The index has no version {needed.allowed} of it."
    if needed.version.local is not None:
        return f"The index has no {needed.version}: what follows the + comes from another index."
    return f"The index has no release {needed.version} of it; it may have been deleted."


def _uncertain(needed: NeededPackage, missing: Sequence[Platform]) -> str | None:
    if needed.certain or not missing:
        return None
    return "It may not be needed here: a group needs it too, and then such locks lose the marker that says when."
