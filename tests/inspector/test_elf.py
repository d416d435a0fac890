"""ELF files are read by the program itself, as loading LIEF takes longer than that; LIEF tells if they are right."""

from __future__ import annotations

import struct
import subprocess
import sys

import pytest
from lief import ELF

from bot.inspector.elf import read_elf
from bot.inspector.extension import read_extension
from tests.inspector.ways import AS_DATA, foreign

LINUX = ("linux-arm32", "linux-arm64", "linux-s390x")
TABLES = {5: "strings", 6: "symbols", 7: "relocations", 10: "size of strings", 8: "size of relocations"}


@pytest.mark.parametrize("way", AS_DATA)
@pytest.mark.parametrize("target", LINUX)
def test_a_file_is_read_as_lief_reads_it(target: str, way: str) -> None:
    data = foreign(target, way)
    ours, theirs = read_elf(data), ELF.parse(data)
    assert theirs is not None
    relocations = {relocation.address: relocation for relocation in theirs.relocations}
    assert ours.pointers.keys() == relocations.keys()
    for address, pointer in ours.pointers.items():
        symbol = relocations[address].symbol
        if symbol is not None and symbol.name and not symbol.value:
            assert pointer is not None
            assert ours.import_at(pointer) == symbol.name
    exported = {str(symbol.name) for symbol in theirs.dynamic_symbols if symbol.value}
    assert ours.hooks.keys() == {name for name in exported if name.startswith(("PyInit_", "PyModExport_"))}
    imported = {str(symbol.name) for symbol in theirs.dynamic_symbols if symbol.shndx == 0 and symbol.name}
    assert ours.imports.keys() == imported
    assert ours.libraries == {str(library) for library in theirs.libraries}
    assert (ours.word, ours.order) == (4 if target == "linux-arm32" else 8, "big" if "s390x" in target else "little")


@pytest.mark.parametrize("kind", TABLES, ids=TABLES.values())
@pytest.mark.parametrize("value", [0x7FFFFFFF, 0xFFFF_FFFF_FFFF_FFF0])
def test_a_table_that_is_not_in_the_file_gives_no_answer(kind: int, value: int) -> None:
    data = foreign("linux-arm64", "methods")
    places = [place for place in range(dynamic_of(data), len(data) - 15, 16) if _word(data, place) == kind]
    damaged = data[: places[0] + 8] + struct.pack("<Q", value) + data[places[0] + 16 :]
    (module,) = read_extension("m.cpython-314t-aarch64-linux-gnu.so", damaged).modules
    assert module.reason is not None
    assert module.reason.startswith("Its file cannot be read: it is damaged")


def _word(data: bytes, place: int) -> int:
    return int.from_bytes(data[place : place + 8], "little")


def dynamic_of(data: bytes) -> int:
    """Return where a 64-bit file says what its loader needs."""
    (start,), (count,) = struct.unpack_from("<Q", data, 32), struct.unpack_from("<H", data, 56)
    (found,) = (
        struct.unpack_from("<Q", data, place + 8)[0]
        for place in range(start, start + 56 * count, 56)
        if struct.unpack_from("<I", data, place) == (2,)
    )
    return int(found)


def test_reading_a_linux_module_does_not_load_lief() -> None:
    read = (
        "import sys; from bot.inspector.extension import read_extension; from tests.inspector.ways import foreign;"
        " found = read_extension('m.so', foreign('linux-arm64', 'slots_written'));"
        " print(found.modules[0].gil, 'lief' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", read], capture_output=True, check=True, text=True)
    assert done.stdout.split() == ["not-used", "False"]
