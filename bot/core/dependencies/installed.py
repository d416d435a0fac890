"""What is installed in an environment, by what its packages say of themselves (recording installed projects)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import msgspec
from packaging.utils import canonicalize_name
from packaging.version import Version

from bot.core.dependencies.demands import read_demand, shown
from bot.core.dependencies.files import (
    MAIN,
    Demand,
    DependencyFile,
    FileKind,
    Lock,
    LockedPackage,
    SourceKind,
    UnreadLine,
)
from bot.core.index.names import LONGEST_NAME
from bot.core.text.sentences import printable, shortened

MOST_INSTALLED = 20_000
"""Packages of an environment that are read."""

_MOST_REQUIREMENTS = 2_000

_NAMELESS = "its METADATA names no package and version"
_NOWHERE = "its METADATA has a name or version that no index has"


@dataclass(frozen=True, slots=True)
class DistInfo:
    """A ``.dist-info`` folder: its name, its ``METADATA`` and its ``direct_url.json`` (PEP 610), None where missing."""

    folder: str
    metadata: str | None
    direct_url: str | None = None


class _DirectUrl(msgspec.Struct):
    url: str
    vcs_info: dict[str, object] | None = None
    dir_info: dict[str, object] | None = None


_decode_direct_url = msgspec.json.Decoder(_DirectUrl).decode


def read_installed(environment: str, found: Iterable[DistInfo]) -> DependencyFile:
    """Read the packages of an environment; what cannot be read is told by its folder."""
    packages: dict[str, LockedPackage] = {}
    unread: list[UnreadLine] = []
    for each in found:
        package = _package(each)
        if isinstance(package, str):
            unread.append(UnreadLine(environment, None, shortened(printable(each.folder), 100), package))
        else:
            packages.setdefault(package.name, package)
    lock = Lock(tuple(packages[name] for name in sorted(packages)), walked=False)
    return DependencyFile(environment, FileKind.INSTALLED, lock=lock, not_read=tuple(unread))


def _package(found: DistInfo) -> LockedPackage | str:
    """Return what is installed, or why that cannot be told."""
    if found.metadata is None:
        return "it has no METADATA"
    from packaging.metadata import parse_email  # noqa: PLC0415 — it is slow to import, and only environments need it

    try:
        raw, _ = parse_email(found.metadata)
    except (ValueError, LookupError):  # characters and encodings that the standard library trips over
        return _NAMELESS
    name, version = raw.get("name"), raw.get("version")
    if not name or version is None:
        return _NAMELESS
    if max(len(name), len(version)) > LONGEST_NAME:
        return _NOWHERE
    try:
        release = Version(version)
        normalized = str(canonicalize_name(name, validate=True))
    except ValueError:
        return _NOWHERE
    source, text = _source(found.direct_url)
    requires = tuple(_demands(raw.get("requires_dist", [])))
    return LockedPackage(normalized, release, source, text, requires=requires, groups=(MAIN,))


def _demands(texts: Iterable[str]) -> Iterator[Demand]:
    for text in islice(texts, _MOST_REQUIREMENTS):
        demand = read_demand(text)
        if isinstance(demand, Demand):
            yield demand


def _source(direct_url: str | None) -> tuple[SourceKind, str | None]:
    if direct_url is None:
        return SourceKind.INDEX, None
    try:
        found = _decode_direct_url(direct_url)
    except (msgspec.MsgspecError, RecursionError):
        return SourceKind.URL, "an address that cannot be read"
    if found.vcs_info is not None:
        kind = SourceKind.GIT
    elif found.dir_info is not None or found.url.startswith("file:"):
        kind = SourceKind.PATH
    else:
        kind = SourceKind.URL
    return kind, shown(found.url)
