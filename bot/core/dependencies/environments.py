"""Where an application is installed, as environment markers see it: a target and a platform, never this machine.

There is no marker for free-threading: 3.14t and 3.14 are the same to all of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from functools import cache, lru_cache
from types import MappingProxyType

from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName

from bot.core.wheels.platforms import Platform
from bot.core.wheels.targets import Target

_AMONG = {"==": "in", "!=": "not in"}
_EXTRA_FIRST = re.compile(r"\bextra (?P<how>==|!=) \"(?P<name>[^\"]*)\"")
_EXTRA_LAST = re.compile(r"\"(?P<name>[^\"]*)\" (?P<how>==|!=) extra\b")

_LINUX = ("linux", "Linux", "posix")
_MACOS = ("darwin", "Darwin", "posix")
_WINDOWS = ("win32", "Windows", "nt")

_PLACES: Mapping[Platform, tuple[tuple[str, str, str], str]] = MappingProxyType(
    {
        Platform.MANYLINUX_X86_64: (_LINUX, "x86_64"),
        Platform.MANYLINUX_AARCH64: (_LINUX, "aarch64"),
        Platform.MUSLLINUX_X86_64: (_LINUX, "x86_64"),
        Platform.MUSLLINUX_AARCH64: (_LINUX, "aarch64"),
        Platform.MACOS_X86_64: (_MACOS, "x86_64"),
        Platform.MACOS_ARM64: (_MACOS, "arm64"),
        Platform.WIN_AMD64: (_WINDOWS, "AMD64"),
        Platform.WIN_ARM64: (_WINDOWS, "ARM64"),
        Platform.WIN32: (_WINDOWS, "x86"),
    }
)


@cache
def marker_environment(target: Target, platform: Platform) -> Mapping[str, str]:
    """Return the marker variables (dependency specifiers specification) of a target's first release on a platform."""
    (sys_platform, system, os_name), machine = _PLACES[platform]
    return MappingProxyType(
        {
            "implementation_name": "cpython",
            "implementation_version": f"3.{target.minor}.0",
            "os_name": os_name,
            "platform_machine": machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": system,
            "platform_version": "",
            "python_full_version": f"3.{target.minor}.0",
            "python_version": f"3.{target.minor}",
            "sys_platform": sys_platform,
            "extra": "",
        }
    )


def holds(
    marker: Marker | None,
    environment: Mapping[str, str],
    extras: frozenset[str] = frozenset(),
    groups: frozenset[str] = frozenset(),
) -> bool:
    """Return whether a marker holds; without one it does, and so does one that makes no sense: nobody is told less.

    ``extras`` and ``groups`` are what is asked for: ``extra == "x"`` and ``"x" in extras`` hold if ``x`` is among the
    extras, ``"x" in dependency_groups`` (lock files) if it is among the groups.
    """
    if marker is None:
        return True
    try:
        asked: dict[str, str | AbstractSet[str]] = {**environment, "extras": extras, "dependency_groups": groups}
        return _of_many_extras(marker).evaluate(asked, context="lock_file")
    except (UndefinedComparison, UndefinedEnvironmentName, ValueError, KeyError, TypeError):
        return True


@lru_cache(maxsize=4096)
def _of_many_extras(marker: Marker) -> Marker:
    """Return a marker that asks whether an extra is among those asked for, where it compares the only one with it."""
    text = str(marker)
    for pattern in (_EXTRA_FIRST, _EXTRA_LAST):
        text = pattern.sub(lambda found: f'"{found["name"]}" {_AMONG[found["how"]]} extras', text)
    return marker if text == str(marker) else Marker(text)
