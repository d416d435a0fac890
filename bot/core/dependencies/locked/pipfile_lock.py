"""Pipenv's lock: what is installed always and for development, without who requires whom, not always pinned."""

from __future__ import annotations

import re
from collections.abc import Mapping

from packaging.version import Version

from bot.core.dependencies.files import (
    MAIN,
    MOST_ENTRIES,
    DependencyFile,
    FileKind,
    Lock,
    LockedPackage,
    SourceKind,
)
from bot.core.dependencies.locked.reading import (
    LockReading,
    Table,
    index_source,
    json_table,
    name_of,
    shown,
    shown_address,
    string,
    tables,
    version_of,
)
from bot.core.dependencies.toml_text import table
from bot.core.errors import UserError

_MAIN, _DEVELOPMENT = "default", "develop"
_PIN = re.compile(r"===?\s*(?P<version>[^=<>!~*,\s]+)\s*")
_LOCAL = ("path", "file")
_VCS = ("git", "hg", "svn", "bzr")

DEVELOPMENT = "dev"
"""The group of development, as Pipenv's own markers name it."""


def read_pipfile_lock(file: str, text: str) -> DependencyFile:
    """Return what a ``Pipfile.lock`` says: categories beside the two are groups, too."""
    said = json_table(file, text)
    if not any(key in said for key in ("_meta", _MAIN, _DEVELOPMENT)):
        raise UserError(f"{shown(file)}: this is no Pipfile.lock, it has neither _meta nor default. Run `pipenv lock`.")
    reading = LockReading(file)
    meta = table(said.get("_meta"))
    indexes = {
        name: url
        for each in tables(meta.get("sources"))
        if (name := string(each.get("name"))) is not None and (url := string(each.get("url"))) is not None
    }
    packages: list[LockedPackage] = []
    groups: list[str] = []
    for category, found in said.items():
        if category == "_meta":
            continue
        group = _group(category)
        if group is None or not isinstance(found, dict):
            reading.unread(category, "is no category of packages")
            continue
        if group != MAIN:
            groups.append(group)
        packages += _category(table(found), group, indexes, reading)
        if len(packages) > MOST_ENTRIES:
            raise UserError(f"{shown(file)} has more than {MOST_ENTRIES:,} packages. Ask about a smaller file.")
    python = string(table(meta.get("requires")).get("python_version"))
    lock = Lock(
        tuple(packages),
        walked=False,
        groups=reading.offered(groups),
        requires_python=None if python is None else f"=={python}.*",
    )
    return DependencyFile(
        file, FileKind.PIPFILE_LOCK, lock=lock, not_read=tuple(reading.not_read), warnings=reading.warnings
    )


def _group(category: str) -> str | None:
    if category == _MAIN:
        return MAIN
    return DEVELOPMENT if category == _DEVELOPMENT else name_of(category)


def _category(found: Table, group: str, indexes: Mapping[str, str], reading: LockReading) -> list[LockedPackage]:
    packages = []
    for key, value in found.items():
        name, entry = name_of(key), table(value)
        if name is None:
            reading.unread(key, "has no name that is one")
            continue
        source, source_text = _source(entry, indexes)
        packages.append(
            LockedPackage(
                name,
                _pinned(name, value if isinstance(value, str) else entry.get("version"), source, reading),
                source,
                source_text,
                groups=(group,),
                marker=reading.marker(entry.get("markers")),
            )
        )
    return packages


def _pinned(name: str, value: object, source: SourceKind, reading: LockReading) -> Version | None:
    """Return the version of an entry; what a marker keeps from the machine that locks is often not pinned."""
    text = value if isinstance(value, str) else ""
    pin = _PIN.fullmatch(text)
    version = None if pin is None else version_of(pin["version"])
    if version is None and (text or source in {SourceKind.INDEX, SourceKind.OTHER_INDEX}):
        reading.odd(f"{name} is not pinned ({shown(text) or 'no version'}).")
    return version


def _source(entry: Table, indexes: Mapping[str, str]) -> tuple[SourceKind, str | None]:
    for key in _VCS:
        if (url := string(entry.get(key))) is not None:
            return SourceKind.GIT, shown_address(url, query=True)
    for key in _LOCAL:
        if (where := string(entry.get(key))) is not None:
            kind = SourceKind.URL if "://" in where and not where.startswith("file:") else SourceKind.PATH
            return kind, shown_address(where)
    index = string(entry.get("index"))
    return index_source(None if index is None else indexes.get(index, None if index == "pypi" else index))
