"""The one gate of all requests: to where a service may lead, and to no address that it may not, whatever the name says.

The addresses are looked at where the socket is made, so that a name cannot mean one address when it is checked and
another when it is connected to.
"""

from __future__ import annotations

import asyncio
import socket
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from bot.core.errors import UpstreamError
from bot.core.origins import AddressKind, Host, Origin, Service, is_address, kind_of, origin

_LONGEST_SHOWN = 100

SERVICE = "service"
"""The key of a request's extensions that says for which ``Service`` it is made; a request without one is a bug."""


@lru_cache(maxsize=64)
def service_at(url: str, hosts: tuple[Host, ...] = ()) -> Service:
    """Return the service at a configured address. Raises ``UpstreamError`` where that is none of http or https."""
    home = origin_of(url)
    if home is None:
        raise UpstreamError(f"{url[:_LONGEST_SHOWN]} is no address.")
    return Service(home, hosts)


def origin_of(url: str | httpx.URL) -> Origin | None:
    """Return an address's origin as the client reads it, None for one that is not asked."""
    try:
        parsed = httpx.URL(url) if isinstance(url, str) else url
        return None if parsed.userinfo else origin(parsed.scheme, parsed.raw_host.decode("ascii"), parsed.port)
    except (httpx.InvalidURL, ValueError):
        return None


@dataclass(slots=True)
class Places:
    """What kind of address each service was first found at: it may stay there, and lead there, and nowhere else.

    So an index in a private network can be used, and one on the internet cannot turn into one on this machine.
    """

    _first: dict[str, AddressKind] = field(default_factory=dict)

    def admit(self, service: Service, host: str, address: str) -> bool:
        """Return whether an address may be connected to for a service that asks a host."""
        kind, home = kind_of(address), service.home.host
        if host == home:
            first = self._first.setdefault(home, kind)
            return kind is AddressKind.PUBLIC or kind is first
        known = kind_of(home) if is_address(home) else self._first.get(home)
        return kind is AddressKind.PUBLIC or kind is known


class _RefusedAddressError(OSError):
    """An address is not connected to; the text is the same for all addresses of a host."""


@dataclass(slots=True)
class _Asking:
    """A request under way; ``refused`` has the kind of an address that was not connected to."""

    service: Service
    host: str
    refused: AddressKind | None = None


_asking: ContextVar[_Asking | None] = ContextVar("_asking", default=None)


class GuardedTransport(httpx.AsyncBaseTransport):
    """Sends what is within its service, through a transport that makes its sockets here.

    A proxy connects by itself: of what it is asked for, the addresses that are known here are looked at beforehand.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, places: Places) -> None:
        if not isinstance(inner, AiohttpTransport):
            msg = "only aiohttp lets sockets be made by others"
            raise TypeError(msg)
        self._inner = inner
        self._limits, self._tls = inner.limits, inner.ssl_context
        self._by_proxy = inner.proxy is not None
        self._places = places
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
        to = origin_of(request.url)
        if to is None or not service.admits(to):
            raise UpstreamError(f"{shown(to)} is no address of {service.home.host}, so nothing is fetched from there.")
        asking = _Asking(service, to.host)
        if self._by_proxy:
            await self._look_ahead(asking, to.port)
        token = _asking.set(None if self._by_proxy else asking)
        try:
            return await self._inner.handle_async_request(request)
        except httpx.HTTPError as error:
            if asking.refused is None:
                raise
            raise _refusal(asking) from error
        finally:
            _asking.reset(token)

    def _open_session(self) -> aiohttp.ClientSession:
        limit = self._limits.max_connections
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0 if limit is None else limit,
                keepalive_timeout=self._limits.keepalive_expiry,
                ssl=self._tls,
                socket_factory=self._open_socket,
            )
        )

    def _open_socket(self, address: aiohttp.AddrInfoType) -> socket.socket:
        """Make the socket for one address, unless that may not be connected to."""
        family, kind, protocol, _, place = address
        asking = _asking.get()
        if asking is not None and not self._admits(asking, str(place[0])):
            raise _RefusedAddressError(asking.host)
        return socket.socket(family, kind, protocol)

    async def _look_ahead(self, asking: _Asking, port: int) -> None:
        """Look at the addresses of a host that a proxy will connect to; one that only the proxy knows passes."""
        try:
            known = await asyncio.get_running_loop().getaddrinfo(asking.host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return
        if not all(self._admits(asking, str(place[0])) for *_, place in known):
            raise _refusal(asking)

    def _admits(self, asking: _Asking, address: str) -> bool:
        admitted = self._places.admit(asking.service, asking.host, address)
        if not admitted:
            asking.refused = kind_of(address)
        return admitted


def shown(to: Origin | None) -> str:
    """Return a host as people read it; it may come from anybody."""
    return "That" if to is None else str(to)[:_LONGEST_SHOWN]


def _refusal(asking: _Asking) -> UpstreamError:
    what = AddressKind.NONE if asking.refused is None else asking.refused
    return UpstreamError(f"{asking.host[:_LONGEST_SHOWN]} is at {what.value}, where nothing is fetched from.")
