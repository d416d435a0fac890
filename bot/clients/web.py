"""HTTP as the clients use it: one connection pool, bounded bodies, deadlines, and retries that obey ``Retry-After``."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from itertools import count

import httpx
import stamina
from httpx_aiohttp import HttpxAiohttpClient

from bot.clients.failures import as_upstream_errors
from bot.clients.guard import SERVICE, GuardedTransport, Places, origin_of, shown
from bot.clients.gunzip import Gunzip, GzipError, inflate, too_large
from bot.core.errors import UpstreamError
from bot.core.origins import Service

LARGEST_BODY = 64 << 20
"""Bytes of a body, inflated; the largest project page seen has 12 MB."""

LARGEST_STREAM = 512 << 20
"""Bytes of a document that is read piece by piece, inflated; PyPI's list of all projects has some 45 MB."""

MOST_REDIRECTS = 5

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
        """Iterate over attempts; an ``UpstreamError`` that is not retryable ends them.

        With ``within``, an attempt that would begin after so many seconds is not waited for.
        """
        ends = None if within is None else time.monotonic() + within
        failures = count()

        def again(error: Exception) -> bool | float:
            longest = min(self.longest_wait, self.first_wait * (2 ** next(failures) + 1))
            asked = self._asked_wait(error)
            wait = longest if asked is True else asked
            if asked is False or (ends is not None and time.monotonic() + wait >= ends):
                return False
            return asked

        return stamina.retry_context(
            on=again,
            attempts=self.attempts,
            timeout=within,
            wait_initial=self.first_wait,
            wait_max=self.longest_wait,
            wait_jitter=self.first_wait,
        ).__aiter__()

    def _asked_wait(self, error: Exception) -> bool | float:
        """Return for how many seconds to wait after an error, True for as many as usual, False for ever."""
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
    most: int = LARGEST_BODY

    @property
    def etag(self) -> str | None:
        """Return the entity tag, for a conditional request later; None for one that no header can carry back."""
        return entity_tag(self.headers)

    def body(self) -> bytes:
        """Inflate the body, up to ``most`` bytes; CPU-bound. Raises ``UpstreamError``."""
        if not _is_gzip(self.url, self.headers):
            return self.sent
        try:
            return inflate(self.sent, self.most)
        except GzipError as error:
            raise _uninflated(self.url, error) from error


class _NoCookies(httpx.Cookies):
    """Takes no cookies: nobody here sets any, and looking for them is a fifth of what a request costs."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Take none."""


class _Client(HttpxAiohttpClient):
    """A client that has no cookies, and whose requests pass the gate, with or without a proxy."""

    _none = _NoCookies()

    def __init__(self, *, headers: Mapping[str, str], limits: httpx.Limits, timeout: httpx.Timeout) -> None:
        super().__init__(headers=dict(headers), limits=limits, timeout=timeout)
        places = Places()
        self._transport = GuardedTransport(self._transport, places)
        self._mounts = {
            pattern: None if proxied is None else GuardedTransport(proxied, places)
            for pattern, proxied in self._mounts.items()
        }

    @property
    def cookies(self) -> httpx.Cookies:
        """Return none."""
        return self._none

    @cookies.setter
    def cookies(self, _cookies: object) -> None:
        """Keep none."""


@asynccontextmanager
async def open_http(user_agent: str, *, connections: int = 50) -> AsyncIterator[httpx.AsyncClient]:
    """Open the connection pool of the process; every request carries the user agent, and passes the gate."""
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=30)
    async with _Client(
        headers={"User-Agent": user_agent, "Accept-Encoding": "gzip"},
        limits=limits,
        timeout=httpx.Timeout(15, connect=5, pool=30),
    ) as http:
        yield http


def entity_tag(headers: Mapping[str, str]) -> str | None:
    """Return the entity tag of an answer, None for one that no header can carry back; names are in small letters."""
    tag = headers.get("etag")
    return tag if tag is not None and tag.isascii() and tag.isprintable() else None


