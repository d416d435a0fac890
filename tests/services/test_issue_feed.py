"""What servers are told of upstream threads: each event once, in channels and in threads of forums, whatever fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.classify.thread import KindName
from bot.core.posting.feeds import BETWEEN_BATCHES
from bot.core.posting.posts import Post, PostKind, State
from bot.core.posting.settings import IssueFeed
from bot.core.upstream.threads import DEFAULT_EVENTS, EventKind, KnownThread, ThreadEvent, ThreadOrigin
from storage.discord.posts import CLAIM
from tests.fakes.discord_world import Channel, ChannelType, Guild, Permission, forum
from tests.fakes.fake_discord import FakeDiscord
from tests.services.posts import Clock, Office, direct, guild_of, open_office, own
from tests.services.threads import event, thread

SENDS = r"/channels/\d+/messages$"
CREATES = r"/channels/\d+/threads$"
BATCH = BETWEEN_BATCHES
A_WHILE = CLAIM + timedelta(minutes=1)
NUMPY = thread()
LXML = thread("lxml/lxml", 7, "No wheels", package="lxml", labels=("Crash", "hot"), kinds=(KindName.DATA_RACE,))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def fake(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeDiscord]:
    guilds = [
        Guild(
            "One",
            [
                Channel("general"),
                forum("issues", ["question", "crash", "data-race"], moderated=["hot"]),
                Channel("talk"),
            ],
        ),
        Guild("Two", [Channel("general"), forum("issues")]),
    ]
    async with FakeDiscord(guilds, now=clock) as running:
        direct(monkeypatch, running.api_url, running.gateway_url)
        yield running
    assert running.violations == []


@pytest.fixture
def general(fake: FakeDiscord) -> Channel:
    return fake.guild.channel("general")


@pytest.fixture
def issues(fake: FakeDiscord) -> Channel:
    return fake.guild.channel("issues")


@pytest.fixture
async def office(fake: FakeDiscord, address: str, clock: Clock) -> AsyncIterator[Office]:
    async with open_office(fake, address, clock) as opened:
        yield opened


async def turn_on(office: Office, channel: Channel, events: tuple[EventKind, ...] = DEFAULT_EVENTS) -> None:
    """Let a server be told of events in a channel."""
    feed = IssueFeed(channel.id, channel.type is ChannelType.FORUM, events)
    await office.guilds.set_issues(guild_of(channel).id, feed)


async def happen(office: Office, *events: ThreadEvent, threads: Sequence[KnownThread] = ()) -> None:
    """Let something happen upstream, just now."""
    now = office.poster.now()
    await office.stores.threads.record(threads, [replace(each, at=now) for each in events], [], now)


def threads_of(channel: Channel) -> list[Channel]:
    """Return the threads of a forum."""
    return [each for each in guild_of(channel).threads if each.parent is channel]


def told(fake: FakeDiscord, channel: Channel) -> list[str]:
    """Return what was said in a channel or in all threads of a forum, without what is around it."""
    places = threads_of(channel) if channel.type is ChannelType.FORUM else [channel]
    texts = "\n".join(message.text() for place in places for message in own(fake, place))
    return [line for line in texts.splitlines() if line.startswith("- ")]


async def last(office: Office, channel: Channel) -> Post:
    return await office.last(channel, PostKind.ISSUES)


# What is told


async def test_a_server_is_told_of_what_happens_from_then_on_in_one_message(
    office: Office, fake: FakeDiscord, general: Channel
) -> None:
    await happen(office, event(EventKind.OPENED, thread(number=1)))
    await turn_on(office, general)
    await office.poster.tick()
    assert own(fake, general) == []
    await happen(office, event(EventKind.CLOSED, NUMPY), event(EventKind.OPENED, LXML))
    for _ in range(3):
        await office.poster.tick()
    (message,) = own(fake, general)
    assert message.text() == (
        "### What just moved upstream\n"
        "- 🟣 closed [numpy/numpy\\#26157](<https://github.com/numpy/numpy/issues/26157>) Support free-threading"
        " · **numpy**\n"
        "- 🟢 opened [lxml/lxml\\#7](<https://github.com/lxml/lxml/issues/7>) No wheels · **lxml**\n"
        "-# Issues and pull requests about free-threading"
    )
    assert message.pings == ()
    post = await last(office, general)
    assert (post.state, post.message, post.due) == (State.SENT, message.id, None)


async def test_nobody_is_told_of_anything_who_did_not_ask(office: Office, fake: FakeDiscord, general: Channel) -> None:
    await happen(office, event(EventKind.OPENED, NUMPY))
    await office.poster.tick()
    assert own(fake, general) == []


async def test_there_is_at_most_one_message_in_a_quarter_of_an_hour_and_nothing_is_left_out(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    await turn_on(office, general)
    for minute in range(46):
        await happen(office, event(EventKind.OPENED, thread(number=minute + 1)))
        await office.poster.tick()
        clock.advance(timedelta(minutes=1))
    messages = own(fake, general)
    assert [message.text().count("\n- ") for message in messages] == [1, 10, 10, 10]
    assert [line for message in messages for line in message.text().splitlines() if line.startswith("and ")] == [
        "and 5 more: `/ftissues` lists the threads"
    ] * 3


@pytest.mark.parametrize("place", ["general", "issues"])
async def test_what_a_server_did_not_choose_is_passed(
    office: Office, fake: FakeDiscord, clock: Clock, place: str
) -> None:
    channel = fake.guild.channel(place)
    await turn_on(office, channel, (EventKind.CLOSED,))
    await happen(office, event(EventKind.OPENED, NUMPY), event(EventKind.COMMENTED, NUMPY, detail="3"))
    await office.poster.tick()
    await turn_on(office, channel, tuple(EventKind))
    clock.advance(BATCH)
    await office.poster.tick()
    assert told(fake, channel) == []
    await happen(office, event(EventKind.LABELLED, NUMPY, detail="bug"))
    await office.poster.tick()
    assert [line.startswith("- 🏷️ labelled bug [numpy") for line in told(fake, channel)] == [True]


async def test_what_happened_long_before_it_was_noticed_is_no_news(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    await turn_on(office, general)
    old, new = (
        event(EventKind.OPENED, each, clock() - age)
        for each, age in ((NUMPY, timedelta(days=2, minutes=1)), (LXML, timedelta(days=1)))
    )
    await office.stores.threads.record([], [old, new], [], clock())
    await office.poster.tick()
    assert ["lxml" in line for line in told(fake, general)] == [True]
    # A retry a day later says the same.
    assert (await last(office, general)).key == "2-2"


async def test_what_was_forgotten_before_it_was_told_holds_nothing_up(
    office: Office, fake: FakeDiscord, general: Channel
) -> None:
    await turn_on(office, general)
    triaged = replace(NUMPY, origin=ThreadOrigin.TRIAGE)
    await happen(office, event(EventKind.OPENED, triaged), threads=[triaged])
    await office.stores.threads.forget(triaged.issue.ref.repository, office.poster.now())
    await office.poster.tick()
    assert own(fake, general) == []
    await happen(office, event(EventKind.OPENED, LXML))
    await office.poster.tick()
    assert ["lxml" in line for line in told(fake, general)] == [True]


async def test_an_event_that_was_numbered_first_and_committed_last_is_told(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    await turn_on(office, general)
    await happen(office, event(EventKind.OPENED, NUMPY))
    await office.poster.tick()
    clock.advance(BATCH)
    await happen(office, event(EventKind.OPENED, LXML))
    async with office.stores.events.database.transaction() as transaction:  # as by a writer that began before the other
        await transaction.run("UPDATE thread_events SET id = id - 10 WHERE repository = 'lxml/lxml'")
    await office.poster.tick()
    assert ["numpy" in line for line in told(fake, general)] == [True, False]


async def test_lines_are_kept_together_by_repository(office: Office, fake: FakeDiscord, general: Channel) -> None:
    await turn_on(office, general)
    numbers = [("a/a", 1), ("b/b", 2), ("a/a", 3), ("b/b", 4)]
    await happen(office, *(event(EventKind.OPENED, thread(name, number)) for name, number in numbers))
    await office.poster.tick()
    lines = told(fake, general)
    assert [line.partition("[")[2][:3] for line in lines] == ["a/a", "a/a", "b/b", "b/b"]


# Forums


async def test_in_a_forum_each_repository_has_a_thread_a_week(
    office: Office, fake: FakeDiscord, clock: Clock, issues: Channel
) -> None:
    await turn_on(office, issues)
    await happen(office, event(EventKind.OPENED, NUMPY), event(EventKind.OPENED, LXML), event(EventKind.CLOSED, NUMPY))
    await office.poster.tick()
    clock.advance(BATCH)
    await happen(office, event(EventKind.REOPENED, NUMPY))
    await office.poster.tick()
    threads = threads_of(issues)
    assert {each.name: len(own(fake, each)) for each in threads} == {
        "numpy/numpy · 2026-W48": 2,
        "lxml/lxml · 2026-W48": 1,
    }
    (numpy,) = (each for each in threads if each.name.startswith("numpy"))
    first, second = own(fake, numpy)
    assert ("opened" in first.text(), "closed" in first.text(), "reopened" in second.text()) == (True, True, True)
    assert second.nonce == f"4i{numpy.id:x}"
    assert (await last(office, issues)).message == numpy.id
    clock.advance(timedelta(days=7))
    await happen(office, event(EventKind.CLOSED, NUMPY))
    await office.poster.tick()
    assert [each.name for each in threads_of(issues)[2:]] == ["numpy/numpy · 2026-W49"]


async def test_a_thread_has_the_tags_of_the_forum_that_are_called_like_its_labels_and_kinds(
    office: Office, fake: FakeDiscord, issues: Channel
) -> None:
    await turn_on(office, issues)
    await happen(office, event(EventKind.OPENED, LXML), event(EventKind.OPENED, NUMPY), threads=[LXML])
    await office.poster.tick()
    tags = {each.name[:4]: each.applied_tags for each in threads_of(issues)}
    assert tags == {"lxml": [issues.tag_id("crash"), issues.tag_id("data-race")], "nump": []}
    assert fake.guild is guild_of(issues)


async def test_a_thread_that_was_archived_is_found_again(
    office: Office, fake: FakeDiscord, clock: Clock, issues: Channel
) -> None:
    await turn_on(office, issues)
    await happen(office, event(EventKind.OPENED, NUMPY))
    await office.poster.tick()
    (numpy,) = threads_of(issues)
    await office.notices("thread_update", lambda: fake.archive(numpy))
    for number in range(150):  # more than a page, all archived later
        other = Channel(f"{number}", ChannelType.THREAD, guild=fake.guild, parent=issues, id=fake.world.new_id())
        other.archived = clock() + timedelta(seconds=number + 1)
        fake.guild.threads.append(other)
    clock.advance(BATCH)
    await happen(office, event(EventKind.CLOSED, NUMPY))
    await office.poster.tick()
    assert (len(own(fake, numpy)), numpy.archived) == (2, None)


async def test_archived_threads_are_looked_through_only_as_far_back_as_the_week_goes(
    office: Office, fake: FakeDiscord, clock: Clock, issues: Channel
) -> None:
    await turn_on(office, issues)
    for number in range(500):
        other = Channel(f"{number}", ChannelType.THREAD, guild=fake.guild, parent=issues, id=fake.world.new_id())
        other.archived = clock() - timedelta(days=1, seconds=number)  # last week
        fake.guild.threads.append(other)
    await happen(office, event(EventKind.OPENED, NUMPY))
    await office.poster.tick()
    assert (len(told(fake, issues)), fake.count("GET", r"/threads/archived/public$")) == (1, 1)


async def test_a_thread_of_somebody_else_with_that_name_is_not_written_in(
    office: Office, fake: FakeDiscord, clock: Clock, issues: Channel
) -> None:
    await turn_on(office, issues)
    theirs = Channel("numpy/numpy · 2026-W48", ChannelType.THREAD, guild=fake.guild, parent=issues, id=7)
    fake.guild.threads.append(theirs)
    fake.say(theirs, "mine", user="ada")
    await happen(office, event(EventKind.OPENED, NUMPY))
    await office.poster.tick()
    assert (len(own(fake, theirs)), len(told(fake, issues))) == (0, 1)
    assert clock() == office.poster.now()


async def test_a_locked_thread_is_left_alone_until_the_next_week(
    office: Office, fake: FakeDiscord, clock: Clock, issues: Channel
) -> None:
    await turn_on(office, issues)
    await happen(office, event(EventKind.OPENED, NUMPY))
    await office.poster.tick()
    (numpy,) = threads_of(issues)
    fake.archive(numpy, lock=True)
    clock.advance(BATCH)
    await happen(office, event(EventKind.CLOSED, NUMPY))
    await office.poster.tick()
    post = await last(office, issues)
    assert (post.state, "locked" in (post.reason or "")) == (State.REFUSED, True)
    assert fake.count("POST", SENDS) == 0
    clock.advance(timedelta(days=7))
    await happen(office, event(EventKind.REOPENED, NUMPY))
    await office.poster.tick()
    assert len(told(fake, issues)) == 2


async def test_a_thread_that_was_locked_just_now_closes_no_forum(
    office: Office, fake: FakeDiscord, clock: Clock, issues: Channel
) -> None:
    await turn_on(office, issues)
    await happen(office, event(EventKind.OPENED, NUMPY))
    await office.poster.tick()
    clock.advance(BATCH)
    await happen(office, event(EventKind.CLOSED, NUMPY))
    fake.fail("POST", SENDS, 403, body={"code": 50083, "message": "Thread is archived"})
    await office.poster.tick()
    assert (await last(office, issues)).state is State.REFUSED
    assert await office.stores.closed.everywhere() == frozenset()


async def test_a_thread_that_was_deleted_is_opened_anew(
    office: Office, fake: FakeDiscord, clock: Clock, issues: Channel
) -> None:
    await turn_on(office, issues)
    await happen(office, event(EventKind.OPENED, NUMPY))
    await office.poster.tick()
    fake.fail("POST", SENDS, 404, body={"code": 10003, "message": "Unknown Channel"})
    clock.advance(BATCH)
    await happen(office, event(EventKind.CLOSED, NUMPY))
    await office.poster.tick()  # found, and gone when it is written in
    fake.delete_channel(threads_of(issues)[0])
    clock.advance(timedelta(minutes=1))
    await office.poster.tick()
    assert ["closed" in line for line in told(fake, issues)] == [True]


async def test_a_forum_that_begins_to_ask_for_tags_is_left_alone_and_says_why(
    office: Office, fake: FakeDiscord, clock: Clock, issues: Channel
) -> None:
    await turn_on(office, issues)
    issues.requires_tag = True
    await office.notices("guild_channel_update", lambda: fake.allow(issues, Permission.ATTACH_FILES))
    await happen(office, event(EventKind.OPENED, NUMPY))
    for _ in range(3):
        await office.poster.tick()
        clock.advance(BATCH)
    assert fake.count("POST", CREATES) == 0
    assert "need a tag" in (await office.stores.closed.reasons(fake.guild.id))[issues.id]


# When Discord fails


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("wait", [timedelta(minutes=1), timedelta(minutes=30)])
@pytest.mark.parametrize("status", [503, None])
@pytest.mark.parametrize("place", ["general", "issues", "thread"])
async def test_an_attempt_without_an_answer_is_told_once(  # noqa: PLR0913, PLR0917 — a table of faults
    office: Office, fake: FakeDiscord, clock: Clock, place: str, status: int | None, wait: timedelta, stored: bool
) -> None:
    channel = fake.guild.channel("issues" if place == "thread" else place)
    await turn_on(office, channel)
    if place == "thread":  # that is there already
        await happen(office, event(EventKind.OPENED, NUMPY))
        await office.poster.tick()
        clock.advance(BATCH)
    path = CREATES if place == "issues" else SENDS
    if status is None:
        fake.reset("POST", path, apply=stored)
    else:
        fake.fail("POST", path, status, apply=stored)
    await happen(office, event(EventKind.CLOSED, NUMPY))
    await office.poster.tick()
    assert (await last(office, channel)).state is State.SENDING
    clock.advance(wait)
    await office.poster.tick()
    assert (await last(office, channel)).state is State.SENT
    assert [line for line in told(fake, channel) if "closed" in line] == told(fake, channel)[-1:]
    assert len(threads_of(channel)) == (0 if place == "general" else 1)


@pytest.mark.parametrize(("followed", "state"), [(1_001, State.SENT), (3_000, State.LOST)])
async def test_what_may_be_in_a_busy_thread_is_not_told_again(  # noqa: PLR0913, PLR0917 — a table of outcomes
    office: Office, fake: FakeDiscord, clock: Clock, issues: Channel, followed: int, state: State
) -> None:
    await turn_on(office, issues)
    await happen(office, event(EventKind.OPENED, NUMPY))
    await office.poster.tick()
    (numpy,) = threads_of(issues)
    clock.advance(BATCH)
    await happen(office, event(EventKind.CLOSED, NUMPY))
    fake.reset("POST", SENDS, apply=True)
    await office.poster.tick()
    for number in range(followed):
        fake.say(numpy, f"chatter {number}")
    for _ in range(3):
        clock.advance(timedelta(hours=1))
        await office.poster.tick()
    assert len(own(fake, numpy)) == 2
    assert (await last(office, issues)).state is state


async def test_what_happens_while_a_post_is_under_way_waits_for_it(
    office: Office, fake: FakeDiscord, clock: Clock, issues: Channel
) -> None:
    await turn_on(office, issues)
    fake.fail("POST", CREATES, 503, times=6)
    for number in range(5):
        await happen(office, event(EventKind.OPENED, thread(number=number + 1)))
        await office.poster.tick()
        clock.advance(BATCH)
    for _ in range(8):
        clock.advance(timedelta(hours=1))
        await office.poster.tick()
    (numpy,) = threads_of(issues)
    assert [own(fake, numpy)[0].text().count("opened"), len(told(fake, issues))] == [1, 5]


@pytest.mark.parametrize("place", ["general", "issues"])
async def test_a_place_without_permission_is_left_alone_until_an_admin_did_something(
    office: Office, fake: FakeDiscord, clock: Clock, place: str
) -> None:
    channel = fake.guild.channel(place)
    await turn_on(office, channel)
    await office.notices("guild_channel_update", lambda: fake.deny(channel, Permission.SEND_MESSAGES))
    for number in range(3):
        await happen(office, event(EventKind.OPENED, thread(number=number + 1)))
        await office.poster.tick()
        clock.advance(BATCH)
    assert fake.count("POST", CREATES if place == "issues" else SENDS) == 1
    name = "Create Posts" if place == "issues" else "Send Messages"
    assert f"**{name}**" in ((await last(office, channel)).reason or "")
    fake.allow(channel, Permission.SEND_MESSAGES)
    assert await office.guilds.reopen(fake.guild.id, channel.id)
    await office.poster.tick()
    assert len(told(fake, channel)) == 2  # what happened since, and is still news


async def test_a_forum_that_cannot_be_read_is_not_posted_in(office: Office, fake: FakeDiscord, issues: Channel) -> None:
    await turn_on(office, issues)
    await office.notices("guild_channel_update", lambda: fake.deny(issues, Permission.READ_MESSAGE_HISTORY))
    await happen(office, event(EventKind.OPENED, NUMPY))
    await office.poster.tick()
    assert (threads_of(issues), (await last(office, issues)).state) == ([], State.REFUSED)


async def test_a_deleted_forum_is_left_alone(office: Office, fake: FakeDiscord, clock: Clock, issues: Channel) -> None:
    await turn_on(office, issues)
    await office.notices("guild_channel_delete", lambda: fake.delete_channel(issues))
    for number in range(3):
        await happen(office, event(EventKind.OPENED, thread(number=number + 1)))
        await office.poster.tick()
        clock.advance(BATCH)
    assert issues.id in await office.stores.closed.everywhere()
    assert fake.count("POST", CREATES) == 0


# Ends in between


class EndedError(BaseException):
    """The process ends here."""


STEPS = ("planned", "claimed", "prepared", "sending", "posted", "recorded")


@pytest.mark.parametrize("wait", [A_WHILE, timedelta(minutes=30)], ids=["soon", "later"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("place", ["general", "issues", "thread"])
async def test_a_process_that_ends_at_any_step_tells_of_everything_once(  # noqa: PLR0913, PLR0917 — a table of ends
    fake: FakeDiscord, address: str, clock: Clock, place: str, step: str, wait: timedelta
) -> None:
    channel = fake.guild.channel("issues" if place == "thread" else place)
    async with open_office(fake, address, clock) as office:
        await turn_on(office, channel)
        if place == "thread":
            await happen(office, event(EventKind.OPENED, NUMPY), event(EventKind.OPENED, LXML))
            await office.poster.tick()
            clock.advance(BATCH)
        before = len(told(fake, channel))
        await happen(office, event(EventKind.CLOSED, NUMPY), event(EventKind.CLOSED, LXML))

    def end(passed: str) -> None:
        if passed == step:
            raise EndedError

    async with open_office(fake, address, clock, end) as office:
        with pytest.raises((EndedError, BaseExceptionGroup)):
            await office.poster.tick()
    clock.advance(wait)
    async with open_office(fake, address, clock) as office:
        await office.poster.tick()
        clock.advance(A_WHILE)
        await office.poster.tick()
        assert (await last(office, channel)).state is State.SENT
    assert len(told(fake, channel)) == before + 2
    assert len(threads_of(channel)) == (0 if place == "general" else 2)


async def test_two_processes_on_one_database_tell_once(
    office: Office, fake: FakeDiscord, address: str, clock: Clock, general: Channel
) -> None:
    await turn_on(office, general)
    await turn_on(office, fake.guilds[1].channel("issues"))
    await happen(office, event(EventKind.OPENED, NUMPY), event(EventKind.OPENED, LXML))
    async with open_office(fake, address, clock) as other:
        await asyncio.gather(office.poster.tick(), other.poster.tick(), office.poster.tick(), other.poster.tick())
        await other.poster.tick()
    assert [len(told(fake, channel)) for channel in (general, fake.guilds[1].channel("issues"))] == [2, 2]
    assert len(threads_of(fake.guilds[1].channel("issues"))) == 2


# Settings that change in between


async def test_turned_off_and_on_it_begins_anew(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    await turn_on(office, general)
    await office.guilds.set_issues(fake.guild.id, None)
    await happen(office, event(EventKind.OPENED, NUMPY))
    await office.poster.tick()
    await turn_on(office, general)
    await happen(office, event(EventKind.OPENED, LXML))
    clock.advance(BATCH)
    await office.poster.tick()
    assert ["lxml" in line for line in told(fake, general)] == [True]


async def test_another_channel_goes_on_where_the_first_was(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel, issues: Channel
) -> None:
    await turn_on(office, general)
    await happen(office, event(EventKind.OPENED, NUMPY))
    await office.poster.tick()
    await turn_on(office, issues)
    await happen(office, event(EventKind.CLOSED, NUMPY))
    clock.advance(BATCH)
    await office.poster.tick()
    assert (len(told(fake, general)), len(told(fake, issues))) == (1, 1)


@pytest.mark.parametrize("feed", [None, DEFAULT_EVENTS[1:]])
async def test_what_waits_is_not_told_of_if_it_is_not_wanted_any_more(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel, feed: tuple[EventKind, ...] | None
) -> None:
    await turn_on(office, general)
    fake.reset("POST", SENDS)
    await happen(office, event(EventKind.OPENED, NUMPY))
    await office.poster.tick()
    assert (await last(office, general)).state is State.SENDING
    if feed is None:
        await office.guilds.set_issues(fake.guild.id, None)
    else:
        await turn_on(office, general, feed)
    clock.advance(BATCH)
    await office.poster.tick()
    assert (told(fake, general), (await last(office, general)).state) == ([], State.MISSED)


@pytest.mark.parametrize("place", [None, "general"])
async def test_what_was_not_begun_is_dropped_if_it_is_turned_off_or_goes_elsewhere(
    office: Office, fake: FakeDiscord, clock: Clock, issues: Channel, place: str | None
) -> None:
    await turn_on(office, issues)
    fake.fail("GET", r"/threads/active$", 503, times=6)
    await happen(office, event(EventKind.OPENED, NUMPY))
    await office.poster.tick()
    assert (await last(office, issues)).state is State.PLANNED
    if place is None:
        await office.guilds.set_issues(fake.guild.id, None)
    else:
        await turn_on(office, fake.guild.channel(place))
    clock.advance(BATCH)
    await office.poster.tick()
    assert (threads_of(issues), (await last(office, issues)).state) == ([], State.MISSED)


async def test_what_could_not_be_told_in_a_day_is_given_up(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    await turn_on(office, general)
    fake.fail("POST", SENDS, 503)
    await happen(office, event(EventKind.OPENED, NUMPY))
    await office.poster.tick()
    clock.advance(timedelta(days=1))
    await office.poster.tick()
    assert (told(fake, general), (await last(office, general)).state) == ([], State.MISSED)


async def test_a_reset_ends_it(office: Office, fake: FakeDiscord, general: Channel) -> None:
    await turn_on(office, general)
    await office.guilds.reset(fake.guild.id)
    await happen(office, event(EventKind.OPENED, NUMPY))
    await office.poster.tick()
    assert (told(fake, general), (await office.guilds.overview(fake.guild.id)).settings.issues) == ([], None)
