"""Packages that somebody names with a version or in files: each in a release of its own, without what it requires."""

from __future__ import annotations

from packaging.version import InvalidVersion, Version

from bot.core.dependencies.declared.requirements_txt import pinned
from bot.core.dependencies.demands import read_demand, shown
from bot.core.dependencies.environments import holds, marker_environment
from bot.core.dependencies.files import MAIN, Demand, DependencyFile, GroupKind
from bot.core.dependencies.judged import NeededPackage
from bot.core.dependencies.named import NamedPackage
from bot.core.dependencies.selection import select
from bot.core.errors import UserError
from bot.core.wheels.platforms import Platform
from bot.core.wheels.targets import Target


def needed_on(named: NamedPackage, platform: Platform) -> NeededPackage:
    """Return a package as an application would need it that requires nothing else."""
    return NeededPackage(
        named.name,
        named.version,
        (platform,),
        pinned=named.version is not None,
        paths=((named.name,),),
        ways=1,
        groups=(MAIN,),
        direct=True,
    )


def read_release(text: str) -> NamedPackage:
    """Read a name with its version, as a person typed it. Raises ``UserError``."""
    demand = read_demand(text)
    if isinstance(demand, str):
        raise UserError(f"`{shown(text)}` cannot be looked up: {demand}. Write a name, or numpy==2.4 for a release.")
    named = _named(demand)
    if named.version is None and str(demand.specifier):
        raise UserError(f"`{shown(text)}` names no single release. Write {demand.name}, or {demand.name}==VERSION.")
    return named


def named_in(file: DependencyFile, target: Target, platform: Platform) -> tuple[NamedPackage, ...]:
    """Return what a file names for a target on a platform, without extras and groups; nothing is resolved."""
    environment = marker_environment(target, platform)
    if file.lock is None:
        groups = (group for root in file.roots for group in root.groups if group.kind is GroupKind.MAIN)
        demands = (demand for group in groups for demand in group.demands if holds(demand.marker, environment))
        found = [_named(demand) for demand in demands]
    else:
        selected = select(file, environment, platform, frozenset(), frozenset()).packages
        found = [NamedPackage(each.package.name, each.package.version) for each in selected]
    return tuple(dict.fromkeys(found))


def _named(demand: Demand) -> NamedPackage:
    pin = pinned(demand)
    try:
        return NamedPackage(demand.name, None if pin is None else Version(pin))
    except InvalidVersion:  # after `===`
        return NamedPackage(demand.name)
