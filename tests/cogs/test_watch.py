"""``/ftwatch`` and the Watch buttons as people see them; alerts themselves are in tests/services/."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from inline_snapshot import snapshot

from bot.core.posting.prospects import Prospects
from bot.core.posting.watches import MOST_FOR_A_PERSON, Topic, Watch, WatchPlace
from bot.core.wheels.targets import Target
from cogs.watch import WatchAnswers
from storage.discord.watch_news import WatchNews
from tests.cogs.conftest import Bot, World
from tests.fakes.discord_interactions import Answer, ImpossibleInteractionError
from tests.fakes.discord_world import Attachment, Channel, Member, Message, Permission, Role, User
from tests.fakes.fake_discord import FakeDiscord
from tests.fakes.fake_index import FakeIndex, Reply
from tests.fakes.index_pages import wheels


@dataclass(frozen=True, slots=True)
class Watching:
    """What somebody watches, as it is stored."""

    answers: WatchAnswers
    place: WatchPlace

    async def names(self) -> list[str]:
        return [watch.package for watch in await self.answers.book.listed(self.place)]

    async def only(self) -> Watch:
        (watch,) = await self.answers.book.listed(self.place)
        return watch


@pytest.fixture
def ada(fake: FakeDiscord) -> User:
    return fake.guild.member("ada").user


@pytest.fixture
def mod(fake: FakeDiscord) -> User:
    role = Role("Mods", Permission.MANAGE_GUILD)
    fake.guild.roles.append(role)
    member = Member(User("mod"), [role])
    fake.guild.members.append(member)
    return member.user


@pytest.fixture
def hers(bot: Bot, ada: User) -> Watching:
    return Watching(bot.watches, WatchPlace(ada.id))


@pytest.fixture
def news(fake: FakeDiscord) -> Channel:
    return fake.guild.channel("ft-news")


@pytest.fixture
def its(fake: FakeDiscord, bot: Bot, news: Channel) -> Watching:
    return Watching(bot.watches, WatchPlace(None, fake.guild.id, news.id))


async def told(answer: Answer) -> str:
    """Return what only who asked sees."""
    message = await answer.shown()
    assert (message.ephemeral, message.pings) == (True, ())
    return message.text()


def button(message: Message, label: str) -> str:
    return next(each.custom_id for each in message.buttons() if each.label == label)


def selects(message: Message) -> list[str]:
    return re.findall(r"'custom_id': '(ft1:wr:[^']+)'", str(message.components))


# Adding


async def test_several_packages_are_watched_at_once(fake: FakeDiscord, hers: Watching) -> None:
    assert await told(fake.slash("ftwatch add", packages="Demo, six nonsuch", user="ada")) == snapshot("""\
