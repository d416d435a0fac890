"""The list of all projects, read in pieces: the same entries however it is cut, and never more of it than a piece."""

from __future__ import annotations

import tracemalloc
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.index.listing import ProjectListReader

ENTRIES = (("numpy", 40_000_001), ("zope-interface", 7), ("a", 0))
PIECE = 1 << 15

names = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=12)
listings = st.lists(st.tuples(names, st.integers(0, 2**62)), max_size=20)
junk = st.sampled_from(
    (b"", b" ", b"[", b"]", b"{", b"}", b",", b'"projects"', b'"projects":[', b'{"name":"a"', b"\xff")
)


def document(entries: Iterable[tuple[str, object]], *, last: bool = False, spaces: bool = False) -> bytes:
    """Write a list as PyPI does, or with its keys in another order, or as people like to read it."""
    projects = [{"_last-serial": serial, "name": name} for name, serial in entries]
    meta = {"api-version": "1.4", "_last-serial": 40_000_100}
    content = {"projects": projects, "meta": meta} if last else {"meta": meta, "projects": projects}
    written = msgspec.json.encode(content)
    return msgspec.json.format(written, indent=2) if spaces else written


def pieces_of(body: bytes, cuts: Sequence[int]) -> Iterator[bytes]:
    for start, end in pairwise((0, *sorted(min(cut, len(body)) for cut in cuts), len(body))):
        yield body[start:end]


def read(pieces: Iterable[bytes]) -> tuple[list[tuple[str, int]], bool]:
    listing = ProjectListReader()
    entries = [entry for piece in pieces for entry in listing.feed(piece)]
    return entries, listing.is_complete


@given(listings, st.lists(st.integers(0, 1_500)), st.booleans(), st.booleans())
def test_pieces_of_any_size_give_the_same_entries(
    entries: list[tuple[str, int]], cuts: list[int], last: bool, spaces: bool
) -> None:
    body = document(entries, last=last, spaces=spaces)
    assert read(pieces_of(body, cuts)) == (entries, bool(entries))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_small_pieces_give_the_same_entries(size: int) -> None:
    body = document(ENTRIES)
    assert read(body[start : start + size] for start in range(0, len(body), size)) == (list(ENTRIES), True)


def test_names_are_normalized() -> None:
    assert read([document([("PyYAML", 1), ("zope.interface", 2), ("A__b.-c", 3)])]) == (
        [("pyyaml", 1), ("zope-interface", 2), ("a-b-c", 3)],
        True,
    )


@pytest.mark.parametrize(
    ("serial", "entries"),
    [
        (5, [("a", 5)]),
        ("5", [("a", 5)]),
        (None, []),
        ("", []),
        ("-5", []),
        ("five", []),
        ("\N{ARABIC-INDIC DIGIT FIVE}", []),
        ("9" * 19, []),
    ],
)
def test_a_serial_is_a_number_or_its_digits(serial: object, entries: list[tuple[str, int]]) -> None:
    assert read([document([("a", serial)])]) == (entries, bool(entries))


@given(listings.filter(bool), st.data())
def test_a_list_that_breaks_off_is_not_complete(entries: list[tuple[str, int]], data: st.DataObject) -> None:
    body = document(entries, last=False).removesuffix(b"]}")
    cut = body[: data.draw(st.integers(0, len(body)))]
    found, complete = read([cut])
    assert not complete
    assert found == entries[: len(found)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"<!DOCTYPE html><title>Sign in</title>",
        b'{"projects":[]}',
        b'{"projects":null}',
        b'{"projects":["a","b"]}',
        b'{"projects":{"a":{"_last-serial":5}}}',
        b'{"projects":[{"name":"a"}]}',
        b'{"projects":[{"_last-serial":5}]}',
        b'{"projects":[{"name":5,"_last-serial":5}]}',
        b'{"projects":[{"name":"a","_last-serial":1.5}]}',
        b'{"projects":[{"name":"a","_last-serial":true}]}',
        b'{"projects":[{"name":"\xff","_last-serial":5}]}',
        b'{"projects":[{"name":"a","x":' + b'{"x":' * 100_000 + b"1" + b"}" * 100_000 + b"}]}",
        bytes(100_000),
    ],
    ids=lambda body: repr(body[:50]),
)
def test_what_is_no_list_with_serials_is_not_complete(body: bytes) -> None:
    assert not read([body])[1]


@given(st.lists(junk | st.binary(max_size=30), max_size=20))
@example([b'{"projects":[', b"}", b"]"])
def test_any_bytes_are_read_without_an_error(pieces: list[bytes]) -> None:
    entries, complete = read(pieces)
    assert bool(entries) or not complete


def test_after_nonsense_nothing_more_comes() -> None:
    listing = ProjectListReader()
    assert list(listing.feed(b'{"projects":[{"name":"a","_last-serial":1},{"name":5},')) == []
    assert list(listing.feed(b'{"name":"b","_last-serial":2}]}')) == []
    assert not listing.is_complete


@pytest.mark.parametrize(
    "filling",
    [b" ", b"x", b"[", b'{"name":"' + b"a" * 500, b'{"name":"a","_last-serial":1},', b'"projects"'],
    ids=lambda filling: repr(filling[:20]),
)
@pytest.mark.parametrize("opening", [b"", b'{"projects"', b'{"projects":[', b'{"projects":[{"name":"'])
def test_memory_stays_bounded_whatever_comes(opening: bytes, filling: bytes) -> None:
    listing, piece = ProjectListReader(), filling * (PIECE // len(filling))
    list(listing.feed(opening))
    tracemalloc.start()
    try:
        for _ in range(30):
            deque(listing.feed(piece), maxlen=0)
        assert tracemalloc.get_traced_memory()[0] < 2 * PIECE
    finally:
        tracemalloc.stop()
