"""The judge: from a project page to a verdict for each free-threaded Python, by rules of which the first hit wins.

A verdict is about the project's newest release and speaks of installing, never of thread safety.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from packaging.version import Version

from bot.core.index.metadata import Metadata
from bot.core.index.simple_api import Project, ProjectStatus, Release
from bot.core.inspection.modules import Gil
from bot.core.verdicts.earlier import Since, since
from bot.core.verdicts.modifiers import Case, Modifier, about_package, about_target
from bot.core.verdicts.rules import Verdict, verdict_of
from bot.core.verdicts.support import Cover, Support, newest_release, offer_of, support_of
from bot.core.wheels.platforms import PLATFORMS, Platform, in_order
from bot.core.wheels.tags import read_tags
from bot.core.wheels.targets import Target

_ANY = Cover("any", None)


@dataclass(frozen=True, slots=True)
class TargetVerdict:
    """The verdict for one target; ``scope`` are those on which a wheel can be expected.

    ``requires_python`` is what shuts the target out, as the release says it. ``gil`` is what importing it does, None
    where its wheel was not read, and ``gil_modules`` names modules that turn the GIL back on.
    """

    target: Target
    verdict: Verdict
    covered: Mapping[Platform, Cover] = field(default_factory=dict)
    missing: tuple[Platform, ...] = ()
    scope: tuple[Platform, ...] = ()
    since: Since | None = None
    modifiers: tuple[Modifier, ...] = ()
    requires_python: str | None = None
    gil: Gil | None = None
    gil_modules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the judge says of a project: its newest release, and a verdict for each target, in the order asked."""

    package: str
    targets: tuple[TargetVerdict, ...]
    version: Version | None = None
    released: datetime | None = None
    other_platforms: tuple[str, ...] = ()
    sdist: bool = False
    modifiers: tuple[Modifier, ...] = ()

    @property
    def scope(self) -> tuple[Platform, ...]:
        """Return the platforms in scope for any of the targets."""
        return in_order({platform for target in self.targets for platform in target.scope})


def judge(project: Project, targets: Sequence[Target], now: datetime, metadata: Metadata | None = None) -> Judgement:
    """Judge the newest release of a project for each target; total, and independent of the order of files."""
    if project.status is ProjectStatus.QUARANTINED:
        return without_release(project.name, targets, Verdict.QUARANTINED)
    project, newest = readable(project)
    if newest is None:
        verdict = Verdict.SDIST_ONLY if project.other_files else Verdict.NO_FILES
        return without_release(project.name, targets, verdict)
    return _judge(project, newest, targets, now, metadata)


def readable(project: Project) -> tuple[Project, Release | None]:
    """Return a project and the release to judge: the newest that has a file which can be read, None without one."""
    newest = newest_release(project)
    if newest is None or _has_files(newest):
        return project, newest
    project = replace(project, releases=tuple(filter(_has_files, project.releases)))
    return project, newest_release(project)


def judge_release(project: Project, release: Release, targets: Sequence[Target], now: datetime) -> Judgement:
    """Judge one release of a project as if it were the newest: what came later says nothing about it."""
    if project.status is ProjectStatus.QUARANTINED:
        return without_release(project.name, targets, Verdict.QUARANTINED)
    if not _has_files(release):
        return without_release(project.name, targets, Verdict.NO_FILES)
    past = tuple(each for each in project.releases if each.version <= release.version and _has_files(each))
    return _judge(replace(project, releases=past), release, targets, now, None)


def release_verdict(release: Release, target: Target) -> Verdict:
    """Return the verdict on one release, without what else there is to know about it."""
    return verdict_of(offer_of(release), support_of(release, target)) if _has_files(release) else Verdict.NO_FILES


def _judge(
    project: Project, newest: Release, targets: Sequence[Target], now: datetime, metadata: Metadata | None
) -> Judgement:
    offer = offer_of(newest)
    case = Case(project, newest, offer, tuple(targets), now)
    return Judgement(
        package=project.name,
        targets=tuple(_judge_target(case, target) for target in targets),
        version=newest.version,
        released=newest.first_upload,
        other_platforms=offer.other_platforms,
        sdist=offer.sdist,
        modifiers=about_package(case, metadata),
    )


def without_release(package: str, targets: Sequence[Target], verdict: Verdict) -> Judgement:
    """Return the same of every target, where there is no release to look at."""
    return Judgement(package, tuple(TargetVerdict(target, verdict) for target in targets))


def _has_files(release: Release) -> bool:
    """Return whether a release has any file that can be read: wheels with tags that make no sense are none."""
    last = release.files[-1] if release.files else None
    if last is not None and not last.is_wheel and not last.yanked:  # where an index lists the sdist: nearly always
        return True
    return release.has_sdist or any(read_tags(tags) is not None for tags in release.wheel_tags)


def _judge_target(case: Case, target: Target) -> TargetVerdict:
    support = support_of(case.newest, target)
    verdict = verdict_of(case.offer, support)
    covered = _covered(verdict, support)
    return TargetVerdict(
        target=target,
        verdict=verdict,
        covered=covered,
        missing=tuple(platform for platform in support.scope if platform not in covered),
        scope=support.scope,
        since=since(case.project, case.newest, target),
        modifiers=about_target(case, target, support, verdict),
        requires_python=min(case.newest.python_requirements, default=None) if verdict is Verdict.EXCLUDED else None,
    )


def _covered(verdict: Verdict, support: Support) -> Mapping[Platform, Cover]:
    if verdict is Verdict.PURE:
        return MappingProxyType(dict.fromkeys(PLATFORMS, _ANY))
    if verdict is Verdict.PURE_FALLBACK:
        return MappingProxyType(dict.fromkeys(support.scope, _ANY))
    return support.covered
