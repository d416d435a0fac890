"""A package index on loopback for tests and benchmarks: it keeps projects, counts requests and fails on demand.

It answers as PyPI does: JSON only to who asks for JSON, redirects to the normalized name, entity tags, gzip. What
mirrors do otherwise is a ``Dialect``; what goes wrong is a fault, for the next requests whose path matches.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import re
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias

from aiohttp import hdrs, web
from packaging.utils import canonicalize_name

from tests.fakes.changes import Changes
from tests.fakes.index_pages import PYPI, Dialect, File, Project, json_document, simple_list, simple_page

SIMPLE_JSON = "application/vnd.pypi.simple.v1+json"
SIMPLE_PATH = r"^/simple/"
RESET = 0
"""The status of a request that was answered with a connection reset."""

_CHUNK = 1 << 20
_FIRST_SERIAL = 40_000_000


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it was answered; ``sent`` is the number of bytes of the answer's body as sent."""

    path: str
    status: int
    sent: int
    headers: Mapping[str, str] = field(repr=False)


@dataclass(slots=True, eq=False)
class Hold:
    """A request that waits: ``arrived`` is set when it is there, and it goes on when the test sets ``release``."""

    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it is sent; ``body`` is sent as it is, ``encoding`` only says what it claims to be."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain"
    encoding: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Endless:
    """An answer of this many zero bytes, streamed: never whole in memory. Compressed it is a gzip bomb."""

    size: int
    compressed: bool = False


class Reset:
    """The connection is reset instead of an answer."""


Change: TypeAlias = Callable[[Reply], Reply]
Fault: TypeAlias = Reply | Endless | Reset | Hold | Change


@dataclass(slots=True, eq=False)
class _Script:
    path: re.Pattern[str]
    fault: Fault
    times: int | None


def refusal(status: int, *, retry_after: str | None = None) -> Reply:
    """Make an error answer as an index behind a cache gives it: HTML, perhaps with ``Retry-After``."""
    headers: dict[str, str] = {} if retry_after is None else {hdrs.RETRY_AFTER: retry_after}
    return Reply(status, f"<h1>{status}</h1>".encode(), "text/html", headers=headers)


def html_page() -> Reply:
    """Make a page of HTML with status 200, as a proxy or a login page gives it."""
    return Reply(200, b"<!DOCTYPE html><title>Sign in</title>", "text/html; charset=utf-8")


def redirect(location: str) -> Reply:
    """Make a permanent redirect."""
    return Reply(301, headers={hdrs.LOCATION: location})


