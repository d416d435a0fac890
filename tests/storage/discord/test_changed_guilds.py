"""Whoever reads only what changed knows the same as whoever reads everything."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.core.fleet.shards import Presence
from bot.core.posting.settings import GuildSettings, IssueFeed
from bot.core.upstream.threads import EventKind
from storage.discord.guilds import Guilds
from storage.engine.engine import Engine
from tests.databases import NewPlace, open_database
from tests.storage.discord.made_posts import DIGEST, NOW

GUILDS = (101, 102, 103)
FEED = IssueFeed(7, forum=False, events=(EventKind.OPENED,))

DIGESTS = (None, DIGEST, replace(DIGEST, channel=9))
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("digest"), st.sampled_from(GUILDS), st.sampled_from(DIGESTS)),
        st.tuples(st.just("announcements"), st.sampled_from(GUILDS), st.sampled_from((None, 8))),
        st.tuples(st.just("issues"), st.sampled_from(GUILDS), st.sampled_from((None, FEED))),
        st.tuples(st.just("present"), st.frozensets(st.sampled_from(GUILDS)), st.none()),
        st.tuples(st.just("read"), st.none(), st.none()),
    ),
    max_size=20,
)
"""What is done, one after the other: servers set something, the bot leaves some, and somebody reads what changed."""


class Reader:
    """Knows what servers have set by what changed since it read last."""

    def __init__(self, guilds: Guilds) -> None:
        self.guilds = guilds
        self.revision = 0
        self.known: dict[int, GuildSettings] = {}

    async def read(self) -> None:
        revision = await self.guilds.revision()
        changed, gone = await self.guilds.changed_after(self.revision)
        self.known |= {each.guild: each for each in changed}
        for guild in gone:
            self.known.pop(guild, None)
        self.revision = revision


async def change(guilds: Guilds, reader: Reader, what: str, where: object, value: object) -> None:
    match what, where, value:
        case "digest", int(guild), _:
            await guilds.set_digest(guild, value)  # type: ignore[arg-type]  # as it is made above
        case "announcements", int(guild), int() | None:
            await guilds.set_announcements(guild, value)
        case "issues", int(guild), IssueFeed() | None:
            await guilds.set_issues(guild, value)
        case "present", frozenset(), _:
            await guilds.note_presence(Presence(where), NOW)
        case _:
            await reader.read()


@given(changes=CHANGES)
def test_both_know_the_same_whatever_happens(changes: list[tuple[str, object, object]], new_place: NewPlace) -> None:
    async def run() -> None:
        async with open_database(await new_place()) as database:
            guilds = Guilds(database)
            reader = Reader(guilds)
            for what, where, value in changes:
                await change(guilds, reader, what, where, value)
            await reader.read()
            assert sorted(reader.known.values(), key=lambda each: each.guild) == list(await guilds.everyone())

    asyncio.run(run())


async def test_what_did_not_change_is_not_read_again(database: Engine) -> None:
    guilds = Guilds(database)
    for guild in GUILDS:
        await guilds.set_announcements(guild, 8)
    before = await guilds.revision()
    await guilds.set_digest(GUILDS[1], DIGEST)
    changed, gone = await guilds.changed_after(before)
    assert ([each.guild for each in changed], gone) == ([GUILDS[1]], frozenset())
    assert await guilds.changed_after(await guilds.revision()) == ((), frozenset())
