"""One credential's requests: what each answer means, what is sent again and what never, and what hangs."""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
import threading
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from github import Auth

from bot.clients.github.app import GithubApp, open_github_app
from bot.clients.github.reader import GithubReader, open_github_reader
from bot.clients.github.worker import Call, MovedError, NotThereError, Reply, open_worker
from bot.clients.web import Patience
from bot.core.errors import UpstreamError, UserError
from bot.core.github.threads import ForbiddenError, GoneError, IssueRef, RefusedError, UnsureError
from tests.fakes.fake_github import FakeGitHub
from tests.fakes.github_failures import (
    Failure,
    Hold,
    bad_gateway_after_write,
    dropped,
    gone,
    graphql_errors,
    graphql_rate_limited,
    held,
    html_page,
    moved,
    not_found,
    rate_limited,
    secondary_limit,
    server_error,
    too_many_requests,
)
from tests.fakes.github_world import FakeIssue, FakeRepository
from tests.patience import at_most

QUICK = Patience(attempts=3, first_wait=0.001, longest_wait=0.01, deadline=at_most(60))
REF = IssueRef("numpy/numpy", 1)


def utc_now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def server() -> AsyncIterator[FakeGitHub]:
    """Give GitHub."""
    async with FakeGitHub() as running:
        yield running
        assert running.violations == []


@pytest.fixture
def repository(server: FakeGitHub) -> FakeRepository:
    """Give a repository that has the App."""
    return server.repository("numpy/numpy", labels=["crash"], installed=True)


@pytest.fixture(autouse=True)
def issue(repository: FakeRepository) -> FakeIssue:
    """Give an issue there."""
    return repository.open("Crash on 3.14t", "It crashes.")


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """Give something that closes what a test opens."""
    async with AsyncExitStack() as opened:
        yield opened


async def reader_of(server: FakeGitHub, stack: AsyncExitStack, patience: Patience = QUICK) -> GithubReader:
    opening = open_github_reader(server.url, server.token, user_agent="ftbot-tests", now=utc_now, patience=patience)
    return await stack.enter_async_context(opening)


async def app_of(server: FakeGitHub, stack: AsyncExitStack, patience: Patience = QUICK) -> GithubApp:
    opening = open_github_app(
        server.url,
        server.app.id,
        server.app.private_key,
        user_agent="ftbot-tests",
        now=utc_now,
        patience=patience,
        write_gap=0.0,
    )
    return await stack.enter_async_context(opening)


@pytest.fixture
async def reader(server: FakeGitHub, stack: AsyncExitStack) -> GithubReader:
    """Give the client with the reading token."""
    return await reader_of(server, stack)


@pytest.fixture
async def app(server: FakeGitHub, stack: AsyncExitStack, repository: FakeRepository) -> GithubApp:
    """Give the App, which knows its installation already."""
    opened = await app_of(server, stack)
    await opened.labels(repository.full_name)
    return opened


# What a refusal means


@pytest.mark.parametrize(
    ("failure", "error", "text"),
    [
        (gone(), GoneError, "numpy/numpy#1 was deleted."),
        (not_found(), GoneError, "There is no thread numpy/numpy#1, or it is not public."),
        (Failure(410, body={"message": "Issues are disabled for this repo"}), GoneError, "There is no thread numpy/"),
        (Failure(451, body={"message": "Repository access blocked"}), GoneError, "There is no thread numpy/numpy#1, "),
        (
            Failure(401, body={"message": "Bad credentials"}),
            ForbiddenError,
            "127.0.0.1 refused the token. Make a new one and set FTBOT_GITHUB_TOKEN.",
        ),
        (Failure(403, body={"message": "Resource not accessible"}), ForbiddenError, "127.0.0.1 forbids `GET "),
        (Failure(403, body=b"no JSON"), ForbiddenError, "127.0.0.1 forbids `GET /repos/numpy/numpy/issues/1` (403)."),
        (Failure(422, body={"message": "Validation Failed"}), RefusedError, "127.0.0.1 refused `GET "),
        (Failure(400, body={"message": "Problems parsing JSON"}), RefusedError, "127.0.0.1 refused `GET "),
    ],
)
async def test_a_refusal_is_final_and_says_what_it_means(
    server: FakeGitHub, reader: GithubReader, failure: Failure, error: type[UpstreamError], text: str
) -> None:
    server.fail("/issues/1$", failure)
    with pytest.raises(error, match=f"^{re.escape(text)}") as caught:
        await reader.issue(REF)
    assert not caught.value.retryable
    assert server.count("GET", "/issues/1$") == 1


