"""Whether a token is accepted, refused, or nobody says."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.clients.tokens import Tokens
from bot.clients.web import open_http
from bot.core.errors import UpstreamError
from tests.fakes.fake_index import FakeIndex

DISCORD, GITHUB = "/api/v10/users/@me", "/rate_limit"


@pytest.fixture
async def server() -> AsyncIterator[FakeIndex]:
    """Give a server that plays Discord and GitHub."""
    async with FakeIndex() as running:
        yield running


@pytest.fixture
async def tokens(server: FakeIndex) -> AsyncIterator[Tokens]:
    """Give the client, with Discord's address as the settings have it."""
    async with open_http("ftbot-tests") as http:
        yield Tokens(http, f"{server.url}/api/v10", f"{server.url}/")


@pytest.mark.parametrize(("status", "accepted"), [(200, True), (401, False), (403, False)])
async def test_the_issuer_decides(server: FakeIndex, tokens: Tokens, status: int, accepted: bool) -> None:
    for path in (DISCORD, GITHUB):
        server.serve_raw(path, body=b"{}", status=status)
    assert await tokens.discord_accepts("one") is accepted
    assert await tokens.github_accepts("two") is accepted
    assert [request.headers["Authorization"] for request in server.requests] == ["Bot one", "Bearer two"]


@pytest.mark.parametrize("status", [404, 429, 500])
async def test_other_answers_say_nothing_of_the_token(server: FakeIndex, tokens: Tokens, status: int) -> None:
    server.serve_raw(DISCORD, status=status)
    with pytest.raises(UpstreamError, match=f"^127\\.0\\.0\\.1 answered with status {status}\\.$"):
        await tokens.discord_accepts("one")


async def test_no_answer_says_nothing_of_the_token(server: FakeIndex, tokens: Tokens) -> None:
    await server.stop()
    with pytest.raises(UpstreamError, match=r"^127\.0\.0\.1 could not be reached: it refuses connections\.$"):
        await tokens.github_accepts("one")


@pytest.mark.parametrize("token", ["tökén", "two\nlines", "\x00", "emoji 🐍"])
async def test_a_token_that_no_header_can_carry_is_refused(server: FakeIndex, tokens: Tokens, token: str) -> None:
    server.serve_raw(DISCORD, body=b"{}")
    assert await tokens.discord_accepts(token) is False


@pytest.mark.parametrize("url", ["http://[", "ftp://127.0.0.1", "no address", "http://127.0.0.1:99999"])
async def test_an_address_that_is_none_says_so(url: str) -> None:
    async with open_http("ftbot-tests") as http:
        with pytest.raises(UpstreamError, match=r"\.$"):
            await Tokens(http, url, url).discord_accepts("one")
