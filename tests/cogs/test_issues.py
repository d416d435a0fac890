"""``/ftissues`` as people see it, and that help lists it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.github.threads import ThreadState
from bot.core.posting.prospects import NOT_WATCHED, Prospects, Watched
from bot.core.upstream.threads import KnownThread
from tests.cogs.running import Bot, running_bot
from tests.fakes.discord_json import text
from tests.fakes.discord_world import Guild, Member, Permission, Role, User
from tests.fakes.fake_discord import FakeDiscord
from tests.services.posts import Clock, Press, direct
from tests.services.threads import NOW, thread


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
async def fake(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord(now=clock) as running:
        direct(monkeypatch, running.api_url, running.gateway_url)
        yield running
    assert running.violations == []


@pytest.fixture
async def bot(fake: FakeDiscord, database_path: Path, clock: Clock) -> AsyncIterator[Bot]:
    async with running_bot(fake, database_path, clock, Press()) as running:
        yield running


async def know(bot: Bot, *threads: KnownThread) -> None:
    await bot.stores.threads.record(threads, [], [], NOW)


async def test_open_issues_are_listed_for_all_to_see_the_last_active_first(bot: Bot, fake: FakeDiscord) -> None:
    await know(
        bot,
        thread(number=1, updated=NOW - timedelta(days=2)),
        thread("lxml/lxml", 2, package="lxml", updated=NOW - timedelta(days=1)),
        thread(number=3, state=ThreadState.CLOSED),
    )
    message = await fake.slash("ftissues").shown()
    lines = message.text().splitlines()
    assert (message.ephemeral, lines[0]) == (False, "### Open free-threading issues (2)")
    assert [line.partition("(")[0] for line in lines[1:3]] == [
        "- 🟢 open [lxml/lxml\\#2]",
        "- 🟢 open [numpy/numpy\\#1]",
    ]
    assert lines[1].endswith(f" · active <t:{int((NOW - timedelta(days=1)).timestamp())}:R>")


@pytest.mark.parametrize(
    ("state", "expected"), [("open", ["open"]), ("closed", ["closed", "merged"]), ("all", ["closed", "merged", "open"])]
)
async def test_a_package_and_a_state_are_chosen(bot: Bot, fake: FakeDiscord, state: str, expected: list[str]) -> None:
    await know(bot, *(thread(number=number, state=each) for number, each in enumerate(ThreadState, 1)))
    await know(bot, thread("lxml/lxml", 9, package="lxml"))
    message = await fake.slash("ftissues", package="NumPy", state=state).shown()
    lines = [line for line in message.text().splitlines() if line.startswith("- ")]
    assert sorted(line.split()[2] for line in lines) == expected
    assert "of **numpy**" in message.text()


async def test_long_lists_are_cut(bot: Bot, fake: FakeDiscord) -> None:
    await know(bot, *(thread(number=number) for number in range(1, 26)))
    shown = (await fake.slash("ftissues").shown()).text()
    assert ("(25)" in shown, "\nand 15 more: narrow it with `package:`\n" in shown, shown.count("\n- ")) == (
        True,
        True,
        10,
    )


@pytest.mark.parametrize(
    ("state", "hint"), [("open", ": `ftbot upstream list` has all"), ("all", ": narrow it with `state:`")]
)
async def test_a_long_list_of_a_package_is_narrowed_by_state(
    bot: Bot, fake: FakeDiscord, state: str, hint: str
) -> None:
    await know(bot, *(thread(number=number) for number in range(1, 12)))
    shown = (await fake.slash("ftissues", package="numpy", state=state).shown()).text()
    assert f"\nand 1 more{hint}\n" in shown


async def test_an_answer_can_be_private(bot: Bot, fake: FakeDiscord) -> None:
    await know(bot, thread())
    assert (await fake.slash("ftissues", private=True).shown()).ephemeral


async def test_in_a_server_that_has_not_installed_the_bot_it_is_private(bot: Bot, fake: FakeDiscord) -> None:
    await know(bot, thread())
    elsewhere = Guild("Elsewhere")
    assert (await fake.slash("ftissues", guild=elsewhere, user=User("bob")).shown()).ephemeral


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "I know of no open issues about free-threading. Ask later, when I have looked, or for another state."),
        (
            {"package": "nunpy"},
            "I know of no open issues about free-threading in **nunpy**. Check the spelling, or ask with `state: all`.",
        ),
        (
            {"package": "nunpy", "state": "all"},
            "I know of no issues about free-threading in **nunpy**. Check the spelling.",
        ),
    ],
)
async def test_where_there_is_nothing_to_list_it_says_what_to_do(
    fake: FakeDiscord, options: dict[str, str], expected: str
) -> None:
    message = await fake.slash("ftissues", options=options).shown()
    assert (message.ephemeral, message.text()) == (True, expected)


@pytest.mark.parametrize("options", [{}, {"package": "numpy", "state": "all"}])
async def test_where_nobody_looks_it_does_not_say_to_ask_later(
    fake: FakeDiscord, database_path: Path, clock: Clock, options: dict[str, str]
) -> None:
    async with running_bot(fake, database_path, clock, Press(), prospects=Prospects(Watched.NONE)) as bot:
        message = await fake.slash("ftissues", options=options).shown()
        assert (message.ephemeral, message.text()) == (True, NOT_WATCHED)
        await know(bot, thread())
        assert "(1)" in (await fake.slash("ftissues", options=options).shown()).text()


@pytest.mark.usefixtures("bot")
async def test_what_is_no_name_is_refused(fake: FakeDiscord) -> None:
    message = await fake.slash("ftissues", package="@everyone").shown()
    assert (message.ephemeral, message.text().startswith("`@everyone`")) == (True, True)


@pytest.mark.usefixtures("bot")
async def test_packages_are_offered_while_typing(fake: FakeDiscord) -> None:
    (choice,) = await fake.autocomplete("ftissues", focus="package", value="num")
    assert (choice.name, choice.value) == ("num — works", "num")


# Help


def manager(fake: FakeDiscord, permission: Permission = Permission.MANAGE_GUILD) -> User:
    """Add somebody to the server who is permitted something."""
    role = Role("Team", permission, id=77)
    user = User("mod")
    fake.guild.roles.append(role)
    fake.guild.members.append(Member(user, [role]))
    return user


@pytest.mark.usefixtures("bot")
async def test_help_lists_every_command_within_discords_limits(fake: FakeDiscord) -> None:
    shown = (await fake.slash("fthelp", user=manager(fake)).shown()).text()
    for name in ("ftissues [package] [state] [private]", "ftaudit issue", "ftconfig issues [channel] [events]"):
        assert f"`/{name}`" in shown
    assert {text(command, "name") for command in fake.commands} >= {"ftissues", "ftaudit"}


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("permission", [Permission.MANAGE_GUILD, Permission.ADMINISTRATOR])
async def test_help_lists_what_is_used_most_first_and_what_is_for_admins_last(
    fake: FakeDiscord, permission: Permission
) -> None:
    shown = (await fake.slash("fthelp", user=manager(fake, permission)).shown()).text()
    everybodys, _, admins = shown.partition("\n### For admins\n")
    assert re.findall(r"^`/(\w+)", everybodys, re.MULTILINE) == ["ftissues", "ftdigest", "ftabout", "fthelp"]
    assert re.findall(r"^`/(\w+)", admins, re.MULTILINE) == ["ftaudit", *["ftconfig"] * 6]


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("where", ["as a member", "with other rights", "in a message", "elsewhere"])
async def test_help_shows_commands_for_admins_to_nobody_who_cannot_use_them(fake: FakeDiscord, where: str) -> None:
    answers = {
        "as a member": lambda: fake.slash("fthelp"),
        "with other rights": lambda: fake.slash("fthelp", user=manager(fake, Permission.MANAGE_MESSAGES)),
        "in a message": lambda: fake.slash("fthelp", user=manager(fake), dm=True),
        "elsewhere": lambda: fake.slash("fthelp", guild=their_own(), user="owner"),
    }
    shown = (await answers[where]().shown()).text()
    assert ("`/ftissues" in shown, "ftconfig" in shown, "ftaudit" in shown, "admins" in shown) == (
        True,
        False,
        False,
        False,
    )


def their_own() -> Guild:
    """Make a server that has not installed the bot, of somebody who may manage it."""
    owners = Role("Owners", Permission.MANAGE_GUILD)
    return Guild("Elsewhere", members=[Member(User("owner"), [owners])], roles=[owners])
