"""The fake index answers as PyPI does, as mirrors do, and as neither should."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

import aiohttp
import msgspec
import pytest

from tests.fakes.fake_index import (
    RESET,
    SIMPLE_JSON,
    Endless,
    FakeIndex,
    Reset,
    html_page,
    not_gzip,
    redirect,
    refusal,
    truncated,
    truncated_json,
)
from tests.fakes.index_pages import MIRROR, PYPI, File, StatusShape, sdist, wheels

pytestmark = pytest.mark.no_cover  # a fake is no part of the program

DEMO = [*wheels("demo", "1.0", "cp314-cp314t-win32"), sdist("demo", "1.0")]
JSON = {"Accept": SIMPLE_JSON}


@pytest.fixture
async def index() -> AsyncIterator[FakeIndex]:
    async with FakeIndex() as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """Give a client that shows what is sent, compressed or not."""
    async with aiohttp.ClientSession(auto_decompress=False, skip_auto_headers=["Accept-Encoding"]) as session:
        yield session


async def get(
    http: aiohttp.ClientSession, url: str, headers: Mapping[str, str] = JSON
) -> tuple[aiohttp.ClientResponse, bytes]:
    async with http.get(url, headers=headers, allow_redirects=False) as response:
        return response, await response.read()


async def page_of(http: aiohttp.ClientSession, index: FakeIndex, name: str = "demo") -> dict[str, object]:
    _, body = await get(http, f"{index.index_url}{name}/")
    return msgspec.json.decode(body, type=dict[str, object])


async def test_a_page_has_the_keys_of_the_simple_api(index: FakeIndex, http: aiohttp.ClientSession) -> None:
    metadata = "Metadata-Version: 2.4\nName: demo\nVersion: 1.0\n"
    project = index.publish("Demo", [File("demo-1.0-py3-none-any.whl", None, ">=3.9", "broken", metadata, 7)])
    response, body = await get(http, f"{index.index_url}demo/")
    digest = {"sha256": hashlib.sha256(metadata.encode()).hexdigest()}
    assert response.content_type == SIMPLE_JSON
    assert msgspec.json.decode(body) == {
        "meta": {"api-version": "1.4", "_last-serial": project.serial},
        "name": "demo",
        "versions": ["1.0"],
        "files": [
            {
                "filename": "demo-1.0-py3-none-any.whl",
                "hashes": {"sha256": hashlib.sha256(b"demo-1.0-py3-none-any.whl").hexdigest()},
                "size": 7,
                "url": f"{index.url}/files/demo-1.0-py3-none-any.whl",
                "yanked": "broken",
                "requires-python": ">=3.9",
                "core-metadata": digest,
                "data-dist-info-metadata": digest,
                "provenance": None,
            }
        ],
    }


async def test_who_does_not_ask_for_json_gets_html(index: FakeIndex, http: aiohttp.ClientSession) -> None:
    index.publish("demo", DEMO)
    response, _ = await get(http, f"{index.index_url}demo/", {})
    assert response.content_type == "text/html"


async def test_a_page_is_sent_again_only_when_it_changed(index: FakeIndex, http: aiohttp.ClientSession) -> None:
    index.publish("demo", DEMO)
    first, body = await get(http, f"{index.index_url}demo/")
    conditional = JSON | {"If-None-Match": first.headers["ETag"]}
    same, nothing = await get(http, f"{index.index_url}demo/", conditional)
    assert (same.status, nothing, index.not_modified, index.bytes_sent) == (304, b"", 1, len(body))
    index.upload("demo", *wheels("demo", "2.0", "cp314-cp314t-win32"))
    changed, _ = await get(http, f"{index.index_url}demo/", conditional)
    assert changed.status == 200


async def test_only_who_takes_gzip_gets_it(index: FakeIndex, http: aiohttp.ClientSession) -> None:
    index.publish("demo", DEMO)
    plain, body = await get(http, f"{index.index_url}demo/")
    packed, sent = await get(http, f"{index.index_url}demo/", JSON | {"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(sent) == body
    assert len(sent) < len(body)


@pytest.mark.parametrize("path", ["Demo/", "demo", "de_mo/", "de..mo/"])
async def test_other_spellings_redirect_to_the_normalized_name(
    index: FakeIndex, http: aiohttp.ClientSession, path: str
) -> None:
    index.publish("demo", DEMO)
    index.publish("de-mo", DEMO)
    response, _ = await get(http, f"{index.index_url}{path}")
    assert response.status == 301
    assert response.headers["Location"] in {"/simple/demo/", "/simple/de-mo/"}


async def test_what_is_not_there_is_404(index: FakeIndex, http: aiohttp.ClientSession) -> None:
    index.publish("demo", DEMO)
    index.remove("demo")
    paths = ("/simple/demo/", "/pypi/demo/json", "/pypi/demo/1.0/json", "/files/demo-1.0.tar.gz.metadata", "/other")
    assert [(await get(http, index.url + path))[0].status for path in paths] == [404] * len(paths)


async def test_a_mirror_offers_less(index: FakeIndex, http: aiohttp.ClientSession) -> None:
    index.dialect = MIRROR
    index.publish("demo", [replace(DEMO[0], metadata="Name: demo\n")], status="archived")
    response, body = await get(http, f"{index.index_url}demo/", JSON | {"Accept-Encoding": "gzip"})
    page = msgspec.json.decode(body, type=dict[str, object])
    assert {"ETag", "Content-Encoding"}.isdisjoint(response.headers)
    assert page["meta"] == {"api-version": "1.1", "_last-serial": str(index.projects["demo"].serial)}
    assert "project-status" not in page
    assert b"core-metadata" not in body
    assert (await get(http, f"{index.json_api_url}demo/json"))[0].status == 200
    assert (await get(http, f"{index.json_api_url}demo/1.0/json"))[0].status == 404
    assert (await get(http, f"{index.url}/files/{DEMO[0].filename}.metadata"))[0].status == 404


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (StatusShape.STATUS, ({"status": "archived"}, None)),
        (StatusShape.STATE, ({"state": "archived"}, None)),
        (StatusShape.UNDER_META, (None, "archived")),
    ],
)
async def test_the_status_has_three_shapes(
    index: FakeIndex, http: aiohttp.ClientSession, shape: StatusShape, expected: tuple[object, object]
) -> None:
    index.dialect = replace(PYPI, status_shape=shape)
    index.publish("demo", DEMO)
    index.mark("demo", "archived")
    page = await page_of(http, index)
    meta = page["meta"]
    assert isinstance(meta, dict)
    assert (page.get("project-status"), meta.get("project-status")) == expected


async def test_a_project_in_quarantine_shows_no_files(index: FakeIndex, http: aiohttp.ClientSession) -> None:
    index.publish("demo", DEMO, status="quarantined")
    page = await page_of(http, index)
    assert page["files"] == []
    assert page["project-status"] == {"status": "quarantined"}
    assert (await get(http, f"{index.json_api_url}demo/json"))[0].status == 404


async def test_the_json_api_describes_the_newest_release_or_the_one_asked_for(
    index: FakeIndex, http: aiohttp.ClientSession
) -> None:
    files = [sdist("demo", version) for version in ("1.0", "2.0", "3.0", "4.0a1")]
    index.publish("demo", files, classifiers=["Private :: Demo"], project_urls={"Source": "https://example.org"})
    index.yank("demo", "3.0", "broken")
    versions = []
    for path in ("demo/json", "demo/1.0/json", "demo/3.0/json"):
        _, body = await get(http, index.json_api_url + path)
        info = msgspec.json.decode(body, type=dict[str, object])["info"]
        assert isinstance(info, dict)
        assert info["classifiers"] == ["Private :: Demo"]
        versions.append((info["version"], info["yanked"]))
    assert versions == [("2.0", False), ("1.0", False), ("3.0", True)]
    assert (await get(http, f"{index.json_api_url}demo/9/json"))[0].status == 404


async def test_all_projects_are_listed_with_their_serials(index: FakeIndex, http: aiohttp.ClientSession) -> None:
    first, second = index.publish("one", DEMO), index.publish("two", DEMO)
    _, body = await get(http, index.index_url)
    assert msgspec.json.decode(body) == {
        "meta": {"api-version": "1.4", "_last-serial": second.serial},
        "projects": [
            {"name": "one", "_last-serial": first.serial},
            {"name": "two", "_last-serial": second.serial},
        ],
    }


async def test_faults_come_in_order_for_as_long_as_scripted(index: FakeIndex, http: aiohttp.ClientSession) -> None:
    index.publish("demo", DEMO)
    index.script(refusal(429, retry_after="7"), times=2)
    index.script(html_page())
    index.script(redirect("/simple/other/"))
    index.script(refusal(503), path="^/pypi/", times=None)
    answers = [(await get(http, f"{index.index_url}demo/"))[0] for _ in range(5)]
    assert [answer.status for answer in answers] == [429, 429, 200, 301, 200]
    assert [answer.content_type for answer in answers][2:] == ["text/html", "text/plain", SIMPLE_JSON]
    assert answers[0].headers["Retry-After"] == "7"
    assert [(await get(http, f"{index.json_api_url}demo/json"))[0].status for _ in range(3)] == [503] * 3
    index.heal()
    assert (await get(http, f"{index.json_api_url}demo/json"))[0].status == 200


async def test_a_body_is_spoiled_as_scripted(index: FakeIndex, http: aiohttp.ClientSession) -> None:
    index.publish("demo", DEMO)
    packed = JSON | {"Accept-Encoding": "gzip"}
    _, whole = await get(http, f"{index.index_url}demo/", packed)
    for fault in (truncated, truncated_json, not_gzip):
        index.script(fault)
    half, (plain, document), (garbage, _) = (
        (await get(http, f"{index.index_url}demo/", packed))[1],
        await get(http, f"{index.index_url}demo/", packed),
        await get(http, f"{index.index_url}demo/", packed),
    )
    assert half == whole[: len(whole) // 2]
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(whole).startswith(document)
    assert garbage.headers["Content-Encoding"] == "gzip"


async def test_a_reset_is_no_answer(index: FakeIndex, http: aiohttp.ClientSession) -> None:
    index.script(Reset(), times=None)
    with pytest.raises(aiohttp.ClientError):
        await get(http, f"{index.index_url}demo/")
    assert {request.status for request in index.requests} == {RESET}


@pytest.mark.parametrize("compressed", [False, True])
async def test_a_large_answer_is_streamed(index: FakeIndex, http: aiohttp.ClientSession, compressed: bool) -> None:
    size = 3 << 20
    index.script(Endless(size, compressed=compressed))
    _, body = await get(http, f"{index.index_url}demo/")
    assert (gzip.decompress(body) if compressed else body) == bytes(size)
    assert index.bytes_sent == len(body)


async def test_a_held_request_waits_for_its_release(index: FakeIndex, http: aiohttp.ClientSession) -> None:
    index.publish("demo", DEMO)
    hold = index.hold(path="demo")
    waiting = asyncio.create_task(get(http, f"{index.index_url}demo/"))
    await hold.arrived.wait()
    assert (await get(http, f"{index.index_url}another/"))[0].status == 404
    assert index.count("demo") == 0
    hold.release.set()
    await index.until(lambda: index.count("demo") == 1)
    response, _ = await waiting
    assert response.status == 200


async def test_an_index_that_stopped_refuses_connections(index: FakeIndex, http: aiohttp.ClientSession) -> None:
    await index.stop()
    with pytest.raises(aiohttp.ClientConnectorError):
        await get(http, f"{index.index_url}demo/")


async def test_recorded_pages_are_answered_as_they_are(
    index: FakeIndex, http: aiohttp.ClientSession, shared: Path
) -> None:
    index.load_recorded(shared / "data" / "simple", "pyyaml-ft")
    _, body = await get(http, f"{index.index_url}pyyaml-ft/")
    assert body == gzip.decompress((shared / "data" / "simple" / "pyyaml-ft.json.gz").read_bytes())
    assert list(index.projects) == ["pyyaml-ft"]
