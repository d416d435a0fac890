"""What waits and how long ago things were done is measured from what is stored, and goes on from there."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from prometheus_client import generate_latest
from structlog.testing import capture_logs

from bot.clients.github.budget import Budgets
from bot.core.fleet.shards import Presence
from bot.core.posting.posts import PostKind, State
from bot.core.triage.changeset import Changeset
from bot.services.backlog import Backlog
from bot.services.metrics import Metrics, Queue
from storage.discord.guilds import Guilds
from storage.discord.posts import Posts
from storage.engine.engine import Engine
from storage.github.changesets import Changesets
from storage.github.inbox import Inbox
from storage.github.outbox import Outbox
from storage.packages.scans import Scans
from tests.databases import lose_table, open_database
from tests.services.lookups import Clock
from tests.storage.discord.made_posts import DIGEST, GUILD, POST
from tests.storage.made_threads import ADD, COMMENT, HAPPENING, event

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Gauge:
    """What is measured, of a database."""

    database: Engine
    backlog: Backlog
    clock: Clock

    async def read(self) -> dict[str, float]:
        """Measure, and give the figures as Prometheus reads them, without what begins all of their names."""
        await self.backlog.measure()
        return self.figures()

    def figures(self) -> dict[str, float]:
        lines = generate_latest(self.backlog.metrics.registry).decode().splitlines()
        pairs = (line.rpartition(" ") for line in lines if line.startswith("ftbot_"))
        return {name.removeprefix("ftbot_").replace('"', ""): float(value) for name, _, value in pairs}


def gauge_of(database: Engine, clock: Clock, *, scans: bool = True, idle: Collection[Queue] = ()) -> Gauge:
    backlog = Backlog(
        Posts(database),
        Outbox(database),
        Inbox(database),
        Guilds(database),
        Scans(database) if scans else None,
        {"token": Budgets()},
        Metrics.new(clock),
        clock,
        idle,
    )
    return Gauge(database, backlog, clock)


@pytest.fixture
async def database(address: str) -> AsyncIterator[Engine]:
    async with open_database(address) as opened:
        yield opened


@pytest.fixture
def gauge(database: Engine, clock: Clock) -> Gauge:
    return gauge_of(database, clock)


async def test_what_waits_is_counted_with_the_age_of_the_oldest(gauge: Gauge) -> None:
    first = await gauge.read()
    assert {first[f"waiting{{queue={queue}}}"] for queue in ("posts", "github", "inbox")} == {0}
    assert {first[f"waiting_age_seconds{{queue={queue}}}"] for queue in ("posts", "github", "inbox")} == {0}
    inbox = Inbox(gauge.database)
    for delivery, each in (("d1", HAPPENING), ("d2", event("two"))):
        await inbox.receive_many([(delivery, each)], gauge.clock())
        gauge.clock.advance(hours=1)
    await Changesets(gauge.database).record(Changeset(actions=(ADD, COMMENT)), gauge.clock())
    await Posts(gauge.database).plan(POST, gauge.clock())
    gauge.clock.advance(hours=1)
    then = await gauge.read()
    assert [then[f"waiting{{queue={queue}}}"] for queue in ("posts", "github", "inbox")] == [1, 2, 2]
    assert [then[f"waiting_age_seconds{{queue={queue}}}"] for queue in ("posts", "github", "inbox")] == [
        3600,
        3600,
        10800,
    ]
    await inbox.close("d1")
    assert (await gauge.read())["waiting_age_seconds{queue=inbox}"] == 7200
    gauge.clock.advance(hours=1)
    assert gauge.figures()["waiting_age_seconds{queue=inbox}"] == 10800, "it goes on between two looks"


async def test_what_waits_for_a_server_that_removed_the_bot_does_not_count(gauge: Gauge) -> None:
    guilds = Guilds(gauge.database)
    await guilds.set_digest(GUILD, DIGEST)
    await Posts(gauge.database).plan(POST, gauge.clock())
    await guilds.note_presence(Presence(frozenset()), gauge.clock())
    gauge.clock.advance(hours=7)
    figures = await gauge.read()
    assert (figures["waiting{queue=posts}"], figures["waiting_age_seconds{queue=posts}"]) == (0, 0)
    await guilds.note_presence(Presence(frozenset({GUILD})), gauge.clock())
    figures = await gauge.read()
    assert (figures["waiting{queue=posts}"], figures["waiting_age_seconds{queue=posts}"]) == (1, 7 * 3600)


async def test_what_nobody_works_on_is_counted_and_does_not_age(database: Engine, clock: Clock) -> None:
    gauge = gauge_of(database, clock, idle=(Queue.GITHUB, Queue.INBOX))
    await Inbox(database).receive_many([("d1", HAPPENING)], clock())
    await Changesets(database).record(Changeset(actions=(ADD, COMMENT)), clock())
    await Posts(database).plan(POST, clock())
    clock.advance(hours=7)
    figures = await gauge.read()
    assert [figures[f"waiting{{queue={queue}}}"] for queue in ("posts", "github", "inbox")] == [1, 2, 1]
    ages = [figures[f"waiting_age_seconds{{queue={queue}}}"] for queue in ("posts", "github", "inbox")]
    assert ages == [7 * 3600, 0, 0]


async def test_the_age_of_the_last_scan_counts_from_its_end(gauge: Gauge) -> None:
    assert (await gauge.read())["scan_age_seconds"] == 0
    gauge.clock.advance(hours=2)
    assert (await gauge.read())["scan_age_seconds"] == 7200, "where there never was one, since there should be"
    scans = Scans(gauge.database)
    number = await scans.begin(gauge.clock(), gauge.clock())
    await scans.end(number, gauge.clock(), (), {})
    gauge.clock.advance(minutes=1)
    assert (await gauge.read())["scan_age_seconds"] == 60


async def test_where_nothing_is_scanned_a_scan_has_no_age(database: Engine, clock: Clock) -> None:
    assert math.isnan((await gauge_of(database, clock, scans=False).read())["scan_age_seconds"])


async def test_the_age_of_the_last_digest_counts_where_a_server_wants_one(gauge: Gauge) -> None:
    posts, guilds = Posts(gauge.database), Guilds(gauge.database)
    assert math.isnan((await gauge.read())["digest_age_seconds"])
    await guilds.set_digest(GUILD, replace(DIGEST, since=gauge.clock()))
    assert (await gauge.read())["digest_age_seconds"] == 0
    post = replace(POST, expires=gauge.clock() + timedelta(days=7), due=gauge.clock())
    await posts.plan(post, gauge.clock())
    gauge.clock.advance(hours=1)
    assert (await gauge.read())["digest_age_seconds"] == 3600, "one that is not sent yet is none"
    await posts.claim(post, "me", gauge.clock())
    await posts.record(replace(post, state=State.SENT, due=None), "me")
    assert await posts.last_sent(PostKind.DIGEST) == gauge.clock() - HOUR
    gauge.clock.advance(hours=1)
    assert (await gauge.read())["digest_age_seconds"] == 7200
    await guilds.set_digest(GUILD, None)
    assert math.isnan((await gauge.read())["digest_age_seconds"])
    gauge.clock.advance(days=30)
    await guilds.set_digest(GUILD, replace(DIGEST, since=gauge.clock()))
    assert (await gauge.read())["digest_age_seconds"] == 0, "it counts from when it is on again"


async def test_what_github_still_answers_is_told_by_credential_and_resource(gauge: Gauge) -> None:
    gauge.backlog.budgets["token"].note(
        {
            "x-ratelimit-resource": "search",
            "x-ratelimit-remaining": "3",
            "x-ratelimit-limit": "30",
            "x-ratelimit-reset": str(round(gauge.clock().timestamp()) + 60),
        }
    )
    figures = await gauge.read()
    assert figures["github_requests_left{credential=token,resource=search}"] == 3
    assert figures["github_requests_limit{credential=token,resource=search}"] == 30
    gauge.clock.advance(minutes=1)
    assert (await gauge.read())["github_requests_left{credential=token,resource=search}"] == 30


async def test_a_database_that_fails_leaves_what_was_measured(gauge: Gauge) -> None:
    await Posts(gauge.database).plan(POST, gauge.clock())
    await gauge.read()
    await lose_table(gauge.database, "posts")
    with capture_logs() as logs:
        assert (await gauge.read())["waiting{queue=posts}"] == 1
    assert [line["event"] for line in logs] == ["storage_failed"]
