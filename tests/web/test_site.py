"""The routes tell whether the process lives, whether it can answer, and what it counted; one takes deliveries."""

from __future__ import annotations

import asyncio
import errno
import gzip
import logging
import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import NoReturn

import httpx
import pytest
from httpx_aiohttp import HttpxAiohttpClient

from bot.core.errors import UserError
from bot.core.github.webhooks import LARGEST
from bot.services.metrics import Metrics
from bot.services.triage.deliveries import Receipt
from bot.web.site import Address, Monitoring, Site, Webhooks, serve
from tests.patience import at_most

HERE = Address("127.0.0.1", 0)


def site(metrics: Metrics | None = None, webhooks: Webhooks | None = None, **needs: bool) -> Site:
    async def readiness() -> Mapping[str, bool]:
        return needs

    return Site(Monitoring((metrics or Metrics.new()).registry, readiness), webhooks)


async def get(served: Site, path: str) -> httpx.Response:
    async with serve(served, HERE) as port, HttpxAiohttpClient() as http:
        return await http.get(f"http://127.0.0.1:{port}{path}")


async def test_a_live_process_says_ok_even_if_it_is_not_ready() -> None:
    answer = await get(site(discord=False), "/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


@pytest.mark.parametrize(("discord", "database", "status"), [(True, True, 200), (True, False, 503), (False, True, 503)])
async def test_it_is_ready_when_everything_it_needs_is_there(discord: bool, database: bool, status: int) -> None:
    answer = await get(site(discord=discord, database=database), "/readyz")
    assert (answer.status_code, answer.json()) == (status, {"discord": discord, "database": database})


@pytest.mark.parametrize("works", [True, False])
async def test_what_is_wrong_is_said_of_what_is_not_there(works: bool) -> None:
    async def readiness() -> Mapping[str, bool]:
        return {"discord": True, "database": works}

    monitoring = Monitoring(Metrics.new().registry, readiness, problems=lambda: {"database": "It is away. Wait."})
    answer = await get(Site(monitoring), "/readyz")
    told = {} if works else {"problems": {"database": "It is away. Wait."}}
    assert answer.json() == {"discord": True, "database": works} | told


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


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_what_is_served_elsewhere_is_not_served_here(path: str) -> None:
    whole = site(webhooks=Taken())
    assert (await get(replace(whole, monitoring=None), path)).status_code == 404
    assert (await get(replace(whole, webhooks=None), path)).status_code == 200


@pytest.mark.parametrize("path", ["/", "/healthz/", "/../etc/passwd", "/%00"])
async def test_nothing_else_is_served(path: str) -> None:
    assert (await get(site(), path)).status_code == 404


async def test_metrics_of_two_bots_in_one_process_are_apart() -> None:
    one, other = Metrics.new(), Metrics.new()
    one.guilds.set(7)
    assert "ftbot_guilds 0.0" in (await get(site(other), "/metrics")).text


async def test_a_port_is_free_again_after_the_end() -> None:
    async with serve(site(), HERE) as port:
        pass
    async with serve(site(), Address("127.0.0.1", port)) as again:
        assert again == port


# What keeps it from being served


async def complaint(address: Address) -> str:
    """Try to serve somewhere, and give what is said of that."""
    with pytest.raises(UserError) as raised:
        async with serve(site(), address):
            pass
    return str(raised.value)


@pytest.mark.parametrize("settings", ["FTBOT_HTTP", "FTBOT_METRICS"])
async def test_a_port_that_is_taken_is_a_sentence_that_names_the_port(settings: str) -> None:
    async with serve(site(), HERE) as port:
        said = await complaint(Address("127.0.0.1", port, settings))
    assert said.startswith(f"Port {port} on 127.0.0.1 cannot be opened: ")
    assert said.endswith(f". Set {settings}_PORT to a free one.")


@pytest.mark.parametrize("settings", ["FTBOT_HTTP", "FTBOT_METRICS"])
@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("a..b", "`a..b` is no name of a host"),
        (".", "`.` is no name of a host"),
        ("x" * 64, "is no name of a host"),
        ("x" * 70_000, "is no name of a host"),
        ("192.0.2.1", "`192.0.2.1` is no address of this machine: "),
        ("2001:db8::1", "`2001:db8::1` is no address of this machine: "),
        ("fe80::1", "`fe80::1` is no address of this machine: "),
    ],
)
async def test_a_host_that_does_not_do_is_a_sentence_that_names_the_host(settings: str, host: str, says: str) -> None:
    said = await complaint(Address(host, 0, settings))
    assert says in said
    assert said.endswith(f". Set {settings}_HOST to an address of this machine, such as 127.0.0.1.")
    assert f"{settings}_PORT" not in said
    assert len(said) < 300


