"""What the readers of lock files share: decoding, narrowing of what may be anything, and telling what was odd."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from urllib.parse import unquote

import msgspec
from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidName, canonicalize_name
from packaging.version import InvalidVersion, Version

from bot.core.dependencies.asking import left_of, names_asked
from bot.core.dependencies.demands import nesting
from bot.core.dependencies.file_reading import FileReading
from bot.core.dependencies.files import (
    LARGEST_FILE,
    MAIN,
    MOST_ENTRIES,
    Demand,
    LockedPackage,
    SourceKind,
    UnreadLine,
)
from bot.core.dependencies.masking import without_secrets
from bot.core.errors import UserError
from bot.core.text.sentences import printable
from bot.core.wheels.platforms import Platform

Table = Mapping[str, object]

ANYTHING = SpecifierSet()

_LONGEST_NAME = 200
_LONGEST_VERSION = 200
_LONGEST_SPECIFIER = 2_000
_LONGEST_MARKER = 50_000
_DEEPEST_MARKER = 50
_SHOWN = 100
_MOST_EXTRAS = 32
_MOST_GROUPS = 1_000

CONDA_PLATFORMS: Mapping[str, Platform] = MappingProxyType(
    {
        "linux-64": Platform.MANYLINUX_X86_64,
        "linux-aarch64": Platform.MANYLINUX_AARCH64,
        "osx-64": Platform.MACOS_X86_64,
        "osx-arm64": Platform.MACOS_ARM64,
        "win-64": Platform.WIN_AMD64,
        "win-arm64": Platform.WIN_ARM64,
        "win-32": Platform.WIN32,
    }
)
"""Platforms as conda names them; it knows none with musl."""

_QUERY = re.compile(r"\?[^#]*")
_PYPI = re.compile(r"https?://(?:pypi\.org|pypi\.python\.org)(?:/simple)?/*", re.IGNORECASE)
_PYPI_FILES = re.compile(r"https?://(?:files\.pythonhosted\.org|pypi\.org)/", re.IGNORECASE)
_WHEEL_PARTS = (5, 6)


def shown(text: str) -> str:
    """Return a text of a file as it may be shown: one line, cut short, without characters that control anything."""
    return printable(text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…")


def shown_address(text: str, *, query: bool = False) -> str:
    """Return an address without whom it is for, and without its query; what it says of a revision may be wanted."""
    address = without_secrets(text, "")
    return shown(address if query else _QUERY.sub("", address))


def json_table(file: str, text: str) -> Table:
    """Return what a JSON file says, of which the outermost is an object."""
    name = shown(file)
    if len(text) > LARGEST_FILE:
        raise UserError(f"{name} has {len(text):,} characters. At most {LARGEST_FILE:,} are read.")
    try:
        return msgspec.json.decode(text.removeprefix("\ufeff"), type=dict[str, object])
    except RecursionError:
        raise UserError(f"{name} is nested too deeply. A dependency file needs a few levels.") from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise UserError(f"{name} is not valid JSON ({shown(str(error))}). Look around there, or lock again.") from None


def entries(value: object) -> tuple[object, ...]:
    """Return the items of an array, none of anything else."""
    return tuple(value) if isinstance(value, list) else ()


def tables(value: object) -> tuple[Table, ...]:
    """Return the tables of an array."""
    return tuple(each for each in entries(value) if isinstance(each, dict))


def string(value: object) -> str | None:
    """Return a text that is not empty."""
    return value if isinstance(value, str) and value else None


def strings(value: object) -> tuple[str, ...]:
    """Return the texts of an array; a text alone is one of them."""
    return tuple(each for each in (entries(value) or (value,)) if isinstance(each, str) and each)


def name_of(value: object) -> str | None:
    """Return a normalized name, None of what is no name."""
    if not isinstance(value, str) or len(value) > _LONGEST_NAME:
        return None
    try:
        return canonicalize_name(value, validate=True)
    except InvalidName:
        return None


def names_of(value: object) -> tuple[str, ...]:
    """Return the normalized names of an array."""
    return tuple(name for name in map(name_of, strings(value)) if name is not None)


def version_of(value: object) -> Version | None:
    """Return a version, None of what is none."""
    if not isinstance(value, str) or len(value) > _LONGEST_VERSION:
        return None
    try:
        return Version(value)
    except (InvalidVersion, ValueError):
        return None


def specifier_of(value: object) -> SpecifierSet:
    """Return a set of specifiers, any version in place of what is none (such as Poetry's carets)."""
    if not isinstance(value, str) or len(value) > _LONGEST_SPECIFIER:
        return ANYTHING
    try:
        return SpecifierSet(value)
    except (InvalidSpecifier, ValueError):
        return ANYTHING


def is_pypi(address: str) -> bool:
    """Return whether an index is PyPI."""
    return _PYPI.fullmatch(address) is not None


def is_file_of_pypi(address: str) -> bool:
    """Return whether a file is on PyPI."""
    return _PYPI_FILES.match(address) is not None


def index_source(address: str | None) -> tuple[SourceKind, str | None]:
    """Return where a package of an index comes from; one whose index is not named comes from PyPI."""
    if address is None or is_pypi(address):
        return SourceKind.INDEX, None
    return SourceKind.OTHER_INDEX, shown_address(address)


def file_name(file: Table) -> str:
    """Return the name of a file of a lock: its own, or the last part of its URL or path."""
    named = string(file.get("name")) or string(file.get("filename")) or string(file.get("file"))
    where = named or string(file.get("url")) or string(file.get("path")) or ""
    last = re.split(r"[?#]", where, maxsplit=1)[0].replace("\\", "/").rpartition("/")[2]
    return unquote(last)


class LockReading(FileReading):
    """One file that is being read: the markers that it repeats, and what of it was odd or is no package of an index."""

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.name = shown(file)
        self._markers: dict[str, Marker | None] = {}
        self._requirements: dict[str, Demand | None] = {}

    def unread(self, text: object, reason: str, line: int | None = None) -> None:
        """Remember an entry that is no package of an index."""
        self.not_read.append(UnreadLine(self.file, line, shown(str(text)[: _SHOWN + 1]), reason))

    def marker(self, value: object) -> Marker | None:
        """Return a marker; None without one, and where it makes no sense, which is told."""
        if not isinstance(value, str) or not value.strip():
            return None
        if value not in self._markers:
            self._markers[value] = self._parsed(value)
        return self._markers[value]

    def _parsed(self, text: str) -> Marker | None:
        try:
            if len(text) <= _LONGEST_MARKER and nesting(text) <= _DEEPEST_MARKER:
                return Marker(text)
        except (InvalidMarker, RecursionError, ValueError):
            pass
        self.odd(f"The marker {shown(text)!r} makes no sense; what it is about counts as needed.")
        return None

    def demand(self, text: str) -> Demand | None:
        """Return what a requirement (``name[extra]specifier; marker``) demands; None where it makes no sense."""
        if text not in self._requirements:
            self._requirements[text] = self._required(text)
        return self._requirements[text]

    def _required(self, text: str) -> Demand | None:
        for part in (text, text.partition(";")[0]):
            try:
                if len(part) > _LONGEST_MARKER or nesting(part) > _DEEPEST_MARKER:
                    continue
                required = Requirement(part)
            except (InvalidRequirement, RecursionError, ValueError):
                continue
            if part != text:
                self.odd(f"The marker of {shown(text)!r} makes no sense; what it is about counts as needed.")
            marker = None if required.marker is None else self.marker(str(required.marker))
            extras = tuple(sorted(map(canonicalize_name, required.extras)))
            return Demand(canonicalize_name(required.name), extras, required.specifier, marker)
        self.odd(f"The requirement {shown(text)!r} makes no sense and was left out.")
        return None

    def demands(self, value: object) -> tuple[Demand, ...]:
        """Return what an array of requirements demands."""
        return tuple(found for each in strings(value) if (found := self.demand(each)) is not None)

    def packages(self, value: object) -> tuple[Table, ...]:
        """Return the entries of a lock; what is none is told, and too many are refused."""
        found = entries(value)
        if len(found) > MOST_ENTRIES:
            raise UserError(f"{self.name} has more than {MOST_ENTRIES:,} packages. Ask about a smaller file.")
        for each in found:
            if not isinstance(each, dict):
                self.unread(each, "is no entry of a lock")
        return tables(value)

    def offered(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the names of extras or groups that one may ask for, each once; too many are refused."""
        found = tuple(dict.fromkeys(names))
        if len(found) > _MOST_GROUPS:
            raise UserError(f"{self.name} has more than {_MOST_GROUPS:,} extras or groups. Ask about a smaller file.")
        return found

    def named(self, entry: Table, line: int | None) -> str | None:
        """Return the normalized name of an entry; of one without a name this is told."""
        name = name_of(entry.get("name"))
        if name is None:
            self.unread(entry.get("name", "an entry without a name"), "has no name that is one", line)
        return name

    def versioned(self, name: str, value: object) -> Version | None:
        """Return the version of an entry; of one that is no version this is told."""
        version = version_of(value)
        if version is None and value is not None:
            self.odd(f"The version {shown(str(value)[:_SHOWN])!r} of {name} is none.")
        return version

    def wheels(self, name: str, files: Iterable[Table]) -> tuple[str, ...]:
        """Return the names of wheels among files; one that no installer knows is told, and kept."""
        found = tuple(dict.fromkeys(each for each in map(file_name, files) if each.endswith(".whl")))
        for each in found:
            if each.count("-") + 1 not in _WHEEL_PARTS:
                self.odd(f"The wheel {shown(each)!r} of {name} has a name that installers may not know.")
        return found


def lines_of(text: str, header: str, count: int) -> tuple[int | None, ...]:
    """Return the lines (from 1) on which the tables of an array begin, if they are found by their header."""
    lines = [number for number, line in enumerate(text.split("\n"), 1) if line.strip() == header]
    return tuple(lines) if len(lines) == count else (None,) * count


def unsure(packages: Iterable[LockedPackage]) -> tuple[LockedPackage, ...]:
    """Return the packages, of which those may not be needed whose marker the lock is likely to have lost.

    Poetry and pdm lose the marker under which the application needs a package where a group needs it everywhere. So
    what is in a group beside the application's own, without a marker, and is there required by nothing else whatever
    the environment, may be needed in some environments only.
    """
    found = tuple(packages)
    required = {
        each.name
        for package in found
        if _is_main(package) and package.marker is None and MAIN not in package.group_markers
        for each in package.requires
        if each.marker is None
    }
    return tuple(
        replace(each, certain=False)
        if _is_main(each)
        and len(each.groups) > 1
        and each.marker is None
        and MAIN not in each.group_markers
        and each.name not in required
        else each
        for each in found
    )


def _is_main(package: LockedPackage) -> bool:
    return not package.groups or MAIN in package.groups


def by_platform(found: Mapping[str, tuple[LockedPackage, ...]]) -> Mapping[str, tuple[LockedPackage, ...]]:
    """Return the entries by platform, in a way that is not taken for a lock of all platforms where there are none."""
    return found or {"": ()}


def by_extras(demands: Iterable[Demand]) -> tuple[tuple[Demand, ...], dict[str, tuple[Demand, ...]]]:
    """Return what a package always requires, and what each of its extras does: metadata says it in markers."""
    nothing: frozenset[str] = frozenset()
    always: list[Demand] = []
    extras: dict[str, list[Demand]] = {}
    for each in demands:
        left = left_of(each.marker, nothing, nothing, nothing)
        if left is not False:
            always.append(each if left is each.marker else replace(each, marker=None if left is True else left))
            continue
        for extra in names_asked(str(each.marker))[:_MOST_EXTRAS]:
            left = left_of(each.marker, frozenset({extra}), nothing, nothing)
            if left is not False:
                demand = replace(each, marker=None if left is True else left)
                extras.setdefault(extra, []).append(demand)
    return tuple(always), {extra: tuple(each) for extra, each in extras.items()}
