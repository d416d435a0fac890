"""An inventory is read as Sphinx documents it; whatever else it holds, it leads nowhere but to the guide."""

from __future__ import annotations

import tracemalloc
import zlib
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import UpstreamError
from bot.core.guide.inventory import parse_inventory, site_of

SITE = "https://guide.example/en/"
HEADER = b"# Sphinx inventory version 2\n# Project: Guide\n# Version: 1\n# The remainder is compressed using zlib.\n"


def inventory(*lines: str, header: bytes = HEADER) -> bytes:
    return header + zlib.compress("\n".join([*lines, ""]).encode())


def test_headings_and_pages_are_read_with_their_titles_and_places() -> None:
    body = inventory(
        "declaring-support std:label -1 porting.html#$ Declaring support",
        "a name of words std:label -1 ci.html#wheels Building: wheels",
        "index std:doc -1 index.html -",
        "PyMutex c:type 1 api.html#c.$ -",
        "nonsense",
    )
    assert [(each.title, each.url, each.words) for each in parse_inventory(body, SITE)] == [
        ("Declaring support", f"{SITE}porting.html#declaring-support", ("declaring-support",)),
        ("Building: wheels", f"{SITE}ci.html#wheels", ("a name of words",)),
        ("index", f"{SITE}index.html", ("index",)),
    ]


@pytest.mark.parametrize(
    "place",
    [
        "https://evil.example/",
        "//evil.example/",
        "http://guide.example/en/",
        "javascript:alert(1)",
        "https://guide.example@evil.example/",
        "a)b",
        "http://[",
    ],
)
def test_what_leads_elsewhere_is_left_out(place: str) -> None:
    body = inventory(f"x std:label -1 {place} Title", "y std:label -1 y.html Fine")
    assert [each.title for each in parse_inventory(body, SITE)] == ["Fine"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "is not one of version 2"),
        (b"<html>\n\n\n\n", "is not one of version 2"),
        (inventory("a std:label -1 a.html A", header=HEADER.replace(b"2", b"1")), "is not one of version 2"),
        (HEADER + b"not compressed", "is broken"),
        (HEADER, "is cut short"),
        (inventory(*(f"a{n} std:label -1 a.html#{n} A" for n in range(99)))[:-9], "is cut short"),
        (HEADER + zlib.compress(b"x" * (17 << 20)), "is cut short, or too long"),
        (inventory("a c:type 1 a.html A"), "names no section"),
    ],
)
def test_what_is_no_inventory_is_told_in_a_sentence(body: bytes, says: str) -> None:
    with pytest.raises(UpstreamError, match=says):
        parse_inventory(body, SITE)


@pytest.mark.parametrize("line", ["a " + ":" * 997, "a" + " " * 998 + "b", "a: " * 333, "a a:a " + "1 " * 497])
def test_no_line_takes_long(line: str) -> None:
    body = inventory("y std:label -1 y.html Fine", *[line] * 1_000)
    began = process_time()
    assert [each.title for each in parse_inventory(body, SITE)] == ["Fine"]
    assert process_time() - began < 2


def test_lines_without_end_take_little_memory() -> None:
    body = HEADER + zlib.compress(b"y std:label -1 y.html Fine\n" + b"ab\n" * 5_000_000)
    tracemalloc.start()
    assert [each.title for each in parse_inventory(body, SITE)] == ["Fine"]
    assert tracemalloc.get_traced_memory()[1] < 64 << 20
    tracemalloc.stop()


def test_titles_stay_on_their_line_and_short() -> None:
    (section,) = parse_inventory(inventory("x std:label -1 x.html a\x1b[31m\u202eb" + "c" * 500), SITE)
    assert section.title.isprintable()
    assert len(section.title) <= 120


@given(st.lists(st.text(max_size=80), max_size=5), st.binary(max_size=60))
def test_any_bytes_are_sections_of_the_site_or_an_upstream_error(lines: list[str], noise: bytes) -> None:
    for body in (inventory(*lines), HEADER + noise, noise):
        try:
            sections = parse_inventory(body, SITE)
        except UpstreamError:
            continue
        assert all(section.url.startswith("https://guide.example/") for section in sections)


@pytest.mark.parametrize(
    ("url", "inventory_at", "site"),
    [
        ("https://g.example/", "https://g.example/objects.inv", "https://g.example/"),
        ("https://g.example/en", "https://g.example/en/objects.inv", "https://g.example/en/"),
        ("https://g.example/en/objects.inv", "https://g.example/en/objects.inv", "https://g.example/en/"),
    ],
)
def test_the_guide_is_named_by_its_address_or_its_inventory_s(url: str, inventory_at: str, site: str) -> None:
    assert site_of(url) == (inventory_at, site)