🔔 Watching:
- **demo**: 🟡 partly on 3.14t
- **six**: ⬜ pure Python on 3.14t
I tell you by direct message when anything changes. 2 of 50 watches used.
❔ Not on PyPI, so not watched: **nonsuch**. Check the spelling.
[Watches]\
""")
    assert await hers.names() == ["demo", "six"]
    assert await hers.answers.book.listed(hers.place) == (Watch("demo"), Watch("six"))


async def test_a_watch_can_be_about_one_python_and_one_event(fake: FakeDiscord, hers: Watching) -> None:
    text = await told(fake.slash("ftwatch add", packages="demo", python="3.15t", event="lost", user="ada"))
    assert "when wheels are lost (**3.15t**)" in text
    assert await hers.only() == Watch("demo", (Target(15),), (Topic.LOST,))
    await told(fake.slash("ftwatch add", packages="demo", user="ada"))
    assert await hers.only() == Watch("demo")


async def test_what_nobody_can_be_told_of_is_not_watched(fake: FakeDiscord, hers: Watching) -> None:
    for packages, reply in (
        ("nonsuch", "❔ Not on PyPI, so not watched: **nonsuch**. Check the spelling."),
        ("@everyone", "`@everyone` isn't a valid package name"),
        (" ", "A package name is missing."),
        (" ".join(f"demo{number}" for number in range(26)), "at most 25 can be named at once"),
    ):
        assert reply in await told(fake.slash("ftwatch add", packages=packages, user="ada"))
    assert await hers.names() == []


async def test_an_index_that_fails_is_no_reason_not_to_watch(
    fake: FakeDiscord, index: FakeIndex, hers: Watching
) -> None:
    index.script(Reply(503), times=None)
    assert "❔ could not tell" in await told(fake.slash("ftwatch add", packages="other", user="ada"))
    assert await hers.names() == ["other"]


async def test_a_person_watches_at_most_fifty(fake: FakeDiscord, index: FakeIndex, hers: Watching) -> None:
    for number in range(MOST_FOR_A_PERSON - 1):
        await hers.answers.book.watches.add(hers.place, [Watch(f"p{number}")], 50, hers.answers.book.now())
    index.publish("other", wheels("other", "1.0", "cp314-cp314-win_amd64"))
    text = await told(fake.slash("ftwatch add", packages="demo other", user="ada"))
    assert text == "You watch 49 packages of 50, so 1 more fit. Remove some with `/ftwatch remove`."
    assert len(await hers.names()) == 49
    assert "50 of 50 watches used" in await told(fake.slash("ftwatch add", packages="demo", user="ada"))
    assert "50 of 50 watches used" in await told(fake.slash("ftwatch add", packages="demo", user="ada"))
    assert "so no more fit" in await told(fake.slash("ftwatch add", packages="other", user="ada"))


async def test_a_watched_package_is_scanned_from_then_on(fake: FakeDiscord, bot: Bot) -> None:
    await told(fake.slash("ftwatch add", packages="demo", user="ada"))
    assert await bot.answers.package_names.packages.all_asked() == ("demo",)


async def test_who_waits_in_vain_is_told_why(world: World, fake: FakeDiscord, hers: Watching) -> None:
    world.prospects = Prospects(tracks=False)
    text = await told(fake.slash("ftwatch add", packages="demo", user="ada"))
    assert "⚠️ No packages are tracked here" in text
    assert await hers.names() == ["demo"]


# Channels


async def test_who_manages_a_server_watches_for_a_channel(
    fake: FakeDiscord, its: Watching, news: Channel, mod: User
) -> None:
    text = await told(fake.slash("ftwatch add", packages="demo", user=mod, options={"channel": news}))
    assert f"I post in <#{news.id}> when anything changes. 1 of 100 watches used." in text
    assert await its.names() == ["demo"]
    shown = await told(fake.slash("ftwatch list", user=mod, options={"channel": news}))
    assert f"told in <#{news.id}>" in shown
    await told(fake.slash("ftwatch pause", user=mod, options={"channel": news}))
    await told(fake.slash("ftwatch remove", packages="demo", user=mod, options={"channel": news}))
    assert await its.names() == []


@pytest.mark.parametrize("command", ["add", "remove", "list", "pause"])
async def test_nobody_else_does(fake: FakeDiscord, its: Watching, news: Channel, command: str) -> None:
    options = {"channel": news} | ({"packages": "demo"} if command in {"add", "remove"} else {})
    answer = fake.slash(f"ftwatch {command}", user="ada", options=options)
    assert await told(answer) == "You need **Manage Server** for this. Ask a server admin."
    assert await its.names() == []


async def test_a_channel_that_cannot_be_written_in_is_not_taken(
    fake: FakeDiscord, its: Watching, news: Channel, mod: User
) -> None:
    fake.deny(news, Permission.SEND_MESSAGES)
    text = await told(fake.slash("ftwatch add", packages="demo", user=mod, options={"channel": news}))
    assert "missing **Send Messages**" in text
    assert await its.names() == []


# Listing, pausing, removing


@pytest.mark.usefixtures("bot")
async def test_what_is_watched_is_listed(fake: FakeDiscord) -> None:
    assert await told(fake.slash("ftwatch list", user="ada")) == snapshot("""\
### Watched packages: 0 of 50
-# told by direct message
None yet. Add some with `/ftwatch add`.\
""")
    await told(fake.slash("ftwatch add", packages="demo six", user="ada"))
    await told(fake.slash("ftwatch pause", packages="six", days=3, user="ada"))
    assert await told(fake.slash("ftwatch list", user="ada")) == snapshot("""\
