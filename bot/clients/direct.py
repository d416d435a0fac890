"""GETs by aiohttp itself, for whoever asks thousands of times: below httpx a request costs twice as much.

It goes through the same gate, follows the same redirects, and fails in the same words.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from urllib.request import getproxies, proxy_bypass

import aiohttp
import certifi
from aiohttp import hdrs
from yarl import URL

from bot.clients.answers import (
    LARGEST_BODY,
    MOST_REDIRECTS,
    Answer,
    check_redirect,
    host_of,
    inflated,
    meaning,
    refusal,
    too_long,
)
from bot.clients.failures import NO_ADDRESS, as_upstream_errors
from bot.clients.guard import Places, RequestGate, origin_of
from bot.core.errors import UpstreamError
from bot.core.origins import Origin, Service

_TIMEOUT = aiohttp.ClientTimeout(connect=30, sock_connect=5, sock_read=15)
_KEPT_ALIVE = 30.0
_REDIRECTS = frozenset(
    {
        HTTPStatus.MOVED_PERMANENTLY,
        HTTPStatus.FOUND,
        HTTPStatus.SEE_OTHER,
        HTTPStatus.TEMPORARY_REDIRECT,
        HTTPStatus.PERMANENT_REDIRECT,
    }
)


class _Environment:
    """What the environment says of how to connect, as other programs read it, too."""

    @cached_property
    def tls(self) -> ssl.SSLContext:
        """Return whom to believe: certifi's authorities, or those of ``SSL_CERT_FILE`` or ``SSL_CERT_DIR``."""
        file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
        if file:
            return ssl.create_default_context(cafile=file)
        return (
            ssl.create_default_context(capath=folder) if folder else ssl.create_default_context(cafile=certifi.where())
        )

    @cached_property
    def proxies(self) -> Mapping[str, str]:
        """Return the addresses of proxies by scheme, or for ``all``."""
        return {
            scheme: place if "://" in place else f"http://{place}" for scheme, place in getproxies().items() if place
        }

    def proxy(self, to: Origin) -> str | None:
        """Return the proxy that an origin is asked through, None where it is asked directly."""
        if not self.proxies:
            return None
        found = self.proxies.get(to.scheme, self.proxies.get("all"))
        return None if found is None or proxy_bypass(f"{to.host}:{to.port}") else found


@dataclass(frozen=True, slots=True)
class Direct:
    """A pool of connections."""

    session: aiohttp.ClientSession
    gate: RequestGate
    environment: _Environment = field(default_factory=_Environment)

    async def fetch(
        self, url: str, headers: Mapping[str, str], *, service: Service, deadline: float, most: int = LARGEST_BODY
    ) -> Answer:
        """GET a URL of a service within ``deadline`` seconds, up to ``most`` bytes.

        Failures, and statuses without a meaning here, are ``UpstreamError``.
        """
        async with self._asked(url, headers, service, deadline) as response:
            status = meaning(response.status, response.url.host, response.headers)
            parts: list[bytes] = []
            size = 0
            while part := await response.content.readany():
                parts.append(part)
                size += len(part)
                if size > most:
                    raise too_long(url, most)
            return Answer(status, str(response.url), response.headers, b"".join(parts), most)

    @asynccontextmanager
    async def stream(
        self, url: str, headers: Mapping[str, str], *, service: Service, deadline: float
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """GET a long document piece by piece, inflated; failures, and any status but 200, are ``UpstreamError``."""
        async with self._asked(url, headers, service, deadline) as response:
            if response.status != HTTPStatus.OK:
                raise refusal(response.status, response.url.host, response.headers)
            yield inflated(url, response.headers, response.content.iter_any())

    @asynccontextmanager
    async def _asked(
        self, url: str, headers: Mapping[str, str], service: Service, deadline: float
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a GET, and follow redirects as far as the service may lead; the deadline is for the block as well."""
        to = _read(url)
        with as_upstream_errors(lambda: _name(to)):
            async with asyncio.timeout(deadline):
                for _ in range(MOST_REDIRECTS + 1):
                    response = await self._send(to, headers, service)
                    async with response:
                        following = _following(response)
                        if following is None:
                            yield response
                            return
                    here = response.url
                    there = _joined(here, following)
                    check_redirect(service, here.host, origin_of(here), None if there is None else origin_of(there))
                    to = here if there is None else there
                raise UpstreamError(f"{_name(to)} redirects in circles.")

    async def _send(self, url: URL, headers: Mapping[str, str], service: Service) -> aiohttp.ClientResponse:
        """Send one request. Raises ``UpstreamError`` for one that leads where its service may not."""
        asking = self.gate.admit(service, origin_of(url))
        proxy = self.environment.proxy(asking.to)
        if proxy is not None:
            await self.gate.look_ahead(asking)
        with self.gate.watching(asking, by_proxy=proxy is not None):
            return await self.session.get(
                url,
                headers=headers,
                allow_redirects=False,
                proxy=proxy,
                ssl=self.environment.tls if asking.to.is_secure else True,
            )


@asynccontextmanager
async def open_direct(user_agent: str, *, connections: int = 50) -> AsyncIterator[Direct]:
    """Open a pool of so many connections; every request carries the user agent, and passes the gate."""
    gate = RequestGate(Places())
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=connections, keepalive_timeout=_KEPT_ALIVE, socket_factory=gate.open_socket
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={hdrs.USER_AGENT: user_agent, hdrs.ACCEPT_ENCODING: "gzip"},
        timeout=_TIMEOUT,
        auto_decompress=False,
    ) as session:
        yield Direct(session, gate)


def _read(url: str) -> URL:
    try:
        return URL(url)
    except ValueError as error:
        raise UpstreamError(f"{host_of(url)} {NO_ADDRESS}.") from error


def _name(url: URL) -> str:
    return url.host or "The server"


def _following(response: aiohttp.ClientResponse) -> str | None:
    """Return where an answer says that what was asked for is, None where it is the answer."""
    return response.headers.get(hdrs.LOCATION) if response.status in _REDIRECTS else None


def _joined(here: URL, location: str) -> URL | None:
    try:
        return here.join(URL(location))
    except ValueError:
        return None
