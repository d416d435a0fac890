"""The inventory of a documentation site, Sphinx's ``objects.inv`` in its second format: which headings are where.

See https://sphobjinv.readthedocs.io/en/stable/syntax.html. Everything in it is somebody else's: what leads elsewhere
than to the site itself is left out, and no bytes make it take long or raise anything but ``UpstreamError``.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from io import BytesIO
from itertools import islice
from urllib.parse import urljoin, urlsplit

from bot.core.errors import UpstreamError
from bot.core.guide.sections import GuideSection
from bot.core.index.metadata import safe_link
from bot.core.text.sentences import one_line, shortened

LONGEST_INVENTORY = 2 << 20
"""Bytes that are read; CPython's own has 140 kB."""

_LONGEST_TEXT = 16 << 20
_MOST_SECTIONS = 5_000
_LONGEST_TITLE = 120
_HEADER = b"# Sphinx inventory version 2"
_HEADER_LINES = 4
_LONGEST_LINE = 1_000
_MOST_LINES = 200_000
"""Lines that are read; CPython's own inventory has 15,000."""

_PRIORITY = re.compile(r"-?\d+")
_HEADINGS = frozenset({"std:label", "std:doc"})


def parse_inventory(body: bytes, site: str) -> tuple[GuideSection, ...]:
    """Read an inventory's headings and pages; ``site`` is the address that places are relative to.

    Raises ``UpstreamError`` for what is none, or is cut short.
    """
    *header, packed = body[:LONGEST_INVENTORY].split(b"\n", _HEADER_LINES)
    if len(header) != _HEADER_LINES or header[0].strip() != _HEADER or b"zlib" not in header[3]:
        raise UpstreamError("The guide's inventory is not one of version 2.")
    sections: dict[str, GuideSection] = {}
    for section in _sections(_unpacked(packed), site):
        sections.setdefault(section.url, section)
        if len(sections) == _MOST_SECTIONS:
            break
    if not sections:
        raise UpstreamError("The guide's inventory names no section.")
    return tuple(sections.values())


def site_of(url: str) -> tuple[str, str]:
    """Return the addresses of an inventory and of the site that it is of, by either of them."""
    if url.endswith(".inv"):
        return url, urljoin(url, ".")
    site = url if url.endswith("/") else f"{url}/"
    return f"{site}objects.inv", site


def _unpacked(packed: bytes) -> bytes:
    unpacking = zlib.decompressobj()
    try:
        content = unpacking.decompress(packed, _LONGEST_TEXT)
    except zlib.error as error:
        raise UpstreamError("The guide's inventory is broken.") from error
    if not unpacking.eof:
        raise UpstreamError("The guide's inventory is cut short, or too long.")
    return content


def _sections(content: bytes, site: str) -> Iterator[GuideSection]:
    for line in islice(BytesIO(content), _MOST_LINES):
        entry = _entry(line[:_LONGEST_LINE].decode(errors="replace"))
        if entry is None:
            continue
        name, place, title = entry
        place = place[:-1] + name if place.endswith("$") else place
        url = _within(site, place)
        if url is not None:
            shown = shortened(one_line(name if title == "-" else title), _LONGEST_TITLE)
            yield GuideSection(shown, url, (name,))


def _entry(line: str) -> tuple[str, str, str] | None:
    """Read name, place and title of a heading, whose name may have spaces; None for a line that is about none."""
    words = line.split()
    for place in range(1, len(words) - 3):
        if words[place] in _HEADINGS and _PRIORITY.fullmatch(words[place + 1]):
            return " ".join(words[:place]), words[place + 2], " ".join(words[place + 3 :])
    return None


def _within(site: str, place: str) -> str | None:
    """Return an address on the site itself, None for one that leads elsewhere."""
    try:
        url = safe_link(urljoin(site, place))
        same = url is not None and urlsplit(url)[:2] == urlsplit(site)[:2]
    except ValueError:
        return None
    return url if same else None
