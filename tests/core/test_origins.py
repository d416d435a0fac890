"""Where a service may lead: by origin and host, never to less secure ones, and to which kinds of address."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.origins import AddressKind, Host, Origin, Service, hosts_of_index, kind_of, origin, parse_host

INDEX = Origin("https", "index.example", 443)
PLAIN = Origin("http", "index.example", 80)
FILES = Host("files.example")


@pytest.mark.parametrize(
    ("to", "admitted"),
    [
        (Origin("https", "index.example", 443), True),
        (Origin("https", "index.example", 8443), False),
        (Origin("http", "index.example", 80), False),
        (Origin("https", "files.example", 443), True),
        (Origin("https", "files.example", 444), False),
        (Origin("http", "files.example", 80), False),
        (Origin("https", "evil.example", 443), False),
        (Origin("https", "index.example.evil.example", 443), False),
        (Origin("https", "index.example.", 443), False),
        (Origin("https", "127.0.0.1", 443), False),
    ],
)
def test_a_service_leads_to_its_own_origin_and_its_hosts_and_nowhere_else(to: Origin, admitted: bool) -> None:
    assert Service(INDEX, (FILES,)).admits(to) is admitted


def test_a_service_without_tls_may_begin_to_use_it_and_never_goes_back() -> None:
    service = Service(PLAIN, (FILES,))
    assert service.admits(INDEX)
    assert service.admits(PLAIN)
    assert not service.admits(PLAIN, after=INDEX)
    assert service.admits(Origin("http", "files.example", 80))
    assert not service.admits(Origin("http", "files.example", 80), after=INDEX)
    assert not Service(Origin("http", "index.example", 8080)).admits(INDEX)


def test_a_host_with_a_port_is_that_port_alone() -> None:
    service = Service(PLAIN, (Host("files.example", 8081),))
    assert service.admits(Origin("http", "files.example", 8081))
    assert service.admits(Origin("https", "files.example", 8081))
    assert not service.admits(Origin("http", "files.example", 80))


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("https", "Index.Example", None), INDEX),
        (("http", "index.example", 80), PLAIN),
        (("ftp", "index.example", None), None),
        (("https", "", None), None),
        (("https", "index.example", 0), None),
        (("https", "index.example", 65_536), None),
    ],
)
def test_an_origin_is_one_of_http_or_https(parts: tuple[str, str, int | None], expected: Origin | None) -> None:
    assert origin(*parts) == expected


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("files.example", Host("files.example")),
        (" Files.Example:8080 ", Host("files.example", 8080)),
        ("localhost", Host("localhost")),
        ("devpi_files", Host("devpi_files")),
        ("127.0.0.1:8080", Host("127.0.0.1", 8080)),
        ("[::1]:8080", Host("::1", 8080)),
        ("[::1]", Host("::1")),
    ],
)
def test_a_host_is_read_and_shown_as_people_write_it(text: str, host: Host) -> None:
    assert parse_host(text) == host
    assert parse_host(str(host)) == host


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "http://files.example", "files.example/path", "files.example:0", "files.example:65536", "a:b", "*",
        "*.example", "files..example", "-files.example", "::1", "[files.example]", "[::1", "127.1", "2130706433",
        "0x7f000001", "user@files.example", "bücher.example", "files.example:", "f" * 64, "1.2.3.4.5",
    ],
)  # fmt: skip
def test_what_is_no_host_is_refused_with_what_one_looks_like(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no host\. Write it like `files\.example`"):
        parse_host(text)


@given(st.text())
def test_any_text_is_a_host_that_reads_the_same_again_or_refused(text: str) -> None:
    try:
        host = parse_host(text)
    except ValueError:
        return
    assert parse_host(str(host)) == host


@pytest.mark.parametrize(
    ("scheme", "host", "hosts"),
    [
        ("https", "pypi.org", (Host("files.pythonhosted.org"),)),
        ("http", "pypi.org", ()),
        ("https", "test.pypi.org", ()),
        ("https", "mirror.example", ()),
        ("", "", ()),
    ],
)
def test_only_pypi_is_known_to_keep_its_files_elsewhere(scheme: str, host: str, hosts: tuple[Host, ...]) -> None:
    assert hosts_of_index(scheme, host) == hosts


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("151.101.64.223", AddressKind.PUBLIC),
        ("2a04:4e42::223", AddressKind.PUBLIC),
        ("127.0.0.1", AddressKind.LOOPBACK),
        ("127.255.0.9", AddressKind.LOOPBACK),
        ("::1", AddressKind.LOOPBACK),
        ("10.0.0.5", AddressKind.PRIVATE),
        ("172.16.9.9", AddressKind.PRIVATE),
        ("192.168.1.1", AddressKind.PRIVATE),
        ("192.0.0.8", AddressKind.PRIVATE),
        ("100.64.0.1", AddressKind.PRIVATE),
        ("198.18.0.1", AddressKind.PRIVATE),
        ("fd00::1", AddressKind.PRIVATE),
        ("fec0::1", AddressKind.PRIVATE),
        ("64:ff9b:1::a00:5", AddressKind.PRIVATE),
        ("169.254.169.254", AddressKind.LINK_LOCAL),
        ("fe80::1", AddressKind.LINK_LOCAL),
        ("fe80::1%eth0", AddressKind.LINK_LOCAL),
        ("0.0.0.0", AddressKind.NONE),  # noqa: S104 — where nobody listens
        ("::", AddressKind.NONE),
        ("224.0.0.1", AddressKind.NONE),
        ("ff02::1", AddressKind.NONE),
        ("localhost", AddressKind.NONE),
        ("2130706433", AddressKind.NONE),
        ("", AddressKind.NONE),
    ],
)
def test_addresses_are_of_kinds(address: str, kind: AddressKind) -> None:
    assert kind_of(address) is kind


@given(
    st.ip_addresses(v=4) | st.sampled_from([IPv4Address("127.0.0.1"), IPv4Address("169.254.169.254")]),
    st.sampled_from(["::ffff:{}", "64:ff9b::{}", "2002:{0[0]:02x}{0[1]:02x}:{0[2]:02x}{0[3]:02x}::1", "::{}"]),
)
def test_an_address_inside_another_is_never_taken_for_a_public_one(inner: IPv4Address, form: str) -> None:
    outer = form.format(inner.packed if "[" in form else inner)
    public = kind_of(str(inner)) is AddressKind.PUBLIC
    assert (kind_of(outer) is AddressKind.PUBLIC) <= public
    if int(inner) > 1:  # which as `::0.0.0.1` is the loopback address itself
        assert kind_of(outer) is kind_of(str(inner))
