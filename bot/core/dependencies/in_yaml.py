"""Reads the dependency files that are YAML, whose parser nothing else imports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from bot.core.dependencies.declared.conda_environment import read_conda_environment
from bot.core.dependencies.files import DependencyFile, FileKind
from bot.core.dependencies.locked.conda_lock import read_conda_lock
from bot.core.dependencies.locked.pixi_lock import read_pixi_lock

READERS: Mapping[FileKind, Callable[[str, str], DependencyFile]] = MappingProxyType(
    {
        FileKind.CONDA_ENVIRONMENT: read_conda_environment,
        FileKind.CONDA_LOCK: read_conda_lock,
        FileKind.PIXI_LOCK: read_pixi_lock,
    }
)
