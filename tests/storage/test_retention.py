"""What is over is forgotten; what makes something be done once, and what people said, is not."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from bot.core.digest.changes import Change, ChangeKind
from bot.core.digest.weeks import week_of
from bot.core.github.threads import ThreadState
from bot.core.posting.posts import Post, PostKind, State
from bot.core.posting.settings import DigestSettings, IssueFeed
from bot.core.posting.watches import NewsItem, NewsKind, NewsSource, Watch, WatchPlace, alert_post
from bot.core.triage.actions import ActionKind
from bot.core.triage.changeset import Changeset, MarkKind, Progress
from bot.core.upstream.threads import Cursor, EventKind, KnownThread, ThreadEvent, ThreadOrigin
from bot.core.wheels.targets import Target
from storage.discord.changes import Changes
from storage.discord.closed_channels import ClosedChannels
from storage.discord.guilds import Guilds
from storage.discord.package_news import PackageNews
from storage.discord.posts import Posts
from storage.discord.watch_news import WatchNews
from storage.discord.watches import Watches
from storage.engine.engine import Engine
from storage.engine.migrations import MIGRATIONS, tables
from storage.github.changesets import Changesets
from storage.github.cursors import Cursors
from storage.github.inbox import Inbox
from storage.github.marks import ThreadMarks
from storage.github.outbox import Outbox
from storage.github.overrides import LabelOverrides
from storage.github.thread_events import ThreadEvents
from storage.github.threads import Threads
from storage.packages.scans import Scans
from storage.retention import AT_ONCE, Retention
from tests.patience import at_most
from tests.storage.discord.made_posts import due
from tests.storage.made_threads import ENTRY, MARK, NODE, NOW, OVERRIDE, REVIEW, THREAD, action, event, thread

KEEP = timedelta(days=400)
DAY, WEEK, FORTNIGHT, YEAR = timedelta(days=1), timedelta(days=7), timedelta(days=14), timedelta(days=365)
LONG_AGO = NOW - KEEP - DAY

STAYING = {
    "changes",
    "inspections",
    "thread_marks",
    "outbox",
    "package_news",
    "packages",
    "registrations",
    "reviews",
    "rule_drops",
    "schema_version",
    "label_overrides",
}
"""Tables whose rows are small and stay: each makes something be done once, or is what somebody said.

Of the outbox stays one row for every comment with a command, and for every state of a repository's settings that could
not be used; of the marks one for every thread that the bot did anything about.
"""


async def forget(database: Engine, now: datetime = NOW) -> Counter[str]:
    """Forget what was over by then, and count it."""
    forgotten: Counter[str] = Counter()
    async for table, rows in Retention(database).forget(now - KEEP, now):
        forgotten[table] += rows
    return +forgotten


async def count(database: Engine, table: str) -> int:
    rows = await database.read(f"SELECT COUNT(*) FROM {table}")  # noqa: S608 — a table of ours
    (number,) = rows[0]
    assert isinstance(number, int)
    return number


def post(guild: int = 1, kind: PostKind = PostKind.DIGEST, key: str = "2025-W10", planned: datetime = LONG_AGO) -> Post:
    return Post(guild, kind, key, 7, State.PLANNED, planned + WEEK, planned)


async def sent(posts: Posts, *made: Post) -> None:
    """Plan posts, and send them."""
    for each in made:
        assert each.due is not None
        assert await posts.plan(each, each.due)
        assert await posts.claim(each, "me", each.due)
        assert await posts.record(replace(each, state=State.SENT, due=None), "me")


# Watches


async def test_what_was_told_to_watchers_goes_and_what_makes_it_told_once_stays(database: Engine) -> None:
    watches, news, package_news = Watches(database), WatchNews(database), PackageNews(database)
    place = WatchPlace(None, 1, 9)
    await watches.add(place, [Watch("numpy")], 50, LONG_AGO - WEEK)
    told = NewsItem("numpy", NewsKind.PRERELEASE, Target(14), "2.0rc1")
    await package_news.record([told], LONG_AGO - WEEK)
    (reader,) = [each for each in await news.readers() if each.source is NewsSource.PACKAGE_NEWS]
    await news.hand_out(reader, 1, told, LONG_AGO - WEEK)
    (planned,) = await news.gather(LONG_AGO - WEEK, alert_post, 10)
    assert await Posts(database).claim(planned, "me", LONG_AGO - WEEK)
    assert await Posts(database).record(replace(planned, state=State.SENT, due=None), "me")
    assert await forget(database) == {"posts": 1, "watch_news": 1}
    assert await watches.listed(place) == (Watch("numpy"),)
    assert await package_news.record([told], NOW) == 0
    (reader,) = [each for each in await news.readers() if each.source is NewsSource.PACKAGE_NEWS]
    assert reader.position == 1


async def test_who_could_not_be_told_anything_for_very_long_is_forgotten(database: Engine) -> None:
    watches, news, closed = Watches(database), WatchNews(database), ClosedChannels(database)
    places = [WatchPlace(5), WatchPlace(6), WatchPlace(None, 1, 9), WatchPlace(None, 1, 10)]
    for place in places:
        await watches.add(place, [Watch("numpy")], 50, LONG_AGO - DAY)
    numbers = [recipient.number for place in places if (recipient := await watches.recipient(place)) is not None]
    await news.close(numbers[0], "Closed.", LONG_AGO - DAY)
    await news.close(numbers[1], "Closed.", NOW)
    await closed.close(1, 9, "It is gone.", LONG_AGO - DAY)
    await closed.close(1, 10, "It is gone.", NOW)
    assert await forget(database) == {"watches": 2, "watchers": 2, "closed_channels": 1}
    assert [bool(await watches.listed(place)) for place in places] == [False, True, False, True]


# Posts


ALL_KEPT = tuple(kind for kind in PostKind if kind is not PostKind.WATCH)
"""The kinds of which each server's last post is kept."""


