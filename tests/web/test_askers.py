"""Who asks is believed of trusted proxies only, and of what they themselves added."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.web.askers import NOBODY_KNOWN, asker

PROXIES = (ip_network("10.0.0.0/8"), ip_network("127.0.0.1/32"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "who"),
    [
        ("192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", ["203.0.113.9"], "192.0.2.1"),  # no trusted proxy says so
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["198.51.100.7, 203.0.113.9"], "203.0.113.9"),  # the left one is what the client wrote
        ("10.0.0.1", ["198.51.100.7", "203.0.113.9"], "203.0.113.9"),  # two headers are one list
        ("10.0.0.1", ["203.0.113.9, 10.2.3.4 ,10.0.0.9"], "203.0.113.9"),
        ("10.0.0.1", ["10.2.3.4"], "10.2.3.4"),
        ("10.0.0.1", ["203.0.113.9:4711"], "203.0.113.9"),
        ("10.0.0.1", ["[2001:db8:1:2::3]:4711"], "2001:db8:1:2::/64"),
        ("10.0.0.1", ["unknown"], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9, unknown"], "10.0.0.1"),
        ("10.0.0.1", [","], "10.0.0.1"),
        ("::ffff:10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("fd00::1", ["::ffff:203.0.113.9"], "203.0.113.9"),
        ("2001:db8::1", [], "2001:db8::/64"),
        ("fe80::1%eth0", [], "fe80::/64"),
        (None, ["203.0.113.9"], NOBODY_KNOWN),
        ("", [], NOBODY_KNOWN),
    ],
)
def test_the_right_most_that_is_no_trusted_proxy_asks(peer: str | None, forwarded: list[str], who: str) -> None:
    assert asker(peer, forwarded, PROXIES) == who


@given(st.lists(st.text()))
def test_where_no_proxy_is_trusted_nothing_that_is_written_counts(forwarded: list[str]) -> None:
    assert asker("127.0.0.1", forwarded, ()) == "127.0.0.1"


@given(st.lists(st.text(alphabet="0123456789abcdef.:,[]% x", max_size=60)))
def test_whatever_is_written_somebody_asks(forwarded: list[str]) -> None:
    assert asker("10.0.0.1", forwarded, PROXIES)


@given(st.text(max_size=60))
def test_what_a_client_writes_before_its_address_changes_nothing(written: str) -> None:
    assert asker("10.0.0.1", [f"{written}, 203.0.113.9"], PROXIES) == "203.0.113.9"
