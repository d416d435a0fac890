"""Gzip bodies: whole whatever they are made of, bounded, and an error where they are not what they should be."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clients.gunzip import MOST_MEMBERS, PART, Gunzip, GzipError, NewInflater, inflate, new_inflater

MOST = 1 << 20
HELLO, WORLD, NOTHING = gzip.compress(b"hello "), gzip.compress(b"world"), gzip.compress(b"")

EARLY, BEHIND, GARBAGE = (
    "ended its answer too early",
    "sent something behind its gzip data",
    "answered garbage instead of gzip",
)
WHOLE = {
    "one member": (HELLO, b"hello "),
    "two": (HELLO + WORLD, b"hello world"),
    "empty ones between": (HELLO + NOTHING + WORLD + NOTHING, b"hello world"),
    "padding between": (HELLO + bytes(9) + WORLD, b"hello world"),
    "padding behind": (HELLO + WORLD + bytes(100_000), b"hello world"),
    "an empty one": (NOTHING, b""),
}
BROKEN = {
    "nothing": (b"", EARLY),
    "half a member": (HELLO[:-1], EARLY),
    "a byte of a second": (HELLO + WORLD[:1], EARLY),
    "half a second": (HELLO + WORLD[:9], EARLY),
    "HTML behind": (HELLO + b"<html>", BEHIND),
    "a letter behind padding": (HELLO + bytes(3) + b"x", BEHIND),
    "HTML": (b"<html>", GARBAGE),
    "padding before": (bytes(4) + HELLO, GARBAGE),
    "zlib": (zlib.compress(b"hello"), GARBAGE),
    "a wrong checksum": (HELLO[:-8] + bytes(8), GARBAGE),
    "a wrong checksum of a second": (HELLO + WORLD[:-8] + bytes(8), GARBAGE),
}

every_inflater = pytest.mark.parametrize("inflater", [zlib.decompressobj, new_inflater], ids=["zlib", "the default"])


def in_pieces(sent: bytes, most: int, inflater: NewInflater, size: int) -> bytes:
    """Inflate a body that comes in pieces of some bytes."""
    whole = Gunzip(most, inflater)
    parts = [part for start in range(0, len(sent), size) for part in whole.feed(sent[start : start + size])]
    whole.end()
    assert all(len(part) <= PART for part in parts)
    return b"".join(parts)


def every_way(sent: bytes, inflater: NewInflater, most: int = MOST) -> bytes:
    """Inflate a body at once and in pieces, to the same, or to the same error."""
    outcomes: list[bytes | str] = []
    for size in (None, 1, 7, 1 << 16):
        try:
            outcomes.append(inflate(sent, most, inflater) if size is None else in_pieces(sent, most, inflater, size))
        except GzipError as error:
            outcomes.append(str(error))
    assert all(outcome == outcomes[0] for outcome in outcomes)
    if isinstance(outcomes[0], str):
        raise GzipError(outcomes[0])
    return outcomes[0]


@every_inflater
@pytest.mark.parametrize(("sent", "body"), WHOLE.values(), ids=WHOLE.keys())
def test_a_body_is_all_its_members_without_the_padding(inflater: NewInflater, sent: bytes, body: bytes) -> None:
    assert every_way(sent, inflater) == body


@every_inflater
@given(st.lists(st.binary(max_size=600), min_size=1, max_size=6), st.integers(0, 3))
def test_any_members_inflate_to_what_was_compressed(
    inflater: NewInflater, members: Sequence[bytes], padding: int
) -> None:
    sent = b"".join(gzip.compress(member) + bytes(padding) for member in members)
    assert every_way(sent, inflater) == b"".join(members)


@every_inflater
@pytest.mark.parametrize(("sent", "says"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_not_whole_gzip_is_said_to_be_that(inflater: NewInflater, sent: bytes, says: str) -> None:
    with pytest.raises(GzipError, match=f"^{says}$"):
        every_way(sent, inflater)


@every_inflater
def test_the_bound_counts_over_all_members(inflater: NewInflater) -> None:
    half = gzip.compress(bytes(MOST // 2))
    assert len(every_way(half + half, inflater)) == MOST
    with pytest.raises(GzipError, match="more than 1 MiB"):
        every_way(half + half + gzip.compress(b"x"), inflater)
    with pytest.raises(GzipError, match="more than 1 MiB"):
        every_way(gzip.compress(bytes(MOST + 1)), inflater)


@pytest.mark.no_cover  # the same lines for each of very many members
@every_inflater
def test_many_tiny_members_are_read_in_time_that_grows_with_their_number(inflater: NewInflater) -> None:
    """Were what is left copied for each member, these would copy 100 GB, and the test would time out."""
    assert inflate(HELLO * MOST_MEMBERS, MOST, inflater) == b"hello " * MOST_MEMBERS
    with pytest.raises(GzipError, match="more pieces of gzip") as refused:
        inflate(NOTHING * (MOST_MEMBERS + 1), MOST, inflater)
    assert not refused.value.retryable
