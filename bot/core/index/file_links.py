"""Where the files of a project are, how large, and with which sha256: what a status does not need and a reader does."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urljoin

import msgspec

_SHA256 = r"^[0-9a-f]{64}$"


@dataclass(frozen=True, slots=True)
class FileLink:
    """The address of a file, absolute; its size in bytes and its sha256 in small hexadecimal where the index says."""

    filename: str
    url: str
    size: int | None = None
    sha256: str | None = None


class _Hashes(msgspec.Struct):
    sha256: Annotated[str, msgspec.Meta(pattern=_SHA256)] | None = None


class _Link(msgspec.Struct):
    filename: str
    url: str
    size: Annotated[int, msgspec.Meta(ge=0)] | None = None
    hashes: _Hashes = msgspec.field(default_factory=_Hashes)


class _LinkPage(msgspec.Struct):
    files: list[msgspec.Raw]


_decode_page = msgspec.json.Decoder(_LinkPage).decode
_decode_link = msgspec.json.Decoder(_Link).decode


def file_links(body: bytes, page_url: str, filenames: Collection[str]) -> dict[str, FileLink]:
    """Return the links of these files on a project page in JSON (PEP 691, PEP 700), by file name.

    A file whose entry makes no sense is left out, and so is one that a page that came by https links to by http.
    """
    wanted = frozenset(filenames)
    try:
        entries = _decode_page(body).files
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}
    found: dict[str, FileLink] = {}
    for entry in entries:
        try:
            link = _decode_link(entry)
            url = urljoin(page_url, link.url)
        except (msgspec.MsgspecError, UnicodeDecodeError, ValueError):
            continue
        secure = url.startswith("https:") or not page_url.startswith("https:")
        if link.filename in wanted and secure:
            found.setdefault(
                link.filename, FileLink(link.filename, url.partition("#")[0], link.size, link.hashes.sha256)
            )
    return found
