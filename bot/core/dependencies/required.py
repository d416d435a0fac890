"""What a package that is pure Python itself requires, one level deep: whether that has wheels for a target.

Such a package installs, and is of no use where what it requires does not: polars, jax and discord.py are pure Python.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from bot.core.dependencies.environments import holds, marker_environment
from bot.core.dependencies.judged import missing_platforms
from bot.core.index.simple_api import Project, Release
from bot.core.text.sentences import joined
from bot.core.verdicts.judge import Judgement, TargetVerdict
from bot.core.verdicts.modifiers import Modifier, ModifierKind
from bot.core.verdicts.rules import PURE_ITSELF
from bot.core.wheels.platforms import PLATFORM_NAMES, PLATFORMS, Platform
from bot.core.wheels.targets import Target

MOST_REQUIRED = 60
"""Packages that are looked at for one; apache-airflow requires 48."""

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class RequiredPackage:
    """A package that is required (normalized name), and where, of all platforms, by its marker."""

    requirement: Requirement
    platforms: tuple[Platform, ...]

    @property
    def name(self) -> str:
        """Return the normalized name."""
        return str(canonicalize_name(self.requirement.name))


def names_to_look_at(judgement: Judgement, requires: Iterable[str]) -> tuple[str, ...]:
    """Return the packages to look at for a judgement, at most ``MOST_REQUIRED``; none where it is not pure itself."""
    names = dict.fromkeys(
        required.name
        for verdict in judgement.targets
        if verdict.verdict in PURE_ITSELF
        for required in required_packages(requires, verdict.target)
    )
    return tuple(names)[:MOST_REQUIRED]


def with_required(judgement: Judgement, requires: Iterable[str], known: Mapping[str, Project]) -> Judgement:
    """Add to each target on which a package is pure itself what it requires that has no wheel there.

    ``known`` has the required projects, by name; what is not known of is left out.
    """
    texts = tuple(requires)
    return replace(judgement, targets=tuple(_with_required(each, texts, known) for each in judgement.targets))


def required_packages(requires: Iterable[str], target: Target) -> Iterator[RequiredPackage]:
    """Read requirements, and yield those that a target has on some platform."""
    for text in requires:
        try:
            requirement = Requirement(text)
        except (InvalidRequirement, ValueError, RecursionError):
            continue
        platforms = tuple(
            platform
            for platform in PLATFORMS
            if requirement.url is None and holds(requirement.marker, marker_environment(target, platform))
        )
        if platforms:
            yield RequiredPackage(requirement, platforms)


def _with_required(verdict: TargetVerdict, requires: tuple[str, ...], known: Mapping[str, Project]) -> TargetVerdict:
    if verdict.verdict not in PURE_ITSELF:
        return verdict
    found: dict[str, tuple[Platform, ...]] = {}
    for required in required_packages(requires, verdict.target):
        project = known.get(required.name)
        release = None if project is None else _taken(project, required.requirement)
        missing = () if release is None else missing_platforms(release, verdict.target, required.platforms)
        if missing:
            found[required.name] = missing
    if not found:
        return verdict
    modifier = Modifier(ModifierKind.REQUIRES, _detail(found, verdict.target))
    return replace(verdict, modifiers=(*verdict.modifiers, modifier))


def _taken(project: Project, requirement: Requirement) -> Release | None:
    """Return the newest release that a requirement admits, a pre-release only if there are no others."""
    admitted = [each for each in project.releases if not each.is_yanked]
    versions = {each.version: each for each in admitted}
    newest = max(requirement.specifier.filter(versions), default=None)
    return None if newest is None else versions[newest]


def _detail(found: Mapping[str, tuple[Platform, ...]], target: Target) -> str:
    names = [*found]
    rest = len(names) - _MOST_NAMED
    shown = [*names[:_MOST_NAMED], f"{rest} more"] if rest > 0 else names
    verb = "has" if len(names) == 1 else "have"
    systems = {PLATFORM_NAMES[platform].split()[0] for platforms in found.values() for platform in platforms}
    where = f" on {systems.pop()}" if len(systems) == 1 else ""
    return f"It requires {joined(shown)}, which {verb} no wheel for {target}{where}."
