from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.index.simple_api import File
from bot.core.inspection.choice import wheel_to_read
from bot.core.wheels.targets import Target

T314, T315 = Target(14), Target(15)
LINUX = "p-1-cp314-cp314t-manylinux_2_28_x86_64.whl"
MUSL = "p-1-cp314-cp314t-musllinux_1_2_x86_64.whl"
MACOS = "p-1-cp314-cp314t-macosx_11_0_arm64.whl"
WINDOWS = "p-1-cp314-cp314t-win_amd64.whl"
ABI3T = "p-1-cp315-abi3t-manylinux_2_28_x86_64.whl"


def chosen(target: Target, *names: str) -> str | None:
    found = wheel_to_read([File(name) for name in names], target)
    return None if found is None else found.filename


@pytest.mark.parametrize(
    ("target", "names", "name"),
    [
        (T314, [WINDOWS, LINUX, "p-1-cp314-cp314-manylinux_2_28_x86_64.whl"], LINUX),
        (
            T314,
            ["p-1-cp314-cp314t-win_amd64.whl", "p-1-cp314-cp314t-macosx_11_0_arm64.whl"],
            MACOS,
        ),
        (T314, ["p-1-cp314-abi3-manylinux_2_28_x86_64.whl", "p-1.tar.gz"], None),
        (
            T315,
            [ABI3T, "p-1-cp315-cp315t-win32.whl"],
            ABI3T,
        ),
        (T315, ["p-1-cp315-abi3t-win32.whl", "p-1-cp315-cp315t-win32.whl"], "p-1-cp315-cp315t-win32.whl"),
        (T314, ["p-1-py3-none-manylinux_2_28_x86_64.whl"], "p-1-py3-none-manylinux_2_28_x86_64.whl"),
        (T314, ["p-1-py3-none-any.whl"], "p-1-py3-none-any.whl"),
        (T314, [LINUX, "p-1-py3-none-any.whl"], LINUX),
        (T314, ["p-1-cp313-none-any.whl"], None),
        (T314, ["p-1-py3-none-any.whl", "p-1-cp314-none-win_amd64.whl"], "p-1-cp314-none-win_amd64.whl"),
        (T314, [WINDOWS, "p-1-cp314-none-manylinux_2_28_x86_64.whl"], WINDOWS),
        (T314, ["p-1-cp310-abi3t-win_amd64.whl"], None),
        (T315, ["p-1-cp310-abi3t-win_amd64.whl"], "p-1-cp310-abi3t-win_amd64.whl"),
        (T314, [], None),
    ],
)
def test_the_wheel_that_counts_is_read_linux_first(target: Target, names: list[str], name: str | None) -> None:
    assert chosen(target, *[each for each in names if each.endswith(".whl")]) == name


@given(st.permutations([LINUX, MUSL, "p-1-2-cp314-cp314t-manylinux_2_28_x86_64.whl"]))
def test_the_order_of_files_decides_nothing(names: list[str]) -> None:
    assert chosen(T314, *names) == chosen(T314, *sorted(names))
