"""``/ftdigest`` for anyone, and digests made ready to be posted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from discord import ui
from inline_snapshot import snapshot

from bot.core.digest.changes import Change, ChangeKind
from bot.core.digest.digest import Digest
from bot.core.digest.weeks import Week
from bot.core.errors import UserError
from bot.core.posting.settings import DigestSettings
from bot.core.posting.watches import NewsItem, NewsKind
from bot.core.site.whole_lists import NO_SITE, WholeLists
from bot.core.verdicts.wording import DISCLAIMER
from bot.core.wheels.platforms import Platform
from bot.core.wheels.targets import Target
from cogs.digest import DigestRenderer
from cogs.ui.announcement_card import announcement_card
from cogs.ui.digest_card import CHART_FILE
from cogs.ui.status_card import MOST_TEXT
from cogs.ui.watch_card import alert_card
from tests.cogs.running import Bot, running_bot
from tests.core.digests import QUIET
from tests.fakes.discord_interactions import CallbackType
from tests.fakes.discord_world import Channel, Guild
from tests.fakes.fake_discord import FakeDiscord
from tests.services.posts import LAST_WEEK, PICTURE, Clock, Press, direct


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def fake(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord(now=clock) as running:
        direct(monkeypatch, running.api_url, running.gateway_url)
        yield running
    assert running.violations == []


@pytest.fixture
def press() -> Press:
    return Press()


@pytest.fixture
async def bot(fake: FakeDiscord, database_path: Path, clock: Clock, press: Press) -> AsyncIterator[Bot]:
    async with running_bot(fake, database_path, clock, press) as running:
        yield running


def texts_of(card: ui.LayoutView) -> list[str]:
    """Return the texts of a card in order."""
    return [part.content for part in card.walk_children() if isinstance(part, ui.TextDisplay)]


def pictures_of(card: ui.LayoutView) -> list[str]:
    """Return the addresses of the pictures on a card."""
    galleries = [part for part in card.walk_children() if isinstance(part, ui.MediaGallery)]
    return [item.media.url for gallery in galleries for item in gallery.items]


@pytest.mark.usefixtures("bot")
async def test_the_last_week_that_is_over_is_shown_to_everybody(fake: FakeDiscord) -> None:
    message = await fake.slash("ftdigest", user="grace").shown()
    assert "Digest of 2026-W47" in message.text()
    assert [(item.filename, item.data, item.description) for item in message.attachments] == [
        ("digest.png", PICTURE, "70 of 100")
    ]
    assert fake.messages(fake.guild.channel("general")) == [message]


@pytest.mark.usefixtures("bot")
async def test_another_week_only_for_who_asks(fake: FakeDiscord) -> None:
    message = await fake.slash("ftdigest", week="2026w44", private=True).shown()
    assert (message.ephemeral, "Digest of 2026-W44" in message.text()) == (True, True)


@pytest.mark.usefixtures("bot")
async def test_it_works_in_direct_messages_and_is_private_in_servers_without_the_bot(fake: FakeDiscord) -> None:
    assert not (await fake.slash("ftdigest", dm=True).shown()).ephemeral
    elsewhere = Guild("Elsewhere", [Channel("general")])
    assert (await fake.slash("ftdigest", guild=elsewhere).shown()).ephemeral


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("week", ["last week", "2026-W54", "47"])
async def test_what_is_no_week_is_explained(fake: FakeDiscord, week: str) -> None:
    message = await fake.slash("ftdigest", week=week).shown()
    assert message.ephemeral
    assert "week" in message.text()


async def test_a_week_without_a_digest_is_explained_only_to_who_asked(
    bot: Bot, fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot.press.error = UserError("Week 2027-W01 has not begun. Ask for 2026-W47 or earlier.")
    message = await fake.slash("ftdigest", week="2027-W01").shown()
    assert (message.ephemeral, message.text()) == (True, str(bot.press.error))
    monkeypatch.setattr("cogs.digest.DIRECTLY", 0.001)
    bot.press.gate = asyncio.Event()
    answer = fake.slash("ftdigest", week="2027-W01")
    await answer.callback
    bot.press.gate.set()
    (followup,) = await answer.wait_for_followups(1)
    assert (followup.ephemeral, followup.text()) == (True, str(bot.press.error))
    assert fake.messages(fake.guild.channel("general")) == []


async def test_a_digest_that_takes_a_while_is_promised_first(
    bot: Bot, fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cogs.digest.DIRECTLY", 0.001)
    bot.press.gate = asyncio.Event()
    answer = fake.slash("ftdigest")
    assert (await answer.callback).type is CallbackType.DEFERRED_MESSAGE
    bot.press.gate.set()
    message = await answer.shown()
    assert "Digest of 2026-W47" in message.text()
    assert len(message.attachments) == 1


@pytest.mark.usefixtures("bot")
async def test_weeks_are_offered_while_typing(fake: FakeDiscord) -> None:
    offered = await fake.autocomplete("ftdigest", focus="week", value="")
    assert [choice.value for choice in offered][:2] == ["2026-W47", "2026-W46"]
    assert len(offered) == 25
    assert [choice.value for choice in await fake.autocomplete("ftdigest", focus="week", value="w45")] == ["2026-W45"]


async def test_an_answer_in_the_digests_channel_is_not_taken_for_the_digest(
    bot: Bot, fake: FakeDiscord, clock: Clock
) -> None:
    general = fake.guild.channel("general")
    await bot.guilds.set_digest(fake.guild.id, DigestSettings(general.id, LAST_WEEK))
    answer = await fake.slash("ftdigest", week="2026-W47").shown()
    fake.reset("POST", r"/channels/\d+/messages$")
    await bot.poster.tick()
    clock.advance(timedelta(minutes=30))
    await bot.poster.tick()
    assert ["Digest of 2026-W47" in message.text() for message in fake.messages(general)] == [True, True]
    assert fake.messages(general)[0] is answer


# Making digests ready


@dataclass(slots=True)
class Draughtsman:
    """Draws, and counts how often."""

    digest: Digest = QUIET
    drawn: list[Digest] = field(default_factory=list)

    async def find(self, week: Week) -> Digest:
        return replace(self.digest, week=week)

    def draw(self, digest: Digest) -> bytes:
        self.drawn.append(digest)
        return PICTURE


async def test_a_prepared_digest_has_its_chart_and_a_fresh_card_for_everyone() -> None:
    draughtsman = Draughtsman()
    digest = await DigestRenderer(draughtsman.find, draughtsman.draw).prepare(QUIET.week)
    assert (digest.picture, digest.filename, digest.complete) == (PICTURE, CHART_FILE, True)
    assert "3.14t" in digest.alt
    first, second = digest.view(), digest.view()
    assert first is not second
    assert first.is_finished()
    assert any(str(QUIET.week) in text for text in texts_of(first))
    assert pictures_of(first) == [f"attachment://{CHART_FILE}"]


async def test_a_chart_is_drawn_once_as_long_as_its_digest_stays_the_same() -> None:
    draughtsman = Draughtsman()
    press = DigestRenderer(draughtsman.find, draughtsman.draw)
    await press.prepare(QUIET.week)
    await press.prepare(QUIET.week)
    assert len(draughtsman.drawn) == 1
    draughtsman.digest = replace(QUIET, tracked=361, complete=False)
    assert not (await press.prepare(QUIET.week)).complete
    assert len(draughtsman.drawn) == 2
    week = QUIET.week
    for _ in range(5):
        week = week.before
        await press.prepare(week)
    await press.prepare(QUIET.week)
    assert len(draughtsman.drawn) == 8


async def test_a_digest_without_history_has_no_chart() -> None:
    draughtsman = Draughtsman(replace(QUIET, chart=()))
    digest = await DigestRenderer(draughtsman.find, draughtsman.draw).prepare(QUIET.week)
    assert (digest.picture, draughtsman.drawn) == (None, [])
    assert pictures_of(digest.view()) == []


# Announcements


def test_an_announcement_says_what_moved() -> None:
    changes = [
        Change("numpy", Target(14), "2.3", ChangeKind.GAINED, ("cp314t",)),
        Change("@everyone", Target(15), "[x](https://evil.example)", ChangeKind.LOST),
        Change("netcdf4", Target(14), "1.7.5", ChangeKind.NARROWED, ("cp314t",), (Platform.WIN32, Platform.WIN_ARM64)),
    ]
    texts = texts_of(announcement_card(changes))
    assert texts == snapshot(
        [
            "### Free-threaded Python: what just changed",
            """\