@pytest.mark.parametrize("settings", ["FTBOT_HTTP", "FTBOT_METRICS"])
@pytest.mark.parametrize("error", [socket.EAI_NONAME, socket.EAI_AGAIN])
async def test_a_host_that_nobody_knows_is_a_sentence_that_names_the_host(
    monkeypatch: pytest.MonkeyPatch, settings: str, error: int
) -> None:
    # As name servers say it, which no test asks.
    monkeypatch.setattr("socket.getaddrinfo", Refusing(socket.gaierror(error, "Nobody knows")))
    said = await complaint(Address("http://ftbot.example", 0, settings))
    assert said == (
        "The host `http://ftbot.example` cannot be found: Nobody knows."
        f" Set {settings}_HOST to an address of this machine, such as 127.0.0.1."
    )


@dataclass(frozen=True, slots=True)
class Refusing:
    """A system that refuses whatever it is asked."""

    error: OSError

    def __call__(self, *_: object, **__: object) -> NoReturn:
        raise self.error


async def test_a_port_that_this_user_may_not_open_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    # The tests may run as root, who may open every port.
    monkeypatch.setattr("socket.create_server", Refusing(PermissionError(errno.EACCES, "no")))
    said = await complaint(Address("127.0.0.1", 80))
    assert said.startswith("Port 80 on 127.0.0.1 cannot be opened: ")
    assert said.endswith(". Set FTBOT_HTTP_PORT to one that this user may open, such as one above 1023.")


async def test_whatever_else_the_system_says_is_in_the_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.create_server", Refusing(OSError(errno.EMFILE, "no")))
    said = await complaint(Address("127.0.0.1", 80))
    assert said.startswith(f"Port 80 on 127.0.0.1 cannot be opened: {os.strerror(errno.EMFILE)}. Mend that, ")
    assert "FTBOT_HTTP_HOST and FTBOT_HTTP_PORT" in said


async def test_an_address_that_the_machine_lacks_is_no_matter_where_the_host_has_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def both(*_: object, **__: object) -> list[tuple[object, ...]]:
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, ("192.0.2.1", 0)), (*kind, ("127.0.0.1", 0))]

    monkeypatch.setattr("socket.getaddrinfo", both)
    async with serve(site(), Address("localhost", 0)) as port:
        assert port > 0


# Deliveries


@dataclass(slots=True)
class Counted:
    """Counts the bytes of a body."""

    size: int = 0

    async def feed(self, piece: bytes) -> None:
        self.size += len(piece)

    def receipt(self) -> Receipt:
        return Receipt(202, f"{self.size} bytes.")


@dataclass(slots=True)
class Taken:
    """Takes deliveries, and remembers them."""

    receipt: Receipt = field(default_factory=lambda: Receipt(202, "Accepted."))
    deliveries: list[tuple[str | None, bytes]] = field(default_factory=list)
    refused: Receipt | None = None
    drained: Counted | None = None

    def refusal(self, headers: Mapping[str, str]) -> Receipt | None:  # noqa: ARG002 — all headers are the same here
        return self.refused

    def drain(self, headers: Mapping[str, str]) -> Counted | None:  # noqa: ARG002 — all headers are the same here
        return self.drained

    async def take(self, headers: Mapping[str, str], body: bytes) -> Receipt:
        self.deliveries.append((headers.get("X-GitHub-Delivery"), body))
        return self.receipt


async def post(webhooks: Webhooks | None, body: bytes | AsyncIterator[bytes], **headers: str) -> httpx.Response:
    """Send a delivery."""
    async with serve(site(webhooks=webhooks), HERE) as port, HttpxAiohttpClient() as http:
        return await http.post(f"http://127.0.0.1:{port}/webhooks/github", content=body, headers=headers)


async def exchange(webhooks: Webhooks, sent: bytes) -> bytes:
    """Send bytes as they are; give the answer, as far as it comes while nothing more is sent."""
    async with serve(site(webhooks=webhooks), HERE) as port:
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
    answer = await post(taken, b'{"a": 1}', **{"x-github-delivery": "d1"})
    assert (answer.status_code, answer.text) == (receipt.status, f"{receipt.text}\n")
    assert answer.headers["content-type"].startswith("text/plain")
    assert taken.deliveries == [("d1", b'{"a": 1}')]


