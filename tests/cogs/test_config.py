"""``/ftconfig`` as admins see it: what is set, how it is changed, what is wrong and how to mend it."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from bot.core.posting.posts import State
from bot.core.posting.prospects import NOT_WATCHED, Prospects, Watched
from bot.core.posting.schedule import Schedule
from bot.core.posting.settings import DigestSettings, IssueFeed
from bot.core.posting.watches import Watch, WatchPlace
from bot.core.upstream.threads import DEFAULT_EVENTS, EventKind
from bot.core.upstream.wording import CHOICES
from tests.cogs.running import Bot, running_bot
from tests.fakes.discord_interactions import Answer, CallbackType, ImpossibleInteractionError, OptionValue
from tests.fakes.discord_json import children, text
from tests.fakes.discord_world import Channel, Guild, Member, Message, Permission, Role, User, announcement, forum
from tests.fakes.fake_discord import FakeDiscord
from tests.services.posts import SLOT, Clock, Press, direct, own
from tests.services.threads import event, thread


@pytest.fixture
def clock() -> Clock:
    return Clock(SLOT - timedelta(days=3))


@pytest.fixture
async def fake(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeDiscord]:
    admins = Role("Admins", Permission.MANAGE_GUILD)
    guild = Guild(
        "Free-threaded",
        [Channel("general"), announcement("news"), forum("issues", ["crash"]), forum("strict", requires_tag=True)],
        members=[Member(User("mod"), [admins]), Member(User("ada"))],
        roles=[Role("Readers", mentionable=True), Role("Quiet")],
    )
    async with FakeDiscord([guild], now=clock) as running:
        direct(monkeypatch, running.api_url, running.gateway_url)
        yield running
    assert running.violations == []


@pytest.fixture
def press() -> Press:
    return Press()


@pytest.fixture
async def bot(fake: FakeDiscord, database_path: Path, clock: Clock, press: Press) -> AsyncIterator[Bot]:
    async with running_bot(fake, database_path, clock, press) as running:
        yield running


@pytest.fixture
def news(fake: FakeDiscord) -> Channel:
    return fake.guild.channel("news")


@pytest.fixture
def general(fake: FakeDiscord) -> Channel:
    return fake.guild.channel("general")


def button(message: Message, label: str) -> str:
    return next(each.custom_id for each in message.buttons() if each.label == label)


async def press_button(fake: FakeDiscord, message: Message, label: str) -> Answer:
    """Press a button and wait until the bot has answered it."""
    answer = fake.click(message, button(message, label))
    await answer.callback
    return answer


async def reply(answer: Answer) -> str:
    """Return what the bot answers, which is for who asked."""
    message = await answer.shown()
    assert message.ephemeral
    return message.text()


async def digest_of(bot: Bot, fake: FakeDiscord) -> DigestSettings | None:
    return (await bot.guilds.overview(fake.guild.id)).settings.digest


async def set_up(fake: FakeDiscord, channel: Channel) -> Message:
    return await fake.slash("ftconfig digest", options={"channel": channel}).shown()


# Who may


@pytest.mark.usefixtures("bot")
async def test_only_those_who_manage_the_server_see_it_and_only_there(fake: FakeDiscord) -> None:
    (command,) = (each for each in fake.commands if text(each, "name") == "ftconfig")
    assert (command["default_member_permissions"], command["contexts"], command["integration_types"]) == (
        "32",
        [0],
        [0],
    )
    names = [text(option, "name") for option in children(command, "options")]
    assert sorted(names) == ["announcements", "check", "digest", "issues", "reset", "show"]
    with pytest.raises(ImpossibleInteractionError):
        fake.slash("ftconfig show", user="ada")


@pytest.mark.parametrize("command", ["show", "digest", "announcements", "issues", "check", "reset"])
async def test_who_may_not_manage_the_server_is_refused_even_if_the_command_is_shown(
    bot: Bot, fake: FakeDiscord, general: Channel, command: str
) -> None:
    options = {"channel": general} if command in {"digest", "announcements", "issues"} else {}
    answer = fake.slash(f"ftconfig {command}", user="ada", override=True, options=options)
    assert await reply(answer) == "You need **Manage Server** for this. Ask a server admin."
    settings = (await bot.guilds.overview(fake.guild.id)).settings
    assert (settings.digest, settings.announcements, settings.issues) == (None, None, None)


@pytest.mark.parametrize("verb", ["cd", "cp", "ct", "co", "cO", "cR"])
async def test_buttons_are_guarded_too(bot: Bot, fake: FakeDiscord, general: Channel, verb: str) -> None:
    await set_up(fake, general)
    forged = fake.say(general, "Press here", user=fake.world.bot)
    answer = fake.click_stale(forged, f"ft1:{verb}", user="ada")
    assert await reply(answer) == "You need **Manage Server** for this. Ask a server admin."
    assert await digest_of(bot, fake) is not None


# Showing


@pytest.mark.usefixtures("bot")
async def test_a_new_server_sees_that_all_is_off_and_how_to_begin(fake: FakeDiscord) -> None:
    assert await reply(fake.slash("ftconfig show")) == snapshot("""\
