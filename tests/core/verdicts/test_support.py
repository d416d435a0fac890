from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.index.simple_api import File
from bot.core.verdicts.support import (
    Cover,
    admits,
    admits_first_only,
    admits_older,
    newest_release,
    offer_of,
    stable_before,
    support_of,
)
from bot.core.wheels.platforms import Floor, Platform
from bot.core.wheels.targets import Target
from tests.core.pages import T314, T315, project, sdist, wheel, wheels


@pytest.mark.parametrize(
    ("requires", "on_314", "on_315"),
    [
        ("", True, True),
        (">=3.9", True, True),
        (">=3.15", False, True),
        (">=3.15.0rc1", False, True),
        ("<3.14", False, False),
        ("<=3.14", False, False),
        ("<3.14.1", False, False),
        (">3.14", True, True),
        (">=3.14.3,<3.15", True, False),
        ("!=3.14.*", False, True),
        ("!=3.14.0,!=3.14.1", True, True),
        ("==3.14.*", True, False),
        ("==3.15.7", False, True),
        ("~=3.14.0", True, False),
        ("~=3.14", True, True),
        (">=3.15,<3.14", False, False),
        ("==2.7.*", False, False),
        (">=3.9.*", True, True),  # not a specifier: pip ignores it, and so does everybody who installs
        ("three", True, True),
        (">=3." + "1" * 5000, True, True),
    ],
)
def test_requires_python_admits_a_target_when_some_patch_release_passes(
    requires: str, on_314: bool, on_315: bool
) -> None:
    assert (admits(requires, T314), admits(requires, T315)) == (on_314, on_315)


@given(st.text() | st.text(alphabet="<>=!~.,3145* a"), st.sampled_from((T314, T315)))
def test_any_requires_python_is_answered(requires: str, target: Target) -> None:
    assert admits(requires, target) in {True, False}


@pytest.mark.parametrize(
    ("files", "newest"),
    [
        ([sdist("1.9"), sdist("1.10")], "1.10"),
        ([sdist("1.0"), sdist("2.0b1"), sdist("2.0.dev1")], "1.0"),
        ([sdist("1.0a1"), sdist("1.0b1"), sdist("1.0.dev9")], "1.0b1"),
        ([sdist("1.0"), sdist("1.0.post1")], "1.0.post1"),
        ([sdist("2026.1"), sdist("1!0.1")], "1!0.1"),
        ([sdist("1.0"), sdist("2.0", yanked=True)], "1.0"),
        ([sdist("1.0", yanked=True), sdist("2.0", yanked="bad")], "2.0"),
        ([sdist("1.0", yanked=True), sdist("2.0a1")], "2.0a1"),
        ([sdist("2.0", yanked=True), wheel("py3-none-any", "2.0"), sdist("1.0")], "2.0"),
        ([sdist("1.0", uploaded="2026-11-01T00:00:00Z"), sdist("2.0", uploaded="2025-01-01T00:00:00Z")], "2.0"),
    ],
)
def test_the_newest_release_stands_and_is_stable_unless_there_are_only_others(files: list[File], newest: str) -> None:
    release = newest_release(project(*files))
    assert release is not None
    assert str(release.version) == newest


def test_a_project_without_files_has_no_newest_release() -> None:
    assert newest_release(project()) is None


def test_earlier_releases_are_walked_from_the_newest_without_yanked_and_pre_releases() -> None:
    demo = project(*(sdist(version) for version in ("1.0", "1.1rc1", "1.2", "2.0", "3.0")), sdist("1.3", yanked=True))
    assert [str(release.version) for release in stable_before(demo, demo.releases[-2])] == ["1.2", "1.0"]


def _covers(*files: File) -> dict[Platform, Cover]:
    (release,) = project(*files).releases
    return dict(support_of(release, T315).covered)


def test_of_several_wheels_the_targets_own_abi_comes_first_then_abi3t_then_none() -> None:
    abi3t, none, own = wheels("cp315-abi3.abi3t-win32", "py3-none-win32", "cp315-cp315t-win32")
    assert _covers(none) == {Platform.WIN32: Cover("none", None)}
    assert _covers(none, abi3t) == {Platform.WIN32: Cover("abi3t", None)}
    assert _covers(abi3t, own, none) == {Platform.WIN32: Cover("cp315t", None)}


