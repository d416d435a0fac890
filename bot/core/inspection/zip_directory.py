"""The central directory of a wheel, read from the last bytes of the file (APPNOTE 4.3.12 to 4.3.16, and zip64).

Why not the standard library's ``zipfile``, on a view of the bytes that were fetched: it forgives what other installers
read differently, and does not tell (bytes in front of the archive, counts that are wrong, two ends, an archive that was
split, names that end at a NUL); it makes an object of each header before anybody can count them; what it raises is of
eight classes and changes with the version of Python; and the local headers would be read here all the same, as it gives
what is behind them only inflated. PyPI reads uploads with code of its own for such reasons. This reader takes time
linear in the directory, and refuses what zip readers could disagree about; the tests hold it against ``zipfile``: what
is accepted here, both read alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from struct import Struct

from bot.core.errors import UnreadableWheelError
from bot.core.text.sentences import printable, shortened

MOST_MEMBERS = 100_000
"""Members of a wheel; the largest wheels seen have some 30,000."""

LARGEST_DIRECTORY = 16 << 20
"""Bytes of a central directory, of which each member has 46 and its name; the largest seen have 4 MB."""

STORED, DEFLATED = 0, 8
"""The two methods of compression that wheels use (APPNOTE 4.4.5)."""

LOCAL_HEADER = Struct("<4s5H3L2H")
DESCRIBED_LATER = 1 << 3
"""The flag of a member whose CRC and sizes are behind its data, and perhaps not in its local header."""

_HEADER = Struct("<4s6H3L5H2L")
_END = Struct("<4s4H2LH")
_END64 = Struct("<4sQ2H2L4Q")
_LOCATOR64 = Struct("<4sLQL")
_EXTRA = Struct("<2H")
_HEADER_SIGNATURE, _END_SIGNATURE = b"PK\1\2", b"PK\5\6"
_END64_SIGNATURE, _LOCATOR64_SIGNATURE = b"PK\6\6", b"PK\6\7"
_LONGEST_COMMENT = 0xFFFF
_BEFORE_END = _END64.size + _LOCATOR64.size
_LONGEST_END = _BEFORE_END + _END.size + _LONGEST_COMMENT
_LIMIT16, _LIMIT32 = 0xFFFF, 0xFFFF_FFFF
"""Values too large for their field stand elsewhere: in the zip64 end, or in an extra field."""

_NEWEST_VERSION = 63
"""Of APPNOTE, times ten: what zip readers know."""

_ZIP64, _UNICODE_PATH = 0x0001, 0x7075
_UTF8 = 1 << 11
_ENCRYPTED = 1 << 0 | 1 << 6 | 1 << 13
TELLING = _ENCRYPTED | _UTF8
"""The flags that change what is read, which both headers of a member have to share."""

_LONGEST_NAME_SHOWN = 100
_ABSURD_NAME = re.compile(
    r"""
      [\x00-\x1f\x7f\\]         # control characters, and what Windows takes for a slash
    | \A(/|[A-Za-z]:|\Z)        # absolute, or nothing
    | (\A|/)\.{1,2}(/|\Z)       # this folder, or the one above
    | //                        # a folder without a name
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a wheel, by its header in the central directory; ``offset`` is that of its local header.

    ``compressed`` and ``size`` are bytes of its data as it is in the wheel, and inflated; ``flags`` are the general
    purpose bit flags.
    """

    name: str
    method: int
    compressed: int
    size: int
    crc: int
    offset: int
    flags: int = 0

    @property
    def raw_name(self) -> bytes:
        """Return the name as it is in the headers."""
        return self.name.encode("utf-8" if self.flags & _UTF8 else "cp437")

    @property
    def least_end(self) -> int:
        """Return the offset before which its data cannot end."""
        return self.offset + LOCAL_HEADER.size + len(self.raw_name) + self.compressed

    @property
    def obstacle(self) -> str | None:
        """Return why its data cannot be read, as a sentence; None where it can."""
        name = shown(self.name)
        if self.flags & _ENCRYPTED:
            return f"{name} is encrypted."
        if self.method not in {STORED, DEFLATED}:
            return f"{name} is compressed by method {self.method}, which no installer of wheels needs to know."
        if self.method == STORED and self.compressed != self.size:
            return f"{name} is stored, with two different sizes."
        return None


@dataclass(frozen=True, slots=True)
class Directory:
    """The members of a wheel by their place in the file; behind them, at ``start``, is the central directory."""

    members: tuple[Member, ...]
    start: int


@dataclass(frozen=True, slots=True)
class Missing:
    """More of the file's end has to be fetched: from ``start``."""

    start: int