async def test_posts_that_are_over_are_forgotten_but_the_last_of_each_kind(database: Engine) -> None:
    posts = Posts(database)
    old = [
        post(
            guild, kind, f"2025-W{week}" if kind is PostKind.DIGEST else f"1-{week}", LONG_AGO - WEEK + DAY / 24 * week
        )
        for guild in (1, 2)
        for kind in ALL_KEPT
        for week in (10, 11)
    ]
    await sent(posts, *old, post(3, planned=NOW - KEEP))
    assert await forget(database) == {"posts": 6}
    for guild in (1, 2):
        for kind in ALL_KEPT:
            last = await posts.last(guild, kind)
            assert last is not None
            assert last.key in {"2025-W11", "1-11"}
    assert await posts.last(3, PostKind.DIGEST) is not None


async def test_a_post_with_which_something_is_to_be_done_stays(database: Engine) -> None:
    posts = Posts(database)
    await posts.plan(post(planned=LONG_AGO - WEEK), LONG_AGO - WEEK)
    await sent(posts, post(key="2025-W11", planned=LONG_AGO - DAY))
    assert await forget(database) == {}
    assert [each.key for each in await due(posts, NOW)] == ["2025-W10"]


async def test_closed_channels_that_nobody_uses_are_forgotten(database: Engine) -> None:
    closed, guilds = ClosedChannels(database), Guilds(database)
    await guilds.set_digest(1, DigestSettings(1, NOW))
    await guilds.set_announcements(1, 2)
    await guilds.set_issues(1, IssueFeed(3))
    for channel in range(1, 6):
        await closed.close(1, channel, "Forbidden.", LONG_AGO if channel < 5 else NOW)
    assert await forget(database) == {"closed_channels": 1}
    assert await closed.everywhere() == {1, 2, 3, 5}


# What scans and watching found


async def test_of_scans_only_the_last_says_what_it_found(database: Engine) -> None:
    scans = Scans(database)
    for days in (2, 1, 0):
        begun = LONG_AGO - timedelta(days=days)
        await scans.end(await scans.begin(begun, begun), begun, [("numpy", 1)], {})
    latest = await scans.latest()
    interrupted = await scans.begin(NOW, NOW)
    assert await forget(database) == {"scans": 2}
    assert await scans.latest() == latest
    await scans.end(interrupted, NOW, [("numpy", 1)], {"lxml": "It failed."})
    assert await forget(database) == {"scans": 1}
    again = await scans.begin(NOW, NOW)
    assert again == interrupted + 1
    await scans.end(again, NOW, [("numpy", 1)], {})
    await forget(database)
    assert await database.read("SELECT tracked IS NULL FROM scans ORDER BY id") == [(1,), (0,)]


