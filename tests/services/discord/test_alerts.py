"""People's watches: each event is told to each watcher once, whatever Discord does and whoever comes and goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest

from bot.core.digest.changes import Change, ChangeKind
from bot.core.github.threads import ThreadState
from bot.core.posting.posts import LONGEST_NONCE, PostKind
from bot.core.posting.watches import BETWEEN_ALERTS, NewsItem, NewsKind, Topic, Watch, WatchPlace
from bot.core.upstream.threads import EventKind
from bot.core.wheels.platforms import Platform
from bot.core.wheels.targets import Target
from bot.services.discord import alerts as alerts_module
from bot.services.discord.planner import FORGOTTEN_AFTER
from storage.discord import watch_news as watch_news_module
from storage.discord.posts import CLAIM
from tests.fakes.discord_world import Channel, Guild, Permission, User
from tests.fakes.fake_discord import FakeDiscord
from tests.services.posts import Clock, Office, direct, guild_of, open_office, own
from tests.services.threads import event, thread

SENDS = r"/channels/\d+/messages$"
OPENINGS = r"/users/@me/channels$"
T314, T315 = Target(14), Target(15)
SOON = CLAIM + timedelta(seconds=1)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def fake(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeDiscord]:
    guilds = [Guild("One", [Channel("general"), Channel("news")]), Guild("Two", [Channel("general")])]
    async with FakeDiscord(guilds, now=clock) as running:
        direct(monkeypatch, running.api_url, running.gateway_url)
        yield running
    assert running.violations == []
    assert not any(message.pings for channel in running.world.direct.values() for message in running.messages(channel))


@pytest.fixture
async def office(fake: FakeDiscord, address: str, clock: Clock) -> AsyncIterator[Office]:
    async with open_office(fake, address, clock) as opened:
        yield opened


@pytest.fixture
def general(fake: FakeDiscord) -> Channel:
    return fake.guilds[0].channel("general")


def person(fake: FakeDiscord, name: str = "ada") -> User:
    return fake.guilds[0].member(name).user


def place_of(channel: Channel) -> WatchPlace:
    return WatchPlace(None, guild_of(channel).id, channel.id)


def gained(package: str = "numpy", version: str = "2.4", target: Target = T314) -> Change:
    return Change(package, target, version, ChangeKind.GAINED, (target.abi,))


async def watch(
    office: Office,
    place: WatchPlace,
    *packages: str,
    targets: Sequence[Target] = (),
    topics: Sequence[Topic] = tuple(Topic),
) -> None:
    watches = [Watch(package, tuple(targets), tuple(topics)) for package in packages or ("numpy",)]
    assert await office.stores.watches.add(place, watches, place.most, office.alerts.now()) is not None


def texts(fake: FakeDiscord, name: str = "ada") -> list[str]:
    """Return the lines of what the bot told a person."""
    return [line for message in fake.direct_messages(name) for line in message.text().split("\n") if line[:2] == "- "]


# What is told, to whom


async def test_a_person_is_told_once_by_direct_message(office: Office, fake: FakeDiscord) -> None:
    await watch(office, WatchPlace(person(fake).id))
    await office.poster.announce([gained(), gained("lxml")])
    for _ in range(3):
        await office.alerts.tick()
    (message,) = fake.direct_messages("ada")
    assert message.text().startswith("### 🔔 Free-threaded Python: numpy\n**numpy**\n- 🟢 2.4 has wheels for **3.14t**")
    assert "lxml" not in message.text()
    assert message.nonce is not None
    assert len(message.nonce) <= LONGEST_NONCE


async def test_a_channel_is_told(office: Office, fake: FakeDiscord, general: Channel) -> None:
    await watch(office, place_of(general))
    await office.poster.announce([gained()])
    await office.alerts.tick()
    (message,) = own(fake, general)
    assert "2.4 has wheels" in message.text()
    assert fake.count("POST", OPENINGS) == 0


async def test_everybody_who_watches_is_told_and_nobody_else(
    office: Office, fake: FakeDiscord, general: Channel
) -> None:
    for name in ("ada", "grace", "barbara"):
        await watch(office, WatchPlace(person(fake, name).id), "lxml" if name == "barbara" else "numpy")
    await watch(office, place_of(general))
    await office.poster.announce([gained()])
    await office.alerts.tick()
    assert [len(fake.direct_messages(name)) for name in ("ada", "grace", "barbara")] == [1, 1, 0]
    assert len(own(fake, general)) == 1


async def test_more_watchers_than_are_handed_something_at_once_are_all_told_once(
    office: Office, fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_news_module, "AT_ONCE", 3)
    monkeypatch.setattr(alerts_module, "OPENED_AT_ONCE", 20)
    names = [f"reader-{number}" for number in range(8)]
    for name in names:
        await watch(office, WatchPlace(person(fake, name).id))
    await office.poster.announce([gained(), gained(version="2.5")])
    await office.alerts.tick()
    assert [len(texts(fake, name)) for name in names] == [2] * 8
    assert [len(fake.direct_messages(name)) for name in names] == [1] * 8


async def test_what_was_noticed_before_somebody_watched_is_not_told(office: Office, fake: FakeDiscord) -> None:
    await office.poster.announce([gained()])
    await office.alerts.tick()
    await watch(office, WatchPlace(person(fake).id))
    await office.alerts.tick()
    assert fake.direct_messages("ada") == []


@pytest.mark.parametrize(
    ("targets", "topics", "told"),
    [
        ((), tuple(Topic), 8),
        ((T315,), tuple(Topic), 2),
        ((), (Topic.APPEAR,), 2),
        ((), (Topic.COMPLETE,), 1),
        ((), (Topic.LOST,), 2),
        ((), (Topic.GIL,), 1),
        ((), (Topic.TRACKING,), 1),
        ((), (Topic.PRERELEASE,), 1),
        ((T314,), (Topic.APPEAR, Topic.LOST), 3),
    ],
)
async def test_only_what_a_watch_is_about_is_told(  # noqa: PLR0913, PLR0917 — a table of watches
    office: Office, fake: FakeDiscord, clock: Clock, targets: tuple[Target, ...], topics: tuple[Topic, ...], told: int
) -> None:
    await watch(office, WatchPlace(person(fake).id), targets=targets, topics=topics)
    await office.poster.announce(
        [
            gained(),
            gained(target=T315),
            Change("numpy", T314, "2.5", ChangeKind.LOST),
            Change("numpy", T314, "2.6", ChangeKind.NARROWED, (), (Platform.WIN_AMD64,)),
        ]
    )
    await office.stores.package_news.record(
        [
            NewsItem("numpy", NewsKind.COMPLETED, T314, "2.7"),
            NewsItem("numpy", NewsKind.GIL_ON, T314, "2.8", "2.7"),
            NewsItem("numpy", NewsKind.PRERELEASE, T314, "3.0rc1"),
        ],
        clock(),
    )
    issue = thread(number=1, state=ThreadState.CLOSED)
    other = thread(number=2, state=ThreadState.CLOSED)
    events = [event(EventKind.CLOSED, issue, clock()), event(EventKind.CLOSED, other, clock())]
    await office.stores.threads.record([], events, [], clock())
    for _ in range(2):
        await office.alerts.tick()
    assert len(texts(fake)) == told


async def test_an_issue_that_was_closed_long_ago_is_no_news(office: Office, fake: FakeDiscord, clock: Clock) -> None:
    await watch(office, WatchPlace(person(fake).id))
    issue = thread(number=1, state=ThreadState.CLOSED)
    await office.stores.threads.record([], [event(EventKind.CLOSED, issue, clock() - timedelta(days=300))], [], clock())
    await office.alerts.tick()
    assert fake.direct_messages("ada") == []


# In which messages


async def test_the_first_is_told_at_once_and_what_follows_within_the_hour_together(
    office: Office, fake: FakeDiscord, clock: Clock
) -> None:
    await watch(office, WatchPlace(person(fake).id), "numpy", "lxml")
    await office.poster.announce([gained()])
    await office.alerts.tick()
    for minute in range(1, 60):
        clock.advance(timedelta(minutes=1))
        await office.poster.announce([gained("lxml", f"1.{minute}")])
        await office.alerts.tick()
    assert len(fake.direct_messages("ada")) == 1
    clock.advance(timedelta(minutes=1))
    await office.alerts.tick()
    messages = fake.direct_messages("ada")
    assert len(messages) == 2
    shown = messages[1].text().count("has wheels")
    assert shown == 59 or f"and {59 - shown} lines more" in messages[1].text()
    assert messages[0].nonce != messages[1].nonce


async def test_a_clock_that_is_set_back_keeps_nobody_waiting_and_tells_nothing_twice(
    office: Office, fake: FakeDiscord, clock: Clock
) -> None:
    await watch(office, WatchPlace(person(fake).id))
    await office.poster.announce([gained()])
    await office.alerts.tick()
    clock.advance(timedelta(days=-400))
    await office.poster.announce([gained(version="2.5")])
    await office.alerts.tick()
    await office.alerts.tick()
    assert [line.split()[2] for line in texts(fake)] == ["2.4", "2.5"]


# Who does not want to be told, or not any more


async def test_what_is_removed_before_it_is_told_is_not_told(office: Office, fake: FakeDiscord, clock: Clock) -> None:
    place = WatchPlace(person(fake).id)
    await watch(office, place, "numpy", "lxml")
    await office.poster.announce([gained()])
    await office.alerts.tick()
    await office.poster.announce([gained("lxml")])
    await office.alerts.tick()
    assert await office.stores.watches.remove(place, ["lxml", "scipy"]) == {"lxml"}
    clock.advance(BETWEEN_ALERTS)
    await office.alerts.tick()
    assert len(texts(fake)) == 1


async def test_what_happens_while_a_watch_rests_is_never_told(office: Office, fake: FakeDiscord, clock: Clock) -> None:
    place = WatchPlace(person(fake).id)
    await watch(office, place)
    await office.stores.watches.pause(place, ["numpy"], clock() + timedelta(days=7))
    await office.poster.announce([gained()])
    await office.alerts.tick()
    clock.advance(timedelta(days=7))
    await office.poster.announce([gained(version="2.5")])
    await office.alerts.tick()
    assert [line.split()[2] for line in texts(fake)] == ["2.5"]


async def test_a_watcher_who_is_forgotten_and_comes_back_is_told_again(office: Office, fake: FakeDiscord) -> None:
    place = WatchPlace(person(fake).id)
    await watch(office, place)
    await office.poster.announce([gained()])
    await office.alerts.tick()
    await office.stores.watches.forget_person(person(fake).id)
    await watch(office, place)
    await office.poster.announce([gained(version="2.5")])
    await office.alerts.tick()
    assert [line.split()[2] for line in texts(fake)] == ["2.4", "2.5"]


async def test_who_is_forgotten_while_a_message_waits_is_told_nothing(office: Office, fake: FakeDiscord) -> None:
    place = WatchPlace(person(fake).id)
    await watch(office, place)
    await office.poster.announce([gained()])
    fake.fail("POST", SENDS, 503)
    await office.alerts.tick()
    await office.stores.watches.forget_person(person(fake).id)
    assert not any((await office.stores.watches.about(person(fake).id)).values())
    await office.alerts.tick()
    assert fake.direct_messages("ada") == []


# Where it cannot be told


async def test_closed_direct_messages_stop_one_watcher_and_block_no_other(
    office: Office, fake: FakeDiscord, clock: Clock
) -> None:
    ada = person(fake)
    ada.dms_blocked = True
    for name in ("ada", "grace"):
        await watch(office, WatchPlace(person(fake, name).id))
    for number in range(5):
        await office.poster.announce([gained(version=f"2.{number}")])
        await office.alerts.tick()
        clock.advance(BETWEEN_ALERTS)
    assert len(texts(fake, "grace")) == 5
    assert fake.count("POST", SENDS) == 5 + 1
    assert await office.stores.watches.uninformed() == {ada.id}
    reason = await office.stores.watches.inform(ada.id)
    assert reason is not None
    assert "direct messages are closed" in reason
    assert await office.stores.watches.uninformed() == frozenset()


async def test_who_opens_their_direct_messages_gets_what_was_refused_and_what_comes(
    office: Office, fake: FakeDiscord, clock: Clock
) -> None:
    ada = person(fake)
    place = WatchPlace(ada.id)
    ada.dms_blocked = True
    await watch(office, place)
    await office.poster.announce([gained()])
    await office.alerts.tick()
    ada.dms_blocked = False
    assert await office.stores.watches.reopen(place)
    recipient = await office.stores.watches.recipient(place)
    assert recipient is not None
    await office.stores.posts.take_up_alerts(recipient.number, clock())
    clock.advance(BETWEEN_ALERTS)
    await office.poster.announce([gained(version="2.5")])
    await office.alerts.tick()
    assert sorted(line.split()[2] for line in texts(fake)) == ["2.4", "2.5"]


async def test_a_person_that_does_not_exist_keeps_nobody_waiting(office: Office, fake: FakeDiscord) -> None:
    await watch(office, WatchPlace(5))
    await watch(office, WatchPlace(person(fake).id))
    await office.poster.announce([gained()])
    await office.alerts.tick()
    await office.alerts.tick()
    assert len(texts(fake)) == 1
    assert fake.count("POST", OPENINGS) == 2
    assert await office.stores.watches.uninformed() == {5}


async def test_direct_channels_are_opened_a_few_at_a_time_and_each_once(
    office: Office, fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts_module, "OPENED_AT_ONCE", 3)
    names = [f"reader-{number}" for number in range(7)]
    for name in names:
        await watch(office, WatchPlace(person(fake, name).id))
    await office.poster.announce([gained()])
    counts = []
    for _ in range(4):
        await office.alerts.tick()
        counts.append((fake.count("POST", OPENINGS), sum(len(texts(fake, name)) for name in names)))
    assert counts == [(3, 3), (6, 6), (7, 7), (7, 7)]


async def test_an_opening_that_fails_is_tried_again(office: Office, fake: FakeDiscord, clock: Clock) -> None:
    await watch(office, WatchPlace(person(fake).id))
    await office.poster.announce([gained()])
    fake.fail("POST", OPENINGS, 503)
    await office.alerts.tick()
    assert texts(fake) == []
    clock.advance(timedelta(minutes=5))
    await office.alerts.tick()
    assert len(texts(fake)) == 1


async def test_a_channel_that_may_not_be_written_in_rests_until_it_may(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    await watch(office, place_of(general))
    fake.deny(general, Permission.SEND_MESSAGES)
    for number in range(3):
        await office.poster.announce([gained(version=f"2.{number}")])
        await office.alerts.tick()
        clock.advance(BETWEEN_ALERTS)
    assert fake.count("POST", SENDS) == 1
    fake.allow(general, Permission.SEND_MESSAGES)
    assert await office.guilds.reopen(guild_of(general).id, general.id)
    await office.alerts.tick()
    lines = [line for message in own(fake, general) for line in message.text().split("\n") if line[:2] == "- "]
    assert sorted(line.split()[2] for line in lines) == ["2.0", "2.1", "2.2"]


async def test_a_channel_that_is_deleted_is_asked_once(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    await watch(office, place_of(general))
    fake.delete_channel(general)
    for number in range(3):
        await office.poster.announce([gained(version=f"2.{number}")])
        await office.alerts.tick()
        clock.advance(BETWEEN_ALERTS)
    assert fake.count("POST", SENDS) == 1


async def test_a_server_that_removed_the_bot_is_told_nothing_and_forgotten_after_a_month(
    office: Office, fake: FakeDiscord, clock: Clock, general: Channel
) -> None:
    await watch(office, place_of(general))
    await office.notices("guild_remove", lambda: fake.leave(guild_of(general)))
    await office.poster.tick()
    await office.poster.announce([gained()])
    await office.alerts.tick()
    assert fake.count("POST", SENDS) == 0
    clock.advance(FORGOTTEN_AFTER + timedelta(days=1))
    await office.poster.tick()
    assert await office.stores.watches.recipient(place_of(general)) is None
    await office.alerts.tick()


async def test_posts_of_watches_and_of_servers_do_not_get_in_each_others_way(
    office: Office, fake: FakeDiscord, general: Channel
) -> None:
    await office.subscribe(general)
    await office.guilds.set_announcements(guild_of(general).id, general.id)
    await watch(office, place_of(general))
    await office.poster.announce([gained()])
    await asyncio.gather(office.poster.tick(), office.alerts.tick())
    assert len(own(fake, general)) == 3
    assert (await office.last(general, PostKind.WATCH)).message is not None


# Attempts without an answer, several processes


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("wait", [timedelta(minutes=1), timedelta(minutes=30)])
@pytest.mark.parametrize("status", [503, None])
async def test_an_attempt_without_an_answer_never_becomes_two_messages(  # noqa: PLR0913, PLR0917 — a table of faults
    office: Office, fake: FakeDiscord, clock: Clock, stored: bool, wait: timedelta, status: int | None
) -> None:
    await watch(office, WatchPlace(person(fake).id))
    await office.poster.announce([gained()])
    if status is None:
        fake.reset("POST", SENDS, apply=stored)
    else:
        fake.fail("POST", SENDS, status, apply=stored)
    await office.alerts.tick()
    clock.advance(wait)
    await office.alerts.tick()
    assert len(fake.direct_messages("ada")) == 1


async def test_two_processes_on_one_database_tell_each_watcher_once(
    office: Office, fake: FakeDiscord, address: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_news_module, "AT_ONCE", 2)
    names = [f"reader-{number}" for number in range(6)]
    for name in names:
        await watch(office, WatchPlace(person(fake, name).id))
    await office.alerts.tick()
    async with open_office(fake, address, clock) as other:
        await office.poster.announce([gained(), gained(version="2.5")])
        await asyncio.gather(office.alerts.tick(), other.alerts.tick())
        await asyncio.gather(office.alerts.tick(), other.alerts.tick())
        clock.advance(BETWEEN_ALERTS)
        await asyncio.gather(office.alerts.tick(), other.alerts.tick())
    assert [sorted(line.split()[2] for line in texts(fake, name)) for name in names] == [["2.4", "2.5"]] * 6


async def test_one_message_that_hangs_keeps_nobody_waiting(office: Office, fake: FakeDiscord) -> None:
    for name in ("ada", "grace"):
        await watch(office, WatchPlace(person(fake, name).id))
    await office.alerts.tick()
    await office.poster.announce([gained()])
    ada = fake.world.dm(person(fake))
    hold = fake.hold("POST", rf"/channels/{ada.id}/messages$")
    ticking = asyncio.create_task(office.alerts.tick())
    await fake.until(lambda: len(texts(fake, "grace")) == 1)
    hold.release.set()
    await ticking
    assert len(texts(fake)) == 1


async def test_where_discord_forbids_very_much_it_is_left_alone(office: Office, fake: FakeDiscord) -> None:
    await watch(office, WatchPlace(person(fake).id))
    await office.alerts.tick()
    for _ in range(3_000):
        office.alerts.discord.pace.note_refusal()
    await office.poster.announce([gained()])
    await office.alerts.tick()
    assert fake.count("POST", SENDS) == 0
