"""What a dependency file says, whatever its format: who requires what, and which versions it fixes.

Every reader gives a ``DependencyFile``. Names are normalized; what cannot be read is told line by line, and the rest is
still answered. Readers take text from anybody: they are total, raise nothing but ``UserError``, and are bounded in time
and memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from packaging.markers import Marker
from packaging.specifiers import SpecifierSet
from packaging.version import Version

MAIN = "main"
"""The group of what an application always needs; extras and dependency groups (PEP 735) have their own names."""

LARGEST_FILE = 16 << 20
"""Bytes of a file that is read; the largest real lock seen has 5 MB."""

MOST_ENTRIES = 20_000
"""Packages or requirements of one file; the largest real lock seen has 1,900."""

_ANYTHING = SpecifierSet()


class FileKind(StrEnum):
    """The formats, by the name that people know them by."""

    REQUIREMENTS = "requirements.txt"
    PYPROJECT = "pyproject.toml"
    SCRIPT = "script"
    UV_LOCK = "uv.lock"
    PYLOCK = "pylock.toml"
    POETRY_LOCK = "poetry.lock"
    PIPFILE_LOCK = "Pipfile.lock"
    PDM_LOCK = "pdm.lock"
    CONDA_ENVIRONMENT = "environment.yml"
    CONDA_LOCK = "conda-lock.yml"
    PIXI_LOCK = "pixi.lock"
    INSTALLED = "environment"


@dataclass(frozen=True, slots=True)
class UnreadLine:
    """A line or an entry that is no package of an index: its text as written, cut short, and why it was left out.

    ``line`` counts from 1, None where the format has no lines to speak of.
    """

    file: str
    line: int | None
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Demand:
    """That a package is required: which extras of it, which versions, and under which marker.

    ``version`` names the entry of a lock that is meant, where the lock says so, and ``source`` that entry's kind of
    source and its text (``LockedPackage.origin``). ``line`` is where it stands.
    """

    name: str
    extras: tuple[str, ...] = ()
    specifier: SpecifierSet = _ANYTHING
    marker: Marker | None = None
    version: str | None = None
    line: int | None = None
    source: str | None = None


class GroupKind(StrEnum):
    """What a group of demands is to the application."""

    MAIN = "main"
    EXTRA = "extra"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class DemandGroup:
    """Demands that come together: what is always needed, an extra (PEP 621), a dependency group (PEP 735)."""

    kind: GroupKind
    name: str
    demands: tuple[Demand, ...]


@dataclass(frozen=True, slots=True)
class Root:
    """A project that demands come from: the file's own, or a member of its workspace; None where it has no name."""

    name: str | None
    groups: tuple[DemandGroup, ...]


class SourceKind(StrEnum):
    """Where a locked package comes from."""

    INDEX = "index"
    OTHER_INDEX = "another index"
    URL = "URL"
    GIT = "version control"
    PATH = "path"


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """An entry of a lock.

    ``version`` is None where the entry has none or an unreadable one. ``source_text`` says where it comes from if that
    is not the index, and ``wheels`` are file names in the lock, which prune and prove nothing about the index.
    ``forks`` are the markers (any of them) under which this entry of several of one name holds. ``groups`` and
    ``marker`` say when it is installed, in formats that say so of the package itself; ``group_markers`` where each
    group has one of its own. ``certain`` is False where formats are known to lose a marker, so that it may not be
    needed at all.
    """

    name: str
    version: Version | None
    source: SourceKind = SourceKind.INDEX
    source_text: str | None = None
    wheels: tuple[str, ...] = ()
    sdist: bool = False
    requires: tuple[Demand, ...] = ()
    extras: Mapping[str, tuple[Demand, ...]] = field(default_factory=dict)
    forks: tuple[Marker, ...] = ()
    groups: tuple[str, ...] = ()
    marker: Marker | None = None
    group_markers: Mapping[str, Marker] = field(default_factory=dict)
    certain: bool = True
    line: int | None = None

    @property
    def origin(self) -> str:
        """Return where it comes from, to tell apart entries of one version."""
        return f"{self.source}: {self.source_text}"


@dataclass(frozen=True, slots=True)
class Lock:
    """The packages of a lock.

    ``walked`` tells how it says what is installed: by what the roots demand and whom that demands in turn (True), or by
    groups and markers of each entry (False), where edges only tell who pulls whom in. ``platform_packages`` has the
    entries by platform (our names, such as ``manylinux_x86_64``) in formats that lock each platform for itself.
    ``default_groups`` are those of the entries that are installed when nobody asks for a group or an extra, and
    ``extras`` and ``groups`` what one may ask for. ``conflicts`` are sets of extras and groups that exclude each other,
    as the lock's markers name them. ``requires_python`` is for which Pythons it was made, as it says.
    """

    packages: tuple[LockedPackage, ...]
    walked: bool
    default_groups: tuple[str, ...] = (MAIN,)
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    platform_packages: Mapping[str, tuple[LockedPackage, ...]] = field(default_factory=dict)
    conflicts: tuple[tuple[str, ...], ...] = ()
    requires_python: str | None = None


@dataclass(frozen=True, slots=True)
class DependencyFile:
    """A dependency file, read: ``lock`` if it fixes versions, else its ``roots`` have to be resolved.

    ``constraints`` bound what is required and require nothing. ``warnings`` are sentences about what was odd.
    """

    file: str
    kind: FileKind
    roots: tuple[Root, ...] = ()
    constraints: tuple[Demand, ...] = ()
    lock: Lock | None = None
    not_read: tuple[UnreadLine, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def entries(self) -> int:
        """Return how many packages or demands it names."""
        if self.lock is not None:
            return len(self.lock.packages) + max(map(len, self.lock.platform_packages.values()), default=0)
        return sum(len(group.demands) for root in self.roots for group in root.groups)
