"""Of several processes on one PostgreSQL each is killed at a step; what they had claimed is done once by the others."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from bot.core.posting.posts import Post, PostKind, State
from bot.core.triage.decide.preflight import SETTLING
from storage.discord.posts import CLAIM, Posts
from storage.engine.postgres import open_database
from storage.github.outbox import CLAIM as OUTBOX_CLAIM
from tests.e2e.claiming_process import Discord, Github, Run
from tests.e2e.forked import Forge, open_forge
from tests.fakes.discord_world import Guild, announcement
from tests.fakes.fake_discord import FakeDiscord
from tests.fakes.fake_github import FakeGitHub
from tests.fakes.fake_index import FakeIndex
from tests.services.fleet.processes import Pace, open_process
from tests.services.lookups import Clock as TriageClock
from tests.services.posts import Clock, direct, guild_of, own
from tests.services.triages import CRASH, install, moves, places

# What runs here again and again, tests/services/ runs once; and what is killed tells of no coverage.
pytestmark = pytest.mark.no_cover

PROCESSES = 3
GUILDS = 36
POSTING = ("claimed", "prepared", "sending", "posted", "recorded", "published", "done")
TRIAGING = ("taken", "read", "decided", "settled", "claimed", "looked", "checked", "sending", "written", "recorded")


@pytest.fixture(scope="module")
def forge() -> Iterator[Forge[Run]]:
    with open_forge("tests.e2e.claiming_process", Run) as opened:
        yield opened


@pytest.fixture
async def fake(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[FakeDiscord, Clock]]:
    clock = Clock()
    async with FakeDiscord([Guild(f"Server {n}", [announcement("news")]) for n in range(GUILDS)], now=clock) as running:
        direct(monkeypatch, running.api_url, running.gateway_url)
        yield running, clock
    assert running.violations == []


async def run(forge: Forge[Run], one: Run, step: str = "never") -> list[int]:
    """Run several processes at once, of which the nth kills itself at the nth of a step; gives how they ended."""
    numbers = range(1, PROCESSES + 1)
    await forge.start([Run(one.at, one.url, one.now, step, number) for number in numbers])
    return await forge.numbers()


@pytest.mark.parametrize("step", POSTING)
async def test_killed_at_any_step_of_posting_each_server_has_its_post_once(
    fake: tuple[FakeDiscord, Clock], forge: Forge[Run], postgres_url: str, step: str
) -> None:
    discord, clock = fake
    channels = [guild.channel("news") for guild in discord.guilds]
    async with open_database(postgres_url, "the fleet's database") as database:
        posts = Posts(database)
        for channel in channels:
            until = clock() + timedelta(days=7)
            planned = Post(
                guild_of(channel).id,
                PostKind.DIGEST,
                "2026-W47",
                channel.id,
                State.PLANNED,
                until,
                clock(),
                publish=True,
            )
            assert await posts.plan(planned, clock())
        at = Discord(discord.api_url, discord.gateway_url)
        endings = await run(forge, Run(at, postgres_url, clock(), "", 0), step)
        assert -signal.SIGKILL in endings
        for wait in (CLAIM, timedelta(hours=1)):
            clock.advance(wait + timedelta(seconds=1))
            assert await run(forge, Run(at, postgres_url, clock(), "", 0)) == [0] * PROCESSES
        assert {channel.id for channel in channels if len(own(discord, channel)) != 1} == set()
        assert all(own(discord, channel)[0].crossposted for channel in channels)
        last = [await posts.last(guild_of(channel).id, PostKind.DIGEST) for channel in channels]
        assert {None if post is None else post.state for post in last} == {State.PUBLISHED}


@pytest.mark.parametrize("step", TRIAGING)
async def test_killed_at_any_step_of_triage_each_action_is_done_once(
    forge: Forge[Run], postgres_url: str, step: str
) -> None:
    clock = TriageClock()
    async with (
        FakeGitHub(now=clock) as github,
        FakeIndex() as index,
        open_database(postgres_url, "the fleet's database") as database,
    ):
        repositories = [install(github, f"demo/demo{number}") for number in range(PROCESSES)]
        issues = [repository.open(*CRASH) for repository in repositories for _ in range(3)]
        async with open_process(places(github, index), database, clock, Pace()) as process:
            for delivery in github.deliveries:
                headers, body = github.delivery(delivery.event, delivery.payload, guid=delivery.guid)
                assert (await process.deliveries.take(headers, body)).status == 202
            at = Github(places(github, index))
            endings = await run(forge, Run(at, postgres_url, clock(), "", 0), step)
            assert -signal.SIGKILL in endings
            clock.advance(seconds=OUTBOX_CLAIM.total_seconds() + 1)
            for _ in range(6):
                assert await run(forge, Run(at, postgres_url, clock(), "", 0)) == [0] * PROCESSES
                clock.advance(seconds=SETTLING.total_seconds() + 1)
            assert await process.stores.inbox.next_due() is None
            assert await process.stores.outbox.next_due() is None
    assert github.violations == []
    put_on = [Counter(moves(issue)) for issue in issues]
    assert put_on == [Counter([("labeled", "free-threading"), ("labeled", "type-crash")])] * len(issues)
