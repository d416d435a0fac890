# ruff: noqa: E501 - the cards are written here as people get them
"""``/ftprivacy``: everything that is stored about a person is shown and deleted, and nothing of anybody else."""

from __future__ import annotations

import json
import re

import pytest
from inline_snapshot import snapshot

from bot.core.posting.watches import NewsItem, NewsKind, NewsSource, Watch, WatchPlace, alert_post
from bot.core.wheels.targets import Target
from storage.discord.package_news import PackageNews
from storage.discord.watch_news import WatchNews
from storage.engine.migrations import MIGRATIONS
from tests.cogs.conftest import Bot
from tests.fakes.discord_world import User
from tests.fakes.fake_discord import FakeDiscord


@pytest.fixture
def ada(fake: FakeDiscord) -> User:
    return fake.guild.member("ada").user


async def alert(bot: Bot, *people: User) -> None:
    """Let people watch a package, and be told of it."""
    now, news = bot.watches.book.now(), WatchNews(bot.database)
    for person in people:
        await bot.watches.book.watches.add(WatchPlace(person.id), [Watch("demo")], 50, now)
    for number, recipient in enumerate(await news.claim_unopened(now, 10)):
        await news.open(recipient, 1_000 + number)
    told = NewsItem("demo", NewsKind.PRERELEASE, Target(14), "2.0rc1")
    await PackageNews(bot.database).record([told], now)
    (reader,) = [each for each in await news.readers() if each.source is NewsSource.PACKAGE_NEWS]
    await news.hand_out(reader, 1, told, now)
    await news.gather(now, alert_post, 10)


async def test_about_most_people_nothing_is_stored(fake: FakeDiscord, bot: Bot) -> None:
    await fake.slash("ftstatus", package="demo", user="ada").shown()
    message = await fake.slash("ftprivacy show", user="ada").shown()
    assert message.ephemeral
    assert message.text().endswith("About you nothing is stored.")
    assert not bot.connected.done()


async def test_everything_about_a_person_is_given_and_nothing_of_others(fake: FakeDiscord, bot: Bot, ada: User) -> None:
    grace = fake.guild.member("grace").user
    await alert(bot, ada, grace)
    message = await fake.slash("ftprivacy show", user="ada").shown()
    assert message.ephemeral
    assert message.text() == snapshot("""\
What I store about people is what they asked me to watch: your number on Discord, the channel of our direct messages, which packages you watch, what I told you of them and when. Nothing else of what you ask is stored with your number. What I know of threads on GitHub is public there, by the names of GitHub's accounts.
The file has all 4 rows:
- `watchers`: 1 row
- `watches`: 1 row
- `watch_news`: 1 row
- `posts`: 1 row
(ftbot-about-you.json)\
""")
    (file,) = message.attachments
    rows = json.loads(file.data)
    assert {table: len(some) for table, some in rows.items()} == {
        "watchers": 1,
        "watches": 1,
        "watch_news": 1,
        "posts": 1,
    }
    assert rows["watchers"][0]["person"] == ada.id
    assert str(grace.id) not in file.data.decode()


async def test_deleting_is_asked_about_and_leaves_nothing(fake: FakeDiscord, bot: Bot, ada: User) -> None:
    grace = fake.guild.member("grace").user
    await alert(bot, ada, grace)
    question = await fake.slash("ftprivacy delete", user="ada").shown()
    cancel, delete = (
        next(each.custom_id for each in question.buttons() if each.label == label)
        for label in ("Cancel", "Delete everything")
    )
    await fake.click(question, cancel, user="ada").callback
    assert any((await bot.watches.book.about(ada.id)).values())
    again = await fake.slash("ftprivacy delete", user="ada").shown()
    await fake.click(again, delete, user="ada").callback
    assert again.text().startswith("✅ Everything about you is deleted.")
    assert not any((await bot.watches.book.about(ada.id)).values())
    assert all((await bot.watches.book.about(grace.id)).values())
    for table in ("watchers", "watches", "watch_news", "posts"):
        assert len(await bot.database.read(f"SELECT 1 FROM {table}")) == 1  # noqa: S608 — ours
    await fake.slash("ftprivacy delete", user="ada").shown()


def test_no_other_table_has_a_column_for_a_person_of_discord() -> None:
    made = [text for step in MIGRATIONS for text in step if re.search(r"\b(person|user|member|owner)\b BIGINT", text)]
    assert [re.findall(r"TABLE (\w+)", text) for text in made] == [["watchers"]]
