"""The page about the site itself: how old its data is, and of how many packages."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.site.facts import Edition
from bot.core.site.frame import moment


@dataclass(frozen=True, slots=True)
class AboutPage:
    """When the last scan ended, how many packages are tracked, and how many of them it could not read."""

    scanned: str
    packages: int
    failed: int


def about_page(edition: Edition) -> AboutPage:
    """Make it from what there is to show."""
    failed = len(edition.failed.keys() & edition.ranks.keys())
    return AboutPage(moment(edition.scanned), len(edition.ranks), failed)
