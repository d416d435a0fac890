"""A Python imports a file only by a name that it knows, and what it does not import declares nothing to it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.inspection.importing import as_imported
from bot.core.inspection.inspection import Inspection
from bot.core.inspection.modules import Declaration, ExtensionModule, Gil
from bot.core.wheels.targets import Target

T314, T315 = Target(14), Target(15)
LINUX = "cp314-cp314t-manylinux_2_28_x86_64"
GNU = "x86_64-linux-gnu"


def inspection(tags: str, *files: str) -> Inspection:
    modules = tuple(ExtensionModule("p.m", file, Declaration.USED) for file in files)
    return Inspection(f"p-1.0-{tags}.whl", None, False, 1, 1, 1, modules)


@pytest.mark.parametrize(
    ("tags", "file", "target"),
    [
        (LINUX, f"p/m.cpython-314t-{GNU}.so", T314),
        (LINUX, "p/m.so", T314),
        (LINUX, "p/m.whatever.so", T314),
        ("cp314-cp314t-musllinux_1_2_x86_64", "p/m.cpython-314t-x86_64-linux-musl.so", T314),
        ("cp314-cp314t-macosx_11_0_universal2", "p/m.cpython-314t-darwin.so", T314),
        ("cp314-cp314t-win_arm64", "p/m.cp314t-win_arm64.pyd", T314),
        ("cp314-cp314t-win_amd64", "p/m.pyd", T314),
        ("cp315-abi3t-manylinux_2_28_x86_64", "p/m.abi3t.so", T315),
        ("cp315-abi3t-manylinux_2_28_x86_64", f"p/m.abi3t-{GNU}.so", T315),
        ("cp314-cp314t-manylinux_2_31_riscv64", "p/m.cpython-314t-riscv64-linux-gnu.so", T314),
        ("cp314-cp314t-manylinux_2_28_x86_64.linux_riscv64", "p/m.cpython-314t-aarch64-linux-gnu.so", T314),
        ("no-such-tags-at-all", "p/m.cpython-314t-darwin.so", T314),
    ],
)
def test_what_a_target_imports_counts(tags: str, file: str, target: Target) -> None:
    read = inspection(tags, file)
    assert as_imported(read, target) is read


@pytest.mark.parametrize(
    ("tags", "file", "target", "why"),
    [
        (LINUX, f"p/m.cpython-314-{GNU}.so", T314, "Python 3.14 with the GIL"),
        ("cp314-cp314t-win_amd64", "p/m.cp314-win_amd64.pyd", T314, "Python 3.14 with the GIL"),
        (LINUX, f"p/m.cpython-313t-{GNU}.so", T314, "another Python"),
        (LINUX, f"p/m.cpython-313-{GNU}.so", T314, "another Python"),
        (LINUX, f"p/m.pypy311-pp73-{GNU}.so", T314, "another Python"),
        (LINUX, "p/m.abi3.so", T314, "abi3"),
        (LINUX, "p/m.abi3t.so", T314, "abi3t, which begins with Python 3.15"),
        (LINUX, "p/m.cpython-314t-aarch64-linux-gnu.so", T314, "another platform than the wheel's"),
        (LINUX, "p/m.cpython-314t-x86_64-linux-musl.so", T314, "another platform than the wheel's"),
        ("cp314-cp314t-win32", "p/m.cp314t-win_amd64.pyd", T314, "another platform than the wheel's"),
        ("cp315-abi3t-macosx_11_0_arm64", f"p/m.abi3t-{GNU}.so", T315, "another platform than the wheel's"),
    ],
)
def test_what_a_target_does_not_find_is_no_module_of_it_and_is_named(
    tags: str, file: str, target: Target, why: str
) -> None:
    found = as_imported(inspection(tags, file), target)
    assert (found.modules, found.gil) == ((), Gil.NONE)
    assert found.notes == (f"{file} is named for {why}: {target} does not import such a file.",)


def test_the_module_that_is_found_is_judged_and_the_others_are_told_together() -> None:
    files = [f"p/m.cpython-3{minor}-{GNU}.so" for minor in range(9, 14)]
    found = as_imported(inspection("py3-none-manylinux_2_28_x86_64", *files, f"p/m.cpython-314t-{GNU}.so"), T314)
    assert [module.file for module in found.modules] == [f"p/m.cpython-314t-{GNU}.so"]
    (note,) = found.notes
    assert note.startswith(f"{files[0]}, {files[1]}, {files[2]} and 2 more are named for another Python: ")


def test_what_was_said_of_an_abi3t_wheel_is_not_said_twice() -> None:
    said = "It is tagged abi3t, and p/m.abi3.so is named for abi3, which no free-threaded Python imports."
    read = inspection("cp315-abi3t-manylinux_2_28_x86_64", "p/m.abi3.so")
    assert as_imported(replace(read, notes=(said,)), T315).notes == (said,)
    assert as_imported(read, T315).notes == ("p/m.abi3.so is named for abi3: 3.15t does not import such a file.",)


def test_a_file_named_for_the_target_is_found_before_one_that_is_named_for_none() -> None:
    named = f"p/m.cpython-314t-{GNU}.so"
    found = as_imported(inspection(LINUX, "p/m.so", named, "p/other.so"), T314)
    assert [module.file for module in found.modules] == [named, "p/other.so"]
    assert found.notes == (
        "p/m.so is named for no Python, beside one that is named for this: 3.14t does not import such a file.",
    )


def test_a_wheel_that_could_not_be_read_to_its_end_stays_unknown() -> None:
    read = Inspection(f"p-1.0-{LINUX}.whl", None, False, 1, 1, 1, reason="It broke off.")
    assert as_imported(read, T314).gil is Gil.UNKNOWN
