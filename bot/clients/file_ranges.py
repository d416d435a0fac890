"""One file on a file host, read by ranges of bytes (RFC 9110, 14): all of one version, each where it was asked for."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from time import monotonic

import httpx

from bot.clients.answers import entity_tag
from bot.clients.file_parts import FilePart
from bot.clients.web import Patience, asked, refused
from bot.core.errors import UnreadableWheelError, UpstreamError
from bot.core.origins import Service

LARGEST_WHOLE = 256 << 20
"""Bytes of a file that is read whole because its host serves no ranges."""

MOST_REQUESTS = 512
"""Requests for one file, those counted that failed or gave less than was asked for."""

SLOWEST = 256 << 10
"""Bytes a second, with less than which a host is given up."""

_PATIENCE_PER_FILE = 5
"""So many deadlines of one request are the deadline of a file, besides the time that its bytes take."""

_CONTENT_RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15})", re.ASCII | re.IGNORECASE)
_UNSATISFIED = re.compile(r"bytes \*/(\d{1,15})", re.ASCII | re.IGNORECASE)
_BUSY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


@dataclass(frozen=True, slots=True)
class Served:
    """Which bytes of the file an answer has, and how many the file has."""

    start: int
    end: int
    size: int


@dataclass(frozen=True, slots=True)
class _Version:
    """What tells one version of a file from another: its validators (RFC 9110, 8.8)."""

    etag: str | None
    modified: str | None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> _Version:
        modified = headers.get("last-modified")
        return cls(
            entity_tag(headers), modified if modified and modified.isascii() and modified.isprintable() else None
        )

    @property
    def condition(self) -> str | None:
        """Return what ``If-Range`` may carry: a strong entity tag, else a date."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.modified

    def is_known(self) -> bool:
        return self.etag is not None or self.modified is not None

    def differs(self, other: _Version) -> bool:
        """Return whether the other is another version; an answer need not repeat all validators."""
        pairs = ((self.etag, other.etag), (self.modified, other.modified))
        return any(mine is not None and theirs is not None and mine != theirs for mine, theirs in pairs)


