"""What is counted for whoever runs the bot."""

from __future__ import annotations

from prometheus_client import generate_latest
from structlog.testing import capture_logs

from bot.services.metrics import Metrics
from bot.services.packages.lookup import Freshness
from tests.fakes.fake_index import FakeIndex, refusal
from tests.services.lookups import Clock, open_lookup, release


def lookups(metrics: Metrics) -> dict[str, float]:
    """Return the number of look-ups by where the answer came from, as Prometheus reads it."""
    lines = generate_latest(metrics.registry).decode().splitlines()
    counted = (line for line in lines if line.startswith("ftbot_lookups_total"))
    figures = {line.split('"')[1]: float(line.rpartition(" ")[2]) for line in counted}
    return {source: figure for source, figure in figures.items() if figure}


async def test_look_ups_are_counted_by_where_the_answer_came_from(index: FakeIndex, address: str, clock: Clock) -> None:
    index.publish("demo", release())
    metrics = Metrics.new()
    async with open_lookup(index, address, clock, count=metrics.count_lookup) as lookup:
        await lookup.look_up("demo")
        await lookup.look_up("demo")
        await lookup.look_up("demo")
        await lookup.look_up("demo", freshness=Freshness.REFRESH)
        assert lookups(metrics) == {"index": 1, "memory": 2, "unchanged": 1}
    metrics = Metrics.new()
    async with open_lookup(index, address, clock, count=metrics.count_lookup) as after:
        await after.look_up("demo")
        index.script(refusal(403))
        with capture_logs():
            await after.look_up("demo", freshness=Freshness.REFRESH)
        assert lookups(metrics) == {"storage": 1, "failed": 1}


def test_metrics_of_two_bots_do_not_mix() -> None:
    one, other = Metrics.new(), Metrics.new()
    one.guilds.set(5)
    assert b"ftbot_guilds 5.0" in generate_latest(one.registry)
    assert b"ftbot_guilds 0.0" in generate_latest(other.registry)


def test_the_process_is_measured() -> None:
    assert b"process_resident_memory_bytes" in generate_latest(Metrics.new().registry)