async def test_numbers_go_on_and_nothing_is_shown_twice(database: Engine) -> None:
    threads, events, guilds = Threads(database), ThreadEvents(database), Guilds(database)
    await threads.record([THREAD], [happened(THREAD, at=LONG_AGO + DAY / 9 * n) for n in range(3)], [], LONG_AGO)
    await guilds.set_issues(1, IssueFeed(7))
    assert await forget(database) == {"thread_events": 3}
    assert await events.newest() == 3
    await threads.record([THREAD], [happened(THREAD, at=NOW)], [], NOW)
    assert [position for position, _ in await events.numbered_after((await guilds.issues_not_shown(99))[1])] == [4]


async def test_a_thread_that_ended_long_ago_is_forgotten_and_one_that_is_open_or_in_the_table_is_not(
    database: Engine,
) -> None:
    closed = replace(THREAD.issue, state=ThreadState.CLOSED, closed=LONG_AGO, updated=LONG_AGO)
    old = [
        KnownThread(replace(closed, node_id=origin.value), origin, None, free_threading=True, kinds=())
        for origin in ThreadOrigin
    ]
    others = {
        "open": replace(closed, state=ThreadState.OPEN, closed=None),
        "lately": replace(closed, updated=NOW),
    }
    known = [*old, *(replace(old[-1], issue=replace(issue, node_id=name)) for name, issue in others.items())]
    gone = replace(known[-2], issue=replace(others["open"], node_id="gone"), gone=LONG_AGO)
    wheels = [Cursor(f"wheels {node} 1.0 3.14t", checked=LONG_AGO) for node in ("search", "open", "search2")]
    await Threads(database).record([*known, gone], [], [*wheels, Cursor("search x", checked=LONG_AGO)], LONG_AGO)
    assert await forget(database) == {"threads": 4}
    assert {each.issue.node_id for each in await Threads(database).all()} == {"table", "open", "lately"}
    assert {cursor.name for cursor in await Cursors(database).all()} == {
        "wheels open 1.0 3.14t",
        "wheels search2 1.0 3.14t",
        "search x",
    }


# Triage


CLOSED = replace(
    THREAD,
    origin=ThreadOrigin.TRIAGE,
    issue=replace(THREAD.issue, state=ThreadState.CLOSED, closed=LONG_AGO, updated=LONG_AGO),
)


async def done(database: Engine, *, now: datetime = LONG_AGO, known: KnownThread = CLOSED) -> None:
    """Do a bit of everything about a thread: what rules do, a command, a notice, and what people say."""
    node = known.issue.node_id
    asked = replace(action("eyes", node, kind=ActionKind.REACT), comment=7)
    actions = [
        action("bug", node),
        action("thread", node, kind=ActionKind.COMMENT),
        asked,
        replace(asked, value="rocket"),
        replace(asked, kind=ActionKind.REPLY, value="why"),
        action("digest", node, repository=node, kind=ActionKind.NOTICE),
    ]
    entries = tuple(replace(ENTRY, at=now, node_id=node, delivery=f"d {node} {n}") for n in range(2))
    await Changesets(database).record(
        Changeset(
            thread=known,
            entries=entries,
            actions=tuple(actions),
            overrides=(replace(OVERRIDE, node_id=node),),
            marks=(replace(MARK, node_id=node),),
            reviews=(replace(REVIEW, node_id=node),),
        ),
        now,
    )
    async with database.transaction() as transaction:  # as the outbox worker does one by one
        await transaction.run("UPDATE outbox SET state = 'confirmed', due = NULL WHERE node_id = ?", (node,))


