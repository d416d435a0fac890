"""The central directory: read as zipfile does where both accept it, and nothing that lies is accepted."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import UnreadableWheelError
from bot.core.inspection import zip_directory
from bot.core.inspection.zip_directory import Directory, Member, Missing, read_directory
from tests.core.inspection.zips import (
    END,
    FILES,
    HEADER,
    SUFFIX,
    directory_of,
    patched,
    streamed,
    with_zip64_end,
    with_zip64_sizes,
    zipped,
)

WHEEL = zipped(FILES)
CORE = f"demo/_core{SUFFIX}"

names = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\\/:"), min_size=1)
paths = st.lists(names.filter(lambda name: name.strip(".")), min_size=1, max_size=3).map("/".join)
archives = st.builds(
    lambda files, method, comment: zipped(files, method=method, comment=comment),
    st.dictionaries(paths, st.binary(max_size=200), min_size=1, max_size=6),
    st.sampled_from((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED)),
    st.binary(max_size=300).filter(lambda comment: END not in comment),
)


def by_zipfile(wheel: bytes) -> list[tuple[str, int, int, int, int, int]]:
    """Return what the standard library reads of a directory."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        return sorted(
            (
                (info.filename, info.compress_type, info.compress_size, info.file_size, info.CRC, info.header_offset)
                for info in archive.infolist()
            ),
            key=lambda row: row[-1],
        )


def rows(directory: Directory) -> list[tuple[str, int, int, int, int, int]]:
    """Return the same of a directory read here."""
    return [(each.name, each.method, each.compressed, each.size, each.crc, each.offset) for each in directory.members]


def refusal(wheel: bytes) -> str:
    """Return why a file is refused."""
    with pytest.raises(UnreadableWheelError) as raised:
        directory_of(wheel)
    return str(raised.value)


@given(archives, st.integers(0, 2_000))
def test_what_zipfile_writes_is_read_as_zipfile_reads_it_from_any_tail(wheel: bytes, tail: int) -> None:
    assert rows(directory_of(wheel, tail)) == by_zipfile(wheel)


@given(
    st.integers(0, len(WHEEL) - 1), st.binary(min_size=1, max_size=8), st.sampled_from((WHEEL, with_zip64_end(WHEEL)))
)
def test_a_mutated_directory_is_refused_or_read_as_zipfile_reads_it(place: int, changed: bytes, wheel: bytes) -> None:
    mutated = (
        wheel[:-place]
        if not changed.strip(b"\0")
        else wheel[: -place - 1] + changed + wheel[-place - 1 + len(changed) :]
    )
    try:
        found = directory_of(mutated, 500)
    except UnreadableWheelError as error:
        assert str(error).endswith(".")  # noqa: PT017 — either outcome is right
    else:
        assert rows(found) == by_zipfile(mutated)


@given(st.binary(max_size=400), st.integers(0, 1 << 40))
def test_arbitrary_bytes_are_refused_or_more_is_asked_for(tail: bytes, before: int) -> None:
    try:
        found = read_directory(tail, before + len(tail))
    except UnreadableWheelError:
        return
    assert isinstance(found, Missing)
    assert 0 <= found.start < before


@pytest.mark.parametrize("length", [0, 1, 40_000, 65_535])
def test_a_comment_may_be_of_any_length(length: int) -> None:
    wheel = zipped(FILES, comment=b"c" * length)
    assert rows(directory_of(wheel, 32 << 10)) == by_zipfile(wheel)


def test_zip64_ends_and_sizes_are_read() -> None:
    wheel = with_zip64_end(with_zip64_sizes(WHEEL, CORE))
    assert rows(directory_of(wheel)) == rows(directory_of(WHEEL)) == by_zipfile(wheel)
    for tail in range(22, 200):
        assert rows(directory_of(wheel, tail)) == by_zipfile(wheel)


def test_sizes_behind_the_data_are_read_from_the_directory() -> None:
    wheel = streamed(FILES)
    assert rows(directory_of(wheel)) == by_zipfile(wheel)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"length": 60}, "not what it should be"),
        ({"disk": 1}, "contradict each other"),
        ({"disks": 2}, "not where it should be"),
        ({"offset": 3}, "not where it should be"),
        ({"here": 1}, "split"),
        ({"old_members": 3}, "contradict each other"),
        ({"members": 1 << 60, "here": 1 << 60}, "too large"),
        ({"size": 1 << 60}, "too large"),
        ({"start": 1 << 60}, "bytes are missing"),
    ],
)
def test_a_zip64_end_that_lies_is_refused(wrong: dict[str, int], reason: str) -> None:
    assert reason in refusal(with_zip64_end(WHEEL, **wrong))


@pytest.mark.parametrize("extra", [b"", struct.pack("<2HQ", 1, 8, 5), struct.pack("<2H", 1, 24) + bytes(9)])
def test_zip64_sizes_that_are_not_there_are_refused(extra: bytes) -> None:
    assert "_core" in refusal(with_zip64_sizes(WHEEL, CORE, extra))


def test_a_second_zip64_field_or_name_is_refused() -> None:
    field = struct.pack("<2HQ", 1, 8, 5)
    assert "broken" in refusal(with_zip64_sizes(WHEEL, CORE, field * 2))
    assert "second name" in refusal(with_zip64_sizes(WHEEL, CORE, struct.pack("<2HB", 0x7075, 1, 1)))


