"""Wheels as zipfile writes them, and what is done to them byte by byte."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping

from bot.core.inspection.zip_directory import Directory, Missing, read_directory

END = b"PK\5\6"
HEADER = b"PK\1\2"

SUFFIX = ".cpython-314t-x86_64-linux-gnu.so"
FILES = {
    "demo/__init__.py": b"from demo import _core\n" * 50,
    f"demo/_core{SUFFIX}": bytes(range(256)) * 40,
    f"demo/_more{SUFFIX}": b"more" * 500,
    "demo-1.0.dist-info/RECORD": b"demo/__init__.py,,\n" * 20,
}


def zipped(files: Mapping[str, bytes], *, method: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    """Return a zip file with these files."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as archive:
        archive.comment = comment
        for name, contents in files.items():
            archive.writestr(zipfile.ZipInfo(name), contents, method)
    return written.getvalue()


def streamed(files: Mapping[str, bytes]) -> bytes:
    """Return a zip file whose local headers have no sizes: they are behind the data."""

    class Unseekable(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, offset: int, whence: int = 0, /) -> int:
            raise io.UnsupportedOperation(offset, whence)

        def tell(self) -> int:
            raise io.UnsupportedOperation

    written = Unseekable()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, contents in files.items():
            archive.writestr(zipfile.ZipInfo(name), contents, zipfile.ZIP_DEFLATED)
    return written.getvalue()


def directory_of(wheel: bytes, tail: int = 1 << 30) -> Directory:
    """Read a directory, from that many bytes of the file's end and what else is asked for."""
    start = max(0, len(wheel) - tail)
    for _ in range(4):
        found = read_directory(wheel[start:], len(wheel))
        if isinstance(found, Directory):
            return found
        assert isinstance(found, Missing)
        assert 0 <= found.start < start
        start = found.start
    raise AssertionError("it asked for more too often")


def patched(wheel: bytes, record: bytes, place: int, value: bytes, *, nth: int = 0) -> bytes:
    """Overwrite bytes at a place within the nth record with a signature."""
    at = -1
    for _ in range(nth + 1):
        at = wheel.index(record, at + 1)
    at += place
    return wheel[:at] + value + wheel[at + len(value) :]


def with_zip64_end(wheel: bytes, **wrong: int) -> bytes:
    """Give a zip file the ends of one that has more than 65,535 files; ``wrong`` replaces values by name."""
    at = wheel.rindex(END)
    _, _, _, here, members, size, start, comment = struct.unpack("<4s4H2LH", wheel[at : at + 22])
    record = struct.pack(
        "<4sQ2H2L4Q",
        b"PK\6\6",
        wrong.get("length", 44),
        45,
        45,
        wrong.get("disk", 0),
        0,
        wrong.get("here", here),
        wrong.get("members", members),
        wrong.get("size", size),
        wrong.get("start", start),
    )
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, wrong.get("offset", at), wrong.get("disks", 1))
    end = struct.pack("<4s4H2LH", END, 0, 0, 0xFFFF, wrong.get("old_members", 0xFFFF), 0xFFFFFFFF, 0xFFFFFFFF, comment)
    return wheel[:at] + record + locator + end + wheel[at + 22 :]


def with_zip64_sizes(wheel: bytes, name: str, extra: bytes | None = None) -> bytes:
    """Move the sizes and the offset of a file into the extra field of its header in the directory."""
    raw = name.encode()
    at = wheel.rindex(raw) - 46
    header = list(struct.unpack("<4s6H3L5H2L", wheel[at : at + 46]))
    if extra is None:
        extra = struct.pack("<2H3Q", 1, 24, header[9], header[8], header[16])
    header[8] = header[9] = header[16] = 0xFFFFFFFF
    header[11] += len(extra)
    behind = at + 46 + len(raw)
    grown = wheel[:at] + struct.pack("<4s6H3L5H2L", *header) + raw + extra + wheel[behind:]
    end = grown.rindex(END)
    size = struct.unpack("<L", grown[end + 12 : end + 16])[0] + len(extra)
    return grown[: end + 12] + struct.pack("<L", size) + grown[end + 16 :]