@dataclass(frozen=True, slots=True)
class _End:
    """Where the central directory is by the end of the file, and how many headers it has."""

    start: int
    size: int
    members: int


def shown(name: str) -> str:
    """Return a member's name as it is put into a sentence: it may be anything."""
    return printable(shortened(name, _LONGEST_NAME_SHOWN))


def read_directory(tail: bytes, size: int) -> Directory | Missing:
    """Read the central directory of a wheel of ``size`` bytes from its last ones.

    Raises ``UnreadableWheelError`` for a file that is no zip, that contradicts itself, or that is no wheel's size.
    """
    end = _read_end(tail, size)
    if isinstance(end, Missing):
        return end
    tail_start = size - len(tail)
    if end.start < tail_start:
        return Missing(end.start)
    start = end.start - tail_start
    members = _read_headers(tail[start : start + end.size], end.members)
    return Directory(_laid_out(members, end.start), end.start)


def _read_end(tail: bytes, size: int) -> _End | Missing:
    if size < _END.size:
        raise UnreadableWheelError("The file is too short to be a wheel.")
    tail_start = size - len(tail)
    place = _place_of_end(tail)
    if place is None:
        if len(tail) >= min(size, _LONGEST_END):
            raise UnreadableWheelError("The file has no end of a zip archive: it was cut off, or is no wheel.")
        return Missing(max(0, size - _LONGEST_END))
    if tail_start > 0 and place < _BEFORE_END:
        return Missing(max(0, tail_start + place - _BEFORE_END))
    _, *values, _ = _END.unpack_from(tail, place)
    if tail[max(0, place - _LOCATOR64.size) : place].startswith(_LOCATOR64_SIGNATURE):
        values = _with_end64(values, _read_end64(tail, tail_start, place))
        place -= _BEFORE_END
    return _checked_end(values, tail_start + place)


def _checked_end(values: Sequence[int], directory_end: int) -> _End:
    """Take the end of central directory, whose directory has to end right before it."""
    disk, start_disk, here, members, size, start = values
    if disk or start_disk or here != members:
        raise UnreadableWheelError("The file is one part of a zip archive that was split.")
    if members > MOST_MEMBERS or size > LARGEST_DIRECTORY:
        raise UnreadableWheelError(f"The directory of the wheel is too large to be read: it has {members} files.")
    if start + size != directory_end:
        raise UnreadableWheelError("The directory of the wheel is not where its end says: bytes are missing, or added.")
    if not 0 < members <= size // _HEADER.size:
        raise UnreadableWheelError("The end of the wheel's directory is wrong about the number of files.")
    return _End(start, size, members)


def _place_of_end(tail: bytes) -> int | None:
    """Find the end of central directory: the one record whose comment ends with the file."""
    places = []
    place = tail.find(_END_SIGNATURE, max(0, len(tail) - _END.size - _LONGEST_COMMENT))
    last = place
    while place != -1:
        last = place
        if place + _END.size <= len(tail) and place + _END.size + _END.unpack_from(tail, place)[-1] == len(tail):
            places.append(place)
        place = tail.find(_END_SIGNATURE, place + 1)
    if not places:
        return None
    if len(places) > 1 or last != places[0]:
        raise UnreadableWheelError("The file has more than one end of a zip archive.")
    return places[0]


def _read_end64(tail: bytes, tail_start: int, place: int) -> tuple[int, ...]:
    """Read the zip64 end of central directory, which the locator has to find right before itself."""
    _, disk, offset, disks = _LOCATOR64.unpack_from(tail, place - _LOCATOR64.size)
    before = place - _BEFORE_END
    if disk or disks != 1 or before < 0 or offset != tail_start + before:
        raise UnreadableWheelError("The zip64 end of the archive is not where it should be.")
    signature, length, _, _, *values = _END64.unpack_from(tail, before)
    if signature != _END64_SIGNATURE or length != _END64.size - 12:
        raise UnreadableWheelError("The zip64 end of the archive is not what it should be.")
    return tuple(values)


