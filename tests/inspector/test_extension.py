from __future__ import annotations

import struct
import subprocess
import sys

import pytest

from bot.core.inspection.extension import Extension
from bot.core.inspection.modules import Declaration, ExtensionModule, How
from bot.inspector.extension import read_extension
from tests.inspector.ways import foreign

FILE = "package/m.cpython-314t-darwin.so"
UNREADABLE = [
    b"PyInit_m",
    b"PK\x03\x04 a zip that speaks of PyInit_m",
    b"\x7fELF and PyInit_m",
    b"MZ" + bytes(200) + b"PyInit_m",
    b"\xcf\xfa\xed\xfe" + bytes(200) + b"PyInit_m",
    b"\xca\xfe\xba\xbe" + struct.pack(">I", 0xFFFF) + bytes(200) + b"PyModExport_m",
]


def fat(*slices: tuple[int, bytes]) -> bytes:
    """Write a fat Mach-O of files for one processor each."""
    page = 1 << 14
    header = struct.pack(">II", 0xCAFEBABE, len(slices))
    content = b""
    offset = page
    for cpu, data in slices:
        header += struct.pack(">5I", cpu, 0, offset, len(data), 14)
        padded = data + bytes(-len(data) % page)
        content += padded
        offset += len(padded)
    return header + bytes(page - len(header)) + content


X86_64 = 0x01000007
ARM64 = 0x0100000C


def test_a_fat_file_declares_what_all_its_slices_do() -> None:
    data = fat((X86_64, foreign("macos-x86_64", "slot_not_used")), (ARM64, foreign("macos-arm64", "slots_written")))
    (module,) = read_extension(FILE, data).modules
    assert module.gil is Declaration.NOT_USED


def test_a_fat_file_whose_slices_disagree_is_unknown() -> None:
    data = fat((X86_64, foreign("macos-x86_64", "slot_not_used")), (ARM64, foreign("macos-arm64", "slot_used")))
    assert read_extension(FILE, data).modules == (
        ExtensionModule(
            "package.m",
            FILE,
            Declaration.UNKNOWN,
            None,
            "Its code declares another thing for one processor than for the other.",
        ),
    )


def test_a_fat_file_is_unknown_if_one_slice_is_no_module() -> None:
    data = fat((X86_64, foreign("macos-x86_64", "slot_not_used")), (ARM64, foreign("macos-arm64", "library")))
    (module,) = read_extension(FILE, data).modules
    assert module.gil is Declaration.UNKNOWN
    assert module.reason == "It has no hook in its code for arm64."


@pytest.mark.parametrize("data", UNREADABLE)
def test_what_is_no_file_of_a_known_format_is_unknown(data: bytes) -> None:
    extension = read_extension(FILE, data)
    assert extension.exports == ()
    for module in extension.modules:
        assert (module.module, module.gil, module.how) == ("package.m", Declaration.UNKNOWN, None)
        assert module.reason is not None
        assert module.reason.startswith(("Its file cannot be read", "It is named like an extension module"))


def test_a_file_that_speaks_of_no_hook_is_not_even_opened() -> None:
    assert read_extension("package/data.so", b"anything") == Extension("package/data.so")


@pytest.mark.parametrize("length", [64, 200, 1_000, 1_500])
def test_a_truncated_file_is_unknown_or_no_module(length: int) -> None:
    whole = foreign("linux-arm64", "slots_written")
    data = whole[:length] + b"PyInit_m"
    assert all(module.gil is Declaration.UNKNOWN for module in read_extension(FILE, data).modules)


def test_a_hook_of_the_files_own_name_is_its_only_module() -> None:
    extension = read_extension("package/n.cp314t-win_amd64.pyd", foreign("windows-x86_64", "two_modules"))
    assert extension.exports == ("PyInit_m", "PyInit_n")
    assert [(module.module, module.gil) for module in extension.modules] == [("package.n", Declaration.USED)]


def test_without_a_hook_of_its_own_name_a_file_holds_all_modules_that_it_has_hooks_for() -> None:
    extension = read_extension("package/bundle.pyd", foreign("windows-x86_64", "two_modules"))
    assert [(module.module, module.gil) for module in extension.modules] == [
        ("package.m", Declaration.NOT_USED),
        ("package.n", Declaration.USED),
    ]


@pytest.mark.parametrize(
    ("file", "gil"),
    [
        ("m.cpython-314t-aarch64-linux-gnu.so", Declaration.USED),
        ("m.cpython-315t-aarch64-linux-gnu.so", Declaration.NOT_USED),
        ("m.abi3t.so", Declaration.NOT_USED),
    ],
)
def test_the_hook_is_read_for_which_the_named_python_asks(file: str, gil: Declaration) -> None:
    (module,) = read_extension(file, foreign("linux-arm64", "export_and_init")).modules
    assert module.gil is gil


def test_what_the_notes_about_a_wheel_need_is_told() -> None:
    extension = read_extension("m.pyd", foreign("windows-x86_64", "export_and_init"))
    assert extension.links_python3t
    assert extension.has_export_hook
    assert extension.is_cpython
    assert not read_extension("m.abi3.so", foreign("linux-arm64", "slot_used")).links_python3t


def test_a_processor_whose_code_is_not_understood_is_named() -> None:
    (module,) = read_extension("m.so", foreign("linux-s390x", "call_not_used")).modules
    assert module.reason == "Its code makes the module, and code for s390 is not understood."
    assert module.how is None


def test_cffi_is_known_by_what_it_generates() -> None:
    (module,) = read_extension("m.so", foreign("linux-s390x", "cffi")).modules
    assert (module.gil, module.how) == (Declaration.NOT_USED, How.CFFI)


def test_neither_the_core_nor_the_command_line_imports_the_native_readers() -> None:
    imported = "import bot.cli.program, bot.core.inspection.extension, bot.inspector.extension, sys"
    check = f"{imported}; print(sorted({{'lief', 'capstone'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "[]"
