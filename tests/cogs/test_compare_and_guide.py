"""``/ftcompare`` and ``/ftguide`` as people see them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from inline_snapshot import snapshot

from bot.core.comparison.cadence import Cadence
from bot.core.comparison.comparison import compare
from bot.core.site.whole_lists import NO_SITE, WholeLists
from bot.core.verdicts.status import Status
from bot.core.wheels.targets import Target
from bot.services.packages.comparison import ComparedPackages
from cogs.ui.compare_card import compare_card
from cogs.ui.status_card import MOST_BYTES
from tests.core.pages import NOW, judged, project, sdist, wheels
from tests.core.strategies import NINE
from tests.fakes.discord_world import Guild, User
from tests.fakes.fake_discord import FakeDiscord


@pytest.mark.usefixtures("bot")
async def test_packages_stand_side_by_side(fake: FakeDiscord) -> None:
    message = await fake.slash("ftcompare", first="Demo", second="six").shown()
    assert (message.ephemeral, message.pings) == (False, ())
    assert message.text() == snapshot("""\
### **demo** · **six**
```
              demo                      six
version       1.0                       1.17.0

3.14t         🟡 partly                 ⬜ pure Python
since         1.0 (15 January 2026)     –
Linux x86-64  cp314t                    pure Python
Windows x64   –                         pure Python

3.15t         ⛔ no wheel               ⬜ pure Python
Linux x86-64  –                         pure Python
Windows x64   –                         pure Python

releases      1 in a year, the last 3…  1 in a year, the last 3…
```
-# A wheel shows that a build exists, not that it is thread-safe.\
""")


@pytest.mark.usefixtures("bot")
async def test_what_does_not_exist_is_named_and_the_other_shown(fake: FakeDiscord) -> None:
    shown = (await fake.slash("ftcompare", first="demo", second="nunpy").shown()).text()
    assert "nunpy: " in shown
    assert "cp314t" in shown


@pytest.mark.usefixtures("bot")
async def test_a_package_beside_itself_is_refused(fake: FakeDiscord) -> None:
    message = await fake.slash("ftcompare", first="demo", second="DEMO").shown()
    assert (message.ephemeral, message.text()) == (True, "Name 2 to 4 packages to compare, such as numpy and scipy.")


@pytest.mark.usefixtures("bot")
async def test_names_are_offered_and_answers_are_private_where_the_bot_is_not_installed(fake: FakeDiscord) -> None:
    assert await fake.autocomplete("ftcompare", focus="second", value="num")
    elsewhere = fake.slash("ftcompare", first="demo", second="six", guild=Guild("Elsewhere"), user=User("bob"))
    assert (await elsewhere.shown()).ephemeral


def test_a_comparison_stays_within_the_limits_whatever_the_names() -> None:
    tags = [f"cp314-cp314t-{platform}" for platform in NINE] + [f"cp314-cp314-{platform}" for platform in NINE]
    page = project(*wheels(*tags, version="1" * 200), sdist())
    packages = [Status(judged(replace(page, name=f"`@everyone`{number}" * 20)), NOW) for number in range(4)]
    cadences = {status.package: Cadence(10**9, NOW) for status in packages}
    site = WholeLists("https://ft.example.org")
    card = compare_card(ComparedPackages(compare(packages), cadences), NOW, site)
    texts = [item.content for item in card.walk_children() if hasattr(item, "content")]
    assert sum(len(text) for text in texts) <= 4000
    assert sum(len(text.encode()) for text in texts) <= MOST_BYTES
    table = next(text for text in texts if text.startswith("```"))
    assert table.count("`") == 6


@pytest.mark.parametrize(
    ("whole", "where"),
    [
        (NO_SITE, "ftbot compare p0 p1 p2 p3"),
        (WholeLists("https://ft.example.org"), "[all of them](<https://ft.example.org/compare?packages=p0+p1+p2+p3>)"),
    ],
)
def test_a_comparison_without_room_says_where_all_of_it_is(whole: WholeLists, where: str) -> None:
    tags = [f"cp314-cp314t-{platform}" for platform in NINE] + [f"cp314-cp314-{platform}" for platform in NINE]
    page, targets = project(*wheels(*tags), sdist()), [Target(14) for _ in range(6)]
    packages = [Status(judged(replace(page, name=f"p{number}"), *targets), NOW) for number in range(4)]
    card = compare_card(ComparedPackages(compare(packages), {}), NOW, whole)
    texts = [item.content for item in card.walk_children() if hasattr(item, "content")]
    assert sum(len(text) for text in texts) <= 4000
    (rest,) = [text for text in texts if text.startswith("-# and ")]
    assert rest.split(" more: ")[1] == where


@pytest.mark.usefixtures("bot")
async def test_the_section_that_fits_is_linked_first(fake: FakeDiscord) -> None:
    message = await fake.slash("ftguide", topic="how do I port a pybind11 extension").shown()
    assert message.text() == snapshot("""\
### [Declaring free-threaded support](<https://py-free-threading.github.io/porting-extensions/#declaring-free-threaded-support>)
-# From the py-free-threading guide.\
""")


@pytest.mark.usefixtures("bot")
async def test_a_topic_that_the_guide_does_not_have_is_told(fake: FakeDiscord) -> None:
    message = await fake.slash("ftguide", topic="zebra @everyone").shown()
    assert (message.ephemeral, message.pings) == (True, ())
    assert message.text().startswith("The guide has nothing that looks like that. It has, among others: Porting")


@pytest.mark.usefixtures("bot")
async def test_topics_are_offered(fake: FakeDiscord) -> None:
    offered = await fake.autocomplete("ftguide", focus="topic", value="cibuildw")
    assert [choice.value for choice in offered] == ["Building free-threaded wheels with cibuildwheel"]
    assert len(await fake.autocomplete("ftguide", focus="topic", value="")) > 10
