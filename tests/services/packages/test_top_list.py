"""Which list a scan walks: the one just published, else the one kept, else the one that ships with the program."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from bot.core.errors import UpstreamError
from bot.core.index.top_packages import TopPackages
from bot.services.packages.top_list import TopList
from storage.engine.engine import Engine
from storage.packages.documents import Documents
from tests.databases import lose_table, open_database, refuse_writes
from tests.services.lookups import NOW, Clock

SHIPPED = TopPackages(("shipped",), "2026-04-01")
USELESS = (b"", b"{", b'{"rows":[]}', b"<html>\nWelcome\n</html>", b"no pe")


@dataclass(slots=True)
class Publisher:
    """Publishes a list, or none; counts who asks."""

    body: bytes | None = b"# 2026-11-01\nnumpy\n"
    asked: int = field(default=0)

    async def __call__(self) -> bytes:
        """Return the list as it is now."""
        self.asked += 1
        if self.body is None:
            raise UpstreamError("The list of the most downloaded packages is gone (404).")
        return self.body


@pytest.fixture
async def database(address: str) -> AsyncIterator[Engine]:
    async with open_database(address) as opened:
        yield opened


@pytest.fixture
def publisher() -> Publisher:
    return Publisher()


@pytest.fixture
def top_list(publisher: Publisher, database: Engine, clock: Clock) -> TopList:
    return TopList(publisher, Documents(database), lambda: SHIPPED, clock)


async def test_the_published_list_is_walked(top_list: TopList) -> None:
    assert await top_list.current() == TopPackages(("numpy",), "2026-11-01")


async def test_a_list_is_believed_for_a_day(top_list: TopList, publisher: Publisher, clock: Clock) -> None:
    await top_list.current()
    publisher.body = b"six"
    clock.advance(hours=23, minutes=59)
    assert (await top_list.current()).names == ("numpy",)
    clock.advance(minutes=1)
    assert (await top_list.current()).names == ("six",)
    assert publisher.asked == 2


@pytest.mark.parametrize("useless", [None, *USELESS])
async def test_without_a_published_list_the_shipped_one_is_walked(
    top_list: TopList, publisher: Publisher, useless: bytes | None
) -> None:
    publisher.body = useless
    found = await top_list.current()
    assert (replace(found, problem=None), bool(found.problem)) == (SHIPPED, True)


@pytest.mark.parametrize("useless", [None, *USELESS])
async def test_the_last_good_list_is_kept_however_old(
    top_list: TopList, publisher: Publisher, clock: Clock, useless: bytes | None
) -> None:
    good = await top_list.current()
    publisher.body = useless
    clock.advance(days=1000)
    found = await top_list.current()
    assert (replace(found, problem=None), bool(found.problem)) == (good, True)
    publisher.body = b"six"
    assert (await top_list.current()).names == ("six",)


async def test_a_clock_that_jumps_back_does_not_keep_a_list_for_years(
    top_list: TopList, publisher: Publisher, clock: Clock
) -> None:
    clock.advance(days=3650)
    await top_list.current()
    publisher.body = b"six"
    clock.time = NOW
    assert (await top_list.current()).names == ("six",)


async def test_the_list_of_another_place_is_not_taken_for_this_one(
    top_list: TopList, database: Engine, clock: Clock
) -> None:
    await top_list.current()
    other = TopList(Publisher(b"six"), Documents(database), lambda: SHIPPED, clock, place="file:///elsewhere")
    assert (await other.current()).names == ("six",)
    gone = TopList(Publisher(None), Documents(database), lambda: SHIPPED, clock, place="file:///gone")
    assert (await gone.current()).names == SHIPPED.names


async def test_a_list_that_is_at_hand_is_read_each_time(top_list: TopList, publisher: Publisher) -> None:
    at_hand = replace(top_list, believed=timedelta(0))
    await at_hand.current()
    publisher.body = b"six"
    assert (await at_hand.current()).names == ("six",)


@pytest.mark.parametrize("useless", [b"{", b""])
async def test_a_kept_list_that_is_damaged_is_fetched_again(
    top_list: TopList, database: Engine, useless: bytes
) -> None:
    await top_list.current()
    async with database.transaction() as transaction:
        await transaction.run("UPDATE documents SET body = ?", (useless,))
    assert (await top_list.current()).names == ("numpy",)


async def test_a_database_that_cannot_be_written_costs_nothing_but_the_copy(
    top_list: TopList, database: Engine, publisher: Publisher
) -> None:
    await refuse_writes(database)
    assert (await top_list.current()).names == ("numpy",)
    assert (await top_list.current()).names == ("numpy",)
    assert publisher.asked == 2


async def test_a_database_that_cannot_be_read_costs_nothing_but_the_copy(top_list: TopList, database: Engine) -> None:
    await lose_table(database, "documents")
    assert (await top_list.current()).names == ("numpy",)