### Weekly digest
Off.
### Announcements
Off.
### Upstream issues
Off.
### Watches
None. `/ftwatch add channel:` makes a channel watch packages.
[Set up the digest] [Preview]
-# `/ftconfig announcements`, `issues`, `check` and `reset` do the rest.\
""")


async def test_the_panel_tells_what_is_set_and_how_it_stands(
    bot: Bot, fake: FakeDiscord, clock: Clock, news: Channel
) -> None:
    role = fake.guild.role("Readers")
    options: dict[str, OptionValue] = {
        "channel": news,
        "weekday": 0,
        "hour": 9,
        "zone": "europe/berlin",
        "role": role,
        "publish": True,
    }
    await fake.slash("ftconfig digest", options=options).shown()
    await fake.slash("ftconfig announcements", options={"channel": news}).shown()
    await fake.slash("ftconfig issues", options={"channel": fake.guild.channel("issues")}).shown()
    clock.time = SLOT
    await bot.poster.tick()
    shown = (await reply(fake.slash("ftconfig show"))).replace(str(news.id), "NEWS").replace(str(role.id), "ROLE")
    shown = shown.replace(str(fake.guild.channel("issues").id), "ISSUES")
    (message,) = own(fake, news)
    assert shown.replace(str(message.id), "MESSAGE").replace(str(fake.guild.id), "GUILD") == snapshot("""\
