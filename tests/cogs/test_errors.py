"""Every failure is answered once, only to who asked, wherever it comes from and whatever Discord does meanwhile."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests.cogs.conftest import Bot, Clock, Log, World
from tests.fakes.discord_interactions import Answer, CallbackType
from tests.fakes.fake_discord import FakeDiscord
from tests.fakes.fake_index import FakeIndex, refusal
from tests.patience import at_most

CALLBACK = r"/callback$"


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let discord.py try again at once where it would wait for seconds."""
    sleep = asyncio.sleep

    async def turn(_seconds: float) -> None:
        await sleep(0)

    monkeypatch.setattr("discord.webhook.async_.asyncio.sleep", turn)


async def answered_once(answer: Answer, fake: FakeDiscord) -> str:
    """Return the text of an answer that is ephemeral and the only one."""
    message = await answer.shown()
    assert message.ephemeral
    assert answer.followups == []
    assert fake.count("POST", CALLBACK) + fake.count("POST", "^/webhooks/") == len(fake.answers)
    return message.text()


async def test_a_bug_is_answered_with_the_reference_that_is_in_the_log(
    world: World, fake: FakeDiscord, log: Log
) -> None:
    async with world.running(clock=Clock(broken=True)) as bot:
        text = await answered_once(fake.slash("ftstatus", package="demo"), fake)
        assert "the clock stopped" not in text
        (reference,) = re.findall(r"Something broke on my side\. Reference `([0-9a-f]{6})`", text)
        (line,) = log.lines("unexpected_error")
        assert line["reference"] == reference
        assert "the clock stopped" in str(line["exception"])
        assert (line["command"], line["interaction"]) == ("ftstatus", fake.answers[0].id)
        assert await bot.outcomes("ftstatus") == {"bug": 1}


async def test_a_bug_behind_a_button_is_answered_too(world: World, fake: FakeDiscord, log: Log) -> None:
    clock = Clock()
    async with world.running(clock=clock) as bot:
        message = await fake.slash("ftstatus", package="demo").shown()
        refresh = message.buttons()[1].custom_id
        clock.broken = True
        text = await answered_once(fake.click(message, refresh), fake)
        assert text.startswith("Something broke on my side. Reference `")
        assert len(log.lines("unexpected_error")) == 1
        assert await bot.outcomes("r") == {"bug": 1}


async def test_a_database_that_fails_is_not_called_a_bug(fake: FakeDiscord, bot: Bot, log: Log) -> None:
    message = await fake.slash("ftstatus", package="demo").shown()
    async with bot.database.transaction() as transaction:  # beside what the bot writes
        await transaction.run("DROP TABLE packages")
    text = await answered_once(fake.click(message, message.buttons()[1].custom_id), fake)
    (reference,) = re.findall(r"My database has a problem; its owner can see it\. Reference `([0-9a-f]{6})`\.", text)
    assert [line["reference"] for line in log.lines("storage_failed")] == [reference]


@pytest.mark.usefixtures("bot")
async def test_an_index_that_fails_is_named_and_never_a_no(fake: FakeDiscord, index: FakeIndex) -> None:
    index.script(refusal(429), times=None)
    text = await answered_once(fake.slash("ftstatus", package="demo"), fake)
    assert text.startswith("I couldn't look up **demo**: 127.0.0.1 asks to slow down (429). That is not a “no”.")


@pytest.mark.parametrize(("seconds", "when"), [("30", "in a minute"), ("3600", "later")])
@pytest.mark.usefixtures("bot")
async def test_nobody_is_sent_back_before_the_index_wants_to_be_asked(
    fake: FakeDiscord, index: FakeIndex, seconds: str, when: str
) -> None:
    index.script(refusal(429, retry_after=seconds), times=None)
    text = await answered_once(fake.slash("ftstatus", package="demo"), fake)
    assert text.endswith(f"asks to slow down (429). That is not a “no”. Try again {when}.")


