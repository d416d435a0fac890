"""Whether the headers of an ELF, Mach-O or PE file are such that a system would load it.

What reads them for us reads on where they contradict themselves, and makes something of it; a dynamic loader refuses
the file. What it would refuse is damaged, whatever else stands in it. Only headers are looked at, before anything else.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from itertools import pairwise

from bot.inspector.binary import UnreadableError
from bot.inspector.elf_headers import DYNAMIC, LOAD, ElfHeaders, read_elf_headers

_ELF, _PE = b"\x7fELF", b"MZ"
_THIN = {
    b"\xcf\xfa\xed\xfe": ("<", True),
    b"\xce\xfa\xed\xfe": ("<", False),
    b"\xfe\xed\xfa\xcf": (">", True),
    b"\xfe\xed\xfa\xce": (">", False),
}
_FAT = {b"\xca\xfe\xba\xbe": ">5I", b"\xca\xfe\xba\xbf": ">2I2Q2I"}
_LARGEST_IMAGE = 1 << 36
"""Bytes of memory that a file may ask for; the largest seen asks for 2 GB."""

_NOT_IN_FILE = frozenset({0, 8})
"""Kinds of sections that have no bytes in the file: none, and zeros."""

_DIRECTORIES = 6
"""Tables of a PE file whose place is looked at: from its exports to the words that move with it."""

_SIGNATURES = 4
"""The place among them of one that is not loaded."""

_SHORTEST_COMMAND = 8
_MOST_SEGMENTS = 4_096
_MOST_SLICES = 4
_DAMAGED = "it is damaged: {}"


def check_headers(data: bytes) -> None:
    """Raise ``UnreadableError`` for a file that no system would load; its sentence says what is wrong with it."""
    try:
        if data.startswith(_ELF):
            _check_elf(data)
        elif data.startswith(_PE):
            _check_pe(data)
        elif data[:4] in _FAT:
            _check_fat(data, _FAT[data[:4]])
        elif data[:4] in _THIN:
            _check_macho(data, *_THIN[data[:4]])
        else:
            raise UnreadableError("it is neither ELF nor Mach-O nor PE")
    except struct.error:
        raise UnreadableError("it is truncated") from None


def is_native(data: bytes) -> bool:
    """Return whether a file begins as one of these formats does."""
    return data.startswith((_ELF, _PE)) or data[:4] in _FAT or data[:4] in _THIN


def _refuse(is_wrong: bool, what: str) -> None:  # noqa: FBT001 - reads as one sentence
    if is_wrong:
        raise UnreadableError(_DAMAGED.format(what))


def _within(data: bytes, start: int, size: int) -> None:
    if start + size > len(data):
        raise UnreadableError("it is truncated, or its headers point outside it")


def _check_elf(data: bytes) -> None:
    """Check what glibc's and musl's loaders do, and that the sections are in the file, which loaders never look at."""
    headers = read_elf_headers(data)
    loads = [segment for segment in headers.segments if segment.kind == LOAD]
    for segment in loads:
        _within(data, segment.offset, segment.stored)
        _refuse(segment.stored > segment.size, "a segment is larger in the file than in memory")
        _refuse(segment.align & (segment.align - 1) != 0, "a segment's alignment is none")
        is_aligned = segment.align <= 1 or (segment.start - segment.offset) % segment.align == 0
        _refuse(not is_aligned, "a segment is not aligned")
    _check_image([(segment.start, segment.start + segment.size) for segment in loads])
    dynamics = [segment for segment in headers.segments if segment.kind == DYNAMIC]
    _refuse(len(dynamics) != 1 or not dynamics[0].stored, "it has no dynamic section")
    for dynamic in dynamics:
        _within(data, dynamic.offset, dynamic.stored)
        is_loaded = any(
            load.start <= dynamic.start
            and dynamic.start + dynamic.stored <= load.start + load.stored
            and dynamic.offset - load.offset == dynamic.start - load.start
            for load in loads
        )
        _refuse(not is_loaded, "its dynamic section is not where its headers say")
    if headers.sections[0]:
        _check_elf_sections(data, headers)


def _check_elf_sections(data: bytes, headers: ElfHeaders) -> None:
    start, size, count = headers.sections
    section = struct.Struct(f"{headers.end}2I{'4Q2I2Q' if headers.wide else '8I'}")
    _refuse(size != section.size, "its section headers make no sense")
    _within(data, start, size * count)
    for _, kind, _, _, offset, stored, *_ in section.iter_unpack(data[start : start + size * count]):
        if kind not in _NOT_IN_FILE:
            _within(data, offset, stored)


def _check_image(spans: Iterable[tuple[int, int]]) -> None:
    """Check the memory that a file asks for, in the order of its headers."""
    loaded = [span for span in spans if span[0] < span[1]]
    _refuse(not loaded, "it loads nothing")
    _refuse(len(loaded) > _MOST_SEGMENTS, "it has too many parts")
    _refuse(any(one[1] > other[0] for one, other in pairwise(loaded)), "its parts overlap in memory")
    _refuse(loaded[-1][1] - loaded[0][0] > _LARGEST_IMAGE, "it asks for more memory than there is")


def _check_pe(data: bytes) -> None:
    (place,) = struct.unpack_from("<I", data, 0x3C)
    signature, _, count, options, flags = struct.unpack_from("<4s2H12x2H", data, place)
    _refuse(signature != b"PE\0\0", "it has no PE header")
    _refuse(not flags & 0x2000, "its PE header is not that of a DLL")
    optional = place + 24
    (magic,) = struct.unpack_from("<H", data, optional)
    alignment, _, image, headers = struct.unpack_from("<2I16x2I", data, optional + 32)
    least = {0x10B: 96, 0x20B: 112}.get(magic)
    if least is None or options < least + 8 * _DIRECTORIES:
        raise UnreadableError(_DAMAGED.format("its PE header makes no sense"))
    _refuse(not alignment or alignment & (alignment - 1) != 0, "its PE header makes no sense")
    _within(data, 0, headers)
    directories = struct.iter_unpack("<2I", data[optional + least : optional + least + 8 * _DIRECTORIES])
    for index, (address, size) in enumerate(directories):
        is_outside = index != _SIGNATURES and size > 0 and address + size > image
        _refuse(is_outside, "a table of it is outside the memory that it asks for")
    table = optional + options
    _refuse(not count, "it has no sections")
    _within(data, table, 40 * count)
    spans = []
    for size, start, stored, offset in struct.iter_unpack("<8x4I16x", data[table : table + 40 * count]):
        _within(data, offset if stored else 0, stored)
        spans.append((start, start + (size or stored)))
    _check_image(spans)
    _refuse(spans[-1][1] > image + alignment, "its parts are outside the memory that it asks for")


def _check_fat(data: bytes, entry: str) -> None:
    (count,) = struct.unpack_from(">I", data, 4)
    _refuse(not count, "it has no slices")
    if count > _MOST_SLICES:
        raise UnreadableError("it has too many slices")
    spans = []
    for index in range(count):
        _, _, offset, size, *_ = struct.unpack_from(entry, data, 8 + index * struct.calcsize(entry))
        _within(data, offset, size)
        part = data[offset : offset + size]
        _refuse(part[:4] not in _THIN, "a slice of it is no Mach-O file")
        _check_macho(part, *_THIN[part[:4]])
        spans.append((offset, offset + size))
    _check_image(sorted(spans))


def _check_macho(data: bytes, end: str, wide: bool) -> None:  # noqa: FBT001 - by the magic number
    file_type, count, size = struct.unpack_from(f"{end}12x3I", data)
    _refuse(file_type not in {6, 8}, "its Mach-O header is not that of a bundle or library")
    start = 32 if wide else 28
    _within(data, start, size)
    segments = [
        span for body in _segments(data[start : start + size], end, count) for span in _segment(body, end, wide=wide)
    ]
    spans = []
    for address, memory, offset, stored in segments:
        _within(data, offset, stored)
        _refuse(stored > memory, "a segment is larger in the file than in memory")
        spans.append((address, address + memory))
    _check_image(sorted(spans))


def _segments(commands: bytes, end: str, count: int) -> Iterator[bytes]:
    """Yield the load commands of a Mach-O file that lay out memory."""
    place = 0
    for _ in range(count):
        which, size = struct.unpack_from(f"{end}2I", commands, place)
        makes_sense = size >= _SHORTEST_COMMAND and size % 4 == 0 and place + size <= len(commands)
        _refuse(not makes_sense, "its load commands make no sense")
        if which in {0x1, 0x19}:
            yield commands[place : place + size]
        place += size


def _segment(command: bytes, end: str, *, wide: bool) -> Iterator[tuple[int, int, int, int]]:
    yield struct.unpack_from(f"{end}24x{'4Q' if wide else '4I'}", command)
