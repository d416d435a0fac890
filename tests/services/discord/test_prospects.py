"""What servers can be told of follows from the settings of whoever runs the bot, and from what was read."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.core.posting.prospects import Prospects, Watched
from bot.services.discord.prospects import Outlook
from storage.packages.scans import Scans
from tests.databases import open_database

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


async def test_there_is_something_to_tell_once_a_scan_has_ended(address: str) -> None:
    async with open_database(address) as database:
        outlook = Outlook(scans := Scans(database), 360, Watched.ALL)
        assert await outlook.prospects() == Prospects(Watched.ALL, tracks=True, scanned=False)
        scan = await scans.begin(NOW, NOW)
        assert not (await outlook.prospects()).scanned
        await scans.end(scan, NOW, [], {})
        assert await outlook.prospects() == Prospects()
        assert not (await Outlook(scans, 0, Watched.NONE).prospects()).tracks


def test_nothing_is_lacking_where_everything_is_there() -> None:
    prospects = Prospects()
    for lacking in (
        prospects.lacking_for_digest(),
        prospects.lacking_for_announcements(),
        prospects.lacking_for_issues(),
    ):
        assert lacking is None
