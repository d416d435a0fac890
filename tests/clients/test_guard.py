"""The gate of all requests: nobody who answers can send them anywhere but to where a service may lead."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus

import httpx
import msgspec
import pytest

from bot.clients.guard import SERVICE, Places, origin_of, service_at
from bot.clients.pages import ProjectPage
from bot.clients.pypi import PackageIndex
from bot.clients.top_packages import TopPackagesSource
from bot.clients.web import Http, Patience, fetch
from bot.core.errors import UpstreamError
from bot.core.index.metadata import Metadata
from bot.core.index.simple_api import MetadataFile
from bot.core.origins import Host, Origin, Service, parse_host
from tests.clients.conftest import Opening
from tests.fakes.fake_index import FakeIndex, redirect
from tests.fakes.index_pages import sdist, wheels
from tests.patience import at_most

ONCE = Patience(attempts=1, deadline=at_most(60))
PUBLIC, ELSEWHERE = "151.101.64.223", "2a04:4e42::223"
SOURCE = "https://github.com/demo/demo"
METADATA = f"Metadata-Version: 2.4\nName: demo\nVersion: 1.0\nProject-URL: Source, {SOURCE}\n".encode()
EVERYTHING = Metadata(source=SOURCE)
WHEEL = "demo-1.0-cp314-cp314t-win32.whl"


@pytest.fixture
async def server() -> AsyncIterator[FakeIndex]:
    """Give a package index."""
    async with FakeIndex() as running:
        yield running


@pytest.fixture
async def other() -> AsyncIterator[FakeIndex]:
    """Give a server at another port, which has what nobody may ask for."""
    async with FakeIndex() as running:
        running.serve_raw("/secret", body=METADATA)
        running.serve_raw("/secret.metadata", body=METADATA)
        yield running


def port_of(server: FakeIndex) -> int:
    """Return a server's port."""
    found = origin_of(server.url)
    assert found is not None
    return found.port


def reading(http: Http, server: FakeIndex, *hosts: str) -> PackageIndex:
    """Read an index that may lead to these hosts."""
    return PackageIndex(
        http, server.index_url, server.json_api_url, ONCE, hosts=tuple(parse_host(host) for host in hosts)
    )


async def metadata_at(index: PackageIndex, url: str, hashes: dict[str, str] | None = None) -> Metadata | None:
    """Read the metadata file at an address, as a page gives it."""
    return await index.metadata("demo", "1.0", MetadataFile(url, hashes or {}))


# Where redirects lead


async def test_a_redirect_elsewhere_is_not_followed(server: FakeIndex, other: FakeIndex, http: Http) -> None:
    other.publish("demo", [sdist("demo", "1.0")])
    server.script(redirect(f"{other.index_url}demo/"))
    with pytest.raises(UpstreamError) as refused:
        await reading(http, server).project("demo")
    assert str(refused.value) == f"127.0.0.1 redirects to 127.0.0.1:{port_of(other)}, which is not followed."
    assert not refused.value.retryable
    assert other.requests == []


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://localhost:{port}/secret",
        "http://[::1]:{port}/secret",
        "http://2130706433:{port}/secret",
        "http://127.0.0.1:{port}@evil.example/",
        "//evil.example/",
        "https://127.0.0.1:{port}/secret",
        "http://user:word@127.0.0.1:{port}/secret",
        "file:///etc/passwd",
        "gopher://127.0.0.1:{port}/",
    ],
)
async def test_no_spelling_of_elsewhere_is_followed(server: FakeIndex, http: Http, location: str) -> None:
    server.serve_raw("/secret", body=METADATA)
    server.script(redirect(location.format(port=port_of(server))))
    with pytest.raises(UpstreamError, match="redirects to"):
        await reading(http, server).project("demo")
    assert server.count("secret") == 0


async def test_every_step_of_a_walk_is_looked_at(server: FakeIndex, other: FakeIndex, http: Http) -> None:
    server.script(redirect("/one"))
    server.script(redirect("/two"), path="^/one$")
    server.script(redirect(f"{other.url}/secret"), path="^/two$")
    with pytest.raises(UpstreamError, match="which is not followed"):
        await reading(http, server).project("demo")
    assert [request.path for request in server.requests] == ["/simple/demo/", "/one", "/two"]
    assert other.requests == []


async def test_a_host_of_the_settings_may_be_led_to(server: FakeIndex, other: FakeIndex, http: Http) -> None:
    other.publish("demo", [sdist("demo", "1.0")])
    server.script(redirect(f"{other.index_url}demo/"))
    assert isinstance(await reading(http, server, f"127.0.0.1:{port_of(other)}").project("demo"), ProjectPage)