async def test_what_was_done_is_forgotten_with_its_thread_but_not_that_it_was_nor_what_people_said(
    database: Engine,
) -> None:
    await done(database)
    assert await forget(database) == {"threads": 1, "audit": 2}
    kept = await Outbox(database).of_thread(NODE)
    assert [(each.action.kind, each.action.value) for each in kept] == [
        (ActionKind.REACT, "eyes"),
        (ActionKind.NOTICE, "digest"),
    ]
    marks = await ThreadMarks(database).of(NODE)
    assert marks.keys() == {MarkKind.DUPLICATE, MarkKind.OVER}
    assert (await LabelOverrides(database).of(NODE))[OVERRIDE.label].wanted is False
    assert await count(database, "reviews") == 1
    assert await forget(database) == {}


@pytest.mark.parametrize(
    "known",
    [
        replace(CLOSED, issue=replace(CLOSED.issue, state=ThreadState.OPEN, closed=None)),
        replace(CLOSED, issue=replace(CLOSED.issue, updated=NOW)),
        replace(CLOSED, origin=ThreadOrigin.TABLE),
    ],
    ids=["open", "lately", "table"],
)
async def test_what_was_done_about_a_thread_that_is_not_over_stays(database: Engine, known: KnownThread) -> None:
    await done(database, known=known)
    await forget(database)
    assert len(await Outbox(database).of_thread(NODE)) == 6
    assert MarkKind.OVER not in await ThreadMarks(database).of(NODE)


async def test_a_thread_about_which_something_is_still_to_be_done_stays(database: Engine) -> None:
    await Changesets(database).record(Changeset(thread=CLOSED, actions=(action("bug"),)), LONG_AGO)
    assert await forget(database) == {}
    assert await Threads(database).get(NODE) is not None


async def test_what_was_done_about_threads_that_nobody_knows_is_forgotten_once(database: Engine) -> None:
    await Changesets(database).record(Changeset(actions=(action("bug"),)), LONG_AGO)
    outbox = Outbox(database)
    assert await forget(database) == {}, "it is not done yet"
    entry = await outbox.claim(NOW, "me")
    assert entry is not None
    await outbox.record(replace(entry, progress=Progress.CONFIRMED, due=None), "me")
    assert await forget(database) == {"outbox": 1}
    assert await outbox.of_thread(NODE) == ()
    assert MarkKind.OVER in await ThreadMarks(database).of(NODE)
    assert await forget(database) == {}


async def test_what_came_in_is_forgotten_when_it_is_worked_on(database: Engine) -> None:
    inbox = Inbox(database)
    for delivery in ("d1", "d2", "d3"):
        await inbox.receive_many([(delivery, event(delivery))], LONG_AGO)
    await inbox.close("d1")
    assert await forget(database) == {"inbox": 1}
    assert await inbox.known(["d1", "d2", "d3"]) == {"d2", "d3"}


# In turns


async def test_writers_come_in_between(database: Engine) -> None:
    inbox = Inbox(database)
    await inbox.receive_many([(f"d{n}", event(f"d{n}")) for n in range(AT_ONCE * 3)], LONG_AGO)
    async with database.transaction() as transaction:
        await transaction.run("UPDATE inbox SET due = NULL")
    found: list[int] = []
    async for table, rows in Retention(database).forget(NOW - KEEP, NOW):
        if table == "inbox":
            async with asyncio.timeout(at_most(30)):
                assert await inbox.receive_many([(f"new {len(found)}", event(f"new {len(found)}"))], NOW)
            found.append(rows)
    assert max(found) <= AT_ONCE
    assert sum(found) == AT_ONCE * 3
    assert await count(database, "inbox") == len(found)


# Ten years