def _with_end64(values: Sequence[int], values64: Sequence[int]) -> list[int]:
    """Return the values of the zip64 end, where those of the other one are the same or have no room for them."""
    limits = (_LIMIT16,) * 4 + (_LIMIT32,) * 2
    if any(value not in {value64, limit} for value, value64, limit in zip(values, values64, limits, strict=True)):
        raise UnreadableWheelError("The two ends of the wheel's directory contradict each other.")
    return list(values64)


def _read_headers(directory: bytes, count: int) -> list[Member]:
    members = []
    place = 0
    for _ in range(count):
        if place + _HEADER.size > len(directory):
            raise UnreadableWheelError("The directory of the wheel ends too early.")
        member, place = _read_header(directory, place)
        members.append(member)
    if place != len(directory):
        raise UnreadableWheelError("The directory of the wheel lists more files than its end says.")
    return members


def _read_header(directory: bytes, place: int) -> tuple[Member, int]:
    """Read a central directory header; give what is behind it, too."""
    signature, _, version, flags, method, _, _, crc, compressed, size, *rest = _HEADER.unpack_from(directory, place)
    name_length, extra_length, comment_length, disk, _, _, offset = rest
    name_at = place + _HEADER.size
    extra_at = name_at + name_length
    comment_at = extra_at + extra_length
    behind = comment_at + comment_length
    if signature != _HEADER_SIGNATURE or behind > len(directory):
        raise UnreadableWheelError("A header in the directory of the wheel is broken.")
    name = _read_name(directory[name_at:extra_at], flags)
    if disk:
        raise UnreadableWheelError("The file is one part of a zip archive that was split.")
    if version & 0xFF > _NEWEST_VERSION:
        raise UnreadableWheelError(f"{shown(name)} needs a newer zip reader than installers have.")
    fields = [(size, _LIMIT32), (compressed, _LIMIT32), (offset, _LIMIT32)]
    size, compressed, offset = zip64_values(name, directory[extra_at:comment_at], fields)
    return Member(name, method, compressed, size, crc, offset, flags), behind


def zip64_values(name: str, extra: bytes, fields: Sequence[tuple[int, int]]) -> list[int]:
    """Return a header's values; one that equals its limit stands in the zip64 extra field (APPNOTE 4.5.3)."""
    zip64: bytes | None = None
    place = 0
    while place + _EXTRA.size <= len(extra):
        kind, length = _EXTRA.unpack_from(extra, place)
        place += _EXTRA.size
        if place + length > len(extra) or (kind == _ZIP64 and zip64 is not None):
            raise UnreadableWheelError(f"An extra field of {shown(name)} is broken.")
        if kind == _UNICODE_PATH:
            raise UnreadableWheelError(f"{shown(name)} has a second name, which not every installer reads.")
        if kind == _ZIP64:
            zip64 = extra[place : place + length]
        place += length
    values, read = [], 0
    for value, limit in fields:
        if value != limit:
            values.append(value)
            continue
        found = (zip64 or b"")[read : read + 8]
        read += 8
        if len(found) != 8:  # noqa: PLR2004 — the bytes of every value there
            raise UnreadableWheelError(f"The sizes of {shown(name)} are missing.")
        values.append(int.from_bytes(found, "little"))
    return values


def _read_name(raw: bytes, flags: int) -> str:
    try:
        name = raw.decode("utf-8" if flags & _UTF8 else "cp437")
    except UnicodeDecodeError as error:
        raise UnreadableWheelError("A file in the wheel has a name that is no text.") from error
    if _ABSURD_NAME.search(name):
        raise UnreadableWheelError(f"A file in the wheel has a name that no installer may take: `{shown(name)}`.")
    return name


def _laid_out(members: Iterable[Member], end: int) -> tuple[Member, ...]:
    """Return the members in the file's order, where each has a name and a place of its own."""
    ordered = tuple(sorted(members, key=lambda member: member.offset))
    if len({member.name for member in ordered}) != len(ordered):
        raise UnreadableWheelError("Two files in the wheel have the same name.")
    for member, following in pairwise(ordered):
        if member.least_end > following.offset:
            raise UnreadableWheelError(f"{shown(member.name)} and {shown(following.name)} overlap in the wheel.")
    if ordered[-1].least_end > end:
        raise UnreadableWheelError(f"{shown(ordered[-1].name)} is larger than its place in the wheel.")
    return ordered
