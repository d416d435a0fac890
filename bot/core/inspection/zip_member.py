"""The data of one file in a wheel: found behind its local header, and inflated to the size that it is said to have."""

from __future__ import annotations

import zlib

from bot.core.errors import UnreadableWheelError
from bot.core.inspection.zip_directory import (
    DEFLATED,
    DESCRIBED_LATER,
    LOCAL_HEADER,
    TELLING,
    Member,
    shown,
    zip64_values,
)

_SIGNATURE = b"PK\3\4"
_SEE_EXTRA = 0xFFFF_FFFF
_RAW_DEFLATE = -zlib.MAX_WBITS


def compressed_data(member: Member, place: bytes) -> bytes:
    """Return a member's data as it is in the wheel, out of the bytes from its local header on.

    Raises ``UnreadableWheelError`` where the local header says otherwise than the central directory.
    """
    name = shown(member.name)
    if len(place) < LOCAL_HEADER.size:
        raise UnreadableWheelError(f"The wheel ends within {name}.")
    signature, _, flags, method, _, _, crc, compressed, size, name_length, extra_length = LOCAL_HEADER.unpack_from(
        place
    )
    if signature != _SIGNATURE:
        raise UnreadableWheelError(f"{name} is not where the directory of the wheel says.")
    name_end = LOCAL_HEADER.size + name_length
    start = name_end + extra_length
    same_flags = flags & TELLING == member.flags & TELLING
    if place[LOCAL_HEADER.size : name_end] != member.raw_name or method != member.method or not same_flags:
        raise UnreadableWheelError(f"The wheel names or packs {name} in two different ways.")
    if start + member.compressed > len(place):
        raise UnreadableWheelError(f"{name} is larger than its place in the wheel.")
    size, compressed = zip64_values(member.name, place[name_end:start], [(size, _SEE_EXTRA), (compressed, _SEE_EXTRA)])
    told = (crc, compressed, size)
    described_later = flags & DESCRIBED_LATER and told == (0, 0, 0)
    if told != (member.crc, member.compressed, member.size) and not described_later:
        raise UnreadableWheelError(f"The wheel gives {name} two different sizes or checksums.")
    return place[start : start + member.compressed]


def inflate(member: Member, data: bytes, most: int) -> bytes:
    """Return a member's contents, of exactly the size and CRC that the directory gives; never more than ``most`` bytes.

    Raises ``UnreadableWheelError``. CPU-bound, and for the process that may die of it.
    """
    name = shown(member.name)
    if member.obstacle is not None:
        raise UnreadableWheelError(member.obstacle)
    if member.size > most:
        raise UnreadableWheelError(f"{name} is too large to be read: {member.size} bytes.")
    contents = _inflated(member, data) if member.method == DEFLATED else data
    if len(contents) != member.size:
        raise UnreadableWheelError(f"{name} has another size than the wheel says.")
    if zlib.crc32(contents) != member.crc:
        raise UnreadableWheelError(f"{name} is damaged: its checksum is wrong.")
    return contents


def _inflated(member: Member, data: bytes) -> bytes:
    """Inflate at most one byte more than the member should have."""
    inflater = zlib.decompressobj(_RAW_DEFLATE)
    try:
        contents = inflater.decompress(data, member.size + 1)
    except zlib.error as error:
        raise UnreadableWheelError(f"{shown(member.name)} is damaged: it cannot be inflated.") from error
    if len(contents) <= member.size and (not inflater.eof or inflater.unused_data):
        raise UnreadableWheelError(f"{shown(member.name)} has another compressed size than the wheel says.")
    return contents