@pytest.mark.parametrize(
    "failure", [server_error(), server_error(503), dropped(), html_page(), Failure(200, body=b"{")]
)
async def test_a_read_is_tried_again(server: FakeGitHub, reader: GithubReader, failure: Failure) -> None:
    server.fail("/issues/1$", failure, failure)
    assert (await reader.issue(REF)).title == "Crash on 3.14t"
    assert server.count("GET", "/issues/1$") == 3


@pytest.mark.parametrize("failure", [server_error(), dropped(), html_page()])
async def test_a_read_that_fails_every_time_may_be_tried_later(
    server: FakeGitHub, reader: GithubReader, failure: Failure
) -> None:
    server.fail("/issues/1$", *[failure] * 9)
    with pytest.raises(UpstreamError) as caught:
        await reader.issue(REF)
    assert caught.value.retryable
    assert server.count("GET", "/issues/1$") == 3


async def test_an_answer_that_is_nested_too_deeply_is_an_upstream_error(
    server: FakeGitHub, reader: GithubReader
) -> None:
    deep = b'{"x": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    for status in (200, 403):
        server.fail("/issues/1$", Failure(status, body=deep))
        with pytest.raises(UpstreamError):
            await reader.issue(REF)
    assert (await reader.issue(REF)).title == "Crash on 3.14t"


@pytest.mark.parametrize("body", [[], {"id": "x"}, "text", None, {"number": 1, "node_id": None}])
async def test_an_answer_of_another_shape_is_an_upstream_error(
    server: FakeGitHub, reader: GithubReader, body: object
) -> None:
    server.fail("/issues/1$", *[Failure(200, body=body)] * 9)
    with pytest.raises(UpstreamError):
        await reader.issue(REF)


async def test_nobody_there_may_be_tried_later(stack: AsyncExitStack) -> None:
    async with FakeGitHub(validate=False) as closed:
        pass
    reader = await reader_of(closed, stack)
    with pytest.raises(UpstreamError, match="could not be reached") as caught:
        await reader.issue(REF)
    assert caught.value.retryable


