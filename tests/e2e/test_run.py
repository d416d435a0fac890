"""``ftbot run`` as it is shipped: a process of its own between a Discord and an index on loopback."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e.program import PATIENCE, TOKEN, Bot, running
from tests.fakes.discord_interactions import CallbackType
from tests.fakes.discord_json import text
from tests.fakes.discord_world import Attachment, Message
from tests.fakes.fake_discord import FakeDiscord
from tests.fakes.fake_index import FakeIndex
from tests.fakes.index_pages import File, sdist, wheels


def two_minutes_ago() -> datetime:
    """Return the time as Discord does here, so that every card is old enough to be refreshed."""
    return datetime.now(UTC) - timedelta(minutes=2)


COMMANDS = {
    "ftstatus",
    "ftdeps",
    "ftlist",
    "ftcompare",
    "ftguide",
    "ftissues",
    "ftdigest",
    "ftconfig",
    "ftaudit",
    "fthelp",
    "ftabout",
    "ftwatch",
    "ftprivacy",
}
"""All slash commands that Discord is told of."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The fakes, and how the program is started between them."""

    discord: FakeDiscord
    index: FakeIndex
    database: Path

    @asynccontextmanager
    async def running(self, **variables: str) -> AsyncIterator[Bot]:
        """Run the program while the block runs."""
        settings = {
            "FTBOT_DISCORD_TOKEN": TOKEN,
            "FTBOT_DISCORD_API_URL": self.discord.api_url,
            "FTBOT_DISCORD_GATEWAY_URL": self.discord.gateway_url,
            "FTBOT_INDEX_URL": self.index.index_url,
            "FTBOT_JSON_API_URL": self.index.json_api_url,
            "FTBOT_TOP_PACKAGES_URL": f"{self.index.url}/top-packages.json",
            "FTBOT_DATABASE": str(self.database),
            "FTBOT_TRACK": "0",
        }
        async with running(settings | variables, [TOKEN]) as bot:
            yield bot
        assert not any(answer.token in "".join(bot.written) for answer in self.discord.answers)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Surroundings]:
    async with FakeDiscord(now=two_minutes_ago, token=TOKEN) as discord, FakeIndex() as index:
        index.publish(
            "lxml",
            [
                *wheels("lxml", "7.0", "cp314-cp314-win_amd64", "cp314-cp314-manylinux_2_28_x86_64"),
                *wheels("lxml", "7.0", "cp314-cp314t-manylinux_2_28_x86_64"),
                sdist("lxml", "7.0"),
            ],
            classifiers=["Programming Language :: Python :: Free Threading :: 2 - Beta"],
        )
        yield Surroundings(discord, index, tmp_path / "ftbot.db")
        assert discord.violations == []


def button(message: Message, label: str) -> str:
    return next(each.custom_id for each in message.buttons() if each.label == label)


async def test_a_life_from_start_to_sigterm(here: Surroundings) -> None:
    discord, index = here.discord, here.index
    general = discord.guild.channel("general")
    async with here.running() as bot:
        assert (await bot.get("/healthz")).text == "ok\n"
        await discord.connected(PATIENCE)
        assert discord.count("PUT", "/commands$") == 1
        assert {text(command, "name") for command in discord.commands} == COMMANDS

        # A question, and the same one while somebody else types it.
        message = await discord.slash("ftstatus", package="LXML").shown()
        assert message.text().startswith("### 🟡 lxml 7.0\n**Partly**: it installs on free-threaded Python 3.14t")
        assert not message.ephemeral
        typed = await discord.autocomplete("ftstatus", focus="package", value="lxm")
        assert (typed[0].name, typed[0].value) == ("lxml — 🟡 partly on 3.14t", "lxml")

        # A wheel is added, and the card refreshed where it stands.
        index.upload("lxml", *wheels("lxml", "7.0", "cp314-cp314t-win_amd64"))
        click = discord.click(message, button(message, "Refresh"))
        assert (await asyncio.wait_for(click.callback, PATIENCE)).type is CallbackType.UPDATE_MESSAGE
        assert message.text().startswith("### ✅ lxml 7.0")
        assert discord.messages(general) == [message]

        # What is wrong is told only to who asked.
        unknown = await discord.slash("ftstatus", package="lxlm").shown()
        bad = await discord.slash("ftstatus", package="@everyone").shown()
        stale = await discord.click_stale(message, "ft0:refresh:lxml").shown()
        assert (unknown.ephemeral, bad.ephemeral, stale.ephemeral) == (True, True, True)
        assert bad.text().startswith("`@everyone` isn't a valid package name.")
        assert stale.text() == "This button is from an older version. Run `/ftstatus` again."
        assert unknown.text().startswith("I couldn't find **lxlm** on PyPI. Did you mean ")
        used = await discord.click(unknown, button(unknown, "Use lxml")).shown()
        assert used.text().startswith("### ✅ lxml 7.0")
        assert all(not each.pings for each in (message, unknown, bad, stale, used))

        # What it says of itself.
        await bot.logged("discord_ready")
        ready = await bot.get("/readyz")
        assert (ready.status_code, ready.json()) == (200, {"discord": True, "database": True})
        metrics = [line for line in (await bot.get("/metrics")).text.splitlines() if not line.startswith("#")]
        assert 'ftbot_answers_total{command="ftstatus",outcome="answered"} 1.0' in metrics
        assert 'ftbot_answers_total{command="ftstatus",outcome="user_error"} 2.0' in metrics
        assert "ftbot_guilds 1.0" in metrics
        assert 'ftbot_ready{need="discord"} 1.0' in metrics
        figures = {name: float(value) for name, _, value in (line.rpartition(" ") for line in metrics)}
        assert figures["ftbot_discord_heartbeat_age_seconds"] < PATIENCE
        assert figures["ftbot_database_write_age_seconds"] < PATIENCE

        assert await bot.end() == 0
        answered = [line for line in map(json.loads, bot.written) if line["event"] == "answered"]
        assert all(line["interaction"] and line["command"] for line in answered)
        assert [json.loads(bot.written[-1])["event"]] == ["stopped"]


