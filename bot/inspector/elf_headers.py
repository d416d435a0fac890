"""The first headers of an ELF file: what it is for, and which of its parts are loaded where."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from bot.inspector.binary import UnreadableError

LOAD, DYNAMIC = 1, 2
"""Kinds of segments: what is loaded, and the table that the dynamic loader reads."""

_CLASS32, _CLASS64 = 1, 2
_SHARED_OBJECT = 3


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the file, ``stored`` bytes from ``offset`` on, that is ``size`` bytes of memory from ``start`` on."""

    kind: int
    flags: int
    offset: int
    start: int
    stored: int
    size: int
    align: int


@dataclass(frozen=True, slots=True)
class ElfHeaders:
    """The headers of a shared object; ``end`` is the byte order as ``struct`` writes it.

    ``sections`` are the offset of the table of sections, the size of an entry, and how many there are.
    """

    wide: bool
    end: str
    machine: int
    segments: tuple[Segment, ...]
    sections: tuple[int, int, int]


def read_elf_headers(data: bytes) -> ElfHeaders:
    """Read them. Raises ``UnreadableError`` for headers of something else, and ``struct.error`` where they end."""
    kind, order, version = struct.unpack_from("4x3B", data)
    if kind not in {_CLASS32, _CLASS64} or order not in {1, 2} or version != 1:
        raise UnreadableError("it is damaged: its ELF header makes no sense")
    end, wide = "<>"[order - 1], kind == _CLASS64
    header = struct.unpack_from(f"{end}16x2HI{'3Q' if wide else '3I'}I6H", data)
    file_type, machine, version, _, start, sections, _, _, entry, count, section_entry, section_count, _ = header
    if file_type != _SHARED_OBJECT or version != 1:
        raise UnreadableError("it is damaged: its ELF header is not that of a shared object")
    form = struct.Struct(f"{end}{'2I6Q' if wide else '8I'}")
    if entry != form.size or not count:
        raise UnreadableError("it is damaged: its ELF header names no segments")
    table = data[start : start + count * entry]
    if len(table) < count * entry:
        raise UnreadableError("it is truncated, or its headers point outside it")
    segments = tuple(_segment(fields, wide=wide) for fields in form.iter_unpack(table))
    return ElfHeaders(wide, end, machine, segments, (sections, section_entry, section_count))


def _segment(fields: tuple[int, ...], *, wide: bool) -> Segment:
    if wide:
        kind, flags, offset, start, _, stored, size, align = fields
    else:
        kind, offset, start, _, stored, size, flags, align = fields
    return Segment(kind, flags, offset, start, stored, size, align)
