"""``/ftstatus`` as people in Discord see it: answers, buttons, completion, and every way it can go wrong."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.core.wheels.targets import Target
from tests.cogs.conftest import Bot, Clock, Log, World
from tests.examples import examples
from tests.fakes.discord_interactions import CallbackType
from tests.fakes.discord_world import Guild, Message
from tests.fakes.fake_discord import FakeDiscord
from tests.fakes.fake_index import FakeIndex, html_page, refusal
from tests.fakes.index_pages import File, wheels

HOSTILE = "@everyone <@123456789012345678> [free](https://evil.example) **b** ||s|| `c` <t:0:R> # h"


def button(message: Message, label: str) -> str:
    return next(each.custom_id for each in message.buttons() if each.label == label)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise an answer at once; what is quick otherwise is slow here."""
    monkeypatch.setattr("cogs.status.DIRECTLY", 0.001)


# Answers


@pytest.mark.usefixtures("bot")
async def test_a_package_is_read_answered_in_public_and_remembered(fake: FakeDiscord, index: FakeIndex) -> None:
    answer = fake.slash("ftstatus", package="Demo")
    message = await answer.shown()
    assert answer.acknowledged is CallbackType.MESSAGE
    assert (message.ephemeral, message.pings, message.uses_components_v2) == (False, (), True)
    assert message.text() == snapshot("""\
### 🟡 demo 1.0
**Partly**: it installs on free-threaded Python 3.14t from wheels, but not on every platform.
[PyPI](https://pypi.org/project/demo/)
🟡 **3.14t** — Linux x86-64
-# no wheel: Windows x64
-# since 1.0 (15 January 2026)
⛔ **3.15t** — no wheel
- Lagging: It has wheels for 3.14t, not yet for 3.15t.
- A build from source may fail, or turn the GIL back on at import.
- Ask upstream for cp315t wheels.
- Its classifier claims Free Threading: 2 - Beta
[Refresh] [Oldest systems] [Dependencies] [Watch]
[Source](https://github.com/demo/demo) [Guide](https://py-free-threading.github.io/ci/#building-free-threaded-wheels-with-cibuildwheel)
-# PyPI data from <t:1795424400:R> · A wheel shows that a build exists, not that it is thread-safe.\
""")
    again = await fake.slash("ftstatus", package="DEMO", user="grace").shown()
    assert again.text() == message.text()
    assert index.count() == 1


@dataclass(slots=True)
class Counted:
    """Knows how many threads are open, of every package the same."""

    open: int | None = None

    def tracking(self, package: str) -> str | None:
        return f"https://github.com/{package}/{package}/issues/1"

    def first_version(self, _package: str) -> str | None:
        return None

    def open_count(self, _package: str) -> int | None:
        return self.open


async def test_a_card_that_was_sent_before_tells_what_changed_since(world: World, fake: FakeDiscord) -> None:
    world.upstream = upstream = Counted()
    async with world.running():
        first, again = [(await fake.slash("ftstatus", package="demo").shown()).text() for _ in range(2)]
        upstream.open = 3
        later = (await fake.slash("ftstatus", package="demo").shown()).text()
        other = (await fake.slash("ftstatus", package="demo", python="3.15t").shown()).text()
    assert again == first
    assert "Open free-threading issues" not in first
    assert "**Open free-threading issues:** 3 · tracked in " in later
    assert "it has no wheel for free-threaded Python 3.15t" in other