LOCK = """\
version = 1
requires-python = ">=3.12"

[[package]]
name = "shop"
version = "0.1.0"
source = { virtual = "." }
dependencies = [{ name = "lxml" }, { name = "acme-internal" }]

[[package]]
name = "lxml"
version = "6.0"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "acme-internal"
version = "1.0"
source = { registry = "https://pypi.org/simple" }
"""


def requiring(file: File, *requires: str) -> File:
    """Say in a wheel's metadata what it requires, as uv reads it."""
    name, version = file.filename.split("-")[:2]
    lines = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}"]
    return replace(file, metadata="\n".join([*lines, *(f"Requires-Dist: {each}" for each in requires), ""]))


def stored(database: Path) -> bytes:
    """Return all that a database keeps in its files."""
    return b"".join(path.read_bytes() for path in database.parent.glob(f"{database.name}*"))


async def test_dependencies_of_an_attached_lock_and_of_names(here: Surroundings, tmp_path: Path) -> None:
    discord, index = here.discord, here.index
    index.upload("lxml", *wheels("lxml", "6.0", "cp314-cp314-manylinux_2_28_x86_64"))
    index.publish("app", [requiring(wheels("app", "2.0", "py3-none-any")[0], "native>=1")])
    index.publish("native", [requiring(wheels("native", "1.5", "cp314-cp314-manylinux_2_28_x86_64")[0])])
    async with here.running(XDG_CACHE_HOME=str(tmp_path / "cache")) as bot:
        await discord.connected(PATIENCE)

        # A lock is taken as it is.
        file = Attachment("uv.lock", LOCK.replace("https://pypi.org/simple", index.index_url).encode())
        message = await discord.slash("ftdeps", file=file).shown(PATIENCE)
        assert (message.ephemeral, message.pings) == (True, ())
        assert message.text().startswith("### ⛔ shop on 3.14t, Linux x86-64: 1 of 2 stops you; it works in a newer")
        assert "- **lxml 6.0** — blocked · works from 7.0 · via shop" in message.text()
        table = await discord.click(message, button(message, "CSV with everything")).shown(PATIENCE)
        assert table.attachments[0].data.decode().count("\n") == 3

        # For names, uv chooses versions; the button of a status card asks the same.
        named = await discord.slash("ftdeps", packages="app").shown(PATIENCE)
        assert "app on 3.14t, Linux x86-64: 1 of 2 stops you" in named.text()
        assert "- **native 1.5** — blocked · no version yet · via app" in named.text()
        card = await discord.slash("ftstatus", package="app").shown(PATIENCE)
        of_card = await discord.click(card, button(card, "Dependencies")).shown(PATIENCE)
        assert (of_card.ephemeral, of_card.text()) == (True, named.text())

        assert await bot.end() == 0
        assert "acme" not in "".join(bot.written)
        assert b"lxml" in stored(here.database)
    assert b"acme" not in stored(here.database)