async def test_lists_may_not_lead_elsewhere_either(server: FakeIndex, other: FakeIndex, http: Http) -> None:
    server.script(redirect(f"{other.url}/secret"), path="", times=None)
    with pytest.raises(UpstreamError, match="which is not followed"):
        await reading(http, server).serials({"demo"})
    with pytest.raises(UpstreamError, match="which is not followed"):
        await TopPackagesSource(http, f"{server.url}/top.json", ONCE).fetch()
    assert other.requests == []


# Where a page says that metadata is


async def test_metadata_elsewhere_is_not_fetched_and_the_next_place_is_asked(
    server: FakeIndex, other: FakeIndex, http: Http
) -> None:
    index = reading(http, server)
    assert await metadata_at(index, f"{other.url}/secret.metadata") is None
    server.publish("demo", [sdist("demo", "1.0")], project_urls={"Source": SOURCE})
    assert await metadata_at(index, f"{other.url}/secret.metadata") == EVERYTHING
    assert other.requests == []
    assert await metadata_at(reading(http, server, f"127.0.0.1:{port_of(other)}"), f"{other.url}/secret.metadata") == (
        EVERYTHING
    )
    assert other.count("secret") == 1


@pytest.mark.parametrize("algorithm", ["sha256", "sha512", "md5"])
async def test_metadata_with_another_hash_is_not_believed(server: FakeIndex, http: Http, algorithm: str) -> None:
    right = hashlib.new(algorithm, METADATA).hexdigest()
    url = f"{server.url}/demo.metadata"
    server.serve_raw("/demo.metadata", body=METADATA)
    index = reading(http, server)
    assert await metadata_at(index, url, {algorithm: right}) == EVERYTHING
    assert await metadata_at(index, url, {algorithm: right.upper(), "new": "x"}) == EVERYTHING
    for wrong in (right[:-1] + "x", "", right[:8]):
        assert await metadata_at(index, url, {algorithm: wrong}) is None


async def test_the_hash_is_the_one_on_the_page(server: FakeIndex, http: Http) -> None:
    (file,) = wheels("demo", "1.0", "cp314-cp314t-win32")
    server.publish("demo", [replace(file, metadata=METADATA.decode())])
    index = reading(http, server)
    page = await index.project("demo")
    assert isinstance(page, ProjectPage)
    assert page.metadata_file is not None
    assert page.metadata_file.hashes == {"sha256": hashlib.sha256(METADATA).hexdigest()}
    assert await index.metadata("demo", "1.0", page.metadata_file) == EVERYTHING
    server.serve_raw(f"/files/{WHEEL}.metadata", body=METADATA.replace(b"github.com", b"evil.example"))
    assert await index.metadata("demo", "1.0", page.metadata_file) == Metadata()


async def test_a_metadata_file_has_a_bound_of_its_own(server: FakeIndex, http: Http) -> None:
    server.serve_raw("/demo.metadata", body=METADATA + bytes(9 << 20))
    assert await metadata_at(reading(http, server), f"{server.url}/demo.metadata") is None


# What a name turns out to be


def test_an_index_on_the_internet_never_turns_into_one_on_this_machine() -> None:
    places = Places()
    service = Service(Origin("http", "index.example", 80), (Host("files.example"),))
    assert not places.admit(service, "files.example", "127.0.0.1")
    assert places.admit(service, "index.example", PUBLIC)
    assert places.admit(service, "index.example", ELSEWHERE)
    for address in ("127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.0.1", "169.254.169.254", "0.0.0.0"):  # noqa: S104 — as an answer of DNS
        assert not places.admit(service, "index.example", address)
        assert not places.admit(service, "files.example", address)
    assert places.admit(service, "files.example", PUBLIC)


def test_an_index_in_a_private_network_may_be_there_with_its_files_and_nowhere_else() -> None:
    places = Places()
    service = Service(Origin("http", "devpi", 3141), (Host("files", 3141),))
    assert places.admit(service, "devpi", "10.0.0.5")
    assert places.admit(service, "devpi", "10.0.0.6")
    assert places.admit(service, "files", "192.168.0.7")
    assert places.admit(service, "files", PUBLIC)
    for address in ("127.0.0.1", "169.254.169.254", "::"):
        assert not places.admit(service, "devpi", address)
        assert not places.admit(service, "files", address)


