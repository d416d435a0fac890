"""Posts, what servers set, closed channels and changes, in a real database."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.core.digest.changes import Change, ChangeKind
from bot.core.fleet.shards import Presence, shard_of
from bot.core.posting.posts import Post, PostKind, State
from bot.core.posting.settings import GuildSettings, IssueFeed
from bot.core.upstream.threads import EventKind
from bot.core.wheels.platforms import Platform
from bot.core.wheels.targets import Target
from storage.discord.changes import Changes
from storage.discord.closed_channels import ClosedChannels
from storage.discord.guilds import Guilds
from storage.discord.posts import CLAIM, KEPT, Posts
from storage.engine.engine import Engine
from storage.github.threads import Threads
from tests.services.threads import event, thread
from tests.storage.discord.made_posts import CHANNEL, DIGEST, GUILD, NOW, POST, due
from tests.storage.engines import OpenEngine


@pytest.fixture
def posts(database: Engine) -> Posts:
    return Posts(database)


@pytest.fixture
def guilds(database: Engine) -> Guilds:
    return Guilds(database)


async def claimed(posts: Posts, name: str = "me", now: datetime = NOW) -> Post:
    post = await posts.claim(POST, name, now)
    assert post is not None
    return post


# Posts


async def test_a_post_is_planned_once_and_read_back_as_it_was(posts: Posts) -> None:
    assert await posts.plan(POST, NOW)
    assert not await posts.plan(replace(POST, channel=1), NOW)
    assert await due(posts, NOW) == (POST,)
    assert await posts.known(PostKind.DIGEST, ["2026-W47", "2026-W48"]) == {(GUILD, "2026-W47")}
    assert await posts.known(PostKind.DIGEST, []) == frozenset()


async def test_a_missed_post_may_be_planned_again_and_no_other(posts: Posts) -> None:
    await posts.plan(POST, NOW)
    await claimed(posts)
    await posts.record(replace(POST, state=State.MISSED, due=None, attempts=3, reason="late"), "me")
    assert await posts.known(PostKind.DIGEST, ["2026-W47"]) == frozenset()
    assert await posts.plan(POST, NOW)
    assert await posts.last(GUILD, PostKind.DIGEST) == POST
    for state in set(State) - {State.MISSED}:
        await claimed(posts)
        await posts.record(replace(POST, state=state), "me")
        assert not await posts.plan(POST, NOW)


async def test_a_claim_keeps_others_away_until_it_ends(posts: Posts) -> None:
    await posts.plan(POST, NOW)
    await claimed(posts, "one")
    assert await posts.claim(POST, "two", NOW) is None
    assert await posts.claim(POST, "one", NOW) == POST
    assert await posts.claim(POST, "two", NOW + CLAIM - timedelta(seconds=1)) is None
    assert await posts.claim(POST, "two", NOW + CLAIM) == POST
    assert not await posts.begin(POST, "one", NOW + CLAIM)
    assert not await posts.record(replace(POST, state=State.SENT), "one")
    assert not await posts.put_off(replace(POST, due=None), "one")


async def test_a_claim_by_a_clock_that_was_ahead_does_not_hold(posts: Posts) -> None:
    await posts.plan(POST, NOW)
    await claimed(posts, "one", NOW + timedelta(days=1))
    assert await posts.claim(POST, "two", NOW) == POST


async def test_a_post_put_off_by_a_clock_that_was_ahead_is_due(posts: Posts) -> None:
    await posts.plan(POST, NOW)
    await claimed(posts)
    await posts.put_off(replace(POST, due=NOW + timedelta(days=100)), "me")
    assert [post.key for post in await due(posts, NOW)] == ["2026-W47"]
    assert await posts.claim(POST, "me", NOW) is not None


async def test_a_post_that_is_put_off_stays_as_far_as_it_is(posts: Posts) -> None:
    await posts.plan(POST, NOW)
    planned = await claimed(posts)
    assert await posts.begin(planned, "me", NOW)
    later = NOW + timedelta(minutes=30)
    await posts.put_off(replace(planned, due=later, attempts=1, reason="down"), "me")
    assert await due(posts, NOW) == ()
    (post,) = await due(posts, later)
    assert post == replace(POST, state=State.SENDING, due=later, attempts=1, reason="down", begun=NOW)


async def test_a_post_cannot_be_begun_after_it_was_sent_elsewhere(posts: Posts) -> None:
    await posts.plan(POST, NOW)
    planned = await claimed(posts)
    await posts.redirect(replace(POST, channel=1), NOW)
    assert not await posts.begin(planned, "me", NOW)
    (post,) = await due(posts, NOW)
    assert (post.channel, post.state) == (1, State.PLANNED)


async def test_when_a_post_was_first_sent_is_kept_until_it_surely_was_not(posts: Posts) -> None:
    await posts.plan(POST, NOW)
    for minute in range(3):
        post = await claimed(posts)
        assert await posts.begin(post, "me", NOW + timedelta(minutes=minute))
    (post,) = await posts.claim_due("me", NOW, 9, again=True)
    assert post.begun == NOW
    await posts.record(replace(post, state=State.REFUSED, due=None), "me")
    await posts.redirect(POST, NOW)
    (post,) = await due(posts, NOW)
    assert (post.state, post.begun) == (State.PLANNED, None)


@pytest.mark.parametrize("state", list(State))
async def test_only_what_was_surely_not_posted_is_redirected(posts: Posts, state: State) -> None:
    await posts.plan(POST, NOW)
    await claimed(posts)
    await posts.record(replace(POST, state=state, due=None), "me")
    await posts.redirect(replace(POST, channel=1), NOW)
    post = await posts.last(GUILD, PostKind.DIGEST)
    assert post is not None
    assert (post.channel == 1) == (state in {State.PLANNED, State.REFUSED})
    await posts.redirect(replace(POST, channel=2), POST.expires)
    post = await posts.last(GUILD, PostKind.DIGEST)
    assert post is not None
    assert post.channel != 2


async def test_only_what_was_not_begun_is_dropped(posts: Posts) -> None:
    await posts.plan(POST, NOW)
    await posts.plan(replace(POST, key="2026-W48"), NOW)
    assert await posts.begin(await claimed(posts), "me", NOW)
    await posts.drop(GUILD, PostKind.DIGEST)
    assert [post.key for post in await due(posts, NOW + CLAIM)] == ["2026-W47"]


# Many at a time


async def plan_many(posts: Posts, numbers: range, kind: PostKind = PostKind.DIGEST) -> None:
    for number in numbers:
        planned = replace(POST, guild=number, kind=kind, due=NOW - timedelta(seconds=number))
        assert await posts.plan(planned, NOW)


async def test_those_due_first_are_claimed_first_and_nobody_gets_them_again(posts: Posts) -> None:
    await plan_many(posts, range(1, 6))
    claims = [[post.guild for post in await posts.claim_due(name, NOW, 2)] for name in ("one", "two", "one", "two")]
    assert claims == [[5, 4], [3, 2], [1], []]
    late = NOW + CLAIM
    assert [post.guild for post in await posts.claim_due("three", late - timedelta(seconds=1), 9)] == []
    assert [post.guild for post in await posts.claim_due("three", late, 9)] == [5, 4, 3, 2, 1]


async def test_what_was_left_is_claimed_again_by_who_asks_for_it(posts: Posts) -> None:
    await plan_many(posts, range(1, 4))
    await posts.claim_due("one", NOW, 2)
    assert [post.guild for post in await posts.claim_due("two", NOW, 9, again=True)] == [1]
    assert [post.guild for post in await posts.claim_due("one", NOW, 9)] == []
    assert [post.guild for post in await posts.claim_due("one", NOW + CLAIM, 9)] == [1]
    assert [post.guild for post in await posts.claim_due("one", NOW + CLAIM, 9, again=True)] == [3, 2, 1]


async def test_nothing_is_claimed_of_servers_that_the_bot_left_nor_what_was_due_later(
    posts: Posts, guilds: Guilds
) -> None:
    await plan_many(posts, range(1, 4))
    await guilds.set_digest(2, DIGEST)
    await guilds.note_presence(Presence(frozenset({1, 3})), NOW)
    assert [post.guild for post in await posts.claim_due("me", NOW, 9, until=NOW - timedelta(seconds=2))] == [3]
    assert [post.guild for post in await posts.claim_due("me", NOW, 9)] == [1]


async def test_claims_hold_though_others_know_the_time_less_well(posts: Posts) -> None:
    await plan_many(posts, range(1, 3))
    a_while, one = timedelta(seconds=0.5), replace(POST, guild=1)
    assert len(await posts.claim_due("one", NOW, 9)) == 2
    assert await posts.claim_due("two", NOW - a_while, 9) == ()
    assert await posts.claim(one, "two", NOW - a_while) is None
    assert await posts.begin(one, "one", NOW)
    assert await posts.claim(one, "two", NOW - a_while) is None


async def test_a_batch_claimed_by_a_clock_that_was_ahead_does_not_hold(posts: Posts) -> None:
    await plan_many(posts, range(1, 3))
    assert len(await posts.claim_due("one", NOW + timedelta(days=1), 9)) == 2
    assert len(await posts.claim_due("two", NOW, 9)) == 2


async def test_processes_that_claim_at_once_share_all_there_is(open_engine: OpenEngine) -> None:
    async with AsyncExitStack() as stack:
        processes = [Posts(await stack.enter_async_context(open_engine())) for _ in range(3)]
        await plan_many(processes[0], range(1, 61))
        taken: Counter[int] = Counter()

        async def take(posts: Posts, name: str) -> None:
            while claims := await posts.claim_due(name, NOW, 7):
                taken.update(post.guild for post in claims)

        await asyncio.gather(*(take(posts, str(number)) for number, posts in enumerate(processes)))
        assert taken == dict.fromkeys(range(1, 61), 1)


# Settings


async def test_settings_are_read_back_as_they_were_set(guilds: Guilds) -> None:
    assert await guilds.settings(GUILD) == GuildSettings(GUILD)
    await guilds.set_digest(GUILD, DIGEST)
    await guilds.set_announcements(GUILD, 7)
    assert await guilds.settings(GUILD) == GuildSettings(GUILD, DIGEST, 7)
    assert await guilds.everyone() == (GuildSettings(GUILD, DIGEST, 7),)
    await guilds.set_digest(GUILD, None)
    assert await guilds.settings(GUILD) == GuildSettings(GUILD, None, 7)


async def test_a_server_that_is_gone_is_set_aside_until_it_is_back(guilds: Guilds) -> None:
    await guilds.set_digest(GUILD, DIGEST)
    await guilds.note_presence(Presence(frozenset({1})), NOW)
    assert await guilds.everyone() == ()
    assert await guilds.gone_before(NOW + timedelta(seconds=1)) == (GUILD,)
    await guilds.note_presence(Presence(frozenset({1})), NOW + timedelta(days=3))
    assert await guilds.gone_before(NOW + timedelta(seconds=1)) == (GUILD,)
    await guilds.note_presence(Presence(frozenset({GUILD})), NOW)
    assert await guilds.everyone() == (GuildSettings(GUILD, DIGEST),)
    assert await guilds.gone_before(NOW + timedelta(days=99)) == ()


async def test_a_server_that_another_process_is_told_of_is_not_gone(guilds: Guilds) -> None:
    await guilds.set_digest(GUILD, DIGEST)
    shard = shard_of(GUILD, 4)
    await guilds.note_presence(Presence(frozenset(), frozenset(range(4)) - {shard}, 4), NOW)
    assert await guilds.everyone() == (GuildSettings(GUILD, DIGEST),)
    await guilds.note_presence(Presence(frozenset(), frozenset({shard}), 4), NOW)
    assert await guilds.everyone() == ()
    await guilds.note_presence(Presence(frozenset(), frozenset(range(4)) - {shard}, 4), NOW)
    assert await guilds.everyone() == ()


async def test_a_departure_noted_by_a_clock_that_was_ahead_counts_from_now(guilds: Guilds) -> None:
    await guilds.set_digest(GUILD, DIGEST)
    await guilds.note_presence(Presence(frozenset()), NOW + timedelta(days=365))
    await guilds.note_presence(Presence(frozenset()), NOW)
    assert await guilds.gone_before(NOW + timedelta(seconds=1)) == (GUILD,)


async def test_a_forgotten_server_leaves_nothing(database: Engine, guilds: Guilds, posts: Posts) -> None:
    closed = ClosedChannels(database)
    for guild in (GUILD, 2):
        await guilds.set_digest(guild, DIGEST)
        await posts.plan(replace(POST, guild=guild), NOW)
        await closed.close(guild, guild + 1, "No.", NOW)
    await guilds.forget(GUILD)
    assert [settings.guild for settings in await guilds.everyone()] == [2]
    assert [post.guild for post in await due(posts, NOW)] == [2]
    assert await closed.everywhere() == {3}


# Closed channels


async def test_a_channel_stays_closed_until_it_is_reopened(database: Engine) -> None:
    closed = ClosedChannels(database)
    await closed.close(GUILD, CHANNEL, "No.", NOW)
    await closed.close(GUILD, CHANNEL, "Still not.", NOW)
    assert await closed.reasons(GUILD) == {CHANNEL: "Still not."}
    assert await closed.reopen(CHANNEL)
    assert not await closed.reopen(CHANNEL)
    assert await closed.everywhere() == frozenset()


# Changes and announcements


async def test_changes_are_numbered_and_taken_once(database: Engine) -> None:
    changes = Changes(database)
    gained = Change("numpy", Target(14), "2.3", ChangeKind.GAINED, ("cp314t", "cp315t"))
    lost = replace(gained, kind=ChangeKind.LOST, version="2.4", how=(), lost=(Platform.WIN32, Platform.MACOS_ARM64))
    assert await changes.newest() == 0
    assert await changes.record([gained, lost, gained], NOW) == 2
    assert await changes.record([lost], NOW) == 0
    assert await changes.newest() == 2
    assert await changes.between(1, 2) == (gained, lost)
    assert await changes.between(2, 2) == (lost,)


async def test_changes_are_announced_by_one_post_only(database: Engine, guilds: Guilds, posts: Posts) -> None:
    await Changes(database).record([Change("old", Target(14), "1", ChangeKind.GAINED)], NOW)
    await guilds.set_announcements(GUILD, CHANNEL)
    assert await guilds.not_announced(99) == {GUILD: 1}
    post = replace(POST, kind=PostKind.ANNOUNCEMENT, key="2-3", role=None, publish=False)
    assert await posts.plan_announcement(post, NOW)
    assert not await posts.plan_announcement(post, NOW)
    assert not await posts.plan_announcement(replace(post, key="2-4"), NOW)
    assert not await posts.plan_announcement(replace(post, key="4-4", channel=1), NOW)
    assert await guilds.not_announced(99) == {GUILD: 3}
    assert await posts.last_planned(PostKind.ANNOUNCEMENT, NOW) == {GUILD: NOW}
    assert await due(posts, NOW) == (post,)


# Upstream events

FEED = IssueFeed(CHANNEL, forum=True, events=(EventKind.WHEELS, EventKind.OPENED))
ISSUES = replace(POST, kind=PostKind.ISSUES, key="2-3", role=None, publish=False)


async def happen(database: Engine, *numbers: int) -> None:
    await Threads(database).record([], [event(EventKind.OPENED, thread(number=each)) for each in numbers], [], NOW)


async def test_a_feed_is_read_back_as_it_was_set_and_begins_with_the_next_event(
    database: Engine, guilds: Guilds
) -> None:
    await happen(database, 1, 2)
    assert await guilds.issues_not_shown(99) == {}
    await guilds.set_issues(GUILD, FEED)
    assert await guilds.settings(GUILD) == GuildSettings(GUILD, issues=FEED)
    assert await guilds.issues_not_shown(99) == {GUILD: 2}
    await happen(database, 3)
    text = IssueFeed(5, forum=False, events=(EventKind.CLOSED,))
    await guilds.set_issues(GUILD, text)
    await guilds.set_digest(GUILD, DIGEST)
    assert await guilds.everyone() == (GuildSettings(GUILD, DIGEST, None, text),)
    assert await guilds.issues_not_shown(99) == {GUILD: 2}
    await guilds.set_issues(GUILD, None)
    assert (await guilds.settings(GUILD)).issues is None
    assert await guilds.issues_not_shown(99) == {}
    await guilds.set_issues(GUILD, FEED)
    assert await guilds.issues_not_shown(99) == {GUILD: 3}


async def test_upstream_events_are_planned_once_and_all_posts_of_them_together(guilds: Guilds, posts: Posts) -> None:
    await guilds.set_issues(GUILD, FEED)
    two = [replace(ISSUES, key="2-3 a/a"), replace(ISSUES, key="4-4 b/b")]
    assert not await posts.plan_issues(two, GUILD, 1, 4, NOW)
    assert not await posts.plan_issues([replace(each, channel=1) for each in two], GUILD, 0, 4, NOW)
    assert await due(posts, NOW) == ()
    assert await posts.plan_issues(two, GUILD, 0, 4, NOW)
    assert not await posts.plan_issues(two, GUILD, 0, 4, NOW)
    assert await due(posts, NOW) == tuple(two)
    assert await guilds.issues_not_shown(99) == {GUILD: 4}
    assert await posts.last_planned(PostKind.ISSUES, NOW) == {GUILD: NOW}


async def test_events_that_nobody_wants_are_passed_without_a_post(guilds: Guilds, posts: Posts) -> None:
    assert not await posts.plan_issues([], GUILD, 0, 4, NOW)
    await guilds.set_issues(GUILD, FEED)
    assert await posts.plan_issues([], GUILD, 0, 4, NOW)
    assert not await posts.plan_issues([], GUILD, 0, 5, NOW)
    assert (await guilds.issues_not_shown(99), await due(posts, NOW)) == ({GUILD: 4}, ())


async def test_a_server_is_busy_until_nothing_is_left_to_do(guilds: Guilds, posts: Posts) -> None:
    await guilds.set_issues(GUILD, FEED)
    await posts.plan_issues([ISSUES], GUILD, 0, 3, NOW)
    assert await posts.busy(PostKind.ISSUES) == {GUILD}
    assert await posts.busy(PostKind.DIGEST) == frozenset()
    assert await posts.claim(ISSUES, "me", NOW) is not None
    await posts.record(replace(ISSUES, state=State.SENT, due=None), "me")
    assert await posts.busy(PostKind.ISSUES) == frozenset()


async def test_what_became_of_events_is_forgotten_after_a_while_and_nothing_else_is(
    guilds: Guilds, posts: Posts
) -> None:
    await guilds.set_issues(GUILD, FEED)
    await posts.plan(POST, NOW)
    await posts.plan_issues([ISSUES, replace(ISSUES, key="3-4 b/b")], GUILD, 0, 4, NOW)
    assert await posts.claim(ISSUES, "me", NOW) is not None
    await posts.record(replace(ISSUES, state=State.SENT, due=None), "me")
    later = NOW + KEPT + timedelta(seconds=1)
    await posts.plan_issues([replace(ISSUES, key="5-5", due=later)], GUILD, 4, 5, later)
    assert await posts.known(PostKind.ISSUES, ["2-3", "3-4 b/b", "5-5"]) == {(GUILD, "3-4 b/b"), (GUILD, "5-5")}
    assert await posts.known(PostKind.DIGEST, [POST.key]) == {(GUILD, POST.key)}
