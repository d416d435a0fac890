"""After an attempt without an answer the bot finds its own message, and takes no other for it, whatever others say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from discord import ui

from bot.core.digest.changes import Change, ChangeKind
from bot.core.posting.messages import Draft
from bot.core.posting.posts import PostKind, State
from bot.core.posting.settings import IssueFeed
from bot.core.posting.watches import Watch, WatchPlace
from bot.core.upstream.threads import EventKind
from bot.core.wheels.targets import Target
from cogs.ui.announcement_card import announcement_card
from cogs.ui.issue_cards import feed_card
from storage.discord.posts import CLAIM
from tests.fakes.discord_world import Channel, Guild, announcement, forum
from tests.fakes.fake_discord import FakeDiscord
from tests.services.posts import Clock, Office, direct, guild_of, open_office, own
from tests.services.threads import event, thread

SENDS = r"/channels/\d+/messages$"
CREATES = r"/channels/\d+/threads$"
A_WHILE = CLAIM + timedelta(minutes=1)

TITLES = [
    "2026-W47",
    "Wheels of 2026-W47 are broken",
    "-# 2026-W47",
    "-# 2026-W47 · data read 23 Nov 01:00 UTC",
    "x\n-# 2026-W47",
    "\u202e2026-W47\u2069 @everyone",
    "changes 1-1",
    "-# A wheel shows that a build exists, not that it is thread-safe. · changes 1-1",
    "_event 1_ _events 1 to 1_",
    "-# Issues and pull requests about free-threading · _event 1_",
    "**2026-W47** [2026-W47](https://evil.example/2026-W47) <#1> <@1>",
]

KINDS_BEFORE = (PostKind.DIGEST, PostKind.ANNOUNCEMENT, PostKind.ISSUES)
"""What there was in versions without marks."""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def fake(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeDiscord]:
    guild = Guild("One", [Channel("general"), announcement("news"), forum("issues")])
    async with FakeDiscord([guild], now=clock) as running:
        direct(monkeypatch, running.api_url, running.gateway_url)
        yield running
    assert running.violations == []


@pytest.fixture
def news(fake: FakeDiscord) -> Channel:
    return fake.guild.channel("news")


@pytest.fixture
async def office(fake: FakeDiscord, address: str, clock: Clock) -> AsyncIterator[Office]:
    async with open_office(fake, address, clock) as opened:
        yield opened


async def say(office: Office, channel: Channel, *cards: ui.LayoutView) -> None:
    """Let the bot say something else in a channel."""
    for card in cards:
        await office.poster.discord.send(channel.id, Draft(card))


def others(title: str) -> tuple[ui.LayoutView, ui.LayoutView]:
    """Make the other messages of the bot, about something that is called like a post is recognised by."""
    told = event(EventKind.OPENED, thread(title=title), Clock()())
    return feed_card([told]), announcement_card([Change(title, Target(14), title, ChangeKind.GAINED, (title,))])


async def announced(office: Office, channel: Channel) -> None:
    """Let a change be announced in a channel."""
    await office.guilds.set_announcements(guild_of(channel).id, channel.id)
    await office.poster.announce([Change("numpy", Target(14), "2.3", ChangeKind.GAINED)])


async def told(office: Office, channel: Channel, *, in_forum: bool = False) -> None:
    """Let an event upstream be told of in a channel."""
    await office.guilds.set_issues(guild_of(channel).id, IssueFeed(channel.id, in_forum))
    await office.stores.threads.record(
        [], [event(EventKind.OPENED, thread(), office.poster.now())], [], office.poster.now()
    )


async def begin(office: Office, kind: PostKind, channel: Channel) -> None:
    """Let something of a kind be due in a channel."""
    if kind is PostKind.DIGEST:
        await office.subscribe(channel, publish=True)
    elif kind is PostKind.ANNOUNCEMENT:
        await announced(office, channel)
    elif kind is PostKind.ISSUES:
        await told(office, channel)
    else:
        place = WatchPlace(None, guild_of(channel).id, channel.id)
        assert await office.stores.watches.add(place, [Watch("numpy")], 1, office.poster.now())
        await office.poster.announce([Change("numpy", Target(14), "2.3", ChangeKind.GAINED)])


async def tick(office: Office) -> None:
    """Post what is due, of whatever kind."""
    await office.poster.tick()
    await office.alerts.tick()


async def as_begun_by_an_earlier_version(office: Office) -> None:
    """Take out of the stored posts what earlier versions did not write down."""
    async with office.stores.posts.database.transaction() as transaction:
        await transaction.run("UPDATE posts SET begun = NULL")


# What others say


@pytest.mark.parametrize(
    ("kind", "earlier"), [*((kind, False) for kind in PostKind), *((kind, True) for kind in KINDS_BEFORE)]
)
@pytest.mark.parametrize("title", TITLES)
async def test_no_message_about_something_of_such_a_name_is_taken_for_a_post(  # noqa: PLR0913, PLR0917 — a table
    office: Office, fake: FakeDiscord, clock: Clock, news: Channel, kind: PostKind, title: str, earlier: bool
) -> None:
    await begin(office, kind, news)
    fake.reset("POST", SENDS)
    await tick(office)
    assert own(fake, news) == []
    if earlier:
        await as_begun_by_an_earlier_version(office)
    await say(office, news, *others(title))
    clock.advance(timedelta(minutes=30))
    await tick(office)
    *before, message = own(fake, news)
    post = await office.last(news, kind)
    assert (post.message, len(before)) == (message.id, 2)
    assert [each.crossposted for each in before] == [False, False]
    assert message.crossposted == (kind is PostKind.DIGEST)


@pytest.mark.parametrize("kind", list(PostKind))
async def test_what_was_sent_is_found_among_messages_of_such_names(
    office: Office, fake: FakeDiscord, clock: Clock, news: Channel, kind: PostKind
) -> None:
    await begin(office, kind, news)
    fake.reset("POST", SENDS, apply=True)
    await tick(office)
    (sent,) = own(fake, news)
    for title in TITLES:
        await say(office, news, *others(title))
    clock.advance(timedelta(minutes=30))
    await tick(office)
    assert (await office.last(news, kind)).message == sent.id
    assert len(own(fake, news)) == 1 + 2 * len(TITLES)


async def test_an_event_in_a_thread_is_found_and_no_other_message_in_it_is_taken_for_it(
    office: Office, fake: FakeDiscord, clock: Clock
) -> None:
    issues = fake.guild.channel("issues")
    await told(office, issues, in_forum=True)
    await office.poster.tick()
    (numpy,) = fake.guild.threads
    clock.advance(timedelta(minutes=15))
    closed = event(EventKind.CLOSED, thread(), clock())
    await office.stores.threads.record([], [closed], [], clock())
    fake.reset("POST", SENDS)
    await office.poster.tick()
    await say(office, numpy, *others("_event 2_"))
    clock.advance(timedelta(minutes=30))
    await office.poster.tick()
    assert [message.text().count("closed") for message in own(fake, numpy)] == [0, 0, 0, 1]


# Clocks and databases


async def test_a_message_of_another_database_with_the_same_number_is_not_taken_for_an_announcement(
    fake: FakeDiscord, tmp_path: Path, clock: Clock, news: Channel
) -> None:
    for number in range(2):
        async with open_office(fake, tmp_path / f"{number}.db", clock) as office:
            await announced(office, news)
            if number == 1:
                fake.reset("POST", SENDS)
            await office.poster.tick()
            clock.advance(timedelta(minutes=30))
            await office.poster.tick()
            assert (await office.last(news, PostKind.ANNOUNCEMENT)).state is State.SENT
            clock.advance(timedelta(days=3))
    assert len(own(fake, news)) == 2


@pytest.mark.parametrize("wrong", [timedelta(days=40), timedelta(hours=9), timedelta(hours=-9), timedelta(days=-2)])
async def test_a_clock_that_was_wrong_when_it_was_sent_and_is_right_by_now_doubles_nothing(
    fake: FakeDiscord, address: str, clock: Clock, news: Channel, wrong: timedelta
) -> None:
    bots = Clock(clock() + wrong)
    async with open_office(fake, address, bots) as office:
        await announced(office, news)
        fake.reset("POST", SENDS, apply=True)
        await office.poster.tick()
        assert (await office.last(news, PostKind.ANNOUNCEMENT)).state is State.SENDING
        clock.advance(timedelta(minutes=30))
        bots.time = clock()
        for _ in range(3):
            await office.poster.tick()
            clock.advance(timedelta(hours=1))
            bots.time = clock()
    assert len(own(fake, news)) == 1


async def test_a_message_is_found_behind_more_of_its_own_than_a_page(
    office: Office, fake: FakeDiscord, clock: Clock, news: Channel
) -> None:
    await office.subscribe(news)
    fake.reset("POST", SENDS, apply=True)
    await office.poster.tick()
    for number in range(150):
        fake.say(news, f"{number}", user=fake.world.bot)
    clock.advance(timedelta(minutes=30))
    await office.poster.tick()
    assert [message.text().startswith("70 of 100") for message in own(fake, news)].count(True) == 1


# What an earlier version began


def old_card(kind: PostKind) -> ui.LayoutView:
    """Make a message as versions without marks did, by what it ends with."""
    endings = {
        PostKind.DIGEST: "-# 2026-W47 · data read 23 Nov 01:00 UTC · A wheel shows that a build exists.",
        PostKind.ANNOUNCEMENT: "-# A wheel shows that a build exists, not that it is thread-safe. · changes 1-1",
        PostKind.ISSUES: "-# Issues and pull requests about free-threading · _event 1_",
    }
    card = ui.LayoutView(timeout=None)
    card.add_item(ui.Container(ui.TextDisplay("### What there is"), ui.TextDisplay(endings[kind])))
    return card


@pytest.mark.parametrize("kind", KINDS_BEFORE)
async def test_what_an_earlier_version_sent_before_the_upgrade_is_found_once(
    office: Office, fake: FakeDiscord, clock: Clock, news: Channel, kind: PostKind
) -> None:
    await begin(office, kind, news)
    fake.reset("POST", SENDS)
    await office.poster.tick()
    await say(office, news, old_card(kind))
    await as_begun_by_an_earlier_version(office)
    clock.advance(timedelta(minutes=30))
    await office.poster.tick()
    (message,) = own(fake, news)
    assert (await office.last(news, kind)).message == message.id
    assert message.crossposted == (kind is PostKind.DIGEST)


async def test_what_an_earlier_version_sent_into_a_forum_is_found_once(
    office: Office, fake: FakeDiscord, clock: Clock
) -> None:
    issues = fake.guild.channel("issues")
    await told(office, issues, in_forum=True)
    fake.reset("POST", CREATES, apply=True)
    await office.poster.tick()
    (numpy,) = fake.guild.threads
    (message,) = own(fake, numpy)
    message.components = [{"type": 10, "id": 1, "content": "-# Issues · _event 1_"}]
    await as_begun_by_an_earlier_version(office)
    clock.advance(timedelta(minutes=30))
    await office.poster.tick()
    assert own(fake, numpy) == [message]
    assert (await office.last(issues, PostKind.ISSUES)).message == numpy.id


async def test_what_this_version_began_is_not_looked_for_by_words(
    office: Office, fake: FakeDiscord, clock: Clock, news: Channel
) -> None:
    await office.subscribe(news)
    fake.reset("POST", SENDS)
    await office.poster.tick()
    post = await office.last(news)
    assert post == replace(post, state=State.SENDING, begun=clock())
    await say(office, news, old_card(PostKind.DIGEST))
    clock.advance(timedelta(minutes=30))
    await office.poster.tick()
    assert len(own(fake, news)) == 2
