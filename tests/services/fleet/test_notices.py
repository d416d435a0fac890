"""What one process tells, the others hear; nothing depends on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from structlog.testing import capture_logs

from bot.services.fleet.notices import Notices, NoticeTopic, Wake
from storage.engine.engine import Engine
from tests.patience import at_most
from tests.storage.engines import OpenEngine


class Ear:
    """Notes what it hears of statuses, and can be waited for; ``""`` stands for all."""

    def __init__(self, database: Engine) -> None:
        self.heard: list[str] = []
        self._change = asyncio.Condition()
        self.notices = Notices(database, {NoticeTopic.STATUS: self._hear})

    async def _hear(self, about: str) -> None:
        async with self._change:
            self.heard.append(about)
            self._change.notify_all()

    async def until(self, *wanted: str) -> None:
        async with asyncio.timeout(at_most(30)), self._change:
            await self._change.wait_for(lambda: set(wanted) <= set(self.heard))

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        async with self.notices.listening():
            await self.until("")
            self.heard.clear()
            yield


async def test_others_hear_and_the_one_who_tells_does_not(open_postgres: OpenEngine) -> None:
    async with open_postgres() as one, open_postgres() as other:
        here, there = Ear(one), Ear(other)
        async with here.open(), there.open():
            here.notices.tell(NoticeTopic.TRACKING)  # nobody has a handler for that
            here.notices.tell(NoticeTopic.STATUS, "numpy")
            await there.until("numpy")
            there.notices.tell(NoticeTopic.STATUS, "scipy")
            await here.until("scipy")
            assert (here.heard, there.heard) == (["scipy"], ["numpy"])


async def test_after_a_lost_connection_everything_may_have_changed(open_postgres: OpenEngine) -> None:
    async with open_postgres() as one, open_postgres() as other:
        ear = Ear(other)
        async with ear.open():
            await one.read("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
            await one.read(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
            await ear.until("")


async def test_the_same_is_told_once_until_it_is_told(open_postgres: OpenEngine) -> None:
    async with open_postgres() as one, open_postgres() as other:
        ear = Ear(other)
        async with ear.open():
            for _ in range(5):
                Notices(one).tell(NoticeTopic.STATUS, "five times by as many")
            teller = Notices(one)
            for _ in range(5):
                teller.tell(NoticeTopic.STATUS, "once")
            teller.tell(NoticeTopic.STATUS, "last")
            await ear.until("once", "last")
            assert ear.heard.count("once") == 1


async def test_a_handler_that_fails_is_a_line_in_the_log(open_postgres: OpenEngine) -> None:
    failed = asyncio.Event()

    async def fail(_about: str) -> None:
        failed.set()
        raise RuntimeError

    async with open_postgres() as database:
        with capture_logs() as lines:
            async with Notices(database, {NoticeTopic.STATUS: fail}).listening(), asyncio.timeout(at_most(30)):
                await failed.wait()
                await database.clock()  # what was raised is caught by then
    assert [line["event"] for line in lines] == ["notice_not_taken"]


async def test_who_is_woken_elsewhere_tells_nobody() -> None:
    told: list[int] = []
    wake = Wake(lambda: told.append(1))
    await wake.heard("")
    assert (wake.is_set(), told) == (True, [])
    wake.clear()
    wake.set()
    assert (wake.is_set(), told) == (True, [1])