@pytest.mark.parametrize("cut", [1, 10, 22, 23, 100, len(WHEEL) - 30])
def test_a_file_that_was_cut_off_is_refused(cut: int) -> None:
    assert refusal(WHEEL[:-cut]) == "The file has no end of a zip archive: it was cut off, or is no wheel."


def test_a_file_too_short_or_without_files_is_refused() -> None:
    assert refusal(b"PK") == "The file is too short to be a wheel."
    assert "wrong about the number of files" in refusal(zipped({}))


def test_bytes_in_front_of_the_archive_or_within_are_refused() -> None:
    at = WHEEL.index(HEADER)
    assert "missing, or added" in refusal(b"#!/bin/sh\n" + WHEEL)
    assert "missing, or added" in refusal(WHEEL[:at] + b"\0" + WHEEL[at:])
    assert "missing, or added" in refusal(WHEEL[100:])


def test_more_than_one_end_is_refused() -> None:
    inner = zipped({"other.py": b""})
    assert "more than one end" in refusal(zipped(FILES, comment=inner))
    assert "more than one end" in refusal(zipped(FILES, comment=END + b"!"))


def test_a_stored_archive_inside_is_a_file_like_others() -> None:
    wheel = zipped({"inner.zip": WHEEL, **FILES}, method=zipfile.ZIP_STORED)
    assert rows(directory_of(wheel)) == by_zipfile(wheel)


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        (4, b"\1", "split"),
        (6, b"\1", "split"),
        (8, b"\1", "split"),
        (8, b"\3\0\3\0", "more files than its end says"),
        (8, b"\5\0\5\0", "ends too early"),
        (8, b"\xff\x0f\xff\x0f", "wrong about the number"),
        (8, b"\0\0\0\0", "wrong about the number"),
        (12, b"\0", "bytes are missing"),
        (12, b"\xff\xff\xff\xff", "too large"),
        (16, b"\0", "bytes are missing"),
        (16, b"\xff\xff\xff\xff", "bytes are missing"),
    ],
)
def test_an_end_that_lies_is_refused(place: int, value: bytes, reason: str) -> None:
    assert reason in refusal(patched(WHEEL, END, place, value))


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        (0, b"XX", "broken"),
        (6, b"\x40", "newer zip reader"),
        (28, b"\xff\xff", "broken"),
        (30, b"\xff\xff", "broken"),
        (20, b"\0\0\0\x10", "overlap"),
        (34, b"\1", "split"),
        (42, b"\0\0\0\x10", "larger than its place"),
    ],
)
def test_a_header_that_lies_is_refused(place: int, value: bytes, reason: str) -> None:
    assert reason in refusal(patched(WHEEL, HEADER, place, value))


def test_files_with_one_name_or_one_place_are_refused() -> None:
    twice = zipped({"a.py": b"1", "b.py": b"2"})
    at = twice.rindex(b"b.py")
    assert refusal(twice[:at] + b"a.py" + twice[at + 4 :]) == "Two files in the wheel have the same name."
    assert refusal(patched(twice, HEADER, 42, b"\0\0\0\0", nth=1)) == "a.py and b.py overlap in the wheel."


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "../up.py", "a/../b.py", "a\\b.py", "c:x.py", "a//b.py", "./a.py", "a/.", "a\tb.py", "a\x7f.py"],
)
def test_a_name_that_no_installer_may_take_is_refused(name: str) -> None:
    assert "a name that no installer may take" in refusal(zipped({name: b""}))


def test_a_name_with_a_nul_or_without_letters_is_refused() -> None:
    wheel = zipped({"a_b.py": b""}).replace(b"a_b.py", b"a\0b.py")
    assert (
        refusal(wheel) == "A file in the wheel has a name that no installer may take: `a\N{REPLACEMENT CHARACTER}b.py`."
    )
    assert "no text" in refusal(zipped({"é.py": b""}).replace("é".encode(), b"\xff\xff"))


def test_a_folder_is_a_member_like_others() -> None:
    assert directory_of(zipped({"demo/": b"", "demo/a.py": b""})).members[0].name == "demo/"


def test_a_directory_of_too_many_files_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_directory, "MOST_MEMBERS", 3)
    assert refusal(WHEEL) == "The directory of the wheel is too large to be read: it has 4 files."


def test_a_directory_may_be_full_of_extra_fields() -> None:
    extra = struct.pack("<2H", 0x9999, 0) * 16_383
    headers = b"".join(
        struct.pack("<4s6H3L5H2L", HEADER, 20, 20, 0, 0, 0, 0, 0, 0, 0, 6, len(extra), 0, 0, 0, 0, number * 36)
        + b"%06d" % number
        + extra
        for number in range(8)
    )
    wheel = bytes(8 * 36) + headers + struct.pack("<4s4H2LH", END, 0, 0, 8, 8, len(headers), 8 * 36, 0)
    assert rows(directory_of(wheel)) == by_zipfile(wheel)
    assert "broken" in refusal(patched(wheel, extra[:4], 0, b"\x99\x99\xff\xff"))


def test_what_cannot_be_read_of_a_member_is_told_apart() -> None:
    fine = Member("a.so", 8, 1, 1, 0, 0)
    assert fine.obstacle is None
    assert Member("a.so", 8, 1, 1, 0, 0, flags=1).obstacle == "a.so is encrypted."
    assert Member("a.so", 0, 1, 2, 0, 0).obstacle == "a.so is stored, with two different sizes."
    assert "method 12" in (Member("a.so", 12, 1, 1, 0, 0).obstacle or "")
