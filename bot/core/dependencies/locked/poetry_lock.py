"""Poetry's lock, 1.0 to 2.1: who needs an entry is said by ``category`` until 1.x, and by ``groups`` since 2.1."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from packaging.markers import Marker

from bot.core.dependencies.asking import names_asked
from bot.core.dependencies.files import MAIN, Demand, DependencyFile, FileKind, Lock, LockedPackage, SourceKind
from bot.core.dependencies.locked.reading import (
    LockReading,
    Table,
    entries,
    index_source,
    lines_of,
    name_of,
    names_of,
    shown,
    shown_address,
    specifier_of,
    string,
    strings,
    tables,
    unsure,
)
from bot.core.dependencies.spreading import spread
from bot.core.dependencies.toml_text import parse_toml, table
from bot.core.errors import UserError

_MOST_VERSIONS = 64
"""Entries of one name that are told apart; real locks have three."""

_KNOWN = re.compile(r"[12]\.[0-9]+")
_NAME_FIRST = re.compile(r"\s*([A-Za-z0-9._-]+)")

OPTIONAL = "optional"
"""The group of what is optional and in no extra: nothing installs it by itself."""


def read_poetry_lock(file: str, text: str) -> DependencyFile:
    """Return what a ``poetry.lock`` says.

    One of 2.0 does not say which group needs an entry: all that are not optional are given as needed.
    """
    said = parse_toml(file, text)
    reading = LockReading(file)
    meta = table(said.get("metadata"))
    _check_version(said, meta, reading)
    found = reading.packages(said.get("package"))
    lines = lines_of(text, "[[package]]", len(found))
    files = {name: tables(each) for key, each in table(meta.get("files")).items() if (name := name_of(key))}
    read = [
        (entry, package)
        for entry, line in zip(found, lines, strict=True)
        if (package := _package(entry, line, files, reading)) is not None
    ]
    if read and not any(key in entry for entry, _ in read for key in ("groups", "category")):
        reading.odd(
            "This lock does not say what is needed for development only: all of it counts as needed. Poetry 2.1 or"
            " newer (`poetry lock`) says it."
        )
    extras = {name: _names(each) for key, each in table(said.get("extras")).items() if (name := name_of(key))}
    offered = reading.offered(sorted(extras))
    packages = unsure(_optional(read, extras))
    lock = Lock(
        packages,
        walked=False,
        extras=offered,
        groups=reading.offered(sorted({group for each in packages for group in each.groups} - {MAIN, *extras})),
    )
    return DependencyFile(
        file, FileKind.POETRY_LOCK, lock=lock, not_read=tuple(reading.not_read), warnings=reading.warnings
    )


def _check_version(said: Table, meta: Table, reading: LockReading) -> None:
    version = meta.get("lock-version", "1.0")
    if isinstance(version, str) and _KNOWN.fullmatch(version) and (meta or "package" in said):
        return
    if "package" not in said:
        raise UserError(
            f"{reading.name}: this is no poetry.lock known here (1.0 to 2.1), and has no packages. Run `poetry lock`."
        )
    reading.odd(f"This lock-version ({shown(str(version))}) is not one known here (1.0 to 2.1).")


def _names(value: object) -> tuple[str, ...]:
    """Return the names of an extra's packages, which may have versions."""
    matches = (_NAME_FIRST.match(each) for each in strings(value))
    return tuple(name for match in matches if match is not None and (name := name_of(match[1])) is not None)


def _package(
    entry: Table, line: int | None, files: Mapping[str, tuple[Table, ...]], reading: LockReading
) -> LockedPackage | None:
    name = reading.named(entry, line)
    if name is None:
        return None
    source, source_text = _source(table(entry.get("source")))
    own = tables(entry.get("files")) or files.get(name, ())
    wheels = reading.wheels(name, own)
    demands = list(_demands(table(entry.get("dependencies")), reading))
    marker, group_markers = _markers(entry, reading)
    return LockedPackage(
        name,
        reading.versioned(name, entry.get("version")),
        source,
        source_text,
        wheels,
        sdist=len(own) > len(wheels),
        requires=tuple(demand for demand, optional in demands if not optional),
        extras=_extras(table(entry.get("extras")), demands),
        groups=_groups(entry),
        marker=marker,
        group_markers=group_markers,
        line=line,
    )


