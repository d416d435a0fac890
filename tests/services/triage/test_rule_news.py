"""The bot's owner is told once of each time that a rule came to be corrected too often."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

import discord
import pytest

from bot.clients.discord import DiscordPosts
from bot.core.triage.changeset import Changeset, Review, RuleDrop
from bot.services.metrics import Metrics
from bot.services.triage.rule_news import OwnerChannel, RuleNews
from cogs.ui.owner_card import rule_drop_card
from storage.engine.engine import Engine
from storage.github.changesets import Changesets
from storage.github.rule_drops import CLAIM, RuleDrops
from tests.databases import open_database
from tests.fakes.discord_world import Channel, Guild
from tests.fakes.fake_discord import FakeDiscord
from tests.services.posts import Clock, connected, direct, own

pytestmark = pytest.mark.usefixtures("log")

RULE = "hang @everyone"


@dataclass(frozen=True, slots=True)
class Desk:
    """What tells the owner, and what it is told of."""

    news: RuleNews
    database: Engine
    clock: Clock

    async def review(self, *, right: bool, count: int = 5, start: int = 0) -> None:
        """Let people judge a rule so many times."""
        reviews = tuple(
            Review(RULE, 1, f"I_{start + number}", "hang", right=right, at=self.clock() + timedelta(seconds=number))
            for number in range(count)
        )
        self.clock.advance(timedelta(hours=1))
        await Changesets(self.database).record(Changeset(reviews=reviews), self.clock())

    def told(self) -> float | None:
        """Return what the metrics count."""
        return self.news.metrics.registry.get_sample_value("ftbot_rule_drops_total", {"rule": RULE})


@pytest.fixture
async def database(address: str) -> AsyncIterator[Engine]:
    async with open_database(address) as database:
        yield database


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def fake(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord([Guild("Home", [Channel("owner")])], now=clock) as running:
        direct(monkeypatch, running.api_url, running.gateway_url)
        yield running
    assert running.violations == []


@pytest.fixture
def channel(fake: FakeDiscord) -> Channel:
    return fake.guilds[0].channel("owner")


@pytest.fixture
async def client(fake: FakeDiscord) -> AsyncIterator[discord.Client]:
    async with connected(fake) as client:
        yield client


def desk(database: Engine, clock: Clock, client: discord.Client | None, channel: Channel | None) -> Desk:
    place = (
        None
        if channel is None
        else OwnerChannel(channel.id, DiscordPosts(lambda: [] if client is None else [client]), rule_drop_card)
    )
    return Desk(RuleNews(RuleDrops(database), Metrics.new(), clock, place), database, clock)


async def test_a_process_that_hung_before_it_sends_leaves_that_to_whoever_tells_next(
    database: Engine, clock: Clock, client: discord.Client, fake: FakeDiscord, channel: Channel
) -> None:
    def card(drop: RuleDrop) -> discord.ui.LayoutView:
        clock.advance(CLAIM)
        return rule_drop_card(drop)

    here = desk(database, clock, client, channel)
    await here.review(right=False)
    await replace(here.news, channel=OwnerChannel(channel.id, DiscordPosts(lambda: [client]), card)).look()
    assert fake.count("POST", r"/channels/\d+/messages$") == 0
    assert here.told() in {None, 0}
    clock.advance(CLAIM)
    await here.news.look()
    assert len(own(fake, channel)) == 1


async def test_the_owner_is_told_once_of_each_drop_and_nobody_is_mentioned(
    database: Engine, clock: Clock, client: discord.Client, fake: FakeDiscord, channel: Channel
) -> None:
    here = desk(database, clock, client, channel)
    await here.review(right=False, count=4)
    await here.news.look()
    assert own(fake, channel) == []
    await here.review(right=False, start=4)
    for _ in range(3):
        await here.news.look()
    (message,) = own(fake, channel)
    assert "was right in 0 of its last 9 reviewed uses, less than 80%" in message.text()
    assert message.pings == ()
    assert here.told() == 1
    await here.review(right=False, start=10)  # it is known already
    await here.news.look()
    assert len(own(fake, channel)) == 1
    await here.review(right=True, count=20, start=20)  # trusted again
    await here.news.look()
    await here.review(right=False, count=10, start=50)  # and not any more
    await here.news.look()
    assert len(own(fake, channel)) == 2
    assert here.told() == 2


async def test_without_a_channel_the_log_and_the_metrics_tell(database: Engine, clock: Clock) -> None:
    here = desk(database, clock, None, None)
    await here.review(right=False)
    await here.news.look()
    await here.news.look()
    assert here.told() == 1
    assert await RuleDrops(database).untold() == ()


async def test_while_discord_is_not_connected_it_waits(database: Engine, clock: Clock, channel: Channel) -> None:
    here = desk(database, clock, None, channel)
    await here.review(right=False)
    await here.news.look()
    assert here.told() is None
    assert len(await RuleDrops(database).untold()) == 1


async def test_what_was_sent_and_not_confirmed_is_found_and_not_sent_again(  # noqa: PLR0913, PLR0917 — fixtures
    database: Engine,
    clock: Clock,
    client: discord.Client,
    fake: FakeDiscord,
    channel: Channel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = desk(database, clock, client, channel)
    await here.review(right=False)

    async def die(_drops: RuleDrops, _drop: RuleDrop, _now: object) -> bool:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(RuleDrops, "told", die)
        with pytest.raises(SystemExit):
            await here.news.look()
    await here.news.look()  # somebody else may be at it
    assert here.told() is None
    clock.advance(2 * CLAIM)
    await here.news.look()
    assert len(own(fake, channel)) == 1
    assert here.told() == 1
