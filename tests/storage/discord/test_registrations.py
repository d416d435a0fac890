"""What each application's commands were when Discord was last told."""

from __future__ import annotations

from storage.discord.registrations import Registrations
from tests.storage.engines import OpenEngine


async def test_the_last_digest_of_each_application_is_remembered(open_engine: OpenEngine) -> None:
    async with open_engine() as database:
        registrations = Registrations(database)
        assert await registrations.digest(1) is None
        for application, digest in ((1, "old"), (2, "other"), (1, "new")):
            await registrations.record(application, digest)
    async with open_engine() as database:
        registrations = Registrations(database)
        assert [await registrations.digest(application) for application in (1, 2, 3)] == ["new", "other", None]