@pytest.mark.usefixtures("bot")
async def test_no_more_cards_are_kept_than_are_worth_it(fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cogs.status._MOST_CARDS", 1)
    packages = ("demo", "six", "demo", "six")
    heads = [(await fake.slash("ftstatus", package=name).shown()).text().splitlines()[0] for name in packages]
    assert heads == ["### 🟡 demo 1.0", "### ⬜ six 1.17.0"] * 2


@pytest.mark.usefixtures("bot")
async def test_a_restart_is_warm(world: World, fake: FakeDiscord, index: FakeIndex, bot: Bot) -> None:
    await fake.slash("ftstatus", package="demo").shown()
    bot.connected.cancel()
    await fake.until(lambda: not fake.gateway.connected)
    async with world.running():
        assert "1.0" in (await fake.slash("ftstatus", package="demo").shown()).text()
    assert index.count() == 1


@pytest.mark.usefixtures("bot", "impatient")
async def test_a_slow_index_is_waited_for_with_a_promise(fake: FakeDiscord, index: FakeIndex) -> None:
    hold = index.hold()
    answer = fake.slash("ftstatus", package="demo")
    assert (await answer.callback).type is CallbackType.DEFERRED_MESSAGE
    assert answer.deferred
    hold.release.set()
    message = await answer.shown()
    assert (message.ephemeral, message.text().splitlines()[0]) == (False, "### 🟡 demo 1.0")
    assert fake.messages(fake.guild.channel("general")) == [message]


@pytest.mark.usefixtures("bot", "impatient")
async def test_a_failure_after_a_public_promise_is_told_only_to_who_asked(fake: FakeDiscord, index: FakeIndex) -> None:
    hold = index.hold()
    index.script(refusal(503), times=None)
    answer = fake.slash("ftstatus", package="demo", user="ada")
    await answer.callback
    hold.release.set()
    (followup,) = await answer.wait_for_followups(1)
    assert (followup.ephemeral, followup.reader) == (True, fake.guild.member("ada").user)
    assert "That is not a “no”" in followup.text()
    assert fake.messages(fake.guild.channel("general")) == []


@pytest.mark.usefixtures("bot", "impatient")
async def test_a_suggestion_after_a_public_promise_is_told_only_to_who_asked(
    fake: FakeDiscord, index: FakeIndex
) -> None:
    hold = index.hold()
    answer = fake.slash("ftstatus", package="nunpy")
    await answer.callback
    hold.release.set()
    (followup,) = await answer.wait_for_followups(1)
    assert followup.ephemeral
    assert "[Use numpy]" in followup.text()
    assert fake.messages(fake.guild.channel("general")) == []


@pytest.mark.usefixtures("bot")
async def test_a_private_answer_is_seen_only_by_who_asked(fake: FakeDiscord) -> None:
    message = await fake.slash("ftstatus", package="demo", private=True).shown()
    assert message.ephemeral
    assert fake.messages(fake.guild.channel("general")) == []


@pytest.mark.usefixtures("bot", "impatient")
async def test_a_private_answer_stays_private_after_a_promise(fake: FakeDiscord, index: FakeIndex) -> None:
    hold = index.hold()
    answer = fake.slash("ftstatus", package="demo", private=True)
    await answer.callback
    hold.release.set()
    assert (await answer.shown()).ephemeral


@pytest.mark.usefixtures("bot")
async def test_where_only_the_user_installed_the_bot_the_answer_is_private(fake: FakeDiscord) -> None:
    message = await fake.slash("ftstatus", package="demo", guild=Guild("Elsewhere")).shown()
    assert message.ephemeral


@pytest.mark.usefixtures("bot")
async def test_it_answers_in_direct_messages(fake: FakeDiscord) -> None:
    message = await fake.slash("ftstatus", package="demo", dm=True, user="ada").shown()
    assert fake.direct_messages("ada") == [message]


@pytest.mark.parametrize(
    ("python", "headline"),
    [
        ("3.14t", "**Partly**: it installs on free-threaded Python 3.14t from wheels"),
        ("3.15t", "**No wheel**: it has no wheel for free-threaded Python 3.15t"),
        ("3.13t", "**No wheel**: it has no wheel for free-threaded Python 3.13t"),
    ],
)
@pytest.mark.usefixtures("bot")
async def test_the_python_asked_for_is_the_headline(fake: FakeDiscord, python: str, headline: str) -> None:
    text = (await fake.slash("ftstatus", package="demo", python=python).shown()).text()
    assert headline in text
    lines = [line for line in text.splitlines() if re.match(r". \*\*3\.", line)]
    assert lines[0][2:].startswith(f"**{python}**")
    assert {"3.14t", "3.15t"} <= set(re.findall(r"\*\*(3\.\d+t)\*\*", text))


# Names that are wrong


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.usefixtures("bot")
async def test_an_unknown_name_leads_to_the_one_that_was_meant(fake: FakeDiscord, private: bool) -> None:
    offer = await fake.slash("ftstatus", package="demoo", private=private).shown()
    assert offer.ephemeral
    assert offer.text() == "I couldn't find **demoo** on PyPI. Did you mean **demo**?\n[Use demo]"
    message = await fake.click(offer, button(offer, "Use demo")).shown()
    assert message.text().startswith("### 🟡 demo 1.0")
    assert message.ephemeral is private


@pytest.mark.usefixtures("bot")
async def test_an_unknown_name_like_no_other_is_said_to_be_unknown(fake: FakeDiscord) -> None:
    offer = await fake.slash("ftstatus", package="x" * 188).shown()
    assert offer.ephemeral
    assert offer.text().endswith("on PyPI. Check the spelling: it is the name that `pip install` takes.")


@pytest.mark.parametrize(
    "name",
    [
        "@everyone",
        "<@123456789012345678>",
        "nump y",
        "numpу",  # noqa: RUF001 - the last letter is Cyrillic
        "ｎｕｍｐｙ",  # noqa: RUF001 - full width
        "num\u202epy",
        "n\u200bumpy",
        "**bold**",
        "[x](https://evil.example)",
        "`code`",
        "```\n@everyone\n```",
        "-numpy-",
        "../../etc/passwd",
        "numpy==2.0",
        "a" * 201,
        "@everyone " * 500,
    ],
)
@pytest.mark.usefixtures("bot")
async def test_a_name_that_cannot_be_is_refused_quietly(fake: FakeDiscord, index: FakeIndex, name: str) -> None:
    message = await fake.slash("ftstatus", package=name).shown()
    assert (message.ephemeral, message.pings) == (True, ())
    assert len(message.text()) < 400
    assert re.search(r"isn't a valid package name|more than any package", message.text())
    code = re.findall("`([^`]*)`", message.text())
    assert "@everyone" not in message.text().replace(code[0] if code else "", "")
    assert "`" not in re.sub("`[^`]*`", "", message.text())
    assert index.requests == []
    assert fake.messages(fake.guild.channel("general")) == []


@pytest.mark.usefixtures("bot")
async def test_an_empty_name_is_asked_for(fake: FakeDiscord) -> None:
    assert "is missing" in (await fake.slash("ftstatus", package="  ").shown()).text()


# Text from elsewhere


@pytest.mark.usefixtures("bot")
async def test_what_an_index_says_is_never_markup_link_or_mention(fake: FakeDiscord, index: FakeIndex) -> None:
    odd = "@everyone[x](https:evil.example)**b**"
    index.publish(
        "demo",
        [
            File("demo-1.0-cp314-cp314-win_amd64.whl", yanked=HOSTILE),
            File(f"demo-1.0-1{odd}-cp314-none-win_amd64.whl", yanked=HOSTILE),
            File(f"demo-1.0-cp314-cp314-{odd.lower()}.whl", yanked=HOSTILE),
        ],
        classifiers=[f"Programming Language :: Python :: Free Threading :: {HOSTILE}"],
        project_urls={"Source": f"https://evil.example/{HOSTILE}", "Tracker": "javascript:alert(1)"},
    )
    message = await fake.slash("ftstatus", package="demo").shown()
    text = re.sub(r"\[(PyPI|Refresh|Guide)\](\(\S+\))?", "", message.text())
    assert "Yanked: " in text
    assert "of whatever kind" not in text  # what no tag can be made of is no wheel
    assert message.pings == ()
    for live in ("@everyone", "<@", "](http", "https://evil", "**b**", "||", "`c`", "<t:0"):
        assert re.search(r"(?<!\\)" + re.escape(live), text) is None, live
    assert [each.label for each in message.buttons()] == ["PyPI", "Refresh", "Dependencies", "Watch", "Guide"]


# A database that fails


@contextmanager
def locked_by_another(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


async def test_a_locked_database_costs_the_button_and_no_time(
    fake: FakeDiscord, world: World, bot: Bot, log: Log, clock: Clock
) -> None:
    with locked_by_another(world.database):
        answer = fake.slash("ftstatus", package="demo")
        message = await asyncio.wait_for(answer.shown(), 4)
        assert answer.acknowledged is CallbackType.MESSAGE
        assert message.text().startswith("### 🟡 demo 1.0")
        assert [each.label for each in message.buttons()] == ["PyPI", "Source", "Guide"]
    (line,) = log.lines("button_left_out")
    assert (line["package"], line["reason"]) == ("demo", "The database takes too long.")
    clock.advance(seconds=1)
    await bot.answers.package_names.id_of("demo")
    again = await fake.slash("ftstatus", package="demo").shown()
    assert "Refresh" in [each.label for each in again.buttons()]


@pytest.mark.usefixtures("bot")
async def test_a_locked_database_costs_the_buttons_of_suggestions(fake: FakeDiscord, world: World) -> None:
    with locked_by_another(world.database):
        message = await asyncio.wait_for(fake.slash("ftstatus", package="nunpy").shown(), 4)
    assert message.text().startswith("I couldn't find **nunpy** on PyPI. Did you mean **numpy**")
    assert message.buttons() == []


async def test_a_broken_database_costs_the_button(fake: FakeDiscord, bot: Bot, log: Log) -> None:
    async with bot.database.transaction() as transaction:  # beside what the bot writes
        await transaction.run("DROP TABLE packages")
    message = await fake.slash("ftstatus", package="demo").shown()
    assert message.text().startswith("### 🟡 demo 1.0")
    assert [each.label for each in message.buttons()] == ["PyPI", "Source", "Guide"]
    assert ["no such table: packages" in str(line["reason"]) for line in log.lines("button_left_out")] == [True]


# Oldest systems


@pytest.mark.usefixtures("bot")
async def test_the_oldest_systems_are_told_to_who_asks(fake: FakeDiscord) -> None:
    message = await fake.slash("ftstatus", package="demo").shown()
    assert "glibc" not in message.text()
    told = await fake.click(message, button(message, "Oldest systems"), user="grace").shown()
    assert told.ephemeral
    assert told.text() == snapshot("""\
### demo 1.0: the oldest systems
**3.14t**
- Linux x86-64: cp314t, from glibc 2.28\
""")


# Refresh


@pytest.mark.usefixtures("bot")
async def test_refresh_rests_for_a_minute_by_the_cards_own_age(
    fake: FakeDiscord, index: FakeIndex, clock: Clock
) -> None:
    message = await fake.slash("ftstatus", package="demo").shown()
    clock.advance(seconds=59)
    early = await fake.click(message, button(message, "Refresh"), user="grace").shown()
    assert early.ephemeral
    until = int(clock().timestamp()) + 1
    assert early.text() == f"This was checked <t:{until - 60}:R>. It can be refreshed again <t:{until}:R>."
    assert index.count() == 1


@pytest.mark.usefixtures("bot")
async def test_refresh_puts_what_is_new_into_the_same_card(fake: FakeDiscord, index: FakeIndex, clock: Clock) -> None:
    message = await fake.slash("ftstatus", package="demo").shown()
    index.upload("demo", *wheels("demo", "1.0", "cp314-cp314t-win_amd64"))
    clock.advance(seconds=60)
    click = fake.click(message, button(message, "Refresh"), user="grace")
    assert (await click.callback).type is CallbackType.UPDATE_MESSAGE
    assert message.text().splitlines()[0] == "### ✅ demo 1.0"
    assert f"<t:{int(clock().timestamp())}:R>" in message.text()
    assert fake.messages(fake.guild.channel("general")) == [message]
    again = await fake.click(message, button(message, "Refresh")).shown()
    assert (again.ephemeral, index.count()) == (True, 2)


@pytest.mark.usefixtures("bot")
async def test_refresh_keeps_the_headline_and_asks_only_what_changed(
    fake: FakeDiscord, index: FakeIndex, clock: Clock
) -> None:
    message = await fake.slash("ftstatus", package="demo", python="3.15t").shown()
    clock.advance(minutes=2)
    await fake.click(message, button(message, "Refresh")).callback
    assert "Python 3.15t" in message.text()
    assert (index.count(), index.not_modified) == (2, 1)


@pytest.mark.usefixtures("bot")
async def test_a_slow_refresh_is_acknowledged_first(
    fake: FakeDiscord, index: FakeIndex, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = await fake.slash("ftstatus", package="demo").shown()
    monkeypatch.setattr("cogs.status.DIRECTLY", 0.001)
    clock.advance(minutes=2)
    hold = index.hold()
    click = fake.click(message, button(message, "Refresh"))
    assert (await click.callback).type is CallbackType.DEFERRED_UPDATE
    before = message.text()
    hold.release.set()
    await click.edited
    assert message.text() != before
    assert fake.messages(fake.guild.channel("general")) == [message]


@pytest.mark.parametrize("patience", ["patient", "impatient"])
@pytest.mark.usefixtures("bot")
async def test_refresh_without_an_index_leaves_the_card_and_says_how_old_it_is(
    fake: FakeDiscord, index: FakeIndex, clock: Clock, monkeypatch: pytest.MonkeyPatch, patience: str
) -> None:
    message = await fake.slash("ftstatus", package="demo").shown()
    checked = int(clock().timestamp())
    clock.advance(hours=3)
    if patience == "impatient":
        monkeypatch.setattr("cogs.status.DIRECTLY", 0.0)
    index.script(html_page(), times=None)
    click = fake.click(message, button(message, "Refresh"))
    await click.until(lambda: message.edited is not None)
    assert message.text().startswith(
        f"The index could not be read now. This is what I knew <t:{checked}:R>:\n### 🟡 demo 1.0"
    )


async def test_refresh_works_after_a_restart(world: World, fake: FakeDiscord, clock: Clock) -> None:
    async with world.running():
        message = await fake.slash("ftstatus", package="demo").shown()
    clock.advance(minutes=2)
    await fake.until(lambda: not fake.gateway.connected)
    async with world.running():
        click = fake.click(message, button(message, "Refresh"))
        assert (await click.callback).type is CallbackType.UPDATE_MESSAGE
        assert f"<t:{int(clock().timestamp())}:R>" in message.text()


@pytest.mark.usefixtures("bot")
async def test_a_package_that_was_deleted_meanwhile_is_not_shown_as_it_was(
    fake: FakeDiscord, index: FakeIndex, clock: Clock
) -> None:
    message = await fake.slash("ftstatus", package="demo").shown()
    index.remove("demo")
    clock.advance(minutes=2)
    told = await fake.click(message, button(message, "Refresh")).shown()
    assert told.ephemeral
    assert "couldn't find **demo** on PyPI" in told.text()


@pytest.mark.parametrize(
    "identifier",
    ["ft0:r:1:14", "refresh", "ft1", "ft1:", "ft1:x:1:14", "ft2:r:1:14", "ft1:R:1:14", "persistent_view:numpy"],
)
@pytest.mark.usefixtures("bot")
async def test_a_button_of_another_version_says_so(fake: FakeDiscord, identifier: str) -> None:
    message = await fake.slash("ftstatus", package="demo").shown()
    told = await fake.click_stale(message, identifier).shown()
    assert told.ephemeral
    assert told.text() == "This button is from an older version. Run `/ftstatus` again."


@pytest.mark.parametrize(
    "rest",
    [
        *("", ":", ":1", ":1:", ":zzzz:14", ":!:14", ":-1:14", f":{'z' * 80}:14"),
        *(":1:0", ":1:5", ":1:12", ":1:21", ":1:99", ":1:100", ":1:-14", ":1:x"),
    ],
)
@pytest.mark.parametrize("verb", ["r", "u"])
@pytest.mark.usefixtures("bot")
async def test_a_button_about_nothing_known_says_so(fake: FakeDiscord, verb: str, rest: str) -> None:
    message = await fake.slash("ftstatus", package="demo").shown()
    told = await fake.click_stale(message, f"ft1:{verb}{rest}").shown()
    assert told.ephemeral
    assert told.text() == "I don't remember which package this button was about. Run `/ftstatus` again."


# Completion


@pytest.mark.usefixtures("bot")
async def test_names_are_offered_from_memory_with_the_verdict_that_is_known(
    fake: FakeDiscord, index: FakeIndex
) -> None:
    await fake.slash("ftstatus", package="demo").shown()
    asked = len(index.requests)
    choices = await fake.autocomplete("ftstatus", focus="package", value="De")
    assert [(choice.name, choice.value) for choice in choices] == [("demo — 🟡 partly on 3.14t", "demo")]
    numbers = await fake.autocomplete("ftstatus", focus="package", value="num")
    assert [choice.value for choice in numbers] == ["numpy", "numba", "numexpr"]
    assert len(index.requests) == asked


@pytest.mark.usefixtures("bot")
async def test_without_any_text_what_is_best_known_is_offered(fake: FakeDiscord) -> None:
    choices = await fake.autocomplete("ftstatus", focus="package", value="")
    assert [choice.value for choice in choices] == ["numpy", "pandas", "demo", "numba", "lxml", "numexpr", "six"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(50))
@given(typed=st.text() | st.text("numpyd-_. é@", max_size=12))
async def test_completion_offers_at_most_25_short_choices_whatever_is_typed(bot: Bot, typed: str) -> None:
    choices = bot.answers.offer(typed, Target(14))
    assert len(choices) <= 25
    assert all(1 <= len(choice.name) <= 100 and 1 <= len(choice.value) <= 100 for choice in choices)


class Watched:
    """What a watcher knows."""

    def tracking(self, package: str) -> str | None:
        return f"https://github.com/{package}/{package}/issues/5"

    def first_version(self, _package: str) -> str | None:
        return "99.0"

    def open_count(self, _package: str) -> int | None:
        return 3


async def test_a_card_tells_of_upstream_issues_where_they_are_watched(world: World, fake: FakeDiscord) -> None:
    world.upstream = Watched()
    async with world.running():
        message = await fake.slash("ftstatus", package="demo").shown()
        link = "https://github.com/demo/demo/issues/5"
        assert f"**Open free-threading issues:** 3 · tracked in [demo/demo\\#5](<{link}>)" in message.text()
        assert link in [button.url for button in message.buttons()]
