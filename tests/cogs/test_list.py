"""``/ftlist`` as people see it: filters, pages, who turns them, and every way it can go wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from discord import ui
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.core.errors import UserError
from bot.core.inspection.modules import Gil
from bot.core.listing.listed import Listed, ListedSince, ListedTarget
from bot.core.listing.query import WAITED_FOR, GilFilter, ListOrder, ListQuery, page_of
from bot.core.site.whole_lists import WholeLists
from bot.core.verdicts.modifiers import ModifierKind
from bot.core.verdicts.rules import Verdict
from cogs.ui.buttons import identifier_of
from cogs.ui.list_card import PACKAGES_A_PAGE, PAGE, list_card, read_query, written
from cogs.ui.status_card import MOST_BYTES
from tests.cogs.conftest import Bot, World
from tests.core.pages import NOW, T314, T315
from tests.fakes.discord_world import Guild, Message, User
from tests.fakes.fake_discord import FakeDiscord
from tests.services.lookups import Clock as ScanClock
from tests.services.scans import numbered, open_station, publish_native

MANY = numbered("p", range(12))


@pytest.fixture
async def scanned(world: World) -> AsyncIterator[Bot]:
    """Run a bot whose packages were scanned: twelve without wheels for 3.14t, and two with."""
    publish_native(world.index, "numpy", "lxml")
    publish_native(world.index, *MANY, free_threaded=False)
    names = ["numpy", *MANY, "lxml"]
    async with open_station(world.index, world.database, ScanClock(), names) as station:
        await station.scanner.scan(len(names))
    async with world.running() as bot:
        yield bot


def button(message: Message, label: str) -> str:
    return next(each.custom_id for each in message.buttons() if each.label == label)


@pytest.mark.usefixtures("scanned")
async def test_packages_are_listed_with_how_they_stand(fake: FakeDiscord) -> None:
    message = await fake.slash("ftlist", verdict="supported", python="3.14t").shown()
    assert (message.ephemeral, message.pings) == (False, ())
    assert message.text() == snapshot("""\
### 2 packages on 3.14t: “wheels”
- **numpy** 1.0 · rank 1 · 3.14t ✅ wheels (since 1.0 (2026-08-14))
- **lxml** 1.0 · rank 14 · 3.14t ✅ wheels (since 1.0 (2026-08-14))
-# tracked packages, scanned <t:1795384800:R>\
""")


@pytest.mark.usefixtures("scanned")
async def test_pages_are_turned_in_place_by_who_asked(fake: FakeDiscord) -> None:
    answer = fake.slash("ftlist", only="w")
    message = await answer.shown()
    assert message.text().startswith("### 12 packages: waited for\n- **p000** 1.0 · rank 2 · ")
    assert message.text().count("\n- ") == 10
    assert "Page 1 of 2" in message.text()
    turned = fake.click(message, button(message, "More ▶"))
    await turned.until(lambda: "Page 2 of 2" in message.text())
    assert message.text().count("\n- ") == 2
    back = fake.click(message, button(message, "◀ Back"))
    await back.until(lambda: "Page 1 of 2" in message.text())


@pytest.mark.usefixtures("scanned")
async def test_somebody_else_who_clicks_gets_a_page_of_their_own(fake: FakeDiscord) -> None:
    message = await fake.slash("ftlist").shown()
    theirs = await fake.click(message, button(message, "More ▶"), user=User("bob")).shown()
    assert (theirs.ephemeral, "Page 2 of 2" in theirs.text(), "Page 1 of 2" in message.text()) == (True, True, True)


@pytest.mark.usefixtures("scanned")
async def test_an_answer_can_be_private_and_is_where_the_bot_is_not_installed(fake: FakeDiscord) -> None:
    assert (await fake.slash("ftlist", private=True).shown()).ephemeral
    assert (await fake.slash("ftlist", guild=Guild("Elsewhere"), user=User("bob")).shown()).ephemeral


def test_the_button_to_the_site_asks_for_the_same_list() -> None:
    query = ListQuery(target=T314, verdicts=WAITED_FOR)
    card = list_card(page_of([], 1, PACKAGES_A_PAGE), query, NOW, 1, WholeLists("https://ft.example.org"))
    (button,) = [item for item in card.walk_children() if isinstance(item, ui.Button)]
    assert (button.label, button.url) == (
        "All on the site",
        "https://ft.example.org/packages/?target=3.14t&verdict=abi3-only%2Cblocked%2Cmis-tagged%2Cnot-yet",
    )


@pytest.mark.usefixtures("scanned")
async def test_what_fits_nothing_says_so(fake: FakeDiscord) -> None:
    shown = (await fake.slash("ftlist", gil="on", python="3.15t").shown()).text()
    assert shown.startswith("### 0 packages on 3.15t: turns the GIL back on\nNo tracked package fits.\n")


@pytest.mark.usefixtures("bot")
async def test_before_a_scan_it_says_what_to_do(fake: FakeDiscord) -> None:
    message = await fake.slash("ftlist").shown()
    assert (message.ephemeral, message.text().startswith("Nothing has been scanned yet.")) == (True, True)


@pytest.mark.usefixtures("scanned")
@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("1", "", "", "", "", "rank", "x"),
        ("1", "", "", "", "", "rank", "9" * 9),
        ("1", "3.14", "", "", "", "rank", "1"),
        ("1", "", "nonsense", "", "", "rank", "1"),
        ("1", "", "", "", "", "size", "1"),
    ],
)
async def test_a_button_that_says_nonsense_is_answered_in_a_sentence(
    fake: FakeDiscord, arguments: tuple[str, ...]
) -> None:
    message = await fake.slash("ftlist").shown()
    told = await fake.click_stale(message, identifier_of(PAGE, *arguments)).shown()
    assert told.ephemeral


queries = st.builds(
    ListQuery,
    target=st.none() | st.sampled_from((T314, T315)),
    verdicts=st.just(WAITED_FOR) | st.frozensets(st.sampled_from(list(Verdict)), max_size=1),
    gil=st.none() | st.sampled_from(list(GilFilter)),
    lagging=st.booleans(),
    narrowed=st.booleans(),
    order=st.sampled_from(list(ListOrder)),
)


@given(queries)
def test_what_is_asked_for_fits_into_a_button_and_is_read_back(query: ListQuery) -> None:
    assert read_query(*written(query)) == query
    identifier_of(PAGE, "z" * 13, *written(query), "999999")


@given(st.tuples(*[st.text(max_size=20)] * 5))
def test_any_text_in_a_button_is_read_or_refused(texts: tuple[str, str, str, str, str]) -> None:
    with suppress(UserError):
        read_query(*texts)


def test_a_card_stays_within_the_limits_whatever_the_names() -> None:
    worst = ListedTarget(T314, Verdict.PURE_FALLBACK, Gil.ON, ListedSince("9" * 300, None), tuple(ModifierKind), (), ())
    packages = [Listed("@everyone`*_" * 20, 10**6, "1" * 300, (worst,) * 5)] * 40
    card = list_card(page_of(packages, 2, PACKAGES_A_PAGE), ListQuery(), NOW, 2**63, WholeLists("https://example.org"))
    texts = [item.content for item in card.walk_children() if hasattr(item, "content")]
    assert sum(len(text) for text in texts) <= 4000
    assert sum(len(text.encode()) for text in texts) <= MOST_BYTES
