"""The poll keeps what people are told current, and a look that fails is no end."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from bot.core.digest.changes import Change, ChangeKind
from bot.core.upstream.threads import EventKind
from bot.core.wheels.targets import parse_target
from bot.services.upstream.poll import UpstreamPoll
from tests.fakes.fake_github import FakeGitHub
from tests.fakes.github_failures import server_error
from tests.services.lookups import QUICK, Clock
from tests.services.watches import open_poll, publish_table


@pytest.fixture
async def fake() -> AsyncIterator[FakeGitHub]:
    async with FakeGitHub() as running:
        yield running
        assert running.violations == []


async def test_a_look_is_what_status_cards_say_from_then_on(fake: FakeGitHub, address: str, clock: Clock) -> None:
    issue = fake.repository("lxml/lxml").open("Support free-threaded Python", "Please.")
    publish_table(fake, ("lxml", issue))
    async with open_poll(fake, address, clock) as watch:
        upstream_poll = UpstreamPoll(watch.tracking, watch.watcher)
        assert watch.tracking.open_count("lxml") is None
        await upstream_poll.look()
        assert (watch.tracking.open_count("lxml"), watch.tracking.tracking("lxml")) == (1, issue.html_url)


async def test_a_look_that_fails_is_logged_and_the_next_one_works(fake: FakeGitHub, address: str, clock: Clock) -> None:
    issue = fake.repository("lxml/lxml").open("Support free-threaded Python", "Please.")
    publish_table(fake, ("lxml", issue))
    async with open_poll(fake, address, clock, token="ghp_stale") as refused:
        with capture_logs() as logs:
            await UpstreamPoll(refused.tracking, refused.watcher).look()
    assert [line["event"] for line in logs if line["log_level"] == "warning"] == ["watching_failed"]
    assert "ghp_stale" not in str(logs)
    fake.fail("/contents/", *[server_error()] * QUICK.attempts)
    async with open_poll(fake, address, clock) as watch:
        upstream_poll = UpstreamPoll(watch.tracking, watch.watcher)
        await upstream_poll.look()
        assert watch.tracking.open_count("lxml") is None
        await upstream_poll.look()
        assert watch.tracking.open_count("lxml") == 1


async def test_wheels_that_appear_answer_the_thread_that_waits_for_them(
    fake: FakeGitHub, address: str, clock: Clock
) -> None:
    issue = fake.repository("lxml/lxml").open("Support free-threaded Python", "Please.")
    publish_table(fake, ("lxml", issue))
    change = Change("lxml", parse_target("3.14t"), "6.2.0", ChangeKind.GAINED, ("cp314t",))
    async with open_poll(fake, address, clock) as watch:
        upstream_poll = UpstreamPoll(watch.tracking, watch.watcher)
        await upstream_poll.look()
        newest = await watch.events.newest()
        await upstream_poll.note_wheels([change])
        await upstream_poll.note_wheels([change])
        happened = await watch.happened(newest)
        assert [(kind, detail) for kind, _, detail in happened] == [(EventKind.WHEELS, "6.2.0 3.14t")]
        await UpstreamPoll(watch.tracking, None).note_wheels([change])
        assert await watch.events.newest() == newest + 1
