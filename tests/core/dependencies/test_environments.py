"""Where an application is installed, as environment markers see it."""

from __future__ import annotations

import pytest
from packaging.markers import Marker

from bot.core.dependencies.environments import holds, marker_environment
from bot.core.wheels.platforms import PLATFORMS, Platform
from bot.core.wheels.targets import Target

_LINUX = marker_environment(Target(14), Platform.MANYLINUX_X86_64)


@pytest.mark.parametrize(
    ("marker", "platforms"),
    [
        ("sys_platform == 'linux'", {each for each in PLATFORMS if "linux" in each}),
        ("sys_platform == 'win32'", {Platform.WIN32, Platform.WIN_AMD64, Platform.WIN_ARM64}),
        ("platform_system == 'Darwin'", {Platform.MACOS_ARM64, Platform.MACOS_X86_64}),
        ("os_name == 'nt' and platform_machine == 'AMD64'", {Platform.WIN_AMD64}),
        ("platform_machine == 'aarch64'", {Platform.MANYLINUX_AARCH64, Platform.MUSLLINUX_AARCH64}),
    ],
)
def test_markers_are_evaluated_for_the_platform_asked_about(marker: str, platforms: set[Platform]) -> None:
    held = {each for each in PLATFORMS if holds(Marker(marker), marker_environment(Target(14), each))}
    assert held == platforms


@pytest.mark.parametrize(
    ("marker", "expected"),
    [
        ("python_version >= '3.13'", {14: True, 15: True}),
        ("python_version < '3.15'", {14: True, 15: False}),
        ("python_full_version < '3.14.1'", {14: True, 15: False}),
        # There is no marker for free-threading: this is False whatever the version.
        ("python_version < '3.14t'", {14: False, 15: False}),
        ("implementation_name == 'pypy'", {14: False, 15: False}),
    ],
)
def test_markers_are_evaluated_for_the_target(marker: str, expected: dict[int, bool]) -> None:
    found = {
        minor: holds(Marker(marker), marker_environment(Target(minor), Platform.MANYLINUX_X86_64)) for minor in expected
    }
    assert found == expected


@pytest.mark.parametrize(
    ("marker", "asked", "held"),
    [
        ("extra == 'a'", {"a", "b"}, True),
        ("'b' == extra", {"a", "b"}, True),
        ("extra == 'c'", {"a", "b"}, False),
        ("extra == 'a'", set[str](), False),
        ("extra != 'a'", {"a", "b"}, False),
        ("extra != 'c'", {"a", "b"}, True),
        ("extra == 'a' and extra == 'b'", {"a", "b"}, True),
        ("extra == 'a' and extra != 'b'", {"a", "b"}, False),
        ("'a' in extras", {"a"}, True),
    ],
)
def test_an_extra_is_asked_for_among_others(marker: str, asked: set[str], held: bool) -> None:
    assert holds(Marker(marker), _LINUX, frozenset(asked)) is held


def test_a_dependency_group_is_asked_for_by_name() -> None:
    marker = Marker("'dev' in dependency_groups")
    assert holds(marker, _LINUX, groups=frozenset({"dev"}))
    assert not holds(marker, _LINUX)


def test_without_a_marker_or_with_one_that_makes_no_sense_it_is_needed() -> None:
    assert holds(None, _LINUX)
    assert holds(Marker("python_version ~= 'x'"), _LINUX)