### Weekly digest
On, in <#NEWS>, every Monday 09:00 Europe/Berlin.
Pings <@&ROLE>; published to the channels that follow.
Next: <t:1796025600:F> (<t:1796025600:R>).
Last post: [2026-W47](https://discord.com/channels/GUILD/NEWS/MESSAGE) was posted and published.
### Announcements
On, in <#NEWS>: packages that gain or lose support, at most one message an hour.
### Upstream issues
On, in <#ISSUES>: opened, closed, new wheels; a thread for each repository and week.
### Watches
None. `/ftwatch add channel:` makes a channel watch packages.
[Change digest] [Preview] [Send test] [Turn off]
-# `/ftconfig announcements`, `issues`, `check` and `reset` do the rest.\
""")


async def test_admins_are_told_what_broke_and_how_to_mend_it(
    bot: Bot, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    await set_up(fake, general)
    fake.deny(general, Permission.ATTACH_FILES)
    clock.time = SLOT
    await bot.poster.tick()
    shown = await reply(fake.slash("ftconfig show"))
    assert "2026-W47 was not posted." in shown
    name = fake.world.bot.name
    assert (
        f"⛔ I can't post in <#{general.id}>: missing **Attach Files**. Channel settings → Permissions → {name}."
        in shown
    )
    fake.allow(general, Permission.ATTACH_FILES)
    check = await reply(fake.slash("ftconfig check"))
    assert "✅ Attach Files" in check
    assert f"I try <#{general.id}> again from now on." in check
    await bot.poster.tick()
    assert len(own(fake, general)) == 1


@pytest.mark.usefixtures("bot")
async def test_admins_are_told_of_a_channel_that_is_gone(fake: FakeDiscord, news: Channel) -> None:
    await set_up(fake, news)
    fake.delete_channel(news)
    assert f"⛔ <#{news.id}> is gone. Choose another channel." in await reply(fake.slash("ftconfig show"))
    assert "❌ This channel is gone." in await reply(fake.slash("ftconfig check"))


async def test_what_broke_where_nothing_seems_wrong_is_told_too(
    bot: Bot, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    await set_up(fake, general)
    fake.fail("POST", r"/messages$", 403, body={"code": 20001, "message": "no"})
    clock.time = SLOT
    await bot.poster.tick()
    assert "Run `/ftconfig check` to try it again." in await reply(fake.slash("ftconfig show"))


# Setting


async def test_a_channel_is_all_that_has_to_be_chosen(
    bot: Bot, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    message = await set_up(fake, general)
    assert message.text().startswith("✅ Saved.\n### Weekly digest\nOn, in")
    assert await digest_of(bot, fake) == DigestSettings(general.id, clock(), Schedule(0, 9, "UTC"))


async def test_what_is_not_given_stays_as_it_was(bot: Bot, fake: FakeDiscord, clock: Clock, general: Channel) -> None:
    since = clock()
    role = fake.guild.role("Readers")
    await fake.slash("ftconfig digest", options={"channel": general, "role": role, "publish": True}).shown()
    clock.advance(timedelta(hours=1))
    await fake.slash("ftconfig digest", options={"hour": 17, "zone": "Asia/Tokyo"}).shown()
    assert await digest_of(bot, fake) == DigestSettings(
        general.id, since, Schedule(0, 17, "Asia/Tokyo"), role.id, publish=True
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "Choose a channel for the digest, with the option `channel`."),
        (
            {"zone": "Mars/Olympus"},
            "There is no such time zone. Choose one from the list, like `Europe/Berlin` or `UTC`.",
        ),
        (
            {"zone": "../../etc/passwd"},
            "There is no such time zone. Choose one from the list, like `Europe/Berlin` or `UTC`.",
        ),
    ],
)
async def test_what_cannot_be_set_is_explained(
    bot: Bot, fake: FakeDiscord, general: Channel, options: dict[str, str], expected: str
) -> None:
    given: dict[str, str | Channel] = {**options, "channel": general} if options else {}
    assert await reply(fake.slash("ftconfig digest", options=given)) == expected
    assert await digest_of(bot, fake) is None


async def test_everyone_is_no_role_to_ping(bot: Bot, fake: FakeDiscord, general: Channel) -> None:
    options: dict[str, OptionValue] = {"channel": general, "role": fake.guild.role("@everyone")}
    assert await reply(fake.slash("ftconfig digest", options=options)) == (
        "I don't ping everyone. Choose another role, or none."
    )
    assert await digest_of(bot, fake) is None


@pytest.mark.parametrize("command", ["digest", "announcements", "issues"])
async def test_a_channel_is_saved_only_if_the_bot_may_post_there(
    bot: Bot, fake: FakeDiscord, general: Channel, command: str
) -> None:
    fake.deny(general, Permission.ATTACH_FILES)
    fake.deny(general, Permission.READ_MESSAGE_HISTORY)
    answer = fake.slash(f"ftconfig {command}", options={"channel": general})
    assert await reply(answer) == (
        f"I can't post in <#{general.id}>: missing **Attach Files**, **Read Message History**."
        f" Channel settings → Permissions → {fake.world.bot.name}."
    )
    settings = (await bot.guilds.overview(fake.guild.id)).settings
    assert (settings.digest, settings.announcements, settings.issues) == (None, None, None)


@pytest.mark.usefixtures("bot")
async def test_an_hour_before_the_week_is_over_is_explained(fake: FakeDiscord, general: Channel) -> None:
    options: dict[str, OptionValue] = {"channel": general, "zone": "Pacific/Auckland"}
    message = await fake.slash("ftconfig digest", options=options).shown()
    assert "Next: <t:1795392000:F> (<t:1795392000:R>). Weeks end at 00:00 UTC, it cannot come sooner." in message.text()


@pytest.mark.usefixtures("bot")
async def test_time_zones_are_offered_while_typing(fake: FakeDiscord) -> None:
    offered = await fake.autocomplete("ftconfig digest", focus="zone", value="")
    assert [choice.value for choice in offered][:2] == ["UTC", "Europe/Berlin"]
    offered = await fake.autocomplete("ftconfig digest", focus="zone", value="new yo")
    assert offered[0].value == "America/New_York"
    assert len(await fake.autocomplete("ftconfig digest", focus="zone", value="a")) == 25
    assert await fake.autocomplete("ftconfig digest", focus="zone", value="Atlantis") == []


async def test_announcements_are_turned_on_and_off(bot: Bot, fake: FakeDiscord, general: Channel) -> None:
    await fake.slash("ftconfig announcements", options={"channel": general}).shown()
    assert (await bot.guilds.overview(fake.guild.id)).settings.announcements == general.id
    await fake.slash("ftconfig announcements").shown()
    assert (await bot.guilds.overview(fake.guild.id)).settings.announcements is None


# What channels watch


async def watch(bot: Bot, fake: FakeDiscord, channel: int, *names: str, guild: int | None = None) -> WatchPlace:
    place = WatchPlace(None, fake.guild.id if guild is None else guild, channel)
    assert await bot.stores.watches.add(place, [Watch(name) for name in names], 100, bot.guilds.now()) is not None
    return place


def watched_channels(message: Message) -> str:
    """Return the identifier of the select that leads to what a channel watches."""
    (found,) = set(re.findall(r"'custom_id': '(ft1:cw)'", str(message.components)))
    return str(found)


@pytest.mark.usefixtures("bot")
async def test_without_watches_the_panel_says_how_a_channel_gets_some(fake: FakeDiscord) -> None:
    assert "### Watches\nNone. `/ftwatch add channel:` makes a channel watch packages." in await reply(
        fake.slash("ftconfig show")
    )


async def test_the_panel_lists_what_channels_watch_and_leads_to_all_of_it(
    bot: Bot, fake: FakeDiscord, news: Channel, general: Channel
) -> None:
    place = await watch(bot, fake, news.id, *(f"p{number:02}" for number in range(20)))
    await bot.stores.watches.pause(place, ["p03", "p04"], bot.guilds.now() + timedelta(days=1))
    await bot.stores.watches.pause(place, ["p05"], bot.guilds.now() - timedelta(days=1))
    await watch(bot, fake, general.id, "@everyone`*_", "numpy")
    await watch(bot, fake, 77, "elsewhere", guild=78)
    message = await fake.slash("ftconfig show").shown()
    shown = message.text().partition("### Watches\n")[2].partition("\n[")[0]
    assert shown.replace(str(news.id), "NEWS").replace(str(general.id), "GENERAL") == snapshot("""\
<#NEWS>: 20 packages, 2 resting: **p00**, **p01**, **p02** and 17 more.
<#GENERAL>: 2 packages: **@\u200beveryone\\`\\*\\_** and **numpy**.\
""")
    assert message.pings == ()
    listed = await fake.select(message, watched_channels(message), str(general.id)).shown()
    assert listed.ephemeral
    assert "### Watched packages: 2 of 100" in listed.text()
    assert f"told in <#{general.id}>" in listed.text()


async def test_channels_in_which_watches_cannot_be_told_come_first_and_say_why(
    bot: Bot, fake: FakeDiscord, news: Channel, general: Channel
) -> None:
    await watch(bot, fake, general.id, "numpy", "lxml")
    await watch(bot, fake, news.id, "numpy")
    gone = await watch(bot, fake, 5, "six")
    fake.deny(news, Permission.SEND_MESSAGES)
    await bot.client.wait_until_ready()
    message = await fake.slash("ftconfig show").shown()
    shown = message.text().partition("### Watches\n")[2].partition("\n[")[0]
    where = f"Channel settings → Permissions → {fake.world.bot.name}"
    assert shown.replace(str(news.id), "NEWS").replace(str(general.id), "GENERAL").replace(where, "…") == snapshot("""\
⛔ <#5>: 1 package: **six**. The channel is gone, so nobody is told.
⛔ <#NEWS>: 1 package: **numpy**. I can't post in <#NEWS>: missing **Send Messages**, **Attach Files**. ….
<#GENERAL>: 2 packages: **lxml** and **numpy**.\
""")
    listed = await fake.select(message, watched_channels(message), str(gone.channel)).shown()
    assert "**six**" in listed.text()


async def test_a_closed_channel_is_tried_again_once_its_watches_are_looked_at(
    bot: Bot, fake: FakeDiscord, general: Channel
) -> None:
    await watch(bot, fake, general.id, "numpy")
    await bot.stores.closed.close(fake.guild.id, general.id, "Discord refused.", bot.guilds.now())
    message = await fake.slash("ftconfig show").shown()
    assert f"⛔ <#{general.id}>: 1 package: **numpy**. Discord refused." in message.text()
    listed = await fake.select(message, watched_channels(message), str(general.id)).shown()
    assert f"I try <#{general.id}> again from now on." in listed.text()
    assert await bot.stores.closed.reasons(fake.guild.id) == {}


async def test_a_channel_that_watches_nothing_any_more_is_answered_in_a_sentence(
    bot: Bot, fake: FakeDiscord, general: Channel
) -> None:
    place = await watch(bot, fake, general.id, "numpy")
    message = await fake.slash("ftconfig show").shown()
    await bot.stores.watches.remove(place, ["numpy"])
    told = await reply(fake.select(message, watched_channels(message), str(general.id)))
    assert told == "Nothing is watched in that channel any more. Run `/ftconfig show` again."


async def test_the_panel_stays_within_the_limits_however_much_is_watched(
    bot: Bot, fake: FakeDiscord, general: Channel
) -> None:
    await set_up(fake, general)
    for number in range(40):
        channel = 10**18 + number
        await watch(bot, fake, channel, *(f"{letter}_" * 150 for letter in "abcdefgh"))
        await bot.stores.closed.close(fake.guild.id, channel, "no\N{ZERO WIDTH SPACE}" * 100, bot.guilds.now())
    message = await fake.slash("ftconfig show").shown()
    assert "and 35 more channels" in message.text()
    assert len(message.text()) < 4_000


# Upstream issues


async def feed_of(bot: Bot, fake: FakeDiscord) -> IssueFeed | None:
    return (await bot.guilds.overview(fake.guild.id)).settings.issues


async def test_upstream_issues_are_turned_on_changed_and_turned_off(
    bot: Bot, fake: FakeDiscord, general: Channel
) -> None:
    message = await fake.slash("ftconfig issues", options={"channel": general}).shown()
    assert message.text().startswith("✅ Saved.")
    assert await feed_of(bot, fake) == IssueFeed(general.id, forum=False, events=DEFAULT_EVENTS)
    everything = "everything, comments too"
    message = await fake.slash("ftconfig issues", options={"events": everything}).shown()
    assert f"On, in <#{general.id}>: {everything}; at most one message every 15 minutes." in message.text()
    assert await feed_of(bot, fake) == IssueFeed(general.id, forum=False, events=tuple(EventKind))
    issues = fake.guild.channel("issues")
    await fake.slash("ftconfig issues", options={"channel": issues}).shown()
    assert await feed_of(bot, fake) == IssueFeed(issues.id, forum=True, events=tuple(EventKind))
    message = await fake.slash("ftconfig issues").shown()
    assert "### Upstream issues\nOff." in message.text()
    assert await feed_of(bot, fake) is None


@pytest.mark.parametrize("choice", CHOICES)
async def test_every_choice_is_offered_and_kept(bot: Bot, fake: FakeDiscord, general: Channel, choice: str) -> None:
    await fake.slash("ftconfig issues", options={"channel": general, "events": choice}).shown()
    assert await feed_of(bot, fake) == IssueFeed(general.id, forum=False, events=CHOICES[choice])


async def test_events_alone_need_a_channel_that_is_set(bot: Bot, fake: FakeDiscord) -> None:
    answer = fake.slash("ftconfig issues", options={"events": next(iter(CHOICES))})
    assert await reply(answer) == "Choose a channel for upstream issues, with the option `channel`."
    assert await feed_of(bot, fake) is None


async def test_a_forum_is_saved_only_if_the_bot_may_post_there(bot: Bot, fake: FakeDiscord) -> None:
    issues = fake.guild.channel("issues")
    fake.deny(issues, Permission.SEND_MESSAGES_IN_THREADS | Permission.SEND_MESSAGES)
    assert await reply(fake.slash("ftconfig issues", options={"channel": issues})) == (
        f"I can't post in <#{issues.id}>: missing **Create Posts**, **Send Messages in Posts**."
        f" Channel settings → Permissions → {fake.world.bot.name}."
    )
    assert await feed_of(bot, fake) is None


async def test_a_forum_that_asks_for_tags_is_refused(bot: Bot, fake: FakeDiscord) -> None:
    strict = fake.guild.channel("strict")
    assert await reply(fake.slash("ftconfig issues", options={"channel": strict})) == (
        f"Every post in <#{strict.id}> needs a tag, and I may have none that fits. Choose another channel, or turn off"
        " “Require people to select tags when posting” in its settings."
    )
    assert await feed_of(bot, fake) is None


async def test_a_forum_is_checked_for_what_forums_take(bot: Bot, fake: FakeDiscord) -> None:
    issues = fake.guild.channel("issues")
    await fake.slash("ftconfig issues", options={"channel": issues}).shown()
    assert await reply(fake.slash("ftconfig check")) == (
        f"### <#{issues.id}>\n✅ View Channel\n✅ Create Posts\n✅ Send Messages in Posts\n✅ Read Message History"
    )
    await bot.client.wait_until_ready()
    fake.deny(issues, Permission.SEND_MESSAGES_IN_THREADS)
    shown = await reply(fake.slash("ftconfig show"))
    assert f"⛔ I can't post in <#{issues.id}>: missing **Send Messages in Posts**." in shown
    assert "❌ Send Messages in Posts" in await reply(fake.slash("ftconfig check"))


@pytest.mark.parametrize("place", ["general", "issues"])
async def test_the_panel_links_to_what_was_told_last(bot: Bot, fake: FakeDiscord, clock: Clock, place: str) -> None:
    channel = fake.guild.channel(place)
    await fake.slash("ftconfig issues", options={"channel": channel}).shown()
    await bot.stores.threads.record([], [event(EventKind.OPENED, thread(), clock())], [], clock())
    await bot.poster.tick()
    told = channel if place == "general" else fake.guild.channel("numpy/numpy · 2026-W47")
    (message,) = own(fake, told)
    where = f"{channel.id}/{message.id}" if place == "general" else str(told.id)
    expected = f"Last post: [message](https://discord.com/channels/{fake.guild.id}/{where})"
    assert expected in await reply(fake.slash("ftconfig show"))


# Settings that are saved and cannot work


UNTRACKED = "No packages are tracked here: whoever runs me has set FTBOT_TRACK to 0. Ask them to set another number."
INSTALLED_ONLY = (
    "Only repositories that installed the GitHub App are seen: whoever runs me has set no GitHub token. For all others,"
    " ask them to set FTBOT_GITHUB_TOKEN."
)
FIRST = "The packages are being read for the first time. Until that is done there is nothing to tell."


@pytest.mark.parametrize(
    ("command", "prospects", "section", "sentence"),
    [
        ("issues", Prospects(Watched.NONE), "Upstream issues", NOT_WATCHED),
        (
            "issues",
            Prospects(Watched.INSTALLED),
            "Upstream issues",
            INSTALLED_ONLY,
        ),
        ("announcements", Prospects(tracks=False), "Announcements", UNTRACKED),
        ("announcements", Prospects(scanned=False), "Announcements", FIRST),
        ("digest", Prospects(tracks=False, scanned=False), "Weekly digest", UNTRACKED),
        (
            "digest",
            Prospects(tracks=False),
            "Weekly digest",
            f"{UNTRACKED} Until then a digest tells what the last scan by hand found.",
        ),
        ("digest", Prospects(scanned=False), "Weekly digest", FIRST),
    ],
)
async def test_what_is_saved_and_cannot_work_says_what_is_missing(  # noqa: PLR0913, PLR0917 — a table
    fake: FakeDiscord,
    tmp_path: Path,
    clock: Clock,
    general: Channel,
    command: str,
    prospects: Prospects,
    section: str,
    sentence: str,
) -> None:
    async with running_bot(fake, tmp_path / "other.db", clock, Press(), prospects=prospects):
        assert f"⚠️ {sentence}" in await reply(fake.slash("ftconfig show"))
        saved = await reply(fake.slash(f"ftconfig {command}", options={"channel": general}))
        assert saved.startswith("⚠️ Saved, but something is missing. See below.\n")
        told = saved.partition(f"### {section}\n")[2].partition("\n### ")[0]
        assert told.startswith(f"Set, in <#{general.id}>")
        assert f"⚠️ {sentence}" in told
        assert (await reply(fake.slash("ftconfig check"))).count(f"⚠️ {sentence}") == 1
        if command != "digest":
            off = await reply(fake.slash(f"ftconfig {command}"))
            assert off.startswith("✅ Saved.\n")


@pytest.mark.usefixtures("bot")
async def test_where_nothing_is_missing_it_is_on(fake: FakeDiscord, general: Channel) -> None:
    for command in ("digest", "announcements", "issues"):
        saved = await reply(fake.slash(f"ftconfig {command}", options={"channel": general}))
        assert (saved.startswith("✅ Saved.\n"), "⚠️" in saved) == (True, False)
    assert "⚠️" not in await reply(fake.slash("ftconfig check"))


async def test_a_digest_that_cannot_be_published_where_it_is_posted_says_so(
    bot: Bot, fake: FakeDiscord, general: Channel, news: Channel
) -> None:
    await bot.client.wait_until_ready()
    options: dict[str, OptionValue] = {"channel": general, "publish": True}
    sentence = (
        f"⚠️ <#{general.id}> is no announcement channel, so the digest is not published to any that follow."
        " Choose one that is, or set `publish` to False."
    )
    saved = await reply(fake.slash("ftconfig digest", options=options))
    assert saved.startswith("⚠️ Saved, but something is missing. See below.\n")
    assert sentence in saved
    assert sentence in await reply(fake.slash("ftconfig check"))
    choices: list[dict[str, OptionValue]] = [{"publish": False}, {"channel": news, "publish": True}]
    for better in choices:
        assert (await reply(fake.slash("ftconfig digest", options=better))).startswith("✅ Saved.\n")


async def test_a_role_that_the_bot_cannot_ping_is_named(bot: Bot, fake: FakeDiscord, general: Channel) -> None:
    await bot.client.wait_until_ready()
    options: dict[str, OptionValue] = {"channel": general, "role": fake.guild.role("Quiet")}
    sentence = (
        f"⚠️ <@&{fake.guild.role('Quiet').id}> is not pinged: I may not mention it. Allow anyone to mention it (Server"
        f" settings → Roles), or give me **Mention @everyone, @here, and All Roles** in <#{general.id}>."
    )
    assert sentence in await reply(fake.slash("ftconfig digest", options=options))
    fake.allow(general, Permission.MENTION_EVERYONE)
    assert sentence not in await reply(fake.slash("ftconfig check"))
    readers: dict[str, OptionValue] = {"role": fake.guild.role("Readers")}
    assert (await reply(fake.slash("ftconfig digest", options=readers))).startswith("✅ Saved.\n")


async def test_events_that_are_chosen_where_the_bot_may_not_post_any_more_say_so(
    bot: Bot, fake: FakeDiscord, general: Channel
) -> None:
    await bot.client.wait_until_ready()
    await fake.slash("ftconfig issues", options={"channel": general}).shown()
    fake.deny(general, Permission.SEND_MESSAGES)
    saved = await reply(fake.slash("ftconfig issues", options={"events": "everything, comments too"}))
    assert saved.startswith("⚠️ Saved, but something is missing. See below.\n")
    assert f"⛔ I can't post in <#{general.id}>: missing **Send Messages**" in saved


async def test_a_role_that_is_gone_is_told_of(bot: Bot, fake: FakeDiscord, clock: Clock, general: Channel) -> None:
    await bot.client.wait_until_ready()
    await bot.guilds.set_digest(fake.guild.id, DigestSettings(general.id, clock(), role=7))
    sentence = "⚠️ The role to ping is gone, so nobody is pinged. Choose another one with `/ftconfig digest`."
    assert sentence in await reply(fake.slash("ftconfig show"))


# The form


async def test_the_form_sets_everything_up_and_renews_the_panel(
    bot: Bot, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    panel = await fake.slash("ftconfig show").shown()
    opened = await press_button(fake, panel, "Set up the digest")
    role = fake.guild.role("Readers")
    values = {"channel": [general], "weekday": ["4"], "hour": ["17"], "zone": "Europe/Berlin", "role": [role]}
    submitted = fake.submit_modal(opened, values)
    assert (await submitted.callback).type is CallbackType.UPDATE_MESSAGE
    assert "every Friday 17:00 Europe/Berlin" in panel.text()
    assert await digest_of(bot, fake) == DigestSettings(general.id, clock(), Schedule(4, 17, "Europe/Berlin"), role.id)


async def test_the_form_shows_what_is_set_and_can_take_the_role_away(
    bot: Bot, fake: FakeDiscord, news: Channel
) -> None:
    role = fake.guild.role("Readers")
    options: dict[str, OptionValue] = {
        "channel": news,
        "weekday": 2,
        "hour": 7,
        "zone": "Asia/Tokyo",
        "role": role,
        "publish": True,
    }
    panel = await fake.slash("ftconfig digest", options=options).shown()
    opened = await press_button(fake, panel, "Change digest")
    assert opened.modal is not None
    written = json.dumps(opened.modal)
    for expected in (str(news.id), str(role.id), "Asia/Tokyo"):
        assert expected in written
    chosen = {"channel": [news], "weekday": ["2"], "hour": ["7"], "role": []}
    await fake.submit_modal(opened, chosen).callback
    digest = await digest_of(bot, fake)
    assert digest is not None
    assert (digest.schedule, digest.role, digest.publish) == (Schedule(2, 7, "Asia/Tokyo"), None, True)


async def test_a_form_that_cannot_be_saved_changes_nothing(bot: Bot, fake: FakeDiscord, general: Channel) -> None:
    panel = await fake.slash("ftconfig show").shown()
    opened = await press_button(fake, panel, "Set up the digest")
    values = {"channel": [general], "weekday": ["4"], "hour": ["17"], "zone": "Moon"}
    assert "There is no such time zone." in await reply(fake.submit_modal(opened, values))
    fake.deny(general, Permission.SEND_MESSAGES)
    answer = fake.submit_modal(opened, {**values, "zone": "UTC"})
    assert "missing **Send Messages**" in await reply(answer)
    assert await digest_of(bot, fake) is None


# Buttons of the panel


async def test_a_preview_is_the_real_digest_for_who_asked(bot: Bot, fake: FakeDiscord, general: Channel) -> None:
    panel = await fake.slash("ftconfig show").shown()
    message = await fake.click(panel, button(panel, "Preview")).shown()
    assert (message.ephemeral, "Digest of 2026-W46" in message.text()) == (True, True)
    assert [attachment.filename for attachment in message.attachments] == ["digest.png"]
    assert (own(fake, general), [str(week) for week in bot.press.made]) == ([], ["2026-W46"])


@pytest.mark.usefixtures("bot")
async def test_a_test_message_shows_whether_it_arrives(fake: FakeDiscord, general: Channel) -> None:
    panel = await set_up(fake, general)
    message = await fake.click(panel, button(panel, "Send test")).shown()
    (posted,) = own(fake, general)
    assert posted.text() == "This is a test: the weekly digest of free-threaded Python will be posted here."
    assert message.ephemeral
    assert message.text() == f"✅ It arrived: https://discord.com/channels/{fake.guild.id}/{general.id}/{posted.id}"


@pytest.mark.usefixtures("bot")
async def test_a_test_message_that_cannot_be_posted_tells_why(fake: FakeDiscord, general: Channel) -> None:
    panel = await set_up(fake, general)
    fake.fail("POST", rf"/channels/{general.id}/messages$", 403, body={"code": 50013, "message": "Missing Permissions"})
    answer = fake.click(panel, button(panel, "Send test"))
    (followup,) = await answer.wait_for_followups(1)
    assert "I can't post in" in followup.text()
    fake.deny(general, Permission.VIEW_CHANNEL)
    assert "missing **View Channel**" in await reply(fake.click(panel, button(panel, "Send test")))


async def test_the_digest_is_turned_off_after_a_question(bot: Bot, fake: FakeDiscord, general: Channel) -> None:
    panel = await set_up(fake, general)
    question = await fake.click(panel, button(panel, "Turn off")).shown()
    await press_button(fake, question, "Cancel")
    assert question.text() == "Nothing was changed."
    assert await digest_of(bot, fake) is not None
    question = await fake.click(panel, button(panel, "Turn off")).shown()
    await press_button(fake, question, "Turn off")
    assert question.text() == "✅ The weekly digest is off."
    assert await digest_of(bot, fake) is None


@pytest.mark.usefixtures("bot")
async def test_a_test_message_needs_a_digest_that_is_on(bot: Bot, fake: FakeDiscord, general: Channel) -> None:
    panel = await set_up(fake, general)
    await bot.guilds.turn_digest_off(fake.guild.id)
    assert "The digest is off." in await reply(fake.click(panel, button(panel, "Send test")))


async def test_a_reset_deletes_everything_after_a_question(
    bot: Bot, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    await set_up(fake, general)
    clock.time = SLOT
    await bot.poster.tick()
    question = await fake.slash("ftconfig reset").shown()
    assert (await bot.guilds.overview(fake.guild.id)).last_digest is not None
    await press_button(fake, question, "Delete everything")
    overview = await bot.guilds.overview(fake.guild.id)
    assert (overview.settings.digest, overview.last_digest) == (None, None)


@pytest.mark.usefixtures("bot")
async def test_there_is_nothing_to_check_before_anything_is_set(fake: FakeDiscord) -> None:
    assert await reply(fake.slash("ftconfig check")) == "Nothing is set up yet. Start with `/ftconfig show`."


# Posting


async def test_what_is_set_up_is_posted_and_buttons_live_through_a_restart(
    fake: FakeDiscord, tmp_path: Path, clock: Clock, press: Press, general: Channel
) -> None:
    async with running_bot(fake, tmp_path / "other.db", clock, press) as first:
        panel = await set_up(fake, general)
        clock.time = SLOT
        await first.poster.tick()
    await fake.until(lambda: not fake.gateway.connected)
    async with running_bot(fake, tmp_path / "other.db", clock, press) as second:
        await second.poster.tick()
        assert len(own(fake, general)) == 1
        overview = await second.guilds.overview(fake.guild.id)
        assert overview.last_digest is not None
        assert overview.last_digest.state is State.SENT
        assert (await press_button(fake, panel, "Change digest")).modal is not None
