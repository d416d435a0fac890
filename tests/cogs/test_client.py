"""The connection to Discord: what it asks for, what it says of itself, and that it comes back whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import aiohttp
import discord
import pytest
from discord.ext import commands

from bot.core.errors import UserError
from cogs.about import AboutCog
from cogs.client import MOST_UNANSWERED, Client
from cogs.conversations import Conversations
from cogs.pauses import LONGEST_BETWEEN_IDENTIFIES, LONGEST_PAUSE
from cogs.status import StatusAnswers
from tests.cogs.conftest import Bot, Clock, Log, World, all_cogs
from tests.fakes.discord_json import children, text
from tests.fakes.discord_world import Guild
from tests.fakes.fake_discord import TOKEN, FakeDiscord
from tests.patience import at_most

REGISTRATION = r"^/applications/\d+/commands$"
GUILDS = 1


async def stopped(fake: FakeDiscord) -> None:
    await fake.until(lambda: not fake.gateway.connected)


def is_ready(bot: Bot) -> bool:
    return bot.gateway.connections.is_ready()


# What it asks for and says


@pytest.mark.usefixtures("bot")
async def test_it_sees_servers_and_nothing_else(fake: FakeDiscord) -> None:
    assert [session.intents for session in fake.gateway.sessions] == [GUILDS]


BESIDES = ["ftabout", "ftcompare", "ftdeps", "ftguide", "fthelp", "ftlist", "ftprivacy", "ftwatch"]
"""All commands besides ``/ftstatus``."""


@pytest.mark.usefixtures("bot")
async def test_it_registers_its_commands_for_servers_and_users(fake: FakeDiscord) -> None:
    assert sorted(text(command, "name") for command in fake.commands) == sorted([*BESIDES, "ftstatus"])
    assert all(command["integration_types"] == [0, 1] for command in fake.commands)
    assert all(command["contexts"] == [0, 1, 2] for command in fake.commands)
    (status,) = (command for command in fake.commands if command["name"] == "ftstatus")
    (python,) = (option for option in children(status, "options") if option["name"] == "python")
    assert [choice["value"] for choice in children(python, "choices")] == ["3.14t", "3.15t", "3.13t"]


async def test_bugs_are_counted_from_0_in_whatever_can_be_asked(bot: Bot) -> None:
    samples = [sample for metric in bot.metrics.answers.collect() for sample in metric.samples]
    begun = {sample.labels["command"]: sample.value for sample in samples if sample.name.endswith("_total")}
    clicks = (*bot.answers.clicks(), *bot.dependencies.clicks(), *bot.watches.clicks(), "pd", "pk", "ls")
    watching = (
        *(f"ftwatch {each}" for each in ("add", "remove", "list", "pause")),
        "ftprivacy show",
        "ftprivacy delete",
    )
    asking = ("ftabout", "ftcompare", "ftdeps", "ftguide", "fthelp", "ftlist", "ftstatus")
    commands = (*asking, *watching, *clicks, "stale", "unknown")
    assert begun == dict.fromkeys(commands, 0)


@pytest.mark.usefixtures("bot")
async def test_it_can_mention_nobody(fake: FakeDiscord) -> None:
    for name in ("demo", "demoo", "@everyone"):
        message = await fake.slash("ftstatus", package=name).shown()
        assert message.allowed_mentions == {"parse": []}


# Commands are registered only when they changed


async def test_commands_are_told_to_discord_only_when_they_changed(world: World, fake: FakeDiscord) -> None:
    async with world.running():
        assert fake.count("PUT", REGISTRATION) == 1
    await stopped(fake)
    async with world.running():
        assert (await fake.slash("fthelp").shown()).ephemeral
        assert fake.count("PUT", REGISTRATION) == 1
    await stopped(fake)

    def fewer(
        client: Client, answers: StatusAnswers, conversations: Conversations, clock: Clock
    ) -> Sequence[commands.Cog]:
        return [cog for cog in all_cogs(client, answers, conversations, clock) if isinstance(cog, AboutCog)]

    world.cogs = fewer
    async with world.running():
        assert fake.count("PUT", REGISTRATION) == 2
        assert sorted(text(command, "name") for command in fake.commands) == BESIDES


async def test_a_registration_that_discord_refuses_is_tried_again(world: World, fake: FakeDiscord) -> None:
    fake.fail("PUT", REGISTRATION, 403, body={"code": 50001, "message": "Missing Access"})
    async with world.running():
        assert fake.count("PUT", REGISTRATION) == 2
        assert (await fake.slash("fthelp").shown()).ephemeral


# The gateway


async def test_a_first_connection_that_is_refused_is_tried_again(world: World, fake: FakeDiscord, log: Log) -> None:
    fake.refuse_connections(2)
    async with world.running():
        assert (await fake.slash("ftstatus", package="demo").shown()).text().startswith("### 🟡 demo")
    assert len(log.lines("discord_connection_failed")) == 2


async def test_a_login_that_finds_discord_down_is_tried_again(world: World, fake: FakeDiscord) -> None:
    fake.fail("GET", "^/users/@me$", 503, times=2)
    async with world.running():
        assert (await fake.slash("fthelp").shown()).ephemeral


async def test_a_token_that_discord_refuses_ends_it_with_a_sentence(world: World, fake: FakeDiscord, log: Log) -> None:
    async with world.running(token="not-the-token", wait=False) as bot:
        with pytest.raises(UserError, match=r"refused the bot's token\. .* FTBOT_DISCORD_TOKEN"):
            await asyncio.wait_for(asyncio.shield(bot.connected), at_most(30))
    assert fake.gateway.identifies == 0
    assert "not-the-token" not in log.stream.getvalue()


@pytest.mark.usefixtures("bot")
async def test_a_lost_connection_is_resumed_and_the_missed_question_answered(fake: FakeDiscord, log: Log) -> None:
    fake.abort_connections()
    await stopped(fake)
    message = await fake.slash("ftstatus", package="demo").shown()
    assert message.text().startswith("### 🟡 demo")
    assert (fake.gateway.identifies, fake.gateway.resumes) == (1, 1)
    assert len(log.lines("discord_disconnected")) == 1
    assert len(log.lines("discord_resumed")) == 1


@pytest.mark.usefixtures("bot")
async def test_after_an_outage_it_comes_back_soon_and_resumes_however_long_it_lasted(
    world: World, fake: FakeDiscord, log: Log
) -> None:
    assert (await fake.slash("fthelp").shown()).ephemeral
    fake.refuse_connections(60)
    fake.abort_connections()
    await fake.until(lambda: fake.gateway.resumes == 1)
    message = await fake.slash("ftstatus", package="demo").shown()
    assert message.text().startswith("### 🟡 demo")
    assert fake.gateway.identifies == 1
    assert len(world.slept) == 61
    assert world.slept[0] == 0
    assert all(LONGEST_PAUSE / 2 <= seconds <= LONGEST_PAUSE for seconds in world.slept[6:])
    assert len(log.lines("discord_disconnected")) == 1
    failures = log.lines("discord_connection_failed")
    assert len(failures) == 60
    assert {line["level"] for line in log.lines()} <= {"info", "warning"}
    # The next drop is the first again.
    fake.abort_connections()
    await fake.until(lambda: fake.gateway.resumes == 2)
    assert world.slept[61:] == [0]


@pytest.mark.usefixtures("bot")
async def test_where_discord_hangs_up_again_and_again_there_are_pauses_and_the_session_is_not_given_up(
    world: World, fake: FakeDiscord
) -> None:
    assert (await fake.slash("fthelp").shown()).ephemeral
    fake.hang_up(20)
    fake.abort_connections()
    await fake.until(lambda: fake.gateway.resumes == 1)
    assert fake.gateway.identifies == 1
    assert len(world.slept) == 21
    assert all(LONGEST_PAUSE / 2 <= seconds <= LONGEST_PAUSE for seconds in world.slept[6:])


async def test_sessions_that_do_not_begin_are_asked_for_seldom_enough_for_discord(
    world: World, fake: FakeDiscord
) -> None:
    fake.hang_up(30)
    async with world.running():
        assert (fake.gateway.identifies, fake.gateway.resumes) == (1, 0)
    identifies_a_day = 24 * 3600 / (sum(world.slept[-20:]) / 10)  # each with its pause of five seconds
    assert identifies_a_day < 1000
    assert max(world.slept) <= LONGEST_BETWEEN_IDENTIFIES


async def lose_patience(world: World, fake: FakeDiscord, times: int) -> None:
    """Let the bot's patience be over that many times, each when it waits to be let in."""
    for number in range(times):

        def is_next() -> bool:
            return fake.gateway.unanswered > number  # noqa: B023 — asked only until then

        await fake.until(is_next)
        assert not fake.gateway.connected
        world.end_limit()


