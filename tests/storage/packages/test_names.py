"""Short ids for packages, and how often each was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from storage.engine.engine import Engine
from storage.packages.names import Packages
from tests.storage.engines import OpenEngine


@pytest.fixture
async def database(open_engine: OpenEngine) -> AsyncIterator[Engine]:
    """Give an empty database."""
    async with open_engine() as opened:
        yield opened


async def test_a_package_keeps_its_id(database: Engine) -> None:
    packages = Packages(database)
    numpy, scipy = await packages.id_of("numpy"), await packages.id_of("scipy")
    assert numpy != scipy
    assert [await packages.id_of("numpy"), await packages.id_of("scipy")] == [numpy, scipy]
    assert [await packages.name_of(numpy), await packages.name_of(scipy)] == ["numpy", "scipy"]


async def test_an_id_nobody_was_given_stands_for_nothing(database: Engine) -> None:
    assert await Packages(database).name_of(1) is None


async def test_a_crowd_gets_one_id_for_one_package(open_engine: OpenEngine) -> None:
    async with open_engine() as one, open_engine() as other:
        ids = await asyncio.gather(*(Packages(each).id_of("numpy") for each in [one, other] * 10))
        assert len(set(ids)) == 1


async def test_ids_survive_a_restart(open_engine: OpenEngine) -> None:
    async with open_engine() as database:
        first = await Packages(database).id_of("numpy")
    async with open_engine() as database:
        assert await Packages(database).id_of("scipy") != first
        assert await Packages(database).name_of(first) == "numpy"


async def test_what_is_asked_for_most_comes_first(database: Engine) -> None:
    packages = Packages(database)
    for name in ("first", "second", "third", "never"):
        await packages.id_of(name)
    await packages.count({"first": 1, "second": 5, "unheard-of": 9})
    await packages.count({"third": 1, "second": 1})
    assert await packages.most_asked(25) == ("second", "first", "third")
    assert await packages.most_asked(1) == ("second",)


async def test_nobody_asked_yet(database: Engine) -> None:
    packages = Packages(database)
    await packages.id_of("numpy")
    assert await packages.most_asked(25) == ()
