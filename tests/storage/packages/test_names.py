"""Short ids for packages, and how often each was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.engine.sqlite import Database, open_database
from storage.packages.names import Packages


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """Give an empty database."""
    async with open_database(tmp_path / "ftbot.db") as opened:
        yield opened


async def test_a_package_keeps_its_id(database: Database) -> None:
    packages = Packages(database)
    numpy, scipy = await packages.id_of("numpy"), await packages.id_of("scipy")
    assert numpy != scipy
    assert [await packages.id_of("numpy"), await packages.id_of("scipy")] == [numpy, scipy]
    assert [await packages.name_of(numpy), await packages.name_of(scipy)] == ["numpy", "scipy"]


async def test_an_id_nobody_was_given_stands_for_nothing(database: Database) -> None:
    assert await Packages(database).name_of(1) is None


async def test_a_crowd_gets_one_id_for_one_package(tmp_path: Path) -> None:
    async with open_database(tmp_path / "ftbot.db") as one, open_database(tmp_path / "ftbot.db") as other:
        ids = await asyncio.gather(*(Packages(each).id_of("numpy") for each in [one, other] * 10))
        assert len(set(ids)) == 1


async def test_ids_survive_a_restart(tmp_path: Path) -> None:
    async with open_database(tmp_path / "ftbot.db") as database:
        first = await Packages(database).id_of("numpy")
    async with open_database(tmp_path / "ftbot.db") as database:
        assert await Packages(database).id_of("scipy") != first
        assert await Packages(database).name_of(first) == "numpy"


async def test_what_is_asked_for_most_comes_first(database: Database) -> None:
    packages = Packages(database)
    for name in ("first", "second", "third", "never"):
        await packages.id_of(name)
    await packages.count({"first": 1, "second": 5, "unheard-of": 9})
    await packages.count({"third": 1, "second": 1})
    assert await packages.most_asked(25) == ("second", "first", "third")
    assert await packages.most_asked(1) == ("second",)


async def test_nobody_asked_yet(database: Database) -> None:
    packages = Packages(database)
    await packages.id_of("numpy")
    assert await packages.most_asked(25) == ()
