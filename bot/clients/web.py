"""HTTP as the clients use it: one connection pool, bounded bodies, deadlines, and retries that obey ``Retry-After``."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from importlib import import_module
from typing import Protocol

import aiohttp
import httpx
import stamina
from httpx_aiohttp import HttpxAiohttpClient

from bot.core.errors import UpstreamError

LARGEST_BODY = 64 << 20
"""Bytes of a body, inflated; the largest project page seen has 12 MB."""


class _Inflater(Protocol):
    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


_new_inflater: Callable[[int], _Inflater] = zlib.decompressobj
with suppress(ImportError):  # optional: without it the standard library inflates, at twice the CPU
    _new_inflater = import_module("isal.isal_zlib").decompressobj

_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_ANSWERS = frozenset({HTTPStatus.OK, HTTPStatus.NOT_MODIFIED, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


@dataclass(frozen=True, slots=True)
class Patience:
    """How hard a request is tried: attempts, waits in seconds that double up to a limit, a deadline for each attempt.

    A service that asks to be left alone for longer than ``longest_wait`` is left alone.
    """

    attempts: int = 3
    first_wait: float = 0.25
    longest_wait: float = 5.0
    deadline: float = 60.0

    def retrying(self, *, within: float | None = None) -> AsyncIterator[stamina.Attempt]:
        """Iterate over attempts; an ``UpstreamError`` that is not retryable ends them, and so do so many seconds."""
        return stamina.retry_context(
            on=self._again,
            attempts=self.attempts,
            timeout=within,
            wait_initial=self.first_wait,
            wait_max=self.longest_wait,
            wait_jitter=self.first_wait,
        ).__aiter__()

    def _again(self, error: Exception) -> bool | float:
        if not isinstance(error, UpstreamError) or not error.retryable:
            return False
        if error.retry_after is None:
            return True
        return error.retry_after if error.retry_after <= self.longest_wait else False


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that means something (200, 304, 404, 410) with its body as sent."""

    status: HTTPStatus
    url: str
    headers: Mapping[str, str]
    sent: bytes

    @property
    def etag(self) -> str | None:
        """Give the entity tag, for a conditional request later; None for one that no header can carry back."""
        return entity_tag(self.headers)

    def body(self) -> bytes:
        """Inflate the body, up to ``LARGEST_BODY``; CPU-bound. Raises ``UpstreamError``."""
        encoding = self.headers.get("content-encoding", "identity").strip().lower()
        if encoding in {"identity", ""}:
            return self.sent
        if encoding not in {"gzip", "x-gzip"}:
            raise UpstreamError(f"{_host(self.url)} answered in an encoding that was not asked for ({encoding[:20]}).")
        inflater = _new_inflater(_GZIP_WINDOW)
        try:
            body = inflater.decompress(self.sent, LARGEST_BODY + 1)
        except Exception as error:  # isal raises a class of its own
            raise UpstreamError(f"{_host(self.url)} answered garbage instead of gzip.", retryable=True) from error
        if len(body) > LARGEST_BODY:
            raise _too_large(self.url)
        if not inflater.eof:
            raise UpstreamError(f"{_host(self.url)} ended its answer too early.", retryable=True)
        return body


class _NoCookies(httpx.Cookies):
    """Takes no cookies: nobody here sets any, and looking for them is a fifth of what a request costs."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Take none."""


class _Client(HttpxAiohttpClient):
    """A client that has no cookies."""

    _none = _NoCookies()

    @property
    def cookies(self) -> httpx.Cookies:
        """Give none."""
        return self._none

    @cookies.setter
    def cookies(self, _cookies: object) -> None:
        """Keep none."""


@asynccontextmanager
async def open_http(user_agent: str, *, connections: int = 50) -> AsyncIterator[httpx.AsyncClient]:
    """Open the connection pool of the process; every request carries the user agent."""
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=30)
    async with _Client(
        headers={"User-Agent": user_agent, "Accept-Encoding": "gzip"},
        limits=limits,
        timeout=httpx.Timeout(15, connect=5, pool=30),
        follow_redirects=True,
        max_redirects=5,
    ) as http:
        yield http


def entity_tag(headers: Mapping[str, str]) -> str | None:
    """Give the entity tag of an answer, None for one that no header can carry back; names are in small letters."""
    tag = headers.get("etag")
    return tag if tag is not None and tag.isascii() and tag.isprintable() else None


async def fetch(http: httpx.AsyncClient, url: str, headers: Mapping[str, str], *, deadline: float) -> Answer:
    """GET a URL within ``deadline`` seconds; failures, and statuses without a meaning here, are ``UpstreamError``."""
    with _as_upstream_errors(url):
        async with asyncio.timeout(deadline), http.stream("GET", url, headers=dict(headers)) as response:
            if response.status_code not in _ANSWERS:
                raise _refusal(response)
            sent = bytearray()
            async for chunk in response.aiter_raw():
                sent += chunk
                if len(sent) > LARGEST_BODY:
                    raise _too_large(url)
            return Answer(HTTPStatus(response.status_code), str(response.url), response.headers, bytes(sent))


@asynccontextmanager
async def stream(
    http: httpx.AsyncClient, url: str, headers: Mapping[str, str], *, deadline: float
) -> AsyncIterator[AsyncIterator[bytes]]:
    """GET a long document piece by piece, inflated; failures, and any status but 200, are ``UpstreamError``."""
    with _as_upstream_errors(url):
        async with asyncio.timeout(deadline), http.stream("GET", url, headers=dict(headers)) as response:
            if response.status_code != HTTPStatus.OK:
                raise _refusal(response)
            yield response.aiter_bytes()


@contextmanager
def _as_upstream_errors(url: str) -> Iterator[None]:
    try:
        yield
    except (TimeoutError, httpx.TimeoutException) as error:
        problem = "could not be reached" if _lost_connection(error) else "did not answer in time"
        raise UpstreamError(f"{_host(url)} {problem}.", retryable=True) from error
    except (httpx.TooManyRedirects, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise UpstreamError(f"{_host(url)} redirects to nowhere.") from error
    except (httpx.HTTPError, aiohttp.ClientError, OSError) as error:
        raise UpstreamError(f"{_host(url)} could not be reached.", retryable=True) from error


def _lost_connection(error: Exception) -> bool:
    """Tell a refused or lost connection from a timeout: httpx-aiohttp reports both as one, the cause tells."""
    cause = error.__cause__
    return isinstance(cause, aiohttp.ClientConnectionError) and not isinstance(cause, aiohttp.ServerTimeoutError)


def _refusal(response: httpx.Response) -> UpstreamError:
    status = response.status_code
    busy = status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
    retryable = busy or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    phrase = "asks to slow down (429)" if status == HTTPStatus.TOO_MANY_REQUESTS else f"answered with status {status}"
    wait = _retry_after(response.headers.get("retry-after"))
    return UpstreamError(f"{response.url.host} {phrase}.", retryable=retryable, busy=busy, retry_after=wait)


def _retry_after(value: str | None) -> float | None:
    """Read seconds or a date (RFC 9110, 10.2.3); None for what is neither."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def _too_large(url: str) -> UpstreamError:
    return UpstreamError(f"{_host(url)} answered with more than {LARGEST_BODY >> 20} MiB, which no project page has.")


def _host(url: str) -> str:
    try:
        return httpx.URL(url).host or "The server"
    except httpx.InvalidURL:
        return "The server"
