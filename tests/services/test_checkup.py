"""What `ftbot check` finds: each subject by itself, in words that say what to do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.clients.pypi import PackageIndex
from bot.clients.tokens import Tokens
from bot.clients.web import open_http
from bot.core.database_address import parse_database
from bot.core.errors import UpstreamError, UserError
from bot.core.github.threads import ForbiddenError
from bot.services.checkup import Check, Checkup
from storage.engine.engine import Engine
from tests.databases import Place, open_database
from tests.fakes.fake_index import FakeIndex, refusal
from tests.fakes.index_pages import PYPI, sdist
from tests.services.lookups import QUICK

DISCORD, GITHUB = "/users/@me", "/rate_limit"


async def no_app() -> str | None:
    """Say that there is no App."""
    return None


@asynccontextmanager
async def open_checkup(
    index: FakeIndex, place: Place, *, discord_token: str | None = None, github_token: str | None = None
) -> AsyncIterator[Checkup]:
    """Build a check-up; Discord and GitHub are at addresses of the same server."""

    def open_it() -> AbstractAsyncContextManager[Engine]:
        return open_database(place)

    async with open_http("ftbot-tests") as http:
        yield Checkup(
            index=PackageIndex(http, index.index_url, index.json_api_url, QUICK),
            tokens=Tokens(http, index.url, index.url),
            open_database=open_it,
            discord_token=discord_token,
            github_token=github_token,
            app_login=no_app,
            has_webhook_secret=False,
        )


async def check(
    index: FakeIndex, place: Place, *, discord_token: str | None = None, github_token: str | None = None
) -> dict[str, Check]:
    """Run every check; give the findings by subject."""
    async with open_checkup(index, place, discord_token=discord_token, github_token=github_token) as checkup:
        return {check.subject: check for check in await checkup.run()}


@pytest.fixture
def packaging(index: FakeIndex) -> FakeIndex:
    """Give an index that has the project that the check-up asks for."""
    index.publish(
        "packaging", [sdist("packaging", "26.3")], project_urls={"Source": "https://github.com/pypa/packaging"}
    )
    return index


async def test_what_works_is_said_to_work(packaging: FakeIndex, address: str) -> None:
    packaging.serve_raw(DISCORD, body=b"{}")
    packaging.serve_raw(GITHUB, body=b"{}")
    found = await check(packaging, address, discord_token="one", github_token="two")
    assert found == {
        "package index": Check("package index", works=True, finding=f"{packaging.index_url} answers"),
        "JSON API": Check("JSON API", works=True, finding=f"{packaging.json_api_url} answers"),
        "database": Check("database", works=True, finding=f"{parse_database(address)} can be written"),
        "curated list": Check("curated list", works=True, finding="no wheel that was read says otherwise"),
        "Discord token": Check("Discord token", works=True, finding="accepted"),
        "GitHub token": Check("GitHub token", works=True, finding="accepted"),
        "GitHub App": Check(
            "GitHub App", works=None, finding="not set (FTBOT_GITHUB_APP_ID, FTBOT_GITHUB_PRIVATE_KEY)"
        ),
        "GitHub webhooks": Check(
            "GitHub webhooks",
            works=None,
            finding="not set (FTBOT_GITHUB_WEBHOOK_SECRET); repositories with the App are polled only",
        ),
    }
    sent = {request.path: request.headers.get("Authorization") for request in packaging.requests}
    assert (sent[DISCORD], sent[GITHUB]) == ("Bot one", "Bearer two")


@pytest.mark.parametrize(
    ("error", "upstream", "finding"),
    [
        (ForbiddenError("GitHub refused the App."), False, "GitHub refused the App."),
        (UserError("The key is none. Copy it."), False, "The key is none. Copy it."),
        (UpstreamError("GitHub did not answer."), True, "GitHub did not answer. Try again later."),
    ],
)
async def test_an_app_that_does_not_work_is_told_from_a_github_that_does_not(
    packaging: FakeIndex, address: str, error: Exception, upstream: bool, finding: str
) -> None:
    async def login() -> str | None:
        raise error

    async with open_checkup(packaging, address) as checkup:
        found = {check.subject: check for check in await replace(checkup, app_login=login).run()}
    assert found["GitHub App"] == Check("GitHub App", works=False, finding=finding, upstream=upstream)


async def test_a_secret_for_webhooks_is_said_to_be_there(packaging: FakeIndex, address: str) -> None:
    async with open_checkup(packaging, address) as checkup:
        found = {check.subject: check for check in await replace(checkup, has_webhook_secret=True).run()}
    assert found["GitHub webhooks"].works


async def test_an_app_that_works_says_as_whom_it_writes(packaging: FakeIndex, address: str) -> None:
    async def login() -> str | None:
        return "ftbot[bot]"

    async with open_checkup(packaging, address) as checkup:
        found = {check.subject: check for check in await replace(checkup, app_login=login).run()}
    assert found["GitHub App"] == Check("GitHub App", works=True, finding="accepted, writes as ftbot[bot]")


async def test_tokens_that_are_not_set_are_no_failure(packaging: FakeIndex, address: str) -> None:
    found = await check(packaging, address)
    assert (found["Discord token"].works, found["Discord token"].finding) == (None, "not set (FTBOT_DISCORD_TOKEN)")
    assert (found["GitHub token"].works, found["GitHub token"].finding) == (None, "not set (FTBOT_GITHUB_TOKEN)")
    assert packaging.count(f"{DISCORD}|{GITHUB}") == 0


async def test_tokens_that_are_refused_say_what_to_do(packaging: FakeIndex, address: str) -> None:
    packaging.serve_raw(DISCORD, status=401)
    packaging.serve_raw(GITHUB, status=403)
    found = await check(packaging, address, discord_token="one", github_token="two")
    assert [(each.works, each.upstream, each.finding) for each in (found["Discord token"], found["GitHub token"])] == [
        (False, False, "refused. Make a new one and set FTBOT_DISCORD_TOKEN."),
        (False, False, "refused. Make a new one and set FTBOT_GITHUB_TOKEN."),
    ]


async def test_a_token_nobody_could_ask_about_is_not_called_refused(packaging: FakeIndex, address: str) -> None:
    packaging.serve_raw(DISCORD, status=503)
    found = (await check(packaging, address, discord_token="one"))["Discord token"]
    assert (found.works, found.upstream) == (False, True)
    assert found.finding == "127.0.0.1 answered with status 503. Try again later."


async def test_an_index_that_fails_says_how(packaging: FakeIndex, address: str) -> None:
    packaging.script(refusal(500), times=None)
    found = (await check(packaging, address))["package index"]
    assert (found.works, found.upstream) == (False, True)
    assert found.finding == "127.0.0.1 answered with status 500. Check FTBOT_INDEX_URL."


async def test_an_address_that_is_no_index_says_so(index: FakeIndex, address: str) -> None:
    found = await check(index, address)
    assert (found["package index"].works, found["package index"].upstream) == (False, True)
    assert found["package index"].finding == f"{index.index_url} has no project packaging. Check FTBOT_INDEX_URL."


async def test_an_index_without_metadata_is_usable(packaging: FakeIndex, address: str) -> None:
    packaging.dialect = replace(PYPI, project_json=False, release_json=False)
    found = await check(packaging, address)
    assert found["package index"].works is True
    assert found["JSON API"].works is None
    assert found["JSON API"].finding.endswith("has no metadata. Classifiers and links will be missing.")


async def test_a_database_that_cannot_be_used_says_why(packaging: FakeIndex, tmp_path: Path) -> None:
    found = await check(packaging, tmp_path)
    assert (found["database"].works, found["database"].upstream) == (False, False)
    assert "cannot be opened" in found["database"].finding
    assert found["package index"].works is True


async def test_everything_may_fail_at_once(index: FakeIndex, tmp_path: Path) -> None:
    await index.stop()
    found = await check(index, tmp_path, discord_token="one", github_token="two")
    assert [each.works for each in found.values()] == [False, None, False, None, False, False, None, None]
