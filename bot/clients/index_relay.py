"""The package index for a program that may get its packages from nobody else: a proxy on loopback for one host.

What it asks for is fetched by our own client, under the rule that everything that fetches obeys. It is named as a host
that does not exist, so that the address, under which the program keeps what it read, is the same every time though the
port is not; and its password is new every time, as other programs of this machine may connect, too.

Files are served only if a page of the index names them. Wheels that only a free-threaded Python takes are shown as if
one with the GIL took them as well, since that is for which the program resolves: they count, and are not passed over.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from urllib.parse import quote, unquote, urljoin

import httpx
import msgspec
from aiohttp import hdrs, web
from packaging.utils import canonicalize_name

from bot.clients.answers import Answer, host_of
from bot.clients.file_ranges import content_range
from bot.clients.guard import service_at
from bot.clients.pypi import LARGEST_METADATA
from bot.clients.readers import Readers
from bot.clients.web import Patience, asked, fetch, refused
from bot.core.errors import UpstreamError
from bot.core.origins import Host, Service

OnPage = Callable[[str, Answer], None]
"""Is told of every page that was read: the project's normalized name, and the index's answer as it was sent.

``bot.clients.pypi.read_page`` reads it. What is still as uv knew it is not sent, so nobody is told of it.
"""

_JSON = "application/vnd.pypi.simple.v1+json"
_PAGE = re.compile(r"/simple/(?P<name>[a-z0-9](?:[a-z0-9-]{0,200}[a-z0-9])?)/", re.ASCII)
_FILE = re.compile(
    r"/files/(?P<name>[a-z0-9](?:[a-z0-9-]{0,200}[a-z0-9])?)/(?P<file>[A-Za-z0-9._~%+!-]{1,500})", re.ASCII
)
_RANGE = re.compile(r"bytes=\d{0,15}-\d{0,15}", re.ASCII)
_METADATA = ".metadata"
_FREE_THREADED_ABI = re.compile(r"^(cp3\d{1,2}|abi3)t$", re.ASCII)
_ABSOLUTE = ("https://", "http://")
_WHEEL_PARTS = 4
_NOT_OFFERED = (None, False)
_NO_HASHES: dict[str, str] = {}
_is_plain = re.compile(r"[A-Za-z0-9._+!~-]+", re.ASCII).fullmatch

MOST_BYTES = 1 << 30
"""Bytes of files that are passed on for one resolution; metadata is far less, whole wheels may not be."""

_MOST_LINKS = 60_000
"""Addresses of files that are remembered at a time, some 20 MB."""

_A_DAY = "max-age=86400"
"""How long the metadata of a wheel may be kept where the index does not say: no index should change a file."""

_PASSED_ON = (
    hdrs.CONTENT_TYPE,
    hdrs.CONTENT_LENGTH,
    hdrs.CONTENT_RANGE,
    hdrs.ACCEPT_RANGES,
    hdrs.ETAG,
    hdrs.LAST_MODIFIED,
)


class _Listed(msgspec.Struct, gc=False, rename="kebab"):
    """A file of a page, as far as a resolver needs it."""

    filename: str
    url: str
    requires_python: str | None = None
    yanked: bool | str | None = None
    core_metadata: bool | dict[str, str] | None = None
    data_dist_info_metadata: bool | dict[str, str] | None = None


class _Served(msgspec.Struct, gc=False, omit_defaults=True, rename="kebab"):
    """The same as it is served, with what has to be there."""

    filename: str
    url: str
    hashes: dict[str, str]
    requires_python: str | None = None
    yanked: bool | str | None = None
    core_metadata: bool = False


class _Page(msgspec.Struct):
    files: list[_Listed]
    name: str | None = None


class _LoosePage(msgspec.Struct):
    files: list[msgspec.Raw]
    name: str | None = None


class _ServedPage(msgspec.Struct):
    meta: dict[str, str]
    name: str
    files: list[_Served]


_decode_page = msgspec.json.Decoder(_Page).decode
_decode_loose = msgspec.json.Decoder(_LoosePage).decode
_decode_file = msgspec.json.Decoder(_Listed).decode
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


@dataclass(slots=True)
class IndexRelay:
    """The proxy; ``failure`` is why the index could not be read the first time that it could not.

    ``interpreter`` is the python tag of the Python that is resolved for: wheels of others are listed and not served.
    ``on_page`` is told of every page, so that nobody needs to fetch it again.
    """

    http: httpx.AsyncClient
    index_url: str
    interpreter: str
    hosts: tuple[Host, ...] = ()
    patience: Patience = field(default_factory=Patience)
    readers: Readers = field(default_factory=Readers)
    on_page: OnPage | None = None
    most: int = MOST_BYTES
    failure: UpstreamError | None = field(default=None, init=False)
    _port: int = field(default=0, init=False)
    _password: str = field(default_factory=lambda: secrets.token_urlsafe(32), init=False, repr=False)
    _host: str = field(init=False)
    _links: OrderedDict[str, Mapping[str, str]] = field(default_factory=OrderedDict, init=False)
    _passed_on: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._host = f"{hashlib.sha256(self.index_url.encode()).hexdigest()[:16]}.index.invalid"

    @property
    def proxy_url(self) -> str:
        """Return the address of the proxy, with its password: to be told to nobody but the program."""
        return f"http://relay:{self._password}@127.0.0.1:{self._port}"

    @property
    def served_url(self) -> str:
        """Return the address of the index as the program is to ask for it: the same whenever the index is the same."""
        return f"http://{self._host}/simple/"

    @property
    def service(self) -> Service:
        """Return what is asked, and to where it may lead."""
        return service_at(self.index_url, self.hosts)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Serve on a free port of 127.0.0.1 while the block runs."""
        runner = web.ServerRunner(web.Server(self._answer, access_log=None), handle_signals=False, shutdown_timeout=0.1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self._port = int(runner.addresses[0][1])
            yield
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        path = request.raw_path.removeprefix(f"http://{self._host}")
        try:
            if page := _PAGE.fullmatch(path):
                return await self._serve_page(request, page["name"])
            if file := _FILE.fullmatch(path):
                return await self._serve_file(request, file["name"], unquote(file["file"]))
        except UpstreamError as error:
            self.failure = self.failure or error
            return _status(HTTPStatus.BAD_GATEWAY)
        return _status(HTTPStatus.NOT_FOUND)

    def _refusal(self, request: web.BaseRequest) -> web.Response | None:
        """Refuse who does not know the password, and what is not asked of the one host that is served."""
        expected = base64.b64encode(f"relay:{self._password}".encode())
        given = request.headers.get(hdrs.PROXY_AUTHORIZATION, "").encode("utf-8", "replace")
        if not secrets.compare_digest(b"Basic " + expected, given):
            return _status(HTTPStatus.FORBIDDEN)
        if request.method not in {hdrs.METH_GET, hdrs.METH_HEAD}:
            return _status(HTTPStatus.METHOD_NOT_ALLOWED)
        # As a proxy is asked: with the whole address. aiohttp's own URL has lost the host.
        if request.headers.get(hdrs.HOST) != self._host or not request.raw_path.startswith(f"http://{self._host}/"):
            return _status(HTTPStatus.MISDIRECTED_REQUEST)
        return None

    async def _serve_page(self, request: web.BaseRequest, name: str) -> web.Response:
        etag = request.headers.get(hdrs.IF_NONE_MATCH)
        answer = await self._fetch_page(name, etag)
        if answer.status is HTTPStatus.NOT_MODIFIED and etag is not None:
            return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=_freshness(answer, etag))
        if answer.status is not HTTPStatus.OK:
            return _status(HTTPStatus.NOT_FOUND)
        body = await self._read(name, answer)
        return web.Response(body=body, headers={hdrs.CONTENT_TYPE: _JSON, **_freshness(answer, answer.etag)})

    async def _fetch_page(self, name: str, etag: str | None = None) -> Answer:
        headers = {"Accept": _JSON} | ({} if etag is None else {"If-None-Match": etag})
        url = f"{self.index_url}{quote(name)}/"
        return await self._fetch(url, headers)

    async def _fetch(self, url: str, headers: Mapping[str, str], most: int | None = None) -> Answer:
        ask = partial(fetch, self.http, url, headers, service=self.service, deadline=self.patience.deadline)
        async for attempt in self.patience.retrying():
            with attempt:
                return await (ask() if most is None else ask(most=most))
        raise UpstreamError("The index was not asked.")

    async def _read(self, name: str, answer: Answer) -> bytes:
        """Return a page as it is served, and remember where its files are."""
        body, links = await self.readers.aside(
            partial(_rewrite, name, answer, f"http://{self._host}/files/{name}/", self.interpreter)
        )
        self._links[name] = links
        self._links.move_to_end(name)
        while len(self._links) > 1 and sum(map(len, self._links.values())) > _MOST_LINKS:
            self._links.popitem(last=False)
        if self.on_page is not None:
            self.on_page(name, answer)
        return body

    async def _serve_file(self, request: web.BaseRequest, name: str, asked_for: str) -> web.StreamResponse:
        filename = asked_for.removesuffix(_METADATA)
        url = await self._link(name, filename)
        if url is None:
            return _status(HTTPStatus.NOT_FOUND)
        if filename != asked_for:
            answer = await self._fetch(url + _METADATA, {}, LARGEST_METADATA)
            if answer.status is not HTTPStatus.OK:
                return _status(HTTPStatus.NOT_FOUND)
            body = await self.readers.aside(answer.body)
            self._count(len(body))
            headers = {hdrs.CONTENT_TYPE: "application/octet-stream", **_freshness(answer, answer.etag, _A_DAY)}
            return web.Response(body=body, headers=headers)
        return await self._pass_on(request, url)

    async def _link(self, name: str, filename: str) -> str | None:
        """Return where a file is, from the page of its project, which is read for that if it was not."""
        if name not in self._links:
            answer = await self._fetch_page(name)
            if answer.status is not HTTPStatus.OK:
                return None
            await self._read(name, answer)
        return self._links[name].get(filename)

    async def _pass_on(self, request: web.BaseRequest, url: str) -> web.StreamResponse:
        """Pass a file on as it comes, or the range of it that was asked for."""
        headers: dict[str, str] = {hdrs.ACCEPT_ENCODING: "identity"}
        wanted = request.headers.get(hdrs.RANGE, "")
        whole = request.method == hdrs.METH_HEAD
        if whole:
            headers[hdrs.RANGE] = "bytes=0-0"  # tells the size as well, and hosts that know no HEAD know it
        elif _RANGE.fullmatch(wanted):
            headers[hdrs.RANGE] = wanted
        async with asked(self.http, url, headers, service=self.service, deadline=self.patience.deadline) as response:
            status = response.status_code
            if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE}:
                return _status(HTTPStatus(status))
            if status not in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
                raise refused(response)
            if whole:
                return _described(response)
            passed = {key: response.headers[key] for key in _PASSED_ON if key in response.headers}
            served = web.StreamResponse(status=status, headers=passed)
            try:
                await self._send(request, response, served)
            except BaseException:
                if request.transport is not None:
                    request.transport.abort()  # so that half an answer is not taken for whole
                raise
            return served

    async def _send(self, request: web.BaseRequest, response: httpx.Response, served: web.StreamResponse) -> None:
        if not await _reached(served.prepare(request)):
            return
        async for chunk in response.aiter_raw():
            self._count(len(chunk))
            if not await _reached(served.write(chunk)):
                return
        await _reached(served.write_eof())

    def _count(self, size: int) -> None:
        self._passed_on += size
        if self._passed_on > self.most:
            raise UpstreamError("Choosing versions would fetch more than is fetched for it.")


