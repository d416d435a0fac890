"""One file in a wheel: what both of its headers agree about, and no byte more than it is said to have."""

from __future__ import annotations

import struct
import tracemalloc
import zipfile
import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import UnreadableWheelError
from bot.core.inspection.zip_directory import DEFLATED, DESCRIBED_LATER, STORED, Member
from bot.core.inspection.zip_member import compressed_data, inflate
from tests.core.inspection.zips import FILES, SUFFIX, directory_of, patched, streamed, zipped

MOST = 1 << 20
CORE = f"demo/_core{SUFFIX}"
LOCAL = b"PK\3\4"
WHEEL = zipped({CORE: FILES[CORE]})


def member_of(wheel: bytes, name: str = CORE) -> Member:
    """Return a member of a wheel."""
    return next(member for member in directory_of(wheel).members if member.name == name)


def contents(wheel: bytes, name: str = CORE) -> bytes:
    """Read a member whole."""
    member = member_of(wheel, name)
    return inflate(member, compressed_data(member, wheel[member.offset :]), MOST)


def deflated(
    data: bytes, *, size: int | None = None, crc: int | None = None, method: int = DEFLATED, flags: int = 0
) -> tuple[Member, bytes]:
    """Return a member with these contents, about which the directory may say something wrong, and its data."""
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = deflater.compress(data) + deflater.flush()
    size, crc = len(data) if size is None else size, zlib.crc32(data) if crc is None else crc
    return Member("a.so", method, len(packed), size, crc, 0, flags), packed


@pytest.mark.parametrize("name", FILES)
def test_what_was_written_is_read(name: str) -> None:
    for wheel in (zipped(FILES), zipped(FILES, method=zipfile.ZIP_STORED), streamed(FILES)):
        assert contents(wheel, name) == FILES[name]


def test_sizes_in_the_extra_field_of_the_local_header_are_read() -> None:
    member = member_of(WHEEL)
    sizes = struct.pack("<2H2Q", 1, 16, member.size, member.compressed)
    header = bytearray(WHEEL[: 30 + len(CORE)])
    header[18:26] = b"\xff" * 8
    header[28:30] = struct.pack("<H", len(sizes))
    place = bytes(header) + sizes + WHEEL[len(header) :]
    assert inflate(member, compressed_data(member, place), MOST) == FILES[CORE]
    with pytest.raises(UnreadableWheelError, match="two different sizes"):
        compressed_data(replace(member, size=1), place)


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        (0, b"XX", "is not where the directory"),
        (6, b"\1", "two different ways"),
        (8, b"\0", "two different ways"),
        (14, b"\1\2\3\4", "two different sizes or checksums"),
        (18, b"\1", "two different sizes or checksums"),
        (22, b"\1", "two different sizes or checksums"),
        (26, b"\1", "two different ways"),
        (28, b"\xff\xff", "larger than its place"),
        (30, b"D", "two different ways"),
    ],
)
def test_a_local_header_that_says_otherwise_is_refused(place: int, value: bytes, reason: str) -> None:
    member = member_of(WHEEL)
    with pytest.raises(UnreadableWheelError, match=reason):
        compressed_data(member, patched(WHEEL, LOCAL, place, value))


@pytest.mark.parametrize("length", [0, 29, 30, 200])
def test_a_member_that_is_cut_off_is_refused(length: int) -> None:
    member = member_of(WHEEL)
    with pytest.raises(UnreadableWheelError):
        compressed_data(member, WHEEL[:length])


@given(st.integers(0, len(WHEEL) - 1), st.binary(min_size=1, max_size=6))
def test_a_mutated_member_gives_its_contents_or_our_error(place: int, changed: bytes) -> None:
    member = member_of(WHEEL)
    mutated = WHEEL[:place] + changed + WHEEL[place + len(changed) :]
    try:
        found = inflate(member, compressed_data(member, mutated), MOST)
    except UnreadableWheelError:
        return
    assert found == FILES[CORE]


@given(
    st.binary(max_size=300),
    st.builds(
        Member,
        st.text(max_size=5),
        st.sampled_from((STORED, DEFLATED, 9)),
        st.integers(0, 400),
        st.integers(0, 400),
        st.integers(0, 2**32 - 1),
        st.just(0),
        st.sampled_from((0, DESCRIBED_LATER, 1 << 11)),
    ),
)
def test_arbitrary_data_gives_our_error_or_what_its_checksum_says(data: bytes, member: Member) -> None:
    try:
        found = inflate(member, data, MOST)
    except UnreadableWheelError:
        return
    assert (len(found), zlib.crc32(found)) == (member.size, member.crc)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"size": 999}, "another size"),
        ({"size": 1001}, "another size"),
        ({"crc": 1}, "checksum"),
        ({"size": MOST + 1}, "too large"),
        ({"flags": 1}, "encrypted"),
        ({"method": 14}, "method 14"),
    ],
)
def test_what_lies_about_its_contents_is_refused(wrong: dict[str, int], reason: str) -> None:
    member, data = deflated(b"x" * 1000, **wrong)
    with pytest.raises(UnreadableWheelError, match=reason):
        inflate(member, data, MOST)


def test_data_that_goes_on_or_ends_too_early_is_refused() -> None:
    member, data = deflated(bytes(range(256)))
    for wrong in (data + b"\0", data[:-1], b"", b"\xff" * 50):
        with pytest.raises(UnreadableWheelError):
            inflate(member, wrong, MOST)
    assert inflate(*deflated(b""), MOST) == b""


def test_data_without_its_end_is_refused_though_all_contents_are_there() -> None:
    contents = bytes(range(256))
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    data = deflater.compress(contents) + deflater.flush(zlib.Z_SYNC_FLUSH)
    with pytest.raises(UnreadableWheelError, match="another compressed size"):
        inflate(Member("a.so", DEFLATED, len(data), len(contents), zlib.crc32(contents), 0), data, MOST)


def test_a_bomb_is_inflated_no_further_than_its_size() -> None:
    member, data = deflated(bytes(64 << 20), size=1000)
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableWheelError, match="another size"):
            inflate(member, data, MOST)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
