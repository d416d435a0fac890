"""Discord is told of the commands when they changed, and only then."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import pytest
from structlog.testing import capture_logs

from bot.services.discord.registration import Registration
from storage.discord.registrations import Registrations
from storage.engine.engine import Engine
from tests.databases import lose_table, open_database, refuse_writes


@pytest.fixture
async def database(address: str) -> AsyncIterator[Engine]:
    """Give an empty database."""
    async with open_database(address) as opened:
        yield opened


class Discord:
    """Counts how often it is told, and refuses while it is down."""

    def __init__(self) -> None:
        self.told = 0
        self.down = False

    async def tell(self) -> None:
        """Take the commands."""
        if self.down:
            raise ConnectionError
        self.told += 1


async def test_discord_is_told_only_of_changes(database: Engine) -> None:
    discord, registration = Discord(), Registration(Registrations(database))
    told = []
    for digest in ("one", "one", "two", "two", "one"):
        await registration.sync(1, digest, discord.tell)
        told.append(discord.told)
    assert told == [1, 1, 2, 2, 3]


async def test_a_restart_tells_nothing_new(address: str) -> None:
    discord = Discord()
    for _ in range(2):
        async with open_database(address) as database:
            await Registration(Registrations(database)).sync(1, "one", discord.tell)
    assert discord.told == 1


async def test_each_application_is_told(database: Engine) -> None:
    discord, registration = Discord(), Registration(Registrations(database))
    await registration.sync(1, "one", discord.tell)
    await registration.sync(2, "one", discord.tell)
    assert discord.told == 2


async def test_what_discord_did_not_take_is_told_again(database: Engine) -> None:
    discord, registration = Discord(), Registration(Registrations(database))
    discord.down = True
    with pytest.raises(ConnectionError):
        await registration.sync(1, "one", discord.tell)
    discord.down = False
    await registration.sync(1, "one", discord.tell)
    assert discord.told == 1


@pytest.mark.parametrize("damage", [refuse_writes, partial(lose_table, table="registrations")])
async def test_without_a_working_database_discord_is_told_again(
    database: Engine, damage: Callable[[Engine], Awaitable[None]]
) -> None:
    discord, registration = Discord(), Registration(Registrations(database))
    await damage(database)
    with capture_logs() as logs:
        await registration.sync(1, "one", discord.tell)
        await registration.sync(1, "one", discord.tell)
    assert discord.told == 2
    assert "storage_failed" in [line["event"] for line in logs]
