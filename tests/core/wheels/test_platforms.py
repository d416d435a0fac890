from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.wheels.platforms import PLATFORMS, Floor, Platform, in_order, read_platform


@pytest.mark.parametrize(
    ("tag", "families", "floor"),
    [
        ("manylinux_2_28_x86_64", ["manylinux_x86_64"], "glibc 2.28"),
        ("manylinux1_x86_64", ["manylinux_x86_64"], "glibc 2.5"),
        ("manylinux2010_x86_64", ["manylinux_x86_64"], "glibc 2.12"),
        ("manylinux2014_aarch64", ["manylinux_aarch64"], "glibc 2.17"),
        ("musllinux_1_2_aarch64", ["musllinux_aarch64"], "musl 1.2"),
        ("linux_x86_64", ["manylinux_x86_64", "musllinux_x86_64"], None),
        ("linux_aarch64", ["manylinux_aarch64", "musllinux_aarch64"], None),
        ("macosx_14_0_arm64", ["macos_arm64"], "macOS 14.0"),
        ("macosx_26_0_arm64", ["macos_arm64"], "macOS 26.0"),
        ("macosx_10_15_x86_64", ["macos_x86_64"], "macOS 10.15"),
        ("macosx_10_9_intel", ["macos_x86_64"], "macOS 10.9"),
        ("macosx_10_15_universal2", ["macos_x86_64", "macos_arm64"], "macOS 10.15"),
        ("win_amd64", ["win_amd64"], None),
        ("win_arm64", ["win_arm64"], None),
        ("win32", ["win32"], None),
    ],
)
def test_a_tag_covers_its_family_whatever_its_floor(tag: str, families: list[str], floor: str | None) -> None:
    read = read_platform(tag)
    assert [family.value for family in read.families] == families
    assert (None if read.floor is None else str(read.floor)) == floor
    assert read.other is None


@pytest.mark.parametrize(
    ("tag", "other"),
    [
        ("manylinux_2_39_riscv64", "manylinux_riscv64"),
        ("manylinux2014_i686", "manylinux_i686"),
        ("musllinux_1_1_armv7l", "musllinux_armv7l"),
        ("linux_armv7l", "linux_armv7l"),
        ("macosx_10_6_ppc", "macosx_ppc"),
        ("macosx_14_5_arm64", "macosx_arm64"),  # no installer looks for a minor version from macOS 11 on
        ("ios_13_0_arm64_iphoneos", "ios_arm64_iphoneos"),
        ("android_21_arm64_v8a", "android_arm64_v8a"),
        ("pyemscripten_2026_0_wasm32", "pyemscripten_wasm32"),
        ("win_ia64", "win_ia64"),
        ("", ""),
    ],
)
def test_any_other_platform_keeps_its_name_without_the_floor(tag: str, other: str) -> None:
    read = read_platform(tag)
    assert (read.families, read.other) == ((), other)


@given(st.text() | st.from_regex(r"\A(manylinux|musllinux|macosx|ios)_[0-9]{1,6}_[0-9]{1,6}_\w+\Z"))
def test_any_tag_is_in_a_family_or_another_platform_and_never_both(tag: str) -> None:
    read = read_platform(tag)
    assert bool(read.families) is (read.other is None)


@given(st.sets(st.sampled_from(PLATFORMS)))
def test_platforms_are_listed_as_people_read_them(some: set[Platform]) -> None:
    assert in_order(some) == tuple(platform for platform in PLATFORMS if platform in some)


def test_there_are_nine_platforms() -> None:
    assert [platform.value for platform in PLATFORMS] == [
        "manylinux_x86_64",
        "manylinux_aarch64",
        "musllinux_x86_64",
        "musllinux_aarch64",
        "macos_x86_64",
        "macos_arm64",
        "win_amd64",
        "win_arm64",
        "win32",
    ]


def test_a_floor_reads_as_a_system_and_a_version() -> None:
    assert str(Floor("glibc", (2, 28))) == "glibc 2.28"