def _groups(entry: Table) -> tuple[str, ...]:
    return names_of(entry.get("groups")) or names_of(entry.get("category")) or (MAIN,)


def _markers(entry: Table, reading: LockReading) -> tuple[Marker | None, Mapping[str, Marker]]:
    """Return the marker of an entry, or those of its groups."""
    value = entry.get("markers", entry.get("marker"))
    if not isinstance(value, dict):
        return reading.marker(value), {}
    markers = {group: reading.marker(each) for key, each in table(value).items() if (group := name_of(key))}
    return None, {group: marker for group, marker in markers.items() if marker is not None}


def _source(source: Table) -> tuple[SourceKind, str | None]:
    kind, url = string(source.get("type")), string(source.get("url"))
    match kind:
        case "git":
            return SourceKind.GIT, shown_address(url or "", query=True)
        case "directory" | "file":
            return SourceKind.PATH, shown_address(url or "")
        case "url":
            return SourceKind.URL, shown_address(url or "")
        case _:
            return index_source(url)


def _demands(value: Table, reading: LockReading) -> Iterator[tuple[Demand, bool]]:
    """Give what an entry requires, and whether only one of its extras does: a version, a table, or several."""
    for key, said in value.items():
        name = name_of(key)
        if name is None:
            reading.odd(f"The dependency {shown(key)!r} has no name that is one and was left out.")
            continue
        for each in entries(said) or (said,):
            if isinstance(each, dict):
                asked = table(each)
                marker = reading.marker(asked.get("markers"))
                demand = Demand(name, names_of(asked.get("extras")), specifier_of(asked.get("version")), marker)
                yield demand, asked.get("optional") is True
            else:
                yield Demand(name, specifier=specifier_of(each)), False


def _extras(value: Table, demands: Sequence[tuple[Demand, bool]]) -> dict[str, tuple[Demand, ...]]:
    """Return what each extra of an entry demands; a marker that asks for that extra has said all it says by that."""
    optional: dict[str, list[Demand]] = {}
    for demand, is_optional in demands:
        if is_optional:
            about_extras = demand.marker is not None and names_asked(str(demand.marker))
            optional.setdefault(demand.name, []).append(replace(demand, marker=None) if about_extras else demand)
    return {
        extra: tuple(demand for name in _names(each) for demand in optional.get(name, ()))
        for key, each in value.items()
        if (extra := name_of(key)) is not None
    }


def _optional(
    read: Sequence[tuple[Table, LockedPackage]], extras: Mapping[str, tuple[str, ...]]
) -> list[LockedPackage]:
    """Return the packages, the optional ones in the extras that need them, by themselves or for others.

    Since 2.1 their markers say so.
    """
    packages = [package for _, package in read]
    places: dict[str, list[int]] = {}
    for place, package in enumerate(packages):
        known = places.setdefault(package.name, [])
        if len(known) < _MOST_VERSIONS:
            known.append(place)
    names = list(extras)
    marks = [0] * len(packages)
    for bit, name in enumerate(names):
        for wanted in extras[name]:
            for place in places.get(wanted, ()):
                marks[place] |= 1 << bit
    edges = [
        [
            place
            for demand in (*package.requires, *(demand for each in package.extras.values() for demand in each))
            for place in places.get(demand.name, ())
        ]
        for package in packages
    ]
    marked = spread(marks, edges)
    return [
        replace(package, groups=_needing(package, mark, names))
        if entry.get("optional") is True and MAIN in package.groups and not _asks_for_extras(package)
        else package
        for (entry, package), mark in zip(read, marked, strict=True)
    ]


def _needing(package: LockedPackage, mark: int, names: Sequence[str]) -> tuple[str, ...]:
    needing = tuple(name for bit, name in enumerate(names) if mark >> bit & 1)
    return (*(group for group in package.groups if group != MAIN), *(needing or (OPTIONAL,)))


def _asks_for_extras(package: LockedPackage) -> bool:
    marker = package.group_markers.get(MAIN, package.marker)
    return marker is not None and bool(names_asked(str(marker)))
