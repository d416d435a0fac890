"""A package index on loopback with its files: it serves ranges of bytes as RFC 9110 says, and misserves them on demand.

How a host may serve is a ``Serving``; what goes wrong once is a fault, as with the index.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from aiohttp import hdrs, web

from bot.core.index.file_links import FileLink
from tests.fakes.fake_index import FakeIndex, Reply
from tests.fakes.index_pages import PYPI, Dialect

FILES_PATH = r"^/files/"
MODIFIED = "Sat, 14 Nov 2026 08:00:00 GMT"
LATER = "Sun, 15 Nov 2026 08:00:00 GMT"

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True, slots=True)
class Serving:
    """How a host serves files; the defaults are PyPI's, but that it knows suffix ranges."""

    ranges: bool = True
    suffix: int | None = None
    """The status of the answer to a suffix range, None where it is served; 206 is for taking it for the first bytes."""
    etags: bool = True
    dates: bool = True
    compares: bool = True
    """Whether ``If-Range`` is understood; else it always means that the file changed."""
    most: int | None = None
    """So many bytes are in one answer at most."""


@dataclass(frozen=True, slots=True)
class Content:
    """A file that is served: bytes, or a file on the disk, which may be larger than memory."""

    place: bytes | Path = field(repr=False)
    modified: str
    etag: str

    @property
    def size(self) -> int:
        return len(self.place) if isinstance(self.place, bytes) else self.place.stat().st_size

    def read(self, start: int, end: int) -> bytes:
        if isinstance(self.place, bytes):
            return self.place[start:end]
        with self.place.open("rb") as file:
            file.seek(start)
            return file.read(end - start)


class FileHost(FakeIndex):
    """The server."""

    def __init__(self, dialect: Dialect = PYPI, *, serving: Serving | None = None, round_trip: float = 0.0) -> None:
        super().__init__(dialect, round_trip=round_trip)
        self.serving = serving or Serving()
        self.files: dict[str, Content] = {}

    def put(self, filename: str, content: bytes | Path, *, modified: str = MODIFIED) -> FileLink:
        """Serve a file from now on, and give its link as the index would."""
        sha256 = hashlib.sha256(content).hexdigest() if isinstance(content, bytes) else None
        self.files[filename] = stored = Content(content, modified, f'"{sha256 or filename}"')
        return FileLink(filename, f"{self.url}/files/{filename}", stored.size, sha256)

    def ranges(self) -> list[str]:
        """Return the ranges that were asked for, in their order; an empty one for a whole file."""
        asked = [request for request in self.requests if request.path.startswith("/files/")]
        return [request.headers.get(hdrs.RANGE, "") for request in asked]

    def _answer(self, request: web.Request) -> Reply:
        content = self.files.get(request.path.removeprefix("/files/"))
        return super()._answer(request) if content is None else self._serve_file(request, content)

    def _serve_file(self, request: web.Request, content: Content) -> Reply:
        headers: dict[str, str] = {hdrs.ACCEPT_RANGES: "bytes"} if self.serving.ranges else {}
        if self.serving.etags:
            headers[hdrs.ETAG] = content.etag
        if self.serving.dates:
            headers[hdrs.LAST_MODIFIED] = content.modified
        whole = Reply(200, content_type="application/octet-stream", headers=headers)
        asked = _RANGE.fullmatch(request.headers.get(hdrs.RANGE, ""))
        if asked is None or not self.serving.ranges or not self._is_current(request, content):
            return replace(whole, body=content.read(0, content.size))
        start, end = asked[1], asked[2]
        if not start and self.serving.suffix is not None:
            if self.serving.suffix != 206:
                return Reply(self.serving.suffix, b"<h1>Unsupported client range</h1>", "text/html")
            start = "0"
        first = int(start) if start else max(0, content.size - int(end))
        behind = min(int(end) + 1 if start and end else content.size, content.size)
        if first >= behind:
            return Reply(416, headers={hdrs.CONTENT_RANGE: f"bytes */{content.size}"})
        if self.serving.most is not None:
            behind = min(behind, first + self.serving.most)
        served: dict[str, str] = {hdrs.CONTENT_RANGE: f"bytes {first}-{behind - 1}/{content.size}"}
        return replace(whole, status=206, body=content.read(first, behind), headers=headers | served)

    def _is_current(self, request: web.Request, content: Content) -> bool:
        condition = request.headers.get(hdrs.IF_RANGE)
        if condition is None:
            return True
        known = {content.etag} if self.serving.etags else set()
        known |= {content.modified} if self.serving.dates else set()
        return self.serving.compares and condition in known

    def _send(self, request: web.Request, reply: Reply) -> web.Response:
        response = super()._send(request, reply)
        if not isinstance(reply, CutOff):
            return response
        return _CutOff(status=reply.status, body=response.body, headers=response.headers)


@dataclass(frozen=True, slots=True)
class CutOff(Reply):
    """An answer of which half is sent before the connection is gone."""


def cut_off(reply: Reply) -> Reply:
    """Break the connection in the middle of an answer."""
    return CutOff(reply.status, reply.body, reply.content_type, reply.encoding, reply.headers)


def saying(header: str, value: str | None) -> Callable[[Reply], Reply]:
    """Give an answer another header, or take one away."""

    def change(reply: Reply) -> Reply:
        headers = {name: kept for name, kept in reply.headers.items() if name.lower() != header.lower()}
        return replace(reply, headers=headers if value is None else headers | {header: value})

    return change


class _CutOff(web.Response):
    async def write_eof(self, data: bytes = b"") -> None:  # noqa: ARG002 — the body is cut
        body = self.body
        assert isinstance(body, bytes)
        await self.write(body[: len(body) // 2])
        assert self._req is not None
        assert self._req.transport is not None
        self._req.transport.close()