@dataclass(slots=True)
class Life:
    """What a bot stores in a life: servers with digests, announcements and feeds, scans, threads that end."""

    database: Engine
    guilds: tuple[int, ...] = (1, 2)
    noticed: list[Change] = field(default_factory=list)
    posted: set[tuple[int, PostKind, str]] = field(default_factory=set)

    async def begin(self, now: datetime) -> None:
        """Set the servers up."""
        guilds = Guilds(self.database)
        for guild in self.guilds:
            await guilds.set_digest(guild, DigestSettings(guild, now))
            await guilds.set_announcements(guild, guild)
            await guilds.set_issues(guild, IssueFeed(guild))

    async def fortnight(self, now: datetime) -> None:
        """Live through two weeks."""
        number = round((now - NOW) / FORTNIGHT)
        scans = Scans(self.database)
        await scans.end(await scans.begin(now, now), now, [("numpy", 1)] * 20, {})
        await self._change(number, now)
        await self._happen(number, now)
        await self._post(now)

    async def _change(self, number: int, now: datetime) -> None:
        change = Change(f"package-{number}", Target(14), "1.0", ChangeKind.GAINED)
        assert await Changes(self.database).record([change, *self.noticed[-50:]], now) == 1
        self.noticed.append(change)

    async def _happen(self, number: int, now: datetime) -> None:
        """Open a thread and do something about it; the one before is closed."""
        opened = thread(number + 1, f"I_{number}", replace(CLOSED, origin=ThreadOrigin.TRIAGE))
        issue = replace(opened.issue, state=ThreadState.OPEN, closed=None, created=now, updated=now)
        await done(self.database, now=now, known=replace(opened, issue=issue))
        await Threads(self.database).record([], [happened(opened, at=now)], [], now)
        before = await Threads(self.database).get(f"I_{number - 1}")
        if before is not None:
            ended = replace(before.issue, state=ThreadState.CLOSED, closed=now, updated=now)
            await Threads(self.database).record([replace(before, issue=ended)], [happened(before, at=now)], [], now)

    async def _post(self, now: datetime) -> None:
        """Plan what is due as the poster does, the last weeks' digests once more, and send it."""
        posts, guilds = Posts(self.database), Guilds(self.database)
        newest, newest_event = await Changes(self.database).newest(), await ThreadEvents(self.database).newest()
        announced, shown = await guilds.not_announced(newest), await guilds.issues_not_shown(newest_event)
        for guild in self.guilds:
            for back in range(2):
                week = week_of((now - back * FORTNIGHT).date())
                new = await posts.plan(post(guild, PostKind.DIGEST, str(week), now), now)
                assert new is (back == 0), "that of the last time is known, however much was forgotten"
            made = post(guild, PostKind.ANNOUNCEMENT, f"{announced[guild] + 1}-{newest}", now)
            made = replace(made, channel=guild)
            assert await posts.plan_announcement(made, now)
            assert not await posts.plan_announcement(made, now)
            told = replace(post(guild, PostKind.ISSUES, f"{shown[guild] + 1}-{newest_event}", now), channel=guild)
            assert await posts.plan_issues([told], guild, shown[guild], newest_event, now)
            assert not await posts.plan_issues([told], guild, shown[guild], newest_event, now)
        for each in await posts.claim_due("me", now, 99):
            assert (each.guild, each.kind, each.key) not in self.posted
            self.posted.add((each.guild, each.kind, each.key))
            await posts.record(replace(each, state=State.SENT, due=None), "me")


async def counts(database: Engine) -> dict[str, int]:
    return {table: await count(database, table) for table in tables(MIGRATIONS)}


@pytest.mark.no_cover  # ten years repeat what the other tests do once
async def test_five_years_stay_bounded_and_nothing_is_done_twice(database: Engine) -> None:
    life = Life(database)
    await life.begin(NOW)
    years: list[dict[str, int]] = []
    await Posts(database).plan(post(1, PostKind.DIGEST, str(week_of((NOW - FORTNIGHT).date())), NOW), NOW)
    await Posts(database).plan(post(2, PostKind.DIGEST, str(week_of((NOW - FORTNIGHT).date())), NOW), NOW)
    for number in range(5 * 26):
        now = NOW + number * FORTNIGHT
        await life.fortnight(now)
        if number % 2:
            await forget(database, now)
        if number % 26 == 25:
            years.append(await counts(database))
    growing = {table for table, rows in years[-1].items() if rows > years[2][table]}
    assert growing <= STAYING
    assert all(years[-1][table] <= 400 for table in years[-1].keys() - STAYING)
    assert years[-1]["outbox"] <= 5 * 26 * 2 + 400
    # All that ever was is told again, as after a change of rules.
    assert await Changes(database).record(life.noticed, NOW + 5 * YEAR) == 0


def happened(known: KnownThread, at: datetime) -> ThreadEvent:
    """Make something happen to a thread."""
    issue = known.issue
    return ThreadEvent(EventKind.OPENED, issue.node_id, issue.ref, issue.title, issue.is_pr, known.package, at, 0)
