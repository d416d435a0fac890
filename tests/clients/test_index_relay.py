"""The relay: whom it serves, what, and that it lets nobody through to anything else."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit

import httpx
import msgspec
import pytest

from bot.clients import index_relay
from bot.clients.index_relay import IndexRelay
from bot.clients.web import Patience, open_http
from bot.core.errors import UpstreamError
from tests.fakes.fake_index import Endless, FakeIndex, Fault, html_page, redirect, refusal, truncated_json
from tests.fakes.file_host import FileHost, cut_off
from tests.fakes.index_pages import Dialect, StatusShape, sdist, wheels
from tests.patience import at_most

HASTY = Patience(attempts=1, deadline=at_most(30))
WHEEL = "lib-1.0-py3-none-any.whl"


class Entry(msgspec.Struct, rename="kebab"):
    filename: str
    url: str
    hashes: dict[str, str]
    requires_python: str | None = None
    yanked: bool | str = False
    core_metadata: bool = False


class Page(msgspec.Struct):
    name: str
    files: list[Entry]


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def page(self) -> Page:
        return msgspec.json.decode(self.body, type=Page)


@dataclass(frozen=True, slots=True)
class Asker:
    """Says to the relay what it is told to, as it is."""

    relay: IndexRelay

    @property
    def origin(self) -> str:
        return self.relay.served_url.removesuffix("/simple/")

    async def raw(self, method: str, target: str, headers: Mapping[str, str]) -> Answered:
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(self.relay.proxy_url).port)
        try:
            lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
            writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode())
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        finally:
            writer.close()
        first, *rest = head.decode().split("\r\n")
        pairs = (line.split(": ", 1) for line in rest)
        return Answered(int(first.split()[1]), {name.lower(): value for name, value in pairs}, body)

    @property
    def headers(self) -> dict[str, str]:
        """Return what is said by who knows the password."""
        known = urlsplit(self.relay.proxy_url)
        given = base64.b64encode(f"{known.username}:{known.password}".encode()).decode()
        return {"Host": self.origin.removeprefix("http://"), "Proxy-Authorization": f"Basic {given}"}

    async def gets_all(self, path: str) -> bool:
        """Ask for a file, and tell whether all of it comes."""
        try:
            answer = await self.get(path)
        except (ConnectionError, ValueError):
            return False
        return len(answer.body) == int(answer.headers["content-length"]) > 0

    async def get(self, path: str, method: str = "GET", **more: str) -> Answered:
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return await self.raw(method, f"{self.origin}{path}", self.headers | named)


@pytest.fixture
async def index() -> AsyncIterator[FileHost]:
    async with FileHost() as running:
        running.publish("lib", [*wheels("lib", "1.0", "py3-none-any"), sdist("lib", "1.0")])
        running.put(WHEEL, b"0123456789")
        yield running


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with open_http("ftbot-tests") as opened:
        yield opened


@pytest.fixture
async def asker(index: FileHost, http: httpx.AsyncClient) -> AsyncIterator[Asker]:
    relay = IndexRelay(http, index.index_url, "cp314", patience=HASTY)
    async with relay.serving():
        yield Asker(relay)


async def test_who_knows_the_password_gets_pages_and_their_files(asker: Asker) -> None:
    answer = await asker.get("/simple/lib/")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/vnd.pypi.simple.v1+json")
    assert [file.filename for file in answer.page.files] == [WHEEL, "lib-1.0.tar.gz"]
    (wheel, _) = answer.page.files
    assert wheel.url == f"{asker.origin}/files/lib/{WHEEL}"
    assert (await asker.get(f"/files/lib/{WHEEL}")).body == b"0123456789"


async def test_who_does_not_know_it_gets_nothing(index: FakeIndex, asker: Asker) -> None:
    wrong = base64.b64encode(b"relay:guess").decode()
    for said in ({}, {"Proxy-Authorization": f"Basic {wrong}"}, {"Proxy-Authorization": "Basic \xe9"}):
        headers = {"Host": asker.headers["Host"], **said}
        for target in (asker.relay.served_url + "lib/", "/simple/lib/", "http://127.0.0.1/simple/lib/"):
            assert (await asker.raw("GET", target, headers)).status == 403
    assert index.requests == []


async def test_the_password_is_another_every_time(http: httpx.AsyncClient) -> None:
    relays = [IndexRelay(http, "https://index.example/simple/", "cp314") for _ in range(2)]
    assert relays[0].proxy_url != relays[1].proxy_url
    assert relays[0].served_url == relays[1].served_url
    assert IndexRelay(http, "https://other.example/simple/", "cp314").served_url != relays[0].served_url
    assert str(urlsplit(relays[0].proxy_url).password) not in repr(relays[0])


async def test_it_is_a_proxy_to_one_host_and_to_no_other(index: FakeIndex, asker: Asker) -> None:
    ours = asker.headers
    for target, headers in (
        ("http://evil.example/simple/lib/", ours),
        ("http://evil.example/simple/lib/", ours | {"Host": "evil.example"}),
        (f"{asker.origin}/simple/lib/", ours | {"Host": "evil.example"}),
        (f"{asker.origin}:80/simple/lib/", ours),
        (f"{asker.origin}.evil.example/simple/lib/", ours),
        (f"{asker.origin.replace('http:', 'https:')}/simple/lib/", ours),
        (f"{index.url}/simple/lib/", ours),
        ("/simple/lib/", ours),
    ):
        assert (await asker.raw("GET", target, headers)).status == 421, target
    assert index.requests == []


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
async def test_it_is_only_read_from(index: FakeIndex, asker: Asker, method: str) -> None:
    assert (await asker.get("/simple/lib/", method)).status == 405
    assert index.requests == []


async def test_it_makes_no_tunnels(index: FakeIndex, asker: Asker) -> None:
    answer = await asker.raw("CONNECT", urlsplit(index.url).netloc, asker.headers)
    assert answer.status == 405
    assert index.requests == []


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/simple/",
        "/simple/lib",
        "/simple/Lib/",
        "/simple/../pypi/lib/json/",
        "/simple/%2e%2e/",
        "/simple/lib/?x=1",
        "/pypi/lib/json",
        "/files/lib/",
        "/files/lib/../../simple/lib/",
        f"/files//{WHEEL}",
    ],
)
async def test_there_is_nothing_but_pages_and_files(index: FakeIndex, asker: Asker, path: str) -> None:
    assert (await asker.get(path)).status == 404
    assert index.requests == []


@pytest.mark.parametrize(
    "file", ["secret.whl", "lib-2.0-py3-none-any.whl", "lib-1.0.tar.gz", "lib-1.0.tar.gz.metadata", "%2e%2e%2fsecret"]
)
async def test_only_wheels_that_a_page_names_are_served(index: FileHost, asker: Asker, file: str) -> None:
    for stored in ("secret.whl", "lib-2.0-py3-none-any.whl", "lib-1.0.tar.gz"):
        index.put(stored, b"secret")
    assert (await asker.get(f"/files/lib/{file}")).status == 404
    assert (await asker.get(f"/files/other/{file}")).status == 404
    assert index.count("^/files/") == 0


async def test_wheels_of_other_pythons_are_listed_and_not_served(index: FileHost, asker: Asker) -> None:
    tags = ("cp314-cp314-win32", "cp39-abi3-win32", "cp313-cp313-win32", "cp314-cp314t-win32")
    for each in wheels("lib", "2.0", *tags):
        index.upload("lib", each)
        index.put(each.filename, b"wheel")
    page = (await asker.get("/simple/lib/")).page
    assert {file.filename for file in page.files} > {f"lib-2.0-{each}.whl" for each in tags[:3]}
    got = [(await asker.get(f"/files/lib/lib-2.0-{each}.whl")).status for each in tags]
    assert got == [200, 200, 404, 200]


async def test_free_threaded_wheels_are_shown_as_those_of_the_gil(index: FileHost, asker: Asker) -> None:
    tags = (
        "cp314-cp314t-win32",
        "cp315-abi3.abi3t-win32",
        "cp315-abi3t-win32",
        "cp313-none-win_arm64",
        "cp314-t-win32",
    )
    index.publish("lib", [file for number, each in enumerate(tags) for file in wheels("lib", f"{number}", each)])
    page = (await asker.get("/simple/lib/")).page
    shown = ("cp314-cp314-win32", "cp315-abi3-win32", "cp315-abi3-win32", "cp313-none-win_arm64", "cp314-t-win32")
    assert [file.filename for file in page.files] == [f"lib-{number}-{each}.whl" for number, each in enumerate(shown)]
    assert [unquote(file.url.rsplit("/", 1)[1]) for file in page.files] == [
        f"lib-{number}-{each}.whl" for number, each in enumerate(tags)
    ]


async def test_what_a_resolver_needs_is_passed_on(index: FileHost, asker: Asker) -> None:
    (file,) = wheels("lib", "2.0", "py3-none-any")
    index.publish("lib", [replace(file, requires_python=">=3.9", yanked="bad", metadata="Name: lib")])
    (entry,) = (await asker.get("/simple/lib/")).page.files
    assert (entry.requires_python, entry.yanked, entry.core_metadata) == (">=3.9", "bad", True)
    answer = await asker.get(f"/files/lib/{file.filename}.metadata")
    assert (answer.status, answer.body) == (200, b"Name: lib")
    assert answer.headers["cache-control"] == "max-age=86400"


async def test_a_page_of_which_a_part_makes_no_sense_is_read_as_far_as_it_does(index: FileHost, asker: Asker) -> None:
    entries: list[dict[str, object]] = [
        {"filename": 5, "url": "x"},
        {"filename": "lib-3.0.tar.gz", "url": "http://["},
        {"filename": "lib-2.0-py3-none-any.whl", "url": "../../files/lib-2.0-py3-none-any.whl#sha256=0"},
        {"filename": "lib 2.0/?.whl", "url": "../../files/x"},
    ]
    index.serve_raw("lib", body=msgspec.json.encode({"files": entries}))
    index.put("lib-2.0-py3-none-any.whl", b"wheel")
    files = [file.filename for file in (await asker.get("/simple/lib/")).page.files]
    assert files == [entry["filename"] for entry in entries[1:]]
    assert (await asker.get("/files/lib/lib-2.0-py3-none-any.whl")).body == b"wheel"


async def test_how_long_a_page_may_be_kept_is_what_the_index_says(index: FileHost, asker: Asker) -> None:
    answer = await asker.get("/simple/lib/")
    assert answer.headers["cache-control"] == "max-age=600, public"
    again = await asker.get("/simple/lib/", If_None_Match=answer.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert again.headers["cache-control"] == "max-age=600, public"
    index.dialect = Dialect(etags=False, relative_urls=True, status_shape=StatusShape.STATE)
    assert "etag" not in (await asker.get("/simple/lib/")).headers


async def test_ranges_are_passed_on_and_a_head_says_how_large_a_file_is(index: FileHost, asker: Asker) -> None:
    head = await asker.get(f"/files/lib/{WHEEL}", "HEAD")
    assert (head.status, head.headers["content-length"], head.headers["accept-ranges"]) == (200, "10", "bytes")
    part = await asker.get(f"/files/lib/{WHEEL}", Range="bytes=-3")
    assert (part.status, part.body, part.headers["content-range"]) == (206, b"789", "bytes 7-9/10")
    assert (await asker.get(f"/files/lib/{WHEEL}", Range="bytes=20-30")).status == 416
    whole = await asker.get(f"/files/lib/{WHEEL}", Range="lines=1-2")
    assert (whole.status, whole.body) == (200, b"0123456789")
    index.serving = replace(index.serving, ranges=False)
    head = await asker.get(f"/files/lib/{WHEEL}", "HEAD")
    assert "accept-ranges" not in head.headers
    assert head.headers["content-length"] == "10"


async def test_what_is_not_there_is_not_there_and_no_failure(index: FileHost, asker: Asker) -> None:
    del index.files[WHEEL]
    for path in ("/simple/missing/", "/files/missing/x.whl", f"/files/lib/{WHEEL}", f"/files/lib/{WHEEL}.metadata"):
        assert (await asker.get(path)).status == 404, path
    assert asker.relay.failure is None


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (refusal(500), "127.0.0.1 answered with status 500."),
        (refusal(401), "127.0.0.1 answered with status 401."),
        (html_page(), "127.0.0.1 answered HTML instead of JSON (PEP 691)."),
        (truncated_json, "The index answered something that is not a project page in JSON."),
        (Endless(65 << 20), "127.0.0.1 answered with more than 64 MiB, and so much is not read."),
        (redirect("http://evil.example/simple/lib/"), "127.0.0.1 redirects to evil.example, which is not followed."),
    ],
    ids=["500", "401", "html", "half", "endless", "redirect"],
)
async def test_why_the_index_could_not_be_read_is_remembered(
    index: FileHost, asker: Asker, fault: Fault, said: str
) -> None:
    index.script(fault)
    assert (await asker.get("/simple/lib/")).status == 502
    index.script(refusal(503))
    assert (await asker.get("/simple/lib/")).status == 502
    assert str(asker.relay.failure) == said


async def test_the_page_of_another_project_is_not_taken(index: FileHost, asker: Asker) -> None:
    index.serve_raw("lib", body=b'{"name": "other", "files": []}')
    assert (await asker.get("/simple/lib/")).status == 502


async def test_a_redirect_to_the_page_is_followed(index: FileHost, asker: Asker) -> None:
    index.script(redirect("/simple/lib/?again"))
    assert (await asker.get("/simple/lib/")).status == 200


async def test_half_a_file_is_not_taken_for_whole(index: FileHost, asker: Asker) -> None:
    index.script(cut_off, path="/files/")
    assert not await asker.gets_all(f"/files/lib/{WHEEL}")
    assert isinstance(asker.relay.failure, UpstreamError)


async def test_only_so_much_is_passed_on(index: FileHost, http: httpx.AsyncClient) -> None:
    relay = IndexRelay(http, index.index_url, "cp314", patience=HASTY, most=25)
    async with relay.serving():
        asker = Asker(relay)
        assert [await asker.gets_all(f"/files/lib/{WHEEL}") for _ in range(3)] == [True, True, False]
    assert str(relay.failure) == "Choosing versions would fetch more than is fetched for it."


async def test_addresses_that_were_forgotten_are_looked_up_again(
    index: FileHost, asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_relay, "_MOST_LINKS", 1)
    for name in ("one", "two"):
        (file,) = wheels(name, "1.0", "py3-none-any")
        index.publish(name, [file])
        index.put(file.filename, name.encode())
        assert (await asker.get(f"/simple/{name}/")).status == 200
    assert (await asker.get("/files/one/one-1.0-py3-none-any.whl")).body == b"one"
    assert index.count("^/simple/one/") == 2


async def test_after_that_nobody_is_served(index: FileHost, http: httpx.AsyncClient) -> None:
    relay = IndexRelay(http, index.index_url, "cp314")
    async with relay.serving():
        pass
    with pytest.raises(ConnectionError):
        await Asker(relay).get("/simple/lib/")


async def test_who_has_had_enough_of_a_file_is_no_failure_of_the_index(index: FileHost, asker: Asker) -> None:
    index.script(Endless(256 << 20), path="/files/")
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(asker.relay.proxy_url).port)
    lines = [
        f"GET {asker.origin}/files/lib/{WHEEL} HTTP/1.1",
        *(f"{key}: {asker.headers[key]}" for key in asker.headers),
    ]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    await reader.readexactly(1000)
    writer.transport.abort()
    await index.until(lambda: index.count("^/files/") == 1)
    assert (await asker.get("/simple/lib/")).status == 200
    assert asker.relay.failure is None
