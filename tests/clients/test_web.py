"""HTTP as the clients use it: what is asked, how often it is tried, and how much is taken."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clients.answers import LARGEST_BODY, Answer
from bot.clients.direct import open_direct
from bot.clients.guard import service_at
from bot.clients.pypi import PackageIndex
from bot.clients.web import Http, Patience, fetch
from bot.core.errors import UpstreamError
from tests.clients.conftest import USER_AGENT
from tests.clients.test_failures import self_signed, served
from tests.fakes.fake_index import Endless, FakeIndex, Reply, redirect, refusal
from tests.patience import at_most

URL = "http://127.0.0.1/simple/demo/"


@pytest.fixture
async def server() -> AsyncIterator[FakeIndex]:
    """Give a server that answers as it is told."""
    async with FakeIndex() as running:
        yield running


async def get(http: Http, server: FakeIndex, path: str = "/page") -> Answer:
    """Fetch a page of the server."""
    return await fetch(http, server.url + path, {"X-Header": "1"}, service=service_at(server.url), deadline=5.0)


def answer(body: bytes, encoding: str | None = None) -> Answer:
    """Make an answer with a body as sent."""
    headers = {} if encoding is None else {"content-encoding": encoding}
    return Answer(HTTPStatus.OK, URL, headers, body)


async def test_every_request_says_who_asks_and_takes_gzip(server: FakeIndex, http: Http) -> None:
    server.serve_raw("/page", body=b"hello")
    assert (await get(http, server)).body() == b"hello"
    headers = server.requests[0].headers
    assert headers["User-Agent"] == "ftbot-tests (+https://example.org)"
    assert (headers["Accept-Encoding"], headers["X-Header"]) == ("gzip", "1")


async def test_a_body_is_kept_as_sent_and_inflated_when_asked_for(server: FakeIndex, http: Http) -> None:
    sent = gzip.compress(b"hello " * 1_000)
    server.serve_raw("/page", body=sent, encoding="gzip")
    found = await get(http, server)
    assert found.sent == sent
    assert found.body() == b"hello " * 1_000


@pytest.mark.parametrize("status", [200, 404, 410])
async def test_statuses_with_a_meaning_are_answers(server: FakeIndex, http: Http, status: int) -> None:
    server.serve_raw("/page", body=b"", status=status)
    assert (await get(http, server)).status == status


async def test_redirects_are_followed_to_the_address_that_answers(server: FakeIndex, http: Http) -> None:
    server.serve_raw("/page", body=b"hello")
    server.script(redirect("../page"), path="^/old$")
    found = await get(http, server, "/old")
    assert (found.url, found.body()) == (f"{server.url}/page", b"hello")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        (" 0 ", 0.0),
        ("9" * 400, 999_999_999.0),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
        ("soon", None),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0),
        ("Sun, 06 Nov 1994 08:49:37", 0.0),
        ("Sun, 06 Nov 99999 08:49:37 GMT", None),
        ("Sun, 06 Nov 1994 08:49:37 +9999999999999999999999", None),
    ],
)
async def test_retry_after_is_read_as_seconds_or_a_date(
    server: FakeIndex, http: Http, value: str | None, seconds: float | None
) -> None:
    server.script(refusal(429, retry_after=value), path="page")
    with pytest.raises(UpstreamError) as raised:
        await get(http, server)
    assert raised.value.retry_after == seconds


async def test_retry_after_a_date_to_come_is_the_time_until_then(server: FakeIndex, http: Http) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    server.script(refusal(503, retry_after=format_datetime(until, usegmt=True)), path="page")
    with pytest.raises(UpstreamError) as raised:
        await get(http, server)
    assert raised.value.retry_after is not None
    assert 3_500 < raised.value.retry_after <= 3_600


async def test_the_largest_body_is_taken_whole_and_no_byte_more(server: FakeIndex, http: Http) -> None:
    server.script(Endless(LARGEST_BODY), path="page")
    assert len((await get(http, server)).body()) == LARGEST_BODY
    server.script(Endless(LARGEST_BODY, compressed=True), path="page")
    assert len((await get(http, server)).body()) == LARGEST_BODY


async def test_no_more_is_read_of_a_body_that_is_too_large(server: FakeIndex, http: Http) -> None:
    server.script(Endless(4 * LARGEST_BODY), path="page")
    with pytest.raises(UpstreamError, match="more than 64 MiB"):
        await get(http, server)
    await server.until(lambda: server.count("page") == 1)
    assert server.bytes_sent < 2 * LARGEST_BODY


@given(st.binary(max_size=300), st.sampled_from((None, "", "identity", "gzip", "x-gzip", " GZIP ")))
def test_any_body_comes_back_as_it_was_sent(body: bytes, encoding: str | None) -> None:
    packed = encoding is not None and "gzip" in encoding.lower()
    assert answer(gzip.compress(body) if packed else body, encoding).body() == body


@given(st.binary(max_size=300), st.text(max_size=10) | st.sampled_from(("gzip", "br", "deflate", "gzip, gzip")))
def test_any_bytes_are_a_body_or_an_upstream_error(sent: bytes, encoding: str) -> None:
    try:
        answer(sent, encoding).body()
    except UpstreamError as error:
        assert str(error).startswith("127.0.0.1 ")  # noqa: PT017 - either outcome is right
    else:
        assert encoding.strip().lower() in {"", "identity", "gzip", "x-gzip"}


@pytest.mark.parametrize("cut", [0, 1, 10, -1, -8])
def test_a_gzip_stream_that_ends_too_early_is_no_body(cut: int) -> None:
    whole = gzip.compress(b"hello")
    with pytest.raises(UpstreamError) as raised:
        answer(whole[:cut], "gzip").body()
    assert raised.value.retryable


def test_zlib_instead_of_gzip_is_no_body() -> None:
    with pytest.raises(UpstreamError, match="garbage instead of gzip"):
        answer(zlib.compress(b"hello"), "gzip").body()


@pytest.mark.parametrize(("attempts", "requests"), [(1, 1), (2, 2), (5, 5)])
async def test_patience_ends(server: FakeIndex, http: Http, attempts: int, requests: int) -> None:
    server.script(Reply(500), path="page", times=None)
    index = PackageIndex(http, f"{server.url}/", f"{server.url}/", Patience(attempts, 0.001, 0.01))
    with pytest.raises(UpstreamError):
        await index.project("page")
    assert server.count("page") == requests


async def test_a_body_may_come_in_chunks_and_of_many_members(http: Http) -> None:
    members = [gzip.compress(word) for word in (b"many ", b"members ", b"in chunks")]
    sent = b"".join(members)
    pieces = [sent[place : place + 7] for place in range(0, len(sent), 7)]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"
    async with served(lambda writer: writer.write(head + chunks + b"0\r\n\r\n")) as port:
        url = f"http://127.0.0.1:{port}/page"
        found = await fetch(http, url, {}, service=service_at(url), deadline=at_most(10))
    assert found.sent == sent
    assert found.body() == b"many members in chunks"


@pytest.mark.parametrize("status", [400, 403, 500, 502, 503, 429])
async def test_a_status_without_a_meaning_is_told_with_whether_to_ask_again(
    server: FakeIndex, http: Http, status: int
) -> None:
    server.script(refusal(status), path="page")
    with pytest.raises(UpstreamError) as raised:
        await get(http, server)
    assert raised.value.retryable is (status == 429 or status >= 500)
    assert raised.value.busy is (status in {429, 503})
    assert str(status) in str(raised.value)


async def test_a_page_that_did_not_change_has_no_body(server: FakeIndex, http: Http) -> None:
    server.serve_raw("/page", body=b"hello")
    server.script(Reply(304), path="page")
    assert (await get(http, server)).status is HTTPStatus.NOT_MODIFIED


async def test_redirects_in_circles_are_left(server: FakeIndex, http: Http) -> None:
    server.script(redirect("/page"), path="page", times=None)
    with pytest.raises(UpstreamError, match=r"^127\.0\.0\.1 redirects in circles\.$"):
        await get(http, server)
    assert server.count("page") == 6


async def test_whom_the_environment_trusts_is_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tls = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret"
    async with served(lambda writer: writer.write(reply), tls) as port, open_direct(USER_AGENT) as http:
        url = f"https://127.0.0.1:{port}/page"
        assert (await fetch(http, url, {}, service=service_at(url), deadline=at_most(10))).body() == b"secret"


async def test_cookies_are_not_sent_back(server: FakeIndex, http: Http) -> None:
    server.script(Reply(200, b"one", headers={"Set-Cookie": "who=you; Path=/"}), path="page", times=None)
    named = server.url.replace("127.0.0.1", "localhost")  # aiohttp takes no cookies of a server without a name
    for _ in range(2):
        await fetch(http, f"{named}/page", {}, service=service_at(named), deadline=at_most(10))
    assert ["Cookie" in each.headers for each in server.requests] == [False, False]
