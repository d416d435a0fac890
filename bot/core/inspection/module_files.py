"""Which files of a wheel are extension modules, by their names: what the import system would look at.

A name is all that is known before a file is fetched, so a shared library may be among them; its contents tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.core.errors import UnreadableWheelError
from bot.core.inspection.zip_directory import Member, shown

LARGEST_MODULE = 256 << 20
"""Bytes of a module, inflated: more would take the process that reads it too much memory."""

MOST_MODULES = 5_000
"""Modules of a wheel; the most seen are some 300."""

MOST_TOGETHER = 4 << 30
"""Bytes of all modules of a wheel, inflated; the most seen are 2 GB. A wheel of 4 MB can say that it has as many."""

LARGEST_DOUBTFUL = 1 << 20
"""Bytes, compressed, up to which ``libNAME.so`` is read to see whether it is a module.

Nearly all are libraries: a module of that name would be imported as ``libNAME``, and has almost always the suffix of a
Python. A library may have hundreds of MB, which nobody fetches to learn that it is one.
"""

_SUFFIX = re.compile(
    r"""
    (?P<python>\.(cpython-|cp\d|pypy|graalpy|abi3)[^./]*)?    # the suffix of a Python or of its stable ABI
    (\.so|(?P<windows>\.pyd))\Z
    """,
    re.VERBOSE | re.ASCII,
)
_LIBRARY = re.compile(r"\.(dylib|dll|so(\.\d+)+)\Z", re.ASCII)
_LIBRARY_FOLDER = re.compile(r"(\A|/)[^/]*\.(libs|dylibs)/")
_DATA_FOLDER = re.compile(r"\A[^/]+\.data/(?P<key>[^/]+)/")
_IMPORTED_FROM = ("platlib", "purelib")


@dataclass(frozen=True, slots=True)
class Unread:
    """An extension module that was not read, and why, as a sentence."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class ModuleFiles:
    """The ``modules`` of a wheel that are read, those that cannot be, and native files ``left_out`` as no modules."""

    modules: tuple[Member, ...] = ()
    unread: tuple[Unread, ...] = ()
    left_out: tuple[str, ...] = ()


def choose(members: Iterable[Member], largest: int = LARGEST_MODULE) -> ModuleFiles:
    """Return which members of a wheel are extension modules, in their order.

    Raises ``UnreadableWheelError`` where they are too many, or too much, to be read.
    """
    modules, unread, left_out = [], [], []
    for member in members:
        if not _is_native(member.name):
            continue
        if not _is_module(member):
            left_out.append(member.name)
        elif member.obstacle is not None:
            unread.append(Unread(member.name, member.obstacle))
        elif max(member.size, member.compressed) > largest:
            unread.append(Unread(member.name, f"{shown(member.name)} is too large to be read: {member.size} bytes."))
        else:
            modules.append(member)
    if len(modules) > MOST_MODULES:
        raise UnreadableWheelError(f"The wheel has {len(modules)} extension modules, too many to be read.")
    if sum(member.size for member in modules) > MOST_TOGETHER:
        raise UnreadableWheelError("The extension modules of the wheel are too large together to be read.")
    return ModuleFiles(tuple(modules), tuple(unread), tuple(left_out))


def _is_native(name: str) -> bool:
    return _SUFFIX.search(name) is not None or _LIBRARY.search(name) is not None


def _is_module(member: Member) -> bool:
    suffix = _SUFFIX.search(member.name)
    if suffix is None or _LIBRARY_FOLDER.search(member.name):
        return False
    data = _DATA_FOLDER.match(member.name)
    if data is not None and data["key"] not in _IMPORTED_FROM:
        return False
    is_told = suffix["python"] is not None or suffix["windows"] is not None
    is_named_as_library = member.name.rpartition("/")[2].startswith("lib")
    return is_told or not is_named_as_library or member.compressed <= LARGEST_DOUBTFUL
