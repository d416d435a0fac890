"""What each application's commands were when Discord was last told."""

from __future__ import annotations

from pathlib import Path

from storage.discord.registrations import Registrations
from storage.engine.sqlite import open_database


async def test_the_last_digest_of_each_application_is_remembered(tmp_path: Path) -> None:
    async with open_database(tmp_path / "ftbot.db") as database:
        registrations = Registrations(database)
        assert await registrations.digest(1) is None
        for application, digest in ((1, "old"), (2, "other"), (1, "new")):
            await registrations.record(application, digest)
    async with open_database(tmp_path / "ftbot.db") as database:
        registrations = Registrations(database)
        assert [await registrations.digest(application) for application in (1, 2, 3)] == ["new", "other", None]