- **numpy** 2.3: 🟢 gained wheels for **3.14t** (cp314t)
- **@\u200beveryone** \\[x\\](https\\://evil.example): 🔴 lost its wheels for **3.15t**
- **netcdf4** 1.7.5: 🟠 lost some of its wheels for **3.14t** (Windows arm64 and 32-bit)\
""",
            "-# A wheel shows that a build exists, not that it is thread-safe.",
        ]
    )


def test_a_long_announcement_is_cut() -> None:
    changes = [
        Change("x" * 200, Target(14), f"{number}" * 60, ChangeKind.GAINED, ("cp314t",) * 9) for number in range(300)
    ]
    card = announcement_card(changes)
    assert card.content_length() < MOST_TEXT + 1_500
    texts = texts_of(card)
    assert texts[1].endswith("\nand 280 more: /ftlist order: gained")
    assert texts[2] == f"-# {DISCLAIMER}"


def test_of_too_many_changes_gains_are_left_out_first_and_all_of_them_are_linked() -> None:
    gained = [Change(f"g{number}", Target(14), "1", ChangeKind.GAINED, ("cp314t",)) for number in range(25)]
    lost = [Change(f"l{number}", Target(14), "1", ChangeKind.LOST) for number in range(25)]
    site = WholeLists("https://ft.example.org")
    text = texts_of(announcement_card([*gained, lost[0]], site))[1]
    assert text.split("\n")[0].startswith("- **g0** ")
    assert text.split("\n")[-2].startswith("- **l0** ")
    assert text.endswith("\nand 6 more: [all of them](<https://ft.example.org/packages/?order=gained>)")
    assert texts_of(announcement_card(lost, site))[1].endswith("\nand 5 more: [all of them](<https://ft.example.org/>)")
    assert texts_of(announcement_card(lost))[1].endswith("\nand 5 more: /ftlist only: narrowed")


@pytest.mark.parametrize(
    ("whole", "where"),
    [
        (NO_SITE, "`/ftstatus` tells how each stands"),
        (
            WholeLists("https://ft.example.org"),
            "[how packages stand](<https://ft.example.org/packages/?order=gained>)",
        ),
    ],
)
def test_an_alert_without_room_says_where_the_rest_is(whole: WholeLists, where: str) -> None:
    news = [NewsItem(f"p{number}", NewsKind.LOST, Target(14), "1" * 60) for number in range(200)]
    card = alert_card(news, whole)
    assert card.content_length() <= 4_000
    (last,) = {text.split("\n")[-1] for text in texts_of(card) if "more; " in text}
    assert last.endswith(f" lines more; `/ftwatch list` has all your packages, {where}")
