"""The whole program between a fake GitHub, a fake Discord and an index: watched, triaged, announced, corrected."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from httpx_aiohttp import HttpxAiohttpClient

from tests.command_line import without_coverage
from tests.databases import open_database
from tests.e2e.program import PATIENCE, TOKEN, Bot, running
from tests.fakes.discord_world import Channel, Guild, Member, Permission, Role, User
from tests.fakes.fake_discord import FakeDiscord
from tests.fakes.fake_github import FakeGitHub
from tests.fakes.file_host import FileHost
from tests.fakes.github_world import FakeIssue, FakeRepository
from tests.fakes.index_pages import sdist, wheels
from tests.postgres import free_port
from tests.services.inspections import OFF, ON, publish, wheel_of

LXML = {"Source": "https://github.com/lxml/lxml"}
"""What the package's links on the index are."""

SETTINGS = b"""
version = 1
mode = "apply"
grace-seconds = 0

[labels]
topic = "39 - free-threading"
crash = "00 - Bug"
"""
CRASH = """np.take crashes on the free-threaded build, `python3.14t -VV` says
Python 3.14.0 free-threading build (main, Oct 7 2026)

```
Fatal Python error: Segmentation fault
<Cannot show all threads while the GIL is disabled>
```

```python
import numpy
numpy.take([1], [0])
```
"""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The fakes, and how the program is started between them."""

    discord: FakeDiscord
    index: FileHost
    github: FakeGitHub
    address: str
    folder: Path

    @asynccontextmanager
    async def running(self, **variables: str) -> AsyncIterator[Bot]:
        """Run the program while the block runs, with its webhooks sent to it."""
        key, secret = self.github.app.private_key, self.github.app.webhook_secret
        settings = {
            "FTBOT_DISCORD_TOKEN": TOKEN,
            "FTBOT_DISCORD_API_URL": self.discord.api_url,
            "FTBOT_DISCORD_GATEWAY_URL": self.discord.gateway_url,
            "FTBOT_INDEX_URL": self.index.index_url,
            "FTBOT_JSON_API_URL": self.index.json_api_url,
            "FTBOT_TOP_PACKAGES_URL": f"{self.index.url}/top-packages.json",
            "FTBOT_DATABASE": self.address,
            "FTBOT_TRACK": "0",
            "FTBOT_GITHUB_API_URL": self.github.url,
            "FTBOT_GITHUB_TOKEN": self.github.token,
            "FTBOT_GITHUB_APP_ID": str(self.github.app.id),
            "FTBOT_GITHUB_PRIVATE_KEY": key,
            "FTBOT_GITHUB_WEBHOOK_SECRET": secret,
            "FTBOT_WATCH_SEARCHES": ";",
        }
        secrets = [TOKEN, self.github.token, secret, key.splitlines()[1]]
        async with running(settings | variables, secrets) as bot:
            await self.discord.connected(PATIENCE)
            self.github.hook_url = self.hook((await bot.logged("started"))["http_port"])
            yield bot
            self.github.hook_url = None

    @staticmethod
    def hook(port: object) -> str:
        """Return where a bot at a port takes webhooks."""
        return f"http://127.0.0.1:{port}/webhooks/github"


@pytest.fixture
async def here(address: str, tmp_path: Path) -> AsyncIterator[Surroundings]:
    guild = Guild(
        "Free-threaded",
        [Channel("general"), Channel("upstream")],
        members=[Member(User("mod"), [Role("Admins", Permission.MANAGE_GUILD)])],
    )
    async with FakeDiscord([guild], token=TOKEN) as discord, FileHost() as index, FakeGitHub() as github:
        index.publish(
            "numpy",
            [
                *wheels("numpy", "2.5.5", "cp314-cp314-win_amd64", "cp314-cp314t-win_amd64"),
                sdist("numpy", "2.5.5"),
            ],
        )
        yield Surroundings(discord, index, github, address, tmp_path)
        assert github.violations == []
        assert discord.violations == []


@pytest.fixture
def numpy(here: Surroundings) -> FakeRepository:
    repository = here.github.repository(
        "numpy/numpy",
        labels=["39 - free-threading", "00 - Bug"],
        installed=True,
        files={".github/ftbot.toml": SETTINGS},
    )
    repository.role("maintainer", "maintain")
    return repository


def triaged(bot: Bot, trigger: str) -> int:
    """Count how often something of a kind was worked on so far."""
    lines: list[dict[str, object]] = [json.loads(line) for line in bot.written]
    return sum(line["event"] == "triaged" and line.get("trigger") == trigger for line in lines)


async def test_an_issue_is_labelled_and_announced_and_a_human_wins(here: Surroundings, numpy: FakeRepository) -> None:
    upstream = here.discord.guild.channel("upstream")
    async with here.running() as bot:
        await here.discord.slash("ftconfig issues", user="mod", options={"channel": upstream}).shown()
        issue = numpy.open("Segmentation fault in np.take on free-threaded 3.14t", CRASH, by="reporter")
        await bot.until(lambda: {"39 - free-threading", "00 - Bug"} <= set(issue.labels))
        assert not issue.comments

        # A human takes the label off. Whatever happens then, it stays off.
        issue.unlabel("00 - Bug", by="maintainer")
        issue.edit(body=f"{CRASH}\nIt crashes every time.", by="reporter")
        await bot.until(lambda: triaged(bot, "unlabeled") == 1 and triaged(bot, "edited") == 1)
        await bot.until(lambda: bool(here.discord.messages(upstream)))
        (message,) = here.discord.messages(upstream)
        assert f"(<https://github.com/numpy/numpy/issues/{issue.number}>)" in message.text()
        assert "opened" in message.text()
        assert not message.pings
        assert await bot.end() == 0
    async with here.running() as bot:
        for delivery in here.github.deliveries:  # replayed, as somebody who listened in could
            headers, body = here.github.delivery(delivery.event, delivery.payload, guid=delivery.guid)
            async with HttpxAiohttpClient() as http:
                answer = await http.post(here.github.hook_url or "", headers=headers, content=body)
            assert answer.status_code == 202
        issue.comment("@ftbot retriage", by="maintainer")
        await bot.until(lambda: any(reaction.content == "rocket" for reaction in issue.comments[-1].reactions))
        issue.close(by="maintainer")
        issue.reopen(by="maintainer")
        await bot.until(lambda: triaged(bot, "reopened") == 1)
        assert list(issue.labels) == ["39 - free-threading"]
        assert labelled_by_the_bot(here, issue) == ["39 - free-threading", "00 - Bug"]
        assert await bot.end() == 0


def labelled_by_the_bot(here: Surroundings, issue: FakeIssue) -> list[str]:
    """List the labels that the bot put on, as often as it did, the topic first."""
    login = here.github.app.login
    labels = [
        event.label.name
        for event in issue.events
        if event.event == "labeled"
        and event.label is not None
        and event.actor is not None
        and event.actor.login == login
    ]
    return sorted(labels, reverse=True)


@pytest.mark.no_cover  # a life whose lines other lives run
async def test_what_is_not_from_github_is_turned_away(here: Surroundings, numpy: FakeRepository) -> None:
    headers, body = here.github.delivery("issues", {"action": "opened"}, secret="guessed")
    async with here.running() as bot:
        assert here.github.hook_url is not None
        async with HttpxAiohttpClient() as http:

            async def post(**changed: str) -> httpx.Response:
                return await http.post(here.github.hook_url or "", headers=headers | changed, content=body)

            assert (await post()).status_code == 401
            assert (await post(**{"X-Hub-Signature-256": ""})).status_code == 401
            assert (await http.post(here.github.hook_url, content=b"{}")).status_code == 401
        issue = numpy.open("Segmentation fault on free-threaded 3.14t", CRASH, by="reporter")
        await bot.until(lambda: "39 - free-threading" in issue.labels)
        assert await bot.end() == 0


@pytest.mark.no_cover  # a life whose lines other lives run
async def test_a_repository_that_did_not_say_more_is_only_looked_at(here: Surroundings) -> None:
    files = {".github/ftbot.toml": SETTINGS.replace(b'mode = "apply"', b"")}
    labels = ["39 - free-threading", "00 - Bug"]
    scipy = here.github.repository("scipy/scipy", labels=labels, installed=True, files=files)
    async with here.running() as bot:
        issue = scipy.open("Segmentation fault on free-threaded 3.14t", CRASH, by="reporter")
        await bot.until(lambda: triaged(bot, "opened") == 1)
        assert await bot.end() == 0
    assert (list(issue.labels), list(issue.comments)) == ([], [])
    assert here.github.count("POST", "/issues/") == 0


@pytest.mark.no_cover  # a life whose lines other lives run
async def test_a_bot_without_webhooks_finds_out_by_itself(here: Surroundings, numpy: FakeRepository) -> None:
    async with here.running() as bot:
        await bot.logged("reconciled")
        assert await bot.end() == 0
    here.github.lose_deliveries(1)
    issue = numpy.open("Segmentation fault on free-threaded 3.14t", CRASH, by="reporter")
    await here.github.delivered()
    port = free_port()
    here.github.hook_url = here.hook(port)  # known before the bot asks for what it missed
    async with here.running(FTBOT_HTTP_PORT=str(port)) as bot:
        await bot.until(lambda: "39 - free-threading" in issue.labels)
        assert await bot.end() == 0


async def test_the_threads_of_the_tracking_table_are_shown(here: Surroundings) -> None:
    here.github.repository(
        "Quansight-Labs/free-threaded-compatibility",
        files={
            "docs/tracking.md": b"| Project | Upstream issue |\n| :- | :-: |\n"
            b"| numpy | [:simple-github:](https://github.com/numpy/numpy/issues/26157) |\n"
        },
    )
    here.github.repository("numpy/numpy").open("Tracking: free-threading", "", by="maintainer", number=26157)
    async with here.running() as bot:
        await bot.logged("watched")
        shown = await here.discord.slash("ftissues", package="numpy").shown()
        assert "(<https://github.com/numpy/numpy/issues/26157>)" in shown.text()
        card = await here.discord.slash("ftstatus", package="numpy").shown()
        assert "**Open free-threading issues:** 1" in card.text()
        assert "https://github.com/numpy/numpy/issues/26157" in card.text()
        assert await bot.end() == 0


@pytest.mark.no_cover  # a life whose lines other lives run
async def test_wheels_that_appear_answer_the_thread_that_asked_for_them(here: Surroundings) -> None:
    settings = SETTINGS + b'missing-wheel = "wheels"\n'
    lxml = here.github.repository(
        "lxml/lxml", labels=["39 - free-threading", "wheels"], installed=True, files={".github/ftbot.toml": settings}
    )
    top_list = here.folder / "top.json"
    top_list.write_text('{"last_update": "2026-11-01 06:34:06", "rows": [{"download_count": 9, "project": "lxml"}]}')
    tracking = {"FTBOT_TRACK": "1", "FTBOT_TOP_PACKAGES_URL": top_list.as_uri()}
    uploaded = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    gil = wheels("lxml", "6.2.0", "cp314-cp314-win_amd64", upload_time=uploaded)
    here.index.publish("lxml", [*gil, sdist("lxml", "6.2.0", upload_time=uploaded)], project_urls=LXML)
    upstream = here.discord.guild.channel("upstream")
    async with here.running(**tracking) as bot:
        await here.discord.slash("ftconfig issues", user="mod", options={"channel": upstream}).shown()
        await bot.logged("scanned")
        issue = lxml.open("Please publish cp314t wheels", "There are none for free-threaded Python 3.14t on PyPI.")
        await bot.until(lambda: "wheels" in issue.labels)
        assert not issue.comments
        assert await bot.end() == 0
    here.index.upload("lxml", *wheels("lxml", "6.2.0", "cp314-cp314t-win_amd64", upload_time=uploaded))
    async with open_database(here.address) as database, database.transaction() as transaction:  # an hour later
        await transaction.run("UPDATE projects SET due = 0")
        await transaction.run("UPDATE posts SET planned = planned - 3600")
    async with here.running(**tracking) as bot:
        await bot.until(lambda: bool(issue.comments))
        (comment,) = issue.comments
        assert "lxml 6.2.0" in comment.body
        assert "has wheels for 3.14t since" in comment.body
        await bot.until(lambda: any("📦 wheels appeared" in each.text() for each in here.discord.messages(upstream)))
        assert await bot.end() == 0
    digest = await ftbot(here, "digest", "--week", f"{datetime.now(UTC):%G-W%V}", **tracking)
    assert "## Issues answered by wheels (1)" in digest
    assert f"lxml/lxml#\N{ZERO WIDTH SPACE}{issue.number}" in digest


async def test_a_release_that_keeps_the_gil_off_answers_the_thread_that_said_it_does_not(here: Surroundings) -> None:
    settings = SETTINGS + b'gil-reenabled = "GIL"\n'
    lxml = here.github.repository(
        "lxml/lxml", labels=["39 - free-threading", "GIL"], installed=True, files={".github/ftbot.toml": settings}
    )
    top_list = here.folder / "top.json"
    top_list.write_text('{"last_update": "2026-11-01 06:34:06", "rows": [{"download_count": 9, "project": "lxml"}]}')
    tracking = {"FTBOT_TRACK": "1", "FTBOT_TOP_PACKAGES_URL": top_list.as_uri()}
    upstream = here.discord.guild.channel("upstream")

    async def release(version: str, way: str) -> None:
        """Publish a release, and have its wheel read by a process that is not the bot."""
        wheel = wheel_of({"lxml/m": way}, more={"lxml/version": version.encode()})
        publish(here.index, "lxml", {"cp314-cp314t-manylinux_2_28_aarch64": wheel}, version, LXML)
        await ftbot(here, "scan", "--inspect", "--json", **tracking)

    await release("6.1.0", ON)
    async with here.running(**tracking) as bot:
        await here.discord.slash("ftconfig issues", user="mod", options={"channel": upstream}).shown()
        title = "The global interpreter lock (GIL) has been enabled to load module 'lxml.m'"
        issue = lxml.open(title, "This is Python 3.14t.")
        await bot.until(lambda: bool(issue.comments))
        assert "its wheel does not declare that lxml.m can do without the GIL" in issue.comments[0].body
        assert await bot.end() == 0
    await release("6.2.0", OFF)
    async with open_database(here.address) as database, database.transaction() as transaction:  # an hour later
        await transaction.run("UPDATE posts SET planned = planned - 3600")
    async with here.running(**tracking) as bot:
        await bot.until(lambda: "lxml 6.2.0](" in issue.comments[0].body)
        (comment,) = issue.comments
        assert "Before, in lxml 6.1.0, lxml.m turned it on." in comment.body
        news = "6.2.0 keeps the GIL off on 3.14t"
        await bot.until(lambda: any(news in each.text() for each in here.discord.messages(upstream)))
        assert await bot.end() == 0
    assert issue.state == "open"
    digest = await ftbot(here, "digest", "--week", f"{datetime.now(UTC):%G-W%V}", **tracking)
    assert "lxml 6.2.0, which keeps the GIL off on 3.14t" in digest


async def ftbot(here: Surroundings, *arguments: str, **variables: str) -> str:
    """Run a command on the same database, and give what it prints."""
    settings = {"FTBOT_DATABASE": here.address, "FTBOT_INDEX_URL": here.index.index_url}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ftbot", *arguments),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        env=without_coverage() | settings | variables,
    )  # fmt: skip
    written, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 0
    return written.decode()