def truncated(reply: Reply) -> Reply:
    """Keep the first half of an answer's body: half a gzip stream, or half a JSON document."""
    return replace(reply, body=reply.body[: len(reply.body) // 2])


def truncated_json(reply: Reply) -> Reply:
    """Keep the first half of the document, sent whole and uncompressed."""
    body = gzip.decompress(reply.body) if reply.encoding == "gzip" else reply.body
    return replace(reply, body=body[: len(body) // 2], encoding=None)


def not_gzip(reply: Reply) -> Reply:
    """Send garbage that claims to be gzip."""
    return replace(reply, body=b"\x1f\x8b this is no gzip \xff\xfe" * 10, encoding="gzip")


class FakeIndex:
    """The server. ``round_trip`` is how many seconds it lets every answer wait, for benchmarks."""

    def __init__(self, dialect: Dialect = PYPI, *, round_trip: float = 0.0) -> None:
        self.dialect = dialect
        self.round_trip = round_trip
        self.requests: list[Request] = []
        self.projects: dict[str, Project] = {}
        self._serial = _FIRST_SERIAL
        self._raw: dict[str, Reply] = {}
        self._scripts: list[_Script] = []
        self._changes = Changes()
        self._documents: dict[tuple[str, int, Dialect], _Document] = {}
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        """Start serving on a free port of 127.0.0.1."""
        app = web.Application()
        app.router.add_get("/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        # A backlog for hundreds of connections at once: beyond it the kernel lets a client wait for a second.
        await web.TCPSite(self._runner, "127.0.0.1", 0, backlog=2048).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go what waits, and stop serving."""
        for script in self._scripts:
            if isinstance(script.fault, Hold):
                script.fault.release.set()
        await self.stop()

    async def stop(self) -> None:
        """Stop serving: from now on connections are refused."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    # Where it is

    @property
    def index_url(self) -> str:
        """Return the root of the Simple API (``FTBOT_INDEX_URL``)."""
        return f"{self.url}/simple/"

    @property
    def json_api_url(self) -> str:
        """Return the root of the JSON API (``FTBOT_JSON_API_URL``)."""
        return f"{self.url}/pypi/"

    # What it has

    def publish(  # noqa: PLR0913 - what an index knows of a project, all by keyword
        self,
        name: str,
        files: Iterable[File] = (),
        *,
        status: str | None = None,
        classifiers: Sequence[str] = (),
        project_urls: Mapping[str, str] | None = None,
        home_page: str | None = None,
        requires_dist: Sequence[str] = (),
    ) -> Project:
        """Publish a project, or publish it again as it is now; its serial and entity tag change."""
        self._serial += 1
        said = (tuple(classifiers), project_urls or {}, home_page, tuple(requires_dist))
        project = Project(name, tuple(files), self._serial, status, *said)
        self.projects[project.normalized_name] = project
        return project

    def upload(self, name: str, *files: File) -> Project:
        """Add files to a project that is there."""
        project = self.projects[canonicalize_name(name)]
        return self._put(replace(project, files=(*project.files, *files)))

    def mark(self, name: str, status: str | None) -> Project:
        """Return a project a status marker (PEP 792): ``archived``, ``quarantined``."""
        return self._put(replace(self.projects[canonicalize_name(name)], status=status))

    def yank(self, name: str, version: str, reason: str = "") -> Project:
        """Yank every file of a release."""
        project = self.projects[canonicalize_name(name)]
        files = (
            replace(file, yanked=reason or True) if str(file.version) == version else file for file in project.files
        )
        return self._put(replace(project, files=tuple(files)))

    def remove(self, name: str) -> None:
        """Delete a project: it is not found any more."""
        del self.projects[canonicalize_name(name)]

    def load_recorded(self, folder: Path, *names: str) -> None:
        """Publish recorded pages, ``NAME.json.gz`` in a folder, as they are; by default all that are there."""
        for path in sorted(folder.glob("*.json.gz")):
            name = path.name.removesuffix(".json.gz")
            if not names or name in names:
                self._put(Project(name, (), 0, recorded=gzip.decompress(path.read_bytes())))

    def serve_raw(  # noqa: PLR0913 - the parts of an HTTP answer, all by keyword
        self,
        name: str,
        *,
        body: bytes = b"",
        content_type: str = SIMPLE_JSON,
        encoding: str | None = None,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer this for a project's page from now on; a name that begins with a slash is a path instead."""
        path = name if name.startswith("/") else f"/simple/{name}/"
        self._raw[path] = Reply(status, body, content_type, encoding, headers or {})

    # What goes wrong

    def script(self, fault: Fault, *, path: str = SIMPLE_PATH, times: int | None = 1) -> None:
        """Let the next requests whose path matches meet a fault; None as ``times`` is from now on."""
        self._scripts.append(_Script(re.compile(path), fault, times))

    def hold(self, *, path: str = SIMPLE_PATH, times: int | None = 1) -> Hold:
        """Let the next requests whose path matches wait until they are released."""
        hold = Hold()
        self.script(hold, path=path, times=times)
        return hold

    def heal(self) -> None:
        """Forget all faults; what waits goes on."""
        for script in self._scripts:
            if isinstance(script.fault, Hold):
                script.fault.release.set()
        self._scripts.clear()

    # What was asked of it

    def count(self, path: str = SIMPLE_PATH) -> int:
        """Count the requests whose path matches."""
        return sum(1 for request in self.requests if re.search(path, request.path))

    @property
    def not_modified(self) -> int:
        """Count the requests answered with 304."""
        return sum(1 for request in self.requests if request.status == HTTPStatus.NOT_MODIFIED)

    @property
    def bytes_sent(self) -> int:
        """Sum up the bytes of bodies as sent."""
        return sum(request.sent for request in self.requests)

    async def until(self, reached: Callable[[], bool], seconds: float = 30.0) -> None:
        """Wait until something holds that a request changes; fail after some seconds with what was asked."""
        await self._changes.until(reached, lambda: f"requests: {self.requests}", seconds)

    # How it answers

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if self.round_trip:
            await asyncio.sleep(self.round_trip)
        fault = self._next_fault(request.path)
        while isinstance(fault, Hold):
            fault.arrived.set()
            await fault.release.wait()
            fault = self._next_fault(request.path)
        if isinstance(fault, Reset):
            self._note(request, RESET, 0)
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        if isinstance(fault, Endless):
            return await self._stream(request, fault)
        if isinstance(fault, Reply):
            return self._send(request, fault)
        reply = self._answer(request)
        return self._send(request, reply if fault is None else fault(reply))

    def _answer(self, request: web.Request) -> Reply:
        path = request.path
        if path in self._raw:
            return self._raw[path]
        if path == "/simple/":
            projects = tuple(self.projects.values())
            return self._document(
                request, path, self._serial, lambda: simple_list(projects, self.dialect, self._serial), SIMPLE_JSON
            )
        if simple := re.fullmatch(r"/simple/([^/]+)/?", path):
            return self._simple(request, simple[1])
        if found := re.fullmatch(r"/pypi/([^/]+)(?:/([^/]+))?/json", path):
            return self._json(request, found[1], found[2])
        if path.startswith("/files/") and path.endswith(".metadata"):
            return self._metadata(path.removeprefix("/files/").removesuffix(".metadata"))
        return _not_found()

    def _simple(self, request: web.Request, name: str) -> Reply:
        normalized = canonicalize_name(name)
        if request.path != f"/simple/{normalized}/":
            return redirect(f"/simple/{normalized}/")
        project = self.projects.get(normalized)
        if project is None:
            return _not_found()
        if SIMPLE_JSON not in request.headers.get(hdrs.ACCEPT, ""):
            return html_page()
        files_url = "../../files/" if self.dialect.relative_urls else f"{self.url}/files/"
        return self._document(
            request,
            request.path,
            project.serial,
            lambda: simple_page(project, self.dialect, files_url),
            SIMPLE_JSON,
        )

    def _json(self, request: web.Request, name: str, version: str | None) -> Reply:
        offered = self.dialect.project_json if version is None else self.dialect.release_json
        project = self.projects.get(canonicalize_name(name))
        body = json_document(project, version) if offered and project is not None else None
        if project is None or body is None:
            return Reply(404, b'{"message": "Not Found"}', "application/json")
        return self._document(request, request.path, project.serial, lambda: body, "application/json")

    def _metadata(self, filename: str) -> Reply:
        files = (file for project in self.projects.values() for file in project.standing_files)
        text = next((file.metadata for file in files if file.filename == filename), None)
        if text is None or not self.dialect.newer_keys:
            return _not_found()
        return Reply(200, text.encode(), "application/octet-stream")

    def _document(
        self, request: web.Request, path: str, serial: int, write: Callable[[], bytes], content_type: str
    ) -> Reply:
        """Answer with a document, or only confirm the one that the client has; each is written and compressed once."""
        key = (path, serial, self.dialect)
        if key not in self._documents:
            self._documents[key] = _Document.of(write())
        document = self._documents[key]
        headers = {"X-PyPI-Last-Serial": str(serial), hdrs.CACHE_CONTROL: "max-age=600, public", hdrs.VARY: "Accept"}
        if self.dialect.etags:
            headers[hdrs.ETAG] = document.etag
            if request.headers.get(hdrs.IF_NONE_MATCH) == document.etag:
                return Reply(304, headers=headers)
        if self.dialect.gzip and "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
            return Reply(200, document.compressed, content_type, "gzip", headers)
        return Reply(200, document.body, content_type, headers=headers)

    def _send(self, request: web.Request, reply: Reply) -> web.Response:
        headers = {hdrs.CONTENT_TYPE: reply.content_type, **reply.headers}
        if reply.encoding is not None:
            headers[hdrs.CONTENT_ENCODING] = reply.encoding
        self._note(request, reply.status, len(reply.body))
        return web.Response(status=reply.status, body=reply.body, headers=headers)

    async def _stream(self, request: web.Request, endless: Endless) -> web.StreamResponse:
        headers = {hdrs.CONTENT_TYPE: SIMPLE_JSON}
        if endless.compressed:
            headers[hdrs.CONTENT_ENCODING] = "gzip"
            self._note(request, 200, len(_bomb(endless.size)))
            return web.Response(body=_bomb(endless.size), headers=headers)
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        zeros, sent = bytes(_CHUNK), 0
        try:
            while sent < endless.size:
                await response.write(zeros)
                sent += _CHUNK
            await response.write_eof()
        except ConnectionError:
            pass  # the client has had enough, as it should
        finally:
            self._note(request, 200, sent)
        return response

    def _note(self, request: web.Request, status: int, sent: int) -> None:
        self.requests.append(Request(request.path, status, sent, request.headers))
        self._changes.note()

    def _next_fault(self, path: str) -> Fault | None:
        for script in self._scripts:
            if script.times == 0 or not script.path.search(path):
                continue
            if script.times is not None:
                script.times -= 1
            elif isinstance(script.fault, Hold) and script.fault.release.is_set():
                continue
            return script.fault
        return None

    def _put(self, project: Project) -> Project:
        self._serial += 1
        stored = replace(project, serial=self._serial)
        self.projects[stored.normalized_name] = stored
        return stored


@dataclass(frozen=True, slots=True)
class _Document:
    body: bytes
    compressed: bytes
    etag: str

    @classmethod
    def of(cls, body: bytes) -> Self:
        digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
        return cls(body, gzip.compress(body, 6, mtime=0), f'"{digest}"')


def _not_found() -> Reply:
    return Reply(404, b"<h1>Not found</h1>", "text/html; charset=utf-8")


@cache
def _bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    zeros = bytes(_CHUNK)
    parts = [packer.compress(zeros) for _ in range(size // _CHUNK)]
    return b"".join((*parts, packer.compress(zeros[: size % _CHUNK]), packer.flush()))
