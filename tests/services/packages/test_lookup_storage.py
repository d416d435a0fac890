"""A database that fails in every way costs memory and speed, never an answer; each failure is a line in the log."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from structlog.testing import capture_logs

from bot.clients.pypi import PackageIndex
from bot.clients.web import open_http
from bot.core.verdicts.rules import Verdict
from bot.services.packages.lookup import Freshness, StatusLookup
from bot.services.packages.writer import ReadingWriter
from storage.engine.engine import Engine
from storage.engine.sqlite import Database
from storage.packages.statuses import Statuses
from tests.databases import fill_disk, held, lose_table, open_database, refuse_writes
from tests.fakes.fake_index import FakeIndex, refusal
from tests.fakes.index_pages import wheels
from tests.patience import at_most
from tests.services.lookups import FOREVER, NOW, QUICK, T313, T314, T315, Clock, release

LOCKED_SECONDS = 5.0
"""How long SQLite waits for another program that writes."""


@asynccontextmanager
async def open_both(index: FakeIndex, address: str, clock: Clock) -> AsyncIterator[tuple[StatusLookup, Engine]]:
    """Start a look-up, and give its database too."""
    async with open_http("ftbot-tests") as http, open_database(address) as database:
        pages = PackageIndex(http, index.index_url, index.json_api_url, QUICK)
        lookup = StatusLookup(pages, ReadingWriter(Statuses(database)), (T314, T315), clock, FOREVER)
        yield lookup, database
        await lookup.aclose()


async def fill(database: Engine) -> None:
    """Let every write that needs room fail as on a full disk.

    SQLite is allowed no more pages, and those that are there are filled.
    """
    if not isinstance(database, Database):
        await fill_disk(database, "statuses")
        return
    await database.writer.execute("PRAGMA max_page_count = 1")
    for size in (2_000, 0):
        with suppress(sqlite3.OperationalError):
            for number in count():
                await database.writer.execute(
                    "INSERT INTO statuses (package, index_url, checked, page) VALUES (?, '', 1, ?)",
                    (f"{size} {number}", bytes(size)),
                )


async def drop(database: Engine) -> None:
    """Take the table away, as a stand-in for any damage that an engine notices."""
    await lose_table(database, "statuses")


FAILURES = {
    "read-only": (refuse_writes, r"cannot be written|can only be read"),
    "full": (fill, r" is full"),
    "broken": (drop, r"failed: no such table|failed \(UndefinedTableError\)"),
}


@pytest.mark.parametrize(("fail", "reason"), FAILURES.values(), ids=FAILURES.keys())
async def test_a_failing_database_fails_no_answer(
    index: FakeIndex, address: str, clock: Clock, fail: Callable[[Engine], Awaitable[None]], reason: str
) -> None:
    index.publish("demo", release())
    async with open_both(index, address, clock) as (lookup, database):
        await fail(database)
        with capture_logs() as logs:
            status = await lookup.look_up("demo")
            await lookup.aclose()
        assert (status.headline.verdict, status.stale, status.error) == (Verdict.SUPPORTED, False, None)
        failures = [line for line in logs if line["event"] == "storage_failed"]
        assert failures
        assert all(re.search(reason, str(line["reason"])) for line in failures)
        index.requests.clear()
        assert await lookup.look_up("demo") == status
        assert index.requests == []


@pytest.mark.parametrize("fail", [fail for fail, _ in FAILURES.values()], ids=FAILURES.keys())
async def test_the_last_answer_serves_though_index_and_database_fail(
    index: FakeIndex, address: str, clock: Clock, fail: Callable[[Engine], Awaitable[None]]
) -> None:
    index.publish("demo", release())
    async with open_both(index, address, clock) as (lookup, database):
        await lookup.look_up("demo")
        await lookup.aclose()
        index.upload("demo", *release("2.0"))
        await fail(database)
        clock.advance(days=1)
        await lookup.look_up("demo")
        index.script(refusal(500), times=None)
        clock.advance(days=1)
        status = await lookup.look_up("demo")
    assert (str(status.judgement.version), status.checked) == ("2.0", NOW + timedelta(days=1))
    assert status.stale


async def test_a_database_locked_by_another_program_fails_no_answer(
    index: FakeIndex, address: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.engine.sqlite._BUSY_SECONDS", 0.01)
    monkeypatch.setattr("bot.services.packages.writer.CLOSING_SECONDS", at_most(30))
    index.publish("demo", release())
    async with open_both(index, address, clock) as (lookup, database):
        with capture_logs() as logs:
            async with held(address, "statuses"):
                assert (await lookup.look_up("demo")).headline.verdict is Verdict.SUPPORTED
                await lookup.aclose()
        assert re.search("locked by another program|busy: another process", str(logs[-1]["reason"]))
        clock.advance(days=1)
        await lookup.look_up("demo")
        await lookup.aclose()
        assert await Statuses(database).latest("demo") is not None


async def test_no_answer_waits_for_a_locked_database_and_closing_stores_it(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    index.publish("demo", release())
    async with open_both(index, address, clock) as (lookup, database):
        async with held(address, "statuses"):
            async with asyncio.timeout(LOCKED_SECONDS * 0.8):
                assert (await lookup.look_up("demo")).headline.verdict is Verdict.SUPPORTED
                clock.advance(days=1)
                assert (await lookup.look_up("demo", [T313])).headline.verdict is Verdict.NOT_YET
        assert index.not_modified == 1  # what is still to be stored is known
        await lookup.aclose()
        stored = await Statuses(database).latest("demo")
    assert stored is not None
    assert stored.checked == clock.time


async def test_closing_stores_everything_that_was_read(index: FakeIndex, address: str, clock: Clock) -> None:
    names = [f"demo{number}" for number in range(50)]
    for name in names:
        index.publish(name, wheels(name, "1.0", "cp314-cp314t-win_amd64"))
    async with open_both(index, address, clock) as (lookup, database):
        await asyncio.gather(*(lookup.look_up(name) for name in names))
        await lookup.aclose()
        assert all([await Statuses(database).latest(name) for name in names])


async def test_closing_does_not_wait_for_a_lock_that_stays(index: FakeIndex, address: str, clock: Clock) -> None:
    for name in ("demo", "demo1", "demo2", "demo3"):
        index.publish(name, wheels(name, "1.0", "cp314-cp314t-win_amd64"))
    async with open_both(index, address, clock) as (lookup, _), held(address, "statuses"):
        await asyncio.gather(*(lookup.look_up(name) for name in ("demo", "demo1", "demo2", "demo3")))
        async with asyncio.timeout(2 * LOCKED_SECONDS):
            await lookup.aclose()


async def test_readings_that_a_locked_database_does_not_take_are_not_piled_up(
    index: FakeIndex, address: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.services.packages.writer._MOST_UNWRITTEN", 1)
    for name in ("demo", "demo1"):
        index.publish(name, wheels(name, "1.0", "cp314-cp314t-win_amd64"))
    async with open_both(index, address, clock) as (lookup, database):
        with capture_logs() as logs:
            async with held(address, "statuses"):
                assert (await lookup.look_up("demo")).headline.verdict is Verdict.SUPPORTED
                assert (await lookup.look_up("demo1")).headline.verdict is Verdict.SUPPORTED
        assert [line["package"] for line in logs if line["event"] == "storage_failed"] == ["demo1"]
        await lookup.aclose()
        assert await Statuses(database).latest("demo") is not None
        assert await Statuses(database).latest("demo1") is None


async def test_offline_a_database_that_cannot_be_read_is_not_called_empty(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    async with open_both(index, address, clock) as (lookup, database):
        empty = await lookup.look_up("demo", freshness=Freshness.OFFLINE)
        assert empty.error == "Nothing is stored about demo, and the index was not to be asked."
        await drop(database)
        with capture_logs():
            status = await lookup.look_up("demo", freshness=Freshness.OFFLINE)
        assert status.headline.verdict is Verdict.UNKNOWN
        assert str(status.error).startswith(
            f"What is stored could not be read, and the index was not to be asked. The database {database.name} failed"
        )


async def test_offline_a_database_that_was_replaced_is_not_called_empty(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    async with open_both(index, address, clock) as (lookup, _):
        blind = replace(lookup, storage_problem="The database is damaged.")
        status = await blind.look_up("demo", freshness=Freshness.OFFLINE)
    assert status.error == (
        "What is stored could not be read, and the index was not to be asked. The database is damaged."
    )


async def test_a_stored_row_that_makes_no_sense_is_read_again(index: FakeIndex, address: str, clock: Clock) -> None:
    index.publish("demo", release())
    async with open_both(index, address, clock) as (lookup, _):
        await lookup.look_up("demo")
        await lookup.aclose()
    async with open_database(address) as other, other.transaction() as transaction:
        await transaction.run("UPDATE statuses SET page = ?", (b"\0",))
    async with open_both(index, address, clock) as (lookup, database):
        assert (await lookup.look_up("demo")).headline.verdict is Verdict.SUPPORTED
        await lookup.aclose()
        assert await Statuses(database).latest("demo") is not None


async def test_with_a_broken_database_other_targets_can_still_be_asked_for(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    index.publish("demo", release())
    async with open_both(index, address, clock) as (lookup, database):
        await lookup.look_up("demo")
        await lookup.aclose()
        await drop(database)
        with capture_logs():
            status = await lookup.look_up("demo", [T313])
    assert [each.verdict for each in status.judgement.targets] == [Verdict.NOT_YET]


async def test_refresh_works_without_a_database(index: FakeIndex, address: str, clock: Clock) -> None:
    index.publish("demo", release())
    async with open_both(index, address, clock) as (lookup, database):
        await drop(database)
        with capture_logs():
            await lookup.look_up("demo")
            index.upload("demo", *release("2.0"))
            status = await lookup.look_up("demo", freshness=Freshness.REFRESH)
    assert str(status.judgement.version) == "2.0"


async def test_other_targets_are_unknown_where_neither_database_nor_index_can_tell(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    index.publish("demo", release())
    async with open_both(index, address, clock) as (lookup, database):
        await lookup.look_up("demo")
        await lookup.aclose()
        await drop(database)
        index.script(refusal(403), times=None)
        with capture_logs():
            status = await lookup.look_up("demo", [T313])
    assert [each.verdict for each in status.judgement.targets] == [Verdict.UNKNOWN]
    assert status.error == "127.0.0.1 answered with status 403."
