"""Atom feeds (RFC 4287): what moved, of all packages or of one, and the digests.

The id of an entry is what happened, not where it is told: it is the same wherever the site is and whenever the feed is
made, so that a reader shows nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement, tostring

from bot.core.digest.digest import Digest
from bot.core.digest.wording import quiet_line, target_line, title
from bot.core.schema.times import timestamp
from bot.core.site.moves import SiteMove
from bot.core.text.sentences import counted, one_line

ATOM = "http://www.w3.org/2005/Atom"
"""The namespace of Atom."""

TYPE = "application/atom+xml"

MOST_ENTRIES = 100
"""Entries of a feed; readers come back before there are as many new ones."""

_TAGS = "tag:ftbot-dev.github.io,2026:"
"""What ids begin with (RFC 4151)."""

_AUTHOR = "ftbot"


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """Something that happened, and where there is more on the site; ``key`` tells it from all else, fit for a URI."""

    key: str
    title: str
    updated: datetime
    path: str
    summary: str


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed; ``path`` is its own place on the site, ``about`` that of the page which it is the feed of.

    ``updated`` is when it was made where it has no entry.
    """

    title: str
    path: str
    about: str
    updated: datetime
    entries: tuple[FeedEntry, ...]


def moves_feed(moves: Sequence[SiteMove], updated: datetime) -> Feed:
    """Return the feed of all moves."""
    entries = _entries(moves)
    return Feed("Free-threaded Python: packages that moved", "/feed.xml", "/", updated, entries)


def package_feed(package: str, moves: Sequence[SiteMove], updated: datetime) -> Feed:
    """Return the feed of one package (normalized name)."""
    page = package_path(package)
    entries = _entries(moves)
    return Feed(f"{package} on free-threaded Python", f"{page}feed.xml", page, updated, entries)


def digests_feed(digests: Iterable[Digest], updated: datetime) -> Feed:
    """Return the feed of weekly digests, the newest first as given; a week that is not over is none yet."""
    entries = tuple(map(_digest_entry, (digest for digest in digests if digest.complete)))
    return Feed("Free-threaded Python, week by week", "/digests/feed.xml", "/digests/", updated, entries)


def package_path(package: str) -> str:
    """Return where the page of a package (normalized name) is on the site."""
    return f"/packages/{quote(package, safe='', errors='replace')}/"


def atom(feed: Feed, base: str | None) -> bytes:
    """Write a feed; ``base`` is where the site is, and without it links are relative to the feed."""
    root = Element("feed", {"xmlns": ATOM, "xml:lang": "en"})
    _say(root, "id", f"{_TAGS}{feed.path.removeprefix('/')}")
    _say(root, "title", feed.title)
    _say(root, "updated", timestamp(max((entry.updated for entry in feed.entries), default=feed.updated)))
    _say(SubElement(root, "author"), "name", _AUTHOR)
    SubElement(root, "link", {"rel": "self", "type": TYPE, "href": address(base, feed.path)})
    SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": address(base, feed.about)})
    for entry in feed.entries:
        node = SubElement(root, "entry")
        _say(node, "id", f"{_TAGS}{entry.key}")
        _say(node, "title", entry.title)
        _say(node, "updated", timestamp(entry.updated))
        SubElement(node, "link", {"rel": "alternate", "type": "text/html", "href": address(base, entry.path)})
        _say(node, "summary", entry.summary)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def address(base: str | None, path: str) -> str:
    """Return the address of a page, whole where it is known where the site is."""
    return f"{(base or '').rstrip('/')}{path}"


def _say(parent: Element, name: str, words: str) -> None:
    """Add text; what may not be in XML, such as control characters, is replaced."""
    SubElement(parent, name).text = one_line(words)


def _entries(moves: Sequence[SiteMove]) -> tuple[FeedEntry, ...]:
    """Return the first moves, each once."""
    return tuple({entry.key: entry for entry in map(_entry, moves[:MOST_ENTRIES])}.values())


def _entry(told: SiteMove) -> FeedEntry:
    day = datetime.combine(told.move.day, time.min, UTC)
    return FeedEntry(
        quote(told.key, errors="replace"), told.title, day, package_path(told.move.package), told.detail or told.title
    )


def _digest_entry(digest: Digest) -> FeedEntry:
    said = [f"{share.target}: {target_line(digest, share)}." for share in digest.shares]
    quiet = quiet_line(digest)
    said.append(
        quiet
        or f"{counted(len(digest.gained), 'package')} gained wheels, {counted(len(digest.lost), 'package')} lost them."
    )
    week = str(digest.week)
    return FeedEntry(f"digests/{week}", title(digest), digest.week.end, f"/digests/{week}/", " ".join(said))
