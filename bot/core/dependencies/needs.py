"""Which packages an application needs, put together from files, platforms and what a resolver chose."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from bot.core.dependencies.environments import holds, marker_environment
from bot.core.dependencies.files import MAIN, Demand, DemandGroup, DependencyFile, GroupKind, SourceKind, UnreadLine
from bot.core.dependencies.judged import NeededPackage
from bot.core.dependencies.selection import Asked, Everything, SelectedPackage, select
from bot.core.errors import UserError
from bot.core.text.sentences import joined, listed, printable
from bot.core.wheels.platforms import Platform
from bot.core.wheels.targets import Target

if TYPE_CHECKING:  # what a lock answers needs none of its patterns
    from bot.core.dependencies.resolving import Resolution

_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class DependencyQuestion:
    """What is asked: about the application that ``files`` describe, with these extras and groups."""

    subject: str
    files: tuple[DependencyFile, ...]
    targets: tuple[Target, ...]
    platforms: tuple[Platform, ...]
    extras: Asked = frozenset()
    groups: Asked = frozenset()


@dataclass(frozen=True, slots=True)
class Needs:
    """Needed packages by name and version, what is no package of an index, and sentences about what was odd."""

    packages: tuple[NeededPackage, ...] = ()
    not_read: tuple[UnreadLine, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class NeedsSoFar:
    """Gathers needs: of several files, and of several platforms, one package of one version once."""

    _packages: dict[_Key, NeededPackage] = field(default_factory=dict)
    _not_read: dict[UnreadLine, None] = field(default_factory=dict)
    _warnings: dict[str, None] = field(default_factory=dict)

    def add_package(self, needed: NeededPackage) -> None:
        """Add a package that is needed somewhere."""
        key = (needed.name, str(needed.version or needed.allowed), needed.registry or "")
        known = self._packages.get(key)
        self._packages[key] = needed if known is None else _both(known, needed)

    def add_unread(self, lines: Iterable[UnreadLine]) -> None:
        """Add what is no package of an index."""
        self._not_read.update(dict.fromkeys(lines))

    def warn(self, warnings: Iterable[str]) -> None:
        """Add sentences about what was odd."""
        self._warnings.update(dict.fromkeys(warnings))

    def without_fixed(self, demands: Sequence[Demand], platform: Platform) -> list[Demand]:
        """Return the demands for which no lock among what was added fixes a version that they allow, on a platform."""
        fixed: dict[str, list[Version]] = {}
        for known in self._packages.values():
            if known.version is not None and known.pinned and platform in known.platforms:
                fixed.setdefault(known.name, []).append(known.version)
        return [
            demand
            for demand in demands
            if not any(demand.specifier.contains(each, prereleases=True) for each in fixed.get(demand.name, ()))
        ]

    def gathered(self) -> Needs:
        """Return all that was added.

        What could not be resolved on some platforms is the version that was chosen on others, if there it may be taken.
        """
        found: dict[_Key, NeededPackage] = {}
        at_name: dict[str, list[_Key]] = {}
        for key, each in sorted(self._packages.items(), key=lambda item: (item[1].version is None, item[0])):
            chosen = [at for at in at_name.get(each.name, ()) if _is_chosen_for(each, found[at])]
            if chosen:
                found[chosen[-1]] = _both(found[chosen[-1]], each)
            else:
                found[key] = each
                at_name.setdefault(each.name, []).append(key)
        packages = tuple(found[key] for key in sorted(found))
        return Needs(packages, tuple(self._not_read), tuple(self._warnings))


def add_locked(
    so_far: NeedsSoFar, file: DependencyFile, question: DependencyQuestion, target: Target, index_url: str
) -> None:
    """Add what a lock installs for a target; ``index_url`` is the index that is asked."""
    roots = {root.name for root in file.roots}
    for platform in question.platforms:
        environment = marker_environment(target, platform)
        selection = select(file, environment, platform, question.extras, question.groups)
        names = {selected.package.name for selected in selection.packages}
        for selected in selection.packages:
            needed = _needed(selected, platform, names, environment, index_url)
            so_far.add_package(replace(needed, direct=_is_direct(needed.paths[0], roots)))
        so_far.add_unread(selection.not_from_an_index)
        so_far.warn(selection.warnings)
    so_far.add_unread(file.not_read)
    so_far.warn(file.warnings)


def asked_demands(question: DependencyQuestion, file: DependencyFile) -> tuple[Demand, ...]:
    """Return what a file without a lock demands, with the extras and groups asked for."""
    return tuple(
        demand
        for root in file.roots
        for group in root.groups
        if group.kind is GroupKind.MAIN or _is_asked(question, group)
        for demand in group.demands
    )


def subject_of(files: Sequence[DependencyFile], named: Sequence[str]) -> str:
    """Return what the answer calls the application: its name if its files have one, else what was ``named``."""
    roots = {root.name for file in files for root in file.roots if root.name is not None}
    if len(roots) == 1:
        return roots.pop()
    more = f" and {len(named) - 1} more" if len(named) > 1 else ""
    return f"{printable(named[0])}{more}"


def check_asked(question: DependencyQuestion) -> None:
    """Check that each extra and group asked for is in some file. Raises ``UserError`` with those that are there."""
    for asked, kind in ((question.extras, GroupKind.EXTRA), (question.groups, GroupKind.GROUP)):
        if isinstance(asked, Everything):
            continue
        known = sorted({name for file in question.files for name in _names(file, kind)})
        unknown = sorted(asked - {*known})
        if unknown:
            there = f"There are {listed(known, 20)}" if known else "There is none"
            raise UserError(f"No file has the {kind.value} {printable(joined(unknown))}. {there}.")


def with_what_is_allowed(
    resolution: Resolution, demands: Iterable[Demand], target: Target, platform: Platform
) -> Resolution:
    """Return what a resolver chose, and which versions of what it left out may be taken, by what is demanded."""
    environment = marker_environment(target, platform)
    allowed: dict[str, SpecifierSet] = {}
    for demand in demands:
        if demand.specifier and holds(demand.marker, environment):
            known = allowed.get(demand.name)
            allowed[demand.name] = demand.specifier if known is None else known & demand.specifier
    unread = (replace(each, allowed=allowed.get(each.name)) for each in resolution.unread)
    return replace(resolution, unread=tuple(unread))


def left_aside(question: DependencyQuestion) -> str | None:
    """Return a sentence about the extras and groups of files that were not asked for, None where there is none."""
    kinds = ((question.extras, GroupKind.EXTRA), (question.groups, GroupKind.GROUP))
    said = []
    for asked, kind in kinds:
        there = () if isinstance(asked, Everything) else (n for file in question.files for n in _names(file, kind))
        names = sorted({*there}.difference(asked if not isinstance(asked, Everything) else ()))
        if names:
            said.append(f"the {kind.value}{'' if len(names) == 1 else 's'} {printable(listed(names, 10))}")
    return f"Not asked for: {'; '.join(said)}." if said else None


def add_resolved(so_far: NeedsSoFar, resolution: Resolution, root: str | None, platform: Platform, file: str) -> None:
    """Add what a resolver chose on a platform, for what a root demands.

    What could not be resolved is added without a version: whether it stops a move is asked of the newest release that
    may be taken.
    """
    parents = {pin.name: pin.required_by for pin in resolution.pins}
    parents |= {each.name: each.required_by for each in resolution.unread}
    direct = {pin.name for pin in resolution.pins if pin.direct} | {e.name for e in resolution.unread if e.direct}
    versions: dict[str, Version | None] = {pin.name: pin.version for pin in resolution.pins}
    allowed = {each.name: each.allowed for each in resolution.unread}
    requires: dict[str, list[str]] = {}
    for name, by in parents.items():
        for each in by:
            requires.setdefault(each, []).append(name)
    paths = _paths(direct, requires)
    for name in parents:
        way = paths.get(name, (name,))
        so_far.add_package(
            NeededPackage(
                name,
                versions.get(name),
                (platform,),
                pinned=False,
                paths=(way if root is None else (root, *way),),
                ways=len(parents[name]) + (name in direct),
                groups=(MAIN,),
                direct=name in direct,
                requires=tuple(sorted(requires.get(name, ()))),
                allowed=allowed.get(name),
            )
        )
    so_far.add_unread(UnreadLine(file, None, each.name, each.reason) for each in resolution.unread)
    so_far.warn(resolution.warnings)


def _needed(
    selected: SelectedPackage,
    platform: Platform,
    names: set[str],
    environment: Mapping[str, str],
    index_url: str,
) -> NeededPackage:
    package = selected.package
    other = package.source is SourceKind.OTHER_INDEX and not _same_index(package.source_text or "", index_url)
    required = (*package.requires, *(demand for extra in package.extras.values() for demand in extra))
    return NeededPackage(
        package.name,
        package.version,
        (platform,),
        paths=(selected.path,),
        ways=selected.ways,
        optional=selected.optional,
        groups=selected.groups,
        marker=selected.marker,
        registry=(package.source_text or "another index") if other else None,
        wheels=package.wheels if other else (),
        sdist=package.sdist,
        certain=package.certain,
        requires=tuple(
            sorted({each.name for each in required if each.name in names and holds(each.marker, environment)})
        ),
    )


def _is_direct(path: Sequence[str], roots: AbstractSet[str | None]) -> bool:
    """Return whether a way leads from a root straight to a package; a root without a name is left out of it."""
    return len(path) == 1 or (len(path) == len(("root", "package")) and path[0] in roots)


def _is_chosen_for(unresolved: NeededPackage, other: NeededPackage) -> bool:
    """Return whether a version was chosen elsewhere, and may be taken where none was."""
    if unresolved.version is not None or unresolved.registry is not None:
        return False
    if other.version is None or other.registry is not None or other.pinned:
        return False
    return unresolved.allowed is None or unresolved.allowed.contains(other.version, prereleases=True)


def _both(one: NeededPackage, other: NeededPackage) -> NeededPackage:
    """Put together what is said of a package at two places: needed is needed, however often."""
    paths = sorted({*one.paths, *other.paths}, key=lambda path: (len(path), path))[:1]
    return replace(
        one,
        platforms=tuple(dict.fromkeys((*one.platforms, *other.platforms))),
        paths=tuple(paths),
        ways=max(one.ways, other.ways),
        pinned=one.pinned or other.pinned,
        optional=one.optional and other.optional,
        groups=tuple(dict.fromkeys((*one.groups, *other.groups))),
        marker=None if other.marker is None else one.marker,
        certain=one.certain or other.certain,
        direct=one.direct or other.direct,
        requires=tuple(sorted({*one.requires, *other.requires})),
    )


def _paths(direct: Iterable[str], requires: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Return a shortest way from what is demanded to each package."""
    paths: dict[str, tuple[str, ...]] = {name: (name,) for name in sorted(direct)}
    waiting = deque(paths)
    while waiting:
        name = waiting.popleft()
        for each in sorted(requires.get(name, ())):
            if each not in paths:
                paths[each] = (*paths[name], each)
                waiting.append(each)
    return paths


def _names(file: DependencyFile, kind: GroupKind) -> tuple[str, ...]:
    if file.lock is not None:
        return file.lock.extras if kind is GroupKind.EXTRA else file.lock.groups
    return tuple(group.name for root in file.roots for group in root.groups if group.kind is kind)


def _is_asked(question: DependencyQuestion, group: DemandGroup) -> bool:
    asked = question.extras if group.kind is GroupKind.EXTRA else question.groups
    return isinstance(asked, Everything) or group.name in asked


def _same_index(one: str, other: str) -> bool:
    """Return whether two addresses are of one index; schemes and slashes at the end make none other."""
    parts = [urlsplit(each.rstrip("/")) for each in (one, other)]
    return parts[0].netloc.lower() == parts[1].netloc.lower() and parts[0].path == parts[1].path