async def fetch(  # noqa: PLR0913 — how a document is asked for, by name
    http: httpx.AsyncClient,
    url: str,
    headers: Mapping[str, str],
    *,
    service: Service,
    deadline: float,
    most: int = LARGEST_BODY,
) -> Answer:
    """GET a URL of a service within ``deadline`` seconds, up to ``most`` bytes.

    Failures, and statuses without a meaning here, are ``UpstreamError``.
    """
    async with asked(http, url, headers, service=service, deadline=deadline) as response:
        if response.status_code not in _ANSWERS:
            raise refused(response)
        sent = bytearray()
        async for chunk in response.aiter_raw():
            sent += chunk
            if len(sent) > most:
                raise _uninflated(url, too_large(most))
        return Answer(HTTPStatus(response.status_code), str(response.url), response.headers, bytes(sent), most)


@asynccontextmanager
async def stream(
    http: httpx.AsyncClient, url: str, headers: Mapping[str, str], *, service: Service, deadline: float
) -> AsyncIterator[AsyncIterator[bytes]]:
    """GET a long document piece by piece, inflated; failures, and any status but 200, are ``UpstreamError``."""
    async with asked(http, url, headers, service=service, deadline=deadline) as response:
        if response.status_code != HTTPStatus.OK:
            raise refused(response)
        yield _pieces(url, response)


@asynccontextmanager
async def asked(
    http: httpx.AsyncClient, url: str, headers: Mapping[str, str], *, service: Service, deadline: float
) -> AsyncIterator[httpx.Response]:
    """Send a GET for a service, and follow redirects as far as that may lead; failures are ``UpstreamError``.

    The answer is there while the block runs, and the deadline is for both.
    """
    walk = _Walk(url)
    with as_upstream_errors(lambda: _host(walk.url)):
        async with asyncio.timeout(deadline):
            request = http.build_request("GET", url, headers=dict(headers), extensions={SERVICE: service})
            for _ in range(MOST_REDIRECTS + 1):
                response = await http.send(request, stream=True)
                try:
                    if response.next_request is None:
                        yield response
                        return
                finally:
                    await response.aclose()
                walk.url = str(_followed(service, response, response.next_request))
                # Not httpx's own: that one has a body, which servers take for the beginning of another request.
                request = http.build_request("GET", walk.url, headers=dict(headers), extensions={SERVICE: service})
            raise UpstreamError(f"{_host(walk.url)} redirects in circles.")


@dataclass(slots=True)
class _Walk:
    """What is asked for now, while redirects are followed."""

    url: str


def _followed(service: Service, response: httpx.Response, following: httpx.Request) -> httpx.URL:
    """Return where a redirect leads, if that stays within the service."""
    here, there = origin_of(response.url), origin_of(following.url)
    if there is None:
        raise UpstreamError(f"{response.url.host} redirects to nowhere.")
    if here is not None and here.is_secure and not there.is_secure:
        raise UpstreamError(f"{response.url.host} redirects from https to http, which is not followed.")
    if not service.admits(there, here):
        raise UpstreamError(f"{response.url.host} redirects to {shown(there)}, which is not followed.")
    return following.url


async def _pieces(url: str, response: httpx.Response) -> AsyncIterator[bytes]:
    """Return a body piece by piece as it comes, inflated; others get their turn in between."""
    if not _is_gzip(url, response.headers):
        size = 0
        async for chunk in response.aiter_raw():
            size += len(chunk)
            if size > LARGEST_STREAM:
                raise _uninflated(url, too_large(LARGEST_STREAM))
            yield chunk
        return
    whole = Gunzip(LARGEST_STREAM)
    try:
        async for chunk in response.aiter_raw():
            for part in whole.feed(chunk):
                yield part
                await asyncio.sleep(0)
        whole.end()
    except GzipError as error:
        raise _uninflated(url, error) from error


def _is_gzip(url: str, headers: Mapping[str, str]) -> bool:
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding in {"identity", ""}:
        return False
    if encoding not in {"gzip", "x-gzip"}:
        raise UpstreamError(f"{_host(url)} answered in an encoding that was not asked for ({encoding[:20]}).")
    return True


def refused(response: httpx.Response) -> UpstreamError:
    """Return the error for a status that means nothing here."""
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


def _uninflated(url: str, error: GzipError) -> UpstreamError:
    return UpstreamError(f"{_host(url)} {error}.", retryable=error.retryable)


def _host(url: str) -> str:
    try:
        return httpx.URL(url).host or "The server"
    except httpx.InvalidURL:
        return "The server"
