"""Digests and announcements in Discord's channels: each exactly once, whatever Discord and the clock do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from itertools import pairwise

import pytest

from bot.core.digest.changes import Change, ChangeKind
from bot.core.errors import StorageError, UpstreamError, UserError
from bot.core.posting.posts import PostKind, State
from bot.core.posting.schedule import Schedule
from bot.core.wheels.targets import Target
from bot.logs import set_up_logs
from bot.services.discord.planner import FORGOTTEN_AFTER
from storage.discord.posts import CLAIM
from tests.fakes.discord_world import Channel, Guild, Permission, Role, announcement
from tests.fakes.fake_discord import FakeDiscord
from tests.services.posts import LAST_WEEK, PICTURE, SLOT, Clock, Office, direct, guild_of, open_office, own

SENDS = r"/channels/\d+/messages$"
CROSSPOSTS = r"/crosspost$"
A_WHILE = CLAIM + timedelta(minutes=1)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def log(logs_as_before: None) -> StringIO:  # noqa: ARG001 - for what it does at the end
    """Log as the program does."""
    stream = StringIO()
    set_up_logs(level="info", as_json=True, stream=stream)
    return stream


@pytest.fixture
async def fake(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeDiscord]:
    guilds = [
        Guild("One", [Channel("general"), announcement("news")], roles=[Role("Readers", mentionable=True)]),
        Guild("Two", [Channel("general"), Channel("talk")]),
    ]
    async with FakeDiscord(guilds, now=clock) as running:
        direct(monkeypatch, running.api_url, running.gateway_url)
        yield running
    assert running.violations == []


@pytest.fixture
def news(fake: FakeDiscord) -> Channel:
    return fake.guilds[0].channel("news")


@pytest.fixture
def general(fake: FakeDiscord) -> Channel:
    return fake.guilds[0].channel("general")


@pytest.fixture
async def office(fake: FakeDiscord, address: str, clock: Clock) -> AsyncIterator[Office]:
    async with open_office(fake, address, clock) as opened:
        yield opened


# What is posted


async def test_a_digest_is_posted_once_with_its_chart(office: Office, fake: FakeDiscord, general: Channel) -> None:
    await office.subscribe(general)
    for _ in range(3):
        await office.poster.tick()
    (message,) = own(fake, general)
    assert "Digest of 2026-W47" in message.text()
    assert [(item.filename, item.data, item.description) for item in message.attachments] == [
        ("digest.png", PICTURE, "70 of 100")
    ]
    assert (message.nonce, message.pings) == (f"26W47-{general.id}", ())
    post = await office.last(general)
    assert (post.state, post.message, post.due) == (State.SENT, message.id, None)
    assert [str(week) for week in office.press.made] == ["2026-W47"]


async def test_only_the_role_that_was_chosen_is_pinged(office: Office, fake: FakeDiscord, news: Channel) -> None:
    role = guild_of(news).role("Readers")
    await office.subscribe(news, role=role.id)
    await office.poster.tick()
    (message,) = own(fake, news)
    assert message.allowed_mentions == {"parse": [], "roles": [role.id]}
    assert message.text().startswith(f"<@&{role.id}>")


async def test_a_digest_is_published_where_that_is_wanted(office: Office, fake: FakeDiscord, news: Channel) -> None:
    await office.subscribe(news, publish=True)
    await office.poster.tick()
    (message,) = own(fake, news)
    assert message.crossposted
    assert (await office.last(news)).state is State.PUBLISHED


async def test_every_server_gets_its_digest_in_its_own_hour(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    talk = fake.guilds[1].channel("talk")
    await office.subscribe(general)
    await office.subscribe(talk, Schedule(0, 9, "America/New_York"))
    await office.poster.tick()
    assert (len(own(fake, general)), len(own(fake, talk))) == (1, 0)
    clock.advance(timedelta(hours=5))
    await office.poster.tick()
    assert (len(own(fake, general)), len(own(fake, talk))) == (1, 1)


async def test_one_digest_is_made_for_all_servers(office: Office, fake: FakeDiscord) -> None:
    for guild in fake.guilds:
        await office.subscribe(guild.channel("general"))
    await office.poster.tick()
    assert [len(own(fake, guild.channel("general"))) for guild in fake.guilds] == [1, 1]
    assert len(office.press.made) == 1


# When


async def test_a_monday_spent_switched_off_is_made_up_for_once(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    await office.subscribe(general)
    clock.advance(timedelta(days=2))
    await office.poster.tick()
    await office.poster.tick()
    assert len(own(fake, general)) == 1


async def test_weeks_spent_switched_off_are_no_backlog(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    await office.subscribe(general)
    clock.advance(timedelta(weeks=5, hours=3))
    await office.poster.tick()
    assert [str(week) for week in office.press.made] == ["2026-W52"]
    assert len(own(fake, general)) == 1


async def test_nothing_is_posted_of_the_time_before_it_was_turned_on(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    await office.subscribe(general, since=SLOT + timedelta(seconds=1))
    clock.advance(timedelta(hours=1))
    await office.poster.tick()
    assert own(fake, general) == []
    clock.advance(timedelta(days=7))
    await office.poster.tick()
    assert len(own(fake, general)) == 1


async def test_a_year_of_ticks_posts_every_week_once_across_changes_of_clocks(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    await office.subscribe(general, Schedule(6, 2, "Europe/Berlin"))
    clock.time = SLOT - timedelta(days=1)
    for _ in range(2 * 53):
        clock.advance(timedelta(days=3, hours=12, minutes=1))
        await office.poster.tick()
    assert all(later.before == earlier for earlier, later in pairwise(office.press.made))
    assert len(own(fake, general)) == len(office.press.made) == 54


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(days=-3), timedelta(days=-400)])
async def test_a_clock_that_is_set_back_posts_nothing_twice_and_skips_nothing(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel, jump: timedelta
) -> None:
    await office.subscribe(general, since=LAST_WEEK)
    await office.poster.tick()
    clock.advance(jump)
    await office.poster.tick()
    clock.time = SLOT + timedelta(minutes=5)
    await office.poster.tick()
    assert len(own(fake, general)) == 1
    clock.advance(timedelta(days=7))
    await office.poster.tick()
    assert len(own(fake, general)) == 2


async def test_a_post_that_waits_is_not_forgotten_by_a_clock_that_jumps(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    await office.subscribe(general)
    clock.advance(timedelta(days=6, hours=23))
    fake.fail("POST", SENDS, 503)
    await office.poster.tick()
    clock.time = SLOT
    await office.poster.tick()
    assert [message.text().count("2026-W47") for message in own(fake, general)] == [1]


async def test_a_digest_whose_week_is_not_read_yet_waits_some_hours(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    office.press.complete = False
    await office.subscribe(general)
    await office.poster.tick()
    clock.advance(timedelta(hours=1))
    await office.poster.tick()
    assert own(fake, general) == []
    office.press.complete = True
    clock.advance(timedelta(hours=1))
    await office.poster.tick()
    assert len(own(fake, general)) == 1


async def test_a_week_that_is_never_read_to_its_end_is_told_of_all_the_same(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    office.press.complete = False
    await office.subscribe(general)
    clock.advance(timedelta(hours=6))
    await office.poster.tick()
    assert len(own(fake, general)) == 1


@pytest.mark.parametrize("error", [UserError("Nothing."), UpstreamError("Down."), RuntimeError("a bug")])
async def test_a_digest_that_cannot_be_made_is_tried_again_later(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel, error: Exception
) -> None:
    office.press.error = error
    await office.subscribe(general)
    await office.poster.tick()
    await office.poster.tick()
    assert len(office.press.made) == 1
    office.press.error = None
    clock.advance(timedelta(minutes=1))
    await office.poster.tick()
    assert len(own(fake, general)) == 1


async def test_nothing_happens_while_discord_is_not_connected(
    office: Office, fake: FakeDiscord, general: Channel
) -> None:
    await office.subscribe(general)
    await office.client.close()
    await office.poster.tick()
    assert fake.count("POST", SENDS) == 0


async def test_every_change_of_state_is_a_line_in_the_log(office: Office, log: StringIO, news: Channel) -> None:
    await office.subscribe(news, publish=True)
    await office.poster.tick()
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    posts = [line for line in lines if str(line["event"]).startswith("post_")]
    assert [line["event"] for line in posts] == ["post_planned", "post_sending", "post_sent", "post_published"]
    assert {(line["guild"], line["key"]) for line in posts} == {(guild_of(news).id, "2026-W47")}


# When Discord fails


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("wait", [timedelta(minutes=1), timedelta(minutes=30)])
@pytest.mark.parametrize("status", [503, None])
async def test_an_attempt_without_an_answer_never_becomes_two_messages(  # noqa: PLR0913, PLR0917 — a table of faults
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel, stored: bool, wait: timedelta, status: int | None
) -> None:
    await office.subscribe(general)
    if status is None:
        fake.reset("POST", SENDS, apply=stored)
    else:
        fake.fail("POST", SENDS, status, apply=stored)
    await office.poster.tick()
    assert (await office.last(general)).state is State.SENDING
    clock.advance(wait)
    await office.poster.tick()
    (message,) = own(fake, general)
    assert (await office.last(general)).message == message.id
    assert fake.count("POST", SENDS) == (1 if stored else 2)


async def test_pauses_grow_while_discord_is_down(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    await office.subscribe(general)
    fake.fail("POST", SENDS, 503, times=1000)
    for _ in range(12 * 12):
        await office.poster.tick()
        clock.advance(timedelta(minutes=5))
    assert 12 < fake.count("POST", SENDS) < 24


@pytest.mark.parametrize("followed", [250, 1_001])
async def test_a_message_in_a_busy_channel_is_found_again(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel, followed: int
) -> None:
    await office.subscribe(general)
    fake.reset("POST", SENDS, apply=True)
    await office.poster.tick()
    for number in range(followed):
        fake.say(general, f"chatter {number}, 2026-W47")
    clock.advance(timedelta(hours=1))
    await office.poster.tick()
    (message,) = own(fake, general)
    assert (await office.last(general)).message == message.id


@pytest.mark.parametrize("stored", [False, True])
async def test_what_may_be_further_back_than_is_looked_is_not_posted_again_and_says_why(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel, *, stored: bool
) -> None:
    await office.subscribe(general)
    fake.reset("POST", SENDS, apply=stored)
    await office.poster.tick()
    for number in range(3_000):
        fake.say(general, f"chatter {number}, 2026-W47")
    clock.advance(timedelta(hours=1))
    for _ in range(3):
        await office.poster.tick()
        clock.advance(timedelta(hours=1))
    assert len(own(fake, general)) == stored
    post = await office.last(general)
    assert (post.state, post.due) == (State.LOST, None)
    assert "not among the last 3,000 messages" in (post.reason or "")
    clock.advance(timedelta(days=7))
    await office.poster.tick()
    assert len(own(fake, general)) == stored + 1


async def test_messages_from_long_before_a_post_do_not_make_it_unclear(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    for number in range(3_001):
        fake.say(general, f"chatter {number}, 2026-W47")
    clock.advance(timedelta(days=2))
    await office.subscribe(general)
    fake.reset("POST", SENDS)
    await office.poster.tick()
    fake.say(general, "What else?")
    clock.advance(timedelta(hours=1))
    await office.poster.tick()
    (message,) = own(fake, general)
    assert (await office.last(general)).message == message.id


async def test_other_words_of_the_bot_are_not_taken_for_the_digest(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    await office.subscribe(general)
    fake.reset("POST", SENDS)
    await office.poster.tick()
    fake.say(general, "Digest of 2026-W47", user=fake.guild.members[0].user)
    fake.say(general, "x2026-W47 and 2026-W478", user=fake.world.bot)
    clock.advance(timedelta(hours=1))
    await office.poster.tick()
    assert [message.text().startswith("70 of 100") for message in own(fake, general)] == [False, True]


async def test_a_digest_that_somebody_deleted_at_once_is_not_posted_again(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    await office.subscribe(general)
    fake.reset("POST", SENDS, apply=True)
    await office.poster.tick()
    general.messages.clear()
    clock.advance(timedelta(minutes=1))
    await office.poster.tick()
    assert own(fake, general) == []
    assert (await office.last(general)).state is State.SENT


@pytest.mark.parametrize("permission", [Permission.VIEW_CHANNEL, Permission.SEND_MESSAGES, Permission.ATTACH_FILES])
async def test_a_channel_without_permission_is_left_alone_until_an_admin_did_something(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel, permission: Permission
) -> None:
    await office.subscribe(general)
    await office.notices("guild_channel_update", lambda: fake.deny(general, permission))
    for _ in range(5):
        await office.poster.tick()
        clock.advance(timedelta(hours=3))
    assert fake.count("POST", SENDS) == 1
    post = await office.last(general)
    label = permission.name.replace("_", " ").title() if permission.name else ""
    assert (post.state, f"**{label}**" in (post.reason or "")) == (State.REFUSED, True)
    fake.allow(general, permission)
    assert await office.guilds.reopen(guild_of(general).id, general.id)
    await office.poster.tick()
    assert len(own(fake, general)) == 1


async def test_a_deleted_channel_is_left_alone_and_another_one_gets_the_digest(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel, news: Channel
) -> None:
    await office.subscribe(general)
    fake.delete_channel(general)
    for _ in range(3):
        await office.poster.tick()
        clock.advance(timedelta(hours=3))
    assert fake.count("POST", SENDS) == 1
    await office.subscribe(news)
    await office.poster.tick()
    assert len(own(fake, news)) == 1


async def test_a_begun_digest_in_a_channel_that_cannot_be_read_is_not_posted_elsewhere(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel, news: Channel
) -> None:
    await office.subscribe(general)
    fake.reset("POST", SENDS, apply=True)
    await office.poster.tick()
    await office.notices("guild_channel_update", lambda: fake.deny(general, Permission.READ_MESSAGE_HISTORY))
    clock.advance(timedelta(minutes=1))
    await office.poster.tick()
    assert (await office.last(general)).state is State.LOST
    await office.subscribe(news)
    await office.poster.tick()
    assert (len(own(fake, general)), len(own(fake, news))) == (1, 0)
    clock.advance(timedelta(days=7))
    await office.poster.tick()
    assert len(own(fake, news)) == 1


async def test_a_message_that_discord_finds_wrong_is_not_sent_again(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    await office.subscribe(general)
    fake.fail("POST", SENDS, 400, body={"code": 50035, "message": "Invalid Form Body"})
    for _ in range(3):
        await office.poster.tick()
        clock.advance(timedelta(hours=3))
    assert fake.count("POST", SENDS) == 1
    post = await office.last(general)
    assert (post.state, "50035" in (post.reason or "")) == (State.REFUSED, True)
    clock.advance(timedelta(days=7))
    await office.poster.tick()
    assert len(own(fake, general)) == 1


async def test_one_server_in_trouble_does_not_keep_others_waiting(office: Office, fake: FakeDiscord) -> None:
    one, two = (guild.channel("general") for guild in fake.guilds)
    await office.subscribe(one)
    await office.subscribe(two)
    fake.fail("POST", rf"/channels/{one.id}/messages$", 503)
    await office.poster.tick()
    assert (len(own(fake, one)), len(own(fake, two))) == (0, 1)


async def test_what_could_not_be_posted_in_its_week_is_given_up_for_the_next(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    one, two = (guild.channel("general") for guild in fake.guilds)
    await office.subscribe(one)  # begun, and never answered
    await office.subscribe(two, Schedule(0, 10))  # not even begun
    fake.fail("POST", rf"/channels/{one.id}/messages$", 503)
    await office.poster.tick()
    clock.advance(timedelta(hours=1))
    office.press.error = UpstreamError("Not yet.")
    await office.poster.tick()
    office.press.error = None
    clock.advance(timedelta(days=7))
    for _ in range(3):
        await office.poster.tick()
        clock.advance(timedelta(hours=1))
    for channel in (one, two):
        (message,) = own(fake, channel)
        assert "Digest of 2026-W48" in message.text()
    assert general is one


async def test_a_database_that_fails_in_between_delays_a_digest_and_doubles_nothing(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    await office.subscribe(general)

    def full(step: str) -> None:
        if step == "posted":
            raise StorageError("The disk is full. Make room.")

    failing = replace(office.poster.delivery, checkpoint=full)
    await replace(office.poster, delivery=failing).tick()
    assert (await office.last(general)).state is State.SENDING
    clock.advance(A_WHILE)
    await office.poster.tick()
    assert (len(own(fake, general)), (await office.last(general)).state) == (1, State.SENT)


async def test_a_time_zone_that_is_not_known_any_more_counts_as_utc(
    office: Office, fake: FakeDiscord, log: StringIO, general: Channel
) -> None:
    await office.subscribe(general, Schedule(0, 9, "Nowhere/Lost"))
    await office.poster.tick()
    assert len(own(fake, general)) == 1
    assert "zone_unknown" in log.getvalue()


# Publishing


async def test_a_publication_that_could_not_happen_in_a_week_is_given_up(
    office: Office, fake: FakeDiscord, clock: Clock, news: Channel
) -> None:
    await office.subscribe(news, publish=True)
    fake.fail("POST", CROSSPOSTS, 503)
    await office.poster.tick()
    await office.guilds.turn_digest_off(guild_of(news).id)
    clock.advance(timedelta(days=7))
    await office.poster.tick()
    post = await office.last(news)
    assert (post.state, post.due, fake.count("POST", CROSSPOSTS)) == (State.SENT, None, 1)


async def test_a_channel_that_is_closed_before_publishing_keeps_its_digest(
    office: Office, fake: FakeDiscord, clock: Clock, news: Channel
) -> None:
    await office.subscribe(news, publish=True)
    fake.fail("POST", CROSSPOSTS, 403, body={"code": 50013, "message": "Missing Permissions"})
    for _ in range(3):
        await office.poster.tick()
        clock.advance(timedelta(hours=3))
    assert (len(own(fake, news)), fake.count("POST", CROSSPOSTS)) == (1, 1)
    assert (await office.last(news)).state is State.SENT
    assert news.id in await office.stores.closed.everywhere()


async def test_a_limit_of_crossposts_is_waited_for(
    office: Office, fake: FakeDiscord, clock: Clock, news: Channel
) -> None:
    await office.subscribe(news, publish=True)
    news.crossposts.extend([clock()] * 10)
    await office.poster.tick()
    await office.poster.tick()
    assert (len(own(fake, news)), (await office.last(news)).state) == (1, State.SENT)
    assert fake.count("POST", CROSSPOSTS) == 1
    clock.advance(timedelta(hours=1, minutes=1))
    await office.poster.tick()
    assert [message.crossposted for message in own(fake, news)] == [True]


@pytest.mark.parametrize("stored", [False, True])
async def test_a_publication_without_an_answer_is_tried_again(
    office: Office, fake: FakeDiscord, clock: Clock, news: Channel, stored: bool
) -> None:
    await office.subscribe(news, publish=True)
    fake.reset("POST", CROSSPOSTS, apply=stored)
    await office.poster.tick()
    clock.advance(timedelta(minutes=1))
    await office.poster.tick()
    assert [message.crossposted for message in own(fake, news)] == [True]
    assert (await office.last(news)).state is State.PUBLISHED


async def test_a_channel_that_has_no_followers_keeps_its_digest(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    await office.subscribe(general, publish=True)
    for _ in range(3):
        await office.poster.tick()
        clock.advance(timedelta(hours=3))
    post = await office.last(general)
    assert (post.state, "no announcement channel" in (post.reason or "")) == (State.SENT, True)
    assert (len(own(fake, general)), fake.count("POST", CROSSPOSTS)) == (1, 1)


# Two processes, and servers that come and go


async def test_two_processes_on_one_database_post_once(
    office: Office, fake: FakeDiscord, address: str, clock: Clock
) -> None:
    channels = [guild.channel("general") for guild in fake.guilds]
    for channel in channels:
        await office.subscribe(channel)
    async with open_office(fake, address, clock) as other:
        await asyncio.gather(office.poster.tick(), other.poster.tick(), office.poster.tick(), other.poster.tick())
        await other.poster.tick()
    assert [len(own(fake, channel)) for channel in channels] == [1, 1]
    assert fake.count("POST", SENDS) == 2


async def test_what_another_process_sets_is_seen_by_the_next_tick(
    office: Office, fake: FakeDiscord, address: str, clock: Clock, general: Channel
) -> None:
    await office.poster.tick()
    async with open_office(fake, address, clock) as other:
        await other.subscribe(general)
        await office.poster.tick()
        assert len(own(fake, general)) == 1
        await other.stores.guilds.set_digest(guild_of(general).id, None)
        clock.advance(timedelta(days=7))
        await office.poster.tick()
        assert len(own(fake, general)) == 1
        await other.subscribe(general)
        await office.poster.tick()
        assert len(own(fake, general)) == 2


async def test_what_another_process_finds_closed_and_opens_again_is_seen_by_the_next_tick(
    office: Office, fake: FakeDiscord, address: str, clock: Clock, general: Channel
) -> None:
    await office.subscribe(general)
    async with open_office(fake, address, clock) as other:
        await other.stores.closed.close(guild_of(general).id, general.id, "It is locked.", clock())
        await office.poster.tick()
        assert own(fake, general) == []
        await other.stores.closed.reopen(general.id)
        await office.poster.tick()
    assert len(own(fake, general)) == 1


async def test_ticks_that_saw_that_nothing_is_due_post_each_digest_when_it_is(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    await office.subscribe(general)
    await office.poster.tick()
    assert len(own(fake, general)) == 1
    clock.time = SLOT + timedelta(days=7) - timedelta(seconds=3)
    await office.poster.tick()
    assert len(own(fake, general)) == 1
    clock.advance(timedelta(seconds=5))
    await office.poster.tick()
    assert len(own(fake, general)) == 2


async def test_a_process_that_hangs_while_sending_is_not_doubled_by_another(
    office: Office, fake: FakeDiscord, address: str, clock: Clock, general: Channel
) -> None:
    await office.subscribe(general)
    hold = fake.hold("POST", SENDS)
    hanging = asyncio.create_task(office.poster.tick())
    await hold.arrived.wait()
    async with open_office(fake, address, clock) as other:
        await other.poster.tick()
        assert fake.count("POST", SENDS) == 0
        clock.advance(A_WHILE)
        await other.poster.tick()
        hold.release.set()
        await hanging
        await other.poster.tick()
    assert len(own(fake, general)) == 1


async def test_a_process_that_hung_before_it_sends_leaves_that_to_whoever_has_the_post_by_then(
    fake: FakeDiscord, address: str, clock: Clock, general: Channel
) -> None:
    hangs = [CLAIM]

    def hang(step: str) -> None:
        if step == "sending" and hangs:
            clock.advance(hangs.pop())

    async with open_office(fake, address, clock, hang) as one, open_office(fake, address, clock) as other:
        await one.subscribe(general)
        await one.poster.tick()
        assert fake.count("POST", SENDS) == 0
        await asyncio.gather(one.poster.tick(), other.poster.tick())
        await other.poster.tick()
    assert len(own(fake, general)) == 1
    assert fake.count("POST", SENDS) == 1


async def test_a_server_that_removed_the_bot_is_forgotten_after_a_month(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    guild = guild_of(general)
    await office.subscribe(general)
    await office.notices("guild_remove", lambda: fake.leave(guild))
    await office.poster.tick()
    clock.advance(FORGOTTEN_AFTER - timedelta(days=1))
    await office.poster.tick()
    assert (await office.stores.guilds.settings(guild.id)).digest is not None
    clock.advance(timedelta(days=2))
    await office.poster.tick()
    assert (await office.stores.guilds.settings(guild.id)).digest is None
    assert fake.count("POST", SENDS) == 0


async def test_a_server_that_comes_back_has_its_settings_back(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    guild = guild_of(general)
    await office.subscribe(general)
    await office.notices("guild_remove", lambda: fake.leave(guild))
    await office.poster.tick()
    again = Guild("One", [Channel("general"), announcement("news")])  # with the same ids
    await office.notices("guild_join", lambda: fake.join(again))
    general = again.channel("general")
    clock.advance(timedelta(days=1))
    await office.poster.tick()
    assert len(own(fake, general)) == 1
    clock.advance(timedelta(days=60))
    await office.poster.tick()
    assert (await office.stores.guilds.settings(guild.id)).digest is not None


# Announcements


def change(package: str, kind: ChangeKind = ChangeKind.GAINED, version: str = "1.0") -> Change:
    return Change(package, Target(14), version, kind, ("cp314t",))


async def test_announcements_are_off_by_default(office: Office, fake: FakeDiscord, general: Channel) -> None:
    await office.guilds.turn_digest_off(guild_of(general).id)
    await office.poster.announce([change("numpy")])
    await office.poster.tick()
    assert own(fake, general) == []


async def test_changes_are_announced_together_and_once(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    await office.poster.announce([change("old")])
    await office.guilds.set_announcements(guild_of(general).id, general.id)
    await office.poster.announce([change("numpy"), change("lxml", ChangeKind.LOST)])
    for _ in range(3):
        await office.poster.announce([change("numpy")])
        await office.poster.tick()
        clock.advance(timedelta(hours=2))
    (message,) = own(fake, general)
    assert message.text() == "numpy 1.0 gained 3.14t\nlxml 1.0 lost 3.14t"


async def test_there_is_at_most_one_announcement_an_hour(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    await office.guilds.set_announcements(guild_of(general).id, general.id)
    for minute in range(150):
        await office.poster.announce([change("numpy", version=f"1.{minute}")])
        await office.poster.tick()
        clock.advance(timedelta(minutes=1))
    messages = own(fake, general)
    assert len(messages) == 3
    assert sum(message.text().count("gained") for message in messages) == 121


async def test_an_announcement_without_an_answer_is_not_repeated(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    await office.guilds.set_announcements(guild_of(general).id, general.id)
    await office.poster.announce([change("numpy")])
    fake.reset("POST", SENDS, apply=True)
    await office.poster.tick()
    clock.advance(timedelta(minutes=20))
    await office.poster.tick()
    assert len(own(fake, general)) == 1
    assert (await office.last(general, PostKind.ANNOUNCEMENT)).state is State.SENT


async def test_announcements_turned_off_and_on_begin_anew(office: Office, fake: FakeDiscord, general: Channel) -> None:
    guild = guild_of(general).id
    await office.guilds.set_announcements(guild, general.id)
    await office.guilds.set_announcements(guild, None)
    await office.poster.announce([change("numpy")])
    await office.guilds.set_announcements(guild, general.id)
    await office.poster.tick()
    assert own(fake, general) == []
    await office.poster.announce([change("lxml")])
    await office.poster.tick()
    assert [message.text() for message in own(fake, general)] == ["lxml 1.0 gained 3.14t"]


# Settings that change in between


async def test_a_digest_that_waits_goes_to_the_channel_that_is_set_by_then(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel, news: Channel
) -> None:
    office.press.error = UpstreamError("Not yet.")
    await office.subscribe(general)
    await office.poster.tick()
    office.press.error = None
    await office.subscribe(news, publish=True)
    await office.poster.tick()
    assert (len(own(fake, general)), [message.crossposted for message in own(fake, news)]) == (0, [True])
    clock.advance(timedelta(days=1))
    await office.poster.tick()
    assert len(own(fake, news)) == 1


async def test_a_posted_digest_is_not_posted_again_elsewhere(
    office: Office, fake: FakeDiscord, general: Channel, news: Channel
) -> None:
    await office.subscribe(general)
    await office.poster.tick()
    await office.subscribe(news)
    await office.poster.tick()
    assert (len(own(fake, general)), len(own(fake, news))) == (1, 0)


async def test_a_digest_that_waits_is_not_posted_after_it_was_turned_off(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    office.press.error = UpstreamError("Not yet.")
    await office.subscribe(general)
    await office.poster.tick()
    await office.guilds.turn_digest_off(guild_of(general).id)
    office.press.error = None
    clock.advance(timedelta(hours=1))
    await office.poster.tick()
    assert own(fake, general) == []


async def test_a_reset_forgets_everything(office: Office, fake: FakeDiscord, general: Channel) -> None:
    guild = guild_of(general).id
    await office.subscribe(general)
    await office.guilds.set_announcements(guild, general.id)
    await office.guilds.reset(guild)
    await office.poster.announce([change("numpy")])
    await office.poster.tick()
    overview = await office.guilds.overview(guild)
    assert (own(fake, general), overview.settings.digest, overview.last_digest) == ([], None, None)