def test_of_several_wheels_with_the_same_abi_the_lowest_floor_is_shown() -> None:
    newer, older = wheels("cp315-cp315t-manylinux_2_34_x86_64", "cp315-cp315t-manylinux_2_28_x86_64")
    expected = {Platform.MANYLINUX_X86_64: Cover("cp315t", Floor("glibc", (2, 28)))}
    assert _covers(newer, older) == _covers(older, newer) == expected


def test_a_wheel_with_another_tag_may_set_the_floor() -> None:
    own, abi3t = wheels("cp315-cp315t-manylinux_2_39_x86_64", "cp315-abi3t-manylinux_2_28_x86_64")
    floor = Floor("glibc", (2, 28))
    assert _covers(own, abi3t) == {Platform.MANYLINUX_X86_64: Cover("cp315t", floor, "abi3t")}
    assert _covers(own, wheel("cp315-cp315t-linux_x86_64")) == {
        Platform.MANYLINUX_X86_64: Cover("cp315t", None),
        Platform.MUSLLINUX_X86_64: Cover("cp315t", None),
    }


def test_no_arm64_mac_has_a_macos_before_11() -> None:
    covered = _covers(*wheels("cp315-cp315t-macosx_10_9_universal2"))
    assert {platform.value: str(cover.floor) for platform, cover in covered.items()} == {
        "macos_x86_64": "macOS 10.9",
        "macos_arm64": "macOS 11.0",
    }


@pytest.mark.parametrize(
    ("requires", "only"), [("<=3.14", True), ("==3.14.0", True), ("<3.14", False), ("<=3.14.2", False), ("?", False)]
)
def test_a_requirement_may_let_in_the_first_release_alone(requires: str, only: bool) -> None:
    assert admits_first_only(requires, T314) is only


@pytest.mark.parametrize(
    ("requires", "older"),
    [("<=3.14", True), ("<3.14", True), ("!=3.14.*", True), ("==3.13.7", True), (">=3.15", False), ("?", False)],
)
def test_a_requirement_may_let_older_pythons_in(requires: str, older: bool) -> None:
    assert admits_older(requires, T314) is older


def test_platforms_are_covered_in_the_order_people_read_them() -> None:
    assert list(
        _covers(*wheels("cp315-cp315t-win32", "cp315-cp315t-macosx_11_0_universal2", "cp315-cp315t-linux_x86_64"))
    ) == [
        Platform.MANYLINUX_X86_64,
        Platform.MUSLLINUX_X86_64,
        Platform.MACOS_X86_64,
        Platform.MACOS_ARM64,
        Platform.WIN32,
    ]


def test_requires_python_counts_file_by_file() -> None:
    (release,) = project(
        wheel("cp315-cp315t-win32", requires="<3.15"),
        wheel("cp315-cp315t-win_amd64", requires=">=3.15"),
        sdist(requires="<3.15"),
    ).releases
    support = support_of(release, T315)
    assert list(support.covered) == [Platform.WIN_AMD64]
    assert not support.excluded


def test_a_suspect_wheel_for_a_platform_that_does_not_count_is_not_listed() -> None:
    (release,) = project(*wheels("cp315-none-manylinux_2_39_riscv64", "cp315-none-win32")).releases
    assert support_of(release, T315).suspects == ("demo-1.0-cp315-none-win32.whl",)


def test_wheels_for_other_implementations_offer_nothing() -> None:
    (release,) = project(
        *wheels(
            "pp311-pypy311_pp73-win32", "graalpy313-graalpy253_313_native-manylinux_2_39_riscv64", "cp27-cp27m-win32"
        ),
        sdist(),
    ).releases
    offer = offer_of(release)
    assert (offer.wheels, offer.platforms, offer.other_platforms, offer.sdist) == (0, (), (), True)


def test_an_offer_has_the_platforms_of_native_wheels_only() -> None:
    (release,) = project(
        *wheels("cp314-cp314-win32", "cp27-cp27m-win_amd64", "py3-none-win_arm64", "cp314-cp314-manylinux_2_39_riscv64")
    ).releases
    offer = offer_of(release)
    assert (offer.platforms, offer.other_platforms) == ((Platform.WIN32,), ("manylinux_riscv64",))
