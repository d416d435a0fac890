"""One of several processes leads; who loses the lead ends what only the leader does before it tries again."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot.core.errors import StorageError
from bot.jobs import Job, timetable
from bot.services.fleet.leadership import Leadership
from bot.services.metrics import Metrics
from storage.engine.engine import Engine
from tests.databases import open_database
from tests.fakes.cable import Cable
from tests.patience import at_most
from tests.postgres import Server
from tests.storage.engines import OpenEngine

SOON = 0.02
OFTEN = timedelta(milliseconds=20)


class Work:
    """What only the leader does: it goes on until it is ended, and says who is at it."""

    def __init__(self) -> None:
        self.at_it: list[str] = []
        self.log: list[str] = []
        self.changed = asyncio.Event()
        self.ended = asyncio.Event()

    async def begun(self, name: str) -> None:
        """Be at it until ended."""
        self.at_it.append(name)
        self.log.append(name)
        self.changed.set()
        assert self.at_it == [name]  # never two at once
        try:
            await asyncio.Event().wait()
        finally:
            self.at_it.remove(name)
            self.ended.set()

    async def until(self, name: str) -> None:
        """Wait until somebody is at it."""
        async with asyncio.timeout(at_most(30)):
            while self.at_it != [name]:
                self.changed.clear()
                await self.changed.wait()


async def process(stack: AsyncExitStack, work: Work, database: Engine, name: str) -> Leadership:
    """Start a process of the fleet."""
    leadership = Leadership(database, name, pause=SOON)
    jobs = (Job("lead", timedelta(days=1), lambda: work.begun(name), at_start=True, once=True),)
    await stack.enter_async_context(timetable(Metrics.new(), *jobs, leadership=leadership))
    return leadership


async def test_the_next_leads_when_the_leader_ends(open_engine: OpenEngine) -> None:
    work = Work()
    async with open_engine() as one, open_engine() as other, AsyncExitStack() as second:
        async with AsyncExitStack() as first:
            leader = await process(first, work, one, "one")
            assert leader.leads
            follower = await process(second, work, other, "other")
            assert not follower.leads
            await work.until("one")
        await work.until("other")
        assert (leader.leads, follower.leads) == (False, True)
        assert work.log == ["one", "other"]


async def test_what_everybody_does_is_done_whoever_leads(open_engine: OpenEngine) -> None:
    done: set[str] = set()
    everybody = asyncio.Event()

    def note(name: str) -> None:
        done.add(name)
        if len(done) == 2:
            everybody.set()

    async with open_engine() as one, open_engine() as other, AsyncExitStack() as stack:
        for name, database in (("one", one), ("other", other)):

            async def run(name: str = name) -> None:
                note(name)

            leadership = Leadership(database, name, pause=SOON)
            jobs = timetable(Metrics.new(), Job("all", OFTEN, run), leadership=leadership)
            await stack.enter_async_context(jobs)
        async with asyncio.timeout(at_most(30)):
            await everybody.wait()


async def test_a_leader_whose_connection_ends_stops_and_says_so(open_postgres: OpenEngine) -> None:
    work = Work()
    async with open_postgres() as one, open_postgres() as other, AsyncExitStack() as stack:
        leader = await process(stack, work, one, "one")
        await work.until("one")
        with capture_logs() as lines:
            await other.read(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
            )
            await work.ended.wait()
            assert (leader.leads, work.at_it) == (False, [])
            await work.until("one")  # nobody else is there, so it leads again
        assert [line["event"] for line in lines if line["event"].startswith("lead")] == [
            "leading_no_longer",
            "lead_not_taken",
            "leading",
        ]
        assert work.log == ["one", "one"]
        assert leader.epoch == 2


async def test_what_a_leader_was_at_when_its_network_fell_silent_is_not_committed_when_it_is_back(
    postgres_server: Server, postgres_url: str
) -> None:
    """The server has to hear that a network is gone before another may lead; the cable says when it does."""
    work, cable = Work(), Cable(postgres_server.port)
    async with cable.laid(postgres_url) as far, AsyncExitStack() as stack:
        one, other = [await stack.enter_async_context(open_database(url)) for url in (far, postgres_url)]
        leader = await process(stack, work, one, "one")
        follower = await process(stack, work, other, "other")
        await work.until("one")
        with pytest.raises(StorageError):  # noqa: PT012 — it is the transaction's end that raises
            async with leader.fenced.transaction() as transaction:
                await transaction.run("INSERT INTO packages (name) VALUES ('numpy')")
                cable.fall_silent()
                await work.ended.wait()
                assert (leader.leads, follower.leads, work.at_it) == (False, False, [])
                cable.let_go()
                await work.until("other")
                cable.speak_again()
        with pytest.raises(StorageError, match="Another process leads by now"):
            async with leader.fenced.transaction():
                pytest.fail("it leads no longer")
        assert await other.read("SELECT name FROM packages") == []
        assert work.log == ["one", "other"]
