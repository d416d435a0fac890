"""The routes tell whether the process lives, whether it can answer, and what it counted; one takes deliveries."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import httpx
import pytest
from httpx_aiohttp import HttpxAiohttpClient

from bot.core.errors import UserError
from bot.core.webhooks import LARGEST
from bot.http import Site, Webhooks, serve
from bot.services.intake import Receipt
from bot.services.metrics import Metrics

ANY_PORT = 0


def site(metrics: Metrics | None = None, webhooks: Webhooks | None = None, **needs: bool) -> Site:
    async def readiness() -> Mapping[str, bool]:
        return needs

    return Site((metrics or Metrics.new()).registry, readiness, webhooks)


async def get(served: Site, path: str) -> httpx.Response:
    async with serve(served, "127.0.0.1", ANY_PORT) as port, HttpxAiohttpClient() as http:
        return await http.get(f"http://127.0.0.1:{port}{path}")


async def test_a_live_process_says_ok_even_if_it_is_not_ready() -> None:
    answer = await get(site(discord=False), "/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


@pytest.mark.parametrize(("discord", "database", "status"), [(True, True, 200), (True, False, 503), (False, True, 503)])
async def test_it_is_ready_when_everything_it_needs_is_there(discord: bool, database: bool, status: int) -> None:
    answer = await get(site(discord=discord, database=database), "/readyz")
    assert (answer.status_code, answer.json()) == (status, {"discord": discord, "database": database})


async def test_metrics_are_in_the_text_format_of_prometheus() -> None:
    metrics = Metrics.new()
    metrics.answers.labels("ftstatus", "answered").inc(3)
    metrics.guilds.set(2)
    answer = await get(site(metrics), "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    lines = answer.text.splitlines()
    assert 'ftbot_answers_total{command="ftstatus",outcome="answered"} 3.0' in lines
    assert "ftbot_guilds 2.0" in lines
    assert any(line.startswith("process_resident_memory_bytes ") for line in lines)


@pytest.mark.parametrize("path", ["/", "/healthz/", "/../etc/passwd", "/%00"])
async def test_nothing_else_is_served(path: str) -> None:
    assert (await get(site(), path)).status_code == 404


async def test_metrics_of_two_bots_in_one_process_are_apart() -> None:
    one, other = Metrics.new(), Metrics.new()
    one.guilds.set(7)
    assert "ftbot_guilds 0.0" in (await get(site(other), "/metrics")).text


async def test_a_port_that_is_taken_is_a_sentence_that_names_the_setting() -> None:
    async with serve(site(), "127.0.0.1", ANY_PORT) as port:
        with pytest.raises(UserError, match=rf"Port {port} on 127\.0\.0\.1 .* Set FTBOT_HTTP_PORT"):
            async with serve(site(), "127.0.0.1", port):
                pass


async def test_a_port_is_free_again_after_the_end() -> None:
    async with serve(site(), "127.0.0.1", ANY_PORT) as port:
        pass
    async with serve(site(), "127.0.0.1", port) as again:
        assert again == port


async def test_a_host_that_is_not_here_is_a_sentence() -> None:
    with pytest.raises(UserError, match=r"FTBOT_HTTP"):
        async with serve(site(), "192.0.2.1", ANY_PORT):
            pass


# Deliveries


@dataclass(slots=True)
class Taken:
    """Takes deliveries, and remembers them."""

    receipt: Receipt = field(default_factory=lambda: Receipt(202, "Accepted."))
    deliveries: list[tuple[str | None, bytes]] = field(default_factory=list)

    async def take(self, headers: Mapping[str, str], body: bytes) -> Receipt:
        self.deliveries.append((headers.get("X-GitHub-Delivery"), body))
        return self.receipt


async def post(webhooks: Webhooks | None, body: bytes | AsyncIterator[bytes], **headers: str) -> httpx.Response:
    """Send a delivery."""
    async with serve(site(webhooks=webhooks), "127.0.0.1", ANY_PORT) as port, HttpxAiohttpClient() as http:
        return await http.post(f"http://127.0.0.1:{port}/webhooks/github", content=body, headers=headers)


async def exchange(webhooks: Webhooks, sent: bytes) -> bytes:
    """Send bytes as they are; give the answer, as far as it comes while nothing more is sent."""
    async with serve(site(webhooks=webhooks), "127.0.0.1", ANY_PORT) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(sent)
            return await reader.readuntil(b"\r\n\r\n")
        finally:
            writer.close()
            await writer.wait_closed()


async def pieces(size: int) -> AsyncIterator[bytes]:
    """Send a body whose size nobody says beforehand."""
    while size > 0:
        yield bytes(min(size, 1024 * 1024))
        size -= 1024 * 1024


async def test_without_a_secret_there_is_no_place_for_deliveries() -> None:
    assert (await post(None, b"{}")).status_code == 404


@pytest.mark.parametrize("receipt", [Receipt(202, "Accepted."), Receipt(401, "No."), Receipt(503, "Later.")])
async def test_a_delivery_is_given_on_as_it_was_sent_and_answered_in_a_line(receipt: Receipt) -> None:
    taken = Taken(receipt)
    answer = await post(taken.take, b'{"a": 1}', **{"x-github-delivery": "d1"})
    assert (answer.status_code, answer.text) == (receipt.status, f"{receipt.text}\n")
    assert answer.headers["content-type"].startswith("text/plain")
    assert taken.deliveries == [("d1", b'{"a": 1}')]


async def test_deliveries_are_only_posted() -> None:
    assert (await get(site(webhooks=Taken().take), "/webhooks/github")).status_code == 405


async def test_a_large_delivery_is_taken_with_and_without_its_size() -> None:
    taken = Taken()
    assert (await post(taken.take, pieces(LARGEST), **{"content-length": str(LARGEST)})).status_code == 202
    assert (await post(taken.take, pieces(LARGEST))).status_code == 202
    assert [len(body) for _, body in taken.deliveries] == [LARGEST, LARGEST]


async def test_a_delivery_that_says_that_it_is_too_large_is_refused_before_it_is_sent() -> None:
    taken = Taken()
    head = f"POST /webhooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: {LARGEST + 1}\r\n\r\n"
    assert (await exchange(taken.take, head.encode())).startswith(b"HTTP/1.1 413 ")
    assert taken.deliveries == []


async def test_a_delivery_that_turns_out_to_be_too_large_is_refused() -> None:
    taken = Taken()
    assert (await post(taken.take, pieces(LARGEST + 1))).status_code == 413
    assert taken.deliveries == []


async def test_what_is_compressed_is_not_inflated() -> None:
    taken = Taken()
    bomb = gzip.compress(bytes(LARGEST + 1))
    assert (await post(taken.take, bomb, **{"content-encoding": "gzip"})).status_code == 202
    assert taken.deliveries == [(None, bomb)]


async def test_a_delivery_that_does_not_arrive_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.http.BODY_SECONDS", 0.05)
    taken = Taken()
    head = b"POST /webhooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"
    assert (await exchange(taken.take, head)).startswith(b"HTTP/1.1 408 ")
    assert taken.deliveries == []


@pytest.mark.parametrize("ending", [b"nonsense\r\n", b""], ids=["nonsense", "lost connection"])
async def test_a_body_that_breaks_off_is_no_delivery(ending: bytes, caplog: pytest.LogCaptureFixture) -> None:
    taken = Taken()
    async with serve(site(webhooks=taken.take), "127.0.0.1", ANY_PORT) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /webhooks/github HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        async with HttpxAiohttpClient() as http:  # by its answer the beginning was read
            assert (await http.get(f"http://127.0.0.1:{port}/healthz")).status_code == 200
        writer.write(ending)
        writer.write_eof()
        assert not (await reader.read()).startswith(b"HTTP/1.1 2")
        writer.close()
        await writer.wait_closed()
        async with HttpxAiohttpClient() as http:
            assert (await http.get(f"http://127.0.0.1:{port}/healthz")).status_code == 200
    assert (taken.deliveries, caplog.records) == ([], [])


async def test_many_large_deliveries_at_once_are_all_taken() -> None:
    taken = Taken()
    async with serve(site(webhooks=taken.take), "127.0.0.1", ANY_PORT) as port, HttpxAiohttpClient() as http:
        answers = await asyncio.gather(
            *(http.post(f"http://127.0.0.1:{port}/webhooks/github", content=bytes(200_000)) for _ in range(20))
        )
    assert [answer.status_code for answer in answers] == [202] * 20
    assert len(taken.deliveries) == 20
