"""What was read in a wheel as one free-threaded Python sees it, which imports a file only by a name that it knows.

Such a Python tries the suffixes of its own version and platform (``.cpython-314t-x86_64-linux-gnu.so``,
``.cp314t-win_amd64.pyd``), from 3.15 on those of abi3t, and the plain ``.so`` or ``.pyd``: never those of a Python with
the GIL, nor abi3's. A file of another name is no module of it, whatever it declares.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from enum import Enum

from bot.core.index.simple_api import File
from bot.core.inspection.extension import Build, build_of, version_of
from bot.core.inspection.inspection import Inspection
from bot.core.inspection.zip_directory import shown
from bot.core.text.sentences import listed
from bot.core.wheels.platforms import Platform
from bot.core.wheels.tags import FIRST_ABI3T_MINOR, WheelTags, read_tags
from bot.core.wheels.targets import Target

_MOST_NAMED = 3

_PLATFORM = re.compile(r"\.(?:cpython-3\d+t|cp3\d+t|abi3t)-(?P<platform>[^./]+)\.(?:so|pyd)\Z", re.ASCII)
_SUFFIXES = {
    Platform.MANYLINUX_X86_64: "x86_64-linux-gnu",
    Platform.MANYLINUX_AARCH64: "aarch64-linux-gnu",
    Platform.MUSLLINUX_X86_64: "x86_64-linux-musl",
    Platform.MUSLLINUX_AARCH64: "aarch64-linux-musl",
    Platform.MACOS_X86_64: "darwin",
    Platform.MACOS_ARM64: "darwin",
    Platform.WIN_AMD64: "win_amd64",
    Platform.WIN_ARM64: "win_arm64",
    Platform.WIN32: "win32",
}
"""How files name the platforms that count."""


class _Why(Enum):
    """For whom a file is that a free-threaded Python does not find."""

    GIL = "Python 3.{minor} with the GIL"
    PYTHON = "another Python"
    ABI3 = "abi3"
    ABI3T = "abi3t, which begins with Python 3.15"
    PLATFORM = "another platform than the wheel's"
    NOBODY = "no Python, beside one that is named for this"


def as_imported(inspection: Inspection, target: Target) -> Inspection:
    """Return what was read with only those modules that a target would find, and a note on each kind of the others."""
    tags = read_tags(File(inspection.wheel).tags)
    whys = {module.file: _why_not_found(module.file, target, tags) for module in inspection.modules}
    first = {_stem(file) for file, why in whys.items() if why is None and build_of(file) is Build.FREE_THREADED}
    by_reason: dict[_Why, list[str]] = {}
    found = []
    for module in inspection.modules:
        why = whys[module.file]
        if why is None and build_of(module.file) is not Build.FREE_THREADED and _stem(module.file) in first:
            why = _Why.NOBODY
        if why is None:
            found.append(module)
        elif module.file not in by_reason.setdefault(why, []):
            by_reason[why].append(module.file)
    if not by_reason:
        return inspection
    if any(shown(file) in note for file in by_reason.get(_Why.ABI3, ()) for note in inspection.notes):
        del by_reason[_Why.ABI3]  # what is wrong with it is said of the wheel already, whatever the target
    notes = (*inspection.notes, *_notes(by_reason, target))
    return replace(inspection, modules=tuple(found), notes=notes)


def _stem(file: str) -> str:
    folder, slash, name = file.rpartition("/")
    return folder + slash + name.partition(".")[0]


def _why_not_found(file: str, target: Target, tags: WheelTags | None) -> _Why | None:
    build, minor = build_of(file), version_of(file)
    if build is Build.NOT_CPYTHON or (minor is not None and minor != target.minor):
        return _Why.PYTHON
    if build is Build.WITH_GIL:
        return _Why.GIL
    if build is Build.ABI3:
        return _Why.ABI3
    if build is Build.ABI3T and target.minor < FIRST_ABI3T_MINOR:
        return _Why.ABI3T
    named = _PLATFORM.search(file)
    if named is None or tags is None or tags.other_platforms or not tags.floors:
        return None
    fitting = {_SUFFIXES[platform] for platform, _ in tags.floors}
    is_known = named["platform"] in _SUFFIXES.values()
    return _Why.PLATFORM if is_known and named["platform"] not in fitting else None


def _notes(by_reason: dict[_Why, list[str]], target: Target) -> Iterator[str]:
    for why, files in by_reason.items():
        what, are = listed([shown(file) for file in files], _MOST_NAMED), "is" if len(files) == 1 else "are"
        yield f"{what} {are} named for {why.value.format(minor=target.minor)}: {target} does not import such a file."