async def leave_unanswered(world: World, fake: FakeDiscord, count: int) -> None:
    """Let Discord say nothing to that many attempts in a row, each until the bot's patience is over."""
    fake.leave_unanswered(count)
    fake.abort_connections()
    await lose_patience(world, fake, count)


@pytest.mark.usefixtures("bot")
async def test_a_session_that_discord_never_confirms_is_asked_for_again(
    world: World, fake: FakeDiscord, log: Log
) -> None:
    assert (await fake.slash("fthelp").shown()).ephemeral
    await leave_unanswered(world, fake, 2)
    message = await fake.slash("ftstatus", package="demo").shown()
    assert message.text().startswith("### 🟡 demo")
    assert (fake.gateway.identifies, fake.gateway.resumes) == (1, 1)
    assert fake.gateway.close_codes == [1006, 4000, 4000]
    assert len(world.slept) == 3
    warnings = [line["reason"] for line in log.lines("discord_connection_failed")]
    assert warnings == ["Discord did not answer in time."] * 2
    assert {line["level"] for line in log.lines()} <= {"info", "warning"}


@pytest.mark.usefixtures("bot")
async def test_where_resuming_is_never_answered_another_session_is_begun(world: World, fake: FakeDiscord) -> None:
    assert (await fake.slash("fthelp").shown()).ephemeral
    await leave_unanswered(world, fake, MOST_UNANSWERED)
    await fake.until(lambda: fake.gateway.connected)
    assert (fake.gateway.identifies, fake.gateway.resumes) == (2, 0)
    assert (await fake.slash("fthelp").shown()).ephemeral
    # The new session is resumed like any other.
    fake.abort_connections()
    await fake.until(lambda: fake.gateway.connected and fake.gateway.resumes == 1)
    assert (fake.gateway.identifies, fake.gateway.resumes) == (2, 1)