async def test_deliveries_are_only_posted() -> None:
    assert (await get(site(webhooks=Taken()), "/webhooks/github")).status_code == 405


async def test_a_large_delivery_is_taken_with_and_without_its_size() -> None:
    taken = Taken()
    assert (await post(taken, pieces(LARGEST), **{"content-length": str(LARGEST)})).status_code == 202
    assert (await post(taken, pieces(LARGEST))).status_code == 202
    assert [len(body) for _, body in taken.deliveries] == [LARGEST, LARGEST]


async def test_a_delivery_that_says_that_it_is_too_large_is_refused_before_it_is_sent() -> None:
    taken = Taken()
    head = f"POST /webhooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: {LARGEST + 1}\r\n\r\n"
    assert (await exchange(taken, head.encode())).startswith(b"HTTP/1.1 413 ")
    assert taken.deliveries == []


async def test_a_delivery_that_turns_out_to_be_too_large_is_refused() -> None:
    taken = Taken()
    assert (await post(taken, pieces(LARGEST + 1))).status_code == 413
    assert taken.deliveries == []


async def test_what_is_compressed_is_not_inflated() -> None:
    taken = Taken()
    bomb = gzip.compress(bytes(LARGEST + 1))
    assert (await post(taken, bomb, **{"content-encoding": "gzip"})).status_code == 202
    assert taken.deliveries == [(None, bomb)]


async def test_a_delivery_that_does_not_arrive_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web.bodies.BODY_SECONDS", 0.05)
    taken = Taken()
    head = b"POST /webhooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"
    assert (await exchange(taken, head)).startswith(b"HTTP/1.1 408 ")
    assert taken.deliveries == []


@pytest.mark.parametrize("ending", [b"nonsense\r\n", b""], ids=["nonsense", "lost connection"])
async def test_a_body_that_breaks_off_is_no_delivery(ending: bytes, caplog: pytest.LogCaptureFixture) -> None:
    taken = Taken()
    async with serve(site(webhooks=taken), HERE) as port:
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
    async with serve(site(webhooks=taken), HERE) as port, HttpxAiohttpClient() as http:
        answers = await asyncio.gather(
            *(http.post(f"http://127.0.0.1:{port}/webhooks/github", content=bytes(200_000)) for _ in range(20))
        )
    assert [answer.status_code for answer in answers] == [202] * 20
    assert len(taken.deliveries) == 20


async def test_a_delivery_that_can_be_nobodys_is_refused_before_its_body_is_sent() -> None:
    taken = Taken(refused=Receipt(401, "No."))
    head = b"POST /webhooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
    assert (await exchange(taken, head)).startswith(b"HTTP/1.1 401 ")
    assert taken.deliveries == []


async def test_a_delivery_that_nobody_needs_is_read_and_not_kept() -> None:
    taken = Taken(drained=Counted())
    answer = await post(taken, pieces(LARGEST))
    assert (answer.status_code, answer.text) == (202, f"{LARGEST} bytes.\n")
    assert (await post(taken, pieces(LARGEST + 1))).status_code == 413
    assert taken.deliveries == []


async def test_those_who_send_slowly_do_not_keep_others_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web.site.TURNS", ((64 * 1024, 2),))
    monkeypatch.setattr("bot.web.bodies.STALL_SECONDS", 0.1)
    monkeypatch.setattr("bot.web.bodies.SLOWEST", 1024 * 1024)
    taken = Taken()
    head = b"POST /webhooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
    async with (
        clients(site(webhooks=taken), 8, head + bytes(70_000)) as (port, slow),
        asyncio.timeout(at_most(30)),
        HttpxAiohttpClient() as http,
    ):
        answer = await http.post(f"http://127.0.0.1:{port}/webhooks/github", content=bytes(200_000))
        told = [await reader.readline() for reader in slow]
    assert answer.status_code == 202
    assert told == [b"HTTP/1.1 408 Request Timeout\r\n"] * 8


async def test_a_slow_delivery_that_goes_on_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web.bodies.STALL_SECONDS", 0.25)
    monkeypatch.setattr("bot.web.bodies.SLOWEST", 100_000)

    async def slowly() -> AsyncIterator[bytes]:
        for _ in range(10):
            await asyncio.sleep(0.05)
            yield bytes(10_000)

    taken = Taken()
    assert (await post(taken, slowly())).status_code == 202
    assert [len(body) for _, body in taken.deliveries] == [100_000]


