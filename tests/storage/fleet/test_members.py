"""Who is there of the processes on one database."""

from __future__ import annotations

from storage.engine.engine import Engine
from storage.fleet.members import ALIVE_SECONDS, Members


async def be_silent(database: Engine, name: str, seconds: float) -> None:
    async with database.transaction() as transaction:
        await transaction.run("UPDATE members SET seen = seen - ? WHERE name = ?", (seconds, name))


async def test_each_counts_once_however_often_it_says_so(database: Engine) -> None:
    members = Members(database)
    assert [await members.beat(name, "1") for name in ("one", "two", "one", "two")] == [1, 2, 2, 2]


async def test_who_leaves_and_who_falls_silent_does_not_count(database: Engine) -> None:
    members = Members(database)
    for name in ("one", "two", "three"):
        await members.beat(name, "1")
    await members.leave("two")
    assert await members.beat("one", "1") == 2
    await be_silent(database, "three", ALIVE_SECONDS + 1)
    assert await members.beat("one", "1") == 1
    assert await members.beat("three", "1") == 2  # it was only busy


async def test_who_is_silent_for_long_is_forgotten(database: Engine) -> None:
    members = Members(database)
    await members.beat("one", "1")
    await be_silent(database, "one", 3601)
    await members.beat("two", "1")
    assert await database.read("SELECT name FROM members") == [("two",)]