async def test_a_first_session_that_is_not_confirmed_is_asked_for_again_and_seldom(
    world: World, fake: FakeDiscord
) -> None:
    fake.leave_unanswered(20)
    async with world.running(wait=False):
        await lose_patience(world, fake, 20)
        await fake.connected()
        assert (await fake.slash("fthelp").shown()).ephemeral
    assert (fake.gateway.identifies, fake.gateway.resumes) == (1, 0)
    assert max(world.slept) > LONGEST_BETWEEN_IDENTIFIES / 2


async def test_a_gateway_that_does_not_greet_is_left_and_tried_again(world: World, fake: FakeDiscord) -> None:
    fake.gateway.greets = False
    async with world.running(wait=False):
        await fake.until(lambda: fake.gateway.waiting_for_hello == 1)
        fake.gateway.greets = True
        world.end_limit()
        await fake.connected()
        await fake.until(lambda: fake.gateway.close_codes == [4000])
        assert (await fake.slash("fthelp").shown()).ephemeral


async def test_it_stops_at_once_while_it_waits_for_an_outage_to_end(world: World, fake: FakeDiscord) -> None:
    async with world.running() as bot:
        world.awake.clear()
        fake.refuse_connections(10**6)
        fake.abort_connections()
        await asyncio.wait_for(world.asleep.wait(), at_most(30))
        client = bot.client()
    assert isinstance(client, discord.Client)
    assert client.is_closed()


