"""What a release says of itself: the free-threading classifier, where its source and its tracker are, what it requires.

A classifier is a maintainer's claim; that there is none means nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

CLASSIFIER = "Programming Language :: Python :: Free Threading"

LONGEST_LINK = 512
"""Characters; what a Discord link button takes."""

_LEVEL = re.compile(re.escape(CLASSIFIER) + r"(?: :: ([1-4]) - \w+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Metadata:
    """The free-threading classifier as published, and links to the source and the issue tracker; None where unknown.

    ``offered`` tells whether the index has any of the release at all. ``requires`` has the requirements as written
    (``Requires-Dist``), without those of its extras.
    """

    free_threading: str | None = None
    source: str | None = None
    tracker: str | None = None
    offered: bool = True
    requires: tuple[str, ...] = ()


NOT_OFFERED = Metadata(offered=False)
"""What is known of a release where the index has no metadata of any."""


def is_claim(classifier: str) -> bool:
    """Return whether a classifier is one about free-threading."""
    return _LEVEL.fullmatch(classifier) is not None


def free_threading_level(classifier: str) -> int | None:
    """Return the level of a free-threading classifier: 1 unstable, 2 beta, 3 stable, 4 resilient; None without one."""
    found = _LEVEL.fullmatch(classifier)
    return int(found[1]) if found and found[1] else None


def safe_link(url: str | None) -> str | None:
    """Return a link that is an ordinary web address, short enough for a button, else None."""
    if url is None or len(url) > LONGEST_LINK or not url.isascii() or not url.isprintable():
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    plain = parts.scheme in {"http", "https"} and "." in parts.netloc and "@" not in parts.netloc
    return url if plain and not set(url) & set(' "<>`\\^{|}()[]') else None