### Watched packages: 2 of 50
-# told by direct message
- **demo**: when anything changes
- **six**: when anything changes · rests until <t:1795683600:f>
[Stop watching…: demo | six]\
""")


async def test_a_long_list_has_pages_and_some_of_it_can_be_removed(fake: FakeDiscord, hers: Watching) -> None:
    names = [f"p{number:02}" for number in range(40)]
    await hers.answers.book.watches.add(hers.place, [Watch(name) for name in names], 50, hers.answers.book.now())
    message = await fake.slash("ftwatch list", user="ada").shown()
    for _ in range(2):
        await fake.click(message, button(message, "More ▶")).callback
    assert re.findall(r"\*\*(p\d\d)\*\*", message.text()) == names[30:]
    (select,) = selects(message)
    await fake.select(message, select, "p30", "p39").callback
    assert "✅ No longer watched: **p30** and **p39**." in message.text()
    assert await hers.names() == [name for name in names if name not in {"p30", "p39"}]


async def test_watches_rest_and_wake(fake: FakeDiscord, world: World, hers: Watching) -> None:
    await told(fake.slash("ftwatch add", packages="demo", user="ada"))
    text = await told(fake.slash("ftwatch pause", user="ada"))
    assert text.startswith("✅ Resting until <t:")
    assert (await hers.only()).paused == world.clock() + timedelta(days=7)
    assert await told(fake.slash("ftwatch pause", days=0, user="ada")) == "✅ Watched again: **demo**."
    assert (await hers.only()).paused is None
    assert "Not watched before: **six**." in await told(fake.slash("ftwatch pause", packages="six", user="ada"))


async def test_all_that_is_named_is_removed_however_many(fake: FakeDiscord, hers: Watching) -> None:
    names = [f"a-package-with-a-name-{number}" for number in range(40)]
    await hers.answers.book.watches.add(hers.place, [Watch(name) for name in names], 50, hers.answers.book.now())
    text = await told(fake.slash("ftwatch remove", packages=" ".join(names), user="ada"))
    assert await hers.names() == []
    assert text.startswith("✅ No longer watched: **a-package-with-a-name-0**, ")
    assert text.endswith("** and 30 more.")
    assert "Not watched" not in text


@pytest.mark.usefixtures("bot")
async def test_names_are_completed_one_after_the_other(fake: FakeDiscord) -> None:
    first = await fake.autocomplete("ftwatch add", focus="packages", value="num", user="ada")
    assert [each.value for each in first] == ["numpy", "numba", "numexpr"]
    second = await fake.autocomplete("ftwatch add", focus="packages", value="numpy, lx", user="ada")
    assert [(each.name, each.value) for each in second] == [("numpy lxml", "numpy lxml")]
    await told(fake.slash("ftwatch add", packages="demo six", user="ada"))
    watched = await fake.autocomplete("ftwatch remove", focus="packages", value="demo s", user="ada")
    assert [each.value for each in watched] == ["demo six"]
    long = "a" * 99
    assert await fake.autocomplete("ftwatch add", focus="packages", value=f"{long} nu", user="ada") == []


@pytest.mark.usefixtures("bot")
async def test_of_a_channel_what_it_watches_is_offered_to_who_manages_the_server(
    fake: FakeDiscord, news: Channel, mod: User
) -> None:
    await told(fake.slash("ftwatch add", packages="demo", user=mod))
    await told(fake.slash("ftwatch add", packages="six", options={"channel": news}, user=mod))
    for command in ("ftwatch remove", "ftwatch pause"):
        for user, offered in ((mod, ["six"]), ("ada", [])):
            found = await fake.autocomplete(command, focus="packages", value="", options={"channel": news}, user=user)
            assert [each.value for each in found] == offered


# Buttons


async def test_a_status_card_has_a_button_that_watches(fake: FakeDiscord, hers: Watching) -> None:
    card = await fake.slash("ftstatus", package="demo", user="grace").shown()
    text = await told(fake.click(card, button(card, "Watch"), user="ada"))
    assert "I tell you by direct message when anything changes. 1 of 50 watches used." in text
    known = await fake.click(card, button(card, "Watch"), user="ada").shown()
    assert known.text().startswith("🔔 You watch it already: **demo**: when anything changes")
    await told(fake.click(known, button(known, "Stop watching"), user="ada"))
    assert await hers.names() == []


async def test_what_blocks_an_application_can_be_watched(fake: FakeDiscord, index: FakeIndex, hers: Watching) -> None:
    for name in ("one", "two"):
        index.publish(name, wheels(name, "1.0", "cp314-cp314-manylinux_2_28_x86_64"))
    file = Attachment("requirements.txt", b"one==1.0\ntwo==1.0\ndemo==1.0\n")
    card = await fake.slash("ftdeps", file=file, user="ada").shown()
    text = await told(fake.click(card, button(card, "Watch the blockers"), user="ada"))
    assert "(**3.14t**)" in text
    assert await hers.names() == ["one", "two"]
    again = await told(fake.click(card, button(card, "Watch the blockers"), user="ada"))
    assert again == "You watch all that blocks it already. See `/ftwatch list`."


async def test_blockers_beyond_the_limit_are_counted(fake: FakeDiscord, index: FakeIndex, hers: Watching) -> None:
    known = [Watch(f"p{number}") for number in range(MOST_FOR_A_PERSON - 1)]
    await hers.answers.book.watches.add(hers.place, known, 50, hers.answers.book.now())
    for name in ("one", "two"):
        index.publish(name, wheels(name, "1.0", "cp314-cp314-manylinux_2_28_x86_64"))
    card = await fake.slash("ftdeps", file=Attachment("requirements.txt", b"one==1.0\ntwo==1.0\n"), user="ada").shown()
    text = await told(fake.click(card, button(card, "Watch the blockers"), user="ada"))
    assert "There is no room for 1 more package that stop the move." in text
    assert "which is the most" in await told(fake.click(card, button(card, "Watch the blockers"), user="ada"))


async def test_buttons_of_a_channels_list_are_for_who_manages_the_server(
    fake: FakeDiscord, its: Watching, news: Channel, mod: User
) -> None:
    await told(fake.slash("ftwatch add", packages="demo", user=mod, options={"channel": news}))
    shown = await fake.slash("ftwatch list", user=mod, options={"channel": news}).shown()
    (select,) = selects(shown)
    alert = fake.say(news, "", fake.world.bot)
    for identifier in (select, "ft1:wl", "ft1:wx:here:demo", select.replace("wr", "wp")):
        answer = fake.click_stale(alert, identifier, user="ada")
        assert await told(answer) == "You need **Manage Server** for this. Ask a server admin."
    assert await its.names() == ["demo"]
    assert "demo" in await told(fake.click_stale(alert, "ft1:wl", user="mod"))
    await told(fake.click_stale(alert, "ft1:wx:here:demo", user="mod"))
    assert await its.names() == []


@pytest.mark.usefixtures("bot")
async def test_who_manages_another_server_reaches_nothing_of_this_one(
    fake: FakeDiscord, its: Watching, news: Channel, mod: User
) -> None:
    await told(fake.slash("ftwatch add", packages="demo", options={"channel": news}, user=mod))
    elsewhere = replace(its.place, guild=its.place.guild + 1)
    book = its.answers.book
    assert await book.listed(elsewhere) == ()
    assert await book.remove(elsewhere, ["demo"]) == await book.pause(elsewhere, ["demo"], None) == frozenset()
    assert await its.names() == ["demo"]


@pytest.mark.parametrize(
    "identifier", ["ft1:wp", "ft1:wp:me:x", "ft1:wp:!:0", "ft1:wr:me", "ft1:wx", "ft1:wx:me", "ft1:w", "ft1:dw"]
)
async def test_buttons_that_nobody_made_break_nothing(fake: FakeDiscord, bot: Bot, identifier: str) -> None:
    card = await fake.slash("ftwatch list", user="ada").shown()
    answer = fake.click_stale(card, identifier, user="ada")
    await answer.callback
    assert "bug" not in await bot.outcomes(identifier.split(":")[1])


# Direct messages that are closed


async def test_who_cannot_be_written_to_is_told_so_at_the_next_interaction_and_tried_again_when_asked(
    fake: FakeDiscord, bot: Bot, hers: Watching
) -> None:
    await told(fake.slash("ftwatch add", packages="demo", user="ada"))
    recipient = await bot.watches.book.watches.recipient(hers.place)
    assert recipient is not None
    await WatchNews(bot.database).close(recipient.number, "Your direct messages are closed.", bot.watches.book.now())
    await bot.watches.refresh()
    answer = fake.slash("ftstatus", package="demo", user="ada")
    (note,) = await answer.wait_for_followups(1)
    assert note.ephemeral
    assert note.text().startswith("⚠️ Your direct messages are closed. Open them, then run `/ftwatch list`")
    assert (await fake.slash("ftstatus", package="demo", user="ada").shown()).text()
    await bot.watches.refresh()
    assert await bot.watches.book.watches.uninformed() == frozenset()
    assert "I try again from now on." in await told(fake.slash("ftwatch list", user="ada"))
    again = await bot.watches.book.watches.recipient(hers.place)
    assert again is not None
    assert again.closed is None
    assert "I try again" not in await told(fake.slash("ftwatch list", user="ada"))


def test_a_person_sees_no_command_that_they_may_not_use(fake: FakeDiscord) -> None:
    with pytest.raises(ImpossibleInteractionError):
        fake.slash("ftwatch nonsuch")