async def test_whoever_wants_no_connection_again_is_told_why_there_is_none(world: World, fake: FakeDiscord) -> None:
    fake.refuse_connections(1)
    async with world.running(token="not-the-token", wait=False) as bot:
        with pytest.raises(UserError):
            await bot.connected
        client = bot.gateway.new_client(0, 1)
        async with client:
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await client.start(TOKEN, reconnect=False)


@pytest.mark.parametrize(
    ("disturb", "identifies", "resumes"),
    [
        (FakeDiscord.ask_to_reconnect, 1, 1),
        (lambda fake: fake.invalidate_session(resumable=True), 1, 1),
        (lambda fake: fake.invalidate_session(resumable=False), 2, 0),
        (lambda fake: fake.close_connections(4000), 1, 1),
        (lambda fake: fake.close_connections(1001), 1, 1),
    ],
    ids=["op 7", "op 9, resumable", "op 9", "close 4000", "close 1001"],
)
@pytest.mark.usefixtures("bot")
async def test_it_comes_back_when_it_is_sent_away(
    fake: FakeDiscord, disturb: Callable[[FakeDiscord], None], identifies: int, resumes: int
) -> None:
    disturb(fake)
    gateway = fake.gateway
    await fake.until(lambda: (gateway.identifies, gateway.resumes, gateway.connected) == (identifies, resumes, True))
    assert (await fake.slash("ftstatus", package="demo").shown()).text().startswith("### 🟡 demo")
    assert fake.count("PUT", REGISTRATION) == 1


async def test_a_connection_that_discord_ends_for_good_is_made_anew(world: World, fake: FakeDiscord) -> None:
    async with world.running():
        fake.close_connections(4010)
        await fake.until(lambda: fake.gateway.identifies == 2 and fake.gateway.connected)
        assert (await fake.slash("fthelp").shown()).ephemeral


async def test_a_bot_that_discord_finds_asking_for_too_much_ends_with_a_sentence(
    world: World, fake: FakeDiscord
) -> None:
    async with world.running() as bot:
        fake.close_connections(4014)
        with pytest.raises(UserError, match="privileged intents"):
            await asyncio.wait_for(asyncio.shield(bot.connected), at_most(30))


async def test_it_is_ready_once_it_knows_its_servers_and_counts_them(
    world: World, fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = asyncio.Event()
    on_ready = Client.on_ready

    async def noted(client: Client) -> None:
        await on_ready(client)
        ready.set()

    monkeypatch.setattr(Client, "on_ready", noted)
    async with world.running() as bot:

        async def servers() -> int:
            await fake.slash("fthelp").shown()  # comes after whatever was sent before
            return int(next(iter(bot.metrics.guilds.collect())).samples[0].value)

        assert not is_ready(bot)
        await asyncio.wait_for(ready.wait(), at_most(30))
        assert is_ready(bot)
        assert await servers() == 1
        fake.join(guild := Guild("NumPy"))
        fake.join(Guild("SciPy"))
        assert await servers() == 3
        fake.leave(guild)
        assert await servers() == 2
    assert not is_ready(bot)


async def test_ending_it_closes_the_connection(world: World, fake: FakeDiscord) -> None:
    async with world.running() as bot:
        client = bot.client()
    await stopped(fake)
    assert isinstance(client, discord.Client)
    assert client.is_closed()


async def test_what_discord_py_has_under_way_does_not_fail_when_it_ends(world: World, fake: FakeDiscord) -> None:
    async with world.running():
        await fake.slash("fthelp").shown()  # comes after the servers
        waiting = {task for task in asyncio.all_tasks() if "_delay_ready" in repr(task.get_coro())}
        assert waiting, "two seconds long discord.py waits for more servers before it says that all are known"
    await stopped(fake)
    for task in waiting:
        await asyncio.wait_for(task, at_most(10))
