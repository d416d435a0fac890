"""The guide is read once a day, answers from what was kept where it cannot be, and from what ships at first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from bot.core.errors import UpstreamError
from bot.services.guide import Guide
from storage.engine.engine import Engine
from storage.packages.documents import Documents
from tests.core.guide.test_inventory import SITE, inventory
from tests.databases import open_database
from tests.services.lookups import Clock

FIRST = inventory("zebra std:label -1 zebra.html#$ Zebra crossings")
SECOND = inventory("okapi std:label -1 okapi.html#$ Okapis")


@dataclass
class Site:
    """A guide's site, of which tests say what it answers; nothing is that it cannot be reached."""

    body: bytes | None = FIRST
    asked: int = field(default=0)

    async def fetch(self) -> bytes:
        """Answer."""
        self.asked += 1
        if self.body is None:
            raise UpstreamError("The guide did not answer.")
        return self.body


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def database(address: str) -> AsyncIterator[Engine]:
    async with open_database(address) as opened:
        yield opened


def guide(site: Site, database: Engine, clock: Clock) -> Guide:
    return Guide(site.fetch, Documents(database), SITE, clock)


async def found(guide: Guide, topic: str) -> list[str]:
    return [section.url for section in await guide.find(topic)]


async def test_the_guide_is_read_once_a_day(database: Engine, clock: Clock) -> None:
    site = Site()
    one = guide(site, database, clock)
    assert await found(one, "zebra") == [f"{SITE}zebra.html#zebra"]
    assert await found(one, "pybind11") == [f"{SITE}porting-extensions/#declaring-free-threaded-support"]
    assert await found(guide(site, database, clock), "zebra") == [f"{SITE}zebra.html#zebra"]
    assert site.asked == 1
    site.body = SECOND
    clock.advance(hours=25)
    assert await found(one, "okapis") == [f"{SITE}okapi.html#okapi"]
    assert site.asked == 2


async def test_a_guide_that_is_gone_is_answered_for_from_what_was_kept(database: Engine, clock: Clock) -> None:
    site = Site()
    await found(guide(site, database, clock), "zebra")
    clock.advance(days=9)
    for body in (None, b"<html>", SECOND[:-4]):
        site.body = body
        assert await found(guide(site, database, clock), "zebra") == [f"{SITE}zebra.html#zebra"]


async def test_before_it_was_ever_read_what_ships_answers_and_it_is_not_asked_at_once_again(
    database: Engine, clock: Clock
) -> None:
    site = Site(None)
    one = guide(site, database, clock)
    assert await found(one, "cibuildwheel") == [f"{SITE}ci/#building-free-threaded-wheels-with-cibuildwheel"]
    await found(one, "cibuildwheel")
    assert site.asked == 1
    site.body = FIRST
    clock.advance(minutes=61)
    assert await found(one, "zebra") == [f"{SITE}zebra.html#zebra"]
