"""What was done about a thread is forgotten when it is over, and still nothing is done about it twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from prometheus_client import generate_latest
from structlog.testing import capture_logs

from bot.config import LEAST_KEPT
from bot.services.metrics import Metrics
from bot.services.retention import Caretaker
from storage.retention import Retention
from tests.databases import lose_table
from tests.fakes.fake_github import FakeGitHub
from tests.fakes.fake_index import FakeIndex
from tests.services.lookups import Clock
from tests.services.triages import CRASH, HUMAN, Bench, install, moves, open_bench, own

KEEP = timedelta(days=400)


@pytest.fixture
async def bench(github: FakeGitHub, index: FakeIndex, address: str, clock: Clock) -> AsyncIterator[Bench]:
    async with open_bench(github, index, address, clock) as opened:
        yield opened


def caretaker_of(bench: Bench, keep: timedelta = KEEP) -> Caretaker:
    return Caretaker(Retention(bench.database), keep, Metrics.new(bench.clock), bench.clock)


async def test_a_thread_that_comes_back_after_it_was_forgotten_is_left_alone(github: FakeGitHub, bench: Bench) -> None:
    issue = install(github).open(*CRASH, by="reporter")
    await bench.settle()
    issue.unlabel("type-crash", by=HUMAN)
    comment = issue.comment("@ftbot why", HUMAN)
    await bench.settle()
    issue.close(by=HUMAN)
    await bench.settle()
    before = (list(moves(issue)), len(own(issue)))
    assert before[0]
    assert before[1]
    bench.clock.advance(days=401)
    await caretaker_of(bench).forget()
    assert await bench.stores.threads.get(issue.node_id) is None
    issue.reopen(by=HUMAN)
    await bench.settle()
    issue.edit(body=f"{CRASH[1]}\nIt still crashes.", by="reporter")
    await bench.settle()
    await bench.reconciler.poll()
    issue.edit_comment(comment, f"{comment.body}\nStill?")
    bench.heard.extend(github.deliveries)  # lost, so that nobody knows what the comment said before
    await bench.reconciler.poll()
    await bench.settle()
    assert (list(moves(issue)), len(own(issue))) == before
    override = await bench.override(issue, "type-crash")
    assert override is not None
    assert (override.wanted, override.actor) == (False, HUMAN)


async def test_people_are_obeyed_on_a_thread_that_came_back(github: FakeGitHub, bench: Bench) -> None:
    issue = install(github).open(*CRASH, by="reporter")
    await bench.settle()
    issue.close(by=HUMAN)
    await bench.settle()
    bench.clock.advance(days=401)
    await caretaker_of(bench).forget()
    issue.reopen(by=HUMAN)
    issue.comment("@ftbot label -crash", HUMAN)
    await bench.settle()
    assert "type-crash" not in issue.labels
    issue.comment("@ftbot retriage", HUMAN)
    await bench.settle()
    assert "It was over for so long that what was done about it is forgotten." in own(issue)[-1].body


async def test_nothing_is_forgotten_while_it_could_be_done_again(github: FakeGitHub, bench: Bench) -> None:
    keep = timedelta(days=LEAST_KEPT)
    issue = install(github).open(*CRASH, by="reporter")
    await bench.settle()
    issue.close(by=HUMAN)
    await bench.settle()
    bench.clock.advance(days=29)
    await caretaker_of(bench, keep).forget()
    assert await bench.stores.threads.get(issue.node_id) is not None
    bench.clock.advance(days=2)
    await caretaker_of(bench, keep).forget()
    assert await bench.stores.threads.get(issue.node_id) is None


async def test_what_is_forgotten_is_counted_and_logged(github: FakeGitHub, bench: Bench) -> None:
    install(github).open(*CRASH, by="reporter").close(by=HUMAN)
    await bench.settle()
    bench.clock.advance(days=401)
    caretaker = caretaker_of(bench)
    with capture_logs() as logs:
        await caretaker.forget()
    assert logs[-1]["event"] == "forgotten"
    assert logs[-1]["threads"] == 1
    assert b'ftbot_forgotten_rows_total{table="threads"} 1.0' in generate_latest(caretaker.metrics.registry)


async def test_a_database_that_fails_is_a_line_in_the_log(bench: Bench) -> None:
    await lose_table(bench.database, "outbox")
    with capture_logs() as logs:
        await caretaker_of(bench).forget()
    assert [line["event"] for line in logs] == ["storage_failed", "forgotten"]
