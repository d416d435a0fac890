"""Who asks: the address of a client, also through proxies that are trusted to say for whom they ask."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network

NOBODY_KNOWN = "nobody known"
"""Who asks where that cannot be told."""

_MOST_HOPS = 20
_SUBSCRIBER = 64
"""Bits of an IPv6 address that tell subscribers apart: one of them has all addresses below."""


def asker(peer: str | None, forwarded: Iterable[str], trusted: Sequence[Network]) -> str:
    """Return who asks, as budgets count them: an IPv4 address, or the network of an IPv6 address.

    ``peer`` is who is connected, ``forwarded`` has the ``X-Forwarded-For`` headers. Each proxy adds whom it was asked
    by at the right, so the right-most that is no trusted proxy asks: what stands left of it anybody may have written.
    """
    current = _address(peer or "")
    hops = [hop for line in forwarded for hop in line.split(",")][-_MOST_HOPS:] if trusted else []
    while current is not None and hops and any(current in network for network in trusted):
        hop = _address(hops.pop())
        if hop is None:
            break
        current = hop
    if current is None:
        return NOBODY_KNOWN
    if isinstance(current, IPv6Address):
        return str(IPv6Network((current, _SUBSCRIBER), strict=False))
    return str(current)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address as proxies write it, with or without a port; an IPv4 address in IPv6 is that IPv4 address."""
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        found = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
