"""Which files of a wheel are extension modules, as far as their names tell."""

from __future__ import annotations

import pytest

from bot.core.errors import UnreadableWheelError
from bot.core.inspection.module_files import (
    LARGEST_DOUBTFUL,
    LARGEST_MODULE,
    MOST_MODULES,
    MOST_TOGETHER,
    ModuleFiles,
    choose,
)
from bot.core.inspection.zip_directory import DEFLATED, Member


def member(name: str, *, size: int = 100, compressed: int = 50, flags: int = 0) -> Member:
    return Member(name, DEFLATED, compressed, size, 0, 0, flags)


def kind(name: str, **facts: int) -> str:
    """Tell what becomes of a file."""
    found = choose([member(name, **facts)])
    if found.modules:
        return "module"
    if found.unread:
        return "unread"
    return "left out" if found.left_out else "nothing"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lxml/etree.cpython-314t-x86_64-linux-gnu.so", "module"),
        ("lxml/etree.cpython-314t-darwin.so", "module"),
        ("lxml/etree.cp314t-win_amd64.pyd", "module"),
        ("top.abi3.so", "module"),
        ("top.abi3t-x86_64-linux-gnu.so", "module"),
        ("cryptography/hazmat/bindings/_rust.pyd", "module"),
        ("demo/plain.so", "module"),
        ("demo/x.pypy311-pp73-x86_64-linux-gnu.so", "module"),
        ("demo-1.0.data/platlib/demo/_core.so", "module"),
        ("demo-1.0.data/purelib/demo/_core.abi3.so", "module"),
        ("demo/libdemo.cpython-314t-x86_64-linux-gnu.so", "module"),
        ("demo/libsmall.so", "module"),
        ("demo-1.0.data/data/lib/demo/_core.so", "left out"),
        ("demo-1.0.data/scripts/tool.pyd", "left out"),
        ("numpy.libs/libscipy_openblas64_-abc.so", "left out"),
        ("numpy.libs/libgfortran-abc.so.5.0.0", "left out"),
        ("demo/.dylibs/libx.so", "left out"),
        ("demo/.dylibs/libx.dylib", "left out"),
        ("demo/libx.dylib", "left out"),
        ("demo/x.dll", "left out"),
        ("demo/__init__.py", "nothing"),
        ("demo/readme.so.txt", "nothing"),
        ("demo/so", "nothing"),
        ("demo/folder.so/", "nothing"),
        ("demo/solib.pyd.py", "nothing"),
    ],
)
def test_a_file_is_a_module_by_its_name(name: str, expected: str) -> None:
    assert kind(name) == expected


def test_a_large_file_named_as_a_library_is_left_out_unless_it_has_the_suffix_of_a_python() -> None:
    large = LARGEST_DOUBTFUL + 1
    assert kind("torch/lib/libtorch_cpu.so", compressed=large) == "left out"
    assert kind("torch/lib/libtorch_cpu.so", compressed=LARGEST_DOUBTFUL) == "module"
    assert kind("libtorrent.cpython-314t-x86_64-linux-gnu.so", compressed=large) == "module"
    assert kind("demo/plain.so", compressed=large) == "module"


def test_what_cannot_be_read_says_why_and_the_rest_is_still_read() -> None:
    fine = member("a.so")
    found = choose([member("b.so", flags=1), fine, member("c.so", size=1001), member("d.so", compressed=1001)], 1000)
    assert found == ModuleFiles((fine,), found.unread, ())
    assert [each.reason for each in found.unread] == [
        "b.so is encrypted.",
        "c.so is too large to be read: 1001 bytes.",
        "d.so is too large to be read: 100 bytes.",
    ]


def test_too_many_modules_or_too_much_in_them_are_not_read() -> None:
    fitting = [member(f"{number}.so") for number in range(MOST_MODULES)]
    assert len(choose(fitting).modules) == MOST_MODULES
    with pytest.raises(UnreadableWheelError, match="5001 extension modules, too many"):
        choose([*fitting, member("more.so")])
    large = [member(f"{number}.so", size=LARGEST_MODULE) for number in range(MOST_TOGETHER // LARGEST_MODULE)]
    assert len(choose(large).modules) == len(large)
    with pytest.raises(UnreadableWheelError, match="too large together"):
        choose([*large, member("more.so")])