async def test_an_answer_that_takes_too_long_is_given_up(
    fake: FakeDiscord, index: FakeIndex, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cogs.conversations.LONGEST", 1.0)
    index.hold(times=None)
    text = await answered_once(fake.slash("ftstatus", package="demo"), fake)
    assert text == "That took too long, so I gave up. Try again in a minute."
    assert await bot.outcomes("ftstatus") == {"upstream_error": 1}
    index.heal()


@pytest.mark.parametrize(("status", "code"), [(404, 10062), (400, 40060)])
async def test_an_interaction_that_is_gone_is_left_alone(
    fake: FakeDiscord, bot: Bot, log: Log, status: int, code: int
) -> None:
    fake.fail("POST", CALLBACK, status, body={"code": code, "message": "gone"})
    fake.slash("ftstatus", package="demo")
    await fake.until(lambda: fake.count("POST", CALLBACK) == 1)
    assert (await fake.slash("fthelp").shown()).ephemeral
    assert fake.count("POST", CALLBACK) == 2
    assert await bot.outcomes("ftstatus") == {"expired": 1}
    assert [line["code"] for line in log.lines("answer_too_late")] == [code]


@pytest.mark.usefixtures("no_pauses")
async def test_an_answer_that_discord_took_and_then_failed_is_not_given_twice(fake: FakeDiscord, bot: Bot) -> None:
    fake.fail("POST", CALLBACK, 500, apply=True)
    answer = fake.slash("ftstatus", package="demo")
    assert not (await answer.shown()).ephemeral
    await fake.until(lambda: fake.count("POST", CALLBACK) == 2)
    assert (await fake.slash("fthelp").shown()).ephemeral
    assert answer.followups == []
    assert await bot.outcomes("ftstatus") == {"expired": 1}


@pytest.mark.usefixtures("no_pauses")
async def test_a_discord_that_fails_for_good_is_not_blamed_on_the_bot(fake: FakeDiscord, bot: Bot, log: Log) -> None:
    fake.fail("POST", CALLBACK, 500, times=5)
    fake.slash("ftstatus", package="demo")
    await fake.until(lambda: fake.count("POST", CALLBACK) == 5)
    assert (await fake.slash("fthelp").shown()).ephemeral
    assert fake.count("POST", CALLBACK) == 6
    assert await bot.outcomes("ftstatus") == {"discord_error": 1}
    assert log.lines("unexpected_error") == []


async def test_a_rate_limit_is_waited_for(fake: FakeDiscord, bot: Bot) -> None:
    fake.fail("POST", CALLBACK, 429, times=2)
    assert (await fake.slash("ftstatus", package="demo").shown()).text().startswith("### 🟡 demo 1.0")
    assert fake.count("POST", CALLBACK) == 3
    assert await bot.outcomes("ftstatus") == {"answered": 1}


@pytest.mark.usefixtures("bot")
async def test_a_card_that_was_deleted_before_its_answer_is_no_bug(
    fake: FakeDiscord, index: FakeIndex, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cogs.status.DIRECTLY", 0.001)
    hold = index.hold()
    answer = fake.slash("ftstatus", package="demo")
    await answer.callback
    fake.fail("PATCH", "/messages/@original$", 404, body={"code": 10008, "message": "Unknown Message"})
    hold.release.set()
    await fake.until(lambda: fake.count("PATCH", "/messages/@original$") == 1)
    assert (await fake.slash("fthelp").shown()).ephemeral
    assert log.lines("unexpected_error") == []
    assert answer.followups == []


@pytest.mark.usefixtures("bot")
async def test_a_command_that_this_version_does_not_have_says_so(fake: FakeDiscord) -> None:
    old = {**fake.commands[0], "name": "ftold", "options": []}
    fake.commands.append(old)
    text = await answered_once(fake.slash("ftold"), fake)
    assert text.startswith("This command is from an older version.")


@pytest.mark.usefixtures("bot")
async def test_a_command_whose_options_changed_says_so(fake: FakeDiscord) -> None:
    (status,) = (command for command in fake.commands if command["name"] == "ftstatus")
    status["options"] = []
    text = await answered_once(fake.slash("ftstatus"), fake)
    assert text.startswith("This command is from an older version.")


async def test_while_stopping_what_runs_is_finished_and_what_comes_is_refused(
    fake: FakeDiscord, index: FakeIndex, bot: Bot
) -> None:
    hold = index.hold()
    running = fake.slash("ftstatus", package="demo")
    await hold.arrived.wait()
    draining = asyncio.create_task(bot.conversations.drain(5))
    late = await fake.slash("ftstatus", package="six").shown()
    assert (late.ephemeral, late.text()) == (True, "I am restarting. Ask again in a minute.")
    assert not draining.done()
    hold.release.set()
    await draining
    message = await running.shown()
    assert message.text().startswith("### 🟡 demo 1.0")
    clicked = await fake.click(message, message.buttons()[1].custom_id).shown()
    assert clicked.text() == "I am restarting. Ask again in a minute."


async def test_stopping_waits_no_longer_than_it_may(fake: FakeDiscord, index: FakeIndex, bot: Bot) -> None:
    hold = index.hold()
    answer = fake.slash("ftstatus", package="demo")
    await hold.arrived.wait()
    await bot.conversations.drain(0.01)
    message = await answer.shown()
    assert (message.ephemeral, message.text()) == (True, "I am restarting. Ask again in a minute.")
    assert await bot.outcomes("ftstatus") == {"user_error": 1}
    hold.release.set()


async def test_stopping_takes_back_a_promise_that_it_cannot_keep(
    fake: FakeDiscord, index: FakeIndex, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cogs.status.DIRECTLY", 0.001)
    hold = index.hold()
    answer = fake.slash("ftstatus", package="demo")
    assert (await answer.callback).type is CallbackType.DEFERRED_MESSAGE
    await bot.conversations.drain(0.01)
    (followup,) = await answer.wait_for_followups(1)
    assert (followup.ephemeral, followup.text()) == (True, "I am restarting. Ask again in a minute.")
    assert fake.messages(fake.guild.channel("general")) == []
    hold.release.set()


async def test_stopping_an_idle_bot_takes_no_time(bot: Bot) -> None:
    await asyncio.wait_for(bot.conversations.drain(3600), at_most(30))


async def test_answers_are_counted_and_logged_with_their_interaction(fake: FakeDiscord, bot: Bot, log: Log) -> None:
    answer = fake.slash("ftstatus", package="demo")
    await answer.shown()
    await (bad := fake.slash("ftstatus", package="no pe")).shown()
    await fake.slash("fthelp").shown()
    assert await bot.outcomes("ftstatus") == {"answered": 1, "user_error": 1}
    lines = [(line["interaction"], line["outcome"], line["guild"]) for line in log.lines("answered")]
    assert lines[:2] == [(answer.id, "answered", fake.guild.id), (bad.id, "user_error", fake.guild.id)]


async def test_a_promise_whose_answer_never_comes_is_taken_back(
    world: World, fake: FakeDiscord, index: FakeIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cogs.status.DIRECTLY", 0.001)
    monkeypatch.setattr("cogs.conversations.LONGEST", 1.0)
    index.hold(times=None)
    async with world.running():
        answer = fake.slash("ftstatus", package="demo")
        assert (await answer.callback).type is CallbackType.DEFERRED_MESSAGE
        (followup,) = await answer.wait_for_followups(1)
        assert followup.text().startswith("That took too long")
        assert fake.messages(fake.guild.channel("general")) == []
        index.heal()