async def test_a_scan_is_a_process_that_may_be_killed_and_ends_with_the_bot(here: Surroundings) -> None:
    names = ["lxml", "numpy"]
    here.index.publish("numpy", wheels("numpy", "2.0", "cp314-cp314-win_amd64"))
    top_list = here.database.parent / "top.txt"
    await asyncio.to_thread(top_list.write_text, "\n".join(names))
    tracking = {"FTBOT_TRACK": "2", "FTBOT_TOP_PACKAGES_URL": str(top_list), "FTBOT_INSPECT": "0"}
    first, second = (here.index.hold(path="^/simple/numpy/") for _ in range(2))
    async with here.running(**tracking) as bot:
        started = await bot.logged("scan_started")
        await asyncio.wait_for(first.arrived.wait(), PATIENCE)
        assert (await bot.get("/readyz")).json()["scan"] is True
        os.kill(int(str(started["pid"])), signal.SIGKILL)
        broke = await bot.logged("scan_process_broke")
        assert (broke["how"], broke["again_in"]) == ("died", 5.0)
        await here.discord.connected(PATIENCE)
        await bot.logged("discord_ready")
        ready = await bot.get("/readyz")  # questions are answered without a scan
        assert (ready.status_code, ready.json()) == (200, {"discord": True, "database": True, "scan": False})
        metrics = (await bot.get("/metrics")).text.splitlines()
        assert "ftbot_scan_works 0.0" in metrics
        assert 'ftbot_scan_processes_total{outcome="died"} 1.0' in metrics
        await asyncio.wait_for(second.arrived.wait(), PATIENCE)
        await bot.end(signal.SIGKILL)
        # Here the log is read to its end, which comes when the process that scans has ended, too.
    async with here.running(**tracking) as bot:
        scanned = await bot.logged("scanned")
        assert (scanned["packages"], scanned["failed"]) == (2, 0)
        assert (await bot.get("/readyz")).json()["scan"] is True
        assert await bot.end() == 0


async def test_a_stop_finishes_the_answers_under_way_and_a_restart_is_warm(here: Surroundings) -> None:
    discord, index = here.discord, here.index
    async with here.running() as bot:
        await discord.connected(PATIENCE)
        hold = index.hold()
        running = discord.slash("ftstatus", package="lxml")
        await asyncio.wait_for(hold.arrived.wait(), PATIENCE)
        bot.process.send_signal(signal.SIGINT)
        await bot.logged("draining")
        late = await discord.slash("ftstatus", package="numpy").shown()
        assert (late.ephemeral, late.text()) == (True, "I am restarting. Ask again in a minute.")
        hold.release.set()
        message = await running.shown()
        assert await asyncio.wait_for(bot.process.wait(), PATIENCE) == 0
    await discord.until(lambda: not discord.gateway.connected)
    await index.stop()
    async with here.running() as bot:
        await discord.connected(PATIENCE)
        again = await discord.slash("ftstatus", package="lxml").shown()
        assert again.text() == message.text()
        assert again.text().startswith("### 🟡 lxml 7.0")
        assert discord.count("PUT", "/commands$") == 1
        click = discord.click(message, button(message, "Refresh"))
        await click.until(lambda: message.edited is not None, PATIENCE)
        assert message.text().startswith("The index could not be read now. This is what I knew <t:")
        assert await bot.end() == 0


async def test_a_stop_tells_whoever_it_cannot_answer_any_more(here: Surroundings) -> None:
    async with here.running() as bot:
        await here.discord.connected(PATIENCE)
        here.index.hold(times=None)
        running = here.discord.slash("ftstatus", package="lxml")
        assert (await running.callback).type is CallbackType.DEFERRED_MESSAGE
        assert await bot.end() == 0
        (told,) = await running.wait_for_followups(1)
        assert (told.ephemeral, told.text()) == (True, "I am restarting. Ask again in a minute.")
        here.index.heal()


@pytest.mark.no_cover  # a life whose lines other lives run
async def test_a_first_connection_that_is_refused_is_survived(here: Surroundings) -> None:
    here.discord.refuse_connections(1)
    async with here.running() as bot:
        await bot.logged("discord_connection_failed")
        ready = await bot.get("/readyz")
        assert (ready.status_code, ready.json()) == (503, {"discord": False, "database": True})
        await here.discord.connected(PATIENCE)
        assert (await here.discord.slash("fthelp").shown()).ephemeral
        assert await bot.end() == 0


@pytest.mark.no_cover  # a life whose lines other lives run
async def test_health_and_metrics_can_have_a_port_of_their_own(here: Surroundings) -> None:
    async with here.running(FTBOT_METRICS_PORT="0") as bot:
        ports = await bot.logged("started")
        assert ports["http_port"] != ports["metrics_port"]
        for path in ("/healthz", "/readyz", "/metrics"):
            assert (await bot.get(path)).status_code == 404
            assert (await bot.get(path, "metrics_port")).status_code in {200, 503}
        assert await bot.end() == 0