# Connections


@asynccontextmanager
async def clients(served: Site, count: int, said: bytes) -> AsyncIterator[tuple[int, list[asyncio.StreamReader]]]:
    """Serve a site to clients that say something and then nothing more."""
    async with serve(served, HERE) as port, AsyncExitStack() as stack:
        readers = []
        for _ in range(count):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            stack.callback(writer.close)
            writer.write(said)
            readers.append(reader)
        yield port, readers


@pytest.mark.parametrize("said", [b"", b"POST /web"], ids=["nothing", "half a line"])
async def test_those_who_connect_and_say_nothing_keep_nobody_out(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    monkeypatch.setattr("bot.web.connections.MOST", 4)
    monkeypatch.setattr("bot.web.connections.PATIENCE_SECONDS", 0.05)
    async with clients(site(), 12, said) as (port, _), asyncio.timeout(at_most(30)), HttpxAiohttpClient() as http:
        assert (await http.get(f"http://127.0.0.1:{port}/healthz")).status_code == 200


async def test_no_more_connections_are_open_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web.connections.MOST", 4)
    monkeypatch.setattr("bot.web.connections.PATIENCE_SECONDS", 3600.0)
    async with clients(site(), 12, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n") as (_, readers):
        async with asyncio.timeout(at_most(30)):
            assert [await reader.readline() for reader in readers[:4]] == [b"HTTP/1.1 200 OK\r\n"] * 4
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await readers[4].readline()


@pytest.mark.parametrize("said", [b"", b"GET /healthz HTTP/1.1\r\nHost:"], ids=["nothing", "half a head"])
async def test_who_does_not_say_what_is_wanted_is_left(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    monkeypatch.setattr("bot.web.connections.HEAD_SECONDS", 0.05)
    async with clients(site(), 1, said) as (_, [reader]), asyncio.timeout(at_most(30)):
        assert await ended(reader) == b""


@pytest.mark.parametrize(
    ("head", "keep", "next_"), [(3600.0, 0.05, b""), (0.05, 3600.0, b"GET /")], ids=["idle", "next head"]
)
async def test_a_connection_is_not_kept_forever(
    monkeypatch: pytest.MonkeyPatch, head: float, keep: float, next_: bytes
) -> None:
    monkeypatch.setattr("bot.web.connections.HEAD_SECONDS", head)
    monkeypatch.setattr("bot.web.connections.KEEP_SECONDS", keep)
    async with serve(site(), HERE) as port, asyncio.timeout(at_most(30)):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readuntil(b"ok\n")).startswith(b"HTTP/1.1 200 ")
        writer.write(next_)
        assert await ended(reader) == b""
        writer.close()


async def test_all_of_many_at_once_are_answered_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web.connections.MOST", 4)
    async with serve(site(webhooks=Taken()), HERE) as port:
        head = b"POST /webhooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"

        async def one() -> bytes:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head)
            answer = await reader.read()
            writer.close()
            return answer.partition(b"\r\n")[0]

        assert await asyncio.gather(*(one() for _ in range(60))) == [b"HTTP/1.1 202 Accepted"] * 60


@pytest.mark.parametrize(
    "said",
    [
        b"\x16\x03\x01\r\n\r\n",
        b"GET / HTTP/9\r\n\r\n",
        b"GET / HTTP/1.1\r\nx\r\n\r\n",
        b"GET /" + b"a" * 9000 + b" H\r\n\r\n",
        b"<script> / HTTP/1.1\r\n\r\n",
    ],
    ids=["TLS", "version", "header", "long", "method"],
)
async def test_nonsense_is_refused_and_no_error_of_ours(said: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async with clients(site(), 1, said) as (_, [reader]), asyncio.timeout(at_most(30)):
        assert (await reader.readline()).startswith(b"HTTP/1.0 400 ")
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    assert (b"nosniff" in head, b"aiohttp" in head) == (True, False)
    assert body == b"This is no request that can be answered.\n"
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_what_is_wrong_with_the_site_is_an_error(caplog: pytest.LogCaptureFixture) -> None:
    async def readiness() -> Mapping[str, bool]:
        raise RuntimeError("broken")

    answer = await get(Site(Monitoring(Metrics.new().registry, readiness)), "/readyz")
    assert (answer.status_code, [record.levelname for record in caplog.records]) == (500, ["ERROR"])


async def ended(reader: asyncio.StreamReader) -> bytes:
    """Read to the end of a connection, however it comes."""
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""
