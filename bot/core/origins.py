"""Where a service may lead: to which origins, and to what kind of address there.

An index says where its files are, and any server may redirect. What it says is followed within the origin that was
configured, and to hosts that were; never from https to http, and never to an address of this machine or its network
unless the service itself is there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

_PORTS = {"http": 80, "https": 443}
_LARGEST_PORT = 65_535
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*", re.ASCII)
_NUMBERS = re.compile(r"[0-9.]+|0x[0-9a-f]+", re.ASCII)
_EMBEDDING = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))
"""Where the last four bytes are an IPv4 address that is connected to: NAT64 (RFC 6052), and RFC 4291, 2.5.5.1."""

_ALSO_PRIVATE = tuple(map(ip_network, ("64:ff9b:1::/48", "fec0::/10", "192.0.0.0/24")))
"""Not for the world, which older versions of ``ipaddress`` do not know of all."""

PYPI = "pypi.org"
PYPI_FILES = "files.pythonhosted.org"


class AddressKind(Enum):
    """What an address is, as far as it matters who may lead there."""

    PUBLIC = "a public address"
    PRIVATE = "an address of a private network"
    LOOPBACK = "an address of this machine"
    LINK_LOCAL = "a link-local address"
    NONE = "an address of nobody"


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of an http or https address; ``host`` in small letters, an IPv6 address without brackets."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        return str(Host(self.host, None if self.port == _PORTS[self.scheme] else self.port))

    @property
    def is_secure(self) -> bool:
        """Return whether what is fetched from there is encrypted."""
        return self.scheme == "https"


@dataclass(frozen=True, slots=True)
class Host:
    """A host that files may be fetched from; without a port it is the scheme's own."""

    name: str
    port: int | None = None

    def __str__(self) -> str:
        name = f"[{self.name}]" if ":" in self.name else self.name
        return name if self.port is None else f"{name}:{self.port}"


@dataclass(frozen=True, slots=True)
class Service:
    """A service as configured: its own origin, and the hosts besides that it may lead to."""

    home: Origin
    hosts: tuple[Host, ...] = ()

    def admits(self, to: Origin, after: Origin | None = None) -> bool:
        """Return whether an origin may be asked for this service, where another one led there."""
        if not to.is_secure and (self.home.is_secure or (after is not None and after.is_secure)):
            return False
        if to == self.home:
            return True
        encrypted = Origin("https", self.home.host, _PORTS["https"])
        if to == encrypted and self.home.port == _PORTS["http"]:
            return True
        return any(host.name == to.host and (host.port or _PORTS[to.scheme]) == to.port for host in self.hosts)


@lru_cache(maxsize=256)
def origin(scheme: str, host: str, port: int | None) -> Origin | None:
    """Make an origin of the parts of an address, None where it is none of http or https."""
    default = _PORTS.get(scheme)
    if default is None or not host or (port is not None and not 0 < port <= _LARGEST_PORT):
        return None
    return Origin(scheme, host.lower(), port or default)


def parse_host(text: str) -> Host:
    """Read ``files.example`` or ``files.example:8080``; raises ``ValueError`` with a sentence for people."""
    whole = text.strip().lower()
    bracketed = re.fullmatch(r"\[([0-9a-f:.]+)\](?::(\d{1,5}))?", whole, re.ASCII)
    plain = re.fullmatch(r"([^:/\[\]]+)(?::(\d{1,5}))?", whole, re.ASCII)
    found = bracketed or plain
    port = int(found[2]) if found and found[2] else None
    name = found[1] if found else ""
    known = is_address(name) if bracketed or _NUMBERS.fullmatch(name) else _NAME.fullmatch(name) is not None
    if not known or port == 0 or (port or 0) > _LARGEST_PORT:
        msg = (
            f"`{text.strip()[:100]}` is no host. Write it like `files.example` or `files.example:8080`, without http://"
        )
        raise ValueError(msg)
    return Host(name, port)


def hosts_of_index(scheme: str, host: str) -> tuple[Host, ...]:
    """Return the hosts besides its own that an index is known to keep its files on: PyPI's, and no other's."""
    return (Host(PYPI_FILES),) if (scheme, host) == ("https", PYPI) else ()


def is_address(host: str) -> bool:
    """Return whether it is an address and not a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def kind_of(address: str) -> AddressKind:
    """Return what kind of address one is, by the address that it stands for where that is inside another."""
    try:
        ip = ip_address(address)
    except ValueError:
        return AddressKind.NONE
    return _kind(ip)


def _kind(ip: IPv4Address | IPv6Address) -> AddressKind:
    if ip.is_loopback:
        return AddressKind.LOOPBACK
    if ip.is_unspecified or ip.is_multicast:
        return AddressKind.NONE
    if isinstance(ip, IPv6Address) and (inner := _embedded(ip)) is not None:
        return _kind(inner)
    if ip.is_link_local:
        return AddressKind.LINK_LOCAL
    if not ip.is_global or any(ip in network for network in _ALSO_PRIVATE if network.version == ip.version):
        return AddressKind.PRIVATE
    return AddressKind.NONE if ip.is_reserved else AddressKind.PUBLIC


def _embedded(ip: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that packets to an IPv6 address go to."""
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip.sixtofour is not None:
        return ip.sixtofour
    if ip.teredo is not None:
        return ip.teredo[1]
    if any(ip in network for network in _EMBEDDING):
        return IPv4Address(int(ip) & 0xFFFF_FFFF)
    return None
