"""The front page: what is new comes first, the newest at the top, from as many weeks as it takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from bot.core.site.front import front_page, has_news
from bot.core.site.marks import Mark
from tests.core.digests import BUSY, QUIET, move


def test_news_are_in_groups_and_the_newest_first() -> None:
    late = replace(move("late", "1.0"), day=date(2026, 11, 21))
    page = front_page([replace(BUSY, gained=(*BUSY.gained, late)), QUIET])
    groups = {group.heading: [news.package for news in group.news] for group in page.groups}
    assert groups["New on 3.14t"][0] == "late"
    assert set(groups["New on 3.14t"]) == {"numpy", "lxml", "ruff", "idna", "late"}
    assert set(groups["New on other Pythons"]) == {"cryptography", "torch"}
    assert groups["Lost"] == ["lmdb", "rare"]
    marks = {news.package: news.mark for group in page.groups for news in group.news}
    assert (marks["numpy"], marks["lxml"], marks["idna"], marks["lmdb"]) == (Mark.PART, Mark.FULL, Mark.PURE, Mark.NONE)


def test_it_says_how_far_things_are_and_what_is_waited_for() -> None:
    page = front_page([QUIET])
    assert page.lead.startswith("220 of the 360 packages with native code that people download most have wheels")
    first = page.shares[0]
    assert (first.percent, first.everywhere, first.somewhere, first.lacking) == ("61 %", 180, 40, 140)
    assert (first.bar.everywhere, first.bar.somewhere) == (500, 111)
    assert [each.package for each in page.awaited] == ["grpcio", "orjson"]
    assert page.groups == ()


def test_a_quiet_week_has_no_news() -> None:
    assert (has_news(QUIET), has_news(BUSY)) == (False, True)


def test_the_chart_has_every_share_where_it_belongs() -> None:
    chart = front_page([QUIET]).chart
    assert chart is not None
    assert (chart.now, chart.rows[0].percents) == ((("3.14t", "61 %"), ("3.15t", "33 %")), ("61 %", "33 %"))
    for drawing in chart.drawings:
        places = [tuple(map(float, point.split(","))) for line in drawing.lines for point in line.points.split()]
        assert all(drawing.left <= x <= drawing.right and 0 <= y <= drawing.bottom for x, y in places)
        first, second = (line.label_y for line in drawing.lines)
        assert abs(first - second) >= 15
