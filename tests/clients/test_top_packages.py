"""The list of the most downloaded packages: fetched, read from a file, or shipped."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from bot.clients.top_packages import TopPackagesSource, shipped_list
from bot.clients.web import Http, Patience
from bot.core.errors import UpstreamError
from tests.fakes.fake_index import FakeIndex, refusal
from tests.patience import at_most

QUICK = Patience(attempts=3, first_wait=0.001, longest_wait=0.01, deadline=at_most(60))
LIST = b'{"last_update": "2026-11-01 00:00:00", "rows": [{"download_count": 2, "project": "boto3"}]}'


def test_shipped_names_are_normalized_and_unique() -> None:
    names = shipped_list().names
    assert [canonicalize_name(name, validate=True) for name in names] == list(names)
    assert len(set(names)) == len(names)


def test_shipped_names_begin_with_what_everybody_downloads() -> None:
    names = shipped_list().names
    assert len(names) > 1_000
    assert {"numpy", "requests", "pyyaml"} <= set(names[:100])


async def test_the_list_is_downloaded(http: Http) -> None:
    async with FakeIndex() as server:
        server.serve_raw("/top.json", body=LIST, content_type="application/json")
        server.script(refusal(503), path="top", times=2)
        assert await TopPackagesSource(http, f"{server.url}/top.json", QUICK).fetch() == LIST
        assert server.count("top") == 3


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (404, "The list of the most downloaded packages is gone (404)."),
        (500, "127.0.0.1 answered with status 500."),
    ],
)
async def test_a_list_that_cannot_be_downloaded_says_why(http: Http, status: int, sentence: str) -> None:
    async with FakeIndex() as server:
        server.serve_raw("/top.json", status=status)
        with pytest.raises(UpstreamError) as raised:
            await TopPackagesSource(http, f"{server.url}/top.json", QUICK).fetch()
    assert str(raised.value) == sentence


async def test_the_list_may_be_a_file(http: Http, tmp_path: Path) -> None:
    path = tmp_path / "a list.json"
    path.write_bytes(LIST)
    assert await TopPackagesSource(http, str(path)).fetch() == LIST
    assert await TopPackagesSource(http, path.as_uri()).fetch() == LIST


async def test_a_file_that_is_missing_says_so(http: Http, tmp_path: Path) -> None:
    path = tmp_path / "missing.json"
    with pytest.raises(UpstreamError, match=r"missing\.json cannot be read: No such file or directory\.$"):
        await TopPackagesSource(http, str(path)).fetch()


@pytest.mark.parametrize(
    "url", ["http://[", "http://", "https://exa mple/", "", "~nobody-of-this-name/list", "file:///", "file://[", "/"]
)
async def test_a_place_that_cannot_be_is_an_upstream_error(http: Http, url: str) -> None:
    with pytest.raises(UpstreamError):
        await TopPackagesSource(http, url, QUICK).fetch()


async def test_a_list_may_be_sent_compressed(http: Http) -> None:
    async with FakeIndex() as server:
        server.serve_raw("/top.json", body=gzip.compress(LIST), encoding="gzip")
        assert await TopPackagesSource(http, f"{server.url}/top.json", QUICK).fetch() == LIST
        server.serve_raw("/top.json", body=gzip.compress(LIST)[:20], encoding="gzip")
        with pytest.raises(UpstreamError, match="too early"):
            await TopPackagesSource(http, f"{server.url}/top.json", QUICK).fetch()


async def test_a_place_on_this_machine_is_at_hand(http: Http, tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    assert TopPackagesSource(http, str(path)).is_at_hand
    assert TopPackagesSource(http, path.as_uri()).is_at_hand
    assert not TopPackagesSource(http, "https://example.org/top.json").is_at_hand