async def readiness(bot: Bot, *, discord: bool = True, database: bool = True) -> None:
    """Ask whether the bot is ready until it says so of each: what it found is believed for a second."""
    wanted = {"discord": discord, "database": database}
    async with asyncio.timeout(PATIENCE):
        while (found := (answer := await bot.get("/readyz")).json()) | wanted != found:
            pass
    assert ("database" in found.get("problems", {})) == (not database)
    assert answer.status_code == (200 if all(wanted.values()) else 503)


@pytest.mark.no_cover  # a life whose lines other lives run
async def test_it_is_not_ready_without_its_gateway(here: Surroundings) -> None:
    async with here.running() as bot:
        await bot.logged("discord_ready")
        await readiness(bot)
        here.discord.refuse_connections(1_000)
        here.discord.abort_connections()
        await readiness(bot, discord=False)
        assert (await bot.get("/healthz")).status_code == 200
        assert await bot.end() == 0


@pytest.mark.no_cover  # a life whose lines other lives run
async def test_it_is_not_ready_without_its_database(here: Surroundings) -> None:
    elsewhere = here.database.with_name("elsewhere.db")
    async with here.running() as bot:
        await bot.logged("discord_ready")
        await readiness(bot)
        here.database.rename(elsewhere)
        await readiness(bot, database=False)
        elsewhere.rename(here.database)
        await readiness(bot)
        assert await bot.end() == 0


@pytest.mark.no_cover  # a life whose lines other lives run
@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs Linux, which can limit another process")
async def test_it_is_not_ready_where_nothing_can_be_written_any_more(here: Surroundings) -> None:
    async with here.running() as bot:
        await bot.logged("discord_ready")
        await readiness(bot)
        unlimited = resource.prlimit(bot.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        await readiness(bot, database=False)
        resource.prlimit(bot.process.pid, resource.RLIMIT_FSIZE, unlimited)
        await readiness(bot)
        assert await bot.end() == 0


async def test_a_stop_while_discord_is_away_takes_no_time(here: Surroundings) -> None:
    here.discord.refuse_connections(1_000)
    async with here.running() as bot:
        await bot.logged("discord_connection_failed")
        assert await bot.end() == 0


async def test_a_token_that_discord_refuses_ends_it_with_a_sentence(here: Surroundings) -> None:
    async with here.running(FTBOT_DISCORD_TOKEN=TOKEN.replace("q1w2", "q1w3")) as bot:
        assert await asyncio.wait_for(bot.process.wait(), PATIENCE) == 2
    assert bot.written[-1].startswith("ftbot: Discord refused the bot's token. Copy it anew")
    assert "q1w3" not in "".join(bot.written)


@pytest.mark.no_cover  # a life whose lines other lives run
async def test_the_recorded_numpy(here: Surroundings, shared: Path) -> None:
    here.index.load_recorded(shared / "data" / "simple", "numpy")
    async with here.running() as bot:
        await here.discord.connected(PATIENCE)
        message = await here.discord.slash("ftstatus", package="numpy").shown(PATIENCE)
        lines = message.text().splitlines()
        assert lines[0].startswith("### ✅ numpy 2.")
        assert any(line.startswith("✅ **3.14t** — every platform (9)") for line in lines)
        assert any("since 2.3.2" in line for line in lines)
        assert "[Tracking issue](https://github.com/numpy/numpy/issues/26157)" in message.text()
        assert await bot.end() == 0


async def test_the_site_is_served_where_it_is_on(here: Surroundings) -> None:
    async with here.running(FTBOT_WEB="on", FTBOT_PUBLIC_URL="https://ftbot.example") as bot:
        assert (await bot.get("/healthz")).text == "ok\n"
        assert (await bot.get("/badge/lxml.json")).json()["label"] == "3.14t"
        described = await bot.get("/api/openapi.json")
        assert described.json()["servers"] == [{"url": "https://ftbot.example"}]
        assert (await bot.get("/")).status_code == 503, "nothing was scanned"
        assert (await bot.get("/api/v1/packages/lxml")).json()["verdict"] == "partial"
        assert (await bot.get("/nowhere")).headers["Content-Type"] == "text/html; charset=utf-8"


async def test_there_is_no_site_where_it_is_off(here: Surroundings) -> None:
    async with here.running() as bot:
        for path in ("/", "/badge/lxml.svg", "/api/openapi.json", "/packages/"):
            assert (await bot.get(path)).status_code == 404
