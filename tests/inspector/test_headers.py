"""Files whose headers no system would load are told as damaged: nothing is answered from what is left of them."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from contextlib import nullcontext

import pytest

from bot.core.inspection.extension import Extension
from bot.core.inspection.modules import Declaration
from bot.inspector.binary import UnreadableError
from bot.inspector.extension import read_extension
from bot.inspector.headers import check_headers
from tests.inspector.ways import AS_DATA, CODE_TARGETS, DATA_TARGETS, foreign

FILE = "package/m.cpython-314t-aarch64-linux-gnu.so"
TARGETS = (*CODE_TARGETS, *DATA_TARGETS)
HUGE, NEGATIVE = 0x7FFF_FFFF_FFFF_F000, 0xFFFF_FFFF_FFFF_FFF0
LC_DYLD_INFO_ONLY = struct.pack("<2I", 0x80000022, 48)
LONGEST = 5.0
"""Seconds of CPU for one file; it takes a few thousandths."""

PROGRAM_HEADER, SECTION_HEADER, PE_SECTION = 56, 64, 40


def reason_of(data: bytes, file: str = FILE) -> str:
    """Return why the only module of a file is unknown."""
    (module,) = read_extension(file, data).modules
    assert (module.gil, module.how) == (Declaration.UNKNOWN, None)
    assert module.reason is not None
    return module.reason


def changed(data: bytes, place: int, form: str, value: int) -> bytes:
    copy = bytearray(data)
    struct.pack_into(form, copy, place, value)
    return bytes(copy)


@pytest.mark.parametrize("way", AS_DATA)
@pytest.mark.parametrize("target", TARGETS)
def test_what_compilers_write_is_accepted(target: str, way: str) -> None:
    check_headers(foreign(target, way))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "damage",
    [
        lambda data: bytes(len(data)),
        lambda data: bytes(64) + data[64:],
        lambda data: data[:64] + bytes(len(data) - 64),
        lambda data: data[:64] + bytes(place * 7 % 256 for place in range(len(data) - 64)),
        lambda data: b"\x90" * len(data),
        lambda _: b"",
        *(lambda data, share=share: data[: int(len(data) * share)] for share in (0.01, 0.1, 0.5, 0.9, 0.999)),
    ],
    ids=["zeros", "no header", "only a header", "packed", "noise", "empty", "1%", "10%", "50%", "90%", "99.9%"],
)
def test_what_is_left_of_a_file_is_told_as_damaged(target: str, damage: Callable[[bytes], bytes]) -> None:
    assert reason_of(damage(foreign(target, "slot_not_used"))).startswith("Its file cannot be read: it is ")


def elf_headers(data: bytes, kind: int) -> list[int]:
    """Return where the program headers of a kind are."""
    (start,), (count,) = struct.unpack_from("<Q", data, 32), struct.unpack_from("<H", data, 56)
    places = range(start, start + count * PROGRAM_HEADER, PROGRAM_HEADER)
    return [place for place in places if struct.unpack_from("<I", data, place) == (kind,)]


@pytest.mark.parametrize(
    ("place", "form", "value"),
    [
        *((4, "B", value) for value in (0, 1, 7)),  # class
        *((5, "B", value) for value in (0, 2, 9)),  # order
        (6, "B", 77),  # version
        *((16, "<H", value) for value in (0, 1, 2, 4, 0xFFFF)),  # type
        (20, "<I", 99),  # version
        *((32, "<Q", value) for value in (0, HUGE, NEGATIVE)),  # program headers
        *((40, "<Q", value) for value in (HUGE, NEGATIVE)),  # section headers
        *((54, "<H", value) for value in (0, 1, 57, 0xFFFF)),  # their sizes and counts
        *((56, "<H", value) for value in (0, 0xFFFF)),
        *((58, "<H", value) for value in (0, 1)),
        (60, "<H", 0xFFFF),
    ],
)
def test_an_absurd_elf_header_gives_no_answer(place: int, form: str, value: int) -> None:
    data = changed(foreign("linux-arm64", "slot_not_used"), place, form, value)
    assert reason_of(data).startswith("Its file cannot be read: it is ")


@pytest.mark.parametrize(
    ("kind", "index", "field", "value"),
    [
        *((1, index, field, value) for index in range(4) for field in (8, 32, 40) for value in (HUGE, NEGATIVE)),
        *((1, index, 16, value) for index in range(4) for value in (HUGE, NEGATIVE)),
        (1, 3, 8, 0),
        (1, 0, 40, 0),
        (1, 1, 48, 3),
        (2, 0, 8, 0),
        (2, 0, 8, HUGE),
        (2, 0, 16, HUGE),
        (2, 0, 32, 0),
        (2, 0, 32, NEGATIVE),
    ],
)
def test_an_absurd_program_header_gives_no_answer(kind: int, index: int, field: int, value: int) -> None:
    data = foreign("linux-arm64", "slot_not_used")
    place = elf_headers(data, kind)[index] + field
    assert reason_of(changed(data, place, "<Q", value)).startswith("Its file cannot be read: it is ")


def test_code_that_is_not_in_the_file_gives_no_answer() -> None:
    data = foreign("linux-arm64", "slot_not_used")
    (code,) = [place for place in elf_headers(data, 1) if struct.unpack_from("<I", data, place + 4)[0] & 1]
    assert reason_of(changed(data, code + 32, "<Q", 0)) == "Its file is damaged: it has no code where its hook is."
    offset, size = struct.unpack_from("<Q", data, code + 8)[0], struct.unpack_from("<Q", data, code + 32)[0]
    zeroed = data[:offset] + bytes(size) + data[offset + size :]
    assert reason_of(zeroed) == "Its file is damaged: it has no code where its hook is."


def test_a_section_outside_the_file_gives_no_answer() -> None:
    data = foreign("linux-arm64", "slot_not_used")
    (start,) = struct.unpack_from("<Q", data, 40)
    for field in (24, 32):
        found = reason_of(changed(data, start + SECTION_HEADER + field, "<Q", HUGE))
        assert found == "Its file cannot be read: it is truncated, or its headers point outside it."


@pytest.mark.parametrize("target", ["windows-x86_64", "windows-arm64", "windows-x86"])
@pytest.mark.parametrize(
    ("place", "form", "value"),
    [
        (0, "<I", 0),  # the signature
        *((6, "<H", value) for value in (0, 0xFFFF)),  # how many sections
        *((20, "<H", value) for value in (0, 0xFFFF)),  # the size of the optional header
        (22, "<H", 0x22),  # no DLL
        (24, "<H", 0x107),  # its magic
        *((24 + 32, "<I", value) for value in (0, 3)),  # alignment
        *((24 + 56, "<I", value) for value in (0,)),  # memory
        (24 + 60, "<I", 0xFFFFFFFF),  # size of all headers
    ],
)
def test_an_absurd_pe_header_gives_no_answer(target: str, place: int, form: str, value: int) -> None:
    data = foreign(target, "slot_not_used")
    (header,) = struct.unpack_from("<I", data, 0x3C)
    damaged = changed(data, header + place, form, value)
    assert reason_of(damaged, "m.cp314t-win_amd64.pyd").startswith("Its file cannot be read: it is ")
    elsewhere = changed(data, 0x3C, "<I", 0xFFFFFFF0)
    assert reason_of(elsewhere, "m.cp314t-win_amd64.pyd") == "Its file cannot be read: it is truncated."


@pytest.mark.parametrize("field", [8, 12, 16, 20])
def test_a_pe_section_outside_the_file_or_its_memory_gives_no_answer(field: int) -> None:
    data = foreign("windows-x86_64", "slot_not_used")
    (header,) = struct.unpack_from("<I", data, 0x3C)
    (options,) = struct.unpack_from("<H", data, header + 20)
    section = header + 24 + options
    damaged = changed(data, section + field, "<I", 0xFFFFF000)
    assert reason_of(damaged, "m.pyd").startswith("Its file cannot be read: it is ")


@pytest.mark.parametrize("target", ["macos-arm64", "macos-x86_64"])
@pytest.mark.parametrize(
    ("place", "value"),
    [
        (12, 2),  # an executable
        *((16, value) for value in (0, 0xFFFFFFFF)),  # how many commands
        *((20, value) for value in (8, 0xFFFFFFFF)),  # their size
        *((32 + 4, value) for value in (0, 7, 0xFFFFFFFF)),  # the size of the first, a segment
        *((32 + 36, value) for value in (0xFFFFFFFF,)),  # its memory, high half
        *((32 + 44, value) for value in (0xFFFFFFFF,)),  # its place in the file
        *((32 + 52, value) for value in (0xFFFFFFFF,)),  # its size in the file
    ],
)
def test_an_absurd_mach_o_header_gives_no_answer(target: str, place: int, value: int) -> None:
    data = changed(foreign(target, "slot_not_used"), place, "<I", value)
    assert reason_of(data, "m.cpython-314t-darwin.so").startswith("Its file cannot be read: it is ")


@pytest.mark.parametrize(
    ("count", "offset", "size"),
    [(0, 0, 0), (0xFFFFFFFF, 0, 0), (1, 0, 0), (1, 0xFFFFFFFF, 1), (1, 1 << 14, 0xFFFFFFFF), (2, 1 << 14, 5_000)],
)
def test_a_fat_header_that_lies_gives_no_answer(count: int, offset: int, size: int) -> None:
    entry = struct.pack(">5I", 0x0100000C, 0, offset, size, 14)
    header = struct.pack(">2I", 0xCAFEBABE, count) + entry * 2
    data = header + bytes((1 << 14) - len(header)) + foreign("macos-arm64", "slot_not_used")
    assert reason_of(data, "m.cpython-314t-darwin.so").startswith("Its file cannot be read: it ")


@pytest.mark.parametrize("end", "<>")
def test_mach_o_files_of_32_bits_are_checked_alike(end: str) -> None:
    header = struct.pack(f"{end}7I", 0xFEEDFACE, 18, 0, 8, 1, 56, 0)
    segment = struct.pack(f"{end}2I16s8I", 1, 56, b"__TEXT", 0x1000, 0x1000, 0, 84, 7, 5, 0, 0)
    check_headers(header + segment)
    for place, value in ((28 + 28, 0), (28 + 32, 0xFFFFFFFF), (28 + 36, 0xFFFFFFFF), (28 + 4, 4)):
        with pytest.raises(UnreadableError):
            check_headers(changed(header + segment, place, f"{end}I", value))


def test_fat_headers_of_64_bits_are_checked_alike() -> None:
    thin = foreign("macos-arm64", "slot_not_used")
    for size, accepted in ((len(thin), True), (len(thin) + 1, False)):
        entry = struct.pack(">2I2Q2I", 0x0100000C, 0, 1 << 14, size, 14, 0)
        data = struct.pack(">2I", 0xCAFEBABF, 1) + entry
        data += bytes((1 << 14) - len(data)) + thin
        with nullcontext() if accepted else pytest.raises(UnreadableError):
            check_headers(data)


def test_blocks_of_relocations_that_never_go_on_end() -> None:
    data = foreign("windows-x86_64", "slot_not_used")
    (header,) = struct.unpack_from("<I", data, 0x3C)
    directory = header + 24 + 112 + 5 * 8
    (address,) = struct.unpack_from("<I", data, directory)
    (options,) = struct.unpack_from("<H", data, header + 20)
    (count,) = struct.unpack_from("<H", data, header + 6)
    (place,) = (
        offset + address - start
        for section in range(header + 24 + options, header + 24 + options + count * PE_SECTION, PE_SECTION)
        for size, start, _, offset in [struct.unpack_from("<4I", data, section + 8)]
        if start <= address < start + size
    )
    for size in (0, 1, 8, 0xFFFFFFFF):
        started = time.process_time()
        read_extension("m.pyd", changed(data, place + 4, "<I", size))
        assert time.process_time() - started < LONGEST
    outside = changed(data, directory + 4, "<I", 0x7FFFFFFF)
    assert reason_of(outside, "m.pyd") == (
        "Its file cannot be read: it is damaged: a table of it is outside the memory that it asks for."
    )


@pytest.mark.parametrize("opcode", ["60ffffffff7f", "80ffffffff7f00", "70ffffffff0f", "2effffffffffffffffff01"])
@pytest.mark.parametrize("table", [8, 16, 32, 40], ids=["rebase", "bind", "lazy", "exports"])
def test_fixups_that_repeat_for_ever_end(opcode: str, table: int) -> None:
    data = foreign("macos-arm64", "slot_not_used")
    (place,) = (place for place in range(32, 2_000, 4) if data[place : place + 8] == LC_DYLD_INFO_ONLY)
    (offset,) = struct.unpack_from("<I", data, place + table)
    code = bytes.fromhex(opcode)
    started = time.process_time()
    read_extension("m.cpython-314t-darwin.so", data[: offset + 2] + code + data[offset + 2 + len(code) :])
    assert time.process_time() - started < LONGEST


def test_a_damaged_file_without_the_name_of_a_python_may_have_been_a_module() -> None:
    data = foreign("linux-arm64", "slot_not_used")[:300]
    assert reason_of(data, "package/m.so") == (
        "Its file cannot be read: it is truncated, or its headers point outside it."
    )
    assert read_extension("package/libm.so", data) == Extension("package/libm.so")
    assert read_extension("package/m.so", b"INPUT(libm.so.6)") == Extension("package/m.so")
