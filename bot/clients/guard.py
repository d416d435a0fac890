"""The one gate of all requests: to where a service may lead, and to no address that it may not, whatever the name says.

The addresses are looked at where the socket is made, so that a name cannot mean one address when it is checked and
another when it is connected to.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache

import aiohttp
from yarl import URL

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


def origin_of(url: str | URL) -> Origin | None:
    """Return an address's origin as aiohttp reads it, which connects; None for one that is not asked."""
    try:
        parsed = URL(url)
        if parsed.raw_user is not None or parsed.raw_password is not None:
            return None
        return origin(parsed.scheme, parsed.raw_host or "", parsed.explicit_port)
    except ValueError:
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
class Asking:
    """A request under way; ``refused`` has the kind of an address that was not connected to."""

    service: Service
    to: Origin
    refused: AddressKind | None = None


_asking: ContextVar[Asking | None] = ContextVar("_asking", default=None)


class RequestGate:
    """Lets pass what is within its service; whatever asks by aiohttp makes its sockets here.

    A proxy connects by itself: of what it is asked for, the addresses that are known here are looked at beforehand.
    """

    def __init__(self, places: Places) -> None:
        self._places = places

    def admit(self, service: Service, to: Origin | None) -> Asking:
        """Begin a request. Raises ``UpstreamError`` for one that leads where its service may not."""
        if to is None or not service.admits(to):
            raise UpstreamError(f"{shown(to)} is no address of {service.home.host}, so nothing is fetched from there.")
        return Asking(service, to)

    @contextmanager
    def watching(self, asking: Asking, *, by_proxy: bool) -> Iterator[None]:
        """Look at the sockets that are made for a request while the block runs.

        Raises ``UpstreamError`` where it fails because of an address that may not be connected to.
        """
        token = _asking.set(None if by_proxy else asking)
        try:
            yield
        except Exception as error:
            if asking.refused is None:
                raise
            raise _refusal(asking) from error
        finally:
            _asking.reset(token)

    async def look_ahead(self, asking: Asking) -> None:
        """Look at the addresses of a host that a proxy will connect to; one that only the proxy knows passes."""
        loop = asyncio.get_running_loop()
        try:
            known = await loop.getaddrinfo(asking.to.host, asking.to.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return
        if not all(self._admits(asking, str(place[0])) for *_, place in known):
            raise _refusal(asking)

    def open_socket(self, address: aiohttp.AddrInfoType) -> socket.socket:
        """Make the socket for one address, unless that may not be connected to."""
        family, kind, protocol, _, place = address
        asking = _asking.get()
        if asking is not None and not self._admits(asking, str(place[0])):
            raise _RefusedAddressError(asking.to.host)
        return socket.socket(family, kind, protocol)

    def _admits(self, asking: Asking, address: str) -> bool:
        admitted = self._places.admit(asking.service, asking.to.host, address)
        if not admitted:
            asking.refused = kind_of(address)
        return admitted


def shown(to: Origin | None) -> str:
    """Return a host as people read it; it may come from anybody."""
    return "That" if to is None else str(to)[:_LONGEST_SHOWN]


def _refusal(asking: Asking) -> UpstreamError:
    what = AddressKind.NONE if asking.refused is None else asking.refused
    return UpstreamError(f"{asking.to.host[:_LONGEST_SHOWN]} is at {what.value}, where nothing is fetched from.")
