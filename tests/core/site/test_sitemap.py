"""The sitemap names every page once, in files of bounded size."""

from __future__ import annotations

from datetime import date
from xml.etree.ElementTree import fromstring

import pytest

from bot.core.digest.weeks import Week
from bot.core.site.sitemap import MOST_URLS, SitePage, robots, site_pages, sitemaps

BASE = "https://ftbot.example/under/"
_S = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def locations(body: bytes) -> list[str]:
    return [each.text or "" for each in fromstring(body).iter(f"{_S}loc")]


def test_pages_weeks_and_packages_are_named() -> None:
    (path, body), *others = sitemaps(site_pages(["numpy", "a.b"], [Week(2026, 47)]), BASE).items()
    assert (path, others) == ("/sitemap.xml", [])
    assert locations(body) == [
        "https://ftbot.example/under/",
        "https://ftbot.example/under/packages/",
        "https://ftbot.example/under/digests/",
        "https://ftbot.example/under/about/",
        "https://ftbot.example/under/digests/2026-W47/",
        "https://ftbot.example/under/packages/numpy/",
        "https://ftbot.example/under/packages/a.b/",
    ]
    assert [each.text for each in fromstring(body).iter(f"{_S}lastmod")] == ["2026-11-23"]


@pytest.mark.parametrize(("number", "files"), [(1, 1), (MOST_URLS, 1), (MOST_URLS + 1, 3), (2 * MOST_URLS + 1, 4)])
def test_beyond_what_a_file_may_hold_there_is_an_index(number: int, files: int) -> None:
    pages = [SitePage(f"/packages/p{each}/", date(2026, 11, 22)) for each in range(number)]
    written = sitemaps(pages, BASE)
    assert len(written) == files
    named = [
        place for path, body in written.items() if files == 1 or path != "/sitemap.xml" for place in locations(body)
    ]
    assert named == [f"https://ftbot.example/under{page.path}" for page in pages]
    if files > 1:
        assert fromstring(written["/sitemap.xml"]).tag == f"{_S}sitemapindex"
        named = locations(written["/sitemap.xml"])
        assert named == [f"https://ftbot.example/under{path}" for path in written if path != "/sitemap.xml"]


def test_robots_are_told_of_the_sitemap_where_its_address_is_known() -> None:
    assert b"Sitemap: https://ftbot.example/under/sitemap.xml" in robots(BASE)
    assert b"Sitemap" not in robots(None)
