"""httpx over aiohttp, through the gate of all requests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport, HttpxAiohttpClient

from bot.clients import failures
from bot.clients.failures import NO_ADDRESS, UNREACHABLE, Told
from bot.clients.guard import SERVICE, Places, RequestGate, origin_of
from bot.core.origins import Service


class GuardedTransport(httpx.AsyncBaseTransport):
    """Sends what is within its service, through a transport that makes its sockets at the gate."""

    def __init__(self, inner: httpx.AsyncBaseTransport, places: Places) -> None:
        if not isinstance(inner, AiohttpTransport):
            msg = "only aiohttp lets sockets be made by others"
            raise TypeError(msg)
        self._inner = inner
        self._limits, self._tls = inner.limits, inner.ssl_context
        self._by_proxy = inner.proxy is not None
        self._gate = RequestGate(places)
        inner.client = self._open_session

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request. Raises ``UpstreamError`` for one that leads where its service may not."""
        service = request.extensions.get(SERVICE)
        if not isinstance(service, Service):
            msg = "a request says for which service it is made"
            raise TypeError(msg)
        asking = self._gate.admit(service, origin_of(str(request.url)))
        if self._by_proxy:
            await self._gate.look_ahead(asking)
        with self._gate.watching(asking, by_proxy=self._by_proxy):
            return await self._inner.handle_async_request(request)

    def _open_session(self) -> aiohttp.ClientSession:
        limit = self._limits.max_connections
        return aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(),  # httpx knows nothing of the session's own
            connector=aiohttp.TCPConnector(
                limit=0 if limit is None else limit,
                keepalive_timeout=self._limits.keepalive_expiry,
                ssl=self._tls,
                socket_factory=self._gate.open_socket,
            ),
        )


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
async def open_client(user_agent: str, connections: int) -> AsyncIterator[httpx.AsyncClient]:
    """Open a pool of so many connections; every request carries the user agent."""
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=30)
    async with _Client(
        headers={"User-Agent": user_agent, "Accept-Encoding": "gzip"},
        limits=limits,
        timeout=httpx.Timeout(15, connect=5, pool=30),
    ) as http:
        yield http


def as_upstream_errors(host: Callable[[], str]) -> AbstractContextManager[None]:
    """Raise an ``UpstreamError`` for what goes wrong with a request; ``host`` gives who is asked at that time."""
    return failures.as_upstream_errors(host, (httpx.HTTPError, httpx.InvalidURL), _explain)


def _explain(cause: BaseException) -> Told | None:
    match cause:
        case httpx.PoolTimeout():
            return f"{UNREACHABLE} in time", True
        case httpx.ReadTimeout():
            return "did not answer in time", True
        case httpx.RemoteProtocolError():  # it finds no address in a redirect
            return "redirects to nowhere", False
        case httpx.UnsupportedProtocol() | httpx.InvalidURL():
            return NO_ADDRESS, False
        case _:
            return None
