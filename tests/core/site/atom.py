"""Checks a feed against RFC 4287: the elements that have to be there, how often, and what is in them."""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, fromstring

_A = "{http://www.w3.org/2005/Atom}"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_TAG = re.compile(r"tag:[a-z0-9.-]+,\d{4}(?:-\d\d(?:-\d\d)?)?:[A-Za-z0-9._~!$&'()*+,;=:@/?%-]+")
"""A tag URI (RFC 4151)."""

# Section 4.1: for each element the least and the most of what is in it; nothing else may be of Atom's namespace.
_CONTENT = {
    "feed": {"author": (0, 99), "entry": (0, 9_999), "id": (1, 1), "link": (0, 99), "title": (1, 1), "updated": (1, 1)},
    "entry": {"author": (0, 99), "id": (1, 1), "link": (0, 99), "summary": (0, 1), "title": (1, 1), "updated": (1, 1)},
    "author": {"name": (1, 1)},
}


def check_feed(body: bytes, *, whole: bool) -> list[Element]:
    """Fail unless the bytes are an Atom feed, with addresses that are ``whole``; give its entries."""
    root = fromstring(body)
    _check(root, "feed")
    entries = root.findall(f"{_A}entry")
    if root.find(f"{_A}author") is None:
        assert all(entry.find(f"{_A}author") is not None for entry in entries), "4.1.1: nobody is the author"
    selves = [link for link in root.findall(f"{_A}link") if link.get("rel") == "self"]
    assert len(selves) == 1
    for element in [root, *entries]:
        _check_metadata(element, whole=whole)
    ids = [_said(element, "id") for element in [root, *entries]]
    assert len(set(ids)) == len(ids), "4.1.1: an id is of one entry"
    return entries


def _check(element: Element, name: str) -> None:
    assert element.tag == f"{_A}{name}"
    allowed = _CONTENT.get(name, {})
    counts: dict[str, int] = {}
    for child in element:
        kind = child.tag.removeprefix(_A)
        assert kind in allowed, f"{name} has {child.tag}"
        counts[kind] = counts.get(kind, 0) + 1
        _check(child, kind)
    for kind, (least, most) in allowed.items():
        assert least <= counts.get(kind, 0) <= most, f"{counts.get(kind, 0)} {kind} in {name}"
    assert not (element.text or "").strip() or not allowed, "text stands between elements"


def _check_metadata(element: Element, *, whole: bool) -> None:
    assert _TAG.fullmatch(_said(element, "id"))
    assert _said(element, "title")
    updated = _said(element, "updated")
    assert _TIME.fullmatch(updated)
    assert datetime.fromisoformat(updated).tzinfo is not None
    links = element.findall(f"{_A}link")
    assert links, "4.1.2: without content an entry has an alternate link"
    kinds = [(link.get("rel"), link.get("type"), link.get("hreflang")) for link in links]
    assert len(set(kinds)) == len(kinds), "4.1.1: two alternate links are alike"
    for link in links:
        href = urlsplit(link.get("href") or "")
        assert href.path.startswith("/")
        assert bool(href.scheme and href.netloc) is whole


def _said(element: Element, name: str) -> str:
    found = element.find(f"{_A}{name}")
    assert found is not None
    assert found.text
    assert all(sign.isprintable() for sign in found.text)
    return found.text