@pytest.fixture
async def impostor(tmp_path: Path) -> AsyncIterator[str]:
    """Give the address of a server whose certificate nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(utc_now()).not_valid_after(utc_now() + timedelta(days=1))
    file = tmp_path / "certificate.pem"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + made.sign(key, SHA256()).public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    runner = web.AppRunner(web.Application())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield f"https://localhost:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_an_impostor_is_told_nothing(impostor: str) -> None:
    async with open_worker(impostor, user_agent="ftbot-tests", now=utc_now, patience=QUICK) as worker:
        for attempt in (
            worker.read(Call("GET", "/"), Auth.Token("secret"), len_of),
            worker.write(Call("POST", "/", is_write=True), Auth.Token("secret"), len_of),
        ):
            with pytest.raises(UpstreamError, match="could not prove who it is") as caught:
                await attempt
            assert not isinstance(caught.value, UnsureError)


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000])
async def test_a_server_that_does_not_speak_http_is_said_to_do_that(answer: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with open_worker(url, user_agent="ftbot-tests", now=utc_now, patience=QUICK) as worker:
            with pytest.raises(UpstreamError, match="answered with something that is not HTTP"):
                await worker.read(Call("GET", "/"), Auth.Token("secret"), len_of)


# Writes


@pytest.mark.parametrize(
    "failure",
    [
        bad_gateway_after_write(),
        bad_gateway_after_write(504),
        dropped(after=True),
        Failure(201, body=b"<html>", when="after"),
        Failure(201, body={"id": None}, when="after"),
        Failure(201, body=b"[" * 200_000, when="after"),
        *(Failure(status, body={"message": "Later"}, when="after") for status in (408, 499, 500, 503)),
    ],
)
async def test_a_write_whose_outcome_is_not_known_is_sent_once(
    server: FakeGitHub, app: GithubApp, issue: FakeIssue, failure: Failure
) -> None:
    server.fail("/comments$", failure)
    with pytest.raises(UnsureError) as caught:
        await app.post_comment(REF, "Hello.")
    assert not caught.value.retryable
    assert [comment.body for comment in issue.comments] == ["Hello."]
    assert server.count("POST", "/comments$") == 1


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (Failure(422, body={"message": "Validation Failed"}), RefusedError),
        (Failure(403, body={"message": "Resource not accessible by integration"}), ForbiddenError),
        (gone(), GoneError),
        (server_error(), UnsureError),
        (dropped(), UnsureError),
        (Failure(425, body={"message": "Too Early"}), UpstreamError),
        (Failure(409, body={"message": "Conflict"}), UpstreamError),
    ],
)
async def test_a_write_is_never_sent_again(
    server: FakeGitHub, app: GithubApp, failure: Failure, error: type[UpstreamError]
) -> None:
    server.fail("/comments$", failure)
    with pytest.raises(error) as caught:
        await app.post_comment(REF, "Hello.")
    assert type(caught.value) in {error, NotThereError}
    assert server.count("POST", "/comments$") == 1


async def test_a_write_that_never_left_may_be_tried_later(app: GithubApp, server: FakeGitHub) -> None:
    await server.__aexit__(None, None, None)
    with pytest.raises(UpstreamError, match="could not be reached") as caught:
        await app.post_comment(REF, "Hello.")
    assert not isinstance(caught.value, UnsureError)
    assert caught.value.retryable


async def test_a_write_to_what_was_moved_is_not_done(
    server: FakeGitHub, app: GithubApp, repository: FakeRepository, issue: FakeIssue
) -> None:
    new = repository.transfer(issue, server.repository("numpy/other", labels=["crash"], installed=True))
    with pytest.raises(MovedError, match="was moved"):
        await app.add_label(REF, "crash")
    with pytest.raises(MovedError, match="was moved"):
        await app.remove_label(REF, "crash")
    assert new.labels == []


async def test_writes_from_everywhere_are_each_sent_once(
    server: FakeGitHub, app: GithubApp, repository: FakeRepository
) -> None:
    issues = [repository.open(f"Crash {number}") for number in range(200)]
    refs = [IssueRef("numpy/numpy", issue.number) for issue in issues]
    await asyncio.gather(*(app.add_label(ref, "crash") for ref in refs), *(app.comments(ref) for ref in refs))
    assert all(issue.labels == ["crash"] for issue in issues)
    assert all(server.count("POST", f"/issues/{issue.number}/labels$") == 1 for issue in issues)


async def test_writes_keep_their_distance(server: FakeGitHub, stack: AsyncExitStack) -> None:
    app = await stack.enter_async_context(
        open_github_app(
            server.url, server.app.id, server.app.private_key, user_agent="ftbot-tests", now=utc_now, write_gap=0.2
        )
    )
    started = time.monotonic()
    await asyncio.gather(*(app.post_comment(REF, "Hello.") for _ in range(4)))
    assert time.monotonic() - started >= 0.6


async def test_a_write_does_not_go_over_a_connection_that_was_idle_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    connections: list[object] = []

    async def take(request: web.Request) -> web.Response:
        assert request.transport is not None
        connections.append(request.transport.get_extra_info("peername"))
        return web.json_response({"id": 1})

    site = web.Application()
    site.router.add_route("*", "/{path:.*}", take)
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with open_worker(url, user_agent="ftbot-tests", now=utc_now, patience=QUICK) as worker:
        for call in (Call("POST", "/first", is_write=True), Call("POST", "/soon", is_write=True), Call("GET", "/soon")):
            await worker.write(call, None, len_of)
        monkeypatch.setattr("bot.clients.github.worker._STALE", -1.0)
        await worker.read(Call("GET", "/later"), None, len_of)
        await worker.write(Call("POST", "/later", is_write=True), None, len_of)
    await runner.cleanup()
    assert len(set(connections[:4])) == 1
    assert connections[4] not in connections[:4]


def len_of(reply: Reply) -> int:
    return len(reply.text)


# Limits


@pytest.mark.parametrize(
    ("failure", "shortest", "longest"),
    [
        (too_many_requests(), 55, 60),
        (too_many_requests(120), 115, 120),
        (secondary_limit(None), 55, 60),
        (secondary_limit(90), 85, 90),
        (Failure(403, body={"message": "You have triggered an abuse detection mechanism."}), 55, 60),
        (timedelta(minutes=30), 1700, 1802),
        (timedelta(minutes=-30), 0, 1),
        (too_many_requests(10**9), 7000, 7200),
    ],
)
async def test_a_limit_silences_everything_for_as_long_as_it_says(
    server: FakeGitHub, reader: GithubReader, failure: Failure | timedelta, shortest: float, longest: float
) -> None:
    if isinstance(failure, timedelta):  # from now until the limit is reset
        failure = rate_limited(utc_now() + failure)
    server.fail("/issues/1$", failure)
    with pytest.raises(UpstreamError, match="asks to slow down") as first:
        await reader.issue(REF)
    with pytest.raises(UpstreamError, match="asks to slow down") as second:
        await reader.labels("numpy/numpy")
    for caught in (first, second):
        assert caught.value.busy
        assert caught.value.retryable
        assert caught.value.retry_after is not None
        assert shortest <= caught.value.retry_after <= longest
    assert len(server.requests) == reader.requests == 1


async def test_a_limit_on_a_write_means_that_nothing_was_done(
    server: FakeGitHub, app: GithubApp, issue: FakeIssue
) -> None:
    server.fail("/comments$", too_many_requests())
    for _ in range(3):
        with pytest.raises(UpstreamError, match="asks to slow down") as caught:
            await app.post_comment(REF, "Hello.")
        assert not isinstance(caught.value, UnsureError)
        assert caught.value.busy
    assert issue.comments == []
    assert server.count("POST", "/comments$") == 1


@pytest.mark.parametrize(
    ("failure", "text"),
    [
        (too_many_requests(60), "127.0.0.1 asks to slow down for 60 s."),
        (too_many_requests(10**9), "127.0.0.1 asks to slow down for 7200 s."),
        (secondary_limit(None), "127.0.0.1 asks to slow down."),
    ],
)
async def test_a_limit_says_how_long_if_that_is_known(
    server: FakeGitHub, reader: GithubReader, failure: Failure, text: str
) -> None:
    server.fail("/issues/1$", failure)
    with pytest.raises(UpstreamError) as caught:
        await reader.issue(REF)
    assert str(caught.value) == text
    with pytest.raises(UpstreamError, match=r"asks to slow down for (59|60|7199|7200) s\.$"):
        await reader.issue(REF)


async def test_the_public_github_is_called_by_its_name() -> None:
    for url, name in (
        ("https://api.github.com", "GitHub"),
        ("https://git.example.org/api/v3", "git.example.org"),
    ):
        async with open_worker(url, user_agent="ftbot-tests", now=utc_now, patience=QUICK) as worker:
            assert worker.host == name


async def test_a_limit_ends(server: FakeGitHub, stack: AsyncExitStack) -> None:
    reader = await reader_of(
        server, stack, Patience(attempts=3, first_wait=0.001, longest_wait=3.0, deadline=at_most(60))
    )
    server.fail("/issues/1$", too_many_requests(1))
    started = time.monotonic()
    assert (await reader.issue(REF)).title == "Crash on 3.14t"
    assert time.monotonic() - started >= 0.99


async def test_a_limit_of_graphql_comes_with_status_200(server: FakeGitHub, reader: GithubReader) -> None:
    server.fail("/graphql$", graphql_rate_limited())
    for _ in range(2):
        with pytest.raises(UpstreamError, match="asks to slow down") as caught:
            await reader.resolve([REF])
        assert caught.value.busy
        assert caught.value.retry_after is not None
    assert len(server.requests) == 1


async def test_the_limit_of_one_credential_is_not_that_of_another(
    server: FakeGitHub, reader: GithubReader, app: GithubApp
) -> None:
    server.fail("/issues/1$", too_many_requests())
    with pytest.raises(UpstreamError):
        await reader.issue(REF)
    assert (await app.issue(REF)).title == "Crash on 3.14t"


# Redirects


async def test_a_list_that_moved_is_read_as_it_was_asked_for(
    server: FakeGitHub, reader: GithubReader, repository: FakeRepository
) -> None:
    for number in range(150):
        repository.add_label(f"label {number}")
    repository.rename("numpy/renamed")
    assert len(await reader.labels("numpy/numpy")) == 151
    assert server.count("GET", "/labels") == 3


@pytest.mark.parametrize(
    "location",
    [
        "https://example.org/repos/a/b",
        "http://127.0.0.1:1/repos/a/b",
        "//example.org/",
        "file:///etc/passwd",
    ],
)
async def test_a_redirect_elsewhere_is_not_followed(server: FakeGitHub, reader: GithubReader, location: str) -> None:
    server.fail("/issues/1$", moved(location))
    with pytest.raises(UpstreamError, match="redirects to somewhere else"):
        await reader.issue(REF)
    assert len(server.requests) == 1


async def test_a_redirect_in_circles_ends(server: FakeGitHub, reader: GithubReader) -> None:
    server.fail("/issues/1$", *[moved("/repos/numpy/numpy/issues/1")] * 50)
    with pytest.raises(UpstreamError, match="in circles"):
        await reader.issue(REF)


async def test_a_list_without_end_ends(server: FakeGitHub, reader: GithubReader) -> None:
    link = {"Link": f'<{server.url}/repos/numpy/numpy/labels?page=2>; rel="next"'}
    server.fail("/labels$", *[Failure(200, link, [])] * 200)
    with pytest.raises(UpstreamError, match="more of numpy/numpy than can be read"):
        await reader.labels("numpy/numpy")


async def test_the_next_page_is_not_looked_for_elsewhere(server: FakeGitHub, reader: GithubReader) -> None:
    server.fail("/labels$", Failure(200, {"Link": '<https://example.org/labels?page=2>; rel="next"'}, []))
    with pytest.raises(UpstreamError, match="somewhere else"):
        await reader.labels("numpy/numpy")
    assert len(server.requests) == 1


# What hangs


async def test_a_read_that_hangs_holds_up_nobody_else(server: FakeGitHub, stack: AsyncExitStack) -> None:
    reader = await reader_of(server, stack, Patience(attempts=1, deadline=2.0))
    hold = Hold()
    server.fail("/issues/1$", held(hold))
    with pytest.raises(UpstreamError, match="did not answer in time") as caught:
        await reader.issue(REF)
    assert caught.value.retryable
    assert await reader.labels("numpy/numpy") == {"crash"}
    hold.release.set()


async def test_all_attempts_together_have_the_time_of_one(server: FakeGitHub, stack: AsyncExitStack) -> None:
    reader = await reader_of(server, stack, Patience(attempts=3, first_wait=0.001, longest_wait=0.01, deadline=0.5))
    hold = Hold()
    server.fail("/issues/1$", server_error(), *[held(hold)] * 9)
    with pytest.raises(UpstreamError, match="did not answer in time"):
        await reader.issue(REF)
    assert server.count("GET", "/issues/1$") <= 2  # where each had that long there would be three
    hold.release.set()


@pytest.mark.parametrize(
    ("patience", "headers"),
    [
        (Patience(attempts=3, first_wait=0.001, longest_wait=50.0, deadline=20.0), {"Retry-After": "40"}),
        (Patience(attempts=3, first_wait=40.0, longest_wait=50.0, deadline=20.0), {}),
    ],
    ids=["as GitHub asks", "as usual"],
)
async def test_nobody_waits_for_an_attempt_that_would_come_too_late(
    server: FakeGitHub, stack: AsyncExitStack, patience: Patience, headers: dict[str, str]
) -> None:
    reader = await reader_of(server, stack, patience)
    server.fail("/issues/1$", Failure(503, headers=headers, body={"message": "Later"}))
    with pytest.raises(UpstreamError, match="answered with status 503"):  # not that it did not answer in time
        await reader.issue(REF)
    assert len(server.requests) == 1


async def test_an_attempt_that_comes_in_time_is_waited_for(server: FakeGitHub, stack: AsyncExitStack) -> None:
    reader = await reader_of(
        server, stack, Patience(attempts=3, first_wait=0.001, longest_wait=5.0, deadline=at_most(60))
    )
    server.fail("/issues/1$", Failure(503, headers={"Retry-After": "0"}, body={"message": "Later"}), server_error())
    assert (await reader.issue(REF)).title == "Crash on 3.14t"


async def test_a_write_that_hangs_is_unsure_and_one_behind_it_is_not(
    server: FakeGitHub, stack: AsyncExitStack, issue: FakeIssue
) -> None:
    app = await app_of(server, stack, Patience(attempts=1, deadline=2.0))
    await app.labels("numpy/numpy")
    hold = Hold()
    server.fail("/comments$", held(hold))
    first = asyncio.create_task(app.post_comment(REF, "First."))
    await hold.arrived.wait()
    second = asyncio.create_task(app.post_comment(REF, "Second."))
    with pytest.raises(UnsureError, match="did not answer in time"):
        await first
    assert await second == issue.comments[0].id
    hold.release.set()
    assert [comment.body for comment in issue.comments] == ["Second."]


async def test_what_was_not_begun_because_of_another_that_hangs_is_not_unsure(
    server: FakeGitHub, stack: AsyncExitStack, issue: FakeIssue, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = await app_of(server, stack)
    await app.labels("numpy/numpy")
    hold = Hold()
    server.fail("/comments$", held(hold))
    first = asyncio.create_task(app.post_comment(REF, "First."))
    await hold.arrived.wait()
    first.cancel()  # whoever asked is gone, and the thread still hangs, for longer than the next one waits
    monkeypatch.setattr(app.worker, "_patience", Patience(attempts=1, deadline=0.1))
    with pytest.raises(UpstreamError, match="did not answer in time") as caught:
        await app.post_comment(REF, "Second.")
    assert not isinstance(caught.value, UnsureError)
    assert issue.comments == []
    hold.release.set()


async def test_the_event_loop_is_free_and_the_end_is_quick_while_a_request_hangs(server: FakeGitHub) -> None:
    hold = Hold()
    server.fail("/issues/1$", held(hold))
    opening = open_github_reader(server.url, server.token, user_agent="ftbot-tests", now=utc_now)  # a minute's patience
    async with opening as reader:
        asking = asyncio.create_task(reader.issue(REF))
        await hold.arrived.wait()
        longest, last = 0.0, time.monotonic()
        for _ in range(50):
            await asyncio.sleep(0.001)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
        asking.cancel()
        started = time.monotonic()
    assert time.monotonic() - started < at_most(20)
    assert longest < at_most(20)
    hold.release.set()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_nothing_is_left_of_a_client_that_was_closed(server: FakeGitHub) -> None:
    before = set(threading.enumerate())
    async with open_github_reader(server.url, server.token, user_agent="ftbot-tests", now=utc_now) as reader:
        await reader.issue(REF)
        (thread,) = set(threading.enumerate()) - before
    await asyncio.to_thread(thread.join, 5)
    assert not thread.is_alive()
    with pytest.raises(UpstreamError, match="the program ends"):
        await reader.issue(REF)


async def test_one_who_stops_waiting_leaves_the_others_alone(server: FakeGitHub, reader: GithubReader) -> None:
    hold = Hold()
    server.fail("/issues/1$", held(hold))
    first = asyncio.create_task(reader.issue(REF))
    await hold.arrived.wait()
    queued = asyncio.create_task(reader.labels("numpy/numpy"))
    last = asyncio.create_task(reader.comments(REF))
    await asyncio.sleep(0)
    queued.cancel()
    hold.release.set()
    assert (await first).title == "Crash on 3.14t"
    assert await last == ()
    assert server.count("GET", "/labels$") == 0


# Secrets


async def test_secrets_are_in_no_log_and_no_error(
    server: FakeGitHub, stack: AsyncExitStack, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    reader, app = await reader_of(server, stack), await app_of(server, stack)
    errors = []
    for failure in (server_error(), dropped(), not_found(), Failure(401), too_many_requests()):
        server.fail("/issues/1", *[failure] * 7)
        for attempt in (reader.issue(REF), app.add_label(REF, "crash"), app.comments(REF)):
            with pytest.raises(UpstreamError) as caught:
                await attempt
            errors.append(caught.value)
    server.fail("/graphql", graphql_errors("FORBIDDEN", "No."))
    with pytest.raises(UpstreamError):
        await reader.resolve([REF])
    sent = {request.headers["Authorization"].partition(" ")[2] for request in server.requests}
    assert len(sent) > 2
    shown = caplog.text + "".join(_whole(error) for error in errors)
    assert [secret for secret in sent if secret in shown] == []
    assert "BEGIN" not in shown


def _whole(error: BaseException) -> str:
    chain: list[str] = []
    inner: BaseException | None = error
    while inner is not None:
        chain += [repr(inner), str(inner)]
        inner = inner.__cause__ or inner.__context__
    return "\n".join(chain)


@pytest.mark.parametrize("token", ["ghp_a\nb", "ghp_ä", "ghp a"])
async def test_a_token_that_cannot_be_one_is_told_by_its_setting(server: FakeGitHub, token: str) -> None:
    with pytest.raises(UserError, match=r"^FTBOT_GITHUB_TOKEN has characters") as caught:
        async with open_github_reader(server.url, token, user_agent="ftbot-tests", now=utc_now):
            pass
    assert token not in str(caught.value)


@pytest.mark.parametrize(
    "key", ["", "secret", "-----BEGIN RSA PRIVATE KEY-----\nsecret\n-----END RSA PRIVATE KEY-----"]
)
async def test_a_private_key_that_is_none_is_told_by_its_setting(server: FakeGitHub, key: str) -> None:
    with pytest.raises(UserError, match=r"^FTBOT_GITHUB_PRIVATE_KEY is no private key of") as caught:
        async with open_github_app(server.url, "1", key, user_agent="ftbot-tests", now=utc_now):
            pass
    assert "secret" not in _whole(caught.value)