async def test_a_name_that_means_this_machine_is_not_connected_to_for_a_service_that_is_elsewhere(
    server: FakeIndex, http: Http
) -> None:
    server.serve_raw("/secret", body=METADATA)
    elsewhere = Service(Origin("http", PUBLIC, 80), (Host("localhost", port_of(server)), Host("127.0.0.1")))
    url = f"http://localhost:{port_of(server)}/secret"
    with pytest.raises(UpstreamError, match=r"^localhost is at an address of this machine, where nothing is fetched"):
        await fetch(http, url, {}, service=elsewhere, deadline=10.0)
    with pytest.raises(UpstreamError, match=r"^127\.0\.0\.1 is at an address of this machine, where nothing"):
        await fetch(http, "http://127.0.0.1/", {}, service=elsewhere, deadline=10.0)
    assert server.requests == []
    assert (await fetch(http, url, {}, service=service_at(url), deadline=10.0)).body() == METADATA


async def test_a_request_for_no_service_is_a_bug(server: FakeIndex, httpx_client: httpx.AsyncClient) -> None:
    with pytest.raises(TypeError, match="for which service"):
        await httpx_client.get(f"{server.url}/secret")
    with pytest.raises(UpstreamError, match="is no address of 127"):
        await httpx_client.get(f"{server.url}/secret", extensions={SERVICE: service_at("http://127.0.0.1:9")})
    assert server.requests == []


# With a proxy


@dataclass(slots=True)
class Proxy:
    """A proxy: notes what it was asked for, and redirects or answers by the path."""

    port: int = 0
    asked: list[str] = field(default_factory=list)
    answers: dict[str, bytes] = field(default_factory=dict)


@asynccontextmanager
async def open_proxy() -> AsyncIterator[Proxy]:
    """Run a proxy on this machine."""
    proxy = Proxy()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        url = head.split(b" ")[1].decode()
        proxy.asked.append(url)
        writer.write(proxy.answers.get(url, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        proxy.port = server.sockets[0].getsockname()[1]
        yield proxy


async def test_a_proxy_is_asked_for_nothing_that_would_not_be_asked_directly(
    monkeypatch: pytest.MonkeyPatch, opening: Opening
) -> None:
    async with open_proxy() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        page = msgspec.json.encode({"name": "demo", "files": []})
        there = "http://index.invalid/simple/demo/"
        proxy.answers[there] = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(page), page)
        moved = "http://169.254.169.254/latest/"
        proxy.answers["http://index.invalid/simple/moved/"] = (
            f"HTTP/1.1 302 Found\r\nLocation: {moved}\r\nContent-Length: 0\r\n\r\n".encode()
        )
        hosts = (Host("169.254.169.254"), Host("localhost"), Host("files.invalid"))
        async with opening() as http:
            index = PackageIndex(http, "http://index.invalid/simple/", "http://index.invalid/pypi/", ONCE)
            assert isinstance(await index.project("demo"), ProjectPage)
            with pytest.raises(UpstreamError, match=r"redirects to 169\.254\.169\.254, which is not followed"):
                await index.project("moved")
            index = replace(index, hosts=hosts)
            with pytest.raises(UpstreamError, match="is at a link-local address"):
                await index.project("moved")
            for url in ("http://localhost/demo.whl.metadata", "http://files.invalid/demo.whl.metadata"):
                await metadata_at(index, url)
    assert "http://files.invalid/demo.whl.metadata" in proxy.asked
    assert [url for url in proxy.asked if "169.254" in url or "localhost" in url] == []


async def test_a_proxy_may_be_for_everything_but_some_hosts(monkeypatch: pytest.MonkeyPatch, opening: Opening) -> None:
    async with open_proxy() as proxy:
        monkeypatch.setenv("ALL_PROXY", f"127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "direct.invalid")
        async with opening() as http:
            by_proxy, direct = "http://index.invalid/page", "http://direct.invalid/page"
            answer = await fetch(http, by_proxy, {}, service=service_at(by_proxy), deadline=10.0)
            assert answer.status is HTTPStatus.NOT_FOUND
            with pytest.raises(UpstreamError, match="no address is known for that name"):
                await fetch(http, direct, {}, service=service_at(direct), deadline=10.0)
    assert proxy.asked == [by_proxy]


async def test_where_a_redirect_leads_is_asked_like_anything_else(opening: Opening) -> None:
    heads: list[bytes] = []
    over = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in (b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n", b""):
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(reply or b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        assert await reader.read(1) == b""  # nothing comes after a head: a body would be read as another request
        writer.close()
        await writer.wait_closed()
        over.set()

    async with await asyncio.start_server(answer, "127.0.0.1") as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/here"
        async with opening() as http:
            found = await fetch(http, url, {"Accept": "text/plain"}, service=service_at(url), deadline=10.0)
        await over.wait()
    first, second = (head.partition(b"\r\n") for head in heads)
    assert (found.body(), first[0], second[0]) == (b"ok", b"GET /here HTTP/1.1", b"GET /there HTTP/1.1")
    assert first[2] == second[2]
