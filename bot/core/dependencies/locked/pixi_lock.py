"""pixi's lock, versions 4 to 7: of each environment and platform the part that comes from PyPI."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from bot.core.dependencies.files import DependencyFile, FileKind, Lock, LockedPackage, SourceKind
from bot.core.dependencies.locked.reading import (
    CONDA_PLATFORMS,
    LockReading,
    Table,
    by_extras,
    by_platform,
    file_name,
    index_source,
    name_of,
    shown,
    shown_address,
    string,
    tables,
)
from bot.core.dependencies.toml_text import table
from bot.core.dependencies.yaml_text import parse_yaml
from bot.core.errors import UserError
from bot.core.text.sentences import counted

_VERSIONS = frozenset({"4", "5", "6", "7"})
_DEFAULT = "default"
_DIRECT = "direct+"
_GIT = re.compile(r"(?:git|hg|svn|bzr)\+")
_WEB = re.compile(r"https?://", re.IGNORECASE)


def read_pixi_lock(file: str, text: str) -> DependencyFile:
    """Return what a ``pixi.lock`` says; its environments are groups, of which ``default`` is what is always needed."""
    said = table(parse_yaml(file, text))
    environments = said.get("environments")
    if not isinstance(environments, dict):
        raise UserError(
            f"{shown(file)}: this is no pixi.lock known here (4 to 7), it has no environments. Run `pixi lock`."
        )
    reading = LockReading(file)
    if said.get("version") not in _VERSIONS:
        reading.odd("This lock's version is not one known here (4 to 7): what could be read was read.")
    known = _packages(said, reading)
    platforms = _platforms(said)
    names: dict[str, None] = {}
    found: dict[str, dict[str, list[str]]] = {}
    for key, environment in table(environments).items():
        name = name_of(key)
        if name is None:
            reading.unread(key, "is no environment with a name")
            continue
        names[name] = None
        for platform, references in table(table(environment).get("packages")).items():
            ours = CONDA_PLATFORMS.get(platforms.get(platform, platform))
            if ours is not None:
                entries = found.setdefault(ours.value, {})
                for each in tables(references):
                    if (reference := string(each.get("pypi"))) is not None:
                        _add(entries, reference, name, known, reading)
    installed = {
        platform: tuple(replace(known[reference], groups=tuple(groups)) for reference, groups in entries.items())
        for platform, entries in found.items()
    }
    lock = Lock(
        tuple(known.values()),
        walked=False,
        default_groups=(_DEFAULT,) if _DEFAULT in names else tuple(names)[:1],
        groups=reading.offered(names),
        platform_packages=by_platform(installed),
    )
    return DependencyFile(
        file, FileKind.PIXI_LOCK, lock=lock, not_read=tuple(reading.not_read), warnings=reading.warnings
    )


def _add(
    entries: dict[str, list[str]], reference: str, name: str, known: Mapping[str, LockedPackage], reading: LockReading
) -> None:
    if reference not in known:
        reading.unread(reference, "is named by an environment, and the lock does not say what it is")
        return
    groups = entries.setdefault(reference, [])
    if name not in groups:
        groups.append(name)


def _platforms(said: Table) -> dict[str, str]:
    """Return the platforms by the names that the workspace gives them, since version 7."""
    return {
        name: subdirectory
        for each in tables(said.get("platforms"))
        if (name := string(each.get("name"))) is not None and (subdirectory := string(each.get("subdir"))) is not None
    }


def _packages(said: Table, reading: LockReading) -> dict[str, LockedPackage]:
    """Return the packages from PyPI by what environments call them: their address."""
    packages = {}
    conda = 0
    for each in reading.packages(said.get("packages")):
        reference = string(each.get("pypi"))
        if reference is None and each.get("kind") == "pypi":
            reference = string(each.get("url")) or string(each.get("path"))
        if reference is None:
            conda += 1
        elif (name := reading.named(each, None)) is not None:
            packages[reference] = _package(each, name, reference, reading)
    if conda:
        reading.odd(f"What comes from conda channels is not looked at: {counted(conda, 'file')}.")
    return packages


def _package(entry: Table, name: str, reference: str, reading: LockReading) -> LockedPackage:
    source, source_text = _source(entry, reference)
    wheels = reading.wheels(name, ({"url": reference},))
    requires, extras = by_extras(reading.demands(entry.get("requires_dist")))
    return LockedPackage(
        name,
        reading.versioned(name, entry.get("version")),
        source,
        source_text,
        wheels,
        sdist=not wheels,
        requires=requires,
        extras=extras,
    )


def _source(entry: Table, reference: str) -> tuple[SourceKind, str | None]:
    """Return where a package comes from; of a wheel at an address of its own, its name says all that counts.

    The lock names one wheel of an index, so that of a mirror, whose releases are PyPI's, it is no proof.
    """
    if _GIT.match(reference):
        return SourceKind.GIT, shown_address(reference, query=True)
    address = reference.removeprefix(_DIRECT)
    if not _WEB.match(address):
        return SourceKind.PATH, shown_address(address)
    if (index := string(entry.get("index"))) is not None:
        return index_source(index)
    name = file_name({"url": address})
    if reference.startswith(_DIRECT) and not name.endswith(".whl"):
        return SourceKind.URL, shown_address(address)
    if reference.startswith(_DIRECT) or "+" in name:
        return SourceKind.OTHER_INDEX, shown_address(address)
    return SourceKind.INDEX, None
