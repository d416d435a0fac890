"""The file host answers ranges as RFC 9110 says, so that a client that works with it works with others."""

from __future__ import annotations

import httpx
import pytest

from tests.fakes.file_host import LATER, MODIFIED, FileHost, Serving, cut_off

pytestmark = pytest.mark.no_cover  # a fake is no part of the program

CONTENT = bytes(range(100))


async def got(host: FileHost, wanted: str | None = None, condition: str | None = None) -> httpx.Response:
    headers = {} if wanted is None else {"Range": wanted}
    headers |= {} if condition is None else {"If-Range": condition}
    async with httpx.AsyncClient() as http:
        return await http.get(f"{host.url}/files/a.whl", headers=headers)


@pytest.mark.parametrize(
    ("wanted", "status", "content_range", "body"),
    [
        (None, 200, None, CONTENT),
        ("bytes=0-9", 206, "bytes 0-9/100", CONTENT[:10]),
        ("bytes=90-500", 206, "bytes 90-99/100", CONTENT[90:]),
        ("bytes=95-", 206, "bytes 95-99/100", CONTENT[95:]),
        ("bytes=-5", 206, "bytes 95-99/100", CONTENT[95:]),
        ("bytes=-500", 206, "bytes 0-99/100", CONTENT),
        ("bytes=100-", 416, "bytes */100", b""),
        ("lines=1-2", 200, None, CONTENT),
    ],
)
async def test_ranges(wanted: str | None, status: int, content_range: str | None, body: bytes) -> None:
    async with FileHost() as host:
        host.put("a.whl", CONTENT)
        found = await got(host, wanted)
        assert (found.status_code, found.headers.get("content-range"), found.content) == (status, content_range, body)
        assert host.ranges() == [wanted or ""]


@pytest.mark.parametrize(("serving", "status"), [(Serving(ranges=False), 200), (Serving(suffix=501), 501)])
async def test_what_a_host_does_not_serve(serving: Serving, status: int) -> None:
    async with FileHost(serving=serving) as host:
        host.put("a.whl", CONTENT)
        assert (await got(host, "bytes=-5")).status_code == status


async def test_a_range_of_another_version_is_the_whole_file() -> None:
    async with FileHost() as host:
        host.put("a.whl", CONTENT)
        etag = host.files["a.whl"].etag
        for condition, status in ((etag, 206), (MODIFIED, 206), ('"other"', 200), (LATER, 200)):
            assert (await got(host, "bytes=0-1", condition)).status_code == status


async def test_a_connection_breaks_in_the_middle() -> None:
    async with FileHost() as host:
        host.put("a.whl", CONTENT)
        host.script(cut_off, path="files")
        with pytest.raises(httpx.RemoteProtocolError):
            await got(host)