def _rewrite(name: str, answer: Answer, files_url: str, interpreter: str) -> tuple[bytes, dict[str, str]]:
    """Return a page of which all links lead here, and where those led that may be followed: wheels for a Python."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "text/html":
        raise UpstreamError(f"{host_of(answer.url)} answered HTML instead of JSON (PEP 691).")
    named, files = _files(answer.body())
    if named is not None and canonicalize_name(named) != name:
        raise UpstreamError("The index answered with another project's page.")
    links: dict[str, str] = {}
    served: dict[str, _Served] = {}
    for file in files:
        name_of_file, url = file.filename, file.url
        if not url.startswith(_ABSOLUTE) or "#" in url:
            url = _absolute(answer.url, url)
        tags = name_of_file.rsplit("-", 3)
        is_wheel = len(tags) == _WHEEL_PARTS and name_of_file.endswith(".whl")
        if is_wheel and (tags[1].startswith("py") or tags[1] == interpreter or "abi3" in tags[2] or "." in tags[1]):
            links[name_of_file] = url
        shown = _as_with_gil(tags) if is_wheel and "t" in tags[2] else name_of_file
        if shown is not name_of_file and shown in served:
            continue
        offered = file.core_metadata not in _NOT_OFFERED or file.data_dist_info_metadata not in _NOT_OFFERED
        quoted = name_of_file if _is_plain(name_of_file) else quote(name_of_file, safe="")
        served[shown] = _Served(shown, f"{files_url}{quoted}", _NO_HASHES, file.requires_python, file.yanked, offered)
    page = _ServedPage({"api-version": "1.0"}, name, list(served.values()))
    return msgspec.json.encode(page), links


def _files(body: bytes) -> tuple[str | None, list[_Listed]]:
    """Return the project that a page names, and its files; one that makes no sense is left out."""
    try:
        page = _decode_page(body)
    except _UNREADABLE:
        pass
    else:
        return page.name, page.files
    try:
        loose = _decode_loose(body)
    except _UNREADABLE:
        raise UpstreamError("The index answered something that is not a project page in JSON.") from None
    files: list[_Listed] = []
    for raw in loose.files:
        with suppress(*_UNREADABLE):
            files.append(_decode_file(raw))
    return loose.name, files


async def _reached(sending: Awaitable[object]) -> bool:
    """Send something, and tell whether there was anybody to take it: a resolver reads no further than it needs."""
    try:
        await sending
    except ConnectionError:
        return False
    return True


def _absolute(page_url: str, url: str) -> str:
    try:
        return urljoin(page_url, url).partition("#")[0]
    except ValueError:
        return ""


def _as_with_gil(tags: list[str]) -> str:
    """Return a wheel's name with the tags of the GIL's build in place of the free-threaded build's."""
    head, python, abi, platform = tags
    abis = dict.fromkeys(_FREE_THREADED_ABI.sub(r"\1", each) for each in abi.split("."))
    return f"{head}-{python}-{'.'.join(abis)}-{platform}"


def _freshness(answer: Answer, etag: str | None, otherwise: str = "no-cache") -> dict[str, str]:
    """Return how long an answer may be kept, as the index says, and how to ask whether it changed."""
    kept = answer.headers.get("cache-control", "")
    headers: dict[str, str] = {
        hdrs.CACHE_CONTROL: kept if kept.isascii() and kept.isprintable() and kept else otherwise
    }
    return headers if etag is None else headers | {hdrs.ETAG: etag}


def _described(response: httpx.Response) -> web.Response:
    """Answer what a file is like: its size, and whether its host serves ranges of it."""
    part = content_range(response)
    if part is None:
        return web.Response(headers={hdrs.CONTENT_LENGTH: response.headers.get("content-length", "0")})
    return web.Response(headers={hdrs.CONTENT_LENGTH: str(part.size), hdrs.ACCEPT_RANGES: "bytes"})


def _status(status: HTTPStatus) -> web.Response:
    return web.Response(status=status)
