"""Reads what people type: ``numpy``, ``numpy==2.0``, ``pandas[excel]>=2; python_version > "3.12"``."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.dependencies.demands import read_demand, shown
from bot.core.dependencies.files import (
    MAIN,
    MOST_ENTRIES,
    Demand,
    DemandGroup,
    DependencyFile,
    FileKind,
    GroupKind,
    Root,
)
from bot.core.errors import UserError


def read_names(names: Sequence[str]) -> DependencyFile:
    """Return what was asked for, as a file without a name would ask for it; anything but packages is refused."""
    if len(names) > MOST_ENTRIES:
        raise UserError(f"These are {len(names):,} packages. At most {MOST_ENTRIES:,} are looked at.")
    group = DemandGroup(GroupKind.MAIN, MAIN, tuple(dict.fromkeys(map(_demand, names))))
    return DependencyFile(file="", kind=FileKind.REQUIREMENTS, roots=(Root(None, (group,)),))


def _demand(name: str) -> Demand:
    found = read_demand(name)
    if isinstance(found, str):
        raise UserError(f"`{shown(name)}` cannot be looked at: {found}. Give names such as `numpy` or `numpy==2.4`.")
    return found