@dataclass(slots=True)
class RemoteFile:
    """A file at an address of a service; ``size`` is what the index says, and then what the host does.

    ``requests`` and ``bytes_read`` count what was asked and what came. Errors are ``UpstreamError`` where the host is
    to blame, and ``UnreadableWheelError`` where the file is.
    """

    http: httpx.AsyncClient
    url: str
    service: Service
    patience: Patience
    size: int | None = None
    requests: int = 0
    bytes_read: int = 0
    _version: _Version | None = None
    _conditional: bool = True
    _began: float = 0.0
    _seconds: float = field(init=False)

    def __post_init__(self) -> None:
        self._seconds = self.patience.deadline * _PATIENCE_PER_FILE

    async def fetch_end(self, length: int, smallest: int, part: FilePart) -> bool:
        """Fetch the last bytes of the file; or all, and say so, where it is small or its host serves no ranges."""
        self._seconds += min(self.size or LARGEST_WHOLE, LARGEST_WHOLE) / SLOWEST
        async for attempt in self.patience.retrying():
            with attempt:
                await part.clear()
                if await self._fetch_end(length, smallest, part):
                    return True
                break
        size = self.size or 0
        await self.fetch(max(0, size - length), size, part)
        return False

    async def fetch(self, start: int, end: int, part: FilePart) -> None:
        """Fetch the bytes from an offset to before another, of which some may be in the part already."""
        self._seconds += (end - start) / SLOWEST
        async for attempt in self.patience.retrying():
            with attempt:
                while (place := start + part.length) < end:
                    async with self._asked(f"bytes={place}-{end - 1}", end - place) as response:
                        await self._take(response, place, end, part)

    async def _fetch_end(self, length: int, smallest: int, part: FilePart) -> bool:
        """Send the first requests, of which the last may have left something to be fetched."""
        if self.size is None and (found := await self._fetch_suffix(length, part)) is not None:
            return found
        size = self.size or 0
        start = max(0, size - length)
        wanted = None if size <= smallest else f"bytes={start}-{size - 1}"
        async with self._asked(wanted, min(size, LARGEST_WHOLE)) as response:
            if wanted is None or (response.status_code == HTTPStatus.OK and self._version is None):
                return await self._take_whole(response, part)
            await self._take(response, start, size, part)
        return False

    async def _fetch_suffix(self, length: int, part: FilePart) -> bool | None:
        """Fetch the end of a file of unknown size, or all of it; None where only the size could be learnt.

        Many hosts, PyPI's among them, know no suffix ranges, and answer with any status or any bytes.
        """
        async with self._asked(f"bytes=-{length}", LARGEST_WHOLE) as response:
            if response.status_code == HTTPStatus.OK:
                return await self._take_whole(response, part)
            if response.status_code in _BUSY:
                raise refused(response)
            served = content_range(response)
            if served is not None and (served.start, served.end) == (max(0, served.size - length), served.size):
                await self._take(response, served.start, served.end, part)
                return False
        async with self._asked("bytes=0-0", LARGEST_WHOLE) as response:
            if response.status_code == HTTPStatus.OK:
                return await self._take_whole(response, part)
            await self._take(response, 0, 1, part)
        await part.clear()
        return None

    async def _take(self, response: httpx.Response, start: int, end: int, part: FilePart) -> None:
        """Take an answer that begins where it was asked for; it may have fewer bytes, but some (RFC 9110, 15.3.7)."""
        served = self._served(response)
        if served.start != start or served.end > end:
            raise UpstreamError(f"{response.url.host} answered with other bytes than were asked for.")
        left = served.end - served.start
        async for chunk in self._chunks(response):
            left -= len(chunk)
            if left < 0:
                raise UpstreamError(f"{response.url.host} sent more bytes than it said.")
            await part.write(chunk)
        if left:
            raise UpstreamError(f"{response.url.host} ended its answer too early.", retryable=True)

    async def _take_whole(self, response: httpx.Response, part: FilePart) -> bool:
        """Take an answer that is the whole file, up to a bound."""
        host = response.url.host
        if response.status_code != HTTPStatus.OK:
            raise refused(response)
        length = response.headers.get("content-length", "")
        told = int(length[:15]) if length.isascii() and length.isdigit() else None
        if told is not None and self.size not in {None, told}:
            raise self._other_size(told)
        most = min(LARGEST_WHOLE, LARGEST_WHOLE if self.size is None else self.size)
        too_large = UpstreamError(f"{host} serves no parts of files, and this one is too large to be read whole.")
        if max(told or 0, self.size or 0) > LARGEST_WHOLE:
            raise too_large
        async for chunk in self._chunks(response):
            await part.write(chunk)
            if part.length > most:
                raise too_large if self.size is None else self._other_size(part.length)
        if part.length < (self.size or 0):
            raise UpstreamError(f"{host} ended its answer too early.", retryable=True)
        self.size = part.length
        return True

    def _served(self, response: httpx.Response) -> Served:
        """Return what an answer to a range request has, if it is of the version that the first one was of."""
        host, status = response.url.host, response.status_code
        version = _Version.of(response.headers)
        if status == HTTPStatus.OK and self._version is not None:
            raise self._unasked_whole(host, version)
        if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            found = _UNSATISFIED.fullmatch(response.headers.get("content-range", "").strip())
            if found and self.size not in {None, int(found[1])}:
                raise self._other_size(int(found[1]))
        if status != HTTPStatus.PARTIAL_CONTENT:
            raise refused(response)
        served = content_range(response)
        if served is None:
            raise UpstreamError(f"{host} answered without saying which part of the file it sent.")
        if self.size not in {None, served.size}:
            raise self._other_size(served.size)
        if self._version is not None and self._version.differs(version):
            raise _changed()
        self.size = served.size
        self._version = self._version or version
        return served

    def _unasked_whole(self, host: str, version: _Version) -> UpstreamError | UnreadableWheelError:
        """Return the error for a whole file in place of a range: it changed, or the host cannot compare versions."""
        first = self._version
        if first is None or not first.is_known() or not version.is_known():
            return UpstreamError(f"{host} sent the whole file where a part was asked for.")
        if first.differs(version):
            return _changed()
        again, self._conditional = self._conditional, False
        return UpstreamError(f"{host} sent the whole file where a part was asked for.", retryable=again)

    def _other_size(self, told: int) -> UnreadableWheelError:
        if self._version is not None:
            return _changed()
        return UnreadableWheelError(f"The wheel has another size than its index says: {told} bytes, not {self.size}.")

    async def _chunks(self, response: httpx.Response) -> AsyncIterator[bytes]:
        """Return a body as it comes, unless that is too slow."""
        received = 0
        async for chunk in response.aiter_raw():
            received += len(chunk)
            self.bytes_read += len(chunk)
            if monotonic() - self._began > self.patience.deadline + received / SLOWEST:
                raise UpstreamError(f"{response.url.host} sends too slowly.", retryable=True)
            yield chunk

    @asynccontextmanager
    async def _asked(self, wanted: str | None, length: int) -> AsyncIterator[httpx.Response]:
        """Ask for a range, or for the file; ``length`` is what may come."""
        if self.requests >= MOST_REQUESTS:
            raise UpstreamError(f"{httpx.URL(self.url).host} would have to be asked too often for one file.")
        headers = {"Accept-Encoding": "identity"}
        if wanted is not None:
            headers["Range"] = wanted
            if self._version is not None and self._conditional and (condition := self._version.condition):
                headers["If-Range"] = condition
        self.requests += 1
        self._began = monotonic()
        deadline = min(self.patience.deadline + length / SLOWEST, self._seconds)
        try:
            async with asked(self.http, self.url, headers, service=self.service, deadline=deadline) as response:
                encoding = response.headers.get("content-encoding", "identity").strip().lower()
                if encoding not in {"", "identity"}:
                    host = response.url.host
                    raise UpstreamError(f"{host} answered in an encoding that was not asked for ({encoding[:20]}).")
                yield response
        finally:
            self._seconds -= monotonic() - self._began


def content_range(response: httpx.Response) -> Served | None:
    """Read ``Content-Range`` (RFC 9110, 14.4); None where it is none, or selects nothing, or lacks the file's size."""
    found = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", "").strip())
    if response.status_code != HTTPStatus.PARTIAL_CONTENT or found is None:
        return None
    served = Served(int(found[1]), int(found[2]) + 1, int(found[3]))
    return served if served.start < served.end <= served.size else None


def _changed() -> UnreadableWheelError:
    return UnreadableWheelError("The wheel changed while it was read.")
