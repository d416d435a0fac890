"""Whether Discord is there is known from heartbeats that it acknowledges, and from connections that end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogs.client import Client
from cogs.pulse import GRACE, Heartbeats
from tests.cogs.conftest import Bot, Clock, World
from tests.fakes.fake_discord import FakeDiscord
from tests.patience import at_most

INTERVAL = 0.2
"""Seconds between heartbeats, so that a test sees some."""


@dataclass(slots=True)
class Seconds:
    """A clock that goes on when it is told to."""

    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
async def fake(clock: Clock) -> AsyncIterator[FakeDiscord]:
    """Give a Discord that wants a heartbeat often."""
    async with FakeDiscord(now=clock, heartbeat_interval=INTERVAL) as running_fake:
        yield running_fake


@pytest.fixture
async def bot(world: World, seconds: Seconds, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    """Run a bot that is ready."""
    world.pulse = lambda: Heartbeats(seconds)
    monkeypatch.setattr("discord.backoff.ExponentialBackoff.delay", lambda _: 0.0)
    async with world.running() as running_bot:
        client = running_bot.client()
        assert isinstance(client, Client)
        await client.wait_until_ready()
        yield running_bot


async def heartbeats(fake: FakeDiscord, more: int) -> None:
    """Wait until the gateway got more heartbeats, the last but one of which was acknowledged for sure."""
    wanted = fake.gateway.heartbeats + more
    await fake.until(lambda: fake.gateway.heartbeats >= wanted, 10)


async def test_it_is_ready_as_long_as_heartbeats_are_acknowledged(
    bot: Bot, fake: FakeDiscord, seconds: Seconds
) -> None:
    for _ in range(3):
        assert bot.gateway.connections.is_ready()
        seconds.now += 60
        await heartbeats(fake, 2)
    assert bot.gateway.connections.is_ready()


async def test_a_gateway_that_acknowledges_nothing_any_more_is_not_ready_soon(
    bot: Bot, fake: FakeDiscord, seconds: Seconds
) -> None:
    fake.gateway.acknowledge_heartbeats = False
    await heartbeats(fake, 2)
    seconds.now += INTERVAL + GRACE + 0.1
    await heartbeats(fake, 2)
    assert not bot.gateway.connections.is_ready()
    fake.gateway.acknowledge_heartbeats = True
    await heartbeats(fake, 2)
    assert bot.gateway.connections.is_ready()


async def test_a_connection_that_is_lost_is_not_ready_until_there_is_another(bot: Bot, fake: FakeDiscord) -> None:
    fake.refuse_connections(1)
    fake.abort_connections()
    client = bot.client()
    await client.wait_for("disconnect", timeout=at_most(30))
    assert not bot.gateway.connections.is_ready()
    await fake.connected()
    await fake.slash("fthelp").shown()
    assert bot.gateway.connections.is_ready()


def test_a_heartbeat_is_due_by_the_interval_of_the_greeting(seconds: Seconds) -> None:
    pulse = Heartbeats(seconds, connected=True)

    def after(passed: float, payload: str = "") -> tuple[bool, float]:
        seconds.now += passed
        pulse.hear(payload)
        return pulse.beats, round(pulse.age, 3)

    assert after(0) == (False, float("inf"))
    assert after(0, '{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":41250,"_trace":["[]"]}}') == (True, 0)
    assert after(41.25 + GRACE) == (True, 41.25 + GRACE)
    assert after(0.25) == (False, 41.5 + GRACE)
    assert after(0, '{"t":null,"s":null,"op":11,"d":null}') == (True, 0)


@given(st.text() | st.sampled_from(['{"op":10}', '{"op":10,"d":{}}', '{"op":0,"d":{"op":11}}', '{"op":"11"}', "[]"]))
def test_whatever_else_comes_is_no_heartbeat(payload: str) -> None:
    pulse = Heartbeats(Seconds(), connected=True)
    pulse.hear(payload)
    assert not pulse.beats


def test_a_long_payload_is_not_read_a_second_time() -> None:
    pulse = Heartbeats(Seconds(), connected=True)
    pulse.hear('{"op":11,"d":null,"x":"' + "x" * 1_000 + '"}')
    assert not pulse.beats
