"""What is said of a server that misbehaves: what it did, and "could not be reached" only of one that was not."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.clients.guard import service_at
from bot.clients.pypi import PackageIndex
from bot.clients.tokens import Tokens
from bot.clients.web import Http, Patience, fetch
from bot.core.errors import UpstreamError
from tests.patience import at_most

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
EARLY = "ended its answer too early."
NO_HTTP = "answered with something that is not HTTP."
BROKEN_HEADER = "answered with a header that is broken."
BROKEN_CHUNKS = "answered in chunks that are broken."
NO_ANSWER = "closed the connection without an answer."
ONCE = Patience(attempts=1, deadline=at_most(60))

ANSWERS: dict[str, tuple[bytes, str]] = {
    "a greeting": (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", NO_HTTP),
    "a future version": (b"HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n", NO_HTTP),
    "a status in words": (b"HTTP/1.1 fine OK\r\nContent-Length: 0\r\n\r\n", NO_HTTP),
    "a status too many": (b"HTTP/1.1 99999 OK\r\nContent-Length: 0\r\n\r\n", NO_HTTP),
    "nothing": (b"", NO_ANSWER),
    "half a head": (OK, NO_ANSWER),
    "a long header": (OK + b"X: " + b"a" * 100_000 + b"\r\n\r\n", "answered with a header that is too long."),
    "a long reason": (b"HTTP/1.1 200 " + b"a" * 100_000 + b"\r\n\r\n", "answered with a header that is too long."),
    "many headers": (OK + b"X: a\r\n" * 100_000 + b"\r\n", "answered with too many headers."),
    "a header without a colon": (OK + b"no colon\r\n\r\n", BROKEN_HEADER),
    "a NUL in a header": (OK + b"X: a\x00b\r\n\r\n", BROKEN_HEADER),
    "two lengths": (OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", BROKEN_HEADER),
    "a length in words": (OK + b"Content-Length: long\r\n\r\n", BROKEN_HEADER),
    "half a body": (OK + b"Content-Length: 100\r\n\r\nabc", EARLY),
    "half a chunk": (CHUNKED + b"10\r\nabc", EARLY),
    "no last chunk": (CHUNKED + b"3\r\nabc\r\n", EARLY),
    "a chunk of no size": (CHUNKED + b"zz\r\nabc\r\n0\r\n\r\n", BROKEN_CHUNKS),
    "a chunk of another size": (CHUNKED + b"3\r\nabcdef\r\n0\r\n\r\n", BROKEN_CHUNKS),
    "a chunk of absurd size": (CHUNKED + b"F" * 40 + b"\r\nabc", BROKEN_CHUNKS),
}

Answering = Callable[[asyncio.StreamWriter], None]


@asynccontextmanager
async def served(answer: Answering, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Answer each request on a port of this machine, whatever it asks for, and close the connection."""
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        with suppress(ConnectionError, asyncio.IncompleteReadError):  # the client has had enough
            try:
                await reader.readuntil(b"\r\n\r\n")
                answer(writer)
                await writer.drain()
            finally:
                writer.close()
                await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1]
    await asyncio.gather(*serving)


async def said_of(http: Http, url: str, deadline: float = 10.0) -> UpstreamError:
    """Ask for a page, which fails."""
    with pytest.raises(UpstreamError) as failed:
        await fetch(http, url, {}, service=service_at(url), deadline=deadline)
    return failed.value


@pytest.mark.parametrize(("answer", "says"), ANSWERS.values(), ids=ANSWERS.keys())
async def test_an_answer_that_is_none_is_said_to_be_what_it_is(http: Http, answer: bytes, says: str) -> None:
    async with served(lambda writer: writer.write(answer)) as port:
        error = await said_of(http, f"http://127.0.0.1:{port}/")
    assert (str(error), error.retryable) == (f"127.0.0.1 {says}", True)


@pytest.mark.parametrize("of", ["a greeting", "a chunk of no size", "a long header", "half a body", "nothing"])
async def test_it_is_said_of_pages_lists_and_tokens_alike(http: Http, httpx_client: httpx.AsyncClient, of: str) -> None:
    answer, says = ANSWERS[of]
    async with served(lambda writer: writer.write(answer)) as port:
        url = f"http://127.0.0.1:{port}/"
        index = PackageIndex(http, url, url, ONCE)
        for asking in (index.project("demo"), index.serials({"demo"})):
            with pytest.raises(UpstreamError, match=says):
                await asking
        if "Content-Length: 100" not in answer.decode("latin-1") and b"chunked" not in answer:  # a body is not read
            with pytest.raises(UpstreamError, match=says):
                await Tokens(httpx_client, url, url).github_accepts("token")


async def test_a_connection_that_is_reset_was_broken_off(http: Http) -> None:
    def reset(writer: asyncio.StreamWriter) -> None:
        link: socket.socket = writer.get_extra_info("socket")
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async with served(reset) as port:
        error = await said_of(http, f"http://127.0.0.1:{port}/")
    assert str(error) == "127.0.0.1 broke the connection off."


async def test_a_server_that_keeps_silent_did_not_answer_in_time(http: Http) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = await said_of(http, f"http://127.0.0.1:{silent.getsockname()[1]}/", deadline=0.05)
    assert (str(error), error.retryable) == ("127.0.0.1 did not answer in time.", True)


async def test_a_port_where_nobody_listens_refuses_connections(http: Http) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    error = await said_of(http, f"http://127.0.0.1:{port}/")
    assert (str(error), error.retryable) == ("127.0.0.1 could not be reached: it refuses connections.", True)


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 63 + ".invalid"])
async def test_a_name_without_an_address_is_said_to_have_none(http: Http, host: str) -> None:
    error = await said_of(http, f"http://{host}/")
    assert (str(error), error.retryable) == (f"{host} could not be reached: no address is known for that name.", True)


async def test_a_name_that_can_have_no_address_is_an_error_as_well(http: Http) -> None:
    error = await said_of(http, f"http://{'a' * 64}.invalid/")
    assert (str(error).endswith("has no address that can be asked."), error.retryable) == (True, False)


async def test_a_server_that_cannot_prove_who_it_is_is_said_to_be_that(http: Http, tmp_path: Path) -> None:
    async with served(lambda writer: writer.write(OK + b"\r\n"), self_signed(tmp_path)) as port:
        error = await said_of(http, f"https://127.0.0.1:{port}/")
    assert str(error).startswith("127.0.0.1 could not prove who it is (self")
    assert not error.retryable


async def test_a_server_without_tls_does_not_agree_how_to_encrypt(http: Http) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        error = await said_of(http, f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    assert str(error) == "127.0.0.1 and this program do not agree how to encrypt."


def self_signed(folder: Path) -> ssl.SSLContext:
    """Make TLS for a server that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(path)
    return tls
