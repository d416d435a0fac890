"""Linux's and the BSDs' files.

They are read here and not by LIEF, though it could: loading it takes a process 0.3 s, twice as long as reading all
modules of most wheels, and a Linux wheel is what is read of nearly every package.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.core.inspection.extension import is_hook
from bot.inspector.binary import Binary, Convention, Machine, Region, UnreadableError
from bot.inspector.elf_headers import DYNAMIC, LOAD, ElfHeaders, read_elf_headers

_EXECUTABLE, _WRITABLE = 1, 2
_NEEDED, _STRINGS, _SYMBOLS, _STRINGS_SIZE = 1, 5, 6, 10
_HASH, _GNU_HASH = 4, 0x6FFF_FEF5
_PLT, _PLT_SIZE, _PLT_KIND = 23, 2, 20
_RELA, _RELA_SIZE, _REL, _REL_SIZE, _RELR, _RELR_SIZE = 7, 8, 17, 18, 36, 35
_MOST_NEEDED = 1_000


@dataclass(frozen=True, slots=True)
class _Processor:
    """How a processor's relocations are numbered: those that move an address, and those that put a symbol's there."""

    name: str
    relative: int
    absolute: int
    symbolic: frozenset[int]
    machine: Machine | None = None
    convention: Convention = Convention.SYSTEM_V


_PROCESSORS = {
    3: _Processor("i386", 8, 1, frozenset({6, 7})),
    20: _Processor("ppc", 22, 1, frozenset({20, 21})),
    21: _Processor("ppc64", 22, 38, frozenset({20, 21})),
    22: _Processor("s390", 12, 22, frozenset({10, 11})),
    40: _Processor("arm", 23, 2, frozenset({21, 22})),
    62: _Processor("x86_64", 8, 1, frozenset({6, 7}), Machine.X86_64),
    183: _Processor("aarch64", 1027, 257, frozenset({1025, 1026}), Machine.ARM64, Convention.ARM),
    243: _Processor("riscv", 3, 2, frozenset({5})),
    258: _Processor("loongarch", 3, 2, frozenset({5})),
}
_UNKNOWN = _Processor("an unknown machine", -1, -1, frozenset())


@dataclass(slots=True)
class _Dynamic:
    """What the dynamic loader is told, by number, and the words of the file in which it is told."""

    binary: Binary
    headers: ElfHeaders
    values: dict[int, int]
    needed: list[int]

    def table(self, address: int, size: int) -> bytes:
        """Return a table that is in the file, empty where there is none."""
        if not address or not size:
            return b""
        found = self.binary.stored(address, size) if size <= len(self.binary.data) else None
        if found is None:
            raise UnreadableError("it is damaged: a table for the loader is not where it should be")
        return found

    def named(self, kind: int, size: int) -> bytes:
        """Return the table that one value names and another gives the size of."""
        return self.table(self.values.get(kind, 0), self.values.get(size, 0))


@dataclass(frozen=True, slots=True)
class _Symbol:
    name: str
    section: int
    value: int


def read_elf(data: bytes) -> Binary:
    """Return what an ELF file loads."""
    headers = read_elf_headers(data)
    processor = _PROCESSORS.get(headers.machine, _UNKNOWN)
    little = headers.end == "<"
    machine = processor.machine if headers.wide and little else None
    word = 8 if headers.wide else 4
    binary = Binary(data, processor.name, machine, processor.convention, word, "little" if little else "big")
    binary.map(
        Region(
            segment.start,
            segment.start + segment.size,
            segment.offset,
            min(segment.stored, segment.size),
            bool(segment.flags & _EXECUTABLE),
            bool(segment.flags & _WRITABLE),
        )
        for segment in headers.segments
        if segment.kind == LOAD
    )
    dynamic = _read_dynamic(binary, headers)
    strings = dynamic.named(_STRINGS, _STRINGS_SIZE)
    symbols = list(_symbols(dynamic, strings))
    for symbol in symbols:
        if symbol.value and symbol.section and is_hook(symbol.name):
            binary.hooks[symbol.name] = symbol.value
        elif not symbol.value and not symbol.section and symbol.name:
            binary.imported(symbol.name)
    binary.libraries = frozenset(_text(strings, place).lower() for place in dynamic.needed)
    for entries, has_addend in _relocations(dynamic):
        _add_pointers(binary, symbols, processor, entries, in_place=not has_addend)
    _add_relative(dynamic)
    return binary


def _read_dynamic(binary: Binary, headers: ElfHeaders) -> _Dynamic:
    found = _Dynamic(binary, headers, {}, [])
    for segment in headers.segments:
        if segment.kind != DYNAMIC:
            continue
        form = struct.Struct(f"{headers.end}{'qQ' if headers.wide else 'iI'}")
        table = found.table(segment.start, segment.stored)
        for kind, value in form.iter_unpack(table[: len(table) // form.size * form.size]):
            if kind == 0:
                break
            if kind == _NEEDED and len(found.needed) < _MOST_NEEDED:
                found.needed.append(value)
            else:
                found.values[kind] = value
    return found


def _symbols(dynamic: _Dynamic, strings: bytes) -> Iterator[_Symbol]:
    headers = dynamic.headers
    form = struct.Struct(headers.end + ("I2xH2Q" if headers.wide else "3I2xH"))
    table = dynamic.table(dynamic.values.get(_SYMBOLS, 0), form.size * _count_symbols(dynamic))
    for fields in form.iter_unpack(table):
        if headers.wide:
            name, section, value, _ = fields
        else:
            name, value, _, section = fields
        yield _Symbol(_text(strings, name), section, value)


def _count_symbols(dynamic: _Dynamic) -> int:
    """Return how many symbols there are, which only the tables of their hashes tell."""
    end = dynamic.headers.end
    if address := dynamic.values.get(_HASH):
        buckets, symbols = struct.unpack(f"{end}2I", dynamic.table(address, 8))
        if not buckets:  # the upper half of a word: on s390 some linkers write eight bytes
            (symbols,) = struct.unpack(f"{end}Q", dynamic.table(address + 8, 8))
        return int(symbols)
    address = dynamic.values.get(_GNU_HASH, 0)
    if not address:
        return 0
    buckets, first, bloom, _ = struct.unpack(f"{end}4I", dynamic.table(address, 16))
    place = address + 16 + bloom * dynamic.binary.word
    last = max(struct.unpack(f"{end}{buckets}I", dynamic.table(place, 4 * buckets)), default=0)
    if last < first:
        return int(first)
    chain = place + 4 * buckets + 4 * (last - first)
    while not int.from_bytes(dynamic.table(chain, 4), dynamic.binary.order) & 1:
        chain += 4
        last += 1
    return int(last) + 1


def _relocations(dynamic: _Dynamic) -> Iterator[tuple[Iterable[tuple[int, ...]], bool]]:
    """Yield the tables of relocations, and whether their entries have addends; otherwise these stand in place."""
    wide = dynamic.headers.wide
    with_addend = struct.Struct(dynamic.headers.end + ("2Qq" if wide else "2Ii"))
    without = struct.Struct(dynamic.headers.end + ("2Q" if wide else "2I"))
    plt_has_addend = dynamic.values.get(_PLT_KIND) == _RELA
    for kind, size, has_addend in (
        (_RELA, _RELA_SIZE, True),
        (_REL, _REL_SIZE, False),
        (_PLT, _PLT_SIZE, plt_has_addend),
    ):
        form = with_addend if has_addend else without
        table = dynamic.named(kind, size)
        yield form.iter_unpack(table[: len(table) // form.size * form.size]), has_addend


def _add_pointers(
    binary: Binary,
    symbols: list[_Symbol],
    processor: _Processor,
    entries: Iterable[tuple[int, ...]],
    *,
    in_place: bool,
) -> None:
    """Note what the loader writes for relocations, where that is an address."""
    shift = 32 if binary.is_wide else 8
    mask = (1 << shift) - 1
    for address, info, *rest in entries:
        kind = info & mask
        addend = _stored_word(binary, address) if in_place else rest[0]
        if kind == processor.relative:
            binary.pointers[address] = addend
            continue
        index = info >> shift
        if kind in processor.symbolic:
            addend = 0
        elif kind != processor.absolute:
            addend = None
        binary.pointers[address] = None if addend is None else _of_symbol(binary, symbols, index, addend)


def _of_symbol(binary: Binary, symbols: list[_Symbol], index: int, addend: int) -> int | None:
    if not 0 < index < len(symbols):
        return None
    symbol = symbols[index]
    if symbol.value:
        return symbol.value + addend
    return binary.imported(symbol.name) + addend if symbol.name else None


def _add_relative(dynamic: _Dynamic) -> None:
    """Note the words that move with the file and are listed as addresses and bitmaps (``DT_RELR``)."""
    binary, word = dynamic.binary, dynamic.binary.word
    table = dynamic.named(_RELR, _RELR_SIZE)
    place = 0
    for (entry,) in struct.iter_unpack(dynamic.headers.end + ("Q" if binary.is_wide else "I"), table):
        if entry & 1:
            bits, address = entry >> 1, place
            while bits:
                if bits & 1:
                    binary.pointers[address] = _stored_word(binary, address)
                bits >>= 1
                address += word
            place += (8 * word - 1) * word
        else:
            binary.pointers[entry] = _stored_word(binary, entry)
            place = entry + word


def _stored_word(binary: Binary, address: int) -> int | None:
    found = binary.stored(address, binary.word)
    return None if found is None else int.from_bytes(found, binary.order)


def _text(strings: bytes, place: int) -> str:
    end = strings.find(b"\0", place)
    return strings[place:end].decode("utf-8", "replace") if 0 <= place < end else ""
