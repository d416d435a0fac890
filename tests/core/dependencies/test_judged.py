"""Whether a dependency stops a move: the verdict on its pinned version, by platform."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from packaging.version import Version

from bot.core.dependencies.judged import (
    DependencyState,
    JudgedBy,
    JudgedDependency,
    KnownProject,
    NeededPackage,
    judge_dependency,
)
from bot.core.index.simple_api import File, ProjectStatus
from bot.core.verdicts.rules import Verdict
from bot.core.wheels.platforms import PLATFORMS, Platform
from tests.core.pages import NOW, T314, T315, project, sdist, wheel, wheels

LINUX, MAC, WINDOWS = Platform.MANYLINUX_X86_64, Platform.MACOS_ARM64, Platform.WIN_AMD64
_LINUX_TAG, _MAC_TAG, _WINDOWS_TAG = "manylinux_2_28_x86_64", "macosx_11_0_arm64", "win_amd64"


def needed(version: str | None = "1.0", platforms: Sequence[Platform] = (LINUX,), **more: object) -> NeededPackage:
    """Make a need for the demo project."""
    pin = None if version is None else Version(version)
    return NeededPackage("demo", pin, tuple(platforms), **more)  # type: ignore[arg-type] # whatever a test names


def judged(
    *files: File, version: str | None = "1.0", platforms: Sequence[Platform] = (LINUX,), target: object = T314
) -> JudgedDependency:
    """Judge a version of the demo project with these files."""
    assert target in {T314, T315}
    return judge_dependency(
        needed(version, platforms), KnownProject(project(*files)), T315 if target == T315 else T314, NOW
    )


def test_the_pinned_version_is_judged_and_not_the_newest() -> None:
    """Tornado 6.5.4 is abi3 only, and 6.6 has wheels: the pin stops you, and 6.6 does not."""
    old = wheels(f"cp39-abi3-{_LINUX_TAG}", version="6.5.4")
    new = wheels(f"cp39-abi3-{_LINUX_TAG}", f"cp314-cp314t-{_LINUX_TAG}", version="6.6")
    found = judged(*old, *new, version="6.5.4")
    assert (found.verdict, found.blocks, found.missing) == (Verdict.ABI3_ONLY, True, (LINUX,))
    assert found.state is DependencyState.BLOCKS
    assert found.newest is not None
    assert (str(found.newest.version), found.newest.verdict) == ("6.6", Verdict.SUPPORTED)
    assert found.first_working == Version("6.6")


def test_the_first_version_that_works_is_not_the_newest_one() -> None:
    files = [
        *wheels(f"cp314-cp314-{_LINUX_TAG}", version="1.0"),
        *wheels(f"cp314-cp314-{_LINUX_TAG}", f"cp314-cp314t-{_LINUX_TAG}", version="1.1rc1"),
        wheel(f"cp314-cp314t-{_LINUX_TAG}", "1.2", yanked=True),
        *wheels(f"cp314-cp314-{_LINUX_TAG}", f"cp314-cp314t-{_MAC_TAG}", version="1.3"),
        *wheels(f"cp314-cp314-{_LINUX_TAG}", f"cp314-cp314t-{_LINUX_TAG}", version="1.4"),
        *wheels(f"cp314-cp314-{_LINUX_TAG}", version="1.5"),
    ]
    assert judged(*files).first_working == Version("1.4")
    assert judged(*files, platforms=(MAC,)).first_working == Version("1.3")
    assert judged(*files, version="1.5").first_working is None


def test_a_pin_that_works_is_the_first_version_that_works() -> None:
    found = judged(*wheels(f"cp314-cp314t-{_LINUX_TAG}"))
    assert found.first_working == Version("1.0")
    assert (found.blocks, found.state) == (False, DependencyState.READY)


def test_a_partial_release_stops_you_on_the_platforms_that_it_lacks() -> None:
    """Rapidfuzz 3.14.1 is partial, which is ok, and has no Linux wheel for 3.14t at all."""
    tags = [
        f"cp314-{abi}-{tag}" for abi, tag in (("cp314", _LINUX_TAG), ("cp314", _WINDOWS_TAG), ("cp314t", _WINDOWS_TAG))
    ]
    found = judged(*wheels(*tags), platforms=PLATFORMS)
    assert (found.verdict, found.verdict.ok) == (Verdict.PARTIAL, True)
    assert found.missing == (LINUX,)
    assert found.blocks
    windows = judged(*wheels(*tags), platforms=(WINDOWS,))
    assert (windows.blocks, windows.state) == (False, DependencyState.PARTIAL)


def test_what_the_gil_build_lacks_too_is_not_for_want_of_free_threading() -> None:
    """No wheel for Python 3.14 at all: it does not install, but 3.14 with the GIL is no better."""
    found = judged(*wheels(f"cp312-cp312-{_LINUX_TAG}"), sdist())
    assert (found.verdict, found.blocks, found.missing) == (Verdict.NOT_YET, False, ())
    assert found.lacking == (LINUX,)
    assert found.state is DependencyState.WITHOUT_WHEELS


def test_a_platform_that_no_build_serves_is_told_though_the_verdict_is_good() -> None:
    found = judged(*wheels(f"cp314-cp314-{_LINUX_TAG}", f"cp314-cp314t-{_LINUX_TAG}"), platforms=(MAC,))
    assert (found.verdict, found.blocks) == (Verdict.SUPPORTED, False)
    assert found.state is DependencyState.WITHOUT_WHEELS


def test_what_shuts_the_python_out_stops_its_gil_build_as_well() -> None:
    found = judged(wheel(f"cp313-cp313-{_LINUX_TAG}", requires="<3.14"))
    assert (found.verdict, found.blocks) == (Verdict.EXCLUDED, False)
    assert found.state is DependencyState.WITHOUT_WHEELS


def test_an_sdist_alone_stops_you_everywhere() -> None:
    found = judged(sdist(), platforms=(LINUX, MAC))
    assert (found.verdict, found.blocks, found.missing) == (Verdict.SDIST_ONLY, True, (LINUX, MAC))


@pytest.mark.parametrize("tags", ["py3-none-any", "py2.py3-none-any"])
def test_pure_python_works_everywhere(tags: str) -> None:
    found = judged(wheel(tags), platforms=PLATFORMS)
    assert (found.verdict, found.blocks, found.state) == (Verdict.PURE, False, DependencyState.READY)


def test_a_pure_wheel_beside_native_ones_is_told_as_a_fallback() -> None:
    found = judged(*wheels(f"cp314-cp314-{_LINUX_TAG}", "py3-none-any"))
    assert (found.verdict, found.state) == (Verdict.PURE_FALLBACK, DependencyState.FALLBACK)


def test_abi3t_counts_from_315t_on() -> None:
    tags = f"cp315-abi3.abi3t-{_LINUX_TAG}"
    gil = f"cp39-abi3-{_LINUX_TAG}"
    assert judged(*wheels(tags, gil)).blocks
    assert not judged(*wheels(tags, gil), target=T315).blocks


def test_a_private_package_is_unknown_and_stops_nobody() -> None:
    found = judge_dependency(needed(), KnownProject(None, missing=True), T314, NOW)
    assert (found.verdict, found.verdict.ok, found.blocks) == (Verdict.NOT_FOUND, None, False)
    assert found.state is DependencyState.UNKNOWN
    assert found.reason == "The index has no such project; it may be a private one."


def test_an_index_that_is_down_is_no_no() -> None:
    found = judge_dependency(needed(), KnownProject(None, problem="The index did not answer."), T314, NOW)
    assert (found.verdict, found.blocks, found.reason) == (Verdict.UNKNOWN, False, "The index did not answer.")


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        ("9.9", "The index has no release 9.9 of it; it may have been deleted."),
        ("1.0+cu128", "The index has no 1.0+cu128: what follows the + comes from another index."),
    ],
)
def test_a_pin_that_vanished_is_unknown(version: str, reason: str) -> None:
    found = judged(*wheels(f"cp314-cp314t-{_LINUX_TAG}"), version=version)
    assert (found.verdict, found.blocks, found.reason) == (Verdict.NOT_FOUND, False, reason)
    assert found.newest is not None


def test_a_yanked_pin_is_judged_like_any_other() -> None:
    found = judged(wheel(f"cp314-cp314t-{_LINUX_TAG}", yanked="broken"), *wheels("py3-none-any", version="2.0"))
    assert (found.verdict, found.first_working) == (Verdict.SUPPORTED, Version("1.0"))
    assert "yanked" in {modifier.kind.value for modifier in found.modifiers}


def test_a_quarantined_project_is_unknown() -> None:
    page = project(wheel("py3-none-any"), status=ProjectStatus.QUARANTINED)
    assert judge_dependency(needed(), KnownProject(page), T314, NOW).verdict is Verdict.QUARANTINED


def test_what_may_not_be_needed_at_all_does_not_stop_you() -> None:
    page = project(*wheels(f"cp314-cp314-{_LINUX_TAG}"))
    found = judge_dependency(needed(certain=False), KnownProject(page), T314, NOW)
    assert (found.blocks, found.state) == (False, DependencyState.UNKNOWN)
    assert found.reason == (
        "It may not be needed here: a group needs it too, and then such locks lose the marker that says when."
    )


def test_what_comes_from_another_index_is_judged_by_the_lock() -> None:
    """Torch 2.11.0+cu128 is not on PyPI; its lock names wheels for 3.14t."""
    torch = needed(
        "2.11.0+cu128",
        registry="https://download.example/whl/cu128",
        wheels=(f"demo-2.11.0+cu128-cp314-cp314-{_LINUX_TAG}.whl", f"demo-2.11.0+cu128-cp314-cp314t-{_LINUX_TAG}.whl"),
    )
    found = judge_dependency(torch, KnownProject(None), T314, NOW)
    assert (found.verdict, found.judged_by, found.blocks) == (Verdict.SUPPORTED, JudgedBy.LOCK, False)
    assert found.first_working == Version("2.11.0+cu128")
    assert judge_dependency(torch, KnownProject(None), T315, NOW).state is DependencyState.WITHOUT_WHEELS


def test_of_another_index_without_files_in_the_lock_nothing_is_known() -> None:
    found = judge_dependency(needed(registry="https://download.example/whl"), KnownProject(None), T314, NOW)
    assert (found.verdict, found.judged_by) == (Verdict.UNKNOWN, JudgedBy.LOCK)


def test_what_another_index_has_only_as_source_stops_you() -> None:
    found = judge_dependency(
        needed(registry="https://download.example/simple", sdist=True), KnownProject(None), T314, NOW
    )
    assert (found.verdict, found.judged_by, found.missing) == (Verdict.SDIST_ONLY, JudgedBy.LOCK, (LINUX,))


def test_without_a_version_the_newest_is_judged() -> None:
    files = [*wheels(f"cp314-cp314-{_LINUX_TAG}"), *wheels(f"cp314-cp314t-{_LINUX_TAG}", version="2.0")]
    assert judged(*files, version=None).version == Version("2.0")
