"""The sitemap (sitemaps.org, 0.9), in files of bounded size, and what robots may read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from xml.etree.ElementTree import Element, SubElement, tostring

from bot.core.digest.weeks import Week
from bot.core.site.feed import address, package_path

MOST_URLS = 50_000
"""Addresses in one file, by the protocol."""

_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


@dataclass(frozen=True, slots=True)
class SitePage:
    """A page, and on which day it last changed, where that is known."""

    path: str
    changed: date | None = None


def site_pages(packages: Iterable[str], weeks: Iterable[Week]) -> tuple[SitePage, ...]:
    """Return the pages that a search engine is told of, given the tracked packages and the weeks that are over."""
    return (
        *(SitePage(path) for path in ("/", "/packages/", "/digests/", "/about/")),
        *(SitePage(f"/digests/{week}/", week.end.date()) for week in weeks),
        *(SitePage(package_path(name)) for name in packages),
    )


def sitemaps(pages: Sequence[SitePage], base: str) -> dict[str, bytes]:
    """Return the files of the sitemap by their paths: one, or where that is too small an index and what it names."""
    if len(pages) <= MOST_URLS:
        return {"/sitemap.xml": _written("urlset", "url", pages, base)}
    parts = [pages[start : start + MOST_URLS] for start in range(0, len(pages), MOST_URLS)]
    files = {f"/sitemap-{number}.xml": _written("urlset", "url", part, base) for number, part in enumerate(parts, 1)}
    return {"/sitemap.xml": _written("sitemapindex", "sitemap", [SitePage(path) for path in files], base), **files}


def robots(base: str | None) -> bytes:
    """Return what robots may read: everything but what is made for each who asks."""
    lines = ["User-agent: *", "Disallow: /api/", "Disallow: /compare", "Disallow: /deps", "Disallow: /packages/?"]
    if base is not None:
        lines.append(f"\nSitemap: {address(base, '/sitemap.xml')}")
    return ("\n".join(lines) + "\n").encode()


def _written(name: str, each: str, pages: Sequence[SitePage], base: str) -> bytes:
    root = Element(name, {"xmlns": _NAMESPACE})
    for page in pages:
        node = SubElement(root, each)
        SubElement(node, "loc").text = address(base, page.path)
        if page.changed is not None:
            SubElement(node, "lastmod").text = page.changed.isoformat()
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"
