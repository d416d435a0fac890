"""Platform tags, sorted into the nine families that people ask about, with their names and the floor each tag sets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from types import MappingProxyType

from packaging.tags import mac_platforms

from bot.core.text.sentences import joined


class Platform(StrEnum):
    """A family of platform tags that counts in a verdict, in the order in which people read them."""

    MANYLINUX_X86_64 = "manylinux_x86_64"
    MANYLINUX_AARCH64 = "manylinux_aarch64"
    MUSLLINUX_X86_64 = "musllinux_x86_64"
    MUSLLINUX_AARCH64 = "musllinux_aarch64"
    MACOS_X86_64 = "macos_x86_64"
    MACOS_ARM64 = "macos_arm64"
    WIN_AMD64 = "win_amd64"
    WIN_ARM64 = "win_arm64"
    WIN32 = "win32"


PLATFORMS = tuple(Platform)

_WORDS: Mapping[Platform, tuple[str, str]] = MappingProxyType(
    {
        Platform.MANYLINUX_X86_64: ("Linux", "x86-64"),
        Platform.MANYLINUX_AARCH64: ("Linux", "arm64"),
        Platform.MUSLLINUX_X86_64: ("musl", "x86-64"),
        Platform.MUSLLINUX_AARCH64: ("musl", "arm64"),
        Platform.MACOS_X86_64: ("macOS", "x86-64"),
        Platform.MACOS_ARM64: ("macOS", "arm64"),
        Platform.WIN_AMD64: ("Windows", "x64"),
        Platform.WIN_ARM64: ("Windows", "arm64"),
        Platform.WIN32: ("Windows", "32-bit"),
    }
)
PLATFORM_NAMES: Mapping[Platform, str] = MappingProxyType({platform: " ".join(_WORDS[platform]) for platform in _WORDS})
_ORDER = {platform: place for place, platform in enumerate(PLATFORMS)}


@dataclass(frozen=True, slots=True)
class Floor:
    """The oldest system a tag admits: ``glibc 2.28``, ``musl 1.2``, ``macOS 14.0``."""

    system: str
    version: tuple[int, int]

    def __str__(self) -> str:
        return f"{self.system} {self.version[0]}.{self.version[1]}"


@dataclass(frozen=True, slots=True)
class PlatformTag:
    """What one platform tag says: the families it belongs to (``universal2`` has two), or else its own family name."""

    families: tuple[Platform, ...]
    other: str | None
    floor: Floor | None

    def floor_of(self, family: Platform) -> Floor | None:
        """Return the oldest system of a family that the tag admits: no arm64 Mac ever ran an older macOS than 11."""
        if family is Platform.MACOS_ARM64 and self.floor is not None:
            return max(self.floor, _FIRST_ARM64_MACOS, key=lambda floor: floor.version)
        return self.floor


_LEGACY_GLIBC = {"1": (2, 5), "2010": (2, 12), "2014": (2, 17)}  # PEP 513, 571, 599
_MANYLINUX = re.compile(r"manylinux(?:_(\d{1,4})_(\d{1,4})|(1|2010|2014))_(\w+)", re.ASCII)
_MUSLLINUX = re.compile(r"musllinux_(\d{1,4})_(\d{1,4})_(\w+)", re.ASCII)
_MACOS = re.compile(r"macosx_(\d{1,4})_(\d{1,4})_(\w+)", re.ASCII)
_VERSIONED = re.compile(r"(ios|android|pyemscripten|pyodide)_\d{1,4}(?:_\d{1,4})?_(\w+)", re.ASCII)
_WINDOWS = {"win_amd64": Platform.WIN_AMD64, "win_arm64": Platform.WIN_ARM64, "win32": Platform.WIN32}
_PLAIN_LINUX = {
    "linux_x86_64": (Platform.MANYLINUX_X86_64, Platform.MUSLLINUX_X86_64),
    "linux_aarch64": (Platform.MANYLINUX_AARCH64, Platform.MUSLLINUX_AARCH64),
}
_NEWEST_MACOS = (99, 0)
_FIRST_ARM64_MACOS = Floor("macOS", (11, 0))


def in_order(platforms: frozenset[Platform] | set[Platform]) -> tuple[Platform, ...]:
    """Sort platforms as people read them: Linux, macOS, Windows."""
    return tuple(sorted(platforms, key=_ORDER.__getitem__))


def platform_list(platforms: Iterable[Platform]) -> str:
    """Name platforms by system, each system once: ``Linux x86-64 and arm64, macOS arm64``."""
    machines: dict[str, list[str]] = {}
    for system, machine in (_WORDS[platform] for platform in in_order(set(platforms))):
        machines.setdefault(system, []).append(machine)
    return ", ".join(f"{system} {joined(names)}" for system, names in machines.items())


@lru_cache(maxsize=4096)
def read_platform(tag: str) -> PlatformTag:
    """Sort one platform tag into its families; any text gives an answer."""
    if tag in _WINDOWS:
        return PlatformTag((_WINDOWS[tag],), None, None)
    if tag in _PLAIN_LINUX:
        return PlatformTag(_PLAIN_LINUX[tag], None, None)
    if match := _MANYLINUX.fullmatch(tag):
        version = _LEGACY_GLIBC[match[3]] if match[3] else (int(match[1]), int(match[2]))
        return _linux("manylinux", Floor("glibc", version), match[4])
    if match := _MUSLLINUX.fullmatch(tag):
        return _linux("musllinux", Floor("musl", (int(match[1]), int(match[2]))), match[3])
    if match := _MACOS.fullmatch(tag):
        families = tuple(platform for platform, tags in _mac_tags().items() if tag in tags)
        return PlatformTag(
            families, None if families else f"macosx_{match[3]}", Floor("macOS", (int(match[1]), int(match[2])))
        )
    match = _VERSIONED.fullmatch(tag)
    return PlatformTag((), f"{match[1]}_{match[2]}" if match else tag, None)


def _linux(kind: str, floor: Floor, architecture: str) -> PlatformTag:
    name = f"{kind}_{architecture}"
    if name in _ORDER:
        return PlatformTag((Platform(name),), None, floor)
    return PlatformTag((), name, floor)


@cache
def _mac_tags() -> dict[Platform, frozenset[str]]:
    return {
        Platform.MACOS_X86_64: frozenset(mac_platforms(_NEWEST_MACOS, "x86_64")),
        Platform.MACOS_ARM64: frozenset(mac_platforms(_NEWEST_MACOS, "arm64")),
    }
